#include "test/native/exec/engine_harness.h"

// Loads and stores of every space and width, and what is refused.
namespace nodecuda::simulator {
namespace {

TEST_CASE("vector loads and stores keep every element in its place") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    mov.u32 %r0, %tid.x;
    mul.wide.u32 %d2, %r0, 16;
    add.s64 %d3, %d0, %d2;
    add.s64 %d4, %d1, %d2;
    ld.global.nc.v4.u32 {%r1, %r2, %r3, %r4}, [%d3];
    st.global.v4.u32 [%d4], {%r4, %r3, %r2, %r1};
    ld.global.L1::no_allocate.v2.u64 {%d5, %d6}, [%d3];
    st.global.cs.v2.u64 [%d4+512], {%d6, %d5};
    ld.global.ca.v2.u32 {%r5, _}, [%d3+8];
    st.global.wt.v2.u32 [%d4+1024], {%r5, 7};
    ret;
  )"));
  Words in(32 * 4);
  for (std::uint32_t i = 0; i < in.size(); ++i) in[i] = i * 2654435761u;
  const std::uint64_t from = engine.Put(in), to = engine.Zeros(3 * 32 * 4);
  for (const unsigned threads : {32u, 19u}) {
    std::memset(reinterpret_cast<void*>(to), 0, 3 * 512);
    engine.RunOk({1}, {threads}, {from, to});
    const auto got = EngineHarness::Get<std::uint32_t>(to, 3 * 32 * 4);
    for (std::uint32_t i = 0; i < 32; ++i) {
      const bool ran = i < threads;
      for (std::uint32_t e = 0; e < 4; ++e) {
        CHECK(got[4 * i + e] == (ran ? in[4 * i + 3 - e] : 0));
        CHECK(got[128 + 4 * i + e] == (ran ? in[4 * i + (e + 2) % 4] : 0));
      }
      CHECK(got[256 + 4 * i] == (ran ? in[4 * i + 2] : 0));
      CHECK(got[256 + 4 * i + 1] == (ran ? 7 : 0));
    }
  }
}

TEST_CASE("vector loads at scattered, repeated and uniform addresses") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    .shared .align 16 .b8 tile[512];
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    mov.u32 %r0, %tid.x;
    mul.wide.u32 %d2, %r0, 16;
    add.s64 %d3, %d0, %d2;
    ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%d3];
    mov.u32 %r20, tile;
    shl.b32 %r5, %r0, 4;
    add.u32 %r6, %r20, %r5;
    st.shared.v4.u32 [%r6], {%r1, %r2, %r3, %r4};
    bar.sync 0;
    mul.lo.u32 %r7, %r0, 7;
    and.b32 %r7, %r7, 15;
    shl.b32 %r7, %r7, 4;
    add.u32 %r7, %r20, %r7;
    ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%r7+16];
    add.s64 %d4, %d1, %d2;
    st.global.v4.f32 [%d4], {%f1, %f2, %f3, %f4};
    ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [tile+32];
    st.global.v4.u32 [%d4+512], {%r1, %r2, %r3, %r4};
    ld.shared::cta.v2.f64 {%g1, %g2}, [%r7];
    st.global.v2.f64 [%d4+1024], {%g1, %g2};
    ret;
  )"));
  Words in(32 * 4);
  for (std::uint32_t i = 0; i < in.size(); ++i) in[i] = 0x3f800000u + i;
  const std::uint64_t from = engine.Put(in), to = engine.Zeros(3 * 32 * 4);
  engine.RunOk({1}, {32}, {from, to});
  const auto got = EngineHarness::Get<std::uint32_t>(to, 3 * 32 * 4);
  for (std::uint32_t i = 0; i < 32; ++i) {
    for (std::uint32_t e = 0; e < 4; ++e) {
      CHECK(got[4 * i + e] == in[4 * (i * 7 % 16 + 1) + e]);
      CHECK(got[128 + 4 * i + e] == in[8 + e]);
      CHECK(got[256 + 4 * i + e] == in[4 * (i * 7 % 16) + e]);
    }
  }
}

