#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "test/native/exec/engine_harness.h"

// mma.sp: which lane holds what, metadata above all, and what comes out.
namespace nodecuda::simulator {
namespace {

struct Shape {
  std::string shape, types;
  int k, bits;    // of an element of a and b
  int registers;  // of a, and of b
  int selectors;  // that there are
  bool half = false;
};

const Shape kShapes[] = {
    {"m16n8k16", "f32.f16.f16.f32", 16, 16, 2, 4},
    {"m16n8k16", "f16.f16.f16.f16", 16, 16, 2, 4, true},
    {"m16n8k32", "f32.f16.f16.f32", 32, 16, 4, 2},
    {"m16n8k32", "f16.f16.f16.f16", 32, 16, 4, 2, true},
    {"m16n8k16", "f32.bf16.bf16.f32", 16, 16, 2, 4},
    {"m16n8k32", "f32.bf16.bf16.f32", 32, 16, 4, 2},
    {"m16n8k8", "f32.tf32.tf32.f32", 8, 32, 2, 4},
    {"m16n8k16", "f32.tf32.tf32.f32", 16, 32, 4, 2},
    {"m16n8k32", "s32.s8.u8.s32", 32, 8, 2, 2},
    {"m16n8k32", "s32.u8.s8.s32", 32, 8, 2, 2},
    {"m16n8k64", "s32.s8.s8.s32", 64, 8, 4, 1},
    {"m16n8k64", "s32.u8.u8.s32", 64, 8, 4, 1},
    {"m16n8k64", "s32.s4.u4.s32", 64, 4, 2, 2},
    {"m16n8k128", "s32.u4.s4.s32", 128, 4, 4, 1},
    {"m16n8k128", "s32.s4.s4.s32", 128, 4, 4, 1},
    {"m16n8k64", "f32.e4m3.e5m2.f32", 64, 8, 4, 1},
    {"m16n8k64", "f32.e5m2.e4m3.f32", 64, 8, 4, 1},
};

std::string TypeOf(const Shape& s, int operand) {  // d, a, b, c
  std::string rest = s.types;
  for (; operand > 0; --operand) rest = rest.substr(rest.find('.') + 1);
  return rest.substr(0, rest.find('.'));
}

// Small whole numbers as elements of a type.
std::uint32_t Encode(const std::string& type, int value) {
  if (type == "s8" || type == "u8") return static_cast<std::uint8_t>(value);
  if (type == "s4" || type == "u4") return static_cast<unsigned>(value) & 15;
  if (type == "s32") return static_cast<std::uint32_t>(value);
  const auto f32 = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (type == "f32" || type == "tf32") return f32;
  if (type == "bf16") return f32 >> 16;
  const std::uint16_t f16 = FloatToHalf(static_cast<float>(value));
  if (type == "f16") return f16;
  if (type == "e5m2") return f16 >> 8;
  if (value == 0) return 0;
  return (f16 >> 8 & 0x80u) | (((f16 & 0x7fffu) >> 7) - (8u << 3));  // e4m3
}

// A matrix (16, k) of which half is stored, and four bits for each of its chunks.
struct Sparse {
  std::vector<std::uint32_t> stored;  // (16, k / 2)
  std::vector<int> columns;           // of the stored ones in the matrix
  std::vector<std::uint32_t> codes;   // (16, chunks of a row)
};

int ChunkOf(const Shape& s) {
  return s.bits == 32 ? 2 : s.bits == 4 ? 8 : 4;
}

// Random chunks. `any_order`: of the two indices, which mma.sp allows.
template <typename Any>
Sparse MakeSparse(const Shape& s, std::mt19937& random, bool any_order, Any any) {
  Sparse a;
  const int chunk = ChunkOf(s);
  for (int row = 0; row < 16; ++row) {
    for (int first = 0; first < s.k; first += chunk) {
      if (s.bits == 32) {
        const int which = static_cast<int>(random() % 2);
        a.codes.push_back(which ? 0b1110 : 0b0100);
        a.columns.push_back(first + which);
        a.stored.push_back(any());
        continue;
      }
      int one = static_cast<int>(random() % 4), two = static_cast<int>(random() % 3);
      if (two >= one) ++two;
      if (!any_order && one > two) std::swap(one, two);
      a.codes.push_back(static_cast<std::uint32_t>(one | two << 2));
      for (const int index : {one, two}) {
        for (int i = 0; i < chunk / 4; ++i) {
          a.columns.push_back(first + index * (chunk / 4) + i);
          a.stored.push_back(any());
        }
      }
    }
  }
  return a;
}

// The register with the metadata, lane by lane, as the pictures of the manual have it; lanes that
// the selector does not name have anything.
std::vector<std::uint32_t> MetadataOf(const Shape& s, const Sparse& a, int selector,
                                      std::mt19937& random) {
  const int chunks = s.k / ChunkOf(s), lanes = 4 / s.selectors;
  std::vector<std::uint32_t> words;
  for (int lane = 0; lane < 32; ++lane) {
    const int group = lane >> 2, thread = lane % 4;
    if (thread / lanes != selector) {
      words.push_back(static_cast<std::uint32_t>(random()));
      continue;
    }
    std::uint32_t word = 0;
    for (int i = 0; i < 8; ++i) {
      int row, column;
      if (s.bits >= 16) {
        row = i < 4 ? group : group + 8;
        column = thread % lanes * 4 + i % 4;
      } else {
        row = thread % 2 == 0 ? group : group + 8;
        column = (lanes == 4 && thread >= 2 ? 8 : 0) + i;
      }
      word |= a.codes[static_cast<std::size_t>(row * chunks + column)] << 4 * i;
    }
    words.push_back(word);
  }
  return words;
}

std::string List(const std::string& prefix, int first, int count) {
  std::string text = "{";
  for (int i = 0; i < count; ++i) text += (i ? ", " : "") + prefix + std::to_string(first + i);
  return text + "}";
}

// b (k, 8) and c (16, 8) row-major; d (16, 8).
std::vector<std::uint32_t> RunSparse(const Shape& s, const std::string& variant,
                                     const std::string& modifier,
                                     const std::vector<std::uint32_t>& stored,
                                     const std::vector<std::uint32_t>& b,
                                     const std::vector<std::uint32_t>& c,
                                     const std::vector<std::uint32_t>& metadata, int selector,
                                     int capability = 90) {
  const int per = 32 / s.bits, accumulators = s.half ? 2 : 4, row = 2 * s.registers + 5;
  const auto at = [](int i, int columns, int column) {
    return static_cast<std::size_t>(i * columns + column);
  };
  std::vector<std::uint32_t> words(static_cast<std::size_t>(32 * row));
  for (int lane = 0; lane < 32; ++lane) {
    const int group = lane >> 2, thread = lane % 4;
    std::uint32_t* lane_words = words.data() + lane * row;
    for (int reg = 0; reg < s.registers; ++reg) {
      for (int i = 0; i < per; ++i) {
        const std::size_t in_a = at(group + reg % 2 * 8, s.k / 2, (reg / 2 * 4 + thread) * per + i);
        const std::size_t in_b = at((reg * 4 + thread) * per + i, 8, group);
        lane_words[reg] |= stored[in_a] << (i * s.bits % 32);
        lane_words[s.registers + reg] |= b[in_b] << (i * s.bits % 32);
      }
    }
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t bits = c[at(group + i / 2 * 8, 8, thread * 2 + i % 2)];
      lane_words[2 * s.registers + (s.half ? i / 2 : i)] |= s.half ? bits << (16 * (i % 2)) : bits;
    }
    lane_words[row - 1] = metadata[static_cast<std::size_t>(lane)];
  }
  std::string text =
      ".reg .b32 %q<20>;\nmov.u32 %r0, %tid.x;\nld.param.u64 %d0, [a];\n"
      "mul.wide.u32 %d1, %r0, " +
      std::to_string(4 * row) + ";\nadd.s64 %d0, %d0, %d1;\n";
  for (int i = 0; i < row; ++i)
    text += "ld.global.b32 %q" + std::to_string(i) + ", [%d0+" + std::to_string(4 * i) + "];\n";
  const std::string sum = List("%q", 2 * s.registers, accumulators);
  text += "mma." + variant + ".sync.aligned." + s.shape + ".row.col" + modifier + "." + s.types +
          " " + sum + ", " + List("%q", 0, s.registers) + ", " +
          List("%q", s.registers, s.registers) + ", " + sum + ", %q" + std::to_string(row - 1) +
          ", " + std::to_string(selector) + ";\n";
  for (int i = 0; i < accumulators; ++i)
    text += "st.global.b32 [%d0+" + std::to_string(4 * i) + "], %q" +
            std::to_string(2 * s.registers + i) + ";\n";
  EngineHarness engine;
  LoadFailure failure;
  engine.program = LoadWhole(EngineHarness::Kernel(text + "ret;"), capability, DetectIsa(),
                             engine.memory, &failure);
  INFO(failure.log);
  REQUIRE(engine.program != nullptr);
  const std::uint64_t memory = engine.Put(words);
  engine.RunOk({1}, {32}, {memory});
  const auto out = EngineHarness::Get<std::uint32_t>(memory, words.size());
  std::vector<std::uint32_t> d(128);
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t word = out[static_cast<std::size_t>(lane * row + (s.half ? i / 2 : i))];
      d[at((lane >> 2) + i / 2 * 8, 8, lane % 4 * 2 + i % 2)] =
          s.half ? word >> (16 * (i % 2)) & 0xffff : word;
    }
  return d;
}

