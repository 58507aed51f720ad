// What kernels write and read through surface objects.

extern "C" __global__ void paint(cudaSurfaceObject_t s, int width, int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < width && y < height) surf2Dwrite(100.0f * y + x, s, x * 4, y);
}

// Each pixel from the one of another array.
extern "C" __global__ void invert(cudaSurfaceObject_t from, cudaSurfaceObject_t to, int width,
                                  int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  const uchar4 pixel = surf2Dread<uchar4>(from, x * 4, y);
  surf2Dwrite(make_uchar4(255 - pixel.x, 255 - pixel.y, 255 - pixel.z, pixel.w), to, x * 4, y);
}

extern "C" __global__ void fill_room(cudaSurfaceObject_t s, int width, int height, int depth) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int x = i % width, y = i / width % height, z = i / width / height;
  if (z < depth) surf3Dwrite(static_cast<short>(i), s, x * 2, y, z);
}

extern "C" __global__ void fill_layers(cudaSurfaceObject_t line, cudaSurfaceObject_t plane,
                                       int width, int height, int layers) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const int x = i % width, y = i / width % height, layer = i / width / height;
  if (layer >= layers) return;
  surf2DLayeredwrite(make_int2(i, -i), plane, x * 8, y, layer);
  if (y == 0) surf1DLayeredwrite(static_cast<unsigned char>(x + layer), line, x, layer);
}

// From two before to two beyond the ends.
extern "C" __global__ void beyond(cudaSurfaceObject_t s, float* zero, float* clamp, int width) {
  const int i = threadIdx.x, x = i - 2;
  if (i >= width + 4) return;
  zero[i] = surf1Dread<float>(s, x * 4, cudaBoundaryModeZero);
  clamp[i] = surf1Dread<float>(s, x * 4, cudaBoundaryModeClamp);
}

extern "C" __global__ void write_beyond(cudaSurfaceObject_t s, int x, int y, int mode) {
  if (mode == 0) surf2Dwrite(1.0f, s, x * 4, y, cudaBoundaryModeZero);
  if (mode == 1) surf2Dwrite(2.0f, s, x * 4, y, cudaBoundaryModeClamp);
  if (mode == 2) surf2Dwrite(3.0f, s, x * 4, y, cudaBoundaryModeTrap);
}

extern "C" __global__ void misaligned(cudaSurfaceObject_t s) {
  surf2Dwrite(1.0f, s, 2, 0);
}

extern "C" __global__ void reduce(cudaSurfaceObject_t s, const int* values, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  asm volatile("sured.b.add.2d.u32.trap [%0, {%1, %2}], %3;" ::"l"(s), "r"(0), "r"(0),
               "r"(values[i]));
  asm volatile("sured.b.min.2d.s32.trap [%0, {%1, %2}], %3;" ::"l"(s), "r"(4), "r"(0),
               "r"(values[i]));
  asm volatile("sured.b.max.2d.s32.trap [%0, {%1, %2}], %3;" ::"l"(s), "r"(8), "r"(0),
               "r"(values[i]));
  asm volatile("sured.b.or.2d.b32.trap [%0, {%1, %2}], %3;" ::"l"(s), "r"(12), "r"(0),
               "r"(values[i]));
}

extern "C" __global__ void sizes(cudaSurfaceObject_t s, unsigned* out) {
  asm("suq.width.b32 %0, [%1];" : "=r"(out[0]) : "l"(s));
  asm("suq.height.b32 %0, [%1];" : "=r"(out[1]) : "l"(s));
}
