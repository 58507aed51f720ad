#ifndef NODECUDA_RUNTIME_TENSOR_MAP_H_
#define NODECUDA_RUNTIME_TENSOR_MAP_H_

#include <cstddef>
#include <cstdint>

// What a kernel's tensor copies (TMA, cp.async.bulk.tensor) are told about a tensor in device
// memory and its tiles in shared memory.
namespace nodecuda {

inline constexpr int kMaxTensorRank = 5;

// Opaque, as CUtensorMap is: made by Runtime::TensorMapEncodeTiled and passed to kernels as a
// `const __grid_constant__` parameter. The driver asks for an alignment of 64, its header for more.
struct alignas(128) TensorMap {
  std::uint64_t opaque[16];
};

// Values as in cuda.h. Those that are missing here are not used and not known to the simulated
// device.
enum class TensorMapDataType : int {
  kUint8 = 0,
  kUint16 = 1,
  kUint32 = 2,
  kInt32 = 3,
  kUint64 = 4,
  kInt64 = 5,
  kFloat16 = 6,
  kFloat32 = 7,  // copies the bits
  kFloat64 = 8,
  kBfloat16 = 9,
  kTfloat32 = 11,  // float32 in memory, rounded to tf32 while it is copied
};

enum class TensorMapSwizzle : int { kNone = 0, k32B = 1, k64B = 2, k128B = 3 };

enum class TensorMapL2Promotion : int { kNone = 0, k64B = 1, k128B = 2, k256B = 3 };

// The arguments of cuTensorMapEncodeTiled. Dimension 0 is the innermost, whose elements are
// neighbours. There is no interleave, and what lies outside the tensor reads as zero.
struct TensorMapTiled {
  TensorMapDataType data_type = TensorMapDataType::kUint8;
  std::uint32_t rank = 1;                                 // 1 to 5
  void* global_address = nullptr;                         // 16-byte aligned
  std::uint64_t global_dim[kMaxTensorRank] = {};          // elements, 1 to 2^32
  std::uint64_t global_strides[kMaxTensorRank - 1] = {};  // bytes, of dimensions 1 and above;
                                                          // multiples of 16, below 2^40
  std::uint32_t box_dim[kMaxTensorRank] = {};  // elements, 1 to 256; a row of the box is a
                                               // multiple of 16 bytes, and not longer than
                                               // the swizzle says, if there is one
  std::uint32_t element_strides[kMaxTensorRank] = {1, 1, 1, 1, 1};  // 1 to 8
  TensorMapSwizzle swizzle = TensorMapSwizzle::kNone;
  TensorMapL2Promotion l2_promotion = TensorMapL2Promotion::kNone;
};

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_TENSOR_MAP_H_
