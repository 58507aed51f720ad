// libcuda.so.1 and libcublas.so.13 in host memory, just enough to run bench/peers/native without a
// GPU: whether a peer finds its functions, and how it turns row-major products into cuBLAS's
// column-major ones, can then be tested anywhere. Types and values are those of CUDA's headers.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "../../bench/peers/native/data.h"

using Pointer = std::uint64_t;

namespace {

void* At(Pointer pointer) {
  return reinterpret_cast<void*>(pointer);
}

peer::Dtype TypeOf(int type) {
  switch (type) {
    case 1:
      return peer::Dtype::kFloat64;
    case 2:
      return peer::Dtype::kFloat16;
    case 3:
      return peer::Dtype::kInt8;
    case 10:
      return peer::Dtype::kInt32;
    case 14:
      return peer::Dtype::kBfloat16;
    default:
      return peer::Dtype::kFloat32;
  }
}

// Normal numbers only, rounded to nearest even: 1 sign bit, and so many of exponent and mantissa.
std::uint16_t Narrow(double value, int exponent_bits, int mantissa_bits) {
  if (value == 0) return 0;
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
  const auto steps = static_cast<unsigned>(std::nearbyint(std::ldexp(fraction, mantissa_bits + 1)));
  const int biased = exponent - 1 + (1 << (exponent_bits - 1)) - 1;
  const unsigned sign = value < 0 ? 0x8000U : 0U;
  // `steps` has the leading bit, or after rounding up the next one: adding carries it over.
  return static_cast<std::uint16_t>(sign |
                                    ((static_cast<unsigned>(biased - 1) << mantissa_bits) + steps));
}

void Store(peer::Dtype dtype, void* to, double value) {
  const auto store = [to](auto number) { std::memcpy(to, &number, sizeof number); };
  if (dtype == peer::Dtype::kFloat64) store(value);
  if (dtype == peer::Dtype::kInt32) store(static_cast<std::int32_t>(value));
  if (dtype == peer::Dtype::kFloat32) store(static_cast<float>(value));
  if (dtype == peer::Dtype::kFloat16) store(Narrow(value, 5, 10));
  if (dtype == peer::Dtype::kBfloat16) store(Narrow(value, 8, 7));
}

}  // namespace

extern "C" {

int cuGetErrorName(int, const char** name) {
  *name = "CUDA_ERROR_FAKE";
  return 0;
}
int cuInit(unsigned) {
  return std::getenv("FAKE_CUDA_FAILS") != nullptr ? 100 : 0;
}
int cuDeviceGet(int* device, int) {
  return *device = 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) {
  *context = context;
  return 0;
}
int cuCtxSetCurrent(void*) {
  return 0;
}
int cuMemAlloc_v2(Pointer* pointer, std::size_t bytes) {
  *pointer = reinterpret_cast<Pointer>(std::calloc(bytes, 1));
  return 0;
}
int cuMemFree_v2(Pointer pointer) {
  std::free(At(pointer));
  return 0;
}
int cuMemHostAlloc(void** memory, std::size_t bytes, unsigned) {
  *memory = std::calloc(bytes, 1);
  return 0;
}
int cuMemFreeHost(void* memory) {
  std::free(memory);
  return 0;
}
int cuMemcpyHtoDAsync_v2(Pointer to, const void* from, std::size_t bytes, void*) {
  std::memcpy(At(to), from, bytes);
  return 0;
}
int cuMemcpyDtoHAsync_v2(void* to, Pointer from, std::size_t bytes, void*) {
  std::memcpy(to, At(from), bytes);
  return 0;
}
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, std::size_t bytes, void*) {
  std::memcpy(At(to), At(from), bytes);
  return 0;
}
int cuStreamCreate(void** stream, unsigned) {
  *stream = stream;
  return 0;
}
int cuStreamSynchronize(void*) {
  return 0;
}
int cuEventCreate(void** event, unsigned) {
  *event = new std::chrono::steady_clock::time_point;
  return 0;
}
int cuEventRecord(void* event, void*) {
  *static_cast<std::chrono::steady_clock::time_point*>(event) = std::chrono::steady_clock::now();
  return 0;
}
int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  const auto elapsed = *static_cast<std::chrono::steady_clock::time_point*>(end) -
                       *static_cast<std::chrono::steady_clock::time_point*>(start);
  *milliseconds = std::chrono::duration<float, std::milli>(elapsed).count();
  return 0;
}

int cublasCreate_v2(void** handle) {
  *handle = handle;
  return 0;
}
int cublasGetVersion_v2(void*, int* version) {
  *version = 130102;
  return 0;
}
int cublasSetStream_v2(void*, void*) {
  return 0;
}
int cublasSetWorkspace_v2(void*, Pointer, std::size_t) {
  return 0;
}
const char* cublasGetStatusString(int) {
  return "not supported";
}

// As documented: all matrices column-major, op(a) is m x k, op(b) is k x n.
int cublasGemmStridedBatchedEx(void*, int op_a, int op_b, int m, int n, int k, const void*,
                               Pointer a, int a_type, int lda, long long a_stride, Pointer b,
                               int b_type, int ldb, long long b_stride, const void*, Pointer c,
                               int c_type, int ldc, long long c_stride, int batches, int compute,
                               int) {
  if (compute == 77 && std::getenv("FAKE_CUBLAS_HAS_NO_TF32") != nullptr) return 15;
  const auto at = [](Pointer base, int type, long long index) {
    const peer::Dtype dtype = TypeOf(type);
    return peer::ReadElement(dtype, At(base + index * peer::BytesOf(dtype)));
  };
  for (long long batch = 0; batch < batches; ++batch) {
    for (long long i = 0; i < m; ++i) {
      for (long long j = 0; j < n; ++j) {
        double sum = 0;
        for (long long l = 0; l < k; ++l) {
          const long long a_index = op_a == 0 ? l * lda + i : i * lda + l;
          const long long b_index = op_b == 0 ? j * ldb + l : l * ldb + j;
          sum +=
              at(a, a_type, batch * a_stride + a_index) * at(b, b_type, batch * b_stride + b_index);
        }
        const peer::Dtype out = TypeOf(c_type);
        Store(out, At(c + (batch * c_stride + j * ldc + i) * peer::BytesOf(out)), sum);
      }
    }
  }
  return 0;
}

}  // extern "C"
