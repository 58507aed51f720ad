// What people who learn write before they find a library.
#include <cfloat>
#include <cstdint>

extern "C" __global__ void nearest_centroid(const float* points, const float* centroids,
                                            int* nearest, float* sums, int* counts, int n, int k,
                                            int dimensions) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float least = FLT_MAX;
  int best = 0;
  for (int c = 0; c < k; ++c) {
    float distance = 0;
    for (int d = 0; d < dimensions; ++d) {
      const float apart = points[i * dimensions + d] - centroids[c * dimensions + d];
      distance += apart * apart;
    }
    if (distance < least) {
      least = distance;
      best = c;
    }
  }
  nearest[i] = best;
  atomicAdd(&counts[best], 1);
  for (int d = 0; d < dimensions; ++d)
    atomicAdd(&sums[best * dimensions + d], points[i * dimensions + d]);
}

template <typename Combine>
__device__ float AcrossBlock(float value, Combine combine) {
  __shared__ float warps[32];
  for (int offset = 16; offset > 0; offset /= 2)
    value = combine(value, __shfl_xor_sync(~0u, value, offset));
  __syncthreads();
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
  __syncthreads();
  value = warps[0];
  for (int w = 1; w < blockDim.x / 32; ++w) value = combine(value, warps[w]);
  return value;
}

extern "C" __global__ void softmax(const float* x, float* y, int n) {
  x += blockIdx.x * n;
  y += blockIdx.x * n;
  float most = -INFINITY;
  for (int i = threadIdx.x; i < n; i += blockDim.x) most = fmaxf(most, x[i]);
  most = AcrossBlock(most, [](float a, float b) { return fmaxf(a, b); });
  float sum = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) sum += y[i] = expf(x[i] - most);
  sum = AcrossBlock(sum, [](float a, float b) { return a + b; });
  for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] /= sum;
}

extern "C" __global__ void layer_norm(const float* x, const float* gain, const float* bias,
                                      float* y, int n, float epsilon) {
  x += blockIdx.x * n;
  y += blockIdx.x * n;
  const auto add = [](float a, float b) { return a + b; };
  float sum = 0, squares = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) sum += x[i];
  const float mean = AcrossBlock(sum, add) / n;
  for (int i = threadIdx.x; i < n; i += blockDim.x) squares += (x[i] - mean) * (x[i] - mean);
  const float scale = rsqrtf(AcrossBlock(squares, add) / n + epsilon);
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    y[i] = (x[i] - mean) * scale * gain[i] + bias[i];
}

// A block an output channel and image; "same" padding, kernels of 3 x 3.
extern "C" __global__ void conv2d(const float* in, const float* weights, const float* bias,
                                  float* out, int channels, int height, int width) {
  const int filter = blockIdx.x, image = blockIdx.y;
  in += image * channels * height * width;
  out += (image * gridDim.x + filter) * height * width;
  for (int p = threadIdx.x; p < height * width; p += blockDim.x) {
    const int x = p % width, y = p / width;
    float sum = bias[filter];
    for (int c = 0; c < channels; ++c) {
      for (int k = 0; k < 9; ++k) {
        const int px = x + k % 3 - 1, py = y + k / 3 - 1;
        if (px < 0 || px >= width || py < 0 || py >= height) continue;
        sum += weights[(filter * channels + c) * 9 + k] * in[(c * height + py) * width + px];
      }
    }
    out[p] = fmaxf(sum, 0);
  }
}

// A warp a query, 32 features, a lane each; the softmax is kept up to date on the way.
extern "C" __global__ void attention(const float* queries, const float* keys, const float* values,
                                     float* out, int count) {
  const int query = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
  if (query >= count) return;
  const float q = queries[query * 32 + lane];
  float most = -INFINITY, sum = 0, result = 0;
  for (int k = 0; k <= query; ++k) {
    float score = q * keys[k * 32 + lane];
    for (int offset = 16; offset > 0; offset /= 2) score += __shfl_xor_sync(~0u, score, offset);
    score *= 0.17677670f;
    const float higher = fmaxf(most, score), keep = __expf(most - higher);
    const float weight = __expf(score - higher);
    sum = sum * keep + weight;
    result = result * keep + weight * values[k * 32 + lane];
    most = higher;
  }
  out[query * 32 + lane] = result / sum;
}

struct Adam {
  float rate, beta1, beta2, epsilon;
};

extern "C" __global__ void adam(float* weights, const float* gradients, float* first, float* second,
                                Adam options, int step, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float g = gradients[i];
  first[i] = options.beta1 * first[i] + (1 - options.beta1) * g;
  second[i] = options.beta2 * second[i] + (1 - options.beta2) * g * g;
  const float m = first[i] / (1 - powf(options.beta1, step));
  const float v = second[i] / (1 - powf(options.beta2, step));
  weights[i] -= options.rate * m / (sqrtf(v) + options.epsilon);
}
