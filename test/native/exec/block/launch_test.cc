#include "test/native/exec/engine_harness.h"

// Loading modules; grids, blocks and workers.
namespace nodecuda::simulator {
namespace {

TEST_CASE("every thread of blocks of one to three dimensions runs once, with its own indices") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    mov.u32 %r1, %tid.x;   mov.u32 %r2, %tid.y;   mov.u32 %r3, %tid.z;
    mov.u32 %r4, %ntid.x;  mov.u32 %r5, %ntid.y;  mov.u32 %r6, %ntid.z;
    mov.u32 %r7, %ctaid.x; mov.u32 %r8, %ctaid.y; mov.u32 %r9, %ctaid.z;
    mov.u32 %r10, %nctaid.x; mov.u32 %r11, %nctaid.y; mov.u32 %r12, %nctaid.z;
    mad.lo.s32 %r13, %r3, %r5, %r2;
    mad.lo.s32 %r13, %r13, %r4, %r1;
    mad.lo.s32 %r14, %r9, %r11, %r8;
    mad.lo.s32 %r14, %r14, %r10, %r7;
    mul.lo.s32 %r15, %r4, %r5;
    mul.lo.s32 %r15, %r15, %r6;
    mad.lo.s32 %r16, %r14, %r15, %r13;
    ld.param.u64 %d0, [a];
    mul.wide.u32 %d1, %r16, 4;
    add.s64 %d1, %d0, %d1;
    ld.global.u32 %r17, [%d1];
    mov.u32 %r18, %laneid;
    mov.u32 %r19, %warpid;
    mad.lo.s32 %r20, %r19, 32, %r18;
    setp.eq.u32 %p1, %r20, %r13;
    selp.u32 %r21, 1, 1000, %p1;
    add.u32 %r17, %r17, %r21;
    st.global.u32 [%d1], %r17;
    ret;
  )"));
  const Dim3 blocks[] = {{1, 1, 1}, {33, 1, 1}, {5, 7, 2}, {1, 1, 64}, {32, 32, 1}, {3, 3, 3}};
  for (const Dim3& block : blocks) {
    for (const Dim3& grid : {Dim3{1, 1, 1}, Dim3{2, 3, 4}}) {
      const std::size_t count = std::size_t{block.x} * block.y * block.z * grid.x * grid.y * grid.z;
      const std::uint64_t out = engine.Zeros(count);
      engine.RunOk(grid, block, {out});
      CHECK(EngineHarness::Get<std::uint32_t>(out, count) == Words(count, 1));
    }
  }
}

TEST_CASE("several workers compute what one does") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    .shared .align 4 .b8 tile[256];
  )" + kPrologue + R"(
    shl.b32 %r2, %r29, 2;
    mov.u32 %r3, tile;
    add.u32 %r2, %r2, %r3;
    mul.lo.u32 %r1, %r0, %r0;
    and.b32 %r4, %r0, 15;
  LOOP:
    mad.lo.u32 %r1, %r1, 1664525, 1013904223;
    sub.u32 %r4, %r4, 1;
    setp.gt.s32 %p1, %r4, 0;
    @%p1 bra LOOP;
    st.shared.u32 [%r2], %r1;
    bar.sync 0;
    xor.b32 %r2, %r2, 128;
    ld.shared.u32 %r5, [%r2];
    add.u32 %r1, %r1, %r5;
  )" + kEpilogue));
  const std::size_t count = 64 * 100;
  const std::uint64_t one = engine.Zeros(count), many = engine.Zeros(count);
  engine.RunOk({100}, {64}, {one}, 1);
  engine.RunOk({100}, {64}, {many}, 4);
  CHECK(EngineHarness::Get<std::uint32_t>(one, count) ==
        EngineHarness::Get<std::uint32_t>(many, count));
  CHECK(EngineHarness::Get<std::uint32_t>(one, 1)[0] != 0);
}

