#include <bit>
#include <cmath>
#include <random>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "test/native/exec/engine_harness.h"

// wmma: loads and stores in rows and columns with strides, from both memories, and what comes out.
namespace nodecuda::simulator {
namespace {

struct Shape {
  std::string name;
  int m, n, k;
};
const Shape kSquare{"m16n16k16", 16, 16, 16}, kTall{"m32n8k16", 32, 8, 16};
const Shape kWide{"m8n32k16", 8, 32, 16}, kShallow{"m16n16k8", 16, 16, 8};
const Shape kSmall{"m8n8k4", 8, 8, 4};

struct Form {
  Shape shape;
  std::string a, b, c, d;  // types
  int a_registers, b_registers, c_registers, d_registers;
  std::string types;  // as the product names them
};

const Form kForms[] = {
    {kSquare, "f16", "f16", "f32", "f32", 8, 8, 8, 8, "f32.f32"},
    {kTall, "f16", "f16", "f32", "f32", 8, 8, 8, 8, "f32.f32"},
    {kWide, "f16", "f16", "f16", "f16", 8, 8, 4, 4, "f16.f16"},
    {kSquare, "f16", "f16", "f16", "f32", 8, 8, 4, 8, "f32.f16"},
    {kSquare, "f16", "f16", "f32", "f16", 8, 8, 8, 4, "f16.f32"},
    {kSquare, "bf16", "bf16", "f32", "f32", 4, 4, 8, 8, "f32.bf16.bf16.f32"},
    {kTall, "bf16", "bf16", "f32", "f32", 8, 2, 8, 8, "f32.bf16.bf16.f32"},
    {kWide, "bf16", "bf16", "f32", "f32", 2, 8, 8, 8, "f32.bf16.bf16.f32"},
    {kShallow, "tf32", "tf32", "f32", "f32", 4, 4, 8, 8, "f32.tf32.tf32.f32"},
    {kSquare, "s8", "s8", "s32", "s32", 2, 2, 8, 8, "s32.s8.s8.s32"},
    {kTall, "u8", "u8", "s32", "s32", 4, 1, 8, 8, "s32.u8.u8.s32"},
    {kWide, "s8", "s8", "s32", "s32", 1, 4, 8, 8, "s32.s8.s8.s32"},
    {kSmall, "f64", "f64", "f64", "f64", 1, 1, 2, 2, "f64.f64.f64.f64"},
};

std::size_t BytesOf(const std::string& type) {
  if (type == "s8" || type == "u8") return 1;
  if (type == "f16" || type == "bf16") return 2;
  return type == "f64" ? 8 : 4;
}

std::uint64_t Encode(const std::string& type, int value) {
  if (type == "f16") return FloatToHalf(static_cast<float>(value));
  if (type == "bf16") return std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16;
  if (type == "f32" || type == "tf32")
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (type == "f64") return std::bit_cast<std::uint64_t>(static_cast<double>(value));
  return static_cast<std::uint64_t>(std::int64_t{value});
}

int Decode(const std::string& type, std::uint64_t bits) {
  if (type == "f16") return static_cast<int>(HalfToFloat(static_cast<std::uint16_t>(bits)));
  if (type == "f32")
    return static_cast<int>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  if (type == "f64") return static_cast<int>(std::bit_cast<double>(bits));
  return static_cast<std::int32_t>(bits);
}

// Where an element of a matrix with so many columns lies, in rows or in columns of `stride`.
std::size_t Place(bool by_columns, int stride, int row, int column) {
  return static_cast<std::size_t>(by_columns ? column * stride + row : row * stride + column);
}

using Integers = std::vector<int>;  // in rows

std::vector<std::uint8_t> Bytes(const Integers& matrix, int columns, const std::string& type,
                                bool by_columns, int stride) {
  const std::size_t bytes = BytesOf(type);
  std::vector<std::uint8_t> out(16384);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const int row = static_cast<int>(i) / columns, column = static_cast<int>(i) % columns;
    const std::uint64_t bits = Encode(type, matrix[i]);
    std::memcpy(&out[Place(by_columns, stride, row, column) * bytes], &bits, bytes);
  }
  return out;
}

std::string Registers(const std::string& prefix, int count) {
  std::string text = "{";
  for (int i = 0; i < count; ++i) text += (i != 0 ? ", " : "") + prefix + std::to_string(i);
  return text + "}";
}

Integers Random(int count, int low, int high, unsigned seed) {
  std::mt19937 random(seed);
  Integers values(static_cast<std::size_t>(count));
  for (int& value : values)
    value = low + static_cast<int>(random() % static_cast<unsigned>(high - low));
  return values;
}

const int kCapability = 90;

std::string LoadText(const Form& f, char part, bool by_columns, const std::string& where,
                     const std::string& stride) {
  const bool is_a = part == 'a', is_b = part == 'b';
  return std::string("wmma.load.") + part + ".sync.aligned." + (by_columns ? "col." : "row.") +
         f.shape.name + ".global." +
         (is_a   ? f.a
          : is_b ? f.b
                 : f.c) +
         " " +
         Registers(std::string("%q") + part, is_a   ? f.a_registers
                                             : is_b ? f.b_registers
                                                    : f.c_registers) +
         ", " + where + stride + ";\n";
}

std::string Declarations(const Form& f) {
  const std::string bits = f.a == "f64" ? "64" : "32";
  std::string text;
  for (const char part : {'a', 'b', 'c', 'd'})
    text += ".reg .b" + bits + " %q" + std::string(1, part) + "<8>;\n";
  return text + "ld.param.u64 %d0, [a];\nld.param.u64 %d1, [b];\nld.param.u64 %d2, [c];\n";
}

// d in rows, for operands in rows or columns, with that much between them beyond the least.
Integers Multiply(const Form& f, const Integers& a, const Integers& b, const Integers& c,
                  bool a_columns, bool b_columns, bool c_columns, int gap,
                  const std::string& saturation = "") {
  const auto& [name, m, n, k] = f.shape;
  const int a_stride = (a_columns ? m : k) + gap, b_stride = (b_columns ? k : n) + gap;
  const int c_stride = (c_columns ? m : n) + gap;
  const auto stride = [&](int elements) {
    return gap == 0 ? std::string() : ", " + std::to_string(elements);
  };
  const auto layout = [](bool by_columns) { return by_columns ? "col." : "row."; };
  const std::string text =
      Declarations(f) + LoadText(f, 'a', a_columns, "[%d0]", stride(a_stride)) +
      LoadText(f, 'b', b_columns, "[%d1]", stride(b_stride)) +
      LoadText(f, 'c', c_columns, "[%d2]", stride(c_stride)) + "wmma.mma.sync.aligned." +
      layout(a_columns) + layout(b_columns) + name + "." + f.types + saturation + " " +
      Registers("%qd", f.d_registers) + ", " + Registers("%qa", f.a_registers) + ", " +
      Registers("%qb", f.b_registers) + ", " + Registers("%qc", f.c_registers) +
      ";\nwmma.store.d.sync.aligned." + layout(c_columns) + name + ".global." + f.d +
      " [%d2+16384], " + Registers("%qd", f.d_registers) + stride(c_stride) + ";\nret;";
  EngineHarness engine;
  LoadFailure failure;
  engine.program =
      LoadWhole(EngineHarness::Kernel(text), kCapability, DetectIsa(), engine.memory, &failure);
  INFO(failure.log);
  REQUIRE(engine.program != nullptr);
  std::vector<std::uint8_t> c_bytes = Bytes(c, n, f.c, c_columns, c_stride);
  c_bytes.resize(2 * c_bytes.size());
  const std::uint64_t out = engine.Put(c_bytes);
  engine.RunOk({1}, {32},
               {engine.Put(Bytes(a, k, f.a, a_columns, a_stride)),
                engine.Put(Bytes(b, n, f.b, b_columns, b_stride)), out});
  const auto bytes = EngineHarness::Get<std::uint8_t>(out + 16384, 16384);
  Integers d;
  for (int i = 0; i < m * n; ++i) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &bytes[Place(c_columns, c_stride, i / n, i % n) * BytesOf(f.d)],
                BytesOf(f.d));
    d.push_back(Decode(f.d, bits));
  }
  return d;
}

