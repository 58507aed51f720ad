#include "simulator/exec/memory/mbarrier.h"

#include <cstdint>

#include "test/native/exec/hopper_harness.h"

// mbarriers: the object by itself, and the instructions.
namespace nodecuda::simulator {
namespace {

TEST_CASE("mbarrier: the object packs and unpacks, and other bytes are none") {
  for (const Mbarrier& barrier :
       {Mbarrier{1, 1, 0, false}, Mbarrier{kMaxMbarrierCount, 5, -3, true},
        Mbarrier{0, kMaxMbarrierCount, 1048575, false}, Mbarrier{7, 9, -1048575, true}}) {
    Mbarrier back;
    REQUIRE(Mbarrier::Unpack(barrier.Pack(), &back));
    CHECK(back.pending == barrier.pending);
    CHECK(back.expected == barrier.expected);
    CHECK(back.bytes == barrier.bytes);
    CHECK(back.phase == barrier.phase);
  }
  Mbarrier none;
  for (const std::uint64_t word : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}})
    CHECK(!Mbarrier::Unpack(word, &none));
}

TEST_CASE("mbarrier: a phase ends when arrivals and bytes have all come, in any order") {
  std::string why;
  Mbarrier barrier;
  REQUIRE(InitMbarrier(2, &barrier, &why));
  CHECK(ArriveAt(1, false, &barrier, &why));
  CHECK(ExpectBytes(-100, &barrier, &why));  // the bytes come before they are announced
  CHECK(ExpectBytes(150, &barrier, &why));
  CHECK(ArriveAt(1, false, &barrier, &why));
  CHECK(barrier.phase == false);
  CHECK(barrier.pending == 0);
  CHECK(ExpectBytes(-50, &barrier, &why));
  CHECK(barrier.phase == true);
  CHECK(barrier.pending == 2);
  CHECK(ArriveAt(1, true, &barrier, &why));  // one that will not come again
  CHECK(ArriveAt(1, false, &barrier, &why));
  CHECK(barrier.phase == false);
  CHECK(barrier.pending == 1);
  CHECK(!ArriveAt(2, false, &barrier, &why));
  CHECK(why.find("2 arrivals") != std::string::npos);
  CHECK(!ArriveAt(0, false, &barrier, &why));
  CHECK(!ExpectBytes(1 << 20, &barrier, &why));
  CHECK(!InitMbarrier(0, &barrier, &why));
  CHECK(!InitMbarrier(1 << 20, &barrier, &why));
}

// Two warps hand 8 numbers to each other through one word and a pair of barriers.
TEST_CASE("mbarrier: a producer and a consumer take turns by parity") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 8 .b64 full;
    .shared .align 8 .b64 empty;
    .shared .align 4 .u32 slot;
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra READY;
    mbarrier.init.shared.b64 [full], 1;
    mbarrier.init.shared.b64 [empty], 32;
READY:
    bar.sync 0;
    mov.u32 %r1, 0;
    setp.ge.u32 %p1, %r0, 32;
    @%p1 bra CONSUME;
PRODUCE:
    and.b32 %r2, %r1, 1;
    xor.b32 %r3, %r2, 1;
P0: mbarrier.try_wait.parity.shared.b64 %p2, [empty], %r3;
    @!%p2 bra P0;
    elect.sync %r4|%p3, 0xffffffff;
    mul.lo.u32 %r5, %r1, 11;
    @%p3 st.shared.u32 [slot], %r5;
    @%p3 mbarrier.arrive.shared.b64 %d5, [full];
    add.u32 %r1, %r1, 1;
    setp.lt.u32 %p4, %r1, 8;
    @%p4 bra PRODUCE;
    ret;
CONSUME:
    and.b32 %r2, %r1, 1;
