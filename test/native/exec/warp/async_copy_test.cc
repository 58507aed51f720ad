#include <random>

#include "test/native/exec/engine_harness.h"

// cp.async: copies that a thread starts and waits for.
namespace nodecuda::simulator {
namespace {

constexpr const char* kShared = ".shared .align 16 .b8 tile[4096];\n";

struct AsyncHarness : EngineHarness {
  Outcome RunLate(std::uint32_t threads, std::vector<std::uint64_t> arguments, bool late) {
    Launch launch;
    launch.program = program;
    launch.kernel = FindKernel(*program, "k");
    launch.grid = {1};
    launch.block = {threads};
    launch.late_copies = late;
    arguments.resize(3);
    launch.parameters.resize(launch.kernel->parameter_bytes);
    std::memcpy(launch.parameters.data(), arguments.data(), launch.parameters.size());
    return MakeEngine(1)->Run(launch, memory, stop);
  }
};

// %d1: this thread's 16 bytes of a; %r8: its 16 bytes of the tile, filled with 0xeeeeeeee; %d2: its
// 16 bytes of b, where the tile goes in the end.
std::string Program(const std::string& body) {
  return EngineHarness::Kernel(std::string(kShared) + R"(
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    mul.wide.u32 %d3, %r0, 16;
    add.s64 %d1, %d0, %d3;
    ld.param.u64 %d2, [b];
    add.s64 %d2, %d2, %d3;
    shl.b32 %r7, %r0, 4;
    mov.u32 %r8, tile;
    add.u32 %r8, %r8, %r7;
    mov.u32 %r9, 0xeeeeeeee;
    st.shared.v4.u32 [%r8], {%r9, %r9, %r9, %r9};
  )" + body + R"(
    ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%r8];
    st.global.v4.u32 [%d2], {%r1, %r2, %r3, %r4};
    ret;
  )");
}

Words Counting(std::size_t count) {
  Words words(count);
  for (std::size_t i = 0; i < count; ++i) words[i] = static_cast<std::uint32_t>(0x01010101 * i + 7);
  return words;
}

// What one thread's 16 bytes are after a copy of `bytes` of which `read` come from memory.
Words After(const Words& source, std::size_t thread, std::size_t bytes, std::size_t read) {
  std::uint8_t expected[16];
  std::memset(expected, 0xee, 16);
  std::memset(expected, 0, bytes);
  std::memcpy(expected, source.data() + 4 * thread, read);
  Words words(4);
  std::memcpy(words.data(), expected, 16);
  return words;
}

TEST_CASE("cp.async: sizes, zero fill, ignored sources and hints") {
  struct Case {
    const char* text;
    std::size_t bytes;
    int read;  // -1: as many bytes as %r5 = thread % 5 * bytes / 4 says; -2: none for odd threads
  };
  const Case cases[] = {
      {"cp.async.ca.shared.global [%r8], [%d1], 4;", 4, 4},
      {"cp.async.ca.shared.global [%r8], [%d1], 8;", 8, 8},
      {"cp.async.ca.shared.global [%r8], [%d1], 16;", 16, 16},
      {"cp.async.cg.shared.global [%r8], [%d1], 16;", 16, 16},
      {"cp.async.cg.shared::cta.global.L2::128B [%r8+0], [%d1], 16;", 16, 16},
      {"cp.async.ca.shared.global.L2::256B [%r8], [%d1], 16, 16;", 16, 16},
      {"cp.async.cg.shared.global.L2::cache_hint.L2::128B [%r8], [%d1], 16, %d5;", 16, 16},
      {"cp.async.cg.shared.global.L2::cache_hint [%r8], [%d1], 16, %r5, %d5;", 16, -1},
      {"cp.async.cg.shared.global [%r8], [%d1], 16, %r5;", 16, -1},
      {"cp.async.ca.shared.global [%r8], [%d1], 8, %r6;", 8, -1},
      {"cp.async.ca.shared.global [%r8], [%d1], 4, 3;", 4, 3},
      {"cp.async.ca.shared.global [%r8], [%d1], 4, 0;", 4, 0},
      {"cp.async.cg.shared.global [%r8], [%d1], 16, %p1;", 16, -2},
  };
  for (const Case& c : cases) {
    for (const bool late : {false, true}) {
      CAPTURE(c.text);
      AsyncHarness engine;
      engine.Load(
          Program("rem.u32 %r10, %r0, 5;\nshl.b32 %r5, %r10, 2;\nshl.b32 %r6, %r10, 1;\n"
                  "and.b32 %r11, %r0, 1;\nsetp.ne.u32 %p1, %r11, 0;\nmov.u64 %d5, 0;\n" +
                  std::string(c.text) + "\ncp.async.wait_all;"));
      const Words source = Counting(4 * 40);
      const std::uint64_t in = engine.Put(source), out = engine.Zeros(4 * 40);
      const Outcome outcome = engine.RunLate(40, {in, out}, late);
      INFO(outcome.report);
      REQUIRE(outcome.status == Status::kSuccess);
      const Words got = EngineHarness::Get<std::uint32_t>(out, 4 * 40);
      for (std::size_t i = 0; i < 40; ++i) {
        const std::size_t read = c.read == -1   ? i % 5 * c.bytes / 4
                                 : c.read == -2 ? (i % 2 ? 0 : c.bytes)
                                                : static_cast<std::size_t>(c.read);
        CHECK(Words(got.begin() + static_cast<std::ptrdiff_t>(4 * i),
                    got.begin() + static_cast<std::ptrdiff_t>(4 * i + 4)) ==
              After(source, i, c.bytes, read));
      }
    }
  }
}

// Four copies of a word each in groups of their own; the thread's tile when `wait` has been passed.
Words GroupsAfter(const std::string& wait, bool late) {
  AsyncHarness engine;
  std::string body;
  for (const char* at : {"", "+4", "+8", "+12"})
    body += "cp.async.ca.shared.global [%r8" + std::string(at) + "], [%d1" + at +
            "], 4;\ncp.async.commit_group;\n";
  engine.Load(Program(body + wait));
  const std::uint64_t in = engine.Put(Words{1, 2, 3, 4}), out = engine.Zeros(4);
  const Outcome outcome = engine.RunLate(1, {in, out}, late);
  REQUIRE(outcome.status == Status::kSuccess);
  return EngineHarness::Get<std::uint32_t>(out, 4);
}

TEST_CASE("cp.async: late copies are done by the wait that demands them, others when issued") {
  constexpr std::uint32_t kOld = 0xeeeeeeee;
  for (const char* wait : {"", "cp.async.wait_group 3;", "cp.async.wait_group 0;"})
    CHECK(GroupsAfter(wait, false) == Words{1, 2, 3, 4});
  CHECK(GroupsAfter("", true) == Words{kOld, kOld, kOld, kOld});
  CHECK(GroupsAfter("cp.async.wait_group 7;", true) == Words{kOld, kOld, kOld, kOld});
  CHECK(GroupsAfter("cp.async.wait_group 3;", true) == Words{1, kOld, kOld, kOld});
  CHECK(GroupsAfter("cp.async.wait_group 2;\ncp.async.wait_group 1;", true) ==
        Words{1, 2, 3, kOld});
  CHECK(GroupsAfter("cp.async.commit_group;\ncp.async.wait_group 1;", true) == Words{1, 2, 3, 4});
  CHECK(GroupsAfter("cp.async.wait_group 0;", true) == Words{1, 2, 3, 4});
  CHECK(GroupsAfter("cp.async.wait_all;", true) == Words{1, 2, 3, 4});
}

TEST_CASE("cp.async: what was not committed is waited for by wait_all only") {
  for (const bool all : {false, true}) {
    AsyncHarness engine;
    engine.Load(Program("cp.async.ca.shared.global [%r8], [%d1], 4;\n" +
                        std::string(all ? "cp.async.wait_all;" : "cp.async.wait_group 0;")));
    const std::uint64_t in = engine.Put(Words{1, 2, 3, 4}), out = engine.Zeros(4);
    REQUIRE(engine.RunLate(1, {in, out}, true).status == Status::kSuccess);
    CHECK(EngineHarness::Get<std::uint32_t>(out, 1)[0] == (all ? 1 : 0xeeeeeeee));
  }
}

TEST_CASE("cp.async: faults are those of other accesses, found when the copy is issued") {
  struct Case {
    const char* text;
    Status status;
    const char* report;
  };
  const Case cases[] = {
      {"cp.async.ca.shared.global [%r8+4], [%d1], 16;", Status::kMisalignedAddress, "write of 16"},
      {"cp.async.ca.shared.global [%r8], [%d1+4], 8;", Status::kMisalignedAddress, "read of 8"},
      {"cp.async.ca.shared.global [%r8], [%d1+4], 8, 4;", Status::kMisalignedAddress, "read of 4"},
      {"cp.async.ca.shared.global [%r8+4096], [%d1], 16;", Status::kIllegalAddress, "shared"},
      {"cp.async.ca.shared.global [%r8], [%d1+4096], 16;", Status::kIllegalAddress, "read of 16"},
      {"mov.u32 %r5, 17;\ncp.async.cg.shared.global [%r8], [%d1], 16, %r5;", Status::kLaunchFailure,
       "source size of 17"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    AsyncHarness engine;
    engine.Load(Program(c.text));
    const std::uint64_t in = engine.Put(Counting(128)), out = engine.Zeros(128);
    const Outcome outcome = engine.RunLate(32, {in, out}, true);
    CHECK(outcome.status == c.status);
    CAPTURE(outcome.report);
    CHECK(outcome.report.find(c.report) != std::string::npos);
  }
  // Bytes that are not read may lie anywhere.
  AsyncHarness engine;
  engine.Load(Program("cp.async.ca.shared.global [%r8], [%d1+4100], 8, 0;\n"));
  const std::uint64_t in = engine.Put(Counting(128)), out = engine.Zeros(128);
  CHECK(engine.RunLate(32, {in, out}, false).status == Status::kSuccess);
}

TEST_CASE("cp.async: forms that do not exist are refused") {
  EngineHarness engine;
  for (const char* line :
       {"cp.async.ca.shared.global [%r1], [%d1], 12;", "cp.async.cg.shared.global [%r1], [%d1], 8;",
        "cp.async.ca.shared.global [%r1], [%d1], %r2;",
        "cp.async.ca.global.shared [%d1], [%r1], 4;", "cp.async.ca.shared.global [%r1], [%d1];",
        "cp.async.wait_group;", "cp.async.wait_group -1;", "cp.async.wait_group %r1;",
        "cp.async.wait_all 1;", "cp.async.commit_group 1;",
        "cp.async.ca.shared.global.L2::cache_hint [%r1], [%d1], 4;",
        "cp.async.ca.shared.global.L3::128B [%r1], [%d1], 4;", "cp.sync.ca [%r1], [%d1], 4;",
        "cp.async.ca.shared.global [%r1], [%d1], 4, %d2;"}) {
    CAPTURE(line);
    CHECK(engine.LoadFails(EngineHarness::Kernel(line)).status == Status::kInvalidPtx);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