TEST_CASE("mma.sp: every shape and selector multiplies, whole numbers exactly") {
  std::mt19937 random(21);
  for (const Shape& s : kShapes) {
    for (int selector = 0; selector < s.selectors; ++selector) {
      for (const bool is_ordered : {false, true}) {
        CAPTURE(s.shape);
        CAPTURE(s.types);
        CAPTURE(selector);
        const auto any = [&](const std::string& type) {
          if (type == "u8") return static_cast<int>(random() % 256);
          if (type == "s8") return static_cast<int>(random() % 256) - 128;
          if (type == "u4") return static_cast<int>(random() % 16);
          if (type == "s4") return static_cast<int>(random() % 16) - 8;
          return static_cast<int>(random() % 9) - 4;  // exact in all formats
        };
        const std::string type_a = TypeOf(s, 1), type_b = TypeOf(s, 2), type_c = TypeOf(s, 3);
        std::vector<int> values, b, c;
        const Sparse a = MakeSparse(s, random, !is_ordered, [&] {
          return Encode(type_a, values.emplace_back(any(type_a)));
        });
        std::vector<std::uint32_t> b_bits, c_bits, expected;
        for (int i = 0; i < s.k * 8; ++i)
          b_bits.push_back(Encode(type_b, b.emplace_back(any(type_b))));
        for (int i = 0; i < 128; ++i) c_bits.push_back(Encode(type_c, c.emplace_back(any(type_c))));
        for (int row = 0; row < 16; ++row) {
          std::vector<int> dense(static_cast<std::size_t>(s.k));
          for (int i = row * s.k / 2; i < (row + 1) * s.k / 2; ++i)
            dense[static_cast<std::size_t>(a.columns[static_cast<std::size_t>(i)])] =
                values[static_cast<std::size_t>(i)];
          for (int column = 0; column < 8; ++column) {
            int sum = c[static_cast<std::size_t>(row * 8 + column)];
            for (int k = 0; k < s.k; ++k)
              sum +=
                  dense[static_cast<std::size_t>(k)] * b[static_cast<std::size_t>(k * 8 + column)];
            expected.push_back(Encode(type_c, sum));
          }
        }
        const auto metadata = MetadataOf(s, a, selector, random);
        const std::string variant = is_ordered ? "sp::ordered_metadata" : "sp";
        CHECK(RunSparse(s, variant, "", a.stored, b_bits, c_bits, metadata, selector, 80) ==
              expected);
        CHECK(RunSparse(s, variant, "", a.stored, b_bits, c_bits, metadata, selector, 90) ==
              expected);
        if (is_ordered && type_a.starts_with("e"))
          CHECK(RunSparse(s, variant, ".kind::f8f6f4", a.stored, b_bits, c_bits, metadata,
                          selector) == expected);
      }
    }
  }
}

