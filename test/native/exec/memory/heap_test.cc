#include "test/native/exec/engine_harness.h"

// malloc and free in kernels.
namespace nodecuda::simulator {
namespace {

const std::string kHeap =
    ".extern .func (.param .b64 out) malloc(.param .b64 n)\n;\n.extern .func free(.param .b64 "
    "p)\n;\n";

std::string Malloc(const std::string& result, const std::string& bytes) {
  return "{\n.param .b64 p;\nst.param.b64 [p], " + bytes +
         ";\n.param .b64 q;\ncall.uni (q), malloc, (p);\nld.param.b64 " + result + ", [q];\n}\n";
}
std::string Free(const std::string& address) {
  return "{\n.param .b64 p;\nst.param.b64 [p], " + address + ";\ncall.uni free, (p);\n}\n";
}

TEST_CASE("a kernel's own memory: each thread its size, read by others, free again") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    .shared .align 8 .b8 table[512];
    add.u32 %r2, %r0, 1;
    mul.wide.u32 %d2, %r2, 4;
  )" + Malloc("%d3", "%d2") + R"(
    mul.wide.u32 %d4, %r0, 4;
    add.s64 %d4, %d3, %d4;
    st.u32 [%d4], %r0;
    mov.u64 %d5, table;
    mul.wide.u32 %d6, %r0, 8;
    add.s64 %d6, %d5, %d6;
    st.shared.u64 [%d6], %d3;
    bar.sync 0;
    xor.b32 %r3, %r0, 63;
    mul.wide.u32 %d6, %r3, 8;
    add.s64 %d6, %d5, %d6;
    ld.shared.u64 %d7, [%d6];
    mul.wide.u32 %d8, %r3, 4;
    add.s64 %d8, %d7, %d8;
    ld.u32 %r1, [%d8];
    bar.sync 0;
  )" + Free("%d7") + kEpilogue,
                                    kHeap));
  const std::uint64_t out = engine.Zeros(64);
  const std::size_t used = engine.memory.used();
  for (int i = 0; i < 3; ++i) engine.RunOk({1}, {64}, {out});
  CHECK(engine.memory.used() == used);
  const Words got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == (i ^ 63));
}

TEST_CASE("a full heap gives null, until something is given back") {
  // Thread 0 alone, the others under a guard: takes MiBs until there are none, returns one, takes
  // it.
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.ne.u32 %p1, %r0, 0;
    @%p1 ret;
    mov.u32 %r1, 0;
  TAKE:
  )" + Malloc("%d3", "1048576") + R"(
    setp.eq.u64 %p2, %d3, 0;
    @%p2 bra FULL;
    mov.u64 %d4, %d3;
    add.u32 %r1, %r1, 1;
    bra TAKE;
  FULL:
  )" + Free("%d4") + Malloc("%d5", "1048576") +
                                        R"(
    setp.eq.u64 %p2, %d5, 0;
    @%p2 trap;
  )" + Malloc("%d5", "0x7fffffffffffffff") +
                                        R"(
    setp.ne.u64 %p2, %d5, 0;
    @%p2 trap;
  )" + Free("0") + kEpilogue,
                                    kHeap));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 1)[0] == 8);
}

TEST_CASE("what is no memory of the heap, or none any more, is a fault") {
  EngineHarness engine;
  const std::pair<std::string, const char*> cases[] = {
      {Malloc("%d3", "16") + Free("%d3") + Free("%d3"), "free already"},
      {Malloc("%d3", "16") + "add.s64 %d3, %d3, 8;\n" + Free("%d3"), "malloc has not given"},
      {Free("%d0"), "malloc has not given"},
      {Malloc("%d3", "16") + Free("%d3") + "ld.u32 %r1, [%d3];\n", "outside any live allocation"},
      {Malloc("%d3", "16") + "ld.u32 %r1, [%d3+16];\n", "outside any live allocation"},
  };
  for (const auto& [body, words] : cases) {
    CAPTURE(body);
    engine.Load(EngineHarness::Kernel(kPrologue + body + "ret;", kHeap));
    const Outcome outcome = engine.Run({1}, {1}, {engine.Zeros(4)});
    CHECK(outcome.status == Status::kIllegalAddress);
    CAPTURE(outcome.report);
    CHECK(outcome.report.find(words) != std::string::npos);
  }
}

TEST_CASE("the host cannot free what a kernel has taken") {
  EngineHarness engine;
  void* pointer = engine.memory.TakeFromHeap(100);
  REQUIRE(pointer != nullptr);
  CHECK(engine.memory.Release(pointer) == Status::kInvalidValue);
  CHECK(engine.memory.ReturnToHeap(pointer));
  CHECK_FALSE(engine.memory.ReturnToHeap(pointer));
}

TEST_CASE("a malloc of another kind is refused") {
  EngineHarness engine;
  const LoadFailure failure = engine.LoadFails(
      EngineHarness::Kernel(".param .b32 p;\n.param .b64 q;\ncall (q), malloc, (p);\nret;",
                            ".extern .func (.param .b64 out) malloc(.param .b32 n)\n;\n"));
  CHECK(failure.log.find("malloc") != std::string::npos);
}

}  // namespace
}  // namespace nodecuda::simulator
