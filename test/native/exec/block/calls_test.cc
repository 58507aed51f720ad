#include "test/native/exec/engine_harness.h"

// Calls with frames: recursion, divergence inside functions, limits. The functions are recursive or
// call others, so that none is inlined.
namespace nodecuda::simulator {
namespace {

// A kernel whose thread i stores f(i).
std::string Apply(const std::string& function, const std::string& functions) {
  return EngineHarness::Kernel(kPrologue + R"(
    {
    .param .b32 param0;
    st.param.b32 [param0+0], %r0;
    .param .b32 retval0;
    call.uni (retval0), )" + function +
                                   R"(, (param0);
    ld.param.b32 %r1, [retval0+0];
    }
  )" + kEpilogue,
                               functions);
}

// y = f(x), inside a function.
std::string CallOne(const std::string& f, const std::string& y, const std::string& x) {
  return "{\n.param .b32 p;\nst.param.b32 [p], " + x + ";\n.param .b32 q;\ncall.uni (q), " + f +
         ", (p);\nld.param.b32 " + y + ", [q];\n}\n";
}

Words Run(EngineHarness& engine, std::uint32_t threads) {
  const std::uint64_t out = engine.Zeros(threads);
  engine.RunOk({1}, {threads}, {out});
  return EngineHarness::Get<std::uint32_t>(out, threads);
}

const std::string kHead =
    "(.param .b32 n)\n{\n.reg .pred %p<9>;\n.reg .b32 %r<20>;\n.reg .b64 %d<9>;\n"
    "ld.param.b32 %r1, [n];\n";

TEST_CASE("recursion: each lane to a depth of its own") {
  EngineHarness engine;
  engine.Load(Apply("factorial", ".func (.param .b32 out) factorial" + kHead + R"(
    mov.u32 %r3, 1;
    setp.lt.u32 %p1, %r1, 2;
    @%p1 bra DONE;
    sub.u32 %r2, %r1, 1;
  )" + CallOne("factorial", "%r3", "%r2") +
                                     R"(
    mul.lo.u32 %r3, %r3, %r1;
  DONE:
    st.param.b32 [out], %r3;
    ret;
  })"));
  const Words got = Run(engine, 64);
  for (std::uint32_t i = 0; i < 64; ++i) {
    std::uint32_t expected = 1;
    for (std::uint32_t n = 2; n <= i; ++n) expected *= n;
    CHECK(got[i] == expected);
  }
}

std::uint32_t Fibonacci(std::uint32_t n) {
  return n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);
}

TEST_CASE("recursion: what is live across a call, of every width, and returns under a guard") {
  EngineHarness engine;
  engine.Load(Apply("fibonacci", ".func (.param .b32 out) fibonacci" + kHead + R"(
    .reg .b16 %h<4>;
    cvt.u16.u32 %h1, %r1;
    cvt.u64.u32 %d1, %r1;
    and.b32 %r9, %r1, 1;
    setp.eq.u32 %p2, %r9, 1;
    setp.lt.u32 %p1, %r1, 2;
    st.param.b32 [out], %r1;
    @%p1 ret;
    sub.u32 %r2, %r1, 1;
  )" + CallOne("fibonacci", "%r3", "%r2") +
                                     R"(
    cvt.u32.u16 %r4, %h1;
    sub.u32 %r4, %r4, 2;
  )" + CallOne("fibonacci", "%r5", "%r4") +
                                     R"(
    add.u32 %r3, %r3, %r5;
    // Nothing, if %d1, %h1 and %p2 are what they were.
    cvt.u32.u64 %r6, %d1;
    cvt.u32.u16 %r7, %h1;
    sub.u32 %r6, %r6, %r7;
    add.u32 %r3, %r3, %r6;
    and.b32 %r8, %r7, 1;
    @%p2 sub.u32 %r8, %r8, 1;
    add.u32 %r3, %r3, %r8;
    st.param.b32 [out], %r3;
    ret;
  })"));
  const Words got = Run(engine, 18);
  for (std::uint32_t i = 0; i < 18; ++i) CHECK(got[i] == Fibonacci(i));
}

