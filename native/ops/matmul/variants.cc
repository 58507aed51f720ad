// The table of matmul kernels. Tiles, threads and shared memory repeat what the files of cuda/ say.
#include "ops/matmul/matmul.h"

namespace nodecuda {
namespace {

constexpr MatmulVariant Simt(const char* name, Dtype dtype, std::int64_t tile_m,
                             std::int64_t tile_n, std::int64_t tile_k, std::uint32_t threads,
                             int blocks, double efficiency, KernelId kernel) {
  return {.name = name,
          .family = MatmulFamily::kSimt,
          .dtype = dtype,
          .precision = MatmulPrecision::kIeee,
          .tile_m = tile_m,
          .tile_n = tile_n,
          .tile_k = tile_k,
          .threads = threads,
          .dynamic_shared_bytes = 0,
          .blocks_per_multiprocessor = blocks,
          .alignment = 1,
          .least_capability = 0,
          .greatest_capability = 0,
          .can_split = true,
          .efficiency = efficiency,
          .proven = true,
          .kernels = {{kernel, kernel}, {kernel, kernel}}};
}

// `width`: vectors of the large operand that a block takes.
constexpr MatmulVariant Skinny(const char* name, MatmulFamily family, Dtype dtype, int count,
                               std::int64_t width, KernelId kernel) {
  MatmulVariant variant =
      Simt(name, dtype, count, width, family == MatmulFamily::kSkinnyDot ? 512 : 128, 128,
           count == 1 ? 4 : 3, 0.5, kernel);
  variant.family = family;
  return variant;
}

// Shared memory as in cuda/matmul/mma/mma.cuh: `stages` of a part of both tiles, kStepBytes along
// k. Up to 48 KiB of it is not dynamic.
struct MmaSizes {
  std::int64_t tile_m, tile_n;
  std::uint32_t threads;
  std::size_t stages;
  int blocks;
  double efficiency;
};
constexpr MmaSizes kMmaWide = {128, 256, 256, 4, 1, 0.9};
constexpr MmaSizes kMmaLarge = {128, 128, 128, 3, 2, 0.85};
constexpr MmaSizes kMmaSmall = {64, 64, 128, 4, 3, 0.6};
constexpr MmaSizes kMmaFast = {128, 128, 256, 3, 1, 0.8};
constexpr MmaSizes kMmaLargeDouble = {128, 128, 256, 3, 1, 0.9};
constexpr MmaSizes kMmaSmallDouble = {64, 64, 128, 3, 2, 0.7};

struct Layouts {
  KernelId nn, nt, tn, tt;
};

constexpr MatmulVariant Mma(const char* name, Dtype dtype, MatmulPrecision precision,
                            int least_capability, int greatest_capability, const MmaSizes& sizes,
                            const Layouts& kernels) {
  const std::size_t step_bytes = dtype == Dtype::kFloat64 ? 128 : 64;
  constexpr std::size_t kStaticBytes = std::size_t{48} << 10;
  const std::size_t shared =
      sizes.stages * static_cast<std::size_t>(sizes.tile_m + sizes.tile_n) * step_bytes;
  return {.name = name,
          .family = MatmulFamily::kMma,
          .dtype = dtype,
          .precision = precision,
          .tile_m = sizes.tile_m,
          .tile_n = sizes.tile_n,
          .tile_k = static_cast<std::int64_t>(step_bytes / ByteSize(dtype)),
          .threads = sizes.threads,
          .dynamic_shared_bytes = shared > kStaticBytes ? shared : 0,
          .blocks_per_multiprocessor = sizes.blocks,
          .alignment = 16,
          .least_capability = least_capability,
          .greatest_capability = greatest_capability,
          .can_split = true,
          .efficiency = sizes.efficiency,
          .proven = true,
          .kernels = {{kernels.nn, kernels.nt}, {kernels.tn, kernels.tt}}};
}

// Shared memory as in cuda/matmul/hopper/hopper.cuh: a ring of stages, what the 8 warps that
// compute hand over in the epilogue, two barriers a stage.
constexpr MatmulVariant Wgmma(const char* name, Dtype dtype, MatmulPrecision precision,
                              std::int64_t tile_n, std::uint32_t cluster, double efficiency,
                              const Layouts& kernels) {
  constexpr std::size_t kRing = std::size_t{192} << 10, kHandedOver = 8 * 16 * 40 * 4;
  constexpr std::size_t kStepBytes = 128;
  const std::size_t stages = kRing / (static_cast<std::size_t>(128 + tile_n) * kStepBytes);
  return {.name = name,
          .family = MatmulFamily::kWgmma,
          .dtype = dtype,
          .precision = precision,
          .tile_m = 128,
          .tile_n = tile_n,
          .tile_k = static_cast<std::int64_t>(kStepBytes / ByteSize(dtype)),
          .threads = 384,
          .dynamic_shared_bytes = kRing + kHandedOver + stages * 16,
          .blocks_per_multiprocessor = 1,
          .cluster = cluster,
          // float32 operands can be packed.
          .alignment = dtype == Dtype::kFloat32 ? std::size_t{1} : 16,
          .least_capability = 90,
          .greatest_capability = 90,
          .can_split = true,
          .efficiency = efficiency,
          .proven = false,
          .kernels = {{kernels.nn, kernels.nt}, {kernels.tn, kernels.tt}}};
}

#define NODECUDA_SIMT(name, dtype, m, n, k, threads, blocks, efficiency) \
  Simt(#name, dtype, m, n, k, threads, blocks, efficiency, KernelId::matmul_##name)
#define NODECUDA_MMA(name, kernel, dtype, precision, least, greatest, sizes) \
  Mma(#name, dtype, precision, least, greatest, sizes,                       \
      {KernelId::kernel##_nn, KernelId::kernel##_nt, KernelId::kernel##_tn,  \
       KernelId::kernel##_tt})
#define NODECUDA_WGMMA(suffix, kernel, dtype, tile_n, cluster, efficiency)                    \
  Wgmma("wgmma_" #kernel #suffix, dtype, MatmulPrecision::kIeee, tile_n, cluster, efficiency, \
        {KernelId::matmul_hopper_##kernel##_nn, KernelId::matmul_hopper_##kernel##_nt,        \
         KernelId::matmul_hopper_##kernel##_tn, KernelId::matmul_hopper_##kernel##_tt})
#define NODECUDA_WGMMA_INT8(kernel, tile_n, efficiency)                                \
  Wgmma("wgmma_" #kernel, Dtype::kInt8, MatmulPrecision::kIeee, tile_n, 1, efficiency, \
        {kNoKernel, KernelId::matmul_hopper_##kernel##_nt, kNoKernel, kNoKernel})
// Other layouts are packed to what the kernel takes.
#define NODECUDA_WGMMA_FLOAT32(name, kernel, precision, tile_n, cluster, efficiency)   \
  Wgmma("wgmma_" #name, Dtype::kFloat32, precision, tile_n, cluster, efficiency,       \
        {KernelId::matmul_hopper_##kernel##_nt, KernelId::matmul_hopper_##kernel##_nt, \
         KernelId::matmul_hopper_##kernel##_nt, KernelId::matmul_hopper_##kernel##_nt})
#define NODECUDA_SKINNY(count, suffix, dtype, dot_width, axpy_width)                         \
  Skinny("skinny_dot" #count "_" #suffix, MatmulFamily::kSkinnyDot, dtype, count, dot_width, \
         KernelId::matmul_skinny_dot##count##_##suffix),                                     \
      Skinny("skinny_axpy" #count "_" #suffix, MatmulFamily::kSkinnyAxpy, dtype, count,      \
             axpy_width, KernelId::matmul_skinny_axpy##count##_##suffix)

constexpr MatmulVariant kVariants[] = {
    NODECUDA_SIMT(float32_256x128, Dtype::kFloat32, 256, 128, 8, 256, 1, 0.85),
    NODECUDA_SIMT(float32_128x256, Dtype::kFloat32, 128, 256, 8, 256, 1, 0.85),
    NODECUDA_SIMT(float32_128x128, Dtype::kFloat32, 128, 128, 8, 256, 2, 0.80),
    NODECUDA_SIMT(float32_64x64, Dtype::kFloat32, 64, 64, 16, 128, 4, 0.65),
    NODECUDA_SIMT(float64_128x64, Dtype::kFloat64, 128, 64, 8, 256, 1, 0.85),
    NODECUDA_SIMT(float64_64x64, Dtype::kFloat64, 64, 64, 8, 128, 2, 0.75),
    // For what tensor cores, or the kernels for them, cannot take.
    NODECUDA_SIMT(generic_float16, Dtype::kFloat16, 64, 64, 16, 128, 3, 0.5),
    NODECUDA_SIMT(generic_bfloat16, Dtype::kBfloat16, 64, 64, 16, 128, 3, 0.5),
    NODECUDA_SIMT(generic_int8, Dtype::kInt8, 64, 64, 16, 128, 3, 0.3),
    NODECUDA_SKINNY(1, float32, Dtype::kFloat32, 4, 128),
    NODECUDA_SKINNY(4, float32, Dtype::kFloat32, 4, 128),
    NODECUDA_SKINNY(16, float32, Dtype::kFloat32, 4, 128),
    NODECUDA_SKINNY(1, float64, Dtype::kFloat64, 4, 64),
    NODECUDA_SKINNY(4, float64, Dtype::kFloat64, 4, 64),
    NODECUDA_SKINNY(16, float64, Dtype::kFloat64, 2, 64),
    NODECUDA_SKINNY(1, float16, Dtype::kFloat16, 4, 256),
    NODECUDA_SKINNY(4, float16, Dtype::kFloat16, 4, 256),
    NODECUDA_SKINNY(16, float16, Dtype::kFloat16, 4, 128),
    NODECUDA_SKINNY(1, bfloat16, Dtype::kBfloat16, 4, 256),
    NODECUDA_SKINNY(4, bfloat16, Dtype::kBfloat16, 4, 256),
    NODECUDA_SKINNY(16, bfloat16, Dtype::kBfloat16, 4, 128),
    NODECUDA_MMA(mma_float16_128x256, matmul_float16_128x256, Dtype::kFloat16,
                 MatmulPrecision::kIeee, 80, 0, kMmaWide),
    NODECUDA_MMA(mma_float16_128x128, matmul_float16_128x128, Dtype::kFloat16,
                 MatmulPrecision::kIeee, 75, 0, kMmaLarge),
    NODECUDA_MMA(mma_float16_64x64, matmul_float16_64x64, Dtype::kFloat16, MatmulPrecision::kIeee,
                 75, 0, kMmaSmall),
    NODECUDA_MMA(mma_bfloat16_128x256, matmul_bfloat16_128x256, Dtype::kBfloat16,
                 MatmulPrecision::kIeee, 80, 0, kMmaWide),
    NODECUDA_MMA(mma_bfloat16_128x128, matmul_bfloat16_128x128, Dtype::kBfloat16,
                 MatmulPrecision::kIeee, 80, 0, kMmaLarge),
    NODECUDA_MMA(mma_bfloat16_64x64, matmul_bfloat16_64x64, Dtype::kBfloat16,
                 MatmulPrecision::kIeee, 80, 0, kMmaSmall),
    NODECUDA_MMA(mma_int8_128x128, matmul_int8_128x128, Dtype::kInt8, MatmulPrecision::kIeee, 75, 0,
                 kMmaLarge),
    NODECUDA_MMA(mma_int8_64x64, matmul_int8_64x64, Dtype::kInt8, MatmulPrecision::kIeee, 75, 0,
                 kMmaSmall),
    NODECUDA_MMA(mma_tf32_128x256, matmul_tf32_128x256, Dtype::kFloat32, MatmulPrecision::kTf32, 80,
                 0, kMmaWide),
    NODECUDA_MMA(mma_tf32_128x128, matmul_tf32_128x128, Dtype::kFloat32, MatmulPrecision::kTf32, 80,
                 0, kMmaLarge),
    NODECUDA_MMA(mma_tf32_64x64, matmul_tf32_64x64, Dtype::kFloat32, MatmulPrecision::kTf32, 80, 0,
                 kMmaSmall),
    NODECUDA_MMA(mma_fp32fast_128x128, matmul_fp32fast_128x128, Dtype::kFloat32,
                 MatmulPrecision::kFp32Fast, 80, 0, kMmaFast),
    NODECUDA_MMA(mma_fp32fast_64x64, matmul_fp32fast_64x64, Dtype::kFloat32,
                 MatmulPrecision::kFp32Fast, 80, 0, kMmaSmall),
    NODECUDA_MMA(mma_float64_128x128, matmul_float64_mma_128x128, Dtype::kFloat64,
                 MatmulPrecision::kIeee, 80, 110, kMmaLargeDouble),
    NODECUDA_MMA(mma_float64_64x64, matmul_float64_mma_64x64, Dtype::kFloat64,
                 MatmulPrecision::kIeee, 80, 110, kMmaSmallDouble),
    // Efficiencies from the fill roofline of docs/kernels/hopper.md.
    NODECUDA_WGMMA(, bfloat16_128x256, Dtype::kBfloat16, 256, 1, 0.7),
    NODECUDA_WGMMA(_cluster2, bfloat16_128x256, Dtype::kBfloat16, 256, 2, 0.75),
    NODECUDA_WGMMA(, bfloat16_128x128, Dtype::kBfloat16, 128, 1, 0.5),
    NODECUDA_WGMMA(, bfloat16_128x64, Dtype::kBfloat16, 64, 1, 0.33),
    NODECUDA_WGMMA(, float16_128x256, Dtype::kFloat16, 256, 1, 0.7),
    NODECUDA_WGMMA(_cluster2, float16_128x256, Dtype::kFloat16, 256, 2, 0.75),
    NODECUDA_WGMMA(, float16_128x128, Dtype::kFloat16, 128, 1, 0.5),
    NODECUDA_WGMMA(, float16_128x64, Dtype::kFloat16, 64, 1, 0.33),
    NODECUDA_WGMMA_INT8(int8_128x256, 256, 0.7),
    NODECUDA_WGMMA_INT8(int8_128x128, 128, 0.5),
    NODECUDA_WGMMA_INT8(int8_128x64, 64, 0.33),
    NODECUDA_WGMMA_FLOAT32(tf32_128x256, tfloat32_128x256, MatmulPrecision::kTf32, 256, 1, 0.65),
    NODECUDA_WGMMA_FLOAT32(tf32_128x256_cluster2, tfloat32_128x256, MatmulPrecision::kTf32, 256, 2,
                           0.75),
    NODECUDA_WGMMA_FLOAT32(tf32_128x128, tfloat32_128x128, MatmulPrecision::kTf32, 128, 1, 0.5),
    NODECUDA_WGMMA_FLOAT32(tf32_128x64, tfloat32_128x64, MatmulPrecision::kTf32, 64, 1, 0.33),
    NODECUDA_WGMMA_FLOAT32(fp32fast_128x128, float32_128x128, MatmulPrecision::kFp32Fast, 128, 1,
                           0.5),
    NODECUDA_WGMMA_FLOAT32(fp32fast_128x128_cluster2, float32_128x128, MatmulPrecision::kFp32Fast,
                           128, 2, 0.6),
    NODECUDA_WGMMA_FLOAT32(fp32fast_128x64, float32_128x64, MatmulPrecision::kFp32Fast, 64, 1,
                           0.33),
};

#undef NODECUDA_SKINNY
#undef NODECUDA_WGMMA_FLOAT32
#undef NODECUDA_WGMMA_INT8
#undef NODECUDA_WGMMA
#undef NODECUDA_MMA
#undef NODECUDA_SIMT

}  // namespace

std::span<const MatmulVariant> MatmulVariants() {
  return kVariants;
}

}  // namespace nodecuda