TEST_CASE("narrow loads extend by their type, narrow stores cut") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    ld.global.u8 %r1, [%d0];
    ld.global.s8 %r2, [%d0];
    ld.global.u16 %r3, [%d0];
    ld.global.s16 %r4, [%d0];
    ld.global.s8 %d5, [%d0];
    ld.global.s32 %d6, [%d0];
    ld.global.u32 %d7, [%d0];
    ld.global.s8 %h1, [%d0];
    st.global.v4.u32 [%d1], {%r1, %r2, %r3, %r4};
    st.global.u64 [%d1+16], %d5;
    st.global.u64 [%d1+24], %d6;
    st.global.u64 [%d1+32], %d7;
    st.global.u16 [%d1+40], %h1;
    st.global.u8 [%d1+42], %r4;
    st.global.u16 [%d1+44], %r1;
    ret;
  )"));
  const std::uint64_t from = engine.Put(Words{0x8182f380u}), to = engine.Zeros(12);
  engine.RunOk({1}, {1}, {from, to});
  CHECK(EngineHarness::Get<std::uint32_t>(to, 12) ==
        Words{0x80, 0xffffff80, 0xf380, 0xfffff380, 0xffffff80, 0xffffffff, 0x8182f380, 0xffffffff,
              0x8182f380, 0, 0x0080ff80, 0x00000080});
}

TEST_CASE("stores under a guard touch no other lane's memory") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    and.b32 %r2, %r0, 5;
    setp.eq.u32 %p1, %r2, 5;
    add.u32 %r1, %r0, 100;
    @%p1 st.global.u32 [%d1], %r1;
    ret;
  )"));
  const std::uint64_t out = engine.Put(Words(64, 1));
  engine.RunOk({1}, {64}, {out});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == ((i & 5) == 5 ? i + 100 : 1));
}

TEST_CASE("a load may overwrite the register that held its address") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    ld.param.u64 %d0, [a];
    mov.u32 %r0, %tid.x;
    mul.wide.u32 %d1, %r0, 8;
    add.s64 %d1, %d0, %d1;
    mov.u64 %d3, %d1;
    ld.global.u64 %d1, [%d1];
    ld.global.u64 %d1, [%d1];
    st.global.u64 [%d3], %d1;
    ret;
  )"));
  const std::uint64_t list = engine.Put(std::vector<std::uint64_t>(64, 0));
  auto* words = reinterpret_cast<std::uint64_t*>(list);
  for (std::uint64_t i = 0; i < 32; ++i) {
    words[i] = list + 8 * (32 + (i * 5) % 32);
    words[32 + i] = 1000 + i;
  }
  engine.RunOk({1}, {32}, {list});
  for (std::uint64_t i = 0; i < 32; ++i) CHECK(words[i] == 1000 + (i * 5) % 32);
}

TEST_CASE("generic addresses reach global, shared, local and parameter memory") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    .shared .align 8 .b8 tile[256];
    .local .align 8 .b8 stack[24];
    mov.u64 %d3, tile;
    cvta.shared.u64 %d3, %d3;
    mul.wide.u32 %d4, %r29, 4;
    add.s64 %d5, %d3, %d4;
    st.u32 [%d5], %r0;
    mov.u64 %d6, stack;
    cvta.local.u64 %d6, %d6;
    add.u32 %r2, %r0, 1000;
    st.u32 [%d6+8], %r2;
    mov.b64 %d7, b;
    cvta.param.u64 %d7, %d7;
    ld.u64 %d8, [%d7];
    cvt.u32.u64 %r3, %d8;
    and.b32 %r4, %r0, 1;
    setp.eq.u32 %p1, %r4, 0;
    selp.b64 %d9, %d5, %d6, %p1;
    @!%p1 add.s64 %d9, %d9, 8;
    ld.u32 %r5, [%d9];
    cvta.to.shared.u64 %d10, %d5;
    ld.shared.u32 %r6, [%d10];
    cvta.to.local.u64 %d11, %d6;
    ld.local.u32 %r7, [%d11+8];
    ld.local.u32 %r8, [stack+8];
    add.u32 %r1, %r5, %r6;
    add.u32 %r1, %r1, %r7;
    add.u32 %r1, %r1, %r8;
    add.u32 %r1, %r1, %r3;
    st.u32 [%d1], %r1;
    ret;
  )"));
  const std::uint64_t out = engine.Zeros(64);
  engine.RunOk({1}, {64}, {out, 5000000});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 64);
  for (std::uint32_t i = 0; i < 64; ++i)
    CHECK(got[i] == ((i & 1) ? i + 1000 : i) + i + 2 * (i + 1000) + 5000000);
}

TEST_CASE("parameters can be read through a register") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    mov.b64 %d2, a;
    and.b32 %r2, %r0, 1;
    mul.wide.u32 %d3, %r2, 8;
    add.s64 %d3, %d2, %d3;
    ld.param.u32 %r1, [%d3+8];
  )" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out, 11, 22});
  const auto got = EngineHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == ((i & 1) ? 22u : 11u));
}