TEST_CASE("mutual recursion, and functions with registers of their own below it") {
  EngineHarness engine;
  const std::string base = ".func (.param .b32 out) odd(.param .b32 n)\n;\n";
  // A function with calls, so that it is none to inline, that two recursive ones share.
  const std::string dec = ".func (.param .b32 out) id" + kHead +
                          "st.param.b32 [out], %r1;\nret;\n}\n.func (.param .b32 out) dec" + kHead +
                          CallOne("id", "%r2", "%r1") +
                          "sub.u32 %r2, %r2, 1;\nst.param.b32 [out], %r2;\nret;\n}\n";
  const auto one = [](const std::string& name, const std::string& other, int at_zero) {
    return ".func (.param .b32 out) " + name + kHead + "mov.u32 %r3, " + std::to_string(at_zero) +
           ";\nsetp.eq.u32 %p1, %r1, 0;\n@%p1 bra DONE;\n" + CallOne("dec", "%r2", "%r1") +
           CallOne(other, "%r3", "%r2") +
           "add.u32 %r3, %r3, 10;\nDONE:\nst.param.b32 [out], %r3;\nret;\n}\n";
  };
  engine.Load(Apply("even", base + dec + one("even", "odd", 1) + one("odd", "even", 0)));
  const Words got = Run(engine, 40);
  for (std::uint32_t i = 0; i < 40; ++i) CHECK(got[i] == 10 * i + (i % 2 == 0 ? 1 : 0));
}

std::uint32_t Ackermann(std::uint32_t m, std::uint32_t n) {
  if (m == 0) return n + 1;
  return n == 0 ? Ackermann(m - 1, 1) : Ackermann(m - 1, Ackermann(m, n - 1));
}

TEST_CASE("Ackermann's function: a call as the argument of a call") {
  const auto call = [](const std::string& y, const std::string& m, const std::string& n) {
    return "{\n.param .b32 p;\nst.param.b32 [p], " + m + ";\n.param .b32 s;\nst.param.b32 [s], " +
           n + ";\n.param .b32 q;\ncall.uni (q), ack, (p, s);\nld.param.b32 " + y + ", [q];\n}\n";
  };
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + "and.b32 %r2, %r0, 3;\nshr.u32 %r3, %r0, 2;\n" +
                                        call("%r1", "%r2", "%r3") + kEpilogue,
                                    ".func (.param .b32 out) ack(.param .b32 m, .param .b32 n)\n{\n"
                                    ".reg .pred %p<4>;\n.reg .b32 %r<9>;\n"
                                    "ld.param.b32 %r1, [m];\nld.param.b32 %r2, [n];\n"
                                    "sub.u32 %r3, %r1, 1;\nsub.u32 %r4, %r2, 1;\n"
                                    "add.u32 %r5, %r2, 1;\n"
                                    "setp.eq.u32 %p1, %r1, 0;\n@%p1 bra DONE;\n"
                                    "mov.u32 %r6, 1;\nsetp.eq.u32 %p2, %r2, 0;\n@%p2 bra OUTER;\n" +
                                        call("%r6", "%r1", "%r4") + "OUTER:\n" +
                                        call("%r5", "%r3", "%r6") +
                                        "DONE:\nst.param.b32 [out], %r5;\nret;\n}\n"));
  const Words got = Run(engine, 16);
  for (std::uint32_t i = 0; i < 16; ++i) CHECK(got[i] == Ackermann(i & 3, i >> 2));
}

