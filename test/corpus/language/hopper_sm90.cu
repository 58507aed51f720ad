// Clusters of blocks, whose shared memory is one another's.
#include <cooperative_groups.h>

#include <cstdint>

namespace cg = cooperative_groups;

// Bins are spread over the blocks of a cluster, whatever its size.
extern "C" __global__ void histogram_cluster(const uint16_t* x, uint32_t* bins, int per_block,
                                             int n) {
  extern __shared__ uint32_t mine[];
  const cg::cluster_group cluster = cg::this_cluster();
  for (int b = threadIdx.x; b < per_block; b += blockDim.x) mine[b] = 0;
  cluster.sync();
  const int all = per_block * cluster.num_blocks();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    const int bin = x[i] % all;
    atomicAdd(cluster.map_shared_rank(mine, bin / per_block) + bin % per_block, 1);
  }
  cluster.sync();
  for (int b = threadIdx.x; b < per_block; b += blockDim.x)
    if (mine[b] != 0) atomicAdd(&bins[cluster.block_rank() * per_block + b], mine[b]);
}

// Each block hands its number to its neighbour; the size of the cluster is the kernel's own.
extern "C" __global__ void __cluster_dims__(4, 1, 1) ring(const int* in, int* out) {
  __shared__ int value;
  const cg::cluster_group cluster = cg::this_cluster();
  if (threadIdx.x == 0) {
    const int next = (cluster.block_rank() + 1) % cluster.num_blocks();
    *cluster.map_shared_rank(&value, next) = in[blockIdx.x];
  }
  cluster.sync();
  if (threadIdx.x == 0) out[blockIdx.x] = value * 10 + cluster.block_rank();
}
