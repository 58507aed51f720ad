// wgmma: a warpgroup multiplies a 64-row tile of a by a tile of b, both in shared memory, and adds
// the product to accumulators in registers, asynchronously.
//
//   Wgmma<Operand, kColumns>::MultiplyAdd<kTransposeA, kTransposeB>(sums, a, b, accumulate)
//
// One instruction goes kDepth (32 bytes) deep in k. A thread holds kColumns / 2 sums: of the 8
// columns from 8 i, sums[4 i + 0 .. 1] belong to row 16 w + l / 4 and columns 2 (l % 4) + 0 .. 1,
// sums[4 i + 2 .. 3] to the row 8 further down (w: warp in the warpgroup, l: lane).
#pragma once

#include <cstdint>

#include "cuda/matmul/convert.cuh"

namespace hopper {

// Operand types. Output: what the result usually is then, if it is not what the sums are.
struct Bfloat16 {
  static constexpr int kBytes = 2;
  using Output = matmul::Bfloat16;
};
struct Float16 {
  static constexpr int kBytes = 2;
  using Output = matmul::Float16;
};
struct Tfloat32 {
  static constexpr int kBytes = 4;
  using Output = float;
};
struct Int8 {
  static constexpr int kBytes = 1;
  using Output = std::int32_t;
};

// The 64-bit description of an operand in shared memory with the 128-byte swizzle, whose period of
// 8 rows of 128 bytes (1024 bytes) the operand must be aligned to:
//   bits 0-13   address / 16
//   bits 16-29  leading offset / 16
//   bits 32-45  stride offset / 16
//   bits 49-51  base offset: 0, since every operand begins on a period
//   bits 62-63  1: 128-byte swizzle
// k-major (rows of 128 bytes along k): the stride offset leads to the next 8 rows; the leading
// offset is not used.
// Otherwise (rows of 128 bytes along m or n): the stride offset leads to the next 8 of k, the
// leading offset to the next 128 bytes along m or n.
// To advance along k, add the bytes / 16 to the description: those address bits that the swizzle
// combines stay below the period.
__device__ __forceinline__ std::uint64_t SwizzledOperand(std::uint32_t address,
                                                         std::uint32_t leading_bytes) {
  constexpr std::uint64_t kStrideBytes = 1024, kSwizzle128 = 1;
  return (address >> 4 & 0x3fff) | static_cast<std::uint64_t>(leading_bytes >> 4 & 0x3fff) << 16 |
         (kStrideBytes >> 4) << 32 | kSwizzle128 << 62;
}

// Keeps the compiler from moving uses of an accumulator to before the wait for its product: to the
// compiler it has its value once the wgmma is issued.
__device__ __forceinline__ void Pin(float& sum) {
  asm volatile("" : "+f"(sum)::"memory");
}
__device__ __forceinline__ void Pin(int& sum) {
  asm volatile("" : "+r"(sum)::"memory");
}

template <typename Operand, int kColumns>
struct Wgmma;

// The instruction takes its registers one by one. kPlaces_n: their places in the text, first the
// n accumulators; the macros of operands name them in the same order.
#define NODECUDA_PLACES_32                                                 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define NODECUDA_PLACES_64                                                           \
  NODECUDA_PLACES_32                                                                 \
  ", "                                                                               \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define NODECUDA_PLACES_128                                                                    \
  NODECUDA_PLACES_64                                                                           \
  ", "                                                                                         \
  "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "           \
  "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "           \
  "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, "     \
  "%111, "                                                                                     \
  "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, " \
  "%127"
#define NODECUDA_SUMS_8(constraint, i)                                                            \
  constraint(sums[i]), constraint(sums[i + 1]), constraint(sums[i + 2]), constraint(sums[i + 3]), \
      constraint(sums[i + 4]), constraint(sums[i + 5]), constraint(sums[i + 6]),                  \
      constraint(sums[i + 7])
#define NODECUDA_SUMS_32(constraint, i)                               \
  NODECUDA_SUMS_8(constraint, i), NODECUDA_SUMS_8(constraint, i + 8), \
      NODECUDA_SUMS_8(constraint, i + 16), NODECUDA_SUMS_8(constraint, i + 24)
#define NODECUDA_SUMS_64(constraint, i) \
  NODECUDA_SUMS_32(constraint, i), NODECUDA_SUMS_32(constraint, i + 32)
#define NODECUDA_SUMS_128(constraint, i) \
  NODECUDA_SUMS_64(constraint, i), NODECUDA_SUMS_64(constraint, i + 64)

// operand: type; columns: n of the instruction; count: accumulators a thread; a, b, s: the places
// after them, of the descriptions and of `accumulate`; tail: what the instruction takes at the end.
#define NODECUDA_WGMMA(operand, SumType, constraint, columns, depth, types, count, a_place, \
                       b_place, s_place, tail, ...)                                         \
  template <>                                                                               \
  struct Wgmma<operand, columns> {                                                          \
    using Sum = SumType;                                                                    \
    static constexpr int kDepth = depth;                                                    \
    template <bool kTransposeA, bool kTransposeB>                                           \
    static __device__ __forceinline__ void MultiplyAdd(Sum (&sums)[count], std::uint64_t a, \
                                                       std::uint64_t b, int accumulate) {   \
      asm volatile(                                                                         \
          "{\n"                                                                             \
          ".reg .pred p;\n"                                                                 \
          "setp.ne.b32 p, " s_place                                                         \
          ", 0;\n"                                                                          \
          "wgmma.mma_async.sync.aligned.m64n" #columns "k" #depth types                     \
          " {" NODECUDA_PLACES_##count "}, " a_place ", " b_place ", p" tail                \
                                       ";\n"                                                \
                                       "}\n"                                                \
          : NODECUDA_SUMS_##count(constraint, 0)                                            \
          : "l"(a), "l"(b), "r"(accumulate)__VA_ARGS__                                      \
          : "memory");                                                                      \
    }                                                                                       \
  };