TEST_CASE("local variables of recursive functions: each frame its own, by pointer from below") {
  // sum(n, pointer): adds n to the word behind the pointer, which lies in the caller's frame, and
  // hands on one to its own.
  EngineHarness engine;
  engine.Load(Apply("sum", R"(
.func down(.param .b32 n, .param .b64 above)
{
  .local .align 4 .b8 room[8];
  .reg .pred %p<3>;
  .reg .b32 %r<9>;
  .reg .b64 %d<9>;
  ld.param.b32 %r1, [n];
  ld.param.b64 %d1, [above];
  mov.u64 %d2, room;
  cvta.local.u64 %d2, %d2;
  st.local.u32 [room], %r1;
  st.local.u32 [room+4], %r1;
  setp.eq.u32 %p1, %r1, 0;
  @%p1 bra ADD;
  sub.u32 %r2, %r1, 1;
  {
  .param .b32 p;
  st.param.b32 [p], %r2;
  .param .b64 q;
  st.param.b64 [q], %d2;
  call.uni down, (p, q);
  }
ADD:
  ld.u32 %r3, [%d1];
  ld.local.u32 %r4, [room];
  add.u32 %r3, %r3, %r4;
  st.u32 [%d1], %r3;
  ld.local.u32 %r5, [room+4];
  setp.ne.u32 %p2, %r5, %r1;
  @%p2 trap;
  ret;
}
.func (.param .b32 out) sum(.param .b32 n)
{
  .local .align 4 .b8 total[4];
  .reg .b32 %r<9>;
  .reg .b64 %d<9>;
  ld.param.b32 %r1, [n];
  mov.u32 %r2, 0;
  st.local.u32 [total], %r2;
  mov.u64 %d1, total;
  cvta.local.u64 %d1, %d1;
  {
  .param .b32 p;
  st.param.b32 [p], %r1;
  .param .b64 q;
  st.param.b64 [q], %d1;
  call.uni down, (p, q);
  }
  ld.local.u32 %r2, [total];
  st.param.b32 [out], %r2;
  ret;
}
)"));
  // More than the stack has at first, in the deepest lanes.
  const Words got = Run(engine, 96);
  for (std::uint32_t i = 0; i < 96; ++i) CHECK(got[i] == i * (i + 1) / 2);
}

TEST_CASE("lanes in different functions at one time do not meet in registers") {
  // Of even lanes the registers have 64 bits, of odd ones 32; both call on.
  const auto one = [](const std::string& name, const std::string& type, const std::string& reg) {
    std::string text = ".func (.param .b32 out) " + name + kHead;
    text += "cvt." + type + ".u32 " + reg + "2, %r1;\n";
    for (int i = 3; i < 9; ++i)
      text += "add." + type + " " + reg + std::to_string(i) + ", " + reg + std::to_string(i - 1) +
              ", 1;\n";
    text += CallOne("leaf", "%r9", "%r1");
    for (int i = 3; i < 9; ++i)
      text += "add." + type + " " + reg + "2, " + reg + "2, " + reg + std::to_string(i) + ";\n";
    return text + "cvt.u32." + type + " %r10, " + reg + "2;\nadd.u32 %r9, %r9, %r10;\n" +
           "st.param.b32 [out], %r9;\nret;\n}\n";
  };
  const std::string functions =
      ".func (.param .b32 out) id" + kHead + "st.param.b32 [out], %r1;\nret;\n}\n" +
      ".func (.param .b32 out) leaf" + kHead + "bar.warp.sync 0xffffffff;\n" +
      CallOne("id", "%r2", "%r1") + "st.param.b32 [out], %r2;\nret;\n}\n" +
      one("wide", "u64", "%d") + one("narrow", "u32", "%r");
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(
      kPrologue + "and.b32 %r2, %r0, 1;\nsetp.eq.u32 %p1, %r2, 0;\n@%p1 bra EVEN;\n" +
          CallOne("narrow", "%r1", "%r0") + "bra MEET;\nEVEN:\n" + CallOne("wide", "%r1", "%r0") +
          "MEET:\n" + kEpilogue,
      functions));
  const Words got = Run(engine, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == 8 * i + 21);
}

