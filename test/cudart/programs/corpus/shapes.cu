// Objects with virtual functions, made on the device; function pointers; memory that host and
// device share.
#include "check.h"

struct Shape {
  __device__ virtual ~Shape() {}
  __device__ virtual float Area() const = 0;
  __device__ virtual int Corners() const { return 4; }
};
struct Rectangle : Shape {
  float width, height;
  __device__ Rectangle(float its_width, float its_height) : width(its_width), height(its_height) {}
  __device__ float Area() const override { return width * height; }
};
struct Triangle final : Rectangle {
  using Rectangle::Rectangle;
  __device__ float Area() const override { return Rectangle::Area() / 2; }
  __device__ int Corners() const override { return 3; }
};

__managed__ int made;
__managed__ float factor = 1;

__global__ void make(Shape** shapes, int n) {
  const int i = threadIdx.x;
  if (i >= n) return;
  if (i % 3 == 0) {
    shapes[i] = new Triangle(i, 2);
  } else {
    shapes[i] = new Rectangle(i, 3);
  }
  atomicAdd(&made, 1);
}

using Transform = float (*)(float);
__device__ float Twice(float x) {
  return 2 * x;
}
__device__ float Negative(float x) {
  return -x;
}
__device__ Transform transforms[] = {Twice, Negative};

__global__ void measure(Shape* const* shapes, float* areas, int* corners, int n, Transform last) {
  const int i = threadIdx.x;
  if (i >= n) return;
  const Transform transform = i % 5 == 4 ? last : transforms[i % 2];
  areas[i] = transform(shapes[i]->Area()) * factor;
  corners[i] = shapes[i]->Corners();
}

__global__ void destroy(Shape** shapes, int n) {
  if (threadIdx.x < n) delete shapes[threadIdx.x];
}

struct Node {
  int value;
  Node* next;
};
__global__ void sum_list(const Node* node, int* sum) {
  for (*sum = 0; node != nullptr; node = node->next) *sum += node->value;
}

int main() {
  const int n = 40;
  Shape** shapes;
  float* areas;
  int* corners;
  CHECK(cudaMalloc(&shapes, n * sizeof(Shape*)));
  CHECK(cudaMallocManaged(&areas, n * sizeof(float)));
  CHECK(cudaMallocManaged(&corners, n * sizeof(int)));
  made = 100;
  factor = 0.5f;
  make<<<1, 64>>>(shapes, n);
  Transform last;
  CHECK(cudaMemcpyFromSymbol(&last, transforms, sizeof last, sizeof last));
  measure<<<1, 64>>>(shapes, areas, corners, n, last);
  destroy<<<1, 64>>>(shapes, n);
  CHECK_LAUNCH();
  CHECK(cudaDeviceSynchronize());
  EXPECT(made == 100 + n);
  for (int i = 0; i < n; ++i) {
    const float area = i % 3 == 0 ? i : 3.0f * i;
    const bool negative = i % 5 == 4 || i % 2 == 1;
    EXPECT(areas[i] == (negative ? -area : 2 * area) / 2);
    EXPECT(corners[i] == (i % 3 == 0 ? 3 : 4));
  }

  Node* nodes;
  CHECK(cudaMallocManaged(&nodes, n * sizeof(Node)));
  for (int i = 0; i < n; ++i) nodes[i] = {i, i + 1 < n ? &nodes[i + 1] : nullptr};
  sum_list<<<1, 1>>>(nodes, corners);
  CHECK_LAUNCH();
  CHECK(cudaDeviceSynchronize());
  EXPECT(corners[0] == n * (n - 1) / 2);
  CHECK(cudaFree(nodes));
  CHECK(cudaFree(areas));
  CHECK(cudaFree(corners));
  CHECK(cudaFree(shapes));
  return Pass("shapes");
}
