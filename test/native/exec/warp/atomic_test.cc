#include <bit>
#include <cmath>
#include <functional>
#include <random>
#include <set>

#include "simulator/exec/warp/atomics.h"
#include "test/native/exec/arithmetic/alu_reference.h"
#include "test/native/exec/engine_harness.h"

// atom and red.
namespace nodecuda::simulator {
namespace {

using test::Decode;
using test::EncodeDouble;
using test::FormatNamed;

struct AtomicCase {
  std::string name;  // operation and type
  int bytes;
  std::function<std::uint64_t(std::uint64_t, std::uint64_t, std::uint64_t)> apply;
};

std::uint64_t AddFloats(const std::string& type, std::uint64_t a, std::uint64_t b) {
  const test::Format format = *FormatNamed(type);
  const double x = Decode(a, format), y = Decode(b, format);
  // f64 sums are not exact in a double; two in the others are, by far.
  if (type == "f64") {
    const double sum = x + y;
    return std::isnan(sum) ? 0xfff8000000000000 : std::bit_cast<std::uint64_t>(sum);
  }
  const double sum = x + y;
  return std::isnan(sum) ? CanonicalNan(format) : EncodeDouble(sum, format, 'n');
}

std::uint64_t AddPairs(const std::string& type, std::uint64_t a, std::uint64_t b) {
  return AddFloats(type, a >> 16, b >> 16) << 16 | AddFloats(type, a & 0xffff, b & 0xffff);
}

std::int64_t Signed(std::uint64_t bits, int bytes) {
  return bytes == 4 ? static_cast<std::int32_t>(bits) : static_cast<std::int64_t>(bits);
}

std::vector<AtomicCase> AllCases() {
  std::vector<AtomicCase> cases;
  const auto add = [&](const std::string& name, int bytes, auto apply) {
    cases.push_back({name, bytes, apply});
  };
  using U = std::uint64_t;
  for (const int bytes : {4, 8}) {
    const std::string bits = bytes == 4 ? "32" : "64";
    add("and.b" + bits, bytes, [](U a, U b, U) { return a & b; });
    add("or.b" + bits, bytes, [](U a, U b, U) { return a | b; });
    add("xor.b" + bits, bytes, [](U a, U b, U) { return a ^ b; });
    add("exch.b" + bits, bytes, [](U, U b, U) { return b; });
    add("cas.b" + bits, bytes, [](U a, U b, U c) { return a == b ? c : a; });
    add("add.u" + bits, bytes, [](U a, U b, U) { return a + b; });
    add("min.u" + bits, bytes, [](U a, U b, U) { return a < b ? a : b; });
    add("max.u" + bits, bytes, [](U a, U b, U) { return a < b ? b : a; });
    add("min.s" + bits, bytes,
        [bytes](U a, U b, U) { return Signed(a, bytes) < Signed(b, bytes) ? a : b; });
    add("max.s" + bits, bytes,
        [bytes](U a, U b, U) { return Signed(a, bytes) < Signed(b, bytes) ? b : a; });
  }
  add("add.s32", 4, [](U a, U b, U) { return a + b; });
  add("inc.u32", 4, [](U a, U b, U) { return a >= b ? 0 : a + 1; });
  add("dec.u32", 4, [](U a, U b, U) { return a == 0 || a > b ? b : a - 1; });
  add("cas.b16", 2, [](U a, U b, U c) { return a == b ? c : a; });
  add("add.f32", 4, [](U a, U b, U) { return AddFloats("f32", a, b); });
  add("add.f64", 8, [](U a, U b, U) { return AddFloats("f64", a, b); });
  add("add.noftz.f16", 2, [](U a, U b, U) { return AddFloats("f16", a, b); });
  add("add.noftz.bf16", 2, [](U a, U b, U) { return AddFloats("bf16", a, b); });
  add("add.noftz.f16x2", 4, [](U a, U b, U) { return AddPairs("f16", a, b); });
  add("add.noftz.bf16x2", 4, [](U a, U b, U) { return AddPairs("bf16", a, b); });
  return cases;
}

// Each thread applies its operands to cell (thread % 4); what it got back goes over its operand b.
// Memory: a: four cells; b: operands b, then c, of 64 threads (32 run), 8 bytes each.
std::string Program(const AtomicCase& c, const std::string& space, bool is_red) {
  const std::string bits = std::to_string(8 * c.bytes), load = "ld.global.b" + bits;
  const std::string b = c.bytes == 8 ? "%d10" : c.bytes == 4 ? "%r10" : "%h1";
  const std::string third = c.bytes == 8 ? "%d11" : c.bytes == 4 ? "%r11" : "%h2";
  const std::string result = c.bytes == 8 ? "%d12" : c.bytes == 4 ? "%r12" : "%h3";
  const bool is_cas = c.name.starts_with("cas");
  std::string text = R"(
    .shared .align 8 .b8 cells[32];
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    mul.wide.u32 %d3, %r0, 8;
    add.s64 %d1, %d1, %d3;
    and.b32 %r1, %r0, 3;
    mul.wide.u32 %d4, %r1, 8;
    add.s64 %d5, %d0, %d4;
    shl.b32 %r2, %r1, 3;
    mov.u32 %r3, cells;
    add.u32 %r3, %r3, %r2;
    ld.global.b64 %d6, [%d5];
    st.shared.b64 [%r3], %d6;
    bar.sync 0;
    mov.b64 %d12, 0;
    cvt.u64.u32 %d7, %r3;
    cvta.shared.u64 %d7, %d7;
  )" + load + " " + b +
                     ", [%d1];\n" + load + " " + third + ", [%d1+512];\n";
  const std::string address = space == "global"    ? ".global"
                              : space == "shared"  ? ".shared"
                              : space == "generic" ? ""
                                                   : "";
  const std::string at = space == "global"    ? "[%d5]"
                         : space == "shared"  ? "[%r3]"
                         : space == "generic" ? "[%d5]"
                                              : "[%d7]";
  text += (is_red ? "red" : "atom") + std::string(space == "global" ? ".relaxed.gpu" : "") +
          address + "." + c.name + " " + (is_red ? "" : result + ", ") + at + ", " + b +
          (is_cas ? ", " + third : "") + ";\nbar.sync 0;\n";
  if (!is_red) text += "st.global.b" + bits + " [%d1], " + result + ";\n";
  if (space == "shared" || space == "window")
    text += "ld.shared.b64 %d6, [%r3];\nst.global.b64 [%d5], %d6;\n";
  return EngineHarness::Kernel(text + "ret;\n");
}

TEST_CASE("atom and red: every operation and type, lanes in ascending order") {
  std::mt19937_64 random(10);
  std::set<std::string> tested;
  for (const AtomicCase& c : AllCases()) {
    REQUIRE((FindAtomic(c.name).handler != nullptr));
    tested.insert(c.name);
    const std::uint64_t all = c.bytes == 8 ? ~0ull : (1ull << (8 * c.bytes)) - 1;
    for (const std::string space : {"global", "shared", "generic", "window"}) {
      for (const bool is_red : {false, true}) {
        if (is_red && !FindAtomic(c.name).is_red) continue;
        CAPTURE(c.name);
        CAPTURE(space);
        EngineHarness engine;
        engine.Load(Program(c, space, is_red));
        std::vector<std::uint64_t> cells(4), operands(128);
        const bool is_float = c.name.find("f") != std::string::npos;
        for (std::uint64_t& cell : cells) cell = random() & all;
        for (std::uint64_t& operand : operands) {
          operand = random() & all;
          // Numbers of like size, so that rounding shows; and few values, so that cas succeeds.
          if (is_float && random() % 8 != 0) operand = (cells[0] ^ (random() & 0x00030003)) & all;
          if (c.name.starts_with("cas")) operand = cells[random() % 4] ^ random() % 2;
          if (c.name.starts_with("inc") || c.name.starts_with("dec")) operand = random() % 20;
        }
        const std::uint64_t memory = engine.Put(cells), list = engine.Put(operands);
        engine.RunOk({1}, {32}, {memory, list});
        const auto got = EngineHarness::Get<std::uint64_t>(list, 128);
        for (std::size_t i = 0; i < 32; ++i) {
          std::uint64_t& cell = cells[i % 4];
          CHECK((got[i] & all) == (is_red ? operands[i] : (cell & all)));
          std::uint64_t next = c.apply(cell & all, operands[i], operands[i + 64]) & all;
          // On global memory add.f32 flushes subnormals.
          if (c.name == "add.f32" && space != "shared" && space != "window") {
            const test::Format f32 = *FormatNamed("f32");
            next = test::FlushSubnormal(AddFloats("f32", test::FlushSubnormal(cell & all, f32),
                                                  test::FlushSubnormal(operands[i], f32)),
                                        f32);
          }
          cell = (cell & ~all) | next;
        }
        CHECK(EngineHarness::Get<std::uint64_t>(memory, 4) == cells);
      }
    }
  }
  for (const std::string_view name : AllAtomics()) {
    CAPTURE(std::string(name));
    CHECK(tested.contains(std::string(name)));
  }
}

TEST_CASE("atom.add.f32: subnormals vanish on global memory, not on shared") {
  const AtomicCase add{"add.f32", 4, {}};
  for (const std::string space : {"global", "generic", "shared", "window"}) {
    CAPTURE(space);
    EngineHarness engine;
    engine.Load(Program(add, space, false));
    const std::uint64_t memory = engine.Put(std::vector<std::uint64_t>{3, 0x80000003, 0, 1u << 23});
    std::vector<std::uint64_t> operands(128, 1);
    operands[3] = 0x80000000 | ((1u << 23) - 1);
    const std::uint64_t list = engine.Put(operands);
    engine.RunOk({1}, {4}, {memory, list});
    const auto cells = EngineHarness::Get<std::uint64_t>(memory, 4);
    const bool keeps = space == "shared" || space == "window";
    CHECK(cells[0] == (keeps ? 4 : 0));
    CHECK(cells[1] == (keeps ? 0x80000002 : 0));
    CHECK(cells[2] == (keeps ? 1 : 0));
    CHECK(cells[3] == (keeps ? 1 : 1u << 23));
  }
}

TEST_CASE("atomics of several workers: no update is lost") {
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(kPrologue + R"(
    mov.u32 %r2, 1;
    atom.global.add.u32 %r3, [%d0], 1;
    red.global.add.u32 [%d0+4], %r2;
    mov.f32 %f1, 0f3F800000;
    red.global.add.f32 [%d0+8], %f1;
    ret;
  )"));
  const std::uint64_t cells = engine.Zeros(3);
  engine.RunOk({200}, {96}, {cells}, 4);
  CHECK(EngineHarness::Get<std::uint32_t>(cells, 2) == Words{200 * 96, 200 * 96});
  CHECK(EngineHarness::Get<float>(cells + 8, 1)[0] == 200 * 96);
}

TEST_CASE("atomics: faults, guards and discarded results") {
  struct Case {
    const char* text;
    Status status;
  };
  const Case cases[] = {
      {"atom.global.add.u32 %r1, [%d1+2], 1;", Status::kMisalignedAddress},
      {"atom.global.add.u64 %d3, [%d1+4096], 1;", Status::kIllegalAddress},
      {"red.global.and.b32 [%d1+4096], 1;", Status::kIllegalAddress},
      {"mov.u32 %r1, 64;\natom.shared.add.u32 %r2, [%r1], 1;", Status::kIllegalAddress},
      {"setp.ne.u32 %p1, %r0, %r0;\n@%p1 atom.global.add.u32 %r1, [%d1+4096], 1;",
       Status::kSuccess},
      {"atom.global.exch.b32 _, [%d1], 5;", Status::kSuccess},
      {"mov.b64 %d5, 1;\natom.global.add.L2::cache_hint.u32 %r1, [%d1], 5, %d5;", Status::kSuccess},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    EngineHarness engine;
    engine.Load(EngineHarness::Kernel(kPrologue + c.text + "\nret;"));
    CHECK(engine.Run({1}, {32}, {engine.Zeros(32)}).status == c.status);
  }
}

TEST_CASE("atomics: forms that do not exist are refused") {
  EngineHarness engine;
  for (const char* line :
       {"atom.global.add.s64 %d1, [%d2], 1;", "atom.global.mul.u32 %r1, [%d2], 1;",
        "red.global.exch.b32 [%d2], %r1;", "red.global.cas.b32 [%d2], %r1, %r2;",
        "atom.global.add.u32 %r1, [%d2];", "atom.global.cas.b32 %r1, [%d2], %r2;",
        "atom.local.add.u32 %r1, [%d2], 1;", "atom.global.add.f16 %h1, [%d2], %h2;",
        "atom.global.add.u32 %d1, [%d2], 1;", "atom.global.cas.b128 %d1, [%d2], %d3, %d4;",
        "atom.global.v2.f32.add %r1, [%d2], %r2;",
        "atom.global.add.L2::cache_hint.u32 %r1, [%d2], 1;"}) {
    CAPTURE(line);
    CHECK(engine.LoadFails(EngineHarness::Kernel(line)).status == Status::kInvalidPtx);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
