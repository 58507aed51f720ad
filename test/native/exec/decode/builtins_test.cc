#include <cstdio>
#include <string>
#include <vector>

#include "test/native/exec/engine_harness.h"

// Calls of vprintf and __assertfail, which have no body: what they print and return, and what
// becomes of bad addresses.
namespace nodecuda::simulator {
namespace {

const std::string kDeclarations = R"(
.extern .func (.param .b32 func_retval0) vprintf(.param .b64 p0, .param .b64 p1);
.extern .func __assertfail(.param .b64 p0, .param .b64 p1, .param .b32 p2, .param .b64 p3,
                           .param .b64 p4) .noreturn;
)";

// A .global variable with that text and, unless it is to go without, a NUL.
std::string Text(const std::string& name, const std::string& text, bool ends = true) {
  std::string values;
  for (const char c : text) values += std::to_string(static_cast<unsigned char>(c)) + ", ";
  if (ends) values += "0, ";
  values.resize(values.size() - 2);
  return ".global .align 1 .b8 " + name + "[" + std::to_string(text.size() + ends) + "] = {" +
         values + "};\n";
}

// Calls vprintf for the addresses in %d2 and %d3; the result comes to %r1.
const std::string kCall = R"(
  {
  .param .b64 param0;
  st.param.b64 [param0+0], %d2;
  .param .b64 param1;
  st.param.b64 [param1+0], %d3;
  .param .b32 retval0;
  call.uni (retval0), vprintf, (param0, param1);
  ld.param.b32 %r1, [retval0+0];
  }
)";

// As nvcc does it: arguments in local memory, addresses generic. `store` fills [%d5].
std::string Print(const std::string& store, const std::string& call = kCall) {
  return ".local .align 8 .b8 depot[32];\n" + kPrologue +
         "mov.u64 %d5, depot;\nadd.u64 %d3, %d5, 0;\ncvta.local.u64 %d3, %d5;\n"
         "mov.u64 %d2, words;\ncvta.global.u64 %d2, %d2;\n" +
         store + call + kEpilogue;
}

std::string Module(const std::string& body, const std::string& words,
                   const std::string& more = "") {
  return EngineHarness::Kernel(body, kDeclarations + Text("words", words) + more);
}

TEST_CASE("vprintf: each thread's arguments, lane by lane, and how many they were") {
  EngineHarness engine;
  engine.Load(Module(Print(R"(
    st.local.u32 [%d5], %r0;
    cvt.rn.f64.u32 %g1, %r0;
    mul.rn.f64 %g1, %g1, 0d3FE0000000000000;
    st.local.f64 [%d5+8], %g1;
  )"),
                     "thread %3d: %.1f\n"));
  const std::uint64_t out = engine.Zeros(96);
  engine.RunOk({2}, {48}, {out});
  std::string expected;
  for (int i = 0; i < 96; ++i) {
    char line[40];
    std::snprintf(line, sizeof line, "thread %3d: %.1f\n", i, i * 0.5);
    expected += line;
  }
  CHECK(engine.printf->Take() == expected);
  CHECK(EngineHarness::Get<std::uint32_t>(out, 96) == Words(96, 2));
}

TEST_CASE("vprintf: under a guard, in branches, without a FIFO") {
  EngineHarness engine;
  engine.Load(Module(Print("st.local.u32 [%d5], %r0;\nmov.u32 %r1, 9;\nsetp.lt.u32 %p1, %r0, 3;\n",
                           R"(
    .param .b64 param0;
    st.param.b64 [param0], %d2;
    .param .b64 param1;
    st.param.b64 [param1], %d3;
    .param .b32 retval0;
    @%p1 call (retval0), vprintf, (param0, param1);
    @%p1 ld.param.b32 %r1, [retval0];
    setp.gt.u32 %p2, %r0, 29;
    @!%p2 bra DONE;
    call (retval0), vprintf, (param0, param1);
  DONE:
  )"),
                     "%u,"));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  CHECK(engine.printf->Take() == "0,1,2,30,31,");
  const Words got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == (i < 3 ? 1 : 9));
  engine.printf = nullptr;
  engine.RunOk({1}, {32}, {out});
}

TEST_CASE("vprintf: text of every memory") {
  EngineHarness engine;
  engine.Load(Module(".shared .align 1 .b8 near[8];\n" + Print(R"(
    mov.u64 %d6, more;
    cvta.const.u64 %d6, %d6;
    st.local.u64 [%d5], %d6;
    mov.u64 %d7, near;
    st.shared.u32 [%d7], 0x00636261;
    cvta.shared.u64 %d7, %d7;
    st.local.u64 [%d5+8], %d7;
    st.local.u32 [%d5+24], 0x00007a79;
    add.u64 %d8, %d3, 24;
    st.local.u64 [%d5+16], %d8;
  )"),
                     "<%s %s %s>", ".const .align 1 .b8 more[3] = {104, 105, 0};\n"));
  const std::uint64_t out = engine.Zeros(2);
  engine.RunOk({1}, {2}, {out});
  CHECK(engine.printf->Take() == "<hi abc yz><hi abc yz>");
  CHECK(EngineHarness::Get<std::uint32_t>(out, 2) == Words(2, 3));
}

