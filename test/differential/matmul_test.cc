// matmul: the PTX on the simulator and the source by g++ agree to the bit, and both with a
// reference in long double within the rounding that a sum of k products may have.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <set>

#include "machines.h"
#include "ops/matmul_plan.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda {
namespace {

constexpr unsigned kSeed = 20240608;

// A stored matrix. What lies between its rows is NaN: whoever reads it shows, and c's has to be
// as it was.
template <typename T>
struct Matrix {
  std::int64_t rows, columns, stride;
  std::vector<T> values;

  Matrix(std::int64_t rows, std::int64_t columns, std::int64_t padding, std::mt19937& random)
      : rows(rows), columns(columns), stride(columns + padding) {
    // The last row has no padding: the buffer ends where the matrix does.
    const std::int64_t count = rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns;
    values.assign(count, std::numeric_limits<T>::quiet_NaN());
    std::uniform_real_distribution<T> value(-1, 1);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) values[i * stride + j] = value(random);
    }
  }
  long double At(std::int64_t i, std::int64_t j) const { return values[i * stride + j]; }
  Bytes ToBytes() const {
    Bytes bytes(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
};

struct Problem {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  double alpha = 1, beta = 0;
  std::int64_t padding_a = 0, padding_b = 0, padding_c = 0;
};

std::set<KernelId> kernels_seen;

// How far the worst element is from the reference, in units of its bound. Infinite if any is
// further than that or what lies between c's rows has changed.
template <typename T>
double LargestError(const Bytes& got, const Matrix<T>& c_before,
                    const std::vector<long double>& expected, const std::vector<double>& bound) {
  double largest = 0;
  std::vector<T> values(got.size() / sizeof(T));
  if (!got.empty()) std::memcpy(values.data(), got.data(), got.size());
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(values.size()); ++i) {
    if (i % c_before.stride >= c_before.columns) {
      if (!std::isnan(values[i])) return std::numeric_limits<double>::infinity();
      continue;
    }
    const auto error = static_cast<double>(std::abs(values[i] - expected[i]));
    if (error == 0) continue;
    if (!(error <= bound[i])) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, error / bound[i]);
  }
  return largest;
}

template <typename T>
double CheckMatmul(const Problem& p, std::mt19937& random, std::span<const int> capabilities) {
  INFO("m ", p.m, " n ", p.n, " k ", p.k, " ta ", p.transpose_a, " tb ", p.transpose_b, " alpha ",
       p.alpha, " beta ", p.beta, " bytes ", sizeof(T));
  const Matrix<T> a = p.transpose_a ? Matrix<T>(p.k, p.m, p.padding_a, random)
                                    : Matrix<T>(p.m, p.k, p.padding_a, random);
  const Matrix<T> b = p.transpose_b ? Matrix<T>(p.n, p.k, p.padding_b, random)
                                    : Matrix<T>(p.k, p.n, p.padding_b, random);
  Matrix<T> c(p.m, p.n, p.padding_c, random);
  if (p.beta == 0) {
    // c must not be read then.
    for (T& value : c.values) value = std::numeric_limits<T>::quiet_NaN();
  }

  // |error| <= (2 sqrt(k) + 4) eps (|alpha| |a| |b| + |beta| |c|), element by element.
  std::vector<long double> expected(c.values.size());
  std::vector<double> bound(c.values.size());
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) {
      long double sum = 0, magnitude = 0;
      for (std::int64_t l = 0; l < p.k; ++l) {
        const long double product =
            (p.transpose_a ? a.At(l, i) : a.At(i, l)) * (p.transpose_b ? b.At(j, l) : b.At(l, j));
        sum += product;
        magnitude += std::abs(product);
      }
      const long double old = p.beta == 0 ? 0 : p.beta * c.At(i, j);
      expected[i * c.stride + j] = p.alpha * sum + old;
      bound[i * c.stride + j] = (2 * std::sqrt(p.k) + 4) * std::numeric_limits<T>::epsilon() *
                                static_cast<double>(std::abs(p.alpha) * magnitude + std::abs(old));
    }
  }

  MatmulProblem problem{};
  problem.dtype = sizeof(T) == 4 ? Dtype::kFloat32 : Dtype::kFloat64;
  problem.transpose_a = p.transpose_a;
  problem.transpose_b = p.transpose_b;
  problem.m = p.m;
  problem.n = p.n;
  problem.k = p.k;
  problem.alpha = p.alpha;
  problem.beta = p.beta;
  problem.lda = a.stride;
  problem.ldb = b.stride;
  problem.ldc = c.stride;
  const Work work = [&](const OpContext& context, std::span<void* const> pointers) {
    problem.a = pointers[0];
    problem.b = pointers[1];
    problem.c = pointers[2];
    MatmulPlan plan;
    if (PlanMatmul(problem, context.properties.multiprocessor_count, &plan) == Status::kSuccess) {
      kernels_seen.insert(plan.kernel);
    }
    return EnqueueMatmul(context, problem);
  };

  const std::vector<Bytes> buffers = {a.ToBytes(), b.ToBytes(), c.ToBytes()};
  const Bytes on_host = RunOnHost(buffers, work)[2];
  const double error = LargestError(on_host, c, expected, bound);
  CHECK(error <= 1);
  for (const int capability : capabilities) {
    CAPTURE(capability);
    CHECK(RunOnSimulator(capability, Module::matmul_simt, buffers, work)[2] == on_host);
  }
  return error;
}

