// From sums of products to elements of c, for every family of matmul kernels:
//
//   c = activation(alpha row_scale[i] column_scale[j] sum + bias + beta c)
//
// Which of these steps there are, and c's element type, is decided at run time: it is the same for
// all threads, and a kernel for each combination would be too many. To keep the code small a kernel
// should call Store in one place, in a loop that is not unrolled. StorePlain is the way of what is
// most common and takes few instructions: it may be unrolled.
//
//   const matmul::Epilogue<float> epilogue(arguments, batch);
//   if (epilogue.IsPlain<float>()) epilogue.StorePlain<float>(sums, row, column);
//   else                           epilogue.Store(sums, row, column);
//
// `sums` is a run of neighbours in a row of c, an array of 1, 2, 4 or 8. Both drop what lies beyond
// c's last row or column, so nothing has to be checked before.
#pragma once

#include <type_traits>

#include "cuda/activations.cuh"
#include "cuda/matmul/arguments.h"
#include "cuda/matmul/convert.cuh"
#include "cuda/rounding.cuh"

namespace matmul {

// The MatmulOutput of an element type.
template <typename T>
constexpr int kOutputOf = -1;
template <>
constexpr int kOutputOf<float> = kOutFloat32;
template <>
constexpr int kOutputOf<double> = kOutFloat64;
template <>
constexpr int kOutputOf<Float16> = kOutFloat16;
template <>
constexpr int kOutputOf<Bfloat16> = kOutBfloat16;
template <>
constexpr int kOutputOf<std::int32_t> = kOutInt32;

template <typename T>
__device__ __forceinline__ T Activate(T value, int activation) {
  if (activation == kRelu) return activations::Relu(value);
  if (activation == kGelu) return activations::Gelu(value);
  if (activation == kGeluTanh) return activations::GeluTanh(value);
  return value;
}

// Stores the first `left` of a run of neighbours, as vectors where the run is whole and aligned.
template <typename T, int kWidth>
__device__ __forceinline__ void StoreRun(const T (&values)[kWidth], T* target, int left) {
  constexpr int kRunBytes = kWidth * static_cast<int>(sizeof(T));
  constexpr int kPieceBytes = kRunBytes < kVectorBytes ? kRunBytes : kVectorBytes;
  constexpr int kPieceElements = kPieceBytes / static_cast<int>(sizeof(T));
  struct alignas(kPieceBytes) Piece {
    T values[kPieceElements];
  };
  if (left >= kWidth && reinterpret_cast<std::uintptr_t>(target) % kPieceBytes == 0) {
#pragma unroll
    for (int i = 0; i < kWidth; i += kPieceElements) {
      Piece piece;
#pragma unroll
      for (int j = 0; j < kPieceElements; ++j) piece.values[j] = values[i + j];
      *reinterpret_cast<Piece*>(target + i) = piece;
    }
  } else {
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      if (i < left) target[i] = values[i];
    }
  }
}

template <typename Accumulator>
class Epilogue {
 public:
  // What is computed in. Sums of integers become float32 before anything else is done, rounded to
  // odd where c is narrower still, except when c holds integers too: then alpha and beta are
  // integers and everything wraps around. (The host refuses scales, GELU and fractions there.)
  static constexpr bool kIntegers = std::is_integral_v<Accumulator>;
  using Value = std::conditional_t<kIntegers, float, Accumulator>;

  // A kernel's: into c, or into the workspace if k is split.
  __device__ __forceinline__ Epilogue(const MatmulArguments& arguments, std::int64_t batch)
      : Epilogue(arguments, batch, arguments.splits > 1) {}

  // The one of the kernel that adds the splits up always writes c.
  static __device__ __forceinline__ Epilogue OfSum(const MatmulArguments& arguments,
                                                   std::int64_t batch) {
    return Epilogue(arguments, batch, false);
  }

