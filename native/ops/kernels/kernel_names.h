#ifndef NODECUDA_OPS_KERNELS_KERNEL_NAMES_H_
#define NODECUDA_OPS_KERNELS_KERNEL_NAMES_H_

#include <cstddef>
#include <cstdint>

namespace nodecuda {

// The translation units of cuda/, each a module that is loaded when an operation first needs it.
// cmake/kernels.cmake has the list too, with the architectures of each.
#define NODECUDA_MODULES(X) \
  X(elementwise)            \
  X(reduce)                 \
  X(matmul_simt)            \
  X(matmul_mma)             \
  X(matmul_mma_ampere)      \
  X(matmul_mma_float64)     \
  X(matmul_hopper)

// The entries of each module.
//
// Elementwise ones for signed integers serve unsigned ones too, and conversions are by the bytes of
// an element before and after.
#define NODECUDA_ELEMENTWISE_KERNELS(X) \
  X(elementwise, fill)                  \
  X(elementwise, unary_float32)         \
  X(elementwise, unary_float64)         \
  X(elementwise, unary_float16)         \
  X(elementwise, unary_bfloat16)        \
  X(elementwise, unary_int8)            \
  X(elementwise, unary_int16)           \
  X(elementwise, unary_int32)           \
  X(elementwise, unary_int64)           \
  X(elementwise, binary_float32)        \
  X(elementwise, binary_float64)        \
  X(elementwise, binary_float16)        \
  X(elementwise, binary_bfloat16)       \
  X(elementwise, binary_int8)           \
  X(elementwise, binary_int16)          \
  X(elementwise, binary_int32)          \
  X(elementwise, binary_int64)          \
  X(elementwise, convert_1_1)           \
  X(elementwise, convert_1_2)           \
  X(elementwise, convert_1_4)           \
  X(elementwise, convert_1_8)           \
  X(elementwise, convert_2_1)           \
  X(elementwise, convert_2_2)           \
  X(elementwise, convert_2_4)           \
  X(elementwise, convert_2_8)           \
  X(elementwise, convert_4_1)           \
  X(elementwise, convert_4_2)           \
  X(elementwise, convert_4_4)           \
  X(elementwise, convert_4_8)           \
  X(elementwise, convert_8_1)           \
  X(elementwise, convert_8_2)           \
  X(elementwise, convert_8_4)           \
  X(elementwise, convert_8_8)

// Those of reductions are by dtype or, where that does not matter, by the bits of an element: along
// the axis (rows), across it (columns), and of the results of its pieces (partials).
#define NODECUDA_REDUCE_KERNELS(X)           \
  X(reduce, reduce_rows_sum_float32)         \
  X(reduce, reduce_columns_sum_float32)      \
  X(reduce, reduce_rows_sum_float64)         \
  X(reduce, reduce_columns_sum_float64)      \
  X(reduce, reduce_rows_sum_float16)         \
  X(reduce, reduce_columns_sum_float16)      \
  X(reduce, reduce_rows_sum_integer8)        \
  X(reduce, reduce_columns_sum_integer8)     \
  X(reduce, reduce_rows_sum_integer16)       \
  X(reduce, reduce_columns_sum_integer16)    \
  X(reduce, reduce_rows_sum_integer32)       \
  X(reduce, reduce_columns_sum_integer32)    \
  X(reduce, reduce_rows_sum_integer64)       \
  X(reduce, reduce_columns_sum_integer64)    \
  X(reduce, reduce_partials_sum_float32)     \
  X(reduce, reduce_partials_sum_float64)     \
  X(reduce, reduce_partials_sum_integer)     \
  X(reduce, reduce_rows_norm_float32)        \
  X(reduce, reduce_columns_norm_float32)     \
  X(reduce, reduce_rows_norm_float64)        \
  X(reduce, reduce_columns_norm_float64)     \
  X(reduce, reduce_rows_norm_float16)        \
  X(reduce, reduce_columns_norm_float16)     \
  X(reduce, reduce_partials_norm_float32)    \
  X(reduce, reduce_partials_norm_float64)    \
  X(reduce, reduce_rows_extreme_8)           \
  X(reduce, reduce_columns_extreme_8)        \
  X(reduce, reduce_rows_index_8)             \
  X(reduce, reduce_columns_index_8)          \
  X(reduce, reduce_partials_extreme_8)       \
  X(reduce, reduce_rows_extreme_16)          \
  X(reduce, reduce_columns_extreme_16)       \
  X(reduce, reduce_rows_index_16)            \
  X(reduce, reduce_columns_index_16)         \
  X(reduce, reduce_partials_extreme_16)      \
  X(reduce, reduce_rows_extreme_32)          \
  X(reduce, reduce_columns_extreme_32)       \
  X(reduce, reduce_rows_index_32)            \
  X(reduce, reduce_columns_index_32)         \
  X(reduce, reduce_partials_extreme_32)      \
  X(reduce, reduce_rows_extreme_64)          \
  X(reduce, reduce_columns_extreme_64)       \
  X(reduce, reduce_rows_index_64)            \
  X(reduce, reduce_columns_index_64)         \
  X(reduce, reduce_partials_extreme_64)      \
  X(reduce, reduce_partials_index_32)        \
  X(reduce, reduce_partials_index_64)        \
  X(reduce, softmax_rows_float32)            \
  X(reduce, softmax_long_rows_float32)       \
  X(reduce, softmax_columns_float32)         \
  X(reduce, softmax_rows_float64)            \
  X(reduce, softmax_long_rows_float64)       \
  X(reduce, softmax_columns_float64)         \
  X(reduce, softmax_rows_float16)            \
  X(reduce, softmax_long_rows_float16)       \
  X(reduce, softmax_columns_float16)         \
  X(reduce, reduce_partials_softmax_float32) \
  X(reduce, reduce_partials_softmax_float64) \
  X(reduce, transpose_1)                     \
  X(reduce, transpose_1_packed)              \
  X(reduce, transpose_2)                     \
  X(reduce, transpose_2_packed)              \
  X(reduce, transpose_4)                     \
  X(reduce, transpose_8)

#define NODECUDA_MATMUL_SIMT_KERNELS(X)         \
  X(matmul_simt, matmul_float32_256x128)        \
  X(matmul_simt, matmul_float32_128x256)        \
  X(matmul_simt, matmul_float32_128x128)        \
  X(matmul_simt, matmul_float32_64x64)          \
  X(matmul_simt, matmul_float64_128x64)         \
  X(matmul_simt, matmul_float64_64x64)          \
  X(matmul_simt, matmul_generic_float16)        \
  X(matmul_simt, matmul_generic_bfloat16)       \
  X(matmul_simt, matmul_generic_int8)           \
  X(matmul_simt, matmul_skinny_dot1_float32)    \
  X(matmul_simt, matmul_skinny_axpy1_float32)   \
  X(matmul_simt, matmul_skinny_dot4_float32)    \
  X(matmul_simt, matmul_skinny_axpy4_float32)   \
  X(matmul_simt, matmul_skinny_dot16_float32)   \
  X(matmul_simt, matmul_skinny_axpy16_float32)  \
  X(matmul_simt, matmul_skinny_dot1_float64)    \
  X(matmul_simt, matmul_skinny_axpy1_float64)   \
  X(matmul_simt, matmul_skinny_dot4_float64)    \
  X(matmul_simt, matmul_skinny_axpy4_float64)   \
  X(matmul_simt, matmul_skinny_dot16_float64)   \
  X(matmul_simt, matmul_skinny_axpy16_float64)  \
  X(matmul_simt, matmul_skinny_dot1_float16)    \
  X(matmul_simt, matmul_skinny_axpy1_float16)   \
  X(matmul_simt, matmul_skinny_dot4_float16)    \
  X(matmul_simt, matmul_skinny_axpy4_float16)   \
  X(matmul_simt, matmul_skinny_dot16_float16)   \
  X(matmul_simt, matmul_skinny_axpy16_float16)  \
  X(matmul_simt, matmul_skinny_dot1_bfloat16)   \
  X(matmul_simt, matmul_skinny_axpy1_bfloat16)  \
  X(matmul_simt, matmul_skinny_dot4_bfloat16)   \
  X(matmul_simt, matmul_skinny_axpy4_bfloat16)  \
  X(matmul_simt, matmul_skinny_dot16_bfloat16)  \
  X(matmul_simt, matmul_skinny_axpy16_bfloat16) \
  X(matmul_simt, matmul_split_sum_float32)      \
  X(matmul_simt, matmul_split_sum_float64)      \
  X(matmul_simt, matmul_split_sum_int32)

// The last letters say whether a and b are stored as they are (n) or transposed (t).
#define NODECUDA_MATMUL_LAYOUTS(X, module, name) \
  X(module, name##_nn) X(module, name##_nt) X(module, name##_tn) X(module, name##_tt)
#define NODECUDA_MATMUL_MMA_KERNELS(X)                                       \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma, matmul_float16_128x128)             \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma, matmul_float16_64x64)               \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma, matmul_int8_128x128)                \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma, matmul_int8_64x64)                  \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_float16_128x256)      \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_bfloat16_128x256)     \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_bfloat16_128x128)     \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_bfloat16_64x64)       \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_tf32_128x256)         \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_tf32_128x128)         \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_tf32_64x64)           \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_fp32fast_128x128)     \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_ampere, matmul_fp32fast_64x64)       \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_float64, matmul_float64_mma_128x128) \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_mma_float64, matmul_float64_mma_64x64)

#define NODECUDA_MATMUL_HOPPER_KERNELS(X)                                   \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_hopper, matmul_hopper_bfloat16_128x256) \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_hopper, matmul_hopper_bfloat16_128x128) \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_hopper, matmul_hopper_bfloat16_128x64)  \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_hopper, matmul_hopper_float16_128x256)  \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_hopper, matmul_hopper_float16_128x128)  \
  NODECUDA_MATMUL_LAYOUTS(X, matmul_hopper, matmul_hopper_float16_128x64)   \
  X(matmul_hopper, matmul_hopper_int8_128x256_nt)                           \
  X(matmul_hopper, matmul_hopper_int8_128x128_nt)                           \
  X(matmul_hopper, matmul_hopper_int8_128x64_nt)                            \
  X(matmul_hopper, matmul_hopper_tfloat32_128x256_nt)                       \
  X(matmul_hopper, matmul_hopper_tfloat32_128x128_nt)                       \
  X(matmul_hopper, matmul_hopper_tfloat32_128x64_nt)                        \
  X(matmul_hopper, matmul_hopper_float32_128x128_nt)                        \
  X(matmul_hopper, matmul_hopper_float32_128x64_nt)                         \
  X(matmul_hopper, matmul_hopper_pack)                                      \
  X(matmul_hopper, matmul_hopper_pack_transposed)

#define NODECUDA_KERNELS(X)       \
  NODECUDA_ELEMENTWISE_KERNELS(X) \
  NODECUDA_REDUCE_KERNELS(X)      \
  NODECUDA_MATMUL_SIMT_KERNELS(X) \
  NODECUDA_MATMUL_MMA_KERNELS(X)  \
  NODECUDA_MATMUL_HOPPER_KERNELS(X)

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

#endif  // NODECUDA_OPS_KERNELS_KERNEL_NAMES_H_
