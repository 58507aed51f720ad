#ifndef NODECUDA_OPS_DTYPE_H_
#define NODECUDA_OPS_DTYPE_H_

#include <cstddef>
#include <cstdint>

namespace nodecuda {

// Element types, named as in NumPy. The values are the indices of DTYPES in lib/dtype.ts.
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

}  // namespace nodecuda

#endif  // NODECUDA_OPS_DTYPE_H_