  // Whether c = alpha sum is all, and c (or the workspace) holds elements of type T.
  template <typename T>
  __device__ __forceinline__ bool IsPlain() const {
    return plain_ && output_ == kOutputOf<T>;
  }

  template <typename T, int kWidth>
  __device__ __forceinline__ void StorePlain(const Accumulator (&sums)[kWidth], std::int64_t row,
                                             std::int64_t column) const {
    if (row >= arguments_.m || column >= arguments_.n) return;
    T values[kWidth];
#pragma unroll
    for (int i = 0; i < kWidth; ++i) {
      if constexpr (kIntegers && !std::is_integral_v<T>) {
        values[i] = To<T>(static_cast<Value>(arguments_.epilogue.alpha) * ToValue(sums[i]));
      } else {
        values[i] = To<T>(Multiply(alpha_, sums[i]));
      }
    }
    StoreRun(values, static_cast<T*>(c_) + row * stride_ + column, Left(column, kWidth));
  }

  template <int kWidth>
  __device__ __forceinline__ void Store(Accumulator (&sums)[kWidth], std::int64_t row,
                                        std::int64_t column) const {
    if (IsPlain<Accumulator>()) return StorePlain<Accumulator>(sums, row, column);
    if (row >= arguments_.m || column >= arguments_.n) return;
    const int left = Left(column, kWidth);
    const std::int64_t offset = row * stride_ + column;
    if constexpr (kIntegers) {
      if (output_ == kOutInt32) {
        Rotate(sums, [&](Accumulator sum, int i) {
          return i < left ? FinishInteger(sum, row, column + i, offset + i) : sum;
        });
        return StoreRun(sums, static_cast<Accumulator*>(c_) + offset, left);
      }
    }
    Value values[kWidth];
#pragma unroll
    for (int i = 0; i < kWidth; ++i) values[i] = ToValue(sums[i]);
    Rotate(values, [&](Value sum, int i) {
      return i < left ? Finish(sum, row, column + i, offset + i) : sum;
    });
    if constexpr (std::is_same_v<Value, double>) {
      StoreRun(values, static_cast<Value*>(c_) + offset, left);
    } else {
      switch (output_) {
        case kOutFloat16:
          return StoreAs<Float16>(values, offset, left);
        case kOutBfloat16:
          return StoreAs<Bfloat16>(values, offset, left);
        case kOutFloat32:
          return StoreRun(values, static_cast<Value*>(c_) + offset, left);
        default:
          break;
      }
    }
  }

 private:
  __device__ __forceinline__ Epilogue(const MatmulArguments& arguments, std::int64_t batch,
                                      bool is_split)
      : arguments_(arguments) {
    const MatmulEpilogue& epilogue = arguments.epilogue;
    if (is_split) {
      plain_ = true;
      output_ = kOutputOf<Accumulator>;
      alpha_ = Accumulator(1);
      stride_ = arguments.n;
      c_ = static_cast<Accumulator*>(arguments.workspace) +
           (blockIdx.y * arguments.batches + batch) * arguments.m * arguments.n;
      return;
    }
    plain_ = epilogue.beta == 0 && epilogue.activation == kNoActivation &&
             epilogue.bias == nullptr && epilogue.row_scale == nullptr &&
             epilogue.column_scale == nullptr;
    output_ = epilogue.output;
    alpha_ = Scalar(epilogue.alpha);
    stride_ = arguments.ldc;
    const bool is_half = output_ == kOutFloat16 || output_ == kOutBfloat16;
    const int bytes = is_half ? 2 : output_ == kOutFloat64 ? 8 : 4;
    c_ = static_cast<char*>(arguments.c) + batch * arguments.c_batch_stride * bytes;
  }

  // Through 64 bits, so that an integer scale wraps around like the rest.
  static __device__ __forceinline__ Accumulator Scalar(double value) {
    if constexpr (kIntegers) {
      return static_cast<Accumulator>(static_cast<std::int64_t>(value));
    } else {
      return static_cast<Accumulator>(value);
    }
  }

