// Sums and fill: the PTX on the simulator, the source by g++ and a plain loop agree to the
// bit.
#include "ops/elementwise/elementwise.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "ops/fill/fill.h"
#include "simulator/simulated_runtime.h"
#include "test/differential/machines.h"
#include "test/differential/shim/cuda_shim.h"

namespace nodecuda {
namespace {

const char* const kDtypeNames[kDtypeCount] = {"float32", "float64", "float16", "bfloat16",
                                              "int8",    "uint8",   "int16",   "uint16",
                                              "int32",   "uint32",  "int64",   "uint64"};

std::mt19937_64 random_bits(20240607);

Bytes RandomBytes(std::size_t count) {
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_bits());
  return bytes;
}

template <typename T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T>
void Store(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
void AddIntegers(const std::byte* x, const std::byte* y, std::byte* out) {
  Store(out, static_cast<T>(Load<T>(x) + Load<T>(y)));
}

// NaNs are made one: which payload comes out is not promised.
template <typename T>
void AddFloats(const std::byte* x, const std::byte* y, std::byte* out) {
  Store(out, Load<T>(x) + Load<T>(y));
}

float FromBfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

void AddElement(Dtype dtype, const std::byte* x, const std::byte* y, std::byte* out) {
  switch (dtype) {
    case Dtype::kFloat32:
      return AddFloats<float>(x, y, out);
    case Dtype::kFloat64:
      return AddFloats<double>(x, y, out);
    case Dtype::kFloat16:
      return AddFloats<_Float16>(x, y, out);
    case Dtype::kBfloat16: {
      // Exact in float64, so this rounds once.
      const double sum = static_cast<double>(FromBfloat16(Load<std::uint16_t>(x))) +
                         FromBfloat16(Load<std::uint16_t>(y));
      return Store(out, __bfloat16_as_ushort(__float2bfloat16_rn(static_cast<float>(sum))));
    }
    case Dtype::kInt8:
    case Dtype::kUint8:
      return AddIntegers<std::uint8_t>(x, y, out);
    case Dtype::kInt16:
    case Dtype::kUint16:
      return AddIntegers<std::uint16_t>(x, y, out);
    case Dtype::kInt32:
    case Dtype::kUint32:
      return AddIntegers<std::uint32_t>(x, y, out);
    case Dtype::kInt64:
    case Dtype::kUint64:
      return AddIntegers<std::uint64_t>(x, y, out);
  }
}

bool IsNan(Dtype dtype, const std::byte* value) {
  switch (dtype) {
    case Dtype::kFloat32:
      return std::isnan(Load<float>(value));
    case Dtype::kFloat64:
      return std::isnan(Load<double>(value));
    case Dtype::kFloat16:
      return (Load<std::uint16_t>(value) & 0x7fff) > 0x7c00;
    case Dtype::kBfloat16:
      return (Load<std::uint16_t>(value) & 0x7fff) > 0x7f80;
    default:
      return false;
  }
}

// The index of the first element that differs, or -1. One NaN is as good as another.
std::int64_t FirstDifference(Dtype dtype, const Bytes& got, const Bytes& expected) {
  const std::size_t size = ByteSize(dtype);
  for (std::size_t i = 0; i + size <= expected.size(); i += size) {
    if (std::memcmp(&got[i], &expected[i], size) == 0) continue;
    if (IsNan(dtype, &got[i]) && IsNan(dtype, &expected[i])) continue;
    return static_cast<std::int64_t>(i / size);
  }
  return -1;
}

Status EnqueueSum(const OpContext& context, Dtype dtype, const void* x, const void* y, void* out,
                  std::size_t length) {
  ElementwiseProblem problem{};
  problem.family = ElementwiseFamily::kBinary;
  problem.operation = kAdd;
  problem.source = problem.destination = dtype;
  problem.out = out;
  problem.inputs[0] = x;
  problem.inputs[1] = y;
  problem.length = length;
  return EnqueueElementwise(context, problem);
}

struct Offsets {
  std::size_t x, y, out;  // in elements, from an aligned address
};

void CheckAdd(Dtype dtype, std::size_t length, Offsets offsets, std::span<const int> capabilities) {
  CAPTURE(kDtypeNames[static_cast<int>(dtype)]);
  CAPTURE(length);
  CAPTURE(offsets.x);
  const std::size_t size = ByteSize(dtype);
  const std::vector<Bytes> buffers = {RandomBytes((offsets.x + length) * size),
                                      RandomBytes((offsets.y + length) * size),
                                      RandomBytes((offsets.out + length) * size)};
  Bytes expected = buffers[2];
  for (std::size_t i = 0; i < length; ++i) {
    AddElement(dtype, &buffers[0][(offsets.x + i) * size], &buffers[1][(offsets.y + i) * size],
               &expected[(offsets.out + i) * size]);
  }
  const Work work = [&](const OpContext& context, std::span<void* const> pointers) {
    const auto at = [&](int i, std::size_t offset) {
      return static_cast<std::byte*>(pointers[i]) + offset * size;
    };
    return EnqueueSum(context, dtype, at(0, offsets.x), at(1, offsets.y), at(2, offsets.out),
                      length);
  };
  CHECK(FirstDifference(dtype, RunOnHost(buffers, work)[2], expected) == -1);
  for (const int capability : capabilities) {
    CAPTURE(capability);
    const std::vector<Bytes> after = RunOnSimulator(capability, Module::elementwise, buffers, work);
    CHECK(FirstDifference(dtype, after[2], expected) == -1);
    CHECK(after[0] == buffers[0]);
    CHECK(after[1] == buffers[1]);
  }
}

TEST_CASE("differential: add, every dtype on every capability") {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const std::size_t tile = 256 * 4 * 16 / ByteSize(dtype);
    CheckAdd(dtype, tile + 301, {0, 0, 0}, simulator::SupportedCapabilities());
    CheckAdd(dtype, 77, {1, 1, 1}, simulator::SupportedCapabilities());
  }
}

TEST_CASE("differential: add, lengths and alignments") {
  constexpr int kCapability[] = {90};
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const std::size_t tile = 256 * 4 * 16 / ByteSize(dtype);
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{17},
          std::size_t{255}, tile - 1, tile, tile + 1, 2 * tile + 33}) {
      CheckAdd(dtype, length, {0, 0, 0}, kCapability);
    }
    CheckAdd(dtype, tile + 5, {1, 0, 0}, kCapability);
    CheckAdd(dtype, tile + 5, {0, 3, 0}, kCapability);
    CheckAdd(dtype, tile + 5, {0, 0, 1}, kCapability);
    CheckAdd(dtype, tile + 5, {2, 2, 2}, kCapability);
    CheckAdd(dtype, tile + 5, {16, 32, 48}, kCapability);
  }
}