TEST_CASE("barriers, shuffles and exit inside functions") {
  // Lanes 16 to 31 of each warp leave at depth two; the others meet at a barrier of the block
  // there.
  const std::string functions = ".shared .align 4 .b8 room[256];\n.func (.param .b32 out) inner" +
                                kHead + R"(
    mov.u32 %r2, %laneid;
    setp.ge.u32 %p1, %r2, 16;
    @%p1 exit;
    mov.u64 %d1, room;
    mul.wide.u32 %d2, %r1, 4;
    add.s64 %d1, %d1, %d2;
    st.shared.u32 [%d1], %r1;
    bar.sync 0;
    xor.b32 %r3, %r1, 32;
    mul.wide.u32 %d2, %r3, 4;
    mov.u64 %d1, room;
    add.s64 %d1, %d1, %d2;
    ld.shared.u32 %r4, [%d1];
    shfl.sync.bfly.b32 %r5, %r2, 1, 31, 0x0000ffff;
    mad.lo.u32 %r4, %r5, 1000, %r4;
    st.param.b32 [out], %r4;
    ret;
  })" + std::string("\n.func (.param .b32 out) outer") +
                                kHead + CallOne("inner", "%r2", "%r1") +
                                "st.param.b32 [out], %r2;\nret;\n}\n";
  EngineHarness engine;
  engine.Load(Apply("outer", functions));
  const Words got = Run(engine, 64);
  for (std::uint32_t i = 0; i < 64; ++i)
    CHECK(got[i] == (i % 32 < 16 ? ((i % 32) ^ 1) * 1000 + (i ^ 32) : 0));
}

TEST_CASE("what comes after a call that some lanes make is run once") {
  // The deeper lanes run first: at MEET all lanes load 0, then all add.
  const std::string functions = ".func (.param .b32 out) countdown" + kHead + R"(
    mov.u32 %r3, 0;
    setp.eq.u32 %p1, %r1, 0;
    @%p1 bra DONE;
    sub.u32 %r2, %r1, 1;
  )" + CallOne("countdown", "%r3", "%r2") +
                                "DONE:\nst.param.b32 [out], %r3;\nret;\n}\n";
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + "setp.lt.u32 %p1, %r0, 16;\n@%p1 bra MEET;\n" +
                                        CallOne("countdown", "%r2", "%r0") + R"(
  MEET:
    activemask.b32 %r1;
  )" + kEpilogue,
                                    functions));
  for (const std::uint32_t mask : Run(engine, 32)) CHECK(mask == 0xffffffff);
}

TEST_CASE("stack overflow: too many calls, or too large frames") {
  EngineHarness engine;
  const auto endless = [](const std::string& variables) {
    return ".func f()\n{\n" + variables + "call f;\nret;\n}\n";
  };
  for (const std::string variables : {"", ".local .align 16 .b8 room[4096];\n"}) {
    CAPTURE(variables);
    engine.Load(EngineHarness::Kernel("call f;\nret;", endless(variables)));
    const Outcome outcome = engine.Run({2}, {64}, {});
    CHECK(outcome.status == Status::kHardwareStackError);
    CAPTURE(outcome.report);
    CHECK(outcome.report.find("stack overflow") != std::string::npos);
    CHECK(outcome.report.find(" in f") != std::string::npos);
  }
}

TEST_CASE("recursion without end or loop can be stopped") {
  // Two calls in each other to a depth of 200 make 2^200: nobody waits for that.
  EngineHarness engine;
  engine.Load(Apply("tree", ".func (.param .b32 out) tree" + kHead + R"(
    setp.gt.u32 %p1, %r1, 200;
    @%p1 bra DONE;
    add.u32 %r2, %r1, 1;
  )" + CallOne("tree", "%r3", "%r2") +
                                CallOne("tree", "%r3", "%r2") + "DONE:\nret;\n}\n"));
  engine.stop = true;
  CHECK(engine.Run({1}, {32}, {engine.Zeros(32)}).status == Status::kLaunchFailure);
}

