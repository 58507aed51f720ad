#include "test/native/exec/engine_harness.h"

// Calls by pointer: function tables, virtual functions, targets that are none.
namespace nodecuda::simulator {
namespace {

const std::string kSimple = R"(
.func (.param .b32 out) twice(.param .b32 n)
{
  .reg .b32 %r<3>;
  ld.param.b32 %r1, [n];
  add.u32 %r1, %r1, %r1;
  st.param.b32 [out], %r1;
  ret;
}
.func (.param .b32 out) square(.param .b32 n)
{
  .reg .b32 %r<3>;
  ld.param.b32 %r1, [n];
  mul.lo.u32 %r1, %r1, %r1;
  st.param.b32 [out], %r1;
  ret;
}
.func (.param .b32 out) next(.param .b32 n)
{
  .reg .b32 %r<3>;
  ld.param.b32 %r1, [n];
  add.u32 %r1, %r1, 1;
  st.param.b32 [out], %r1;
  ret;
}
.func (.param .b64 out) wide(.param .b64 n)
{
  ret;
}
)";

// %r1 = (*%d9)(%r0)
const std::string kCall = R"(
  {
  .param .b32 param0;
  st.param.b32 [param0+0], %r0;
  .param .b32 retval0;
  prototype_0 : .callprototype (.param .b32 _) _ (.param .b32 _);
  call (retval0), %d9, (param0), prototype_0;
  ld.param.b32 %r1, [retval0+0];
  }
)";

// %d9 = table[%r0 % 4]
const std::string kFromTable =
    "and.b32 %r2, %r0, 3;\nmul.wide.u32 %d2, %r2, 8;\nmov.u64 %d3, table;\nadd.s64 %d3, %d3, %d2;\n"
    "ld.global.u64 %d9, [%d3];\n";

TEST_CASE("a table of functions: lanes that name different ones all get theirs") {
  for (const char* space : {".global", ".const"}) {
    CAPTURE(space);
    EngineHarness engine;
    std::string load = kFromTable;
    load.replace(load.find(".global"), 7, space);
    engine.Load(EngineHarness::Kernel(
        kPrologue + load + kCall + kEpilogue,
        // Before the functions are declared, as nvcc does, and after.
        ".func (.param .b32 out) next(.param .b32 n)\n;\n" + std::string(space) +
            " .align 8 .u64 table[4] = {twice, generic(next), square, twice};\n" + kSimple));
    const std::uint64_t out = engine.Zeros(96);
    engine.RunOk({1}, {96}, {out});
    const Words got = EngineHarness::Get<std::uint32_t>(out, 96);
    for (std::uint32_t i = 0; i < 96; ++i)
      CHECK(got[i] == (i % 4 == 1 ? i + 1 : i % 4 == 2 ? i * i : 2 * i));
  }
}

TEST_CASE("an address taken in code, a list of targets, a guard") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    mov.u64 %d9, square;
    setp.lt.u32 %p1, %r0, 8;
    @%p1 mov.u64 %d9, twice;
    mov.u32 %r1, 7;
    setp.ne.u32 %p2, %r0, 20;
    {
    .param .b32 param0;
    st.param.b32 [param0], %r0;
    .param .b32 retval0;
    st.param.b32 [retval0], 7;
    Targets: .calltargets twice, square;
    @%p2 call (retval0), %d9, (param0), Targets;
    ld.param.b32 %r1, [retval0];
    }
  )" + kEpilogue,
                                    kSimple));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == (i == 20 ? 7 : i < 8 ? 2 * i : i * i));
}

TEST_CASE("a pointer that another kernel has stored, and recursion by pointer") {
  // count(n) calls what stands in `hook`, which is count.
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(
      kPrologue + "mov.u64 %d2, hook;\nld.global.u64 %d9, [%d2];\n" + kCall + kEpilogue,
      R"(
.global .align 8 .u64 hook;
.func (.param .b32 out) count(.param .b32 n)
{
  .reg .pred %p<3>;
  .reg .b32 %r<6>;
  .reg .b64 %d<3>;
  ld.param.b32 %r1, [n];
  mov.u32 %r3, 0;
  setp.eq.u32 %p1, %r1, 0;
  @%p1 bra DONE;
  sub.u32 %r2, %r1, 1;
  mov.u64 %d1, hook;
  ld.global.u64 %d2, [%d1];
  {
  .param .b32 p;
  st.param.b32 [p], %r2;
  .param .b32 q;
  call (q), %d2, (p);
  ld.param.b32 %r3, [q];
  }
  add.u32 %r3, %r3, %r1;
DONE:
  st.param.b32 [out], %r3;
  ret;
}
.entry setup()
{
  .reg .b64 %d<3>;
  mov.u64 %d1, hook;
  mov.u64 %d2, count;
  st.global.u64 [%d1], %d2;
  ret;
}
)"));
  Launch launch;
  launch.program = engine.program;
  launch.kernel = FindKernel(*engine.program, "setup");
  launch.grid = launch.block = launch.cluster = {1, 1, 1};
  REQUIRE(MakeEngine(1)->Run(launch, engine.memory, engine.stop).status == Status::kSuccess);
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({1}, {64}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == i * (i + 1) / 2);
}

