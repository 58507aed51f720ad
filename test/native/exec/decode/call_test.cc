#include "simulator/exec/code/program.h"
#include "test/native/exec/engine_harness.h"

// Calls of device functions: the small ones are inlined when a kernel is loaded.
namespace nodecuda::simulator {
namespace {

// One word in, one out; and a pair of words as one 8-byte array.
const std::string kFunctions = R"(
.func (.param .b32 result) half_or_triple(.param .b32 value)
;
.func (.param .b32 result) collatz(.param .b32 first)
{
  .reg .pred %p<3>;
  .reg .b32 %r<6>;
  ld.param.b32 %r1, [first];
  mov.u32 %r2, 0;
LOOP:
  setp.le.u32 %p1, %r1, 1;
  @%p1 bra DONE;
  { // callseq 0, 0
  .param .b32 param0;
  st.param.b32 [param0+0], %r1;
  .param .b32 retval0;
  call.uni (retval0),
  half_or_triple,
  (
  param0
  );
  ld.param.b32 %r1, [retval0+0];
  }
  add.u32 %r2, %r2, 1;
  bra LOOP;
DONE:
  st.param.b32 [result+0], %r2;
  ret;
}
.func (.param .b32 result) half_or_triple(.param .b32 value)
{
  .reg .pred %p<3>;
  .reg .b32 %r<6>;
  ld.param.b32 %r1, [value];
  and.b32 %r2, %r1, 1;
  setp.ne.u32 %p1, %r2, 0;
  @%p1 bra ODD;
  shr.u32 %r3, %r1, 1;
  st.param.b32 [result], %r3;
  ret;
ODD:
  mad.lo.u32 %r3, %r1, 3, 1;
  st.param.b32 [result], %r3;
  ret;
}
.func (.param .align 8 .b8 pair[8]) swap(.param .align 8 .b8 words[8])
{
  .reg .b32 %r<3>;
  .local .align 8 .b8 room[8];
  ld.param.v2.b32 {%r1, %r2}, [words];
  st.local.u32 [room], %r1;
  st.local.u32 [room+4], %r2;
  ld.local.u32 %r2, [room];
  ld.local.u32 %r1, [room+4];
  st.param.b32 [pair+0], %r1;
  st.param.b32 [pair+4], %r2;
  ret;
}
.func touch(.param .b64 address)
{
  .reg .b64 %d<3>;
  .reg .b32 %r<3>;
  ld.param.u64 %d1, [address];
  ld.u32 %r1, [%d1];
  add.u32 %r1, %r1, 1000;
  st.u32 [%d1], %r1;
}
)";

std::uint32_t Collatz(std::uint32_t n) {
  std::uint32_t steps = 0;
  for (; n > 1; ++steps) n = n % 2 ? 3 * n + 1 : n / 2;
  return steps;
}

TEST_CASE("calls: loops, several returns and calls inside calls, divergent") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    {
    .param .b32 param0;
    st.param.b32 [param0+0], %r0;
    .param .b32 retval0;
    call.uni (retval0), collatz, (param0);
    ld.param.b32 %r1, [retval0+0];
    }
    mul.lo.u32 %r2, %r0, 7;
    {
    .param .b32 param0;
    st.param.b32 [param0+0], %r2;
    .param .b32 retval0;
    call (retval0), collatz, (param0);
    ld.param.b32 %r3, [retval0+0];
    }
    mad.lo.u32 %r1, %r1, 1000, %r3;
  )" + kEpilogue,
                                    kFunctions));
  const std::uint64_t out = engine.Zeros(96);
  engine.RunOk({1}, {96}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 96);
  for (std::uint32_t i = 0; i < 96; ++i) CHECK(got[i] == Collatz(i) * 1000 + Collatz(7 * i));
}

TEST_CASE("calls: arrays as arguments and results, local variables of the callee") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    add.u32 %r2, %r0, 50;
    {
    .param .align 8 .b8 param0[8];
    st.param.v2.b32 [param0+0], {%r0, %r2};
    .param .align 8 .b8 retval0[8];
    call.uni (retval0), swap, (param0);
    ld.param.v2.b32 {%r3, %r4}, [retval0+0];
    }
    mad.lo.u32 %r1, %r3, 1000, %r4;
  )" + kEpilogue,
                                    kFunctions));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({1}, {64}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == (i + 50) * 1000 + i);
}