TEST_CASE("module variables: initialised, shared by launches, constants too") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    mul.wide.u32 %d2, %r0, 4;
    mov.u64 %d3, table;
    add.s64 %d3, %d3, %d2;
    ld.const.u32 %r1, [%d3];
    ld.global.u32 %r2, [counter];
    add.u32 %r1, %r1, %r2;
    ld.const.u32 %r4, [table+4];
    add.u32 %r1, %r1, %r4;
    add.u32 %r3, %r2, 1;
    st.global.u32 [counter], %r3;
  )" + kEpilogue,
                                    ".const .align 4 .b8 table[16] = {1, 0, 0, 0, 2, 1};\n"
                                    ".global .align 4 .u32 counter = 70;\n"));
  const std::uint64_t out = engine.Zeros(4);
  engine.RunOk({1}, {4}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 4) == Words{329, 586, 328, 328});
  engine.RunOk({1}, {4}, {out});
  CHECK(EngineHarness::Get<std::uint32_t>(out, 4) == Words{330, 587, 329, 329});
}

TEST_CASE("a program gives its variables' memory back") {
  EngineHarness engine;
  const std::size_t before = engine.memory.used();
  engine.Load(EngineHarness::Kernel("ret;", ".global .align 4 .b8 big[1000000];\n"));
  CHECK(engine.memory.used() >= before + 1000000);
  engine.program.reset();
  CHECK(engine.memory.used() == before);
}

TEST_CASE("dynamic shared memory lies behind the static one") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    .shared .align 4 .b8 fixed[20];
    mov.u32 %r2, dynamic;
    mov.u32 %r3, fixed;
    sub.u32 %r1, %r2, %r3;
    st.shared.u32 [dynamic+60], %r1;
    ld.shared.u32 %r1, [%r2+60];
  )" + kEpilogue,
                                    ".extern .shared .align 16 .b8 dynamic[];\n"));
  CHECK(FindKernel(*engine.program, "k")->static_shared_bytes == 20);
  const std::uint64_t out = engine.Zeros(1);
  engine.RunOk({1}, {1}, {out}, 1, 64);
  CHECK(EngineHarness::Get<std::uint32_t>(out, 1) == Words{32});
  CHECK(engine.Run({1}, {1}, {out}, 1, 60).status == Status::kIllegalAddress);
}

std::string Refused(const std::string& body, Dim3 grid, Dim3 block, Status status,
                    std::uint64_t* address = nullptr) {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + body + "ret;\n"));
  const std::uint64_t out = engine.Zeros(100);
  if (address != nullptr) *address = out;
  const Outcome outcome = engine.Run(grid, block, {out, out + 2});
  CHECK(outcome.status == status);
  return outcome.report;
}

std::string Hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

TEST_CASE("an access past the end of an allocation names kernel, line, block, thread, address") {
  std::uint64_t out = 0;
  const std::string report =
      Refused("ld.global.f32 %f1, [%d1];\n", {4}, {64}, Status::kIllegalAddress, &out);
  CHECK(
      report ==
      "kernel k, PTX line 20 (ld.global.f32), block (1,0,0), thread (36,0,0): read of 4 bytes at " +
          Hex(out + 400) + " outside any live allocation");
  const std::string across =
      Refused("st.global.v2.u64 [%d0+392], {%d0, %d0};\n", {1}, {1}, Status::kMisalignedAddress);
  CHECK(across.find("is misaligned") != std::string::npos);
}

TEST_CASE("an access that straddles the end of an allocation is refused") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel("ld.param.u64 %d0, [a];\nld.global.u64 %d1, [%d0+8];\nret;"));
  const std::uint64_t out = engine.Zeros(3);
  const Outcome outcome = engine.Run({1}, {1}, {out});
  CHECK(outcome.status == Status::kIllegalAddress);
  CHECK(outcome.report.find("read of 8 bytes at " + Hex(out + 8) +
                            " past the end of the allocation of 12 bytes at " + Hex(out)) !=
        std::string::npos);
}

TEST_CASE("null, wild and wrapping addresses are refused, in every lane") {
  for (const std::string address : {"0", "16", "-4", "0x7fffffffffff0000", "0x1000000000000"}) {
    CAPTURE(address);
    const std::string report = Refused("setp.eq.u32 %p1, %r29, 30;\n@%p1 mov.u64 %d1, " + address +
                                           ";\nst.global.u32 [%d1], %r0;\n",
                                       {1}, {32}, Status::kIllegalAddress);
    CHECK(report.find("PTX line 22 (st.global.u32), block (0,0,0), thread (30,0,0): write of 4 "
                      "bytes at ") != std::string::npos);
  }
}

