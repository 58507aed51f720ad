#include <chrono>
#include <thread>

#include "test/native/exec/engine_harness.h"

// Branches, divergence, progress and barriers.
namespace nodecuda::simulator {
namespace {

TEST_CASE("nested branches: each lane takes its own path and all meet again") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    and.b32 %r2, %r0, 1;
    and.b32 %r3, %r0, 2;
    setp.eq.u32 %p1, %r2, 0;
    setp.eq.u32 %p2, %r3, 0;
    mov.u32 %r1, 0;
    @%p1 bra EVEN;
    add.u32 %r1, %r1, 1000;
    @%p2 bra ODD_LOW;
    add.u32 %r1, %r1, 1;
    bra MEET;
  ODD_LOW:
    add.u32 %r1, %r1, 2;
    bra.uni MEET;
  EVEN:
    @!%p2 bra MEET;
    add.u32 %r1, %r1, 3;
  MEET:
    add.u32 %r1, %r1, %r0;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({1}, {64}, {out});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) {
    const std::uint32_t path = (i & 1) ? 1000 + ((i & 2) ? 1 : 2) : ((i & 2) ? 0 : 3);
    CHECK(got[i] == path + i);
  }
}

TEST_CASE("loops with a trip count per lane, one inside the other") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    and.b32 %r2, %r0, 7;
    mov.u32 %r1, 0;
    mov.u32 %r3, 0;
  OUTER:
    setp.ge.u32 %p1, %r3, %r2;
    @%p1 bra DONE;
    mov.u32 %r4, 0;
  INNER:
    add.u32 %r1, %r1, %r0;
    add.u32 %r4, %r4, 1;
    setp.le.u32 %p2, %r4, %r3;
    @%p2 bra INNER;
    add.u32 %r3, %r3, 1;
    bra OUTER;
  DONE:
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(96);
  engine.RunOk({3}, {32}, {out});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 96);
  for (std::uint32_t i = 0; i < 96; ++i) {
    const std::uint32_t n = i & 7;
    CHECK(got[i] == i * (n * (n + 1) / 2));
  }
}

TEST_CASE("the lanes of a warp meet after a divergent branch: one pass through what follows") {
  // A lane-by-lane run would store the clock-free count 1 by 1; together, all lanes load 0 first.
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r0, 16;
    @%p1 bra LOW;
    mov.u32 %r2, 5;
    bra MEET;
  LOW:
    mov.u32 %r2, 6;
  MEET:
    ld.param.u64 %d2, [b];
    ld.global.u32 %r3, [%d2];
    add.u32 %r4, %r3, 1;
    st.global.u32 [%d2], %r4;
    add.u32 %r1, %r3, %r2;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32), counter = engine.Zeros(1);
  engine.RunOk({1}, {32}, {out, counter});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == (i < 16 ? 6u : 5u));
  CHECK(EngineHarness::Get<std::uint32_t>(counter, 1)[0] == 1);
}

TEST_CASE("guards on any instruction, plain and negated") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r0, 20;
    setp.gt.u32 %p2, %r0, 9;
    mov.u32 %r1, 1;
    @%p1 add.u32 %r1, %r1, 10;
    @!%p1 add.u32 %r1, %r1, 100;
    setp.eq.and.u32 %p3, %r0, %r0, !%p2;
    @%p3 add.u32 %r1, %r1, 1000;
    @%p2 st.global.u32 [%d1], %r1;
    @%p2 exit;
    mov.u32 %r1, %r1;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i)
    CHECK(got[i] == 1 + (i < 20 ? 10u : 100u) + (i > 9 ? 0u : 1000u));
}

TEST_CASE("a lane that spins until another lane of its warp has written makes progress") {
  // The spinning lanes have the lower pc: without turns the writer would never run.
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    ld.param.u64 %d2, [b];
    setp.eq.u32 %p1, %r0, 7;
    @%p1 bra WRITER;
  SPIN:
    ld.volatile.global.u32 %r1, [%d2];
    setp.eq.u32 %p2, %r1, 0;
    @%p2 bra SPIN;
    bra DONE;
  WRITER:
    mov.u32 %r1, 42;
    st.volatile.global.u32 [%d2], %r1;
  DONE:
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32), flag = engine.Zeros(1);
  engine.RunOk({1}, {32}, {out, flag});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 32) == Words(32, 42));
}

TEST_CASE("a warp that spins until a later warp has written makes progress") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    .shared .align 4 .u32 flag;
    mov.u32 %r2, flag;
    setp.ge.u32 %p1, %r0, 96;
    @%p1 bra WRITER;
  SPIN:
    ld.volatile.shared.u32 %r1, [flag];
    setp.eq.u32 %p2, %r1, 0;
    @%p2 bra SPIN;
    bra DONE;
  WRITER:
    mov.u32 %r1, 9;
    membar.cta;
    st.relaxed.cta.shared.u32 [%r2], %r1;
  DONE:
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(128);
  engine.RunOk({1}, {128}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 128) == Words(128, 9));
}

TEST_CASE("bar.sync: what every thread wrote to shared memory is there after it") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    .shared .align 16 .b8 tile[400];
  )" + kPrologue + R"(
    mov.u32 %r3, tile;
    shl.b32 %r4, %r29, 2;
    add.u32 %r5, %r3, %r4;
    mov.u32 %r7, 0;
    mov.u32 %r1, 0;
  AGAIN:
    add.u32 %r8, %r0, %r7;
    st.shared.u32 [%r5], %r8;
    bar.sync 0;
    mov.u32 %r9, 99;
    sub.u32 %r9, %r9, %r29;
    shl.b32 %r9, %r9, 2;
    add.u32 %r9, %r9, %r3;
    ld.shared.u32 %r10, [%r9];
    add.u32 %r1, %r1, %r10;
    barrier.sync.aligned 0;
    add.u32 %r7, %r7, 1;
    setp.lt.u32 %p1, %r7, 3;
    @%p1 bra AGAIN;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(200);
  engine.RunOk({2}, {100}, {out});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 200);
  for (std::uint32_t i = 0; i < 200; ++i) CHECK(got[i] == 3 * (i / 100 * 100 + 99 - i % 100) + 3);
}