bool IsUnsigned(const std::string& type) {
  return type == "u8";
}

TEST_CASE("wmma multiplies small integers exactly, however they lie") {
  for (const Form& f : kForms) {
    const auto& [name, m, n, k] = f.shape;
    const Integers a = Random(m * k, IsUnsigned(f.a) ? 0 : -8, 9, 1);
    const Integers b = Random(k * n, IsUnsigned(f.b) ? 0 : -8, 9, 2);
    const Integers c = Random(m * n, -50, 51, 3);
    Integers expected = c;
    for (int row = 0; row < m; ++row)
      for (int column = 0; column < n; ++column)
        for (int i = 0; i < k; ++i)
          expected[static_cast<std::size_t>(row * n + column)] +=
              a[static_cast<std::size_t>(row * k + i)] *
              b[static_cast<std::size_t>(i * n + column)];
    for (int layouts = 0; layouts < 8; ++layouts) {
      for (const int gap : {0, 16}) {
        INFO(name, ".", f.types, " layouts ", layouts, " gap ", gap);
        CHECK(Multiply(f, a, b, c, (layouts & 1) != 0, (layouts & 2) != 0, (layouts & 4) != 0,
                       gap) == expected);
      }
    }
  }
}

TEST_CASE("wmma of integers wraps, or ends at the greatest value") {
  const Form& f = kForms[9];
  REQUIRE(f.a == "s8");
  const Integers a(256, 127), b(256, 127), c(256, INT32_MAX - 5);
  const Integers wrapped(256, static_cast<int>(INT32_MAX - 5u + 16u * 127 * 127));
  CHECK(Multiply(f, a, b, c, false, false, false, 0) == wrapped);
  CHECK(Multiply(f, a, b, c, false, false, false, 0, ".satfinite") == Integers(256, INT32_MAX));
}

