#ifndef NODECUDA_TEST_NATIVE_OPS_MATMUL_MMA_TESTING_H_
#define NODECUDA_TEST_NATIVE_OPS_MATMUL_MMA_TESTING_H_

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "cuda/matmul/arguments.h"
#include "test/native/ops/kernels/builtin_module.h"

namespace nodecuda::test {

// What is multiplied. Decode gives the value that the tensor cores see: of tf32, the rounded one.
struct Float16Format {
  using Storage = _Float16;
  using Accumulator = float;
  static constexpr int kOutput = kOutFloat32;
  static Storage Encode(double value) { return static_cast<Storage>(value); }
  static double Decode(Storage value) { return static_cast<double>(value); }
};
struct Bfloat16Format {
  struct Storage {
    std::uint16_t bits;
  };
  using Accumulator = float;
  static constexpr int kOutput = kOutFloat32;
  static Storage Encode(double value) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    return {static_cast<std::uint16_t>(std::isnan(value) ? 0x7fff : (bits + 0x8000) >> 16)};
  }
  static double Decode(Storage value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16);
  }
};
struct Float32Format {  // 3xTF32
  using Storage = float;
  using Accumulator = float;
  static constexpr int kOutput = kOutFloat32;
  static Storage Encode(double value) { return static_cast<float>(value); }
  static double Decode(Storage value) { return value; }
};
struct Tf32Format : Float32Format {
  static double Decode(Storage value) {
    if (!std::isfinite(value)) return value;
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto rounded = std::bit_cast<float>((bits + 0x1000) & 0xffffe000);
    return std::isfinite(rounded) ? rounded : std::bit_cast<float>(bits & 0xffffe000);
  }
};
struct Float64Format {
  using Storage = double;
  using Accumulator = double;
  static constexpr int kOutput = kOutFloat64;
  static Storage Encode(double value) { return value; }
  static double Decode(Storage value) { return value; }
};
struct Int8Format {
  using Storage = std::int8_t;
  using Accumulator = std::int32_t;
  static constexpr int kOutput = kOutInt32;
  static Storage Encode(double value) { return static_cast<Storage>(value); }
  static double Decode(Storage value) { return value; }
};

// Bound of a sum's error by the sum of the products' absolute values.
//
// A product of tensor cores adds s products, of 4 or more elements each, to the sum so far. It
// truncates each of the s + 1 terms at 2^-24 of the largest, and the result to 24 bits, which is at
// most 2^-23 of it: (s + 3) 2^-24 in all, for each of k / s products. With s = 4 that is the most.
template <typename F>
double ErrorBound(std::int64_t k) {
  if (std::is_same_v<F, Int8Format>) return 0;
  if (std::is_same_v<F, Float64Format>) return static_cast<double>(k) * 0x1p-53;
  const double truncations = (static_cast<double>(k) / 4 + 1) * 7 * 0x1p-24;
  // The three products of 3xTF32 leave out small times small, 2^-22 of big times big, and half a
  // unit in the last place of each small part, 2^-23 each.
  return std::is_same_v<F, Float32Format> ? 3 * truncations + 0x1p-21 : truncations;
}

// A kernel without the letters of its layout, and how it is launched.
struct MmaKernel {
  const char* name;
  std::int64_t tile_m, tile_n;
  unsigned threads;
  std::size_t dynamic_shared_bytes = 0;
};
inline constexpr const char* kLayouts[] = {"nn", "nt", "tn", "tt"};

KernelId FindKernel(const std::string& name);

// One matrix in memory: rows further apart than they are long, an odd multiple of 16 bytes away
// from the begin of the allocation, which ends with the last element. Between rows is what must not
// be read.
template <typename T>
struct Matrix {
  static constexpr std::int64_t kPerChunk = 16 / sizeof(T);
  Matrix(std::int64_t batch_count, std::int64_t row_count, std::int64_t column_count, T filler)
      : rows(row_count),
        columns(column_count),
        stride((column_count + kPerChunk - 1) / kPerChunk * kPerChunk + kPerChunk),
        batch_stride(row_count * stride),
        values(static_cast<std::size_t>(std::max<std::int64_t>(
                   kPerChunk + batch_count * batch_stride - (stride - column_count), kPerChunk)),
               filler) {}
  T& At(std::int64_t batch, std::int64_t row, std::int64_t column) {
    return values[static_cast<std::size_t>(kPerChunk + batch * batch_stride + row * stride +
                                           column)];
  }
  std::int64_t rows, columns, stride, batch_stride;
  std::vector<T> values;
};

struct MmaCase {
  std::int64_t m, n, k;
  std::int64_t batches = 1;
  bool same_b = false;  // for all batches
  unsigned grid_batches = 1;
  int splits = 1;
  double alpha = 1, beta = 0;
  int activation = kNoActivation;
};

// Runs a kernel on random matrices. `T` is the element type of c, `output` its MatmulOutput.
template <typename F, typename T = typename F::Accumulator>
class MmaTest {
 public:
  using Storage = typename F::Storage;
  using Accumulator = typename F::Accumulator;

  MmaTest(const MmaCase& size, const std::string& layout)
      : size_(size),
        transpose_a_(layout[0] == 't'),
        transpose_b_(layout[1] == 't'),
        a(size.batches, transpose_a_ ? size.k : size.m, transpose_a_ ? size.m : size.k, Poison()),
        b(size.same_b ? 1 : size.batches, transpose_b_ ? size.n : size.k,
          transpose_b_ ? size.k : size.n, Poison()),
        c(size.batches, size.m, size.n, Filler()) {}

