// nvcc -ptx -arch=sm_75 saxpy.cu   (all kernels of this folder: npm run make:examples)

// y = a * x + y. extern "C" keeps the name as it is written: C++ would mangle it.
extern "C" __global__ void saxpy(float a, const float* x, float* y, unsigned n) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = a * x[i] + y[i];  // the last block may reach past the end
}
