#include <array>
#include <bit>
#include <cmath>
#include <random>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "test/native/exec/arithmetic/alu_reference.h"
#include "test/native/exec/engine_harness.h"

// mma.sync: which lane holds what, and what comes out.
namespace nodecuda::simulator {
namespace {

struct Shape {
  std::string shape, types;  // m16n8k16, f32.f16.f16.f32
  int m, k;
  int bits;           // of an element of a and b
  bool half = false;  // f16 accumulators
  bool wide = false;  // f64
};

const Shape kShapes[] = {
    {"m16n8k8", "f32.f16.f16.f32", 16, 8, 16},
    {"m16n8k16", "f32.f16.f16.f32", 16, 16, 16},
    {"m16n8k8", "f16.f16.f16.f16", 16, 8, 16, true},
    {"m16n8k16", "f16.f16.f16.f16", 16, 16, 16, true},
    {"m16n8k8", "f32.bf16.bf16.f32", 16, 8, 16},
    {"m16n8k16", "f32.bf16.bf16.f32", 16, 16, 16},
    {"m16n8k4", "f32.tf32.tf32.f32", 16, 4, 32},
    {"m16n8k8", "f32.tf32.tf32.f32", 16, 8, 32},
    {"m16n8k32", "f32.e4m3.e4m3.f32", 16, 32, 8},
    {"m16n8k32", "f32.e5m2.e4m3.f32", 16, 32, 8},
    {"m16n8k16", "f32.e4m3.e5m2.f32", 16, 16, 8},
    {"m16n8k32", "f16.e4m3.e4m3.f16", 16, 32, 8, true},
    {"m16n8k16", "s32.s8.s8.s32", 16, 16, 8},
    {"m16n8k32", "s32.s8.u8.s32", 16, 32, 8},
    {"m16n8k32", "s32.u8.s8.s32", 16, 32, 8},
    {"m8n8k16", "s32.u8.u8.s32", 8, 16, 8},
    {"m8n8k32", "s32.s4.s4.s32", 8, 32, 4},
    {"m16n8k32", "s32.u4.s4.s32", 16, 32, 4},
    {"m16n8k64", "s32.s4.u4.s32", 16, 64, 4},
    {"m16n8k64", "s32.u4.u4.s32", 16, 64, 4},
    {"m8n8k128", "s32.b1.b1.s32.xor.popc", 8, 128, 1},
    {"m16n8k128", "s32.b1.b1.s32.and.popc", 16, 128, 1},
    {"m16n8k256", "s32.b1.b1.s32.xor.popc", 16, 256, 1},
    {"m16n8k256", "s32.b1.b1.s32.and.popc", 16, 256, 1},
    {"m8n8k4", "f64.f64.f64.f64", 8, 4, 64, false, true},
    {"m16n8k4", "f64.f64.f64.f64", 16, 4, 64, false, true},
    {"m16n8k8", "f64.f64.f64.f64", 16, 8, 64, false, true},
    {"m16n8k16", "f64.f64.f64.f64", 16, 16, 64, false, true},
};

// Where the manual puts element i of a lane's fragment, as its formulas are written there.
struct Place {
  int row, column;
};
Place PlaceOfA(const Shape& s, int lane, int i) {
  const int group = lane >> 2, thread = lane % 4;
  if (s.wide)
    return {s.m == 8 || i % 2 == 0 ? group : group + 8, i / (s.m == 8 ? 1 : 2) * 4 + thread};
  if (s.bits == 32) return {i % 2 == 0 ? group : group + 8, i < 2 ? thread : thread + 4};
  if (s.bits == 16) {
    const bool upper = i < 2 || (i >= 4 && i < 6);
    return {upper ? group : group + 8, thread * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
  }
  if (s.bits == 4) {
    const bool upper = s.m == 8 || i < 8 || (i >= 16 && i < 24);
    return {upper ? group : group + 8, thread * 8 + (i & 7) + (i >= 16 ? 32 : 0)};
  }
  if (s.bits == 1) {
    const bool upper = s.m == 8 || i < 32 || (i >= 64 && i < 96);
    return {upper ? group : group + 8, thread * 32 + (i & 31) + (i >= 64 ? 128 : 0)};
  }
  if (s.m == 8) return {group, thread * 4 + i};
  const bool upper = i < 4 || (i >= 8 && i < 12);
  return {upper ? group : group + 8, thread * 4 + (i & 3) + (i >= 8 ? 16 : 0)};
}
Place PlaceOfB(const Shape& s, int lane, int i) {
  const int group = lane >> 2, thread = lane % 4;
  if (s.bits >= 32) return {thread + 4 * i, group};
  if (s.bits == 16) return {thread * 2 + (i & 1) + (i >= 2 ? 8 : 0), group};
  if (s.bits == 4) return {thread * 8 + (i & 7) + (i >= 8 ? 32 : 0), group};
  if (s.bits == 1) return {thread * 32 + (i & 31) + (i >= 32 ? 128 : 0), group};
  return {thread * 4 + (i & 3) + (i >= 4 ? 16 : 0), group};
}
Place PlaceOfC(int lane, int i) {
  const int group = lane >> 2, thread = lane % 4;
  return {i < 2 ? group : group + 8, thread * 2 + (i & 1)};
}

using Matrix = std::vector<std::uint64_t>;  // bits of elements, row-major

// The fragments of all lanes as the kernel loads them: 8 bytes for each register, lane after lane.
template <typename PlaceOf>
std::vector<std::uint64_t> Pack(const Matrix& matrix, int columns, int elements, int bits,
                                PlaceOf place_of) {
  const int per = std::max(1, 32 / bits), registers = elements / per;
  std::vector<std::uint64_t> packed(static_cast<std::size_t>(32 * registers));
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < elements; ++i) {
      const Place at = place_of(lane, i);
      packed[static_cast<std::size_t>(lane * registers + i / per)] |=
          matrix[static_cast<std::size_t>(at.row * columns + at.column)] << (i % per * bits);
    }
  }
  return packed;
}

std::string List(const std::string& prefix, int count) {
  std::string text = "{";
  for (int i = 0; i < count; ++i) text += (i ? ", " : "") + prefix + std::to_string(i);
  return text + "}";
}

// a, b and c in, d out. `in_place`: d is written over c.
Matrix RunMma(const Shape& s, const Matrix& a, const Matrix& b, const Matrix& c, int capability,
              const std::string& modifier, bool in_place) {
  const int per = std::max(1, 32 / s.bits), c_bits = s.half ? 16 : s.wide ? 64 : 32;
  const int a_elements = s.m * s.k / 32, b_elements = s.k * 8 / 32, c_elements = s.m * 8 / 32;
  const int counts[] = {a_elements / per, b_elements / per, s.half ? c_elements / 2 : c_elements};
  const std::string names[] = {"%qa", "%qb", "%qc"};
  const std::string bits = s.wide ? "64" : "32";
  std::string text;
  for (int i = 0; i < 3; ++i) text += ".reg .b" + bits + " " + names[i] + "<16>;\n";
  text += ".reg .b" + bits + " %qd<16>;\nmov.u32 %r0, %tid.x;\n";
  const std::string parameters[] = {"a", "b", "c"};
  for (int i = 0; i < 3; ++i) {
    const std::string d = "%d" + std::to_string(i);
    text += "ld.param.u64 " + d + ", [" + parameters[i] + "];\nmul.wide.u32 %d9, %r0, " +
            std::to_string(8 * counts[i]) + ";\nadd.s64 " + d + ", " + d + ", %d9;\n";
    for (int reg = 0; reg < counts[i]; ++reg)
      text += "ld.global.b" + bits + " " + names[i] + std::to_string(reg) + ", [" + d + "+" +
              std::to_string(8 * reg) + "];\n";
  }
  const std::string d = in_place ? "%qc" : "%qd";
  text += "mma.sync.aligned." + s.shape + ".row.col" + modifier + "." + s.types + " " +
          List(d, counts[2]) + ", " + List("%qa", counts[0]) + ", " + List("%qb", counts[1]) +
          ", " + List("%qc", counts[2]) + ";\n";
  for (int reg = 0; reg < counts[2]; ++reg)
    text += "st.global.b" + bits + " [%d2+" + std::to_string(8 * reg) + "], " + d +
            std::to_string(reg) + ";\n";

  EngineHarness engine;
  LoadFailure failure;
  engine.program = LoadWhole(EngineHarness::Kernel(text + "ret;"), capability, DetectIsa(),
                             engine.memory, &failure);
  INFO(failure.log);
  REQUIRE(engine.program != nullptr);
  const auto place_a = [&](int lane, int i) { return PlaceOfA(s, lane, i); };
  const auto place_b = [&](int lane, int i) { return PlaceOfB(s, lane, i); };
  const std::uint64_t out = engine.Put(Pack(c, 8, c_elements, c_bits, PlaceOfC));
  engine.RunOk({1}, {32},
               {engine.Put(Pack(a, s.k, a_elements, s.bits, place_a)),
                engine.Put(Pack(b, 8, b_elements, s.bits, place_b)), out});
  const auto packed =
      EngineHarness::Get<std::uint64_t>(out, static_cast<std::size_t>(32 * counts[2]));
  Matrix result(static_cast<std::size_t>(s.m * 8));
  const int c_per = s.half ? 2 : 1;
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < c_elements; ++i) {
      const Place at = PlaceOfC(lane, i);
      const std::uint64_t word = packed[static_cast<std::size_t>(lane * counts[2] + i / c_per)];
      result[static_cast<std::size_t>(at.row * 8 + at.column)] =
          s.wide   ? word
          : s.half ? word >> (16 * (i % 2)) & 0xffff
                   : word & 0xffffffff;
    }
  }
  return result;
}

