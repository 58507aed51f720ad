#include <cstdint>

#include "test/native/exec/hopper_harness.h"

// Clusters: who is where, memory of other blocks, the barrier, multicast.
namespace nodecuda::simulator {
namespace {

TEST_CASE("clusters: special registers tell place and size, in one and three dimensions") {
  HopperHarness engine;
  // Each block stores 16 words at its number in the grid.
  const std::string body = R"(
    ld.param.u64 %d0, [a];
    mov.u32 %r1, %ctaid.x;
    mov.u32 %r2, %ctaid.y;
    mov.u32 %r3, %ctaid.z;
    mov.u32 %r4, %nctaid.x;
    mov.u32 %r5, %nctaid.y;
    mad.lo.u32 %r6, %r3, %r5, %r2;
    mad.lo.u32 %r6, %r6, %r4, %r1;
    mul.wide.u32 %d1, %r6, 64;
    add.s64 %d0, %d0, %d1;
    mov.u32 %r7, %cluster_ctaid.x;
    mov.u32 %r8, %cluster_ctaid.y;
    mov.u32 %r9, %cluster_ctaid.z;
    mov.u32 %r10, %cluster_ctarank;
    st.global.v4.u32 [%d0], {%r7, %r8, %r9, %r10};
    mov.u32 %r7, %clusterid.x;
    mov.u32 %r8, %clusterid.y;
    mov.u32 %r9, %clusterid.z;
    mov.u32 %r10, %cluster_nctarank;
    st.global.v4.u32 [%d0+16], {%r7, %r8, %r9, %r10};
    mov.u32 %r7, %cluster_nctaid.x;
    mov.u32 %r8, %cluster_nctaid.y;
    mov.u32 %r9, %nclusterid.x;
    mov.u32 %r10, %nclusterid.z;
    st.global.v4.u32 [%d0+32], {%r7, %r8, %r9, %r10};
    mov.pred %p1, %is_explicit_cluster;
    selp.u32 %r7, 1, 0, %p1;
    st.global.u32 [%d0+48], %r7;
    ret;
  )";
  engine.Load(HopperHarness::Kernel(body));
  for (const Dim3 cluster : {Dim3{1, 1, 1}, Dim3{4, 1, 1}, Dim3{2, 3, 1}, Dim3{2, 1, 2}})
    for (const int workers : {1, 3}) {
      const Dim3 grid{8, 3, 2};
      const std::uint64_t out = engine.Zeros(8 * 3 * 2 * 16);
      engine.RunOk({.grid = grid, .block = {1}, .cluster = cluster, .workers = workers}, {out});
      const Words got = HopperHarness::Get<std::uint32_t>(out, 8 * 3 * 2 * 16);
      const std::uint32_t size = cluster.x * cluster.y * cluster.z;
      for (std::uint32_t z = 0; z < 2; ++z)
        for (std::uint32_t y = 0; y < 3; ++y)
          for (std::uint32_t x = 0; x < 8; ++x) {
            const std::uint32_t a = x % cluster.x, b = y % cluster.y, c = z % cluster.z;
            const Words expected = {a,
                                    b,
                                    c,
                                    a + cluster.x * (b + cluster.y * c),
                                    x / cluster.x,
                                    y / cluster.y,
                                    z / cluster.z,
                                    size,
                                    cluster.x,
                                    cluster.y,
                                    8 / cluster.x,
                                    2 / cluster.z,
                                    size > 1 ? 1u : 0u};
            const auto* words = got.data() + ((z * 3 + y) * 8 + x) * 16;
            CHECK(Words(words, words + 13) == expected);
          }
    }
}

// Each block writes into the next one's memory, in every way there is to name it.
TEST_CASE("clusters: blocks read, write and arrive in each other's shared memory") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 8 .b64 barrier;
    .shared .align 16 .b8 words[64];
    ld.param.u64 %d0, [a];
    mov.u32 %r0, %cluster_ctarank;
    mov.u32 %r1, %cluster_nctarank;
    add.u32 %r2, %r0, 1;
    rem.u32 %r2, %r2, %r1;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    fence.mbarrier_init.release.cluster;
    barrier.cluster.arrive.release;
    barrier.cluster.wait.acquire;
    mov.u32 %r3, words;
    mapa.shared::cluster.u32 %r4, %r3, %r2;
    add.u32 %r5, %r0, 100;
    st.shared::cluster.u32 [%r4], %r5;
    mov.u64 %d1, words;
    cvta.shared.u64 %d1, %d1;
    mapa.u64 %d2, %d1, %r2;
    add.u32 %r5, %r0, 200;
    st.u32 [%d2+4], %r5;
    getctarank.shared::cluster.u32 %r6, %r4;
    st.shared::cluster.u32 [%r4+8], %r6;
    isspacep.shared::cta %p2, %d2;
    isspacep.shared::cluster %p3, %d2;
    isspacep.shared %p4, %d1;
    xor.pred %p4, %p4, %p2;
    and.pred %p3, %p3, %p4;
    @!%p3 trap;
    getctarank.u64 %r7, %d1;
    st.shared.u32 [words+12], %r7;
    mapa.shared::cluster.u32 %r8, %r3, %r0;
    ld.shared::cta.u32 %r9, [%r8+12];
    st.shared::cluster.u32 [%r4+16], %r9;
    mov.u32 %r10, barrier;
    mapa.shared::cluster.u32 %r11, %r10, %r2;
    mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r11];