TEST_CASE("vprintf: null") {
  EngineHarness engine;
  engine.Load(Module(Print("mov.u64 %d2, 0;\n"), "words"));
  const std::uint64_t out = engine.Zeros(1);
  engine.RunOk({1}, {1}, {out});
  CHECK(EngineHarness::Get<std::int32_t>(out, 1) == std::vector<std::int32_t>{-1});
  engine.Load(Module(Print("mov.u64 %d3, 0;\n"), "no argument\n"));
  engine.RunOk({1}, {1}, {out});
  CHECK(EngineHarness::Get<std::int32_t>(out, 1) == std::vector<std::int32_t>{0});
  engine.Load(Module(Print("st.local.u64 [%d5], 0;\n"), "%s, as the host says\n"));
  engine.RunOk({1}, {1}, {out});
  CHECK(engine.printf->Take() == "no argument\n(null), as the host says\n");
}

TEST_CASE("vprintf: bad addresses are faults of the thread, and what was printed before stays") {
  struct Case {
    const char *words, *store, *reason;
  };
  const Case cases[] = {
      {"%s.", "st.local.u64 [%d5], 16;", "read of 1 bytes at 0x10 outside any live allocation"},
      {"%s.", "mov.u64 %d6, -1;\nst.local.u64 [%d5], %d6;", "outside any live allocation"},
      {"%s.", "mov.u64 %d6, endless;\nst.local.u64 [%d5], %d6;",
       "a text has no NUL before its memory ends"},
      {"%.9s.", "mov.u64 %d6, endless;\nst.local.u64 [%d5], %d6;",
       "a text has no NUL before its memory ends"},
      {"x", "mov.u64 %d2, endless;", "a text has no NUL before its memory ends"},
      {"x", "mov.u64 %d2, 24;", "read of 1 bytes at 0x18 outside any live allocation"},
      {"%d", "mov.u64 %d3, 0;", "read of 4 bytes at 0x0 outside any live allocation"},
      {"%f", "mov.u64 %d3, -4;", "read of 8 bytes at 0x0 outside any live allocation"},
      {"%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d", "", "bytes of local memory of the thread"},
      {"%f", "add.u64 %d3, %d3, 4096;", "bytes of local memory of the thread"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.words) + " " + c.store);
    EngineHarness engine;
    engine.Load(Module(Print("st.local.u64 [%d5], 0;\nsetp.ne.u32 %p1, %r0, 5;\n@%p1 bra GOOD;\n" +
                             std::string(c.store) + "\nGOOD:\n"),
                       c.words, Text("endless", "endless", false)));
    const Outcome outcome = engine.Run({1}, {8}, {engine.Zeros(8)});
    CAPTURE(outcome.report);
    const std::string reason = c.reason;
    CHECK(outcome.status == Status::kIllegalAddress);
    CHECK(outcome.report.find(reason) != std::string::npos);
    // All of them lack the arguments where it is the format that asks for too many.
    const bool all = std::string(c.store).empty();
    CHECK(outcome.report.find(all ? "thread (0,0,0)" : "thread (5,0,0)") != std::string::npos);
    const std::string text = engine.printf->Take();
    if (std::string(c.words) == "x") CHECK(text == "xxxxx");
    if (std::string(c.words) == "%s.") CHECK(text == "(null).(null).(null).(null).(null).");
  }
  // So many characters are enough.
  EngineHarness engine;
  engine.Load(Module(Print("mov.u64 %d6, endless;\nst.local.u64 [%d5], %d6;"), "%.7s.%%",
                     Text("endless", "endless", false)));
  engine.RunOk({1}, {1}, {engine.Zeros(1)});
  CHECK(engine.printf->Take() == "endless.%");
}

TEST_CASE("vprintf: several workers, whole lines") {
  EngineHarness engine;
  engine.Load(Module(Print("st.local.u32 [%d5], %r0;\n"), "thread %d of 1024\n"));
  engine.RunOk({32}, {32}, {engine.Zeros(1024)}, 4);
  const std::string text = engine.printf->Take();
  std::vector<int> seen;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    int thread = -1, length = 0;
    REQUIRE(std::sscanf(text.c_str() + at, "thread %d of 1024%n", &thread, &length) == 1);
    REQUIRE(text[at + static_cast<std::size_t>(length)] == '\n');
    seen.push_back(thread);
  }
  REQUIRE(seen.size() == 1024);
  // The lanes of a warp one after the other.
  for (std::size_t i = 0; i < seen.size(); ++i)
    CHECK(seen[i] == seen[i / 32 * 32] + static_cast<int>(i % 32));
}