  __device__ __forceinline__ Value ToValue(Accumulator sum) const {
    if constexpr (kIntegers) {
      if (output_ != kOutFloat32) return rounding::ToFloatByOdd(sum);
    }
    return static_cast<Value>(sum);
  }

  __device__ __forceinline__ int Left(std::int64_t column, int width) const {
    const std::int64_t left = arguments_.n - column;
    return left < width ? static_cast<int>(left) : width;
  }

  // values[i] = function(values[i], i), with the code of `function` once. What is indexed at run
  // time does not stay in registers, so it is always the first that is replaced, and all move up.
  template <typename T, int kWidth, typename Function>
  static __device__ __forceinline__ void Rotate(T (&values)[kWidth], Function function) {
#pragma unroll 1
    for (int i = 0; i < kWidth; ++i) {
      const T value = function(values[0], i);
#pragma unroll
      for (int j = 1; j < kWidth; ++j) values[j - 1] = values[j];
      values[kWidth - 1] = value;
    }
  }

  // An element of a tensor of c's type.
  __device__ __forceinline__ Value Read(const void* tensor, std::int64_t index) const {
    if constexpr (std::is_same_v<Value, double>) {
      return static_cast<const double*>(tensor)[index];
    } else {
      switch (output_) {
        case kOutFloat16:
          return To<float>(static_cast<const Float16*>(tensor)[index]);
        case kOutBfloat16:
          return To<float>(static_cast<const Bfloat16*>(tensor)[index]);
        default:
          return static_cast<const float*>(tensor)[index];
      }
    }
  }

  __device__ __forceinline__ Value Finish(Value sum, std::int64_t row, std::int64_t column,
                                          std::int64_t offset) const {
    const MatmulEpilogue& epilogue = arguments_.epilogue;
    auto scale = static_cast<Value>(epilogue.alpha);
    if (epilogue.row_scale != nullptr) {
      scale *= static_cast<const Value*>(epilogue.row_scale)[row];
    }
    if (epilogue.column_scale != nullptr) {
      scale *= static_cast<const Value*>(epilogue.column_scale)[column];
    }
    Value value;
    if (epilogue.bias != nullptr) {
      value = fma(scale, sum, Read(epilogue.bias, epilogue.bias_per_row ? row : column));
    } else {
      value = scale * sum;
    }
    // With beta 0 what c holds must not matter, not even a NaN.
    if (epilogue.beta != 0) value = fma(static_cast<Value>(epilogue.beta), Read(c_, offset), value);
    return Activate(value, epilogue.activation);
  }

  __device__ __forceinline__ Accumulator FinishInteger(Accumulator sum, std::int64_t row,
                                                       std::int64_t column,
                                                       std::int64_t offset) const {
    const MatmulEpilogue& epilogue = arguments_.epilogue;
    Accumulator value = Multiply(alpha_, sum);
    if (epilogue.bias != nullptr) {
      const auto* bias = static_cast<const Accumulator*>(epilogue.bias);
      value = Add(value, bias[epilogue.bias_per_row ? row : column]);
    }
    if (epilogue.beta != 0) {
      value = MultiplyAdd(Scalar(epilogue.beta), static_cast<Accumulator*>(c_)[offset], value);
    }
    return epilogue.activation == kRelu ? activations::Relu(value) : value;
  }

  template <typename T, int kWidth>
  __device__ __forceinline__ void StoreAs(const Value (&values)[kWidth], std::int64_t offset,
                                          int left) const {
    T converted[kWidth];
#pragma unroll
    for (int i = 0; i < kWidth; ++i) converted[i] = To<T>(values[i]);
    StoreRun(converted, static_cast<T*>(c_) + offset, left);
  }

  const MatmulArguments& arguments_;
  void* c_;              // of the batch
  std::int64_t stride_;  // of c_, in elements
  int output_;           // MatmulOutput of c_
  Accumulator alpha_;
  bool plain_;
};

}  // namespace matmul