TEST_CASE("differential: add in place") {
  for (const Dtype dtype : {Dtype::kFloat32, Dtype::kBfloat16, Dtype::kInt8, Dtype::kUint64}) {
    for (const std::size_t offset : {0, 1}) {
      CAPTURE(kDtypeNames[static_cast<int>(dtype)]);
      const std::size_t length = 5000, size = ByteSize(dtype);
      const std::vector<Bytes> buffers = {RandomBytes((offset + length) * size)};
      Bytes expected = buffers[0];
      for (std::size_t i = offset; i < offset + length; ++i) {
        AddElement(dtype, &buffers[0][i * size], &buffers[0][i * size], &expected[i * size]);
      }
      const Work work = [&](const OpContext& context, std::span<void* const> pointers) {
        void* all = static_cast<std::byte*>(pointers[0]) + offset * size;
        return EnqueueSum(context, dtype, all, all, all, length);
      };
      CHECK(FirstDifference(dtype, RunOnHost(buffers, work)[0], expected) == -1);
      CHECK(FirstDifference(dtype, RunOnSimulator(75, Module::elementwise, buffers, work)[0],
                            expected) == -1);
    }
  }
}

TEST_CASE("differential: fill writes the pattern and nothing beside it") {
  const std::uint64_t pattern = 0x8f1e2d3c4b5a6978;
  for (const std::size_t size : {1, 2, 4, 8}) {
    for (const std::size_t length : {0, 1, 2, 3, 7, 16, 31, 1000, 16384 + 3}) {
      for (const std::size_t before : {0, 1, 3, 15}) {
        CAPTURE(size);
        CAPTURE(length);
        CAPTURE(before);
        const std::size_t after = 5;
        const std::vector<Bytes> buffers = {RandomBytes((before + length + after) * size)};
        Bytes expected = buffers[0];
        for (std::size_t i = before; i < before + length; ++i) {
          std::memcpy(&expected[i * size], &pattern, size);  // the low bytes: little-endian
        }
        const Work work = [&](const OpContext& context, std::span<void* const> pointers) {
          return EnqueueFill(context, size, pattern,
                             static_cast<std::byte*>(pointers[0]) + before * size, length);
        };
        CHECK(RunOnHost(buffers, work)[0] == expected);
        for (const int capability : {75, 120}) {
          CHECK(RunOnSimulator(capability, Module::elementwise, buffers, work)[0] == expected);
        }
      }
    }
  }
}

}  // namespace
}  // namespace nodecuda
