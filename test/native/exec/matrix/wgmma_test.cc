#include <cmath>
#include <cstdint>
#include <random>

#include "test/native/exec/hopper_harness.h"

// wgmma: every type, both places of A, both orders, every swizzle, against sums of small integers,
// which every model of the accumulation must get exactly.
namespace nodecuda::simulator {
namespace {

constexpr int kM = 64;
constexpr std::size_t kBytesOfA = 32 << 10, kBytesOfB = 64 << 10;

struct Type {
  const char* name;
  const char* result;  // f32, f16 or s32
  int bytes;
};

std::uint32_t Encode(const Type& type, int value) {
  const std::string name = type.name;
  if (name == "s8" || name == "u8" || name == "b1") return static_cast<std::uint8_t>(value);
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (name == "tf32") return bits;
  if (name == "bf16") return bits >> 16;
  if (value == 0) return 0;
  // f16, e4m3, e5m2: small integers are normal numbers in each
  const int fraction = name == "f16" ? 10 : name == "e4m3" ? 3 : 2;
  const int bias = name == "f16" ? 15 : name == "e4m3" ? 7 : 15;
  const std::uint32_t exponent = (bits >> 23 & 255) - 127 + static_cast<std::uint32_t>(bias);
  const std::uint32_t sign = (bits >> 31) << (8 * type.bytes - 1);
  return sign | exponent << fraction | (bits & 0x7fffff) >> (23 - fraction);
}

// How a matrix of `count` rows (of A; columns of B) lies in shared memory. Written down from the
// figures of the PTX ISA, by row and unit, not by address as the simulator does it.
struct Layout {
  bool k_major = true;
  int span = 128;  // bytes; 16: no swizzle
  int k_step = 0;  // K-major: which 32 bytes of the span the product starts at
  std::size_t leading = 0, stride = 0;

  static int Exchange(int span, int row) {
    return span == 128 ? row % 8 : span == 64 ? row / 2 % 4 : span == 32 ? row / 4 % 2 : 0;
  }
  std::size_t Offset(int row, int k, int bytes) const {
    const auto at = [this](int line, int column_byte, std::size_t group) {
      const int unit = column_byte / 16 ^ Exchange(span, line);
      return static_cast<std::size_t>(line * span + unit * 16 + column_byte % 16) + group;
    };
    if (k_major && span == 16)
      return static_cast<std::size_t>(row % 8 * 16 + k * bytes % 16) +
             static_cast<std::size_t>(row / 8) * stride +
             static_cast<std::size_t>(k * bytes / 16) * leading;
    if (k_major)
      return at(row % 8, 32 * k_step + k * bytes, static_cast<std::size_t>(row / 8) * stride);
    const int wide = span / bytes;
    if (span == 16)
      return at(k % 8, row % wide * bytes,
                static_cast<std::size_t>(k / 8) * leading +
                    static_cast<std::size_t>(row / wide) * stride);
    return at(
        k % 8, row % wide * bytes,
        static_cast<std::size_t>(k / 8) * stride + static_cast<std::size_t>(row / wide) * leading);
  }
  std::uint64_t Descriptor() const {
    const std::uint64_t mode = span == 128 ? 1 : span == 64 ? 2 : span == 32 ? 3 : 0;
    return (static_cast<std::uint64_t>(k_step) * 32 >> 4) | std::uint64_t{leading >> 4} << 16 |
           std::uint64_t{stride >> 4} << 32 | mode << 62;
  }
};

Layout MakeLayout(bool k_major, int span, int k_step, int count, int bytes) {
  Layout layout{k_major, span, k_step, 0, 0};
  const auto atom = static_cast<std::size_t>(8 * span);
  if (k_major && span == 16) {
    layout.leading = 128;
    layout.stride = 256;
  } else if (k_major) {
    layout.stride = atom;
  } else if (span == 16) {  // units along M/N side by side, then the next 8 of K
    layout.stride = atom;
    layout.leading = atom * static_cast<std::size_t>(count * bytes / 16);
  } else {
    layout.stride = atom;  // 16 of K are two atoms, and 32 four
    layout.leading = 4 * atom;
  }
  return layout;
}

std::string Registers(const char* prefix, int first, int count) {
  std::string list = "{";
  for (int i = 0; i < count; ++i)
    list += (i == 0 ? "" : ", ") + std::string(prefix) + std::to_string(first + i);
  return list + "}";
}

struct Case {
  Type type;
  int n;
  bool a_in_registers = false;
  Layout a = {}, b = {};
  bool accumulate = false;
  int scale_a = 1, scale_b = 1;
  const char* b_name = nullptr;  // of another type than A's
  int selector = -1;             // of a sparse A

