// Cooperative groups.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include <climits>

namespace cg = cooperative_groups;

// Rows of up to 8 numbers, a tile of threads each.
extern "C" __global__ void tile_sum(const int* x, int* sums, int* scans, int width, int rows) {
  const auto tile = cg::tiled_partition<8>(cg::this_thread_block());
  const int row = blockIdx.x * tile.meta_group_size() + tile.meta_group_rank();
  if (row >= rows) return;
  const int rank = tile.thread_rank();
  const int value = rank < width ? x[row * width + rank] : 0;
  const int scan = cg::inclusive_scan(tile, value);
  if (rank < width) scans[row * width + rank] = scan;
  const int sum = cg::reduce(tile, value, cg::plus<int>());
  if (rank == 0) sums[row] = sum;
}

// Those threads of a warp that have something to write find each other, and one of them counts.
extern "C" __global__ void filter_positive(const float* x, float* out, int* count, int n) {
  const int i = cg::this_grid().thread_rank();
  if (i >= n || !(x[i] > 0)) return;
  const auto active = cg::coalesced_threads();
  int first = 0;
  if (active.thread_rank() == 0) first = atomicAdd(count, active.size());
  out[active.shfl(first, 0) + active.thread_rank()] = x[i];
}

// The most of each block, with barriers by the group's own words.
extern "C" __global__ void block_most(const int* x, int* most, int n) {
  extern __shared__ int best[];
  const cg::thread_block block = cg::this_thread_block();
  const int i = cg::this_grid().thread_rank();
  best[block.thread_rank()] = i < n ? x[i] : INT_MIN;
  for (int half = block.size() / 2; half > 0; half /= 2) {
    block.sync();
    if (block.thread_rank() < half)
      best[block.thread_rank()] = max(best[block.thread_rank()], best[block.thread_rank() + half]);
  }
  if (block.thread_rank() == 0) most[block.group_index().x] = best[0];
}

// Sums by key: lanes of the same key make a group.
extern "C" __global__ void sum_by_key(const int* keys, const int* values, int* sums, int n) {
  const int i = cg::this_grid().thread_rank();
  if (i >= n) return;
  const auto same = cg::labeled_partition(cg::coalesced_threads(), keys[i]);
  const int sum = cg::reduce(same, values[i], cg::plus<int>());
  if (same.thread_rank() == 0) atomicAdd(&sums[keys[i]], sum);
}

// All blocks wait for each other: many sweeps in one cooperative launch.
extern "C" __global__ void smooth_grid(float* a, float* b, int n, int sweeps) {
  const cg::grid_group grid = cg::this_grid();
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (int i = grid.thread_rank(); i < n; i += grid.size())
      b[i] = i == 0 || i == n - 1 ? a[i] : (a[i - 1] + a[i] + a[i + 1]) / 3;
    grid.sync();
    float* other = a;
    a = b;
    b = other;
  }
}
