#include <cstdint>

#include "test/native/exec/engine_harness.h"

// Cooperative launches: blocks that wait for each other.
namespace nodecuda::simulator {
namespace {

// %d1 = the workspace.
const std::string kWorkspace =
    "mov.u32 %r1, %envreg1;\nmov.u32 %r2, %envreg2;\nmov.b64 %d1, {%r2, %r1};\n";

// Thread 0 of each block adds one to the second word of the workspace and spins until all %r3
// blocks have; `round` times so many are to be there. The others wait for it at a barrier.
std::string Barrier(int round) {
  const std::string label = "SPIN" + std::to_string(round);
  return "mov.u32 %r4, %tid.x;\nsetp.ne.u32 %p1, %r4, 0;\n@%p1 bra DONE" + label +
         ";\nmembar.gl;\natom.global.add.u32 %r5, [%d1+4], 1;\nmul.lo.u32 %r6, %r3, " +
         std::to_string(round) + ";\n" + label +
         ":\nld.volatile.global.u32 %r5, [%d1+4];\nsetp.lt.u32 %p1, %r5, %r6;\n@%p1 bra " + label +
         ";\nDONE" + label + ":\nbar.sync 0;\n";
}

// Each block adds its number to a sum, waits for all, and writes the sum where its own word is; and
// once more, so that each block has gone on before any begins anew.
const std::string kSums = kWorkspace + R"(
    mov.u32 %r3, %nctaid.x;
    mov.u32 %r7, %ctaid.x;
    mov.u32 %r8, %tid.x;
    ld.param.u64 %d2, [a];
    setp.eq.u32 %p2, %r8, 0;
    @%p2 red.global.add.u32 [%d2], %r7;
  )" + Barrier(1) + R"(
    ld.volatile.global.u32 %r9, [%d2];
    mul.wide.u32 %d3, %r7, 4;
    add.s64 %d3, %d2, %d3;
    @%p2 st.global.u32 [%d3+4], %r9;
  )" + Barrier(2) + R"(
    @%p2 red.global.add.u32 [%d2], 1000;
    ret;
  )";

TEST_CASE("cooperative: all blocks run beside each other, and again from a zeroed workspace") {
  EngineHarness engine;
  engine.cooperative = true;
  engine.Load(EngineHarness::Kernel(kSums));
  for (const std::uint32_t blocks : {1u, 2u, 17u, 128u})
    for (const int workers : {1, 3}) {
      INFO(blocks, " blocks, ", workers, " workers");
      const std::uint64_t out = engine.Zeros(1 + blocks);
      const std::size_t used = engine.memory.used();
      engine.RunOk({blocks, 1, 1}, {64}, {out}, workers);
      CHECK(engine.memory.used() == used);
      const std::uint32_t sum = blocks * (blocks - 1) / 2;
      Words expected(1 + blocks, sum);
      expected[0] = sum + 1000 * blocks;
      CHECK(EngineHarness::Get<std::uint32_t>(out, 1 + blocks) == expected);
    }
}

TEST_CASE("cooperative: others have no workspace") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kWorkspace +
                                    "ld.param.u64 %d2, [a];\nst.global.u64 [%d2], %d1;\nret;"));
  const std::uint64_t out = engine.Put(std::vector<std::uint64_t>{7});
  engine.RunOk({1}, {1}, {out});
  CHECK(EngineHarness::Get<std::uint64_t>(out, 1)[0] == 0);
  engine.cooperative = true;
  engine.RunOk({1}, {1}, {out});
  CHECK(engine.memory.InRegion(EngineHarness::Get<std::uint64_t>(out, 1)[0]));
}

TEST_CASE("cooperative: the fault of one block ends those that wait for it") {
  EngineHarness engine;
  engine.cooperative = true;
  engine.Load(
      EngineHarness::Kernel(kWorkspace + "mov.u32 %r3, %nctaid.x;\nmov.u32 %r7, %ctaid.x;\n" +
                            "setp.eq.u32 %p2, %r7, 2;\n@%p2 trap;\n" + Barrier(1) + "ret;"));
  const Outcome outcome = engine.Run({4, 1, 1}, {32}, {});
  CHECK(outcome.status == Status::kLaunchFailure);
  CHECK(outcome.report.find("block (2,0,0)") != std::string::npos);
}

TEST_CASE("cooperative: blocks that wait for one that does not come are stopped from outside") {
  EngineHarness engine;
  engine.cooperative = true;
  engine.Load(
      EngineHarness::Kernel(kWorkspace + "mov.u32 %r3, %nctaid.x;\nmov.u32 %r7, %ctaid.x;\n" +
                            "setp.eq.u32 %p2, %r7, 1;\n@%p2 exit;\n" + Barrier(1) + "ret;"));
  engine.stop = true;
  const Outcome outcome = engine.Run({2, 1, 1}, {32}, {});
  CHECK(outcome.report.find("stopped") != std::string::npos);
}

}  // namespace
}  // namespace nodecuda::simulator
