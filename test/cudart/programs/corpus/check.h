// What most CUDA programs have in some header of theirs.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                            \
  do {                                                                                         \
    const cudaError_t error_ = (call);                                                         \
    if (error_ != cudaSuccess) {                                                               \
      std::printf("%s:%d: %s: %s (%s)\n", __FILE__, __LINE__, #call, cudaGetErrorName(error_), \
                  cudaGetErrorString(error_));                                                 \
      std::exit(2);                                                                            \
    }                                                                                          \
  } while (0)

#define CHECK_LAUNCH() CHECK(cudaGetLastError())

#define EXPECT(condition)                                                 \
  do {                                                                    \
    if (!(condition)) {                                                   \
      std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                       \
    }                                                                     \
  } while (0)

inline bool Near(double a, double b, double relative = 1e-5) {
  return std::fabs(a - b) <= relative * std::fmax(1.0, std::fmax(std::fabs(a), std::fabs(b)));
}

inline int Pass(const char* what) {
  std::printf("PASS %s\n", what);
  return 0;
}