  Storage& A(std::int64_t batch, std::int64_t i, std::int64_t k) {
    return transpose_a_ ? a.At(batch, k, i) : a.At(batch, i, k);
  }
  Storage& B(std::int64_t batch, std::int64_t k, std::int64_t j) {
    if (size_.same_b) batch = 0;
    return transpose_b_ ? b.At(batch, j, k) : b.At(batch, k, j);
  }
  static T Filler() { return T(-77); }

  template <typename Distribution>
  void Fill(Distribution distribution, unsigned seed = 1) {
    std::mt19937 random(seed);
    for (std::int64_t batch = 0; batch < size_.batches; ++batch) {
      for (std::int64_t k = 0; k < size_.k; ++k) {
        for (std::int64_t i = 0; i < size_.m; ++i) A(batch, i, k) = F::Encode(distribution(random));
        if (batch > 0 && size_.same_b) continue;
        for (std::int64_t j = 0; j < size_.n; ++j) B(batch, k, j) = F::Encode(distribution(random));
      }
    }
  }

  // Launches; `c` is then what the kernel has made of it, or `workspace` if k is split.
  void Launch(SimulatedKernels& device, const MmaKernel& kernel, const std::string& layout,
              const MatmulEpilogue& epilogue) {
    const KernelId id = FindKernel(std::string(kernel.name) + "_" + layout);
    Storage* device_a = device.Upload(a.values);
    Storage* device_b = device.Upload(b.values);
    T* device_c = device.Upload(c.values);
    const auto sums = static_cast<std::size_t>(size_.splits * size_.batches * size_.m * size_.n);
    workspace.assign(size_.splits > 1 ? sums : 1, Accumulator(-77));
    Accumulator* device_workspace = device.Upload(workspace);
    const MatmulArguments arguments{
        .m = size_.m,
        .n = size_.n,
        .k = size_.k,
        .a = device_a + Matrix<Storage>::kPerChunk,
        .lda = a.stride,
        .a_batch_stride = a.batch_stride,
        .b = device_b + Matrix<Storage>::kPerChunk,
        .ldb = b.stride,
        .b_batch_stride = size_.same_b ? 0 : b.batch_stride,
        .c = device_c + Matrix<T>::kPerChunk,
        .ldc = c.stride,
        .c_batch_stride = c.batch_stride,
        .batches = size_.batches,
        .workspace = device_workspace,
        .splits = size_.splits,
        .epilogue = epilogue,
        .transpose_a = transpose_a_,
        .transpose_b = transpose_b_,
    };
    const auto tiles = static_cast<std::uint32_t>(
        CeilDiv(static_cast<std::uint64_t>(size_.m), static_cast<std::uint64_t>(kernel.tile_m)) *
        CeilDiv(static_cast<std::uint64_t>(size_.n), static_cast<std::uint64_t>(kernel.tile_n)));
    AllowSharedMemory(device, id, kernel);
    device.Launch(id, {tiles, static_cast<std::uint32_t>(size_.splits), size_.grid_batches},
                  {kernel.threads, 1, 1}, kernel.dynamic_shared_bytes, arguments);
    c.values = device.Download(device_c, c.values.size());
    workspace = device.Download(device_workspace, workspace.size());
    device.Free(device_a);
    device.Free(device_b);
    device.Free(device_c);
    device.Free(device_workspace);
  }

  struct Sum {
    double value = 0, absolute = 0;
  };
  // Of part of k, in float64.
  Sum Reference(std::int64_t batch, std::int64_t i, std::int64_t j, std::int64_t first,
                std::int64_t end) {
    Sum sum;
    for (std::int64_t k = first; k < end; ++k) {
      const double product = F::Decode(A(batch, i, k)) * F::Decode(B(batch, k, j));
      sum.value += product;
      sum.absolute += std::fabs(product);
    }
    return sum;
  }
  Sum Reference(std::int64_t batch, std::int64_t i, std::int64_t j) {
    return Reference(batch, i, j, 0, size_.k);
  }

  // What is not part of c must be as it was.
  void CheckSurroundings() {
    std::int64_t changed = 0;
    const std::int64_t begin = Matrix<T>::kPerChunk;
    for (std::size_t index = 0; index < c.values.size(); ++index) {
      const std::int64_t offset = static_cast<std::int64_t>(index) - begin;
      const bool inside = offset >= 0 && size_.splits == 1 && offset % c.stride < size_.n;
      changed += !inside && c.values[index] != Filler();
    }
    CHECK(changed == 0);
  }

 private:
  static Storage Poison() {
    if (std::is_same_v<F, Int8Format>) return F::Encode(99);
    return F::Encode(std::numeric_limits<double>::quiet_NaN());
  }
  static void AllowSharedMemory(SimulatedKernels& device, KernelId id, const MmaKernel& kernel) {
    if (kernel.dynamic_shared_bytes == 0) return;
    const auto index = static_cast<std::size_t>(id);
    const OpContext context = device.Context(kKernelModules[index]);
    REQUIRE(context.runtime.KernelSetAttributeForDevice(
                context.kernels[index], KernelAttribute::kMaxDynamicSharedMemorySize,
                static_cast<int>(kernel.dynamic_shared_bytes), 0) == Status::kSuccess);
  }

  MmaCase size_;
  bool transpose_a_, transpose_b_;

 public:
  Matrix<Storage> a, b;
  Matrix<T> c;
  std::vector<Accumulator> workspace;
};

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_MATMUL_MMA_TESTING_H_
