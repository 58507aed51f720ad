// nvcc -ptx -arch=sm_75 resize.cu   (all kernels of this folder: npm run make:examples)

// An image (height, width) of 8-bit pixels from one of any size. Coordinates are normalized: they say where in the
// image, whatever its size; the texture's filter makes a pixel of the four around.
extern "C" __global__ void resize(cudaTextureObject_t image, cudaSurfaceObject_t result, int width, int height) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  float4 pixel = tex2D<float4>(image, (x + 0.5f) / width, (y + 0.5f) / height);
  uchar4 rounded = make_uchar4(pixel.x * 255 + 0.5f, pixel.y * 255 + 0.5f, pixel.z * 255 + 0.5f, pixel.w * 255 + 0.5f);
  surf2Dwrite(rounded, result, x * sizeof rounded, y);  // x in bytes
}
