// nvcc -ptx -arch=sm_75 heat.cu   (all kernels of this folder: npm run make:examples)

// One explicit step of the heat equation on (n, n) points, whose border keeps its temperature:
// each point moves towards its four neighbours by r = conductivity * time step / spacing^2.
extern "C" __global__ void heat(const float* now, float* next, int n, float r) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= n || y >= n) return;
  int i = y * n + x;
  float here = now[i];
  if (x > 0 && x < n - 1 && y > 0 && y < n - 1) {
    here += r * (now[i - 1] + now[i + 1] + now[i - n] + now[i + n] - 4 * here);
  }
  next[i] = here;
}
