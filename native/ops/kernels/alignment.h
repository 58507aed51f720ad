#ifndef NODECUDA_OPS_KERNELS_ALIGNMENT_H_
#define NODECUDA_OPS_KERNELS_ALIGNMENT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace nodecuda {

// Whether `address` and `strides`, in elements, allow accesses of `bytes` at each index.
inline bool AllAligned(const void* address, std::size_t element_bytes, std::size_t bytes,
                       std::initializer_list<std::int64_t> strides) {
  const auto unit = static_cast<std::int64_t>(bytes / element_bytes);
  return reinterpret_cast<std::uintptr_t>(address) % bytes == 0 &&
         std::all_of(strides.begin(), strides.end(),
                     [unit](std::int64_t stride) { return stride % unit == 0; });
}

}  // namespace nodecuda

#endif  // NODECUDA_OPS_KERNELS_ALIGNMENT_H_
