// Matrix products for compute capability 9.0 alone: compiled for sm_90a, which runs nowhere else.
// The dynamic shared memory, grid, cluster and tensor maps of each kernel are described by
// native/ops/matmul/hopper.h.
#include "cuda/matmul/hopper/hopper.cuh"
#include "cuda/matmul/hopper/pack.cuh"

namespace {

using hopper::TensorMap;

template <typename S>
__device__ __forceinline__ void RunOnce(const MatmulArguments& arguments, const TensorMap& map_a,
                                        const TensorMap& map_b) {
  hopper::Run<S>(arguments, 1, [&](int) { return hopper::Walk{&map_a, &map_b}; });
}

}  // namespace

#define NODECUDA_KERNEL(name, Operand, columns, transpose_a, transpose_b)                         \
  extern "C" __global__ void __launch_bounds__(hopper::kThreads, 1) matmul_hopper_##name(         \
      const __grid_constant__ MatmulArguments arguments, const __grid_constant__ TensorMap map_a, \
      const __grid_constant__ TensorMap map_b) {                                                  \
    RunOnce<hopper::Shape<hopper::Operand, columns, transpose_a, transpose_b>>(arguments, map_a,  \
                                                                               map_b);            \
  }
#define NODECUDA_LAYOUTS(name, Operand, columns)             \
  NODECUDA_KERNEL(name##_nn, Operand, columns, false, false) \
  NODECUDA_KERNEL(name##_nt, Operand, columns, false, true)  \
  NODECUDA_KERNEL(name##_tn, Operand, columns, true, false)  \
  NODECUDA_KERNEL(name##_tt, Operand, columns, true, true)

NODECUDA_LAYOUTS(bfloat16_128x256, Bfloat16, 256)
NODECUDA_LAYOUTS(bfloat16_128x128, Bfloat16, 128)
NODECUDA_LAYOUTS(bfloat16_128x64, Bfloat16, 64)
NODECUDA_LAYOUTS(float16_128x256, Float16, 256)
NODECUDA_LAYOUTS(float16_128x128, Float16, 128)
NODECUDA_LAYOUTS(float16_128x64, Float16, 64)
NODECUDA_KERNEL(int8_128x256_nt, Int8, 256, false, true)
NODECUDA_KERNEL(int8_128x128_nt, Int8, 128, false, true)
NODECUDA_KERNEL(int8_128x64_nt, Int8, 64, false, true)

NODECUDA_KERNEL(tfloat32_128x256_nt, Tfloat32, 256, false, true)
NODECUDA_KERNEL(tfloat32_128x128_nt, Tfloat32, 128, false, true)
NODECUDA_KERNEL(tfloat32_128x64_nt, Tfloat32, 64, false, true)

#undef NODECUDA_LAYOUTS
#undef NODECUDA_KERNEL

// float32 as the sum of two tf32 numbers, almost to the precision of float32: of the four products
// of the parts the three that matter are summed up, the small ones first: rest a x b, a x rest b,
// a x b. matmul_hopper_pack has written the parts; the second map of each pair is of the rests.
struct TensorMapPair {
  TensorMap maps[2];
};
#define NODECUDA_KERNEL(columns)                                                                  \
  extern "C" __global__ void __launch_bounds__(hopper::kThreads, 1)                               \
      matmul_hopper_float32_128x##columns##_nt(const __grid_constant__ MatmulArguments arguments, \
                                               const __grid_constant__ TensorMapPair a,           \
                                               const __grid_constant__ TensorMapPair b) {         \
    constexpr int kPromotion = 8;                                                                 \
    hopper::Run<hopper::Shape<hopper::Tfloat32, columns, false, true, kPromotion>>(               \
        arguments, 3, [&](int walk) {                                                             \
          return hopper::Walk{a.maps + (walk == 0), b.maps + (walk == 1)};                        \
        });                                                                                       \
  }
NODECUDA_KERNEL(128)
NODECUDA_KERNEL(64)
#undef NODECUDA_KERNEL
