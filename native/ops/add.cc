#include "ops/launch.h"
#include "ops/ops.h"

namespace nodecuda {
namespace {

KernelId AddKernel(Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat32:
      return KernelId::vector_add_float32;
    case Dtype::kFloat64:
      return KernelId::vector_add_float64;
    case Dtype::kFloat16:
      return KernelId::vector_add_float16;
    case Dtype::kBfloat16:
      return KernelId::vector_add_bfloat16;
    case Dtype::kInt8:
    case Dtype::kUint8:
      return KernelId::vector_add_int8;
    case Dtype::kInt16:
    case Dtype::kUint16:
      return KernelId::vector_add_int16;
    case Dtype::kInt32:
    case Dtype::kUint32:
      return KernelId::vector_add_int32;
    case Dtype::kInt64:
    case Dtype::kUint64:
      break;
  }
  return KernelId::vector_add_int64;
}

}  // namespace

Status EnqueueAdd(const OpContext& context, Dtype dtype, const void* x, const void* y, void* out,
                  std::size_t length) {
  if (length == 0) return Status::kSuccess;
  // As in cuda/vector_add.cuh: a thread adds 4 vectors of 16 bytes.
  constexpr std::uint32_t kThreads = 256;
  const std::uint64_t elements_per_block = kThreads * 4 * (16 / ByteSize(dtype));
  return Launch(context, AddKernel(dtype), CeilDiv(length, elements_per_block), kThreads, x, y, out,
                std::uint64_t{length});
}

}  // namespace nodecuda
