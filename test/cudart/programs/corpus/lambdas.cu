// Kernels that take what they do as a template argument: functors, and lambdas of the host.
#include <type_traits>
#include <vector>

#include "check.h"

template <typename Body>
__global__ void for_each(int n, Body body) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) body(i);
}

template <typename Body>
void ForEach(int n, Body body) {
  for_each<<<(n + 255) / 256, 256>>>(n, body);
  CHECK_LAUNCH();
}

template <typename T>
struct Vector {
  T* data;
  int size;
  __host__ __device__ T& operator[](int i) const { return data[i]; }
};

template <typename T, int... kPowers>
struct Polynomial {
  T factor;
  __device__ T operator()(T x) const { return (T(0) + ... + Power<kPowers>(x)) * factor; }
  template <int kPower>
  static __device__ T Power(T x) {
    if constexpr (kPower == 0) {
      return T(1);
    } else {
      return x * Power<kPower - 1>(x);
    }
  }
};

struct Wide {
  double big[20];
  char small;
};

template <typename T>
void Run(const char* type) {
  const int n = 3001;
  Vector<T> x{nullptr, n}, y{nullptr, n};
  CHECK(cudaMalloc(&x.data, n * sizeof(T)));
  CHECK(cudaMalloc(&y.data, n * sizeof(T)));
  ForEach(n, [x] __device__(int i) { x[i] = static_cast<T>(i % 50) / 2; });
  const Polynomial<T, 0, 1, 3> polynomial{T(2)};
  ForEach(n, [=] __device__(int i) { y[i] = polynomial(x[i]); });
  Wide wide{};
  for (int i = 0; i < 20; ++i) wide.big[i] = i;
  wide.small = 3;
  ForEach(n, [=] __device__(int i) {
    const auto add = [&](auto what) { y[i] += static_cast<T>(what); };
    add(wide.small);
    add(wide.big[i % 20]);
  });
  std::vector<T> got(n);
  CHECK(cudaMemcpy(got.data(), y.data, n * sizeof(T), cudaMemcpyDeviceToHost));
  for (int i = 0; i < n; ++i) {
    const T at = static_cast<T>(i % 50) / 2;
    const T want = (1 + at + at * at * at) * 2 + 3 + i % 20;
    if (!Near(static_cast<double>(got[i]), static_cast<double>(want))) {
      std::printf("FAIL %s at %d\n", type, i);
      std::exit(1);
    }
  }
  CHECK(cudaFree(x.data));
  CHECK(cudaFree(y.data));
}

int main() {
  Run<int>("int");
  Run<long long>("long long");
  Run<float>("float");
  Run<double>("double");
  return Pass("lambdas");
}
