#ifndef NODECUDA_OPS_KERNEL_NAMES_H_
#define NODECUDA_OPS_KERNEL_NAMES_H_

#include <cstddef>
#include <cstdint>

namespace nodecuda {

// The entries of cuda/. Those of vector_add serve signed and unsigned integers alike. In those of
// matmul the last letters say whether a and b are stored as they are (n) or transposed (t).
#define NODECUDA_KERNELS(X)    \
  X(fill)                      \
  X(vector_add_float32)        \
  X(vector_add_float64)        \
  X(vector_add_float16)        \
  X(vector_add_bfloat16)       \
  X(vector_add_int8)           \
  X(vector_add_int16)          \
  X(vector_add_int32)          \
  X(vector_add_int64)          \
  X(matmul_float32_128x128_nn) \
  X(matmul_float32_128x128_nt) \
  X(matmul_float32_128x128_tn) \
  X(matmul_float32_128x128_tt) \
  X(matmul_float32_64x64_nn)   \
  X(matmul_float32_64x64_nt)   \
  X(matmul_float32_64x64_tn)   \
  X(matmul_float32_64x64_tt)   \
  X(matmul_float64_64x64_nn)   \
  X(matmul_float64_64x64_nt)   \
  X(matmul_float64_64x64_tn)   \
  X(matmul_float64_64x64_tt)

// Spelled as the kernels are, not as constants: KernelId::fill is the kernel "fill".
enum class KernelId : std::uint8_t {
#define NODECUDA_KERNEL(name) name,
  NODECUDA_KERNELS(NODECUDA_KERNEL)
#undef NODECUDA_KERNEL
};

// By KernelId.
inline constexpr const char* kKernelNames[] = {
#define NODECUDA_KERNEL(name) #name,
    NODECUDA_KERNELS(NODECUDA_KERNEL)
#undef NODECUDA_KERNEL
};

inline constexpr std::size_t kKernelCount = sizeof(kKernelNames) / sizeof(kKernelNames[0]);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_KERNEL_NAMES_H_