  bool is_sparse() const { return selector >= 0; }
  int stored_k() const { return 32 / type.bytes; }
  int k() const { return is_sparse() ? 2 * stored_k() : stored_k(); }
};

int ResultRegisters(const Case& c) {
  return std::string(c.type.result) == "f16" ? c.n / 4 : c.n / 2;
}

std::string Product(const Case& c, const std::string& predicate) {
  const std::string type = c.type.name;
  std::string text =
      std::string("wgmma.mma_async") + (c.is_sparse() ? ".sp" : "") + ".sync.aligned.m64n" +
      std::to_string(c.n) + "k" + std::to_string(c.k() * (type == "b1" ? 8 : 1)) + "." +
      c.type.result + "." + type + "." + (c.b_name != nullptr ? c.b_name : type) +
      (type == "b1" ? ".and.popc " : " ") + Registers("%acc", 0, ResultRegisters(c)) + ", " +
      (c.a_in_registers ? "{%r4, %r5, %r6, %r7}" : "%d4") + ", %d5, " +
      (c.is_sparse() ? "%r8, " + std::to_string(c.selector) + ", " : "") + predicate;
  if (type != "s8" && type != "u8" && type != "b1")
    text += ", " + std::to_string(c.scale_a) + ", " + std::to_string(c.scale_b);
  if (c.type.bytes == 2) {
    if (!c.a_in_registers) text += c.a.k_major ? ", 0" : ", 1";
    text += c.b.k_major ? ", 0" : ", 1";
  }
  return text + ";\n";
}

// Parameters: a: A then B as they lie in shared memory, then each thread's four registers of A,
// then each thread's metadata; b: where D goes, by thread; c: the descriptors. Everything comes in
// by one bulk copy.
std::string KernelFor(const Case& c) {
  const int registers = ResultRegisters(c);
  std::string body = ".reg .b32 %acc<128>;\n.shared .align 8 .b64 barrier;\n" + std::string(R"(
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    ld.param.u64 %d2, [c];
    mov.u32 %r1, tile;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra READY;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    fence.proxy.async.shared::cta;
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [barrier], 98304;
    cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%d0], 98304, [barrier];
READY:
    bar.sync 0;
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [barrier], 0;
    @!%p1 bra WAIT;
    cvt.u64.u32 %d3, %r1;
    shr.u64 %d3, %d3, 4;
    ld.global.u64 %d4, [%d2];
    add.s64 %d4, %d4, %d3;
    ld.global.u64 %d5, [%d2+8];
    add.s64 %d5, %d5, %d3;
    add.s64 %d5, %d5, 2048;
    mul.wide.u32 %d6, %r0, 16;
    add.s64 %d6, %d0, %d6;
    ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%d6+98304];
    mul.wide.u32 %d6, %r0, 4;
    add.s64 %d6, %d0, %d6;
    ld.global.u32 %r8, [%d6+100352];
    setp.eq.u32 %p2, %r0, 999;
    setp.ne.u32 %p3, %r0, 999;
)");
  for (int i = 0; i < registers; ++i)
    body += "mov.b32 %acc" + std::to_string(i) + ", 0x7fc07fc0;\n";
  body += "wgmma.fence.sync.aligned;\n" + Product(c, "%p2");  // overwrites what is there
  if (c.accumulate) body += Product(c, "%p3") + Product(c, "1");
  body += "wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;\n";
  body += "mul.wide.u32 %d7, %r0, " + std::to_string(4 * registers) + ";\nadd.s64 %d7, %d1, %d7;\n";
  for (int i = 0; i < registers; ++i)
    body += "st.global.b32 [%d7+" + std::to_string(4 * i) + "], %acc" + std::to_string(i) + ";\n";
  return HopperHarness::Kernel(body + "ret;", ".extern .shared .align 1024 .b8 tile[];\n");
}

