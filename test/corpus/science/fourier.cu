// Fourier transforms: Stockham's radix 2, which needs no bit reversal.

__device__ float2 Times(float2 a, float2 b) {
  return {a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x};
}

// Butterfly `j` of the stage whose transforms have `done` points by now.
__device__ void Butterfly(const float2* from, float2* to, int j, int done, int n, float sign) {
  float sine, cosine;
  sincospif(sign * float(j % done) / float(done), &sine, &cosine);
  const float2 a = from[j], b = Times(from[j + n / 2], {cosine, sine});
  const int place = 2 * (j - j % done) + j % done;
  to[place] = {a.x + b.x, a.y + b.y};
  to[place + done] = {a.x - b.x, a.y - b.y};
}

// One stage over global memory. `sign` is -1 forward, 1 backward.
extern "C" __global__ void fft_stage(const float2* from, float2* to, int done, int n, float sign) {
  const int j = blockIdx.x * blockDim.x + threadIdx.x;
  if (j < n / 2) Butterfly(from, to, j, done, n, sign);
}

// A whole transform a block, of 2 * blockDim.x points.
extern "C" __global__ void fft_block(float2* x, float sign) {
  extern __shared__ float2 buffers[];
  const int n = 2 * blockDim.x, t = threadIdx.x;
  float2 *from = buffers, *to = buffers + n;
  x += blockIdx.x * n;
  from[t] = x[t];
  from[t + n / 2] = x[t + n / 2];
  for (int done = 1; done < n; done *= 2) {
    __syncthreads();
    Butterfly(from, to, t, done, n, sign);
    float2* other = from;
    from = to;
    to = other;
  }
  __syncthreads();
  x[t] = from[t];
  x[t + n / 2] = from[t + n / 2];
}