C0: mbarrier.try_wait.parity.shared.b64 %p2, [full], %r2;
    @!%p2 bra C0;
    ld.shared.u32 %r5, [slot];
    shl.b32 %r6, %r1, 5;
    add.u32 %r6, %r6, %r0;
    sub.u32 %r6, %r6, 32;
    mul.wide.u32 %d1, %r6, 4;
    add.s64 %d1, %d0, %d1;
    st.global.u32 [%d1], %r5;
    mbarrier.arrive.release.cta.shared::cta.b64 _, [empty];
    add.u32 %r1, %r1, 1;
    setp.lt.u32 %p4, %r1, 8;
    @%p4 bra CONSUME;
    ret;
  )"));
  const std::uint64_t out = engine.Zeros(8 * 32);
  engine.RunOk({.block = {64}}, {out});
  const Words got = HopperHarness::Get<std::uint32_t>(out, 8 * 32);
  for (std::uint32_t i = 0; i < 8 * 32; ++i) CHECK(got[i] == i / 32 * 11);
}

// One thread walks through every operation and stores what it sees.
TEST_CASE("mbarrier: states, counts, generic addresses and elect") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 8 .b64 barrier;
    ld.param.u64 %d0, [a];
    mov.u32 %r0, %tid.x;
    mov.u32 %r20, barrier;
    mov.u64 %d1, barrier;
    cvta.shared.u64 %d1, %d1;
    setp.lt.u32 %p2, %r0, 4;
    @%p2 bra DONE;
    elect.sync %r1|%p0, 0xfff0;
    @!%p0 bra DONE;
    mbarrier.init.b64 [%d1], 5;
    mbarrier.arrive.noComplete.shared::cta.b64 %d2, [%r20], 2;
    mbarrier.arrive.b64 %d3, [%d1];
    mbarrier.pending_count.b64 %r2, %d2;
    mbarrier.pending_count.b64 %r3, %d3;
    mbarrier.test_wait.shared::cta.b64 %p1, [%r20], %d3;
    selp.u32 %r4, 1, 0, %p1;
    mbarrier.test_wait.parity.shared::cta.b64 %p1, [%r20], 1;
    selp.u32 %r5, 1, 0, %p1;
    mbarrier.arrive_drop.shared::cta.b64 %d4, [%r20+0], 2;
    mbarrier.test_wait.b64 %p1, [%d1], %d3;
    selp.u32 %r6, 1, 0, %p1;
    mbarrier.arrive.shared::cta.b64 %d5, [%r20];
    mbarrier.pending_count.b64 %r7, %d5;
    mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r20], 16;
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r20], 32;
    mbarrier.arrive.shared::cta.b64 _, [%r20];
    mbarrier.test_wait.parity.shared::cta.b64 %p1, [%r20], 1;
    selp.u32 %r8, 1, 0, %p1;
    cp.async.mbarrier.arrive.shared.b64 [%r20];
    mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r20], 16;
    mbarrier.test_wait.parity.shared::cta.b64 %p1, [%r20], 1;
    selp.u32 %r9, 1, 0, %p1;
    cp.async.mbarrier.arrive.noinc.b64 [%d1];
    mbarrier.arrive.shared::cta.b64 %d6, [%r20];
    mbarrier.pending_count.b64 %r10, %d6;
    mbarrier.inval.shared::cta.b64 [%r20];
    st.global.v4.u32 [%d0], {%r1, %r2, %r3, %r4};
    st.global.v4.u32 [%d0+16], {%r5, %r6, %r7, %r8};
    st.global.v2.u32 [%d0+32], {%r9, %r10};
    st.global.u32 [%d0+40], %r0;
DONE:
    ret;
  )"));
  const std::uint64_t out = engine.Zeros(12);
  engine.RunOk({.block = {16}}, {out});
  CHECK(HopperHarness::Get<std::uint32_t>(out, 11) == Words{4, 5, 3, 0, 1, 1, 3, 0, 1, 2, 4});
}

std::string OneThread(const std::string& body) {
  return HopperHarness::Kernel(R"(
    .shared .align 16 .b8 barrier[32];
    ld.param.u64 %d0, [a];
    mov.u32 %r1, barrier;
    mbarrier.init.shared::cta.b64 [%r1], 3;
    )" + body + "\nret;");
}