double ValueOf(const Case& c, std::uint32_t word, int half) {
  const std::string result = c.type.result;
  if (result == "s32") return static_cast<std::int32_t>(word);
  if (result == "f32") return std::bit_cast<float>(word);
  const std::uint32_t bits = word >> (16 * half) & 0xffff;
  const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
  const double size =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

// Where in its row each stored element of a sparse A is, and the codes that say so: 2 of 4, 1 of 2
// of tf32.
struct Places {
  std::vector<int> columns;          // (64, stored k)
  std::vector<std::uint32_t> codes;  // (64, codes of a row)
};
Places MakePlaces(const Case& c, std::mt19937& random) {
  Places places;
  for (int row = 0; row < kM; ++row) {
    for (int first = 0; first < c.k(); first += c.type.bytes == 4 ? 2 : 4) {
      if (c.type.bytes == 4) {
        const int which = static_cast<int>(random() % 2);
        places.codes.push_back(which != 0 ? 0b1110 : 0b0100);
        places.columns.push_back(first + which);
        continue;
      }
      const int one = static_cast<int>(random() % 3);
      const int two = one + 1 + static_cast<int>(random() % static_cast<unsigned>(3 - one));
      places.codes.push_back(static_cast<std::uint32_t>(one | two << 2));
      places.columns.insert(places.columns.end(), {first + one, first + two});
    }
  }
  return places;
}

// As the pictures of the manual have it; what the selector does not name is anything.
std::uint32_t MetadataOf(const Case& c, const Places& places, int thread, std::mt19937& random) {
  const int quad = thread % 4, row = thread / 32 * 16 + thread % 32 / 4;
  if (c.type.bytes != 1 && quad / 2 != c.selector) return static_cast<std::uint32_t>(random());
  std::uint32_t word = 0;
  for (int i = 0; i < 8; ++i) {
    const int of_row = c.type.bytes == 1 ? row + quad % 2 * 8 : row + i / 4 * 8;
    const int column = c.type.bytes == 1 ? quad / 2 * 8 + i : quad % 2 * 4 + i % 4;
    const int codes = c.type.bytes == 1 ? 16 : 8;
    word |= places.codes[static_cast<std::size_t>(of_row * codes + column)] << 4 * i;
  }
  return word;
}

void Check(const Case& c) {
  CAPTURE(std::string(c.type.name));
  CAPTURE(std::string(c.type.result));
  CAPTURE(c.n);
  CAPTURE(c.a_in_registers);
  CAPTURE(c.a.k_major);
  CAPTURE(c.a.span);
  CAPTURE(c.b.k_major);
  CAPTURE(c.b.span);
  CAPTURE(c.selector);
  const int k = c.k(), stored = c.stored_k();
  std::mt19937 random(static_cast<unsigned>(c.n + c.a.span));
  const bool of_bits = std::string(c.type.name) == "b1";
  const bool is_unsigned = of_bits || std::string(c.type.name) == "u8";
  std::uniform_int_distribution<int> values(is_unsigned ? 0 : -4, is_unsigned ? 255 : 4);
  std::vector<int> a(static_cast<std::size_t>(kM * stored)), b(static_cast<std::size_t>(c.n * k));
  for (int& value : a) value = values(random);
  for (int& value : b) value = values(random);
  const Places places = c.is_sparse() ? MakePlaces(c, random) : Places();

  std::vector<std::uint8_t> memory(kBytesOfA + kBytesOfB + 128 * 20, 0xff);
  const auto put = [&](std::size_t offset, std::uint32_t bits) {
    std::memcpy(memory.data() + offset, &bits, static_cast<std::size_t>(c.type.bytes));
  };
  for (int thread = 0; thread < 128 && c.is_sparse(); ++thread) {
    const std::uint32_t word = MetadataOf(c, places, thread, random);
    std::memcpy(memory.data() + memory.size() - 512 + 4 * thread, &word, 4);
  }
  for (int row = 0; row < kM; ++row)
    for (int i = 0; i < stored; ++i) {
      const std::uint32_t bits = Encode(c.type, a[static_cast<std::size_t>(row * stored + i)]);
      if (!c.a_in_registers) put(c.a.Offset(row, i, c.type.bytes), bits);
      // Where a thread has it: 4 threads share a row, each with 4 bytes of either half of K.
      const int byte = i * c.type.bytes, half = byte / 16, quad = byte % 16 / 4;
      const int thread = row / 16 * 32 + row % 8 * 4 + quad, reg = half * 2 + row / 8 % 2;
      put(kBytesOfA + kBytesOfB + static_cast<std::size_t>(thread * 16 + reg * 4 + byte % 4), bits);
    }
  for (int column = 0; column < c.n; ++column)
    for (int i = 0; i < k; ++i)
      put(kBytesOfA + c.b.Offset(column, i, c.type.bytes),
          Encode(c.type, b[static_cast<std::size_t>(column * k + i)]));

  HopperHarness engine;
  engine.Load(KernelFor(c));
  const std::uint64_t in = engine.Put(memory);
  const auto words = static_cast<std::size_t>(128 * ResultRegisters(c));
  const std::uint64_t out = engine.Zeros(words);
  const std::uint64_t descriptors =
      engine.Put(std::vector<std::uint64_t>{c.a.Descriptor(), c.b.Descriptor()});
  engine.RunOk({.dynamic_shared_bytes = kBytesOfA + kBytesOfB}, {in, out, descriptors});
  const Words got = HopperHarness::Get<std::uint32_t>(out, words);

  const bool half = std::string(c.type.result) == "f16";
  int wrong = 0;
  for (int thread = 0; thread < 128; ++thread)
    for (int index = 0; index < c.n / 2; ++index) {
      const int row = thread / 32 * 16 + thread % 32 / 4 + index / 2 % 2 * 8;
      const int column = index / 4 * 8 + thread % 4 * 2 + index % 2;
      double sum = 0;
      for (int i = 0; i < stored; ++i) {
        const auto at = static_cast<std::size_t>(row * stored + i);
        const int other =
            b[static_cast<std::size_t>(column * k + (c.is_sparse() ? places.columns[at] : i))];
        for (int bit = 0; bit < 8 && of_bits; ++bit) sum += (a[at] >> bit) & (other >> bit) & 1;
        if (!of_bits) sum += a[at] * other;
      }
      sum *= c.scale_a * c.scale_b * (c.accumulate ? 3 : 1);
      const std::size_t at =
          static_cast<std::size_t>(thread * ResultRegisters(c) + (half ? index / 2 : index));
      if (ValueOf(c, got[at], index % 2) != sum) ++wrong;
    }
  CHECK(wrong == 0);
}

constexpr Type kBf16{"bf16", "f32", 2}, kF16{"f16", "f32", 2}, kHalf{"f16", "f16", 2},
    kTf32{"tf32", "f32", 4}, kS8{"s8", "s32", 1}, kU8{"u8", "s32", 1}, kB1{"b1", "s32", 1},
    kE4M3{"e4m3", "f32", 1};

TEST_CASE("wgmma: every type with A and B along K in every swizzle") {
  for (const Type& type : {kBf16, kF16, kHalf, kTf32, kS8, kU8, kB1, kE4M3})
    for (const int span : {16, 32, 64, 128})
      for (const int n : {8, 64}) {
        const int step = span / 32 > 1 ? span / 32 - 1 : 0;
        Check({.type = type,
               .n = n,
               .a = MakeLayout(true, span, step, kM, type.bytes),
               .b = MakeLayout(true, span, step / 2, n, type.bytes)});
      }
}

TEST_CASE("wgmma: 16-bit factors along M and N in every swizzle") {
  for (const Type& type : {kBf16, kF16})
    for (const int span : {16, 32, 64, 128})
      for (const int n : {64, 128}) {
        const Layout a = MakeLayout(false, span, 0, kM, 2), b = MakeLayout(false, span, 0, n, 2);
        Check({.type = type, .n = n, .a = a, .b = b});
        Check({.type = type, .n = n, .a = MakeLayout(true, 128, 1, kM, 2), .b = b});
        Check({.type = type, .n = n, .a_in_registers = true, .a = a, .b = b});
      }
}

TEST_CASE("wgmma: A from registers, widths, accumulation and signs") {
  for (const Type& type : {kBf16, kHalf, kTf32, kS8, kB1, kE4M3})
    for (const int n : {16, 24, 96, 256})
      Check({.type = type,
             .n = n,
             .a_in_registers = true,
             .b = MakeLayout(true, 128, 0, n, type.bytes),
             .accumulate = true});
  for (const Type& type : {kBf16, kHalf, kTf32})
    for (const int sign : {1, -1})
      Check({.type = type,
             .n = 40,
             .a = MakeLayout(true, 64, 1, kM, type.bytes),
             .b = MakeLayout(true, 32, 0, 40, type.bytes),
             .accumulate = true,
             .scale_a = -1,
             .scale_b = sign});
}

TEST_CASE("wgmma: a sparse A, from both places, in every swizzle, with every selector") {
  for (const Type& type : {kBf16, kF16, kHalf, kTf32, kS8, kU8, kE4M3})
    for (const int span : {16, 64, 128})
      for (const int selector : {0, 1}) {
        if (selector != 0 && type.bytes == 1) continue;
        Layout b =
            MakeLayout(true, span, span == 128 ? 2 : 0, 24 + 8 * (type.bytes == 1), type.bytes);
        if (span == 16) b.stride = 512;
        const Case c{.type = type,
                     .n = 24 + 8 * (type.bytes == 1),
                     .a = MakeLayout(true, span, 0, kM, type.bytes),
                     .b = b,
                     .accumulate = true,
                     .selector = selector};
        Check(c);
        Case from_registers = c;
        from_registers.a_in_registers = true;
        Check(from_registers);
      }
  for (const int span : {16, 32, 64, 128})
    Check({.type = kBf16,
           .n = 128,
           .a = MakeLayout(false, span, 0, kM, 2),
           .b = MakeLayout(false, span, 0, 128, 2),
           .scale_a = -1,
           .selector = 1});
}

// 2^24 + 1 + 1: each term is cut to 25 bits below the largest, 2^0 and down; the sum is cut to a
// float. On Hopper both ones survive in the sum; one by one they would not.
TEST_CASE("wgmma: sums keep 25 bits below the largest term, results are cut") {
  const Layout layout = MakeLayout(true, 128, 0, kM, 2);
  HopperHarness engine;
  const Case c{.type = kBf16, .n = 8, .a = layout, .b = layout};
  engine.Load(KernelFor(c));
  const auto run = [&](const std::vector<float>& row_of_a) {
    std::vector<std::uint8_t> memory(kBytesOfA + kBytesOfB + 128 * 20, 0);
    for (std::size_t i = 0; i < row_of_a.size(); ++i) {
      const auto a = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(row_of_a[i]) >> 16);
      const std::uint16_t one = 0x3f80;
      std::memcpy(memory.data() + layout.Offset(0, static_cast<int>(i), 2), &a, 2);
      std::memcpy(memory.data() + kBytesOfA + layout.Offset(0, static_cast<int>(i), 2), &one, 2);
    }
    const std::uint64_t out = engine.Zeros(512);
    engine.RunOk(
        {.dynamic_shared_bytes = kBytesOfA + kBytesOfB},
        {engine.Put(memory), out,
         engine.Put(std::vector<std::uint64_t>{layout.Descriptor(), layout.Descriptor()})});
    return std::bit_cast<float>(HopperHarness::Get<std::uint32_t>(out, 1)[0]);
  };
  CHECK(run({0x1p24f, 1, 1}) == 0x1p24f + 2);
  CHECK(run({0x1p24f, 1}) == 0x1p24f);            // cut, where rounding would be to even: the same
  CHECK(run({0x1p24f, 1, 1, 1}) == 0x1p24f + 2);  // cut, where rounding would give + 4
  CHECK(run({0x1p24f, 0.5f, 0.5f, 0.5f, 0.5f}) == 0x1p24f + 2);  // 25 bits are enough for halves
  CHECK(run({0x1p24f, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f}) == 0x1p24f);
}

