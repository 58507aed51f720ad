#include "test/native/exec/engine_harness.h"

// Special registers.
namespace nodecuda::simulator {
namespace {

// What the first thread of each block reads.
Words ReadByBlock(const std::string& reg, Dim3 grid, int workers = 1,
                  std::size_t dynamic_shared_bytes = 0, const std::string& type = "u32") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + "mov." + type +
                                    (type == "u64" ? " %d5, " : " %r1, ") + reg + ";\n" +
                                    (type == "u64" ? "cvt.u32.u64 %r1, %d5;\n" : "") + kEpilogue));
  const std::size_t count = grid.x;
  const std::uint64_t out = engine.Zeros(count);
  engine.RunOk(grid, {1}, {out}, workers, dynamic_shared_bytes);
  return EngineHarness::Get<std::uint32_t>(out, count);
}

TEST_CASE("%smid is that of the block, whoever runs it") {
  CHECK(ReadByBlock("%smid", {6}) == Words{0, 1, 2, 3, 0, 1});
  CHECK(ReadByBlock("%smid", {6}, 2) == Words{0, 1, 2, 3, 0, 1});
  CHECK(ReadByBlock("%nsmid", {2}) == Words{4, 4});
}

TEST_CASE("registers of what is not there are zero") {
  for (const char* name :
       {"%pm0", "%pm7", "%envreg0", "%envreg1", "%envreg31", "%tid.w", "%ntid.w"}) {
    CAPTURE(name);
    CHECK(ReadByBlock(name, {1}) == Words{0});
  }
  for (const char* name : {"%pm0_64", "%pm7_64", "%current_graph_exec"}) {
    CAPTURE(name);
    CHECK(ReadByBlock(name, {1}, 1, 0, "u64") == Words{0});
  }
}

TEST_CASE("sizes of shared memory are in units of 128 bytes, and with what is reserved") {
  CHECK(ReadByBlock("%dynamic_smem_size", {1}, 1, 100) == Words{100});
  CHECK(ReadByBlock("%total_smem_size", {1}, 1, 100) == Words{128});
  CHECK(ReadByBlock("%aggr_smem_size", {1}, 1, 100) == Words{1152});
  CHECK(ReadByBlock("%reserved_smem_offset_cap", {1}) == Words{1024});
}

TEST_CASE("%gridid counts launches") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    mov.u64 %d5, %gridid;
    mov.u32 %r2, %gridid;
    cvt.u32.u64 %r3, %d5;
    setp.ne.u32 %p1, %r2, %r3;
    @%p1 trap;
    mov.u32 %r1, %r2;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(1);
  engine.RunOk({1}, {1}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 1) == Words{1});
}

// As cooperative_groups does with %reserved_smem_offset_1.
TEST_CASE("what is reserved is memory of the block's, behind its own") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    .shared .align 4 .b8 tile[200];
  )" + kPrologue + R"(
    shl.b32 %r2, %r29, 2;
    mov.u32 %r3, tile;
    add.u32 %r3, %r3, %r2;
    st.shared.u32 [%r3], 7;
    mov.u32 %r4, %reserved_smem_offset_1;
    cvt.u64.u32 %d5, %r4;
    cvta.shared.u64 %d5, %d5;
    cvt.u64.u32 %d6, %r2;
    add.u64 %d5, %d5, %d6;
    st.u32 [%d5], %r0;
    mov.u32 %r5, %reserved_smem_offset_begin;
    mov.u32 %r6, %reserved_smem_offset_0;
    mov.u32 %r7, %reserved_smem_offset_end;
    sub.u32 %r7, %r7, 4;
    st.shared.u32 [%r7], 1;
    setp.ne.u32 %p1, %r5, %r6;
    setp.lt.or.u32 %p1, %r4, %r5, %p1;
    setp.lt.or.u32 %p1, %r5, 200, %p1;
    @%p1 trap;
    bar.sync 0;
    ld.u32 %r1, [%d5];
    ld.shared.u32 %r8, [%r3];
    add.u32 %r1, %r1, %r8;
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out}, 1, 64);
  const Words got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == i + 7);
}

TEST_CASE("a kernel that does not ask for it has no reserved memory") {
  EngineHarness engine;
  engine.Load(
      EngineHarness::Kernel(kPrologue + "mov.u32 %r2, 0;\nld.shared.u32 %r1, [%r2];" + kEpilogue));
  CHECK(engine.Run({1}, {1}, {engine.Zeros(1)}).status == Status::kIllegalAddress);
}

TEST_CASE("vectors of special registers") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    mov.v4.u32 {%r1, %r2, %r3, %r4}, %tid;
    mov.v4.u16 {%h1, %h2, _, %h4}, %ctaid;
    ld.param.u64 %d1, [a];
    mad.lo.u32 %r5, %r2, 4, %r1;
    cvt.u32.u16 %r6, %h1;
    mad.lo.u32 %r7, %r6, 32, %r5;
    mul.wide.u32 %d2, %r7, 4;
    add.u64 %d1, %d1, %d2;
    mad.lo.u32 %r8, %r3, 1000, %r7;
    add.u32 %r8, %r8, %r4;
    st.global.u32 [%d1], %r8;
    ret;
  )"));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({2}, {4, 8}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == i);
  for (const char* line :
       {"mov.v4.u32 {%r1, %r2}, %tid;", "mov.v4.u32 {%r1, %r2, %r3, %r4}, %laneid;",
        "mov.v4.f32 {%f1, %f2, %f3, %f4}, %tid;", "mov.v2.u32 {%r1, %r2}, %tid;",
        "mov.u32 %r1, %tid;", "mov.v4.u32 {%r1, %r2, %r3, %r4}, %r5;"}) {
    CAPTURE(line);
    CHECK(engine.LoadFails(EngineHarness::Kernel(line)).status == Status::kInvalidPtx);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
