#include <random>

#include "test/native/exec/engine_harness.h"

// ldmatrix, stmatrix and movmatrix.
namespace nodecuda::simulator {
namespace {

// 64 rows of 8 halves in shared memory, copied from a before `body` and to b after it; lane l's
// words of c are 0x1000 * l + i for %r10 to %r13, stored after it. %r8: the rows. %r9: the lane's
// row number, from a table of its own in c, times 16.
std::string Program(const std::string& body) {
  return EngineHarness::Kernel(R"(
    .shared .align 16 .b8 rows[1024];
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    ld.param.u64 %d2, [c];
    mov.u32 %r8, rows;
    mul.wide.u32 %d3, %r0, 32;
    shl.b32 %r1, %r0, 5;
    add.u32 %r1, %r1, %r8;
    add.s64 %d4, %d0, %d3;
    ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%d4];
    st.shared.v4.u32 [%r1], {%r2, %r3, %r4, %r5};
    ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%d4+16];
    st.shared.v4.u32 [%r1+16], {%r2, %r3, %r4, %r5};
    mul.wide.u32 %d6, %r0, 4;
    add.s64 %d6, %d2, %d6;
    ld.global.u32 %r9, [%d6+512];
    shl.b32 %r9, %r9, 4;
    add.u32 %r9, %r9, %r8;
    mul.wide.u32 %d5, %r0, 16;
    add.s64 %d5, %d2, %d5;
    ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%d5];
    bar.sync 0;
  )" + body + R"(
    bar.sync 0;
    st.global.v4.u32 [%d5], {%r10, %r11, %r12, %r13};
    add.s64 %d4, %d1, %d3;
    ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [%r1];
    st.global.v4.u32 [%d4], {%r2, %r3, %r4, %r5};
    ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [%r1+16];
    st.global.v4.u32 [%d4+16], {%r2, %r3, %r4, %r5};
    ret;
  )");
}

struct Run {
  std::vector<std::uint16_t> before = std::vector<std::uint16_t>(512), after;  // [row][column]
  Words registers_before = Words(128), registers_after;                        // [lane][register]
  Words row_of = Words(32);

  explicit Run(const std::string& body) {
    std::mt19937 random(9);
    for (std::uint16_t& half : before) half = static_cast<std::uint16_t>(random());
    for (std::uint32_t& word : registers_before) word = static_cast<std::uint32_t>(random());
    // Every lane a row of its own, in no order.
    for (std::uint32_t i = 0; i < 32; ++i) row_of[i] = i * 27 % 64;
    EngineHarness engine;
    engine.Load(Program(body));
    Words c = registers_before;
    c.insert(c.end(), row_of.begin(), row_of.end());
    const std::uint64_t rows = engine.Put(before), out = engine.Zeros(256), words = engine.Put(c);
    engine.RunOk({1}, {32}, {rows, out, words});
    after = EngineHarness::Get<std::uint16_t>(out, 512);
    registers_after = EngineHarness::Get<std::uint32_t>(words, 128);
  }
  // Half `which` of a lane's register.
  static std::uint16_t Half(const Words& registers, std::size_t lane, std::size_t reg,
                            std::size_t which) {
    return static_cast<std::uint16_t>(registers[4 * lane + reg] >> (16 * which));
  }
};

// Visits what the manual's figure says: element (row, column) of matrix m is half `which` of
// register m of lane 4 * row + column / 2.
template <typename Visit>
void ForEachElement(std::size_t matrices, Visit visit) {
  for (std::size_t m = 0; m < matrices; ++m)
    for (std::size_t row = 0; row < 8; ++row)
      for (std::size_t column = 0; column < 8; ++column)
        visit(m, row, column, 4 * row + column / 2, column % 2);
}