TEST_CASE("one engine runs many launches, with and without faults") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + "add.u32 %r1, %r0, 1;\n" + kEpilogue));
  const std::uint64_t out = engine.Zeros(64);
  const auto pool = MakeEngine(3);
  Launch launch;
  launch.program = engine.program;
  launch.kernel = FindKernel(*engine.program, "k");
  launch.block = {32};
  launch.parameters.resize(launch.kernel->parameter_bytes);
  std::memcpy(launch.parameters.data(), &out, sizeof out);
  for (int i = 0; i < 50; ++i) {
    launch.grid = {i % 2 == 0 ? 2u : 5u};
    const Outcome outcome = pool->Run(launch, engine.memory, engine.stop);
    CHECK(outcome.status == (i % 2 == 0 ? Status::kSuccess : Status::kIllegalAddress));
  }
  CHECK(EngineHarness::Get<std::uint32_t>(out, 64)[63] == 64);
}

TEST_CASE("of several faults the first block's is reported, whatever the workers") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    setp.lt.u32 %p1, %r27, 3;
    @%p1 bra FINE;
    st.global.u32 [0], %r0;
  FINE:
    mov.u32 %r1, 500;
  WAIT:
    sub.u32 %r1, %r1, 1;
    setp.ne.u32 %p2, %r1, 0;
    @%p2 bra WAIT;
    ret;
  )"));
  for (const int workers : {1, 4}) {
    const Outcome outcome = engine.Run({64}, {32}, {engine.Zeros(1)}, workers);
    CHECK(outcome.status == Status::kIllegalAddress);
    CHECK(outcome.report.find("block (3,0,0), thread (0,0,0)") != std::string::npos);
  }
}

TEST_CASE("what a launch asks for beyond any device is refused, not run") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel("ret;"));
  CHECK(engine.Run({1}, {1025}, {}).status == Status::kInvalidConfiguration);
  CHECK(engine.Run({1}, {0}, {}).status == Status::kInvalidConfiguration);
  CHECK(engine.Run({1}, {65536, 65536, 1}, {}).status == Status::kInvalidConfiguration);
  CHECK(engine.Run({1, 0, 1}, {1}, {}).status == Status::kInvalidConfiguration);
  CHECK(engine.Run({1}, {1}, {}, 1, std::size_t{1} << 40).status == Status::kLaunchOutOfResources);
  CHECK(engine.Run({1}, {1024}, {}).status == Status::kSuccess);
}

TEST_CASE("a kernel tells its parameters and limits") {
  EngineHarness engine;
  engine.Load(
      ".version 9.0\n.target sm_90\n.address_size 64\n"
      ".visible .entry k(.param .u8 a, .param .u64 b, .param .align 16 .b8 c[20], "
      ".param .f32 d)\n.maxntid 64, 2, 1\n.reqntid 8, 4, 2\n{\nret;\n}\n");
  const KernelInfo* kernel = FindKernel(*engine.program, "k");
  REQUIRE(kernel != nullptr);
  REQUIRE(kernel->parameters.size() == 4);
  CHECK(kernel->parameters[1].offset == 8);
  CHECK(kernel->parameters[2].offset == 16);
  CHECK(kernel->parameters[2].bytes == 20);
  CHECK(kernel->parameters[2].alignment == 16);
  CHECK(kernel->parameters[3].offset == 36);
  CHECK(kernel->parameter_bytes == 40);
  CHECK(kernel->max_threads == 128);
  CHECK(kernel->required_threads[1] == 4);
  CHECK(FindKernel(*engine.program, "other") == nullptr);
}