std::string Faulty(const std::string& body) {
  return HopperHarness::Kernel(
      ".reg .b32 %acc<128>;\nmov.u32 %r0, %tid.x;\nld.param.u64 %d4, [a];\n"
      "ld.param.u64 %d5, [b];\nsetp.lt.u32 %p1, %r0, 77;\n" +
          body + "ret;",
      ".extern .shared .align 1024 .b8 tile[];\n");
}

TEST_CASE("wgmma: misuse is a fault that says what is wrong") {
  const Case c{.type = kBf16, .n = 8, .a = {}, .b = {}};
  HopperHarness engine;
  engine.Load(Faulty(Product(c, "%p1")));
  engine.RunFaults({.dynamic_shared_bytes = 4096}, {}, {0, 0}, Status::kLaunchFailure,
                   "scale-d differs");
  engine.Load(Faulty("add.u32 %r0, %r0, 128;\n" + Product(c, "1")));
  engine.RunFaults({.block = {96}}, {}, {0, 0}, Status::kLaunchFailure, "whole warpgroup");
  engine.RunFaults({}, {}, {0, 0}, Status::kIllegalAddress, "outside the 0 bytes of shared");
  engine.RunFaults({.dynamic_shared_bytes = 1024}, {}, {0x3fff, 0}, Status::kIllegalAddress,
                   "outside the 1024 bytes of shared");
  engine.Load(Faulty("@%p1 bra SKIP;\n" + Product(c, "1") + "SKIP:\n"));
  engine.RunFaults({.dynamic_shared_bytes = 4096}, {}, {0, 0}, Status::kLaunchFailure,
                   "not all threads");
  Case sparse = c;
  sparse.selector = 0;
  engine.Load(Faulty(Product(sparse, "1")));
  engine.RunFaults({.dynamic_shared_bytes = 4096}, {}, {0, std::uint64_t{3} << 62},
                   Status::kLaunchFailure, "swizzle of 32 bytes");
  engine.Load(Faulty("cvt.u64.u32 %d4, %r0;\n" + Product(c, "1")));
  engine.RunFaults({.dynamic_shared_bytes = 4096}, {}, {0, 0}, Status::kLaunchFailure,
                   "descriptor differs");
}