TEST_CASE("mma.sp: LLVM's example has the results that its test states") {
  // mlir/test/Integration/Dialect/SparseTensor/GPU/CUDA/sparse-mma-2-4-f16.mlir: stored numbers
  // i + j + 1 at places 0 and 2 of each four, b[k][n] = n - k.
  const Shape& s = kShapes[3];
  REQUIRE(s.types == "f16.f16.f16.f16");
  std::vector<std::uint32_t> stored, b;
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 16; ++j) stored.push_back(Encode("f16", i + j + 1));
  for (int k = 0; k < 32; ++k)
    for (int n = 0; n < 8; ++n) b.push_back(Encode("f16", n - k));
  const auto d = RunSparse(s, "sp", "", stored, b, std::vector<std::uint32_t>(128),
                           std::vector<std::uint32_t>(32, 0x88888888), 0);
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 8; ++n)
      CHECK(d[static_cast<std::size_t>(i * 8 + n)] ==
            Encode("f16", -2720 - 240 * i + n * (136 + 16 * i)));
  CHECK(d[0] == Encode("f16", -2720));
  CHECK(d[7] == Encode("f16", -1768));
  CHECK(d[120] == Encode("f16", -6320));
  CHECK(d[127] == Encode("f16", -3688));
}

TEST_CASE("mma.sp: what is not stored is not multiplied, and sums are those of what is stored") {
  std::mt19937 random(22);
  for (const Shape& s : kShapes) {
    if (TypeOf(s, 1) != "f16" || s.half) continue;
    const auto fraction = [&] {
      return FloatToHalf(std::ldexp(static_cast<float>(random() % 4096) - 2048.0f,
                                    -static_cast<int>(random() % 6) - 9));
    };
    const Sparse a = MakeSparse(s, random, false, fraction);
    const auto metadata = MetadataOf(s, a, 0, random);
    std::vector<std::uint32_t> b, c;
    for (int i = 0; i < s.k * 8; ++i) b.push_back(fraction());
    for (int i = 0; i < 128; ++i)
      c.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(random() % 1000) / 777));
    const int stored = s.k / 2;
    for (const int capability : {80, 90}) {
      const TensorModel model = TensorModelOf(capability, TensorUnit::kMma, TensorType::kF16,
                                              TensorType::kF16, stored, false);
      const auto d = RunSparse(s, "sp", "", a.stored, b, c, metadata, 0, capability);
      for (int row = 0; row < 16; ++row) {
        std::vector<std::uint32_t> x, y;
        for (int i = row * stored; i < (row + 1) * stored; ++i) {
          x.push_back(a.stored[static_cast<std::size_t>(i)]);
          for (int n = 0; n < 8; ++n)
            y.push_back(
                b[static_cast<std::size_t>(a.columns[static_cast<std::size_t>(i)] * 8 + n)]);
        }
        std::vector<float> sums;
        for (int n = 0; n < 8; ++n)
          sums.push_back(std::bit_cast<float>(c[static_cast<std::size_t>(row * 8 + n)]));
        TensorMultiplyAccumulate(model, TensorType::kF16, TensorType::kF16, 1, 8, stored, x, y,
                                 sums, Isa::kBaseline);
        for (int n = 0; n < 8; ++n)
          CHECK(d[static_cast<std::size_t>(row * 8 + n)] ==
                std::bit_cast<std::uint32_t>(sums[static_cast<std::size_t>(n)]));
      }
    }
  }
  // 0 of each four is infinite, and 1 and 3 are stored.
  const Shape& s = kShapes[0];
  std::vector<std::uint32_t> b;
  for (int k = 0; k < 16; ++k) b.insert(b.end(), 8, k % 4 == 0 ? 0x7c00 : Encode("f16", 1));
  const auto d =
      RunSparse(s, "sp", "", std::vector<std::uint32_t>(128, Encode("f16", 1)), b,
                std::vector<std::uint32_t>(128), std::vector<std::uint32_t>(32, 0xdddddddd), 2);
  CHECK(d == std::vector<std::uint32_t>(128, std::bit_cast<std::uint32_t>(8.0f)));
}

