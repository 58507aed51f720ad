// Reductions, softmax and transposition: one module.
#include "cuda/reduce/columns.cuh"
#include "cuda/reduce/extremes.cuh"
#include "cuda/reduce/norms.cuh"
#include "cuda/reduce/sums.cuh"
#include "cuda/softmax/softmax.cuh"
#include "cuda/transpose/transpose.cuh"

#define NODECUDA_REDUCE_KERNEL(name, function, ...)               \
  extern "C" __global__ void __launch_bounds__(kReduceThreads, 3) \
      name(const __grid_constant__ ReduceArguments arguments) {   \
    using namespace reduce;                                       \
    function<__VA_ARGS__>(arguments);                             \
  }
#define NODECUDA_REDUCE(name, ...)                                    \
  NODECUDA_REDUCE_KERNEL(reduce_rows_##name, ReduceRows, __VA_ARGS__) \
  NODECUDA_REDUCE_KERNEL(reduce_columns_##name, ReduceColumns, __VA_ARGS__)
#define NODECUDA_REDUCE_PARTIALS(name, ...) \
  NODECUDA_REDUCE_KERNEL(reduce_partials_##name, ReducePartials, Partials<__VA_ARGS__>)

NODECUDA_REDUCE(sum_float32, FloatSum<Float32>)
NODECUDA_REDUCE(sum_float64, FloatSum<Float64>)
NODECUDA_REDUCE(sum_float16, FloatSum<Float16>)
NODECUDA_REDUCE(sum_integer8, IntegerSum<std::uint8_t>)
NODECUDA_REDUCE(sum_integer16, IntegerSum<std::uint16_t>)
NODECUDA_REDUCE(sum_integer32, IntegerSum<std::uint32_t>)
NODECUDA_REDUCE(sum_integer64, IntegerSum<std::uint64_t>)
NODECUDA_REDUCE_PARTIALS(sum_float32, FloatSum<Float32>)
NODECUDA_REDUCE_PARTIALS(sum_float64, FloatSum<Float64>)
NODECUDA_REDUCE_PARTIALS(sum_integer, IntegerSum<std::uint64_t>)

NODECUDA_REDUCE(norm_float32, Norm<Float32>)
NODECUDA_REDUCE(norm_float64, Norm<Float64>)
NODECUDA_REDUCE(norm_float16, Norm<Float16>)
NODECUDA_REDUCE_PARTIALS(norm_float32, Norm<Float32>)
NODECUDA_REDUCE_PARTIALS(norm_float64, Norm<Float64>)

#define NODECUDA_EXTREME(name, ...)                          \
  NODECUDA_REDUCE(extreme_##name, Extreme<__VA_ARGS__>)      \
  NODECUDA_REDUCE(index_##name, IndexOfExtreme<__VA_ARGS__>) \
  NODECUDA_REDUCE_PARTIALS(extreme_##name, Extreme<__VA_ARGS__>)
NODECUDA_EXTREME(8, Keys<std::uint8_t, std::uint32_t>)
NODECUDA_EXTREME(16, Keys<std::uint16_t, std::uint32_t>)
NODECUDA_EXTREME(32, Keys<std::uint32_t, std::uint32_t>)
NODECUDA_EXTREME(64, Keys<std::uint64_t, std::uint64_t>)
// The states of the indices depend on the size of the key only.
NODECUDA_REDUCE_PARTIALS(index_32, IndexOfExtreme<Keys<std::uint32_t, std::uint32_t>>)
NODECUDA_REDUCE_PARTIALS(index_64, IndexOfExtreme<Keys<std::uint64_t, std::uint64_t>>)

#define NODECUDA_SOFTMAX(name, threads, blocks, function, ...)   \
  extern "C" __global__ void __launch_bounds__(threads, blocks)  \
      name(const __grid_constant__ SoftmaxArguments arguments) { \
    using namespace reduce;                                      \
    function<__VA_ARGS__>(arguments);                            \
  }
#define NODECUDA_SOFTMAX_OF(dtype, blocks, ...)                                           \
  NODECUDA_SOFTMAX(softmax_rows_##dtype, kSoftmaxMaxThreads, 1, SoftmaxRows, __VA_ARGS__) \
  NODECUDA_SOFTMAX(softmax_long_rows_##dtype, kReduceThreads, blocks, SoftmaxLongRows,    \
                   __VA_ARGS__)                                                           \
  NODECUDA_SOFTMAX(softmax_columns_##dtype, kReduceThreads, 3, SoftmaxColumns, __VA_ARGS__)
NODECUDA_SOFTMAX_OF(float32, 3, Float32)
NODECUDA_SOFTMAX_OF(float64, 2, Float64)  // has no more registers
NODECUDA_SOFTMAX_OF(float16, 3, Float16)
NODECUDA_REDUCE_PARTIALS(softmax_float32, SoftmaxStates<Float32>)
NODECUDA_REDUCE_PARTIALS(softmax_float64, SoftmaxStates<Float64>)

#define NODECUDA_TRANSPOSE(name, Word, pack)                           \
  extern "C" __global__ void __launch_bounds__(kTransposeThreads)      \
      transpose_##name(const __grid_constant__ TransposeArguments a) { \
    transpose::Run<Word, pack>(a);                                     \
  }
NODECUDA_TRANSPOSE(1, std::uint8_t, 1)
NODECUDA_TRANSPOSE(1_packed, std::uint32_t, 4)
NODECUDA_TRANSPOSE(2, std::uint16_t, 1)
NODECUDA_TRANSPOSE(2_packed, std::uint32_t, 2)
NODECUDA_TRANSPOSE(4, std::uint32_t, 1)
NODECUDA_TRANSPOSE(8, std::uint64_t, 1)
