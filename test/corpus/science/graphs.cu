// Graphs and sparse matrices in rows (CSR).
#include <cstdint>

// One level of a breadth-first search: whoever finds a vertex first puts it into the next frontier.
extern "C" __global__ void bfs_level(const int* rows, const int* columns, int* level,
                                     const int* frontier, int size, int* next, int* next_size,
                                     int depth) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= size) return;
  const int vertex = frontier[i];
  for (int e = rows[vertex]; e < rows[vertex + 1]; ++e) {
    const int other = columns[e];
    if (atomicCAS(&level[other], -1, depth) == -1) next[atomicAdd(next_size, 1)] = other;
  }
}

extern "C" __global__ void spmv_scalar(const int* rows, const int* columns, const float* values,
                                       const float* x, float* y, int n) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= n) return;
  float sum = 0;
  for (int e = rows[row]; e < rows[row + 1]; ++e) sum += values[e] * x[columns[e]];
  y[row] = sum;
}

// A warp a row.
extern "C" __global__ void spmv_vector(const int* rows, const int* columns, const double* values,
                                       const double* x, double* y, int n) {
  const int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
  if (row >= n) return;
  double sum = 0;
  for (int e = rows[row] + lane; e < rows[row + 1]; e += 32)
    sum += values[e] * __ldg(&x[columns[e]]);
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(~0u, sum, offset);
  if (lane == 0) y[row] = sum;
}

// One step, pushing along edges; `next` is zero. Vertices without edges give to all, by `lost`.
extern "C" __global__ void page_rank(const int* rows, const int* columns, const float* rank,
                                     float* next, float* lost, int n) {
  const int vertex = blockIdx.x * blockDim.x + threadIdx.x;
  if (vertex >= n) return;
  const int first = rows[vertex], end = rows[vertex + 1];
  if (first == end) {
    atomicAdd(lost, rank[vertex]);
    return;
  }
  const float share = rank[vertex] / (end - first);
  for (int e = first; e < end; ++e) atomicAdd(&next[columns[e]], share);
}
extern "C" __global__ void page_rank_finish(float* next, const float* lost, float damping, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) next[i] = (1 - damping + damping * *lost) / n + damping * next[i];
}

// All shortest paths by way of `k` and those before it.
extern "C" __global__ void floyd_warshall(int* distance, int k, int n) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= n || y >= n) return;
  const int through = distance[y * n + k] + distance[k * n + x];
  if (through < distance[y * n + x]) distance[y * n + x] = through;
}

// Components by the least label of the neighbours, until nothing changes.
extern "C" __global__ void spread_labels(const int2* edges, int* labels, int* changed, int count) {
  const int e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= count) return;
  const int a = labels[edges[e].x], b = labels[edges[e].y];
  if (a == b) return;
  atomicMin(&labels[a > b ? edges[e].x : edges[e].y], min(a, b));
  *changed = 1;
}