TEST_CASE("mma.sp: an index that is there twice counts twice") {
  const Shape& s = kShapes[0];
  std::vector<std::uint32_t> b;
  for (int k = 0; k < 16; ++k) b.insert(b.end(), 8, Encode("f16", k));
  const auto d =
      RunSparse(s, "sp", "", std::vector<std::uint32_t>(128, Encode("f16", 1)), b,
                std::vector<std::uint32_t>(128), std::vector<std::uint32_t>(32, 0x5555aaaa), 3);
  for (std::size_t row = 0; row < 16; ++row)
    CHECK(d[row * 8] ==
          std::bit_cast<std::uint32_t>(2.0f * (row < 8 ? 2 + 6 + 10 + 14 : 1 + 5 + 9 + 13)));
}

TEST_CASE("mma.sp on integers wraps, or saturates where asked") {
  const Shape& s = kShapes[10];
  REQUIRE(s.types == "s32.s8.s8.s32");
  const std::vector<std::uint32_t> a(512, 127), b(512, 127), top(128, 0x7fffff00),
      codes(32, 0x44444444);
  constexpr std::uint32_t kSum = 0x7fffff00u + 32 * 127 * 127;
  CHECK(RunSparse(s, "sp", "", a, b, top, codes, 0) == std::vector<std::uint32_t>(128, kSum));
  CHECK(RunSparse(s, "sp", ".satfinite", a, b, top, codes, 0) ==
        std::vector<std::uint32_t>(128, 0x7fffffff));
  CHECK(RunSparse(s, "sp", ".satfinite", std::vector<std::uint32_t>(512, 0x81), b,
                  std::vector<std::uint32_t>(128, 0x80000010), codes,
                  0) == std::vector<std::uint32_t>(128, 0x80000000));
}

