#include "ops/transpose/transpose.h"

#include "cuda/transpose/arguments.h"
#include "ops/kernels/alignment.h"
#include "ops/kernels/launch.h"

namespace nodecuda {
namespace {

struct Variant {
  KernelId kernel;
  std::int64_t pack;  // elements of a word
};

// Narrow elements travel four bytes at a time where rows and columns are whole words.
Variant VariantFor(const TransposeProblem& p) {
  const auto bytes = p.element_bytes;
  if (bytes == 8) return {KernelId::transpose_8, 1};
  if (bytes == 4) return {KernelId::transpose_4, 1};
  const bool packed =
      AllAligned(p.x, bytes, 4, {p.rows, p.columns}) && AllAligned(p.out, bytes, 4, {});
  if (bytes == 2) {
    return packed ? Variant{KernelId::transpose_2_packed, 2} : Variant{KernelId::transpose_2, 1};
  }
  return packed ? Variant{KernelId::transpose_1_packed, 4} : Variant{KernelId::transpose_1, 1};
}

}  // namespace

Status EnqueueTranspose(const OpContext& context, const TransposeProblem& p) {
  if (p.batches == 0 || p.rows == 0 || p.columns == 0) return Status::kSuccess;
  if (p.rows == 1 || p.columns == 1) {  // the same elements in the same order
    const auto elements = static_cast<std::size_t>(p.batches * p.rows * p.columns);
    return context.runtime.MemcpyAsync(p.out, p.x, elements * p.element_bytes,
                                       MemcpyKind::kDeviceToDevice, context.stream);
  }
  const auto [kernel, pack] = VariantFor(p);
  const auto side = static_cast<std::uint64_t>(kTransposeSide * pack);
  TransposeArguments a{};
  a.x = p.x;
  a.out = p.out;
  a.rows = p.rows;
  a.columns = p.columns;
  a.row_tiles = static_cast<std::int64_t>(CeilDiv(static_cast<std::uint64_t>(p.rows), side));
  a.column_tiles = static_cast<std::int64_t>(CeilDiv(static_cast<std::uint64_t>(p.columns), side));
  const auto blocks = static_cast<std::uint64_t>(p.batches * a.row_tiles * a.column_tiles);
  return Launch(context, kernel, blocks, kTransposeThreads, a);
}

}  // namespace nodecuda