TEST_CASE("mbarrier: misuse is a fault that says what is wrong") {
  struct Case {
    const char* body;
    Status status;
    const char* words;
  };
  const Case cases[] = {
      {"mbarrier.arrive.shared::cta.b64 _, [%r1+8];", Status::kLaunchFailure, "no mbarrier"},
      {"mbarrier.arrive.shared::cta.b64 _, [%r1+4];", Status::kMisalignedAddress, "misaligned"},
      {"mbarrier.arrive.shared::cta.b64 _, [%r1+64];", Status::kIllegalAddress, "shared memory"},
      {"mbarrier.arrive.b64 _, [%d0];", Status::kInvalidAddressSpace, "must be in shared"},
      {"mbarrier.arrive.shared::cta.b64 _, [%r1], 4;", Status::kLaunchFailure, "4 arrivals"},
      {"mbarrier.arrive.shared::cta.b64 _, [%r1], 0;", Status::kLaunchFailure, "0 arrivals"},
      {"mbarrier.arrive.noComplete.shared::cta.b64 %d1, [%r1], 3;", Status::kLaunchFailure,
       "would complete"},
      {"mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%r1], 1048576;", Status::kLaunchFailure,
       "beyond"},
      {"mbarrier.init.shared::cta.b64 [%r1], 0;", Status::kLaunchFailure, "count of 0"},
      {"mbarrier.inval.shared::cta.b64 [%r1+16];", Status::kLaunchFailure, "no mbarrier"},
      {"mbarrier.inval.shared::cta.b64 [%r1];\nmbarrier.arrive.shared::cta.b64 _, [%r1];",
       Status::kLaunchFailure, "no mbarrier"},
      {"mov.u64 %d1, 5;\nmbarrier.test_wait.shared::cta.b64 %p1, [%r1], %d1;",
       Status::kLaunchFailure, "no state"},
      {"mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r1+8], 0;", Status::kLaunchFailure,
       "no mbarrier"},
  };
  HopperHarness engine;
  const std::uint64_t out = engine.Zeros(1);
  for (const Case& c : cases) {
    CAPTURE(std::string(c.body));
    engine.Load(OneThread(c.body));
    engine.RunFaults({.block = {1}}, {}, {out}, c.status, c.words);
  }
}

TEST_CASE("mbarrier: waiting for ever is a deadlock, reported with what is missing") {
  HopperHarness engine;
  engine.Load(OneThread(R"(
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r1], 64;
AGAIN:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r1], 0;
    @!%p1 bra AGAIN;
  )"));
  engine.RunFaults({.block = {1}}, {}, {}, Status::kLaunchTimeout,
                   "lacks 2 of 3 arrivals and 64 bytes");
  engine.RunFaults({.block = {1}}, {}, {}, Status::kLaunchTimeout, "mbarrier.try_wait");
}

TEST_CASE("mbarrier: a try_wait sleeps until another warp ends the phase") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 8 .b64 barrier;
    ld.param.u64 %d0, [a];
    mov.u32 %r0, %tid.x;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra READY;
    mbarrier.init.shared::cta.b64 [barrier], 32;
READY:
    bar.sync 0;
    setp.ge.u32 %p1, %r0, 32;
    @%p1 bra ARRIVE;
    mbarrier.try_wait.parity.shared::cta.b64 %p2, [barrier], 0;
    selp.u32 %r1, 1, 0, %p2;
    mul.wide.u32 %d1, %r0, 4;
    add.s64 %d1, %d0, %d1;
    st.global.u32 [%d1], %r1;
    ret;
ARRIVE:
    mov.u32 %r1, 0;
LOOP:
    add.u32 %r1, %r1, 1;
    setp.lt.u32 %p3, %r1, 2000;
    @%p3 bra LOOP;
    mbarrier.arrive.shared::cta.b64 _, [barrier];
    mov.u32 %r1, 0;
SPIN:
    ld.volatile.global.u32 %r2, [%d0];
    add.u32 %r1, %r1, 1;
    setp.eq.u32 %p4, %r2, 0;
    setp.lt.u32 %p3, %r1, 100000;
    and.pred %p3, %p3, %p4;
    @%p3 bra SPIN;
    selp.u32 %r2, 0, 1, %p4;
    mul.wide.u32 %d1, %r0, 4;
    add.s64 %d1, %d0, %d1;
    st.global.u32 [%d1], %r2;
    ret;
  )"));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({.block = {64}}, {out});
  // None gave up, and the others, which run on, see that.
  CHECK(HopperHarness::Get<std::uint32_t>(out, 64) == Words(64, 1));
}