TEST_CASE("alloca: as much as each lane asks for, given back at the return") {
  // fill(n): n words on the stack, the sum of their squares; many times, so that what is not given
  // back shows.
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(
      kPrologue + "mov.u32 %r1, 0;\nmov.u32 %r2, 0;\nLOOP:\n" + CallOne("fill", "%r3", "%r0") + R"(
    add.u32 %r1, %r1, %r3;
    add.u32 %r2, %r2, 1;
    setp.lt.u32 %p1, %r2, 1000;
    @%p1 bra LOOP;
  )" + kEpilogue,
      ".func (.param .b32 out) fill" + kHead + R"(
    shl.b32 %r2, %r1, 2;
    cvt.u64.u32 %d1, %r2;
    stacksave.u64 %d4;
    alloca.u64 %d2, %d1, 64;
    stackrestore.u64 %d4;
    alloca.u64 %d2, %d1, 32;
    and.b64 %d5, %d2, 31;
    cvt.u32.u64 %r3, %d5;
    mov.u32 %r4, 0;
  FILL:
    setp.ge.u32 %p1, %r4, %r1;
    @%p1 bra FILLED;
    mul.wide.u32 %d3, %r4, 4;
    add.s64 %d3, %d2, %d3;
    st.local.u32 [%d3], %r4;
    add.u32 %r4, %r4, 1;
    bra FILL;
  FILLED:
    setp.eq.u32 %p2, %r4, 0;
    @%p2 bra DONE;
    sub.u32 %r4, %r4, 1;
    mul.wide.u32 %d3, %r4, 4;
    add.s64 %d3, %d2, %d3;
    ld.local.u32 %r5, [%d3];
    mad.lo.u32 %r3, %r5, %r5, %r3;
    bra FILLED;
  DONE:
    st.param.b32 [out], %r3;
    ret;
  })"));
  const Words got = Run(engine, 64);
  for (std::uint32_t i = 0; i < 64; ++i) {
    std::uint32_t sum = 0;
    for (std::uint32_t n = 0; n < i; ++n) sum += n * n;
    CHECK(got[i] == 1000 * sum);
  }
}

TEST_CASE("alloca in a recursive function, whose own variables stay where they are") {
  EngineHarness engine;
  engine.Load(Apply("down", ".func (.param .b32 out) down" + kHead + R"(
    .local .align 4 .b8 own[4];
    st.local.u32 [own], %r1;
    mov.u32 %r3, 0;
    setp.eq.u32 %p1, %r1, 0;
    @%p1 bra DONE;
    mul.wide.u32 %d1, %r1, 4;
    alloca.u64 %d2, %d1;
    st.local.u32 [%d2], %r1;
    sub.u32 %r2, %r1, 1;
  )" + CallOne("down", "%r3", "%r2") +
                                R"(
    ld.local.u32 %r4, [%d2];
    add.u32 %r3, %r3, %r4;
  DONE:
    ld.local.u32 %r4, [own];
    add.u32 %r3, %r3, %r4;
    st.param.b32 [out], %r3;
    ret;
  })"));
  const Words got = Run(engine, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == i * (i + 1));
}

TEST_CASE("alloca: too much is an overflow, a place that is none a fault") {
  EngineHarness engine;
  for (const char* size : {"0x10001", "0xffffffffffffffff", "-8"}) {
    engine.Load(EngineHarness::Kernel("alloca.u64 %d1, " + std::string(size) + ";\nret;"));
    CHECK(engine.Run({1}, {32}, {}).status == Status::kHardwareStackError);
  }
  for (const char* place : {"0x100", "-16"}) {
    engine.Load(EngineHarness::Kernel("stackrestore.u64 " + std::string(place) + ";\nret;"));
    CHECK(engine.Run({1}, {32}, {}).status == Status::kIllegalAddress);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