TEST_CASE("mma.sp: what does not exist, or is not defined, is refused") {
  EngineHarness engine;
  const std::string two = "{%r1, %r2}", four = "{%r1, %r2, %r3, %r4}", sum = "{%f1, %f2, %f3, %f4}";
  const auto refused = [&](const std::string& text) {
    const LoadFailure failure = engine.LoadFails(EngineHarness::Kernel("mma." + text + ";"));
    CHECK(failure.status == Status::kInvalidPtx);
    return failure.log;
  };
  const std::string pair = "sp.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32 " + sum + ", " + four +
                           ", " + four + ", " + sum;
  CHECK(refused(pair + ", %r5, 2").find("selector must be 0 or 1") != std::string::npos);
  CHECK(refused(pair + ", %r5, %r6").find("selector must be 0 or 1") != std::string::npos);
  refused(pair);
  refused(pair + ", 0, 0");    // the metadata must be a register
  refused(pair + ", %d5, 0");  // of 32 bits
  const std::string single =
      "m16n8k16.row.col.f32.f16.f16.f32 " + sum + ", " + two + ", " + two + ", " + sum + ", %r5, ";
  CHECK(refused("sp.sync.aligned." + single + "4").find("0, 1, 2 or 3") != std::string::npos);
  refused("sp::sorted.sync.aligned." + single + "0");
  const std::string all =
      ".f32.e4m3.e4m3.f32 " + sum + ", " + four + ", " + four + ", " + sum + ", %r5, ";
  CHECK(refused("sp.sync.aligned.m16n8k64.row.col" + all + "1").find("must be 0") !=
        std::string::npos);
  refused("sp.sync.aligned.m16n8k64.row.col.kind::f8f6f4" + all + "0");
  refused("sp.sync.aligned.m16n8k64.row.col.f16.e4m3.e4m3.f16 {%r1, %r2}, " + four + ", " + four +
          ", {%r1, %r2}, %r5, 0");
  refused("sp.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 " + sum + ", {%r1}, {%r1}, " + sum +
          ", %r5, 0");
  refused("sp.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 " + sum + ", " + four + ", " + two +
          ", " + sum + ", %r5, 0");
  refused("sp.sync.aligned.m16n8k64.row.col.s32.s4.s8.s32 " + four + ", " + two + ", " + two +
          ", " + four + ", %r5, 0");
  engine.Load(EngineHarness::Kernel("mma." + pair + ", %r5, 1;\nret;"));
  const Outcome outcome = engine.Run({1}, {16}, {});
  CHECK(outcome.status == Status::kLaunchFailure);
  CHECK(outcome.report.find("all 32 lanes") != std::string::npos);
}

}  // namespace
}  // namespace nodecuda::simulator