// Small whole numbers as elements of a type, and back.
std::uint64_t Encode(const std::string& type, int value) {
  if (type == "s8" || type == "u8") return static_cast<std::uint8_t>(value);
  if (type == "s4" || type == "u4" || type == "b1") return static_cast<unsigned>(value) & 15;
  if (type == "s32") return static_cast<std::uint32_t>(value);
  if (type == "f64") return std::bit_cast<std::uint64_t>(static_cast<double>(value));
  const auto f32 = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (type == "f32" || type == "tf32") return f32;
  if (type == "bf16") return f32 >> 16;
  const std::uint16_t f16 = FloatToHalf(static_cast<float>(value));
  if (type == "f16") return f16;
  if (type == "e5m2") return f16 >> 8;
  if (value == 0) return 0;  // e4m3: the bias is 8 less
  return (f16 >> 8 & 0x80u) | (((f16 & 0x7fffu) >> 7) - (8u << 3));
}

std::string TypeOf(const Shape& s, int operand) {  // d, a, b, c
  std::string rest = s.types;
  for (; operand > 0; --operand) rest = rest.substr(rest.find('.') + 1);
  return rest.substr(0, rest.find('.'));
}

TEST_CASE("mma.sync: every shape multiplies matrices, whole numbers exactly") {
  std::mt19937 random(11);
  for (const Shape& s : kShapes) {
    for (const int capability : {80, 90}) {
      CAPTURE(s.shape);
      CAPTURE(s.types);
      const std::string type_a = TypeOf(s, 1), type_b = TypeOf(s, 2), type_c = TypeOf(s, 3);
      const auto any = [&](const std::string& type) {
        if (type == "u8") return static_cast<int>(random() % 256);
        if (type == "s8") return static_cast<int>(random() % 256) - 128;
        if (type == "u4") return static_cast<int>(random() % 16);
        if (type == "s4") return static_cast<int>(random() % 16) - 8;
        if (type == "b1") return static_cast<int>(random() % 2);
        return static_cast<int>(random() % 9) - 4;  // exact in all formats
      };
      std::vector<int> a, b, c;
      Matrix a_bits, b_bits, c_bits, expected;
      for (int i = 0; i < s.m * s.k; ++i)
        a_bits.push_back(Encode(type_a, a.emplace_back(any(type_a))));
      for (int i = 0; i < s.k * 8; ++i)
        b_bits.push_back(Encode(type_b, b.emplace_back(any(type_b))));
      for (int i = 0; i < s.m * 8; ++i)
        c_bits.push_back(Encode(type_c, c.emplace_back(any(type_c))));
      for (int row = 0; row < s.m; ++row) {
        for (int column = 0; column < 8; ++column) {
          int sum = c[static_cast<std::size_t>(row * 8 + column)];
          for (int k = 0; k < s.k; ++k) {
            const int x = a[static_cast<std::size_t>(row * s.k + k)];
            const int y = b[static_cast<std::size_t>(k * 8 + column)];
            sum += s.types.ends_with("xor.popc") ? x != y : x * y;
          }
          expected.push_back(Encode(type_c, sum));
        }
      }
      for (const bool in_place : {false, true})
        CHECK(RunMma(s, a_bits, b_bits, c_bits, capability, "", in_place) == expected);
      if (type_a == "e4m3")
        CHECK(RunMma(s, a_bits, b_bits, c_bits, capability, ".kind::f8f6f4", false) == expected);
    }
  }
}

