#include "test/native/modules/testing.h"

#include <array>
#include <cstdint>

namespace nodecuda::modules {

using Extent = std::array<std::uint32_t, 3>;

void CheckKernelsCu(const Contents& contents, bool has_clusters) {
  CHECK(contents.kernels.size() == (has_clusters ? 7 : 5));
  const KernelFacts& saxpy = KernelOf(contents, "saxpy");
  CHECK(LayoutOf(saxpy) == "0+4 8+8 16+8 24+4");
  CHECK(saxpy.parameter_bytes == 28);
  CHECK(saxpy.is_visible);
  CHECK(saxpy.max_threads == 0);
  CHECK(saxpy.required_threads == Extent{});
  CHECK(saxpy.required_cluster == Extent{});
  const KernelFacts& tile_sum = KernelOf(contents, "tile_sum");
  CHECK(LayoutOf(tile_sum) == "0+8 8+8 16+2 18+1 24+8");
  CHECK(tile_sum.parameter_bytes == 32);
  CHECK(tile_sum.max_threads == 256);
  const KernelFacts& by_value = KernelOf(contents, "by_value");
  CHECK(LayoutOf(by_value) == "0+16 16+32 48+1 56+8");  // sizeof(Pair), sizeof(Wide)
  CHECK(by_value.parameter_bytes == 64);
  CHECK(KernelOf(contents, "nothing").parameters.empty());
  CHECK(KernelOf(contents, "nothing").parameter_bytes == 0);
  CHECK(LayoutOf(KernelOf(contents, "stacked")) == "0+8 8+4");
  if (has_clusters) {
    CHECK(KernelOf(contents, "clustered").required_cluster == Extent{2, 1, 1});
    CHECK(KernelOf(contents, "ranked").max_threads == 128);
    CHECK(KernelOf(contents, "ranked").max_cluster_rank == 4);
    CHECK(KernelOf(contents, "clustered").max_cluster_rank == 0);
  }

  CHECK(contents.variables.size() == 3);
  CHECK(VariableOf(contents, "scale").bytes == 4);
  CHECK(VariableOf(contents, "scale").space == ptx::Space::kGlobal);
  CHECK(VariableOf(contents, "counters").bytes == 40);
  CHECK(VariableOf(contents, "counters").space == ptx::Space::kGlobal);
  CHECK(VariableOf(contents, "weights").bytes == 24);
  CHECK(VariableOf(contents, "weights").space == ptx::Space::kConst);

  // What machine code alone says: a float needs a register at least.
  if (contents.machine_code) {
    CHECK(saxpy.registers.value_or(0) >= 4);
    CHECK(saxpy.registers.value_or(0) <= 255);
    CHECK(saxpy.static_shared_bytes == 0);
    CHECK(saxpy.local_bytes == 0);
    CHECK(tile_sum.static_shared_bytes == 1024);
    CHECK(KernelOf(contents, "stacked").local_bytes == 1024);
  } else {
    CHECK_FALSE(saxpy.registers.has_value());
    CHECK_FALSE(tile_sum.static_shared_bytes.has_value());
    CHECK_FALSE(tile_sum.local_bytes.has_value());
  }
}

}  // namespace nodecuda::modules
