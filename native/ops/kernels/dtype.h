// Generated from abi/dtypes.mjs by `npm run abi`: not to be edited.
#ifndef NODECUDA_OPS_KERNELS_DTYPE_H_
#define NODECUDA_OPS_KERNELS_DTYPE_H_

#include <cstddef>
#include <cstdint>

namespace nodecuda {

// Element types, named as in NumPy.
enum class Dtype : std::uint8_t {
  kFloat32,
  kFloat64,
  kFloat16,
  kBfloat16,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
};
inline constexpr int kDtypeCount = 12;

constexpr std::size_t ByteSize(Dtype dtype) {
  constexpr std::size_t kBytes[kDtypeCount] = {4, 8, 2, 2, 1, 1, 2, 2, 4, 4, 8, 8};
  return kBytes[static_cast<int>(dtype)];
}

constexpr bool IsFloat(Dtype dtype) {
  return dtype <= Dtype::kBfloat16;
}

constexpr bool IsUnsigned(Dtype dtype) {
  return !IsFloat(dtype) && static_cast<int>(dtype) % 2 != 0;
}

}  // namespace nodecuda

#endif  // NODECUDA_OPS_KERNELS_DTYPE_H_