TEST_CASE("mma.sync rounds as the device does") {
  std::mt19937_64 random(12);
  for (const Shape& s : kShapes) {
    const std::string type = TypeOf(s, 1);
    if (type != "f16" && type != "bf16" && type != "tf32") continue;
    const TensorType tensor = type == "f16"    ? TensorType::kF16
                              : type == "bf16" ? TensorType::kBF16
                                               : TensorType::kTF32;
    Matrix a, b, c;
    // Exponents close to each other, any fractions.
    const auto any = [&](bool half) -> std::uint64_t {
      const float value = std::ldexp(static_cast<float>(random() % 4096) - 2048.0f,
                                     -static_cast<int>(random() % 6) - 9);
      if (half) return FloatToHalf(value);
      return std::bit_cast<std::uint32_t>(value) >> (type == "bf16" ? 16 : 0);
    };
    for (int i = 0; i < s.m * s.k; ++i) a.push_back(any(type == "f16"));
    for (int i = 0; i < s.k * 8; ++i) b.push_back(any(type == "f16"));
    for (int i = 0; i < s.m * 8; ++i)
      c.push_back(s.half ? any(true)
                         : std::bit_cast<std::uint32_t>(static_cast<float>(random() % 1000) / 777));
    std::vector<Matrix> results;
    for (const int capability : {75, 80, 90}) {
      CAPTURE(s.shape);
      CAPTURE(s.types);
      CAPTURE(capability);
      std::vector<std::uint32_t> x(a.begin(), a.end()), y(b.begin(), b.end());
      std::vector<float> z;
      for (const std::uint64_t bits : c)
        z.push_back(s.half ? HalfToFloat(static_cast<std::uint16_t>(bits))
                           : std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
      TensorMultiplyAccumulate(
          TensorModelOf(capability, TensorUnit::kMma, tensor, tensor, s.k, s.half), tensor, tensor,
          s.m, 8, s.k, x, y, z, Isa::kBaseline);
      Matrix expected;
      for (const float value : z)
        expected.push_back(s.half ? FloatToHalf(value) : std::bit_cast<std::uint32_t>(value));
      results.push_back(RunMma(s, a, b, c, capability, "", false));
      CHECK(results.back() == expected);
    }
    if (!s.half) CHECK(results[1] != results[2]);  // Ampere keeps less than Hopper
  }
}

TEST_CASE("mma.sync on f64 is a chain of fused multiply-adds") {
  std::mt19937_64 random(13);
  const Shape& s = kShapes[std::size(kShapes) - 1];
  Matrix a, b, c, expected;
  const auto any = [&] {
    return std::bit_cast<std::uint64_t>(
        std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())),
                   -60 - static_cast<int>(random() % 30)));
  };
  for (int i = 0; i < 256; ++i) a.push_back(any());
  for (int i = 0; i < 128; ++i) b.push_back(any()), c.push_back(any());
  a[5] = 0x7ff0000000000000;  // infinity and NaN come through
  a[40] = 0x7ff8000000000001;
  for (std::size_t i = 0; i < 128; ++i) {
    double sum = std::bit_cast<double>(c[i]);
    for (std::size_t k = 0; k < 16; ++k) {
      // The exact product and sum in quad precision may round twice: fma is the reference.
      sum = std::fma(std::bit_cast<double>(a[i / 8 * 16 + k]),
                     std::bit_cast<double>(b[k * 8 + i % 8]), sum);
    }
    expected.push_back(std::isnan(sum) ? 0xfff8000000000000 : std::bit_cast<std::uint64_t>(sum));
  }
  CHECK(RunMma(s, a, b, c, 90, "", false) == expected);
  CHECK(RunMma(s, a, b, c, 90, ".rn", false) == expected);
}