const std::string kAssert = R"(
  {
  .param .b64 param0;
  st.param.b64 [param0], %d2;
  .param .b64 param1;
  st.param.b64 [param1], %d3;
  .param .b32 param2;
  st.param.b32 [param2], %r2;
  .param .b64 param3;
  st.param.b64 [param3], %d4;
  .param .b64 param4;
  st.param.b64 [param4], 1;
  call.uni __assertfail, (param0, param1, param2, param3, param4);
  }
FINE:
  ret;
)";

std::string Assert(const std::string& addresses) {
  return EngineHarness::Kernel(kPrologue + "setp.lt.u32 %p1, %r29, 40;\n@%p1 bra FINE;\n" +
                                   "mov.u32 %r2, 77;\n" + addresses + kAssert,
                               kDeclarations + Text("message", "x < 40") + Text("file", "a.cu") +
                                   Text("function", "void k(int)"));
}

TEST_CASE("a failed assertion prints what CUDA prints, which is in the report as well") {
  EngineHarness engine;
  engine.Load(Assert("mov.u64 %d2, message;\nmov.u64 %d3, file;\nmov.u64 %d4, function;\n"));
  CHECK(engine.Run({1}, {40}, {engine.Zeros(1)}).status == Status::kSuccess);
  CHECK(engine.printf->Take().empty());
  const Outcome outcome = engine.Run({2, 3}, {21, 2}, {engine.Zeros(1)});
  CHECK(outcome.status == Status::kSuccess);  // %tid.x is below 40
  const Outcome failed = engine.Run({1, 2}, {42}, {engine.Zeros(1)});
  CHECK(failed.status == Status::kAssert);
  const std::string at = "a.cu:77: void k(int): block: [0,0,0], thread: ";
  const std::string words = " Assertion `x < 40` failed.";
  CHECK(engine.printf->Take() == at + "[40,0,0]" + words + "\n" + at + "[41,0,0]" + words + "\n");
  CAPTURE(failed.report);
  CHECK(failed.report.find("thread (40,0,0)") != std::string::npos);
  CHECK(failed.report.find(at + "[40,0,0]" + words) != std::string::npos);
}

TEST_CASE("a failed assertion with bad addresses") {
  EngineHarness engine;
  engine.Load(Assert("mov.u64 %d2, 0;\nmov.u64 %d3, 0;\nmov.u64 %d4, 0;\n"));
  const Outcome null = engine.Run({1}, {64}, {engine.Zeros(1)});
  CHECK(null.status == Status::kAssert);
  CHECK(null.report.find("(null):77: (null): block:") != std::string::npos);
  for (const char* name : {"%d2", "%d3", "%d4"}) {
    engine.Load(Assert("mov.u64 %d2, 0;\nmov.u64 %d3, 0;\nmov.u64 %d4, 0;\nmov.u64 " +
                       std::string(name) + ", 64;\n"));
    CHECK(engine.Run({1}, {64}, {engine.Zeros(1)}).status == Status::kIllegalAddress);
  }
}

TEST_CASE("system calls of another form are load errors") {
  struct Case {
    const char *body, *reason;
  };
  const Case cases[] = {
      {"call vprintf;", "wrong number"},
      {".param .b64 x;\ncall vprintf, (x);", "wrong number"},
      {".param .b64 x;\n.param .b32 r;\ncall (r, r), vprintf, (x, x);", "wrong number"},
      {".param .b64 x;\n.param .b32 y;\ncall vprintf, (x, y);", "too small"},
      {".param .b64 x;\n.param .b16 r;\ncall (r), vprintf, (x, x);", "too small"},
      {"call vprintf, (%d1, %d1);", ".param variables"},
      {".local .b64 x;\ncall vprintf, (x, x);", ".param variables"},
      {"call vprintf, (words, words);", ".param variables"},
      {".param .b64 malloc, x;\ncall malloc, (x);", "malloc is no function"},
      {".param .b64 x;\ncall (x), malloc, (x);", "malloc is no function"},
      {"call __assertfail;", "wrong number"},
      {".param .b64 x;\ncall __assertfail, (x, x, x, x);", "wrong number"},
      {".param .b64 x;\ncall (x), __assertfail, (x, x, x, x, x);", "wrong number"},
      {".param .b32 x;\ncall __assertfail, (x, x, x, x, x);", "too small"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.body));
    EngineHarness engine;
    const LoadFailure failure = engine.LoadFails(Module(c.body, "words", ".global .b32 malloc;\n"));
    CHECK(failure.status == Status::kInvalidPtx);
    CAPTURE(failure.log);
    CHECK(failure.log.find(c.reason) != std::string::npos);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
