// What kernels read through texture objects: by index, by coordinates, in layers, from cubes,
// gathered.

__device__ int index_of() {
  return blockIdx.x * blockDim.x + threadIdx.x;
}

extern "C" __global__ void fetch_floats(cudaTextureObject_t t, float* out, int from, int n) {
  const int i = index_of();
  if (i < n) out[i] = tex1Dfetch<float>(t, from + i);
}

extern "C" __global__ void fetch_bytes(cudaTextureObject_t t, uchar4* out, int from, int n) {
  const int i = index_of();
  if (i < n) out[i] = tex1Dfetch<uchar4>(t, from + i);
}

extern "C" __global__ void line(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i < n) out[i] = tex1D<float4>(t, at[i].x);
}

extern "C" __global__ void plane(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i < n) out[i] = tex2D<float4>(t, at[i].x, at[i].y);
}

extern "C" __global__ void room(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i < n) out[i] = tex3D<float4>(t, at[i].x, at[i].y, at[i].z);
}

extern "C" __global__ void integers(cudaTextureObject_t t, const float4* at, int4* out, int n) {
  const int i = index_of();
  if (i < n) out[i] = tex2D<int4>(t, at[i].x, at[i].y);
}

extern "C" __global__ void line_layer(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i < n) out[i] = tex1DLayered<float4>(t, at[i].x, static_cast<int>(at[i].w));
}

extern "C" __global__ void plane_layer(cudaTextureObject_t t, const float4* at, float4* out,
                                       int n) {
  const int i = index_of();
  if (i < n) out[i] = tex2DLayered<float4>(t, at[i].x, at[i].y, static_cast<int>(at[i].w));
}

extern "C" __global__ void cube(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i < n) out[i] = texCubemap<float4>(t, at[i].x, at[i].y, at[i].z);
}

extern "C" __global__ void cube_layer(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i < n) {
    out[i] = texCubemapLayered<float4>(t, at[i].x, at[i].y, at[i].z, static_cast<int>(at[i].w));
  }
}

// Without mipmaps a level and gradients change nothing.
extern "C" __global__ void levels(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i >= n) return;
  out[2 * i] = tex2DLod<float4>(t, at[i].x, at[i].y, at[i].z);
  const float2 step = make_float2(at[i].z, at[i].w);
  out[2 * i + 1] = tex2DGrad<float4>(t, at[i].x, at[i].y, step, step);
}

// There are no sparse arrays here: all is resident.
extern "C" __global__ void resident(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i >= n) return;
  bool is_resident = false;
  out[i] = tex2D<float4>(t, at[i].x, at[i].y, &is_resident);
  if (!is_resident) out[i].x = -1;
}

extern "C" __global__ void gather(cudaTextureObject_t t, const float4* at, float4* out, int n) {
  const int i = index_of();
  if (i >= n) return;
  out[2 * i] = tex2Dgather<float4>(t, at[i].x, at[i].y, 0);
  out[2 * i + 1] = tex2Dgather<float4>(t, at[i].x, at[i].y, 1);
}

extern "C" __global__ void query(cudaTextureObject_t t, unsigned* out) {
  asm("txq.width.b32 %0, [%1];" : "=r"(out[0]) : "l"(t));
  asm("txq.height.b32 %0, [%1];" : "=r"(out[1]) : "l"(t));
  asm("txq.depth.b32 %0, [%1];" : "=r"(out[2]) : "l"(t));
  asm("txq.normalized_coords.b32 %0, [%1];" : "=r"(out[3]) : "l"(t));
}

struct Blend {
  float weight;
  cudaTextureObject_t textures[2];
};

// Lanes of a warp name different textures.
extern "C" __global__ void blend(Blend blend, const float4* at, float* out, int n) {
  const int i = index_of();
  if (i < n) out[i] = blend.weight * tex2D<float>(blend.textures[i % 2], at[i].x, at[i].y);
}

// Only some lanes read.
extern "C" __global__ void odd(cudaTextureObject_t t, float* out, int n) {
  const int i = index_of();
  if (i < n && i % 2 == 1) out[i] = tex1Dfetch<float>(t, i);
}