TEST_CASE("differential: matmul, every kernel on every capability") {
  std::mt19937 random(kSeed);
  kernels_seen.clear();
  double floats = 0, doubles = 0;
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      Problem p;
      p.transpose_a = transpose_a;
      p.transpose_b = transpose_b;
      p.m = 201;
      p.n = 250;
      p.k = 37;
      p.alpha = -0.5;
      p.beta = 2;
      p.padding_c = 2;
      const std::span<const int> all = simulator::SupportedCapabilities();
      floats = std::max(floats, CheckMatmul<float>(p, random, all));
      p.m = 70;
      p.n = 41;
      floats = std::max(floats, CheckMatmul<float>(p, random, all));
      doubles = std::max(doubles, CheckMatmul<double>(p, random, all));
    }
  }
  std::size_t matmul_kernels = 0;
  for (const MatmulVariant& variant : MatmulVariants()) {
    for (const auto& row : variant.kernels) {
      for (const KernelId kernel : row) {
        ++matmul_kernels;
        CAPTURE(kKernelNames[static_cast<std::size_t>(kernel)]);
        CHECK(kernels_seen.count(kernel) == 1);
      }
    }
  }
  CHECK(kernels_seen.size() == matmul_kernels);
  MESSAGE("largest error in units of the bound: float32 ", floats, ", float64 ", doubles);
}

TEST_CASE("differential: matmul, random shapes, layouts and scales") {
  std::mt19937 random(kSeed);
  constexpr int kCapability[] = {90};
  const auto choose = [&](std::initializer_list<double> values) {
    return values.begin()[random() % values.size()];
  };
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    CAPTURE(kSeed);
    Problem p;
    p.transpose_a = random() % 2;
    p.transpose_b = random() % 2;
    p.m = random() % 140;
    p.n = random() % 140;
    p.k = random() % 50;
    p.alpha = choose({1, 1, 0, -0.75});
    p.beta = choose({0, 0, 1, 2.5});
    p.padding_a = random() % 4;
    p.padding_b = random() % 4;
    p.padding_c = random() % 5;
    if (random() % 2) {
      CheckMatmul<float>(p, random, kCapability);
    } else {
      CheckMatmul<double>(p, random, kCapability);
    }
  }
}

TEST_CASE("differential: matmul, edges of the tiles") {
  std::mt19937 random(kSeed);
  constexpr int kCapability[] = {80};
  for (const std::int64_t m : {1, 64, 65, 129}) {
    for (const std::int64_t n : {1, 63, 128, 130}) {
      for (const std::int64_t k : {0, 1, 8, 9, 16}) {
        Problem p;
        p.m = m;
        p.n = n;
        p.k = k;
        p.beta = k % 2;
        CheckMatmul<float>(p, random, kCapability);
        CheckMatmul<double>(p, random, kCapability);
      }
    }
  }
}

TEST_CASE("differential: matmul, more than one band of tile rows") {
  std::mt19937 random(kSeed);
  constexpr int kCapability[] = {100};
  Problem p;
  p.m = 64 * 10 + 3;  // two bands of eight rows of tiles, the second partly filled
  p.n = 64 * 2 + 1;
  p.k = 5;
  CheckMatmul<double>(p, random, kCapability);
}

}  // namespace
}  // namespace nodecuda