TEST_CASE("targets that are none are faults, in words") {
  struct Case {
    const char *target, *words;
  };
  const Case cases[] = {
      {"mov.u64 %d9, 0;", "0x0 is the address of no function"},
      {"mov.u64 %d9, 0x123456789;", "no function"},
      {"mov.u64 %d9, -1;", "no function"},
      {"ld.param.u64 %d9, [a];", "no function"},
      {"mov.u64 %d9, twice;\nadd.s64 %d9, %d9, 4;", "no function"},
      {"mov.u64 %d9, k;", "k cannot be called: it is a kernel"},
      {"mov.u64 %d9, absent;", "absent cannot be called: it has no body"},
      {"mov.u64 %d9, strange;", "strange cannot be called: PTX line"},
      {"mov.u64 %d9, lost;", "lost cannot be called: PTX line"},
      {"mov.u64 %d9, vast;", "vast cannot be called: PTX line"},
      {"mov.u64 %d9, wide;",
       "wide takes parameters of (8) bytes and gives (8), but is called with "
       "(4) and for (4)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.target);
    EngineHarness engine;
    engine.Load(EngineHarness::Kernel(
        kPrologue + c.target + kCall + kEpilogue,
        kSimple + ".extern .func (.param .b32 out) absent(.param .b32 n);\n"
                  ".func (.param .b32 out) strange(.param .b32 n)\n{\nfoo.b32 1;\n}\n"
                  ".func (.param .b32 out) lost(.param .b32 n)\n{\ncall absent;\n}\n"
                  ".func (.param .b32 out) vast(.param .b32 n)\n{\n.local .b8 room[600000];\n}\n"));
    const Outcome outcome = engine.Run({1}, {64}, {engine.Zeros(64)});
    CHECK(outcome.status == Status::kInvalidPc);
    CAPTURE(outcome.report);
    CHECK(outcome.report.find(c.words) != std::string::npos);
    CHECK(outcome.report.find("thread (0,0,0)") != std::string::npos);
  }
}

TEST_CASE("a function of another module is none of this one") {
  EngineHarness engine, other;
  engine.Load(EngineHarness::Kernel(
      kPrologue + "mov.u64 %d2, twice;\nst.global.u64 [%d0], %d2;\nret;", kSimple));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({1}, {1}, {out});
  const std::uint64_t address = EngineHarness::Get<std::uint64_t>(out, 1)[0];
  engine.Load(
      EngineHarness::Kernel(kPrologue + "ld.param.u64 %d9, [b];\n" + kCall + kEpilogue, kSimple));
  CHECK(engine.Run({1}, {1}, {out, address}).status == Status::kInvalidPc);
}

TEST_CASE("an undecodable function that is called by name refuses the kernel that needs it") {
  EngineHarness engine;
  const LoadFailure failure = engine.LoadFails(
      EngineHarness::Kernel("call f;\nmov.u64 %d9, f;\n.param .b64 p;\ncall %d9, (p);\nret;",
                            ".func g()\n;\n.func f()\n{\n.reg .b64 %d<3>;\ncall g;\nret;\n}\n.func "
                            "g()\n{\ncall f;\nfoo.b32 1;\n}\n"));
  CHECK(failure.log.find("foo.b32") != std::string::npos);
}

TEST_CASE("initialisers with the addresses of variables") {
  EngineHarness engine;
  engine.Load(
      EngineHarness::Kernel(kPrologue + R"(
    mov.u64 %d2, names;
    mul.wide.u32 %d3, %r0, 8;
    add.s64 %d2, %d2, %d3;
    ld.global.u64 %d4, [%d2];
    ld.u8 %r1, [%d4];
  )" + kEpilogue,
                            ".global .align 8 .u64 names[4] = {generic(one), generic(two)+1, "
                            "two, generic(later)};\n"
                            ".global .b8 one[4] = {111, 110, 101};\n"
                            ".const .b8 two[4] = {116, 119, 111};\n"
                            ".global .b8 later[1] = {7};\n"));
  const std::uint64_t out = engine.Zeros(4);
  engine.RunOk({1}, {4}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 4) == Words{111, 119, 116, 7});
}

TEST_CASE("an initialiser with what has no address refuses the kernels that use the variable") {
  EngineHarness engine;
  const std::string variables = ".shared .b32 room;\n.global .align 8 .u64 bad[1] = {room};\n";
  const LoadFailure failure =
      engine.LoadFails(EngineHarness::Kernel("mov.u64 %d1, bad;\nret;", variables));
  CHECK(failure.log.find("room") != std::string::npos);
  engine.Load(EngineHarness::Kernel("ret;", variables));
}

}  // namespace
}  // namespace nodecuda::simulator