TEST_CASE("mbarrier: a try_wait may give up, and its thread do what is waited for") {
  HopperHarness engine;
  engine.Load(OneThread(R"(
    mov.u32 %r2, 0;
AGAIN:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r1], 0;
    @%p1 bra DONE;
    add.u32 %r2, %r2, 1;
    setp.lt.u32 %p2, %r2, 10;
    @%p2 bra AGAIN;
    mbarrier.arrive.shared::cta.b64 _, [%r1];
    bra AGAIN;
DONE:
    st.global.u32 [%d0], %r2;
  )"));
  const std::uint64_t out = engine.Zeros(1);
  engine.RunOk({.block = {1}}, {out});
  CHECK(HopperHarness::Get<std::uint32_t>(out, 1) == Words{12});
}

TEST_CASE("mbarrier and friends: forms that do not exist are load errors") {
  const char* const bodies[] = {
      "mbarrier.arrive.shared::cta.b64 _, %r1;",
      "mbarrier.arrive.global.b64 _, [%d0];",
      "mbarrier.arrive.shared::cta.b64 %r2, [%r1];",
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r1];",
      "mbarrier.init.shared::cta.b64 [%r1];",
      "mbarrier.init.shared::cta.b64 [%r1], %d1;",
      "mbarrier.frobnicate.b64 [%d1];",
      "mbarrier.try_wait.parity.shared::cta.b64 _, [%r1], 0;",
      "mbarrier.try_wait.parity.shared::cta.b64 %r2, [%r1], 0;",
      "mbarrier.try_wait.shared::cta.b64 %p1, [%r1], %r2;",
      "mbarrier.pending_count.b64 _, %d1;",
      "mbarrier;",
      "elect.sync %r1, 0xf;",
      "elect %r1|%p1, 0xf;",
      "setmaxnreg.inc.sync.aligned.u32 20;",
      "setmaxnreg.inc.sync.aligned.u32 %r1;",
      "griddepcontrol.sleep;",
      "barrier.cluster.sync;",
      "barrier.cluster.arrive.wait;",
      "mapa.u32 %r1, %r2, 0;",
      "mapa.shared::cta.u64 %d1, %d2, 0;",
      "getctarank.u64 %d1, %d2;",
      "cp.async.bulk.wait_group %r1;",
      "cp.async.bulk.global.global [%d1], [%d2], 16;",
      "cp.async.bulk.shared::cluster.global [%r1], [%d2], 16, [%r1];",
      "cp.async.bulk.tensor.6d.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%d2, "
      "{%r1, %r1, %r1, %r1, %r1, %r1}], [%r1];",
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%d2, "
      "{%r1}], [%r1];",
      "cp.async.bulk.tensor.2d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%r1], "
      "[%d2, {%r1, %r1}], [%r1];",
      "cp.async.bulk.tensor.1d.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%d2, "
      "{%r1}], [%r1], %h1;",
      "cp.async.bulk.tensor.1d.global.shared::cta.bulk_group.multicast::cluster [%d2, {%r1}], "
      "[%r1], %h1;",
      "cp.async.bulk.tensor.1d;",
      "cp.async.bulk;",
      "cp.async.mbarrier.frob.b64 [%d1];",
  };
  HopperHarness engine;
  for (const char* body : bodies) {
    CAPTURE(std::string(body));
    CHECK(engine.LoadFails(HopperHarness::Kernel(body)).status == Status::kInvalidPtx);
  }
  engine.Load(HopperHarness::Kernel(R"(
    setmaxnreg.inc.sync.aligned.u32 240;
    setmaxnreg.dec.sync.aligned.u32 24;
    griddepcontrol.wait;
    griddepcontrol.launch_dependents;
    fence.proxy.async;
    fence.proxy.async.global;
    fence.proxy.async.shared::cta;
    fence.proxy.tensormap::generic.release.gpu;
    fence.mbarrier_init.release.cluster;
    prefetch.tensormap [%d1];
    cp.async.bulk.prefetch.L2.global [%d1], 16;
    cp.async.bulk.prefetch.tensor.1d.L2.global.tile [%d1, {%r1}];
    ret;
  )"));
  engine.RunOk({.block = {32}}, {});
}

}  // namespace
}  // namespace nodecuda::simulator