TEST_CASE("a module loads only on a device that can run its target") {
  EngineHarness engine;
  const auto module = [](const std::string& version, const std::string& target) {
    return ".version " + version + "\n.target " + target +
           "\n.address_size 64\n.visible .entry k()\n{\nret;\n}\n";
  };
  struct Case {
    const char *version, *target;
    int capability;
    Status status;
  };
  const Case cases[] = {
      {"9.0", "sm_75", 75, Status::kSuccess},
      {"9.0", "sm_75", 120, Status::kSuccess},
      {"9.0", "sm_90", 89, Status::kNoKernelImageForDevice},
      {"9.0", "sm_90a", 90, Status::kSuccess},
      {"9.0", "sm_90a", 100, Status::kNoKernelImageForDevice},
      {"9.0", "sm_100f", 103, Status::kSuccess},
      {"9.0", "sm_100f", 120, Status::kNoKernelImageForDevice},
      {"9.9", "sm_75", 90, Status::kSuccess},  // what is new in it is refused where it stands
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.target));
    CAPTURE(c.capability);
    LoadFailure failure;
    const auto program =
        LoadWhole(module(c.version, c.target), c.capability, DetectIsa(), engine.memory, &failure);
    CHECK((program != nullptr) == (c.status == Status::kSuccess));
    CHECK(failure.status == c.status);
    CHECK(failure.log.empty() == (program != nullptr));
  }
}

TEST_CASE("what cannot be decoded is a load error that names line and mnemonic") {
  EngineHarness engine;
  struct Case {
    const char *body, *mnemonic;
  };
  const Case cases[] = {
      {"frobnicate.u32 %r1, %r2;", "frobnicate.u32"},
      {"ld.global.v8.f32 %f1, [%d1];", "ld.global.v8.f32"},
      {"ld.global.u32 %h1, [%d1];", "ld.global.u32"},
      {"ld.global.u32 %r1, %d1;", "ld.global.u32"},
      {"ld.global.u32 %r1, [%h1];", "ld.global.u32"},
      {"ld.global.v2.u32 {%r1, %h1}, [%d1];", "ld.global.v2.u32"},
      {"ld.shared.u32 %r1, [a];", "ld.shared.u32"},
      {"ld.global.u32 5, [%d1];", "ld.global.u32"},
      {"st.param.u32 [a], %r1;", "st.param.u32"},
      {"@%r1 bra HERE;\nHERE: ret;", "bra"},
      {"bar.red.popc.pred %r1, 0, %p1;", "bar.red.popc.pred"},
      {"mov.u32 %r1, %nosuch;", "mov.u32"},
      {"mov.u32 %r1, %tid;", "mov.u32"},
      {"add.u32 %r1, %r2, !%r3;", "add.u32"},
      {"add.u32 %r1, %r2, %p3;", "add.u32"},
      {"selp.u32 %r1, %r2, %r3, %r4;", "selp.u32"},
      {"add.u32 %p1, %r2, %r3;", "add.u32"},
      {"cvta.tex.u64 %d1, %d2;", "cvta.tex.u64"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.body));
    const LoadFailure failure = engine.LoadFails(EngineHarness::Kernel(c.body));
    CHECK(failure.status == Status::kInvalidPtx);
    CAPTURE(failure.log);
    CHECK(failure.log.find("13") != std::string::npos);
  }
  const LoadFailure failure = engine.LoadFails(EngineHarness::Kernel("ret;\nfoo.b32 %r1, %r2;"));
  CHECK(failure.log.find("PTX line 14: foo.b32: ") == 0);
  CHECK(engine.LoadFails("not PTX at all").status == Status::kInvalidPtx);
  CHECK(engine.LoadFails("").status == Status::kInvalidPtx);
}

TEST_CASE("module variables have limits") {
  EngineHarness engine;
  const std::size_t before = engine.memory.used();
  CHECK(engine.LoadFails(EngineHarness::Kernel("ret;", ".global .b8 x[8000000000];\n")).status ==
        Status::kMemoryAllocation);
  CHECK(engine.LoadFails(EngineHarness::Kernel("ret;", ".const .b8 x[65537];\n")).status ==
        Status::kInvalidPtx);
  CHECK(engine.LoadFails(EngineHarness::Kernel(".shared .b8 x[99999999999];\nret;")).status ==
        Status::kInvalidPtx);
  CHECK(engine.LoadFails(EngineHarness::Kernel(".local .b8 x[600000];\nret;")).status ==
        Status::kInvalidPtx);
  CHECK(engine.memory.used() == before);
}

}  // namespace
}  // namespace nodecuda::simulator
