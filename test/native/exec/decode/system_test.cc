#include "test/native/exec/engine_harness.h"

// Instructions about addresses, caches and the machine, and jumps by a table.
namespace nodecuda::simulator {
namespace {

TEST_CASE("isspacep: each space knows its generic addresses and no others") {
  const std::string spaces[] = {"global", "shared", "local", "param", "const"};
  const std::string addresses[] = {"%d0", "%d5", "%d6", "%d7"};
  for (std::size_t space = 0; space < 5; ++space) {
    EngineHarness engine;
    std::string text = kPrologue + R"(
      .shared .align 8 .b8 room[64];
      .local .align 8 .b8 own[16];
      mov.u64 %d5, room;
      cvta.shared.u64 %d5, %d5;
      mov.u64 %d6, own;
      cvta.local.u64 %d6, %d6;
      mov.b64 %d7, a;
      cvta.param.u64 %d7, %d7;
      mov.u32 %r1, 0;
    )";
    for (std::size_t i = 0; i < 4; ++i)
      text += "isspacep." + spaces[space] + (space == 1 && i % 2 == 0 ? "::cta" : "") + " %p1, " +
              addresses[i] + ";\n@%p1 or.b32 %r1, %r1, " + std::to_string(1 << i) + ";\n";
    engine.Load(EngineHarness::Kernel(text + kEpilogue));
    const std::uint64_t out = engine.Zeros(32);
    engine.RunOk({1}, {32}, {out});
    for (const std::uint32_t word : EngineHarness::Get<std::uint32_t>(out, 32))
      CHECK(word == (space < 4 ? 1u << space : 0));  // of constant memory there is no window
  }
}

TEST_CASE("brx.idx: each lane goes where its index says") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    rem.u32 %r2, %r0, 4;
    brx.idx %r2, TABLE;
  TABLE: .branchtargets ONE, TWO, ONE, THREE;
  ONE:
    mov.u32 %r1, 100;
    bra END;
  TWO:
    mov.u32 %r1, 200;
    bra END;
  THREE:
    mov.u32 %r1, 300;
  END:
    add.u32 %r1, %r1, %r0;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  const std::uint32_t expected[] = {100, 200, 100, 300};
  const Words got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == expected[i % 4] + i);
}

TEST_CASE("brx.idx in a function that is called twice") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    .param .b32 param0;
    .param .b32 retval0;
    and.b32 %r2, %r0, 1;
    st.param.b32 [param0], %r2;
    call (retval0), choose, (param0);
    ld.param.b32 %r1, [retval0];
    xor.b32 %r2, %r2, 1;
    st.param.b32 [param0], %r2;
    call (retval0), choose, (param0);
    ld.param.b32 %r3, [retval0];
    mad.lo.u32 %r1, %r1, 100, %r3;
  )" + kEpilogue,
                                    R"(
.func (.param .b32 result) choose(.param .b32 which)
{
  .reg .b32 %r<3>;
  ld.param.b32 %r1, [which];
  brx.idx.uni %r1, TABLE;
TABLE: .branchtargets ONE, TWO;
ONE:
  st.param.b32 [result], 5;
  ret;
TWO:
  st.param.b32 [result], 7;
  ret;
}
)"));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == (i % 2 ? 705 : 507));
}

TEST_CASE("hints and fences change nothing") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    ld.global.u32 %r1, [%d1];
    mov.u64 %d9, 16;
    prefetch.global.L1 [%d1];
    prefetch.global.L2 [%d1+64];
    prefetch.global.L2::evict_last [%d9];
    prefetch.L2 [%d1];
    prefetchu.L1 [%d9];
    discard.global.L2 [%d1], 128;
    applypriority.global.L2::evict_normal [%d1], 128;
    createpolicy.fractional.L2::evict_last.b64 %d5, 0f3F800000;
    createpolicy.fractional.L2::evict_first.L2::evict_unchanged.b64 %d5, 0f3F000000;
    createpolicy.range.global.L2::evict_last.L2::evict_first.b64 %d5, [%d1], 64, 128;
    createpolicy.cvt.L2.b64 %d5, 0x10f0000000000000;
    ld.global.L1::no_allocate.L2::cache_hint.u32 %r2, [%d1], %d5;
    st.global.L2::cache_hint.u32 [%d1+128], %r2, %d5;
    ld.global.nc.L1::evict_last.L2::256B.u32 %r3, [%d1];
    griddepcontrol.wait;
    griddepcontrol.launch_dependents;
    setmaxnreg.inc.sync.aligned.u32 232;
    setmaxnreg.dec.sync.aligned.u32 24;
    membar.cta;
    membar.gl;
    membar.sys;
    fence.sc.gpu;
    fence.acq_rel.cluster;
    fence.proxy.async;
    fence.proxy.async.shared::cta;
    fence.proxy.alias;
    fence.mbarrier_init.release.cluster;
    add.u32 %r1, %r1, %r3;
  )" + kEpilogue));
  const std::uint64_t data = engine.Put(Words(64, 21));
  engine.RunOk({1}, {32}, {data});
  const Words got = EngineHarness::Get<std::uint32_t>(data, 64);
  for (std::size_t i = 0; i < 64; ++i) CHECK(got[i] == (i < 32 ? 42u : 21u));
}

TEST_CASE("hints, fences and jumps that do not exist are refused") {
  EngineHarness engine;
  for (const char* line : {"prefetch.global [%d1];",
                           "prefetch.global.L3 [%d1];",
                           "prefetch.global.L1;",
                           "prefetch.shared.L1 [%r1];",
                           "prefetch.L1 %d1;",
                           "discard.global.L2 [%d1], 64;",
                           "discard.global.L2 [%d1];",
                           "createpolicy.b64 %d1, 1;",
                           "createpolicy.fractional.L2::evict_last.b64 %r1, 1;",
                           "ld.global.L2::cache_hint.u32 %r1, [%d1];",
                           "ld.global.u32 %r1, [%d1], %d2;",
                           "ld.global.L2::cache_hint.u32 %r1, [%d1], %r2;",
                           "griddepcontrol.launch;",
                           "griddepcontrol.wait 1;",
                           "setmaxnreg.inc.sync.aligned.u32 20;",
                           "setmaxnreg.inc.sync.aligned.u32 100;",
                           "setmaxnreg.inc.sync.aligned.u32 264;",
                           "setmaxnreg.set.sync.aligned.u32 40;",
                           "fence.strong.gpu;",
                           "membar.all;",
                           "isspacep.shared::gpu %p1, %d1;",
                           "isspacep.global %p1;",
                           "isspacep.global %r1, %d1;",
                           "brx.idx %r1;",
                           "brx.idx %r1, %r2;",
                           "brx.jump %r1, T;\nT: .branchtargets L;\nL:\n",
                           "brx.idx %d1, T;\nT: .branchtargets L, M;\nL:\nM:\n"}) {
    CAPTURE(line);
    CHECK(engine.LoadFails(EngineHarness::Kernel(line)).status == Status::kInvalidPtx);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