// 16-bit operands have the signs 1, 1 and whether a and b are transposed, that is, not k-major.
NODECUDA_WGMMA(Bfloat16, float, "+f", 64, 16, ".f32.bf16.bf16", 32, "%32", "%33", "%34",
               ", 1, 1, %35, %36", , "n"(kTransposeA), "n"(kTransposeB))
NODECUDA_WGMMA(Float16, float, "+f", 64, 16, ".f32.f16.f16", 32, "%32", "%33", "%34",
               ", 1, 1, %35, %36", , "n"(kTransposeA), "n"(kTransposeB))
NODECUDA_WGMMA(Bfloat16, float, "+f", 128, 16, ".f32.bf16.bf16", 64, "%64", "%65", "%66",
               ", 1, 1, %67, %68", , "n"(kTransposeA), "n"(kTransposeB))
NODECUDA_WGMMA(Float16, float, "+f", 128, 16, ".f32.f16.f16", 64, "%64", "%65", "%66",
               ", 1, 1, %67, %68", , "n"(kTransposeA), "n"(kTransposeB))
NODECUDA_WGMMA(Bfloat16, float, "+f", 256, 16, ".f32.bf16.bf16", 128, "%128", "%129", "%130",
               ", 1, 1, %131, %132", , "n"(kTransposeA), "n"(kTransposeB))
NODECUDA_WGMMA(Float16, float, "+f", 256, 16, ".f32.f16.f16", 128, "%128", "%129", "%130",
               ", 1, 1, %131, %132", , "n"(kTransposeA), "n"(kTransposeB))
// tf32 and int8 are k-major only.
NODECUDA_WGMMA(Tfloat32, float, "+f", 64, 8, ".f32.tf32.tf32", 32, "%32", "%33", "%34", ", 1, 1")
NODECUDA_WGMMA(Tfloat32, float, "+f", 128, 8, ".f32.tf32.tf32", 64, "%64", "%65", "%66", ", 1, 1")
NODECUDA_WGMMA(Tfloat32, float, "+f", 256, 8, ".f32.tf32.tf32", 128, "%128", "%129", "%130",
               ", 1, 1")
NODECUDA_WGMMA(Int8, int, "+r", 64, 32, ".s32.s8.s8", 32, "%32", "%33", "%34", "")
NODECUDA_WGMMA(Int8, int, "+r", 128, 32, ".s32.s8.s8", 64, "%64", "%65", "%66", "")
NODECUDA_WGMMA(Int8, int, "+r", 256, 32, ".s32.s8.s8", 128, "%128", "%129", "%130", "")

#undef NODECUDA_WGMMA
#undef NODECUDA_SUMS_128
#undef NODECUDA_SUMS_64
#undef NODECUDA_SUMS_32
#undef NODECUDA_SUMS_8
#undef NODECUDA_PLACES_128
#undef NODECUDA_PLACES_64
#undef NODECUDA_PLACES_32

}  // namespace hopper
