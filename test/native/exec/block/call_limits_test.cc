#include "test/native/exec/engine_harness.h"

// What calls may take: registers that are kept, local memory and its alignment.
namespace nodecuda::simulator {
namespace {

std::string Function(const std::string& name, const std::string& locals, const std::string& body) {
  return ".func (.param .b32 out) " + name + "(.param .b32 n)\n{\n" + locals +
         ".reg .pred %p<4>;\n.reg .b32 %r<9>;\n.reg .b64 %d<9>;\nld.param.b32 %r1, [n];\n" + body +
         "st.param.b32 [out], %r2;\nret;\n}\n";
}

// y = f(x)
std::string CallOne(const std::string& f, const std::string& y, const std::string& x) {
  return "{\n.param .b32 p;\nst.param.b32 [p], " + x + ";\n.param .b32 q;\ncall.uni (q), " + f +
         ", (p);\nld.param.b32 " + y + ", [q];\n}\n";
}

TEST_CASE("variables of called functions are aligned as they say") {
  // Each calls another, so that none is inlined.
  const std::string functions =
      Function("last", "", "add.u32 %r2, %r1, 1;\n") +
      Function("wide", ".local .align 128 .b8 big[128];\n.local .align 1 .b8 odd[3];\n",
               CallOne("last", "%r2", "%r1") +
                   "mov.u64 %d1, big;\ncvta.local.u64 %d1, %d1;\ncvt.u32.u64 %r3, %d1;\n"
                   "and.b32 %r2, %r3, 127;\n") +
      Function("middle", ".local .align 1 .b8 odd[5];\n.local .align 64 .b8 big[64];\n",
               CallOne("wide", "%r3", "%r1") +
                   "mov.u64 %d1, big;\ncvta.local.u64 %d1, %d1;\ncvt.u32.u64 %r2, %d1;\n"
                   "and.b32 %r2, %r2, 63;\nor.b32 %r2, %r2, %r3;\n");
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(
      ".local .align 1 .b8 own[7];\n" + kPrologue + CallOne("middle", "%r1", "%r0") + kEpilogue,
      functions));
  const std::uint64_t out = engine.Zeros(40);
  engine.RunOk({1}, {40}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 40) == Words(40, 0));
}

TEST_CASE("variables of recursive functions that want more than the stack gives are refused") {
  const std::string recursive = Function(
      "r", ".local .align 32 .b8 big[32];\n",
      "mov.u32 %r2, 0;\nsetp.eq.u32 %p1, %r1, 0;\n@%p1 bra END;\n" + CallOne("r", "%r2", "0") +
          "mov.u64 %d1, big;\ncvta.local.u64 %d1, %d1;\nst.u32 [%d1], %r2;\nEND:\n");
  EngineHarness engine;
  const LoadFailure failure = engine.LoadFails(
      EngineHarness::Kernel(kPrologue + CallOne("r", "%r1", "%r0") + kEpilogue, recursive));
  CHECK(failure.log.find("aligned to 16 bytes at most") != std::string::npos);
}

TEST_CASE("registers that calls keep have a limit of their own") {
  constexpr int kRegisters = 300;
  std::string declare = ".reg .b64 %k<" + std::to_string(kRegisters) + ">;\n", before, after;
  for (int i = 0; i < kRegisters; ++i) {
    const std::string k = "%k" + std::to_string(i);
    before +=
        "cvt.u64.u32 " + k + ", %r1;\nadd.u64 " + k + ", " + k + ", " + std::to_string(i) + ";\n";
    after += "cvt.u32.u64 %r3, " + k + ";\nadd.u32 %r2, %r2, %r3;\n";
  }
  // f(n) = f(n - 1) + the sum of n + i
  const std::string recursive =
      Function("f", declare,
               "mov.u32 %r2, 0;\nsetp.eq.u32 %p1, %r1, 0;\n@%p1 bra END;\n" + before +
                   "sub.u32 %r4, %r1, 1;\n" + CallOne("f", "%r2", "%r4") + after + "END:\n");
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(
      kPrologue + "ld.global.u32 %r2, [%d1];\n" + CallOne("f", "%r1", "%r2") + kEpilogue,
      recursive));
  const std::uint64_t deep = engine.Put(Words(1, 50));
  engine.RunOk({1}, {1}, {deep});
  constexpr std::uint32_t kOfIndex = kRegisters * (kRegisters - 1) / 2;
  CHECK(EngineHarness::Get<std::uint32_t>(deep, 1)[0] ==
        kRegisters * (50 * 51 / 2) + 50 * kOfIndex);
  const Outcome outcome = engine.Run({1}, {1}, {engine.Put(Words(1, 500))});
  CHECK(outcome.status == Status::kHardwareStackError);
  CHECK(outcome.report.find("bytes of registers of a thread") != std::string::npos);
}

TEST_CASE("what only a pointer may reach does not refuse a kernel by what all of it takes") {
  std::string functions = Function("small", "", "add.u32 %r2, %r1, 5;\n");
  constexpr int kCount = 12;
  for (int i = kCount - 1; i >= 0; --i) {
    const std::string next = i == kCount - 1 ? "small" : "big" + std::to_string(i + 1);
    functions +=
        Function("big" + std::to_string(i), ".local .align 8 .b8 x[50000];\n",
                 "mov.u64 %d1, x;\nst.local.u32 [%d1], %r1;\n" + CallOne(next, "%r2", "%r1"));
  }
  EngineHarness engine;
  engine.Load(
      EngineHarness::Kernel(kPrologue + R"(
    ld.global.u32 %r2, [%d1];
    mul.wide.u32 %d2, %r2, 8;
    mov.u64 %d3, table;
    add.s64 %d3, %d3, %d2;
    ld.global.u64 %d9, [%d3];
    {
    .param .b32 param0;
    st.param.b32 [param0], %r0;
    .param .b32 retval0;
    prototype_0 : .callprototype (.param .b32 _) _ (.param .b32 _);
    call (retval0), %d9, (param0), prototype_0;
    ld.param.b32 %r1, [retval0];
    }
  )" + kEpilogue,
                            functions + ".global .align 8 .u64 table[2] = {small, big0};\n"));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  const Words got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == i + 5);
  // Who goes there finds that it is not, or what it needs is not.
  const Outcome outcome = engine.Run({1}, {1}, {engine.Put(Words(1, 1))});
  CHECK(outcome.status == Status::kInvalidPc);
  CHECK(outcome.report.find("more than 512 KiB of local memory") != std::string::npos);
}

}  // namespace
}  // namespace nodecuda::simulator
