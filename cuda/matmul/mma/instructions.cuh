// The PTX instructions of the tensor core kernels, one function each, and the larger products that
// older architectures put together from smaller ones.
//
// Products are D = A B + C for one warp. Whatever the element type, an operand's fragment covers 16
// rows of A, or columns of B, and 32 bytes of k, in four registers of 32 bits. With h for the half
// of the 16 rows or columns and q for the half of the 32 bytes, a lane holds of each the 4 bytes of
// row or column lane / 4 that are lane % 4 words into k: of A in register h + 2 q, of B in register
// 2 h + q, as an instruction takes all registers of A, but those of one h of B, side by side. A
// fragment of float64 has two registers of 64 bits, for the two h; q is always 0. D and C of a lane
// are (lane / 4, lane % 4 * 2), the column after it, and the same 8 rows further down.
#pragma once

#include <cstdint>

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define NODECUDA_MMA_TURING 1
#else
#define NODECUDA_MMA_TURING 0
#endif

namespace matmul {

__device__ __forceinline__ std::uint32_t SharedAddress(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// The first `bytes` (0 to 16) of 16 from global memory, and zeros; nothing after them is read. The
// L2 cache fetches whole lines of 128 bytes: the next tile is in them, or what the next block
// copies.
__device__ __forceinline__ void CopyAsync(std::uint32_t shared, const void* global, int bytes) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(shared), "l"(global),
               "r"(bytes)
               : "memory");
}
__device__ __forceinline__ void CommitCopies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
// Waits until all but the kPending latest groups are there.
template <int kPending>
__device__ __forceinline__ void WaitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

// Four 8 x 8 matrices of 16 bits; lane l gives the address of row l % 8 of matrix l / 8.
template <bool kTranspose>
__device__ __forceinline__ void LoadMatrices(std::uint32_t (&registers)[4], std::uint32_t shared) {
  if constexpr (kTranspose) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
                 : "r"(shared));
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
                 : "r"(shared));
  }
}

__device__ __forceinline__ void LoadShared(std::uint32_t& value, std::uint32_t shared) {
  asm volatile("ld.shared.b32 %0, [%1];" : "=r"(value) : "r"(shared));
}
__device__ __forceinline__ void LoadShared(double& value, std::uint32_t shared) {
  asm volatile("ld.shared.f64 %0, [%1];" : "=d"(value) : "r"(shared));
}
__device__ __forceinline__ void StoreShared(std::uint32_t shared, const uint4& value) {
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(shared), "r"(value.x), "r"(value.y),
               "r"(value.z), "r"(value.w)
               : "memory");
}

using Words = std::uint32_t[4];

#define NODECUDA_MMA_FLOAT(instruction)                                                           \
  asm volatile(instruction " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};" \
               : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])                                   \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(c[0]),         \
                 "f"(c[1]), "f"(c[2]), "f"(c[3]))

#if NODECUDA_MMA_TURING
__device__ __forceinline__ void MultiplyHalfK(float (&d)[4], std::uint32_t a0, std::uint32_t a1,
                                              std::uint32_t b, const float (&c)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
      "{%7, %8, %9, %10};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a0), "r"(a1), "r"(b), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
}
__device__ __forceinline__ void MultiplyFloat16(float (&d)[4], const Words& a, std::uint32_t b0,
                                                std::uint32_t b1, const float (&c)[4]) {
  MultiplyHalfK(d, a[0], a[1], b0, c);
  MultiplyHalfK(d, a[2], a[3], b1, d);
}

__device__ __forceinline__ void MultiplyQuarter(int& d0, int& d1, std::uint32_t a,
                                                std::uint32_t b) {
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
               : "+r"(d0), "+r"(d1)
               : "r"(a), "r"(b));
}
__device__ __forceinline__ void MultiplyInt8(int (&d)[4], const Words& a, std::uint32_t b0,
                                             std::uint32_t b1) {
  MultiplyQuarter(d[0], d[1], a[0], b0);
  MultiplyQuarter(d[2], d[3], a[1], b0);
  MultiplyQuarter(d[0], d[1], a[2], b1);
  MultiplyQuarter(d[2], d[3], a[3], b1);
}
#else
__device__ __forceinline__ void MultiplyFloat16(float (&d)[4], const Words& a, std::uint32_t b0,
                                                std::uint32_t b1, const float (&c)[4]) {
  NODECUDA_MMA_FLOAT("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32");
}
__device__ __forceinline__ void MultiplyBfloat16(float (&d)[4], const Words& a, std::uint32_t b0,
                                                 std::uint32_t b1, const float (&c)[4]) {
  NODECUDA_MMA_FLOAT("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32");
}
// The low 13 bits of a's and b's elements are ignored.
__device__ __forceinline__ void MultiplyTf32(float (&d)[4], const Words& a, std::uint32_t b0,
                                             std::uint32_t b1, const float (&c)[4]) {
  NODECUDA_MMA_FLOAT("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32");
}
__device__ __forceinline__ void MultiplyInt8(int (&d)[4], const Words& a, std::uint32_t b0,
                                             std::uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void MultiplyEighth(double& d0, double& d1, double a, double b) {
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
               : "+d"(d0), "+d"(d1)
               : "d"(a), "d"(b));
}
__device__ __forceinline__ void MultiplyFloat64(double (&d)[4], const double (&a)[2], double b) {
  MultiplyEighth(d[0], d[1], a[0], b);
  MultiplyEighth(d[2], d[3], a[1], b);
}
#endif
#undef NODECUDA_MMA_FLOAT

}  // namespace matmul