TEST_CASE("ldmatrix: one, two and four matrices, plain and transposed") {
  for (const std::size_t count : {1, 2, 4}) {
    for (const bool transposed : {false, true}) {
      const std::string registers = count == 1   ? "{%r10}"
                                    : count == 2 ? "{%r10, %r11}"
                                                 : "{%r10, %r11, %r12, %r13}";
      const std::string x = ".x" + std::to_string(count) + (transposed ? ".trans" : "");
      for (const std::string space : {".shared", ".shared::cta", ""}) {
        const bool generic = space.empty();
        const Run run(std::string("cvt.u64.u32 %d9, %r9;\ncvta.shared.u64 %d9, %d9;\n") +
                      "ldmatrix.sync.aligned.m8n8" + x + space + ".b16 " + registers +
                      (generic ? ", [%d9];" : ", [%r9];"));
        CAPTURE(x);
        ForEachElement(count, [&](std::size_t m, std::size_t row, std::size_t column,
                                  std::size_t lane, std::size_t which) {
          const std::size_t r = transposed ? column : row, c = transposed ? row : column;
          const std::uint16_t expected = run.before[8 * run.row_of[8 * m + r] + c];
          CHECK(Run::Half(run.registers_after, lane, m, which) == expected);
        });
        for (std::size_t lane = 0; lane < 32; ++lane)
          for (std::size_t reg = count; reg < 4; ++reg)
            CHECK(run.registers_after[4 * lane + reg] == run.registers_before[4 * lane + reg]);
      }
    }
  }
}

TEST_CASE("ldmatrix may overwrite its address") {
  const Run run("mov.u32 %r10, %r9;\nldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r10}, [%r10];");
  ForEachElement(1, [&](std::size_t, std::size_t row, std::size_t column, std::size_t lane,
                        std::size_t which) {
    CHECK(Run::Half(run.registers_after, lane, 0, which) ==
          run.before[8 * run.row_of[row] + column]);
  });
}

TEST_CASE("stmatrix: the way back, and nothing else is written") {
  for (const std::size_t count : {1, 2, 4}) {
    for (const bool transposed : {false, true}) {
      const std::string registers = count == 1   ? "{%r10}"
                                    : count == 2 ? "{%r10, %r11}"
                                                 : "{%r10, %r11, %r12, %r13}";
      const Run run("stmatrix.sync.aligned.m8n8.x" + std::to_string(count) +
                    (transposed ? ".trans" : "") + ".shared.b16 [%r9], " + registers + ";");
      std::vector<std::uint16_t> expected = run.before;
      ForEachElement(count, [&](std::size_t m, std::size_t row, std::size_t column,
                                std::size_t lane, std::size_t which) {
        const std::size_t r = transposed ? column : row, c = transposed ? row : column;
        expected[8 * run.row_of[8 * m + r] + c] = Run::Half(run.registers_before, lane, m, which);
      });
      CHECK(run.after == expected);
    }
  }
}

TEST_CASE("movmatrix transposes") {
  const Run run(
      "movmatrix.sync.aligned.m8n8.trans.b16 %r11, %r10;\n"
      "movmatrix.sync.aligned.m8n8.trans.b16 %r12, %r12;");
  for (const std::size_t from : {0, 2}) {
    ForEachElement(1, [&](std::size_t, std::size_t row, std::size_t column, std::size_t lane,
                          std::size_t which) {
      CHECK(Run::Half(run.registers_after, lane, from == 0 ? 1 : 2, which) ==
            Run::Half(run.registers_before, 4 * column + row / 2, from, row % 2));
    });
  }
}

TEST_CASE("matrix moves: lanes on different paths meet; addresses that no matrix needs are free") {
  const Run run(R"(
    setp.lt.u32 %p1, %r0, 9;
    @%p1 bra LOW;
    bra MEET;
  LOW:
    add.u32 %r20, %r20, 1;
  MEET:
    setp.ge.u32 %p2, %r0, 8;
    @%p2 mov.u32 %r9, 0xffffffff;
    ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r10}, [%r9];
  )");
  ForEachElement(1, [&](std::size_t, std::size_t row, std::size_t column, std::size_t lane,
                        std::size_t which) {
    CHECK(Run::Half(run.registers_after, lane, 0, which) ==
          run.before[8 * run.row_of[row] + column]);
  });
}