TEST_CASE("threads that have exited leave the barrier's count") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.ge.u32 %p1, %r0, 50;
    @%p1 exit;
    bar.sync 0;
    mov.u32 %r1, 3;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(128);
  engine.RunOk({1}, {128}, {out});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 128);
  for (std::uint32_t i = 0; i < 128; ++i) CHECK(got[i] == (i < 50 ? 3u : 0u));
}

TEST_CASE("lanes that come to a barrier by different branches complete it together") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r0, 10;
    @%p1 bra LOW;
    bar.sync 1;
    mov.u32 %r1, 2;
    bra DONE;
  LOW:
    barrier.sync 1;
    mov.u32 %r1, 1;
  DONE:
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({1}, {64}, {out});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == (i < 10 ? 1u : 2u));
}

TEST_CASE("a barrier with a count: a producer warp arrives, a consumer warp waits") {
  // Warps 2 and 3 never come to barrier 3; the ids are in registers and differ by warp pair.
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    ld.param.u64 %d2, [b];
    shr.u32 %r2, %r0, 5;
    mov.u32 %r6, 3;
    mov.u32 %r7, 64;
    mov.u32 %r1, 77;
    setp.eq.u32 %p1, %r2, 0;
    @%p1 bra CONSUMER;
    setp.eq.u32 %p2, %r2, 1;
    @!%p2 bra DONE;
    mov.u32 %r3, 5;
    st.global.u32 [%d2], %r3;
    bar.arrive %r6, %r7;
    bra DONE;
  CONSUMER:
    bar.sync %r6, %r7;
    ld.global.u32 %r1, [%d2];
  DONE:
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(128), box = engine.Zeros(1);
  engine.RunOk({1}, {128}, {out, box});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 128);
  for (std::uint32_t i = 0; i < 128; ++i) CHECK(got[i] == (i < 32 ? 5u : 77u));
}

TEST_CASE("bar.warp.sync waits for the lanes it names, and for those only") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    ld.param.u64 %d2, [b];
    setp.lt.u32 %p1, %r0, 8;
    setp.lt.u32 %p2, %r0, 16;
    mov.u32 %r1, 0;
    @%p1 bra LOW;
    @%p2 bra MIDDLE;
    bra DONE;
  LOW:
    bar.warp.sync 0x0000ffff;
    ld.global.u32 %r1, [%d2];
    bra DONE;
  MIDDLE:
    mov.u32 %r2, 6;
    st.global.u32 [%d2], %r2;
    bar.warp.sync 0x0000ffff;
  DONE:
    bar.warp.sync -1;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32), box = engine.Zeros(1);
  engine.RunOk({1}, {32}, {out, box});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == (i < 8 ? 6u : 0u));
}

TEST_CASE("when everyone waits, the launch fails and the report says who waits where") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r0, 40;
    @%p1 bra LOW;
    bar.sync 1;
    ret;
  LOW:
    bar.sync 0;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(64);
  const Outcome outcome = engine.Run({1}, {64}, {out});
  CHECK(outcome.status == Status::kLaunchTimeout);
  INFO(outcome.report);
  CHECK(outcome.report.find("kernel k, block (0,0,0): deadlock") != std::string::npos);
  CHECK(outcome.report.find("warp 1, lanes 0x000000ff, at PTX line 26 (bar.sync): barrier 0, where "
                            "40 of 64 threads have arrived") != std::string::npos);
  CHECK(outcome.report.find("warp 1, lanes 0xffffff00, at PTX line 23 (bar.sync): barrier 1, where "
                            "24 of 64 threads have arrived") != std::string::npos);
}

TEST_CASE("trap fails the launch and names the thread") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.eq.u32 %p1, %r0, 37;
    @%p1 trap;
  )" + kEpilogue));
  const Outcome outcome = engine.Run({1}, {64}, {engine.Zeros(64)});
  CHECK(outcome.status == Status::kLaunchFailure);
  CHECK(outcome.report == "kernel k, PTX line 22 (trap), block (0,0,0), thread (37,0,0): trap");
}

TEST_CASE("an endless kernel ends when the stop flag is set") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel("AGAIN:\nbra AGAIN;\n"));
  for (const int workers : {1, 3}) {
    engine.stop = false;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      engine.stop = true;
    });
    const Outcome outcome = engine.Run({8}, {64}, {}, workers);
    stopper.join();
    CHECK(outcome.status == Status::kLaunchFailure);
    CHECK(outcome.report == "kernel k: stopped");
  }
}

TEST_CASE("nanosleep gives the others a turn, and the clocks run") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    mov.u64 %d5, %clock64;
    nanosleep.u32 100;
    mov.u64 %d6, %clock64;
    setp.ge.u64 %p1, %d6, %d5;
    setp.ne.u64 %p2, %d5, 0;
    mov.u32 %r1, 0;
    @%p1 add.u32 %r1, %r1, 1;
    @%p2 add.u32 %r1, %r1, 2;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 32) == Words(32, 3));
}

}  // namespace
}  // namespace nodecuda::simulator