WAIT:
    mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p1, [barrier], 0;
    @!%p1 bra WAIT;
    mul.wide.u32 %d3, %r0, 32;
    add.s64 %d3, %d0, %d3;
    ld.shared::cluster.v4.u32 {%r12, %r13, %r14, %r15}, [words];
    st.global.v4.u32 [%d3], {%r12, %r13, %r14, %r15};
    ld.shared.u32 %r16, [words+16];
    barrier.cluster.arrive.aligned;
    barrier.cluster.wait.aligned;
    ld.shared::cluster.u32 %r17, [%r4+12];
    st.global.v2.u32 [%d3+16], {%r16, %r17};
    barrier.cluster.arrive.relaxed.aligned;
    barrier.cluster.wait.aligned;
    ret;
  )",
                                    "", ".reqnctapercluster 4, 1, 1\n"));
  CHECK(FindKernel(*engine.program, "k")->required_cluster[0] == 4);
  const std::uint64_t out = engine.Zeros(4 * 8);
  engine.RunOk({.grid = {4}, .block = {1}, .cluster = {4}}, {out});
  const Words got = HopperHarness::Get<std::uint32_t>(out, 4 * 8);
  for (std::uint32_t rank = 0; rank < 4; ++rank) {
    const std::uint32_t before = (rank + 3) % 4, after = (rank + 1) % 4;
    const Words expected = {100 + before, 200 + before, rank, rank, before, after};
    CHECK(Words(got.begin() + 8 * rank, got.begin() + 8 * rank + 6) == expected);
  }
}

TEST_CASE("clusters: the barrier counts threads that have exited as arrived") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    ld.param.u64 %d0, [a];
    mov.u32 %r0, %cluster_ctarank;
    mov.u32 %r1, %tid.x;
    setp.eq.u32 %p1, %r0, 1;
    @%p1 bra DONE;
    setp.gt.u32 %p2, %r1, 40;
    @%p2 bra DONE;
    mov.u32 %r2, 0;
LOOP:
    barrier.cluster.arrive;
    barrier.cluster.wait;
    add.u32 %r2, %r2, 1;
    setp.lt.u32 %p3, %r2, 5;
    @%p3 bra LOOP;
    mul.wide.u32 %d1, %r1, 4;
    add.s64 %d1, %d0, %d1;
    st.global.u32 [%d1], %r2;
DONE:
    ret;
  )"));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({.grid = {2}, .block = {64}, .cluster = {2}}, {out});
  const Words got = HopperHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == (i <= 40 ? 5 : 0));
}