TEST_CASE("matrix moves: faults") {
  struct Case {
    const char* text;
    Status status;
    const char* report;
  };
  const Case cases[] = {
      {"add.u32 %r9, %r9, 8;\nldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r10}, [%r9];",
       Status::kMisalignedAddress, "read of 16"},
      {"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%r9+1024];",
       Status::kIllegalAddress, "shared memory"},
      {"stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r9+1024], {%r10};", Status::kIllegalAddress,
       "write of 16"},
      {"stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r9+4], {%r10};", Status::kMisalignedAddress,
       "write of 16"},
      {"setp.eq.u32 %p1, %r0, 3;\n@%p1 exit;\nldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r10}, "
       "[%r9];",
       Status::kLaunchFailure, "all 32 lanes"},
      {"setp.eq.u32 %p1, %r0, 3;\n@%p1 exit;\nmovmatrix.sync.aligned.m8n8.trans.b16 %r10, %r11;",
       Status::kLaunchFailure, "all 32 lanes"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    EngineHarness engine;
    engine.Load(Program(c.text));
    const std::uint64_t rows = engine.Zeros(256), out = engine.Zeros(256),
                        words = engine.Zeros(160);
    const Outcome outcome = engine.Run({1}, {32}, {rows, out, words});
    CHECK(outcome.status == c.status);
    CAPTURE(outcome.report);
    CHECK(outcome.report.find(c.report) != std::string::npos);
  }
}

TEST_CASE("ldmatrix of bytes: lanes have four of a column, and of that eight further") {
  for (const int count : {1, 2}) {
    const Run run("ldmatrix.sync.aligned.m16n16.x" + std::to_string(count) +
                  ".trans.shared.b8 {%r10, %r11" + (count == 2 ? ", %r12, %r13" : "") +
                  "}, [%r9];");
    for (std::size_t lane = 0; lane < 32; ++lane) {
      for (std::size_t reg = 0; reg < 4; ++reg) {
        std::uint32_t expected = run.registers_before[lane * 4 + reg];
        if (reg < static_cast<std::size_t>(2 * count)) {
          expected = 0;
          for (std::size_t i = 0; i < 4; ++i) {
            const std::size_t row = run.row_of[reg / 2 * 16 + lane % 4 * 4 + i];
            const std::size_t column = lane / 4 + reg % 2 * 8;
            const unsigned both = run.before[row * 8 + column / 2];
            expected |= (both >> (column % 2 * 8) & 0xff) << 8 * i;
          }
        }
        CHECK(run.registers_after[lane * 4 + reg] == expected);
      }
    }
    CHECK(run.after == run.before);
  }
}

TEST_CASE("matrix moves: forms that do not exist are refused") {
  EngineHarness engine;
  for (const char* line : {"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r1, %r2}, [%r9];",
                           "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%d1}, [%r9];",
                           "ldmatrix.sync.aligned.m16n16.x1.shared.b8 {%r1, %r2}, [%r9];",
                           "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b16 {%r1, %r2}, [%r9];",
                           "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r1}, [%r9];",
                           "ldmatrix.sync.aligned.m16n16.x4.trans.shared.b8 {%r1, %r2, %r3, %r4}, "
                           "[%r9];",
                           "ldmatrix.sync.aligned.m8n16.x1.shared.b8x16.b6x16_p32 {%r1}, [%r9];",
                           "stmatrix.sync.aligned.m16n8.x1.trans.shared.b8 [%r9], {%r1};",
                           "ldmatrix.sync.aligned.m8n8.x1.global.b16 {%r1}, [%d1];",
                           "ldmatrix.sync.aligned.m8n8.shared.b16 {%r1}, [%r9];",
                           "stmatrix.sync.aligned.m8n8.x2.shared.b16 [%r9], {%r1, %h1};",
                           "movmatrix.sync.aligned.m8n8.b16 %r1, %r2;",
                           "movmatrix.sync.aligned.m8n8.trans.b16 %r1, %d2;"}) {
    CAPTURE(line);
    CHECK(engine.LoadFails(EngineHarness::Kernel(line)).status == Status::kInvalidPtx);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
