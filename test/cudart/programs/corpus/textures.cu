// An image that is sampled as a texture: from an array, filtered, and from memory as it is.
#include <vector>

#include "check.h"

constexpr int kWidth = 40, kHeight = 30;

__global__ void enlarge(cudaTextureObject_t image, float* out, int width, int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  out[y * width + x] = tex2D<float>(image, (x + 0.5f) / width, (y + 0.5f) / height);
}

__global__ void fetch(cudaTextureObject_t list, cudaTextureObject_t plane, uchar4* out) {
  const int i = threadIdx.x;
  const uchar4 own = tex1Dfetch<uchar4>(list, i);
  const float2 there = tex2D<float2>(plane, i % 8 + 0.5f, i / 8 + 0.5f);
  out[i] = make_uchar4(own.w, own.x, static_cast<unsigned char>(there.x),
                       static_cast<unsigned char>(there.y));
}

float Pixel(int x, int y) {
  x = x < 0 ? 0 : x >= kWidth ? kWidth - 1 : x;
  y = y < 0 ? 0 : y >= kHeight ? kHeight - 1 : y;
  return static_cast<float>((x * 5 + y * 3) % 32);
}

void Filtered() {
  std::vector<float> pixels;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) pixels.push_back(Pixel(x, y));
  }
  const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
  const size_t row = kWidth * sizeof(float);
  cudaArray_t array;
  CHECK(cudaMallocArray(&array, &format, kWidth, kHeight));
  CHECK(cudaMemcpy2DToArray(array, 0, 0, pixels.data(), row, row, kHeight, cudaMemcpyHostToDevice));
  std::vector<float> back(pixels.size());
  CHECK(cudaMemcpy2DFromArray(back.data(), row, array, 0, 0, row, kHeight, cudaMemcpyDeviceToHost));
  EXPECT(back == pixels);
  cudaResourceDesc resource{};
  resource.resType = cudaResourceTypeArray;
  resource.res.array.array = array;
  cudaTextureDesc sampling{};
  sampling.addressMode[0] = sampling.addressMode[1] = cudaAddressModeClamp;
  sampling.filterMode = cudaFilterModeLinear;
  sampling.readMode = cudaReadModeElementType;
  sampling.normalizedCoords = 1;
  cudaTextureObject_t texture = 0;
  CHECK(cudaCreateTextureObject(&texture, &resource, &sampling, nullptr));

  const int width = 2 * kWidth, height = 2 * kHeight;
  float* out;
  CHECK(cudaMalloc(&out, width * height * sizeof(float)));
  const dim3 block(16, 16);
  enlarge<<<dim3((width + 15) / 16, (height + 15) / 16), block>>>(texture, out, width, height);
  CHECK_LAUNCH();
  std::vector<float> got(width * height);
  CHECK(cudaMemcpy(got.data(), out, got.size() * sizeof(float), cudaMemcpyDeviceToHost));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      // Between two pixels, a quarter of the way from the nearer.
      const int x0 = (x - 1) >> 1, y0 = (y - 1) >> 1;
      const float dx = x % 2 == 0 ? 0.75f : 0.25f, dy = y % 2 == 0 ? 0.75f : 0.25f;
      const float above = Pixel(x0, y0) * (1 - dx) + Pixel(x0 + 1, y0) * dx;
      const float below = Pixel(x0, y0 + 1) * (1 - dx) + Pixel(x0 + 1, y0 + 1) * dx;
      EXPECT(Near(got[y * width + x], above * (1 - dy) + below * dy, 1e-2));
    }
  }
  CHECK(cudaDestroyTextureObject(texture));
  CHECK(cudaFreeArray(array));
  CHECK(cudaFree(out));
}

void Fetched() {
  constexpr int kCount = 64;
  std::vector<uchar4> list(kCount), got(kCount);
  std::vector<float2> plane(kCount);
  for (int i = 0; i < kCount; ++i) {
    const auto byte = static_cast<unsigned char>(i);
    list[i] = make_uchar4(byte, byte + 1, byte + 2, byte + 3);
    plane[i] = make_float2(static_cast<float>(3 * i), static_cast<float>(i / 2));
  }
  uchar4 *on_list, *out;
  float2* on_plane;
  size_t pitch = 0;
  CHECK(cudaMalloc(&on_list, kCount * sizeof(uchar4)));
  CHECK(cudaMalloc(&out, kCount * sizeof(uchar4)));
  CHECK(cudaMallocPitch(&on_plane, &pitch, 8 * sizeof(float2), 8));
  CHECK(cudaMemcpy(on_list, list.data(), kCount * sizeof(uchar4), cudaMemcpyHostToDevice));
  CHECK(cudaMemcpy2D(on_plane, pitch, plane.data(), 8 * sizeof(float2), 8 * sizeof(float2), 8,
                     cudaMemcpyHostToDevice));
  cudaResourceDesc linear{}, pitched{};
  linear.resType = cudaResourceTypeLinear;
  linear.res.linear.devPtr = on_list;
  linear.res.linear.desc = cudaCreateChannelDesc<uchar4>();
  linear.res.linear.sizeInBytes = kCount * sizeof(uchar4);
  pitched.resType = cudaResourceTypePitch2D;
  pitched.res.pitch2D.devPtr = on_plane;
  pitched.res.pitch2D.desc = cudaCreateChannelDesc<float2>();
  pitched.res.pitch2D.width = pitched.res.pitch2D.height = 8;
  pitched.res.pitch2D.pitchInBytes = pitch;
  const cudaTextureDesc plain{};
  cudaTextureObject_t first = 0, second = 0;
  CHECK(cudaCreateTextureObject(&first, &linear, &plain, nullptr));
  CHECK(cudaCreateTextureObject(&second, &pitched, &plain, nullptr));
  fetch<<<1, kCount>>>(first, second, out);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy(got.data(), out, kCount * sizeof(uchar4), cudaMemcpyDeviceToHost));
  for (int i = 0; i < kCount; ++i) {
    EXPECT(got[i].x == i + 3 && got[i].y == i && got[i].z == 3 * i && got[i].w == i / 2);
  }
  CHECK(cudaDestroyTextureObject(first));
  CHECK(cudaDestroyTextureObject(second));
  CHECK(cudaFree(on_list));
  CHECK(cudaFree(on_plane));
  CHECK(cudaFree(out));
}

int main() {
  Filtered();
  Fetched();
  return Pass("textures");
}
