#ifndef NODECUDA_SIMULATOR_EXEC_ISA_LANES_H_
#define NODECUDA_SIMULATOR_EXEC_ISA_LANES_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "simulator/exec/isa/table.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

// How a function of one lane becomes a handler of 32. Included only by files that are compiled
// once per instruction set: everything is in an anonymous namespace, because a function with weak
// linkage could be merged with the copy made for a newer CPU.
#ifndef NODECUDA_ISA
#error "exec/isa/*.cc are compiled by isa.cmake, once per instruction set"
#endif

#define NODECUDA_INLINE inline __attribute__((always_inline))
#ifdef __clang__
#define NODECUDA_LANE_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define NODECUDA_LANE_LOOP _Pragma("GCC ivdep")
#endif

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
using f32 = float;
using f64 = double;
struct f16 {
  u16 bits;
};
struct bf16 {
  u16 bits;
};
struct f16x2 {
  f16 low, high;
};
struct bf16x2 {
  bf16 low, high;
};
struct f32x2 {
  f32 low, high;
};

// The type that an operand of each C++ type has in PTX; bool is a predicate.
template <class T>
constexpr ptx::Type kTypeOf = ptx::Type::kNone;
template <>
constexpr ptx::Type kTypeOf<bool> = ptx::Type::kPred;
template <>
constexpr ptx::Type kTypeOf<u8> = ptx::Type::kU8;
template <>
constexpr ptx::Type kTypeOf<u16> = ptx::Type::kU16;
template <>
constexpr ptx::Type kTypeOf<u32> = ptx::Type::kU32;
template <>
constexpr ptx::Type kTypeOf<u64> = ptx::Type::kU64;
template <>
constexpr ptx::Type kTypeOf<s8> = ptx::Type::kS8;
template <>
constexpr ptx::Type kTypeOf<s16> = ptx::Type::kS16;
template <>
constexpr ptx::Type kTypeOf<s32> = ptx::Type::kS32;
template <>
constexpr ptx::Type kTypeOf<s64> = ptx::Type::kS64;
template <>
constexpr ptx::Type kTypeOf<f32> = ptx::Type::kF32;
template <>
constexpr ptx::Type kTypeOf<f64> = ptx::Type::kF64;
template <>
constexpr ptx::Type kTypeOf<f16> = ptx::Type::kF16;
template <>
constexpr ptx::Type kTypeOf<bf16> = ptx::Type::kBF16;
template <>
constexpr ptx::Type kTypeOf<f16x2> = ptx::Type::kF16x2;
template <>
constexpr ptx::Type kTypeOf<bf16x2> = ptx::Type::kBF16x2;
template <>
constexpr ptx::Type kTypeOf<f32x2> = ptx::Type::kF32x2;

alignas(64) constexpr u32 kLaneBit[kWarpSize] = {
    1u << 0,  1u << 1,  1u << 2,  1u << 3,  1u << 4,  1u << 5,  1u << 6,  1u << 7,
    1u << 8,  1u << 9,  1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15,
    1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21, 1u << 22, 1u << 23,
    1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28, 1u << 29, 1u << 30, 1u << 31};

template <class T>
NODECUDA_INLINE T* Slot(std::byte* file, u32 offset) {
  return static_cast<T*>(__builtin_assume_aligned(file + offset, 64));
}

// A predicate slot has no alignment beyond its own.
NODECUDA_INLINE u32 LoadPredicate(const std::byte* file, u32 offset) {
  u32 value;
  __builtin_memcpy(&value, file + offset, sizeof value);
  return value;
}
NODECUDA_INLINE void StorePredicate(std::byte* file, u32 offset, LaneMask value, LaneMask mask) {
  const u32 result = (LoadPredicate(file, offset) & ~mask) | (value & mask);
  __builtin_memcpy(file + offset, &result, sizeof result);
}

// The lanes of a source operand.
template <class T>
struct Source {
  const T* lanes;
  NODECUDA_INLINE Source(std::byte* file, u32 offset) : lanes(Slot<T>(file, offset)) {}
  NODECUDA_INLINE T operator[](int lane) const { return lanes[lane]; }
};
template <>
struct Source<bool> {
  u32 mask;
  NODECUDA_INLINE Source(std::byte* file, u32 offset) : mask(LoadPredicate(file, offset)) {}
  NODECUDA_INLINE bool operator[](int lane) const { return (mask & kLaneBit[lane]) != 0; }
};

