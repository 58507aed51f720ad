#include "ops/fill/fill.h"

#include "ops/kernels/launch.h"

namespace nodecuda {

Status EnqueueFill(const OpContext& context, std::size_t element_bytes, std::uint64_t pattern,
                   void* out, std::size_t length) {
  if (length == 0) return Status::kSuccess;
  // The kernel knows bytes and a pattern of eight of them only; every element size divides eight.
  switch (element_bytes) {
    case 1:
      pattern = (pattern & 0xff) * 0x0101010101010101;
      break;
    case 2:
      pattern = (pattern & 0xffff) * 0x0001000100010001;
      break;
    case 4:
      pattern = (pattern & 0xffffffff) * 0x0000000100000001;
      break;
    case 8:
      break;
    default:
      return Status::kInvalidValue;
  }
  if (length > SIZE_MAX / element_bytes) return Status::kInvalidValue;
  const std::uint64_t bytes = std::uint64_t{length} * element_bytes;
  // As in cuda/fill/fill.cuh: a thread writes 4 vectors of 16 bytes.
  constexpr std::uint32_t kThreads = 256;
  return Launch(context, KernelId::fill, CeilDiv(bytes, kThreads * 4 * 16), kThreads, out, pattern,
                bytes);
}

}  // namespace nodecuda