TEST_CASE("wgmma: forms that do not exist are load errors") {
  const std::string accumulators = Registers("%acc", 0, 4);
  const char* const bodies[] = {
      "wgmma.mma_async.sync.aligned.m64n12k16.f32.bf16.bf16 {%r1, %r2}, %d4, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.f16 $, %d4, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k16.f16.bf16.bf16 {%r1, %r2}, %d4, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k8.f32.bf16.bf16 $, %d4, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 $, %d4, %d5, 1, 1, 1, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 $, %d4, %d5, 1, 2, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 $, %r1, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%r1}, %d4, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 $, %d4, %d5, %r1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k8.f32.tf32.tf32 $, %d4, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sync.aligned.m64n8k256.s32.b1.b1 $, %d4, %d5, 1;",
      "wgmma.mma_async.sync.aligned.m64n8k256.s32.b1.b1.xor.popc $, %d4, %d5, 1;",
      "wgmma.mma_async.sync.aligned.m64n8k32.s32.b1.b1.and.popc $, %d4, %d5, 1;",
      "wgmma.mma_async.sync.aligned.m64n8k32.s32.s8.s8.and.popc $, %d4, %d5, 1;",
      "wgmma.mma_async.sync.aligned.m64n8k256.satfinite.s32.b1.b1.and.popc $, %d4, %d5, 1;",
      "wgmma.mma_async.sync.aligned.m64n8k256.s32.b1.s8.and.popc $, %d4, %d5, 1;",
      "wgmma.wait_group.sync.aligned;",
      "wgmma.wait_group.sync.aligned -1;",
      "wgmma.commit_group.sync.aligned 0;",
      "wgmma.mma_async.sp.sync.aligned.m64n8k32.f32.bf16.bf16 $, %d4, %d5, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sp.sync.aligned.m64n8k32.f32.bf16.bf16 $, %d4, %d5, %r1, 2, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sp.sync.aligned.m64n8k32.f32.bf16.bf16 $, %d4, %d5, 0, 0, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sp.sync.aligned.m64n8k16.f32.bf16.bf16 $, %d4, %d5, %r1, 0, 1, 1, 1, 0, 0;",
      "wgmma.mma_async.sp.sync.aligned.m64n8k64.f32.e4m3.e4m3 $, %d4, %d5, %r1, 1, 1, 1, 1;",
      "wgmma.mma_async.sp::ordered_metadata.sync.aligned.m64n8k32.f32.bf16.bf16 $, %d4, %d5, %r1, "
      "0, "
      "1, 1, 1, 0, 0;",
  };
  HopperHarness engine;
  for (std::string body : bodies) {
    if (const std::size_t at = body.find('$'); at != std::string::npos)
      body.replace(at, 1, accumulators);
    CAPTURE(body);
    CHECK(engine.LoadFails(Faulty(body)).status == Status::kInvalidPtx);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
