// Dense matrices, in rows.

extern "C" __global__ void transpose_naive(const float* in, float* out, int width, int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < width && y < height) out[x * height + y] = in[y * width + x];
}

// Blocks of 32 x 8; the column more keeps columns out of one bank.
extern "C" __global__ void transpose_tiled(const double* in, double* out, int width, int height) {
  __shared__ double tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8)
    if (x < width && y + j < height) tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * width + x];
  __syncthreads();
  x = blockIdx.y * 32 + threadIdx.x;
  y = blockIdx.x * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8)
    if (x < height && y + j < width) out[(y + j) * height + x] = tile[threadIdx.x][threadIdx.y + j];
}

template <int kTile>
__device__ void Multiply(const float* a, const float* b, float* c, int m, int n, int k) {
  __shared__ float left[kTile][kTile], right[kTile][kTile];
  const int row = blockIdx.y * kTile + threadIdx.y, column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0;
  for (int first = 0; first < k; first += kTile) {
    const int i = first + threadIdx.x, j = first + threadIdx.y;
    left[threadIdx.y][threadIdx.x] = row < m && i < k ? a[row * k + i] : 0;
    right[threadIdx.y][threadIdx.x] = j < k && column < n ? b[j * n + column] : 0;
    __syncthreads();
#pragma unroll
    for (int t = 0; t < kTile; ++t) sum += left[threadIdx.y][t] * right[t][threadIdx.x];
    __syncthreads();
  }
  if (row < m && column < n) c[row * n + column] = sum;
}
extern "C" __global__ void multiply_8(const float* a, const float* b, float* c, int m, int n,
                                      int k) {
  Multiply<8>(a, b, c, m, n, k);
}
extern "C" __global__ void multiply_16(const float* a, const float* b, float* c, int m, int n,
                                       int k) {
  Multiply<16>(a, b, c, m, n, k);
}

// Gaussian elimination without pivoting, a column a pair of launches.
extern "C" __global__ void lu_scale(double* a, int column, int n) {
  const int row = column + 1 + blockIdx.x * blockDim.x + threadIdx.x;
  if (row < n) a[row * n + column] /= a[column * n + column];
}
extern "C" __global__ void lu_update(double* a, int column, int n) {
  const int x = column + 1 + blockIdx.x * blockDim.x + threadIdx.x;
  const int y = column + 1 + blockIdx.y * blockDim.y + threadIdx.y;
  if (x < n && y < n) a[y * n + x] -= a[y * n + column] * a[column * n + x];
}

// The lower triangle becomes the factor; one block for the whole matrix.
extern "C" __global__ void cholesky(float* a, int n) {
  for (int k = 0; k < n; ++k) {
    if (threadIdx.x == 0) a[k * n + k] = sqrtf(a[k * n + k]);
    __syncthreads();
    for (int i = k + 1 + threadIdx.x; i < n; i += blockDim.x) a[i * n + k] /= a[k * n + k];
    __syncthreads();
    for (int j = k + 1; j < n; ++j)
      for (int i = j + threadIdx.x; i < n; i += blockDim.x)
        a[i * n + j] -= a[i * n + k] * a[j * n + k];
    __syncthreads();
  }
}

// Solves L x = b within a warp: what is known is handed on by shuffles. n is at most 32.
extern "C" __global__ void solve_lower(const float* l, const float* b, float* x, int n) {
  const int lane = threadIdx.x;
  float rest = lane < n ? b[lane] : 0;
  for (int k = 0; k < n; ++k) {
    const float known = __shfl_sync(~0u, rest, k) / l[k * n + k];
    if (lane == k) x[k] = known;
    if (lane > k && lane < n) rest -= l[lane * n + k] * known;
  }
}
