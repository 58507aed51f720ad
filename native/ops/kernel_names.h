#ifndef NODECUDA_OPS_KERNEL_NAMES_H_
#define NODECUDA_OPS_KERNEL_NAMES_H_

#include <cstddef>
#include <cstdint>

namespace nodecuda {

// The translation units of cuda/, each a module that is loaded when an operation first needs it.
// cmake/kernels.cmake has the list too, with the architectures of each.
#define NODECUDA_MODULES(X) \
  X(elementwise)            \
  X(matmul_simt)

// The entries of each module. Those of vector_add serve signed and unsigned integers alike. In
// those of matmul the last letters say whether a and b are stored as they are (n) or transposed
// (t).
#define NODECUDA_KERNELS(X)                 \
  X(elementwise, fill)                      \
  X(elementwise, vector_add_float32)        \
  X(elementwise, vector_add_float64)        \
  X(elementwise, vector_add_float16)        \
  X(elementwise, vector_add_bfloat16)       \
  X(elementwise, vector_add_int8)           \
  X(elementwise, vector_add_int16)          \
  X(elementwise, vector_add_int32)          \
  X(elementwise, vector_add_int64)          \
  X(matmul_simt, matmul_float32_128x128_nn) \
  X(matmul_simt, matmul_float32_128x128_nt) \
  X(matmul_simt, matmul_float32_128x128_tn) \
  X(matmul_simt, matmul_float32_128x128_tt) \
  X(matmul_simt, matmul_float32_64x64_nn)   \
  X(matmul_simt, matmul_float32_64x64_nt)   \
  X(matmul_simt, matmul_float32_64x64_tn)   \
  X(matmul_simt, matmul_float32_64x64_tt)   \
  X(matmul_simt, matmul_float64_64x64_nn)   \
  X(matmul_simt, matmul_float64_64x64_nt)   \
  X(matmul_simt, matmul_float64_64x64_tn)   \
  X(matmul_simt, matmul_float64_64x64_tt)

// Spelled as the files and kernels are, not as constants: KernelId::fill is the kernel "fill".
enum class Module : std::uint8_t {
#define NODECUDA_MODULE(name) name,
  NODECUDA_MODULES(NODECUDA_MODULE)
#undef NODECUDA_MODULE
};

inline constexpr const char* kModuleNames[] = {
#define NODECUDA_MODULE(name) #name,
    NODECUDA_MODULES(NODECUDA_MODULE)
#undef NODECUDA_MODULE
};

inline constexpr std::size_t kModuleCount = sizeof(kModuleNames) / sizeof(kModuleNames[0]);

enum class KernelId : std::uint16_t {
#define NODECUDA_KERNEL(module, name) name,
  NODECUDA_KERNELS(NODECUDA_KERNEL)
#undef NODECUDA_KERNEL
};

// By KernelId.
inline constexpr const char* kKernelNames[] = {
#define NODECUDA_KERNEL(module, name) #name,
    NODECUDA_KERNELS(NODECUDA_KERNEL)
#undef NODECUDA_KERNEL
};
inline constexpr Module kKernelModules[] = {
#define NODECUDA_KERNEL(module, name) Module::module,
    NODECUDA_KERNELS(NODECUDA_KERNEL)
#undef NODECUDA_KERNEL
};

inline constexpr std::size_t kKernelCount = sizeof(kKernelNames) / sizeof(kKernelNames[0]);

}  // namespace nodecuda

#endif  // NODECUDA_OPS_KERNEL_NAMES_H_