TEST_CASE("fragments are matrices to arithmetic, and reach shared memory") {
  const std::string text = R"(
    .shared .align 32 .b8 tile[512];
    .reg .b32 %q<8>;
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    wmma.load.c.sync.aligned.row.m16n16k16.global.f16 {%q0, %q1, %q2, %q3}, [%d0];
    add.f16x2 %q0, %q0, %q0;
    add.f16x2 %q1, %q1, %q1;
    add.f16x2 %q2, %q2, %q2;
    add.f16x2 %q3, %q3, %q3;
    wmma.store.d.sync.aligned.row.m16n16k16.shared.f16 [tile], {%q0, %q1, %q2, %q3};
    mov.u64 %d2, tile;
    cvta.shared.u64 %d2, %d2;
    wmma.load.c.sync.aligned.row.m16n16k16.f16 {%q4, %q5, %q6, %q7}, [%d2];
    wmma.store.d.sync.aligned.col.m16n16k16.global.f16 [%d1], {%q4, %q5, %q6, %q7};
    ret;)";
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(text));
  const Integers x = Random(256, -100, 100, 4);
  std::vector<std::uint16_t> halves;
  for (const int value : x) halves.push_back(static_cast<std::uint16_t>(Encode("f16", value)));
  const std::uint64_t out = engine.Put(std::vector<std::uint16_t>(256));
  engine.RunOk({1}, {32}, {engine.Put(halves), out});
  const auto doubled = EngineHarness::Get<std::uint16_t>(out, 256);
  for (std::size_t i = 0; i < 256; ++i)
    CHECK(Decode("f16", doubled[i % 16 * 16 + i / 16]) == 2 * x[i]);
}

TEST_CASE("wmma refuses addresses that are outside, or not where rows may begin") {
  const Form& f = kForms[0];
  const auto status = [&](const std::string& where, const std::string& stride) {
    EngineHarness engine;
    engine.Load(
        EngineHarness::Kernel(Declarations(f) + LoadText(f, 'a', false, where, stride) + "ret;"));
    return engine.Run({1}, {32}, {engine.Put(std::vector<std::uint16_t>(256))}).status;
  };
  CHECK(status("[%d0]", "") == Status::kSuccess);
  CHECK(status("[%d0]", ", 16") == Status::kSuccess);
  CHECK(status("[%d0]", ", 24") == Status::kIllegalAddress);  // the last row
  CHECK(status("[%d0+32]", "") == Status::kIllegalAddress);
  CHECK(status("[%d0+2]", "") == Status::kMisalignedAddress);
  CHECK(status("[%d0]", ", 15") == Status::kMisalignedAddress);
}

TEST_CASE("wmma that does not exist is refused") {
  const std::string lists = "{%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7}";
  for (const std::string& text : std::initializer_list<std::string>{
           "wmma.load.a.sync.aligned.row.m16n16k16.global.f32 " + lists + ", [%d0];",
           "wmma.load.d.sync.aligned.row.m16n16k16.global.f16 " + lists + ", [%d0];",
           "wmma.load.a.sync.aligned.row.m16n16k8.global.f16 " + lists + ", [%d0];",
           "wmma.load.a.sync.aligned.row.m16n16k16.local.f16 " + lists + ", [%d0];",
           "wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%r0, %r1}, [%d0];",
           "wmma.load.a.sync.aligned.row.m16n16k16.global.f16 " + lists + ";",
           "wmma.store.a.sync.aligned.row.m16n16k16.global.f16 [%d0], " + lists + ";",
           "wmma.mma.sync.aligned.row.col.m16n16k16.s32.s8.u8.s32 " + lists +
               ", {%r0, %r1}, {%r2, %r3}, " + lists + ";",
           "wmma.mma.sync.aligned.row.col.m16n16k16.s32.s32 " + lists + ", " + lists + ", " +
               lists + ", " + lists + ";",
           "wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32.satfinite " + lists + ", " + lists +
               ", " + lists + ", " + lists + ";",
           "wmma.load;",
           "wmma;",
       }) {
    INFO(text);
    EngineHarness engine;
    CHECK(engine.LoadFails(EngineHarness::Kernel(text)).status == Status::kInvalidPtx);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
