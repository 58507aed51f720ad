// nvcc -ptx -arch=sm_75 histogram.cu   (all kernels of this folder: npm run make:examples)

// Counts samples in `bins` equal bins from low to high. What lies outside, and NaN, is left out.
extern "C" __global__ void histogram(const float* samples, unsigned n, float low, float high,
                                     unsigned* counts, unsigned bins) {
  unsigned stride = gridDim.x * blockDim.x;
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
    float x = samples[i];
    if (!(x >= low && x <= high)) continue;
    unsigned bin = (x - low) / (high - low) * bins;
    atomicAdd(&counts[min(bin, bins - 1)], 1u);  // high itself is in the last
  }
}