TEST_CASE("mma.sync on integers wraps, or saturates where asked") {
  const Shape& s = kShapes[12];
  REQUIRE(s.types == "s32.s8.s8.s32");
  const Matrix a(256, 127), b(128, 127);
  const Matrix top(128, 0x7fffff00);
  constexpr std::uint32_t kSum = 0x7fffff00u + 16 * 127 * 127;
  CHECK(RunMma(s, a, b, top, 80, "", false) == Matrix(128, kSum));
  CHECK(RunMma(s, a, b, top, 80, ".satfinite", false) == Matrix(128, 0x7fffffff));
  const Matrix minus(256, 0x81), bottom(128, 0x80000010);
  CHECK(RunMma(s, minus, b, bottom, 80, ".satfinite", true) == Matrix(128, 0x80000000));
  CHECK(RunMma(s, a, b, Matrix(128, 5), 80, ".satfinite", true) == Matrix(128, 5 + 16 * 127 * 127));
}

TEST_CASE("ldmatrix, mma.sync and a store multiply row-major matrices from shared memory") {
  // a (16, 16), b (16, 8) row-major f16; out f32.
  EngineHarness engine;
  engine.Load(EngineHarness::Kernel(R"(
    .shared .align 16 .b8 tiles[768];
    mov.u32 %r0, %tid.x;
    mov.u32 %r1, tiles;
    ld.param.u64 %d0, [a];
    mul.wide.u32 %d1, %r0, 16;
    add.s64 %d2, %d0, %d1;
    shl.b32 %r2, %r0, 4;
    add.u32 %r2, %r2, %r1;
    cp.async.cg.shared.global [%r2], [%d2], 16;
    setp.lt.u32 %p1, %r0, 16;
    @%p1 cp.async.cg.shared.global [%r2+512], [%d2+512], 16;
    cp.async.commit_group;
    cp.async.wait_group 0;
    bar.warp.sync -1;
    and.b32 %r3, %r0, 15;
    shr.u32 %r4, %r0, 4;
    shl.b32 %r5, %r3, 5;
    shl.b32 %r6, %r4, 4;
    add.u32 %r5, %r5, %r6;
    add.u32 %r5, %r5, %r1;
    ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%r5];
    shl.b32 %r7, %r3, 4;
    add.u32 %r7, %r7, %r1;
    ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r14, %r15}, [%r7+512];
    mov.f32 %f0, 0f00000000;
    mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
      {%f1, %f2, %f3, %f4}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%f0, %f0, 0f00000000, %f0};
    ld.param.u64 %d3, [b];
    mul.wide.u32 %d4, %r0, 8;
    add.s64 %d3, %d3, %d4;
    st.global.v2.f32 [%d3], {%f1, %f2};
    st.global.v2.f32 [%d3+256], {%f3, %f4};
    ret;
  )"));
  std::mt19937 random(14);
  std::vector<std::uint16_t> halves;
  std::vector<int> values;
  for (int i = 0; i < 384; ++i) {
    values.push_back(static_cast<int>(random() % 21) - 10);
    halves.push_back(FloatToHalf(static_cast<float>(values.back())));
  }
  const std::uint64_t in = engine.Put(halves), out = engine.Zeros(128);
  engine.RunOk({1}, {32}, {in, out});
  const auto got = EngineHarness::Get<float>(out, 128);
  for (std::size_t i = 0; i < 128; ++i) {
    int sum = 0;
    for (std::size_t k = 0; k < 16; ++k)
      sum += values[i / 8 * 16 + k] * values[256 + k * 8 + i % 8];
    CHECK(got[i] == static_cast<float>(sum));
  }
}

