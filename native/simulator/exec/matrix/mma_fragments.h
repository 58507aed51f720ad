#ifndef NODECUDA_SIMULATOR_EXEC_MATRIX_MMA_FRAGMENTS_H_
#define NODECUDA_SIMULATOR_EXEC_MATRIX_MMA_FRAGMENTS_H_

#include <algorithm>
#include <bit>
#include <cstdint>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/matrix/mma.h"
#include "simulator/exec/warp/warp_context.h"

// Between the registers of a warp and matrices, row-major, for mma.sync and mma.sp.
namespace nodecuda::simulator {

inline constexpr int kMmaMaxM = 16, kMmaMaxK = 32;
inline constexpr int kMmaMaxBits = 256;  // k of the narrowest integers

// Which lane and register holds what (PTX ISA, "Matrix fragments for mma"; all shapes follow one
// pattern). A lane belongs to row or column lane / 4 and holds, in each register, neighbours along
// k from lane % 4 on. Of m16, every second register of a belongs to the lower eight rows.
// Of a sparse a, of which half is stored, the fragment is that of a matrix half as wide.
template <typename Bits, typename Element>
void GatherA(const WarpContext& context, const MmaForm& f, const std::uint32_t* list, Element* a) {
  const int per = f.a_per_register(), bits = BitsOf(f.a), halves = f.m / 8;
  for (int reg = 0; reg < f.a_registers(); ++reg) {
    const Bits* lanes = context.Slot<Bits>(list[reg]);
    const int row = reg % halves * 8, column = reg / halves * 4 * per;
    for (int lane = 0; lane < kWarpSize; ++lane) {
      Element* out = a + (row + lane / 4) * f.stored_k() + column + lane % 4 * per;
      for (int i = 0; i < per; ++i) {
        const Bits value = lanes[lane] >> (i * bits % 64);
        out[i] = static_cast<Element>(bits < 32 ? value & ((Bits{1} << (bits % 32)) - 1) : value);
      }
    }
  }
}

template <typename Bits, typename Element>
void GatherB(const WarpContext& context, const MmaForm& f, const std::uint32_t* list, Element* b) {
  const int per = f.a_per_register(), bits = BitsOf(f.b);
  for (int reg = 0; reg < f.b_registers(); ++reg) {
    const Bits* lanes = context.Slot<Bits>(list[reg]);
    for (int lane = 0; lane < kWarpSize; ++lane) {
      const int row = reg * 4 * per + lane % 4 * per;
      for (int i = 0; i < per; ++i) {
        const Bits value = lanes[lane] >> (i * bits % 64);
        b[(row + i) * MmaForm::n + lane / 4] =
            static_cast<Element>(bits < 32 ? value & ((Bits{1} << (bits % 32)) - 1) : value);
      }
    }
  }
}

// Visits the accumulators: visit(register, lane, half of the register, index into the matrix).
template <typename Visit>
void ForEachAccumulator(const MmaForm& f, Visit visit) {
  const bool packed = f.accumulator == MmaType::kF16;
  for (int i = 0; i < f.m * MmaForm::n / kWarpSize; ++i)
    for (int lane = 0; lane < kWarpSize; ++lane)
      visit(packed ? i / 2 : i, lane, packed ? i % 2 : 0,
            (lane / 4 + i / 2 * 8) * MmaForm::n + lane % 4 * 2 + i % 2);
}

// The registers of d, a, b and c, and that of the metadata of a sparse a.
struct MmaFragments {
  const std::uint32_t *d, *a, *b, *c, *metadata;
  MmaFragments(const MmaForm& f, const std::uint32_t* list)
      : d(list),
        a(d + f.c_registers()),
        b(a + f.a_registers()),
        c(b + f.b_registers()),
        metadata(c + f.c_registers()) {}
};

inline void GatherFloats(const WarpContext& context, const MmaForm& f, const std::uint32_t* list,
                         float* c) {
  const bool half = f.accumulator == MmaType::kF16;
  ForEachAccumulator(f, [&](int reg, int lane, int part, int index) {
    const std::uint32_t bits = context.Slot<std::uint32_t>(list[reg])[lane];
    c[index] = half ? HalfToFloat(static_cast<std::uint16_t>(bits >> (16 * part)))
                    : std::bit_cast<float>(bits);
  });
}

inline void ScatterFloats(WarpContext& context, const MmaForm& f, const std::uint32_t* list,
                          const float* c) {
  const bool half = f.accumulator == MmaType::kF16;
  ForEachAccumulator(f, [&](int reg, int lane, int part, int index) {
    std::uint32_t& d = context.Slot<std::uint32_t>(list[reg])[lane];
    if (half) {
      const std::uint32_t bits = std::uint32_t{FloatToHalf(c[index])} << (16 * part);
      d = part == 0 ? bits : d | bits;
    } else {
      d = std::bit_cast<std::uint32_t>(c[index]);
    }
  });
}

// Makes numbers of the bits.
inline void ExtendSigns(MmaType type, std::int32_t* elements, int count) {
  const int unused = 32 - BitsOf(type);
  if (type != MmaType::kS8 && type != MmaType::kS4) return;
  for (int i = 0; i < count; ++i)
    elements[i] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(elements[i]) << unused) >> unused;
}

// d = c + sums, which wraps, or ends at the least and greatest value.
inline void AddIntegers(WarpContext& context, const MmaForm& f, const MmaFragments& registers,
                        const std::int32_t* sums) {
  std::int32_t results[kMmaMaxM * MmaForm::n];
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    const std::int64_t sum =
        std::int64_t{context.Slot<std::int32_t>(registers.c[reg])[lane]} + sums[index];
    results[index] = static_cast<std::int32_t>(
        f.saturates ? std::clamp<std::int64_t>(sum, INT32_MIN, INT32_MAX) : sum);
  });
  ForEachAccumulator(f, [&](int reg, int lane, int, int index) {
    context.Slot<std::int32_t>(registers.d[reg])[lane] = results[index];
  });
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_MATRIX_MMA_FRAGMENTS_H_