TEST_CASE("freed memory is refused") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + "ld.global.u32 %r1, [%d1];\n" + kEpilogue));
  const std::uint64_t out = engine.Zeros(32);
  engine.RunOk({1}, {32}, {out});
  REQUIRE(engine.memory.Release(reinterpret_cast<void*>(out)) == Status::kSuccess);
  CHECK(engine.Run({1}, {32}, {out}).status == Status::kIllegalAddress);
}

TEST_CASE("lanes in different allocations are each checked") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    ld.param.u64 %d0, [a];
    mov.u32 %r0, %tid.x;
    mul.wide.u32 %d1, %r0, 8;
    add.s64 %d1, %d0, %d1;
    ld.global.u64 %d2, [%d1];
    ld.global.u32 %r1, [%d2];
    add.u32 %r1, %r1, 1;
    st.global.u32 [%d2], %r1;
    ret;
  )"));
  std::vector<std::uint64_t> boxes;
  for (std::uint32_t i = 0; i < 32; ++i) boxes.push_back(engine.Put(Words{i}));
  const std::uint64_t list = engine.Put(boxes);
  engine.RunOk({1}, {32}, {list});
  for (std::uint32_t i = 0; i < 32; ++i)
    CHECK(EngineHarness::Get<std::uint32_t>(boxes[i], 1)[0] == i + 1);
  reinterpret_cast<std::uint64_t*>(list)[21] += 4;
  const Outcome outcome = engine.Run({1}, {32}, {list});
  CHECK(outcome.status == Status::kIllegalAddress);
  CHECK(outcome.report.find("thread (21,0,0)") != std::string::npos);
}

TEST_CASE("misaligned accesses are refused") {
  std::uint64_t out = 0;
  const std::string report = Refused("ld.param.u64 %d2, [b];\nld.global.f32 %f1, [%d2];\n", {1},
                                     {1}, Status::kMisalignedAddress, &out);
  CHECK(report ==
        "kernel k, PTX line 21 (ld.global.f32), block (0,0,0), thread (0,0,0): read of 4 "
        "bytes at " +
            Hex(out + 2) + " is misaligned");
  Refused("ld.global.v2.f32 {%f1, %f2}, [%d0+4];\n", {1}, {1}, Status::kMisalignedAddress);
  Refused(
      "shl.b32 %r2, %r29, 1;\n.shared .align 8 .b8 t[64];\nmov.u32 %r3, t;\nadd.u32 %r2, %r2, "
      "%r3;\nst.shared.u32 [%r2], %r0;\n",
      {1}, {4}, Status::kMisalignedAddress);
}

TEST_CASE("shared, local and parameter accesses stay inside") {
  CHECK(
      Refused(".shared .align 8 .b8 t[100];\nmov.u32 %r2, t;\nshl.b32 %r3, %r29, 2;\nadd.u32 %r2, "
              "%r2, %r3;\nst.shared.u32 [%r2], %r0;\n",
              {1}, {32}, Status::kIllegalAddress)
          .find("thread (28,0,0): write of 4 bytes at 0x70 outside the 112 bytes of shared "
                "memory of the block") != std::string::npos);
  Refused(".shared .align 8 .b8 t[64];\nst.shared.u32 [t+-4], %r0;\n", {1}, {1},
          Status::kIllegalAddress);
  Refused("ld.shared.u32 %r1, [0];\n", {1}, {1}, Status::kIllegalAddress);
  Refused(".local .align 8 .b8 t[8];\nst.local.u32 [t+16], %r0;\n", {1}, {1},
          Status::kIllegalAddress);
  Refused("mov.b64 %d2, a;\nld.param.u64 %d3, [%d2+24];\n", {1}, {1}, Status::kIllegalAddress);
  Refused("mov.b64 %d2, a;\ncvta.param.u64 %d3, %d2;\nst.u64 [%d3], %d0;\n", {1}, {1},
          Status::kInvalidAddressSpace);
  Refused(
      ".shared .align 8 .b8 t[64];\nmov.u64 %d2, t;\ncvta.shared.u64 %d3, %d2;\nst.global.u32 "
      "[%d3], %r0;\n",
      {1}, {1}, Status::kInvalidAddressSpace);
}

}  // namespace
}  // namespace nodecuda::simulator