TEST_CASE("mma.sync: what does not exist, or is not supported, is refused") {
  EngineHarness engine;
  const std::string a4 = "{%r1, %r2, %r3, %r4}", b2 = "{%r5, %r6}", c4 = "{%f1, %f2, %f3, %f4}";
  const std::string cases[] = {
      "m16n8k16.row.col.f32.f16.f16.f32 " + c4 + ", " + b2 + ", " + b2 + ", " + c4,
      "m16n8k16.row.row.f32.f16.f16.f32 " + c4 + ", " + a4 + ", " + b2 + ", " + c4,
      "m16n8k16.row.col.f32.f16.bf16.f32 " + c4 + ", " + a4 + ", " + b2 + ", " + c4,
      "m16n8k32.row.col.f32.f16.f16.f32 " + c4 + ", " + a4 + ", " + b2 + ", " + c4,
      "m16n8k16.row.col.f16.f16.f16.f32 " + c4 + ", " + a4 + ", " + b2 + ", " + c4,
      "m16n8k16.row.col.satfinite.f32.f16.f16.f32 " + c4 + ", " + a4 + ", " + b2 + ", " + c4,
      "m16n8k16.row.col.f32.f16.f16.f32 " + c4 + ", " + a4 + ", " + b2,
      "m16n8k16.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, %d4}, " + a4 + ", " + b2 + ", " + c4,
      "m16n8k16.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, 1}, " + a4 + ", " + b2 + ", " + c4,
      "m8n8k4.row.col.f32.f16.f16.f32 " + c4 + ", " + b2 + ", " + b2 + ", " + c4,
      "m16n8k128.row.col.s32.s4.s4.s32 " + a4 + ", " + a4 + ", " + b2 + ", " + a4,
      "m16n8k64.row.col.s32.s4.s8.s32 " + a4 + ", " + a4 + ", " + b2 + ", " + a4,
      "m16n8k256.row.col.s32.b1.b1.s32 " + a4 + ", " + a4 + ", " + b2 + ", " + a4,
      "m16n8k256.row.col.s32.b1.b1.s32.or.popc " + a4 + ", " + a4 + ", " + b2 + ", " + a4,
      "m16n8k256.row.col.satfinite.s32.b1.b1.s32.xor.popc " + a4 + ", " + a4 + ", " + b2 + ", " +
          a4,
      "m16n8k64.row.col.s32.s4.s4.s32.xor.popc " + a4 + ", " + a4 + ", " + b2 + ", " + a4,
  };
  for (const std::string& text : cases) {
    CAPTURE(text);
    CHECK(engine.LoadFails(EngineHarness::Kernel("mma.sync.aligned." + text + ";")).status ==
          Status::kInvalidPtx);
  }
  engine.Load(EngineHarness::Kernel("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 " + c4 +
                                    ", " + a4 + ", " + b2 + ", " + c4 + ";\nret;"));
  const Outcome outcome = engine.Run({1}, {16}, {});
  CHECK(outcome.status == Status::kLaunchFailure);
  CHECK(outcome.report.find("all 32 lanes") != std::string::npos);
}

}  // namespace
}  // namespace nodecuda::simulator