// Rank 0 loads one half of a row for both, rank 1 the other.
TEST_CASE("clusters: a multicast load fills the same place of every block and tells its mbarrier") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 1024 .b8 tile[512];
    .shared .align 8 .b64 barrier;
    ld.param.u64 %d0, [a];
    mov.b64 %d2, map;
    cvta.param.u64 %d2, %d2;
    mov.u32 %r0, %cluster_ctarank;
    mov.u32 %r1, %tid.x;
    setp.ne.u32 %p0, %r1, 0;
    @%p0 bra READY;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    fence.mbarrier_init.release.cluster;
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [barrier], 512;
READY:
    barrier.cluster.arrive;
    barrier.cluster.wait;
    @%p0 bra WAIT;
    shl.b32 %r2, %r0, 6;
    shl.b32 %r3, %r0, 8;
    mov.u32 %r4, tile;
    add.u32 %r4, %r4, %r3;
    mov.u16 %h1, 3;
    mov.u64 %d9, 0x14f0000000000000;
    cp.async.bulk.tensor.1d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster.L2::cache_hint [%r4], [%d2, {%r2}], [barrier], %h1, %d9;
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [barrier], 0;
    @!%p1 bra WAIT;
    shl.b32 %r5, %r1, 2;
    mov.u32 %r6, tile;
    add.u32 %r6, %r6, %r5;
    ld.shared.u32 %r7, [%r6];
    shl.b32 %r8, %r0, 9;
    add.u32 %r8, %r8, %r5;
    cvt.u64.u32 %d3, %r8;
    add.s64 %d3, %d0, %d3;
    st.global.u32 [%d3], %r7;
    barrier.cluster.arrive;
    barrier.cluster.wait;
    ret;
  )"));
  Words in(128);
  for (std::uint32_t i = 0; i < 128; ++i) in[i] = 5000 + i;
  TensorMapTiled tiled;
  tiled.data_type = TensorMapDataType::kFloat32;
  tiled.global_address = reinterpret_cast<void*>(engine.Put(in));
  tiled.global_dim[0] = 128;
  tiled.box_dim[0] = 64;
  TensorMap map;
  REQUIRE(EncodeTensorMap(tiled, &map));
  const std::uint64_t out = engine.Zeros(256);
  engine.RunOk({.grid = {2}, .cluster = {2}}, map, {out});
  const Words got = HopperHarness::Get<std::uint32_t>(out, 256);
  for (std::uint32_t i = 0; i < 256; ++i) CHECK(got[i] == 5000 + i % 128);
  // Outside a cluster there is no block 1.
  engine.RunFaults({.grid = {2}}, map, {out}, Status::kIllegalAddress, "multicast mask of 3");
}

TEST_CASE("clusters: misuse is a fault that says what is wrong") {
  HopperHarness engine;
  const std::uint64_t out = engine.Zeros(64);
  const auto faults = [&](const std::string& body, Status status, const std::string& words) {
    CAPTURE(body);
    engine.Load(HopperHarness::Kernel(R"(
      .shared .align 8 .b64 barrier;
      ld.param.u64 %d0, [a];
      mov.u32 %r0, %cluster_ctarank;
      setp.eq.u32 %p0, %r0, 0;
      mov.u32 %r1, barrier;
      mapa.shared::cluster.u32 %r2, %r1, 1;
      )" + body + "\nret;"));
    engine.RunFaults({.grid = {2}, .block = {1}, .cluster = {2}}, {}, {out}, status, words);
  };
  faults("mapa.shared::cluster.u32 %r2, %r1, 2;", Status::kIllegalAddress, "no block 2");
  faults("mapa.u64 %d1, %d0, 0;", Status::kInvalidAddressSpace, "not in shared memory");
  faults("ld.shared::cluster.u32 %r3, [%r2+16];", Status::kIllegalAddress, "outside the 16 bytes");
  faults("add.u32 %r2, %r2, 0x01000000;\nld.shared::cluster.u32 %r3, [%r2];",
         Status::kIllegalAddress, "not in the cluster of 2");
  faults("@%p0 ld.shared.u32 %r3, [%r2];", Status::kIllegalAddress, "shared memory of the block");
  faults("@%p0 mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r2], 0;", Status::kIllegalAddress,
         "shared memory of the block");
  faults(
      "cvt.u64.u32 %d1, %r2;\ncvta.shared::cluster.u64 %d1, %d1;\n"
      "@%p0 mbarrier.try_wait.parity.b64 %p1, [%d1], 0;",
      Status::kInvalidAddressSpace, "of another block");
  faults("barrier.cluster.wait;", Status::kLaunchFailure, "without having arrived");
  faults("barrier.cluster.arrive;\nbarrier.cluster.arrive;", Status::kLaunchFailure, "again");
  faults(
      "mbarrier.init.shared::cta.b64 [barrier], 1;\n"
      "WAIT: mbarrier.try_wait.parity.shared::cta.b64 %p1, [barrier], 0;\n@!%p1 bra WAIT;",
      Status::kLaunchTimeout, "and the rest of its cluster: deadlock");
  // The other block may be gone: nothing keeps it.
  faults(
      "@!%p0 ret;\nmov.u32 %r3, 0;\nLOOP: add.u32 %r3, %r3, 1;\nsetp.lt.u32 %p1, %r3, 1000;\n"
      "@%p1 bra LOOP;\nld.shared::cluster.u32 %r3, [%r2];",
      Status::kIllegalAddress, "block 1 of the cluster, which has exited");
  engine.RunFaults({.grid = {3}, .block = {1}, .cluster = {2}}, {}, {out},
                   Status::kInvalidClusterSize, "cluster size");
  engine.RunFaults({.grid = {32}, .block = {1}, .cluster = {32}}, {}, {out},
                   Status::kInvalidClusterSize, "cluster size");
}

}  // namespace
}  // namespace nodecuda::simulator