#if defined(__SSE2__)
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
// The sign bits of a vector's lanes.
template <int kLaneBytes, class V>
NODECUDA_INLINE u32 SignsOf(V vector) {
#if defined(__AVX512F__)
  const auto bits = reinterpret_cast<__m512i>(vector);
  return kLaneBytes == 4 ? _mm512_movepi32_mask(bits) : _mm512_movepi64_mask(bits);
#elif defined(__AVX2__)
  return static_cast<u32>(kLaneBytes == 4 ? _mm256_movemask_ps(reinterpret_cast<__m256>(vector))
                                          : _mm256_movemask_pd(reinterpret_cast<__m256d>(vector)));
#else
  return static_cast<u32>(kLaneBytes == 4 ? _mm_movemask_ps(reinterpret_cast<__m128>(vector))
                                          : _mm_movemask_pd(reinterpret_cast<__m128d>(vector)));
#endif
}
#endif

// Copies the lanes of `mask`.
template <class T>
__attribute__((noinline)) void Blend(T* to, const T* from, LaneMask mask) {
  NODECUDA_LANE_LOOP
  for (int lane = 0; lane < kWarpSize; ++lane) {
    to[lane] = (mask & kLaneBit[lane]) != 0 ? from[lane] : to[lane];
  }
}

template <int kBytes>
struct BitsOfSize;
template <>
struct BitsOfSize<1> {
  using Type = u8;
};
template <>
struct BitsOfSize<2> {
  using Type = u16;
};
template <>
struct BitsOfSize<4> {
  using Type = u32;
};
template <>
struct BitsOfSize<8> {
  using Type = u64;
};

// Runs a handler that writes one destination, of elements as wide as T, for all lanes, and puts
// back those that are not in the mask. Out of line, so that a handler itself needs no buffer.
template <class T>
__attribute__((noinline)) void RunPartly(AluHandler run, std::byte* file,
                                         const Instruction& instruction, LaneMask mask) {
  alignas(64) T before[kWarpSize];
  T* slot = Slot<T>(file, instruction.slot[0]);
  __builtin_memcpy(before, slot, sizeof before);
  run(file, instruction, kFullMask);
  Blend(slot, before, ~mask);
}

template <auto kFunction, class Signature = decltype(kFunction)>
struct Lanes;
// Computes all lanes, whatever the mask: no operation can fail or trap.
template <auto kFunction, class D, class... S>
struct Lanes<kFunction, D (*)(S...)> {
  static constexpr Operands kOperands = {1, 1 + sizeof...(S), {kTypeOf<D>, kTypeOf<S>...}};
  static void Run(std::byte* file, const Instruction& instruction, LaneMask mask) {
    if constexpr (!std::is_same_v<D, bool>) {
      if (mask != kFullMask) [[unlikely]]
        return RunPartly<typename BitsOfSize<sizeof(D)>::Type>(&Run, file, instruction, mask);
    }
    RunIndexed(file, instruction, mask, std::index_sequence_for<S...>());
  }

 private:
  template <std::size_t... kIndex>
  NODECUDA_INLINE static void RunIndexed(std::byte* file, const Instruction& instruction,
                                         LaneMask mask, std::index_sequence<kIndex...>) {
    RunAll(file, instruction.slot[0], mask, Source<S>(file, instruction.slot[1 + kIndex])...);
  }
  NODECUDA_INLINE static void RunAll(std::byte* file, u32 destination, LaneMask mask,
                                     Source<S>... source) {
    if constexpr (std::is_same_v<D, bool>) {
      LaneMask result = 0;
      NODECUDA_LANE_LOOP
      for (int lane = 0; lane < kWarpSize; ++lane) {
        result |= kFunction(source[lane]...) ? kLaneBit[lane] : 0;
      }
      StorePredicate(file, destination, result, mask);
    } else {
      D* out = Slot<D>(file, destination);
      NODECUDA_LANE_LOOP
      for (int lane = 0; lane < kWarpSize; ++lane) out[lane] = kFunction(source[lane]...);
    }
  }
};

// A table row whose handler applies a function of one lane.
template <auto kFunction>
constexpr AluRow Row(const char* mnemonic) {
  return {mnemonic, Lanes<kFunction>::kOperands, &Lanes<kFunction>::Run, false};
}

template <int kCount>
constexpr AluRows RowsOf(const AluRow (&rows)[kCount]) {
  return {rows, kCount};
}

}  // namespace
}  // namespace nodecuda::simulator::NODECUDA_ISA

#endif  // NODECUDA_SIMULATOR_EXEC_ISA_LANES_H_
