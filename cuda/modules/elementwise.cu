// The module of what is done element by element.
#include "cuda/elementwise/convert.cuh"
#include "cuda/elementwise/operations.cuh"
#include "cuda/fill/fill.cuh"

namespace elementwise {

// Integers of one size share a kernel: most operations give the same bits, signed or not.
template <typename Signed, typename Unsigned, auto kOperation, typename Tiles>
__device__ __forceinline__ void RunOperation(Tiles& tiles) {
  if constexpr (kHas<Signed, kOperation>) {
    if constexpr (!kSame<Signed, Unsigned> && kMindsSign<kOperation>) {
      if (IsUnsigned(tiles.arguments.source)) {
        TileLoop<Unsigned, kOperation, Tiles::kInputCount>(tiles).Run();
        return;
      }
    }
    TileLoop<Signed, kOperation, Tiles::kInputCount>(tiles).Run();
  }
}

#define CASE(operation) \
  case operation:       \
    return RunOperation<Signed, Unsigned, operation>(tiles);

template <typename Signed, typename Unsigned = Signed>
__device__ __forceinline__ void RunBinary(const ElementwiseArguments& arguments) {
  Transfer<2, Signed::kBytes, Signed::kBytes>(arguments).Run([](auto& tiles) {
    switch (tiles.arguments.operation) {
      CASE(kAdd)
      CASE(kSubtract)
      CASE(kMultiply)
      CASE(kDivide)
      CASE(kMaximum)
      CASE(kMinimum)
      CASE(kAxpy)
      CASE(kPower)
    }
  });
}

template <typename Signed, typename Unsigned = Signed>
__device__ __forceinline__ void RunUnary(const ElementwiseArguments& arguments) {
  Transfer<1, Signed::kBytes, Signed::kBytes>(arguments).Run([](auto& tiles) {
    switch (tiles.arguments.operation) {
      CASE(kNegate)
      CASE(kAbs)
      CASE(kSquare)
      CASE(kRelu)
      CASE(kClamp)
      CASE(kScale)
      CASE(kSqrt)
      CASE(kRsqrt)
      CASE(kReciprocal)
      CASE(kExp)
      CASE(kLog)
      CASE(kSin)
      CASE(kCos)
      CASE(kTanh)
      CASE(kSigmoid)
      CASE(kSilu)
      CASE(kGelu)
    }
  });
}
#undef CASE

}  // namespace elementwise

#define NODECUDA_ELEMENTWISE(name, ...)                                                 \
  extern "C" __global__ void __launch_bounds__(elementwise::kThreads)                   \
      binary_##name(const __grid_constant__ nodecuda::ElementwiseArguments arguments) { \
    using namespace elementwise;                                                        \
    RunBinary<__VA_ARGS__>(arguments);                                                  \
  }                                                                                     \
  extern "C" __global__ void __launch_bounds__(elementwise::kThreads)                   \
      unary_##name(const __grid_constant__ nodecuda::ElementwiseArguments arguments) {  \
    using namespace elementwise;                                                        \
    RunUnary<__VA_ARGS__>(arguments);                                                   \
  }
NODECUDA_ELEMENTWISE(float32, Float32)
NODECUDA_ELEMENTWISE(float64, Float64)
NODECUDA_ELEMENTWISE(float16, Float16)
NODECUDA_ELEMENTWISE(bfloat16, Bfloat16)
NODECUDA_ELEMENTWISE(int8, Int8, Uint8)
NODECUDA_ELEMENTWISE(int16, Int16, Uint16)
NODECUDA_ELEMENTWISE(int32, Int32, Uint32)
NODECUDA_ELEMENTWISE(int64, Int64, Uint64)
#undef NODECUDA_ELEMENTWISE

// By the bytes of an element before and after: dtypes of one size differ in the middle alone.
#define NODECUDA_CONVERT(from, to)                                                              \
  extern "C" __global__ void __launch_bounds__(elementwise::kThreads)                           \
      convert_##from##_##to(const __grid_constant__ nodecuda::ElementwiseArguments arguments) { \
    elementwise::RunConvert<from, to>(arguments);                                               \
  }
#define NODECUDA_CONVERT_FROM(from) \
  NODECUDA_CONVERT(from, 1)         \
  NODECUDA_CONVERT(from, 2)         \
  NODECUDA_CONVERT(from, 4)         \
  NODECUDA_CONVERT(from, 8)
NODECUDA_CONVERT_FROM(1)
NODECUDA_CONVERT_FROM(2)
NODECUDA_CONVERT_FROM(4)
NODECUDA_CONVERT_FROM(8)
#undef NODECUDA_CONVERT_FROM
#undef NODECUDA_CONVERT
