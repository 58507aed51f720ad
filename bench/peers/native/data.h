// The numbers that all peers compute with: bench/peers/README.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace peer {

enum class Dtype { kFloat32, kFloat64, kFloat16, kBfloat16, kInt8, kInt32 };

inline Dtype ParseDtype(const std::string& name) {
  if (name == "float32") return Dtype::kFloat32;
  if (name == "float64") return Dtype::kFloat64;
  if (name == "float16") return Dtype::kFloat16;
  if (name == "bfloat16") return Dtype::kBfloat16;
  if (name == "int8") return Dtype::kInt8;
  throw std::runtime_error("unknown dtype " + name);
}

inline std::size_t BytesOf(Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat64:
      return 8;
    case Dtype::kFloat16:
    case Dtype::kBfloat16:
      return 2;
    case Dtype::kInt8:
      return 1;
    default:
      return 4;
  }
}

constexpr std::int64_t kPeriod = 16777213;

inline std::uint32_t Hash(std::uint32_t seed, std::uint32_t index) {
  std::uint32_t h = index * 0x9e3779b1U + seed * 0x85ebca6bU;
  h ^= h >> 16;
  h *= 0x7feb352dU;
  h ^= h >> 15;
  h *= 0x846ca68bU;
  return h ^ (h >> 16);
}

// float16 bits of steps / 1024, exact for |steps| <= 1024.
inline std::uint16_t HalfBits(int steps) {
  const unsigned magnitude = static_cast<unsigned>(steps < 0 ? -steps : steps);
  if (magnitude == 0) return 0;
  unsigned exponent = 0;
  while (magnitude >> (exponent + 1) != 0) ++exponent;
  const unsigned mantissa = (magnitude << (10 - exponent)) & 0x3ffU;
  return static_cast<std::uint16_t>((steps < 0 ? 0x8000U : 0U) | (exponent + 5) << 10 | mantissa);
}

inline void WriteElement(Dtype dtype, std::uint32_t seed, std::uint32_t index, std::uint8_t* to) {
  const std::uint32_t h = Hash(seed, index);
  const auto store = [to](auto value) { std::memcpy(to, &value, sizeof value); };
  switch (dtype) {
    case Dtype::kFloat64: {
      const std::uint64_t steps = std::uint64_t{h} << 21 | Hash(seed + 16, index) >> 11;
      return store(static_cast<double>(steps) * 0x1p-52 - 1);
    }
    case Dtype::kFloat16:
      return store(HalfBits(static_cast<int>(h >> 21) - 1024));
    case Dtype::kBfloat16: {
      const float value = static_cast<float>(h >> 24) / 128 - 1;
      std::uint32_t bits = 0;
      std::memcpy(&bits, &value, sizeof bits);
      return store(static_cast<std::uint16_t>(bits >> 16));
    }
    case Dtype::kInt8:
      return store(static_cast<std::int8_t>(static_cast<int>(h >> 24) - 128));
    default:
      return store(static_cast<float>(h >> 8) * 0x1p-23F - 1);
  }
}

// The elements of one period, or less if there are not so many.
inline std::vector<std::uint8_t> MakePeriod(Dtype dtype, std::uint32_t seed, std::int64_t length) {
  const std::size_t bytes = BytesOf(dtype);
  const std::int64_t count = std::min(length, kPeriod);
  std::vector<std::uint8_t> data(static_cast<std::size_t>(count) * bytes);
  for (std::int64_t i = 0; i < count; ++i) {
    WriteElement(dtype, seed, static_cast<std::uint32_t>(i), data.data() + i * bytes);
  }
  return data;
}

// An element of an output, as a number.
inline double ReadElement(Dtype dtype, const void* from) {
  const auto load = [from](auto value) {
    std::memcpy(&value, from, sizeof value);
    return value;
  };
  switch (dtype) {
    case Dtype::kFloat64:
      return load(double{});
    case Dtype::kInt32:
      return load(std::int32_t{});
    case Dtype::kInt8:
      return load(std::int8_t{});
    case Dtype::kBfloat16: {
      const std::uint32_t bits = std::uint32_t{load(std::uint16_t{})} << 16;
      float value = 0;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case Dtype::kFloat16: {
      const unsigned bits = load(std::uint16_t{});
      const int exponent = static_cast<int>(bits >> 10 & 31U);
      const double fraction = (bits & 0x3ffU) / 1024.0;
      const double magnitude = exponent == 0    ? std::ldexp(fraction, -14)
                               : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                                : std::ldexp(1 + fraction, exponent - 15);
      return (bits >> 15) != 0 ? -magnitude : magnitude;
    }
    default:
      return load(float{});
  }
}

}  // namespace peer