TEST_CASE("calls: under a guard, without a result, falling off the end") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    st.global.u32 [%d1], %r0;
    setp.gt.u32 %p1, %r0, 9;
    setp.gt.u32 %p2, %r0, 19;
    .param .b64 param0;
    st.param.b64 [param0], %d1;
    @%p1 call touch, (param0);
    @!%p2 call touch, (param0);
    ret;
  )",
                                    kFunctions));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i)
    CHECK(got[i] == i + (i > 9 ? 1000 : 0) + (i > 19 ? 0 : 1000));
}

TEST_CASE("calls that cannot be made are load errors") {
  EngineHarness engine;
  struct Case {
    const char *body, *functions, *reason;
  };
  const Case cases[] = {
      {"call f;", ".extern .func f();\n", "f has no body"},
      {"call f;", ".func g()\n;\n.func f()\n{\ncall g;\n}\n", "g has no body"},
      {"call k;", "", "k has no body"},
      {"call 4;", "", "by its name"},
      {"call f, (%r1);", ".func f(.param .b32 x)\n{\nret;\n}\n", ".param variables"},
      {"call (%r1), %d1;", "", ".param variables"},
      {"call %r1;", "", "64 bits"},
      {"call f;", ".func f(.param .b32 x)\n{\nret;\n}\n", "wrong number"},
      {".param .b32 y;\ncall f, (y);", ".func f(.param .b64 x)\n{\nret;\n}\n", "too small"},
      {".param .b32 y;\ncall f, (y);", ".func f(.param .b32 x)\n{\nfoo.b32 x;\n}\n", "foo.b32"},
      {"call f;", ".func f()\n{\ncall f;\nfoo.b32 1;\n}\n", "foo.b32"},
      {"alloca.u32 %r1, 4;", "", "alloca.u32"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.body) + c.functions);
    const LoadFailure failure = engine.LoadFails(EngineHarness::Kernel(c.body, c.functions));
    CHECK(failure.status == Status::kInvalidPtx);
    CAPTURE(failure.log);
    CHECK(failure.log.find(c.reason) != std::string::npos);
  }
}

const DecodedKernel& Decoded(const EngineHarness& engine) {
  return static_cast<const DecodedKernel&>(*FindKernel(*engine.program, "k"));
}

TEST_CASE("functions that call each other twice are there once") {
  constexpr int kDepth = 40;
  std::string functions = ".func f40(.param .b64 a)\n{\nret;\n}\n";
  for (int i = kDepth - 1; i >= 0; --i) {
    const std::string next = "call f" + std::to_string(i + 1) + ", (p);\n";
    functions += ".func f" + std::to_string(i) + "(.param .b64 a)\n{\n.reg .b64 %d<2>;\n" +
                 ".param .b64 p;\nld.param.u64 %d1, [a];\nst.param.b64 [p], %d1;\n" + next + next +
                 "}\n";
  }
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(".param .b64 p;\ncall f0, (p);", functions));
  CHECK(Decoded(engine).code.size() < 7 * kDepth);
}

TEST_CASE("small functions are inlined, where they call none and are not called by pointer") {
  const std::string leaf = ".func f()\n{\nret;\n}\n";
  const auto sites = [&](const std::string& body, const std::string& functions) {
    EngineHarness engine;
    engine.Load(EngineHarness::Kernel(body, functions));
    return Decoded(engine).call_sites.size();
  };
  CHECK(sites("call f;\ncall f;\nret;", leaf) == 0);
  CHECK(sites("call g;\nret;", leaf + ".func g()\n{\ncall f;\nret;\n}\n") == 1);
  std::string large = ".func f()\n{\n.reg .b32 %r<2>;\n";
  for (int i = 0; i < 100; ++i) large += "add.u32 %r1, %r1, 1;\n";
  CHECK(sites("call f;\ncall f;\nret;", large + "ret;\n}\n") == 2);
}

TEST_CASE("a function that only other kernels call refuses none") {
  EngineHarness engine;
  LoadFailure failure;
  engine.program = LoadProgram(EngineHarness::Kernel("call f;\nret;",
                                                     ".func f()\n{\nret;\n}\n"
                                                     ".func g()\n{\nfoo.b32 1;\n}\n"
                                                     ".entry other()\n{\ncall g;\n}\n"),
                               90, DetectIsa(), engine.memory, &failure);
  REQUIRE(engine.program != nullptr);
  CHECK(engine.program->FindKernel("k", false, &failure) != nullptr);
  CHECK(engine.program->FindKernel("other", false, &failure) == nullptr);
  CHECK(failure.log.find("foo.b32") != std::string::npos);
}

}  // namespace
}  // namespace nodecuda::simulator
