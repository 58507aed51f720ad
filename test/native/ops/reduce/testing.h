#ifndef NODECUDA_TEST_NATIVE_OPS_REDUCE_TESTING_H_
#define NODECUDA_TEST_NATIVE_OPS_REDUCE_TESTING_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "ops/reduce/reduce.h"
#include "test/native/ops/kernels/device_array.h"

namespace nodecuda::test {

// Elements of the 16-bit floats, converted as the hardware does: to nearest even.
struct HostHalf {
  _Float16 value;
  HostHalf() = default;
  HostHalf(double number) : value(static_cast<_Float16>(static_cast<float>(number))) {}
  operator double() const { return static_cast<double>(value); }
};
struct HostBfloat {
  std::uint16_t bits;
  HostBfloat() = default;
  HostBfloat(double number) {
    const auto narrow = static_cast<float>(number);
    const auto wide = std::bit_cast<std::uint32_t>(narrow);
    bits = std::isnan(narrow)
               ? std::uint16_t{0x7fff}
               : static_cast<std::uint16_t>((wide + 0x7fff + (wide >> 16 & 1)) >> 16);
  }
  operator double() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

template <typename T>
constexpr Dtype kDtypeOf = Dtype::kFloat32;
template <>
inline constexpr Dtype kDtypeOf<double> = Dtype::kFloat64;
template <>
inline constexpr Dtype kDtypeOf<HostHalf> = Dtype::kFloat16;
template <>
inline constexpr Dtype kDtypeOf<HostBfloat> = Dtype::kBfloat16;
template <>
inline constexpr Dtype kDtypeOf<std::int8_t> = Dtype::kInt8;
template <>
inline constexpr Dtype kDtypeOf<std::uint8_t> = Dtype::kUint8;
template <>
inline constexpr Dtype kDtypeOf<std::int16_t> = Dtype::kInt16;
template <>
inline constexpr Dtype kDtypeOf<std::uint16_t> = Dtype::kUint16;
template <>
inline constexpr Dtype kDtypeOf<std::int32_t> = Dtype::kInt32;
template <>
inline constexpr Dtype kDtypeOf<std::uint32_t> = Dtype::kUint32;
template <>
inline constexpr Dtype kDtypeOf<std::int64_t> = Dtype::kInt64;
template <>
inline constexpr Dtype kDtypeOf<std::uint64_t> = Dtype::kUint64;

// Half the distance from 1 to the next number.
template <typename T>
constexpr double kRounding = 0x1p-24;
template <>
inline constexpr double kRounding<double> = 0x1p-53;
template <>
inline constexpr double kRounding<HostHalf> = 0x1p-11;
template <>
inline constexpr double kRounding<HostBfloat> = 0x1p-8;

// (outer, axis, inner); x begins `offset` elements into its buffer and has these strides.
struct ReduceShape {
  std::int64_t outer = 1, axis = 1, inner = 1;
  std::int64_t offset = 0;
  std::int64_t outer_stride = 0, axis_stride = 0, inner_stride = 0;

  static ReduceShape Contiguous(std::int64_t outer, std::int64_t axis, std::int64_t inner,
                                std::int64_t offset = 0) {
    return {outer, axis, inner, offset, axis * inner, inner, 1};
  }
  std::int64_t At(std::int64_t o, std::int64_t a, std::int64_t i) const {
    return offset + o * outer_stride + a * axis_stride + i * inner_stride;
  }
  std::int64_t results() const { return outer * inner; }
};

inline std::ostream& operator<<(std::ostream& stream, const ReduceShape& s) {
  return stream << '(' << s.outer << ", " << s.axis << ", " << s.inner << ") offset " << s.offset
                << " strides " << s.outer_stride << ' ' << s.axis_stride << ' ' << s.inner_stride;
}

template <typename Out, typename T>
std::vector<Out> Reduce(ReduceOperation operation, const std::vector<T>& x,
                        const ReduceShape& shape,
                        const std::type_identity_t<std::vector<T>>* y = nullptr,
                        int multiprocessors = 132, ReducePlan* chosen = nullptr) {
  SimulatedKernels& kernels = SimulatedKernels::Of(90);
  DeviceArray<T> on_device(kernels, x), y_on_device(kernels, y == nullptr ? x : *y);
  std::vector<Out> blank(static_cast<std::size_t>(shape.results()) + kGuard);
  std::memset(static_cast<void*>(blank.data()), 0x55, blank.size() * sizeof(Out));
  DeviceArray<Out> out(kernels, blank);
  ReduceProblem problem{};
  problem.operation = operation;
  problem.dtype = kDtypeOf<T>;
  problem.out_dtype = kDtypeOf<Out>;
  REQUIRE(CanReduce(operation, problem.dtype, problem.out_dtype));
  problem.x = {on_device.get() + shape.offset, shape.outer_stride, shape.axis_stride,
               shape.inner_stride};
  problem.y = problem.x;
  problem.y.data = y_on_device.get() + shape.offset;
  problem.out = out.get();
  problem.outer = shape.outer;
  problem.axis = shape.axis;
  problem.inner = shape.inner;
  const ReducePlan plan = PlanReduce(problem, multiprocessors);
  if (chosen != nullptr) *chosen = plan;
  DeviceArray<std::byte> workspace(kernels, std::vector<std::byte>(plan.workspace_bytes + 1));
  REQUIRE(EnqueueReduce(kernels.Context(Module::reduce), problem, plan, workspace.get()) ==
          Status::kSuccess);
  kernels.Synchronize();
  std::vector<Out> results = out.Read();
  REQUIRE(std::memcmp(results.data() + shape.results(), blank.data() + shape.results(),
                      kGuard * sizeof(Out)) == 0);
  results.resize(static_cast<std::size_t>(shape.results()));
  return results;
}

// Calls check(result index, o, i) for each.
template <typename Check>
void ForResults(const ReduceShape& shape, Check check) {
  for (std::int64_t o = 0; o < shape.outer; ++o) {
    for (std::int64_t i = 0; i < shape.inner; ++i) {
      check(static_cast<std::size_t>(o * shape.inner + i), o, i);
    }
  }
}

// Shapes around the boundaries of all paths for elements of `bytes`: vectors of 16 bytes, warps,
// blocks, pieces of a split axis; aligned or not; along and across the axis.
inline std::vector<ReduceShape> AllShapes() {
  std::vector<ReduceShape> shapes;
  for (const std::int64_t axis : {1,  2,   3,   4,   5,   8,   15,   16,   17,   31,   33,  64,
                                  65, 127, 129, 256, 511, 513, 1000, 2047, 2049, 4097, 8191}) {
    shapes.push_back(ReduceShape::Contiguous(3, axis, 1, axis % 4));
  }
  for (const std::int64_t axis : {16383, 16384, 40001, 70000, 140000}) {
    shapes.push_back(ReduceShape::Contiguous(1, axis, 1, axis % 3));
  }
  shapes.push_back(ReduceShape::Contiguous(2, 33000, 1, 1));
  shapes.push_back(ReduceShape::Contiguous(300, 7, 1));
  shapes.push_back(ReduceShape::Contiguous(70, 16, 1));
  for (const std::int64_t inner : {2, 3, 4, 5, 31, 32, 33, 64, 130, 257, 600}) {
    for (const std::int64_t axis : {1, 2, 7, 9, 33, 65, 130}) {
      shapes.push_back(ReduceShape::Contiguous(axis % 3 + 1, axis, inner, axis % 2));
    }
  }
  shapes.push_back(ReduceShape::Contiguous(1, 5000, 4));
  shapes.push_back(ReduceShape::Contiguous(1, 5000, 5, 1));
  shapes.push_back(ReduceShape::Contiguous(2, 1500, 36));
  shapes.push_back(ReduceShape::Contiguous(1, 40000, 2));
  // Strides: rows with gaps, backwards, transposed, every dimension its own, repeated.
  shapes.push_back({5, 40, 1, 2, 50, 1, 0});
  shapes.push_back({3, 100, 1, 99, 100, -1, 0});
  shapes.push_back({40, 30, 1, 0, 1, 40, 0});
  shapes.push_back({3, 30, 20, 7, 5000, 3, 130});
  shapes.push_back({3, 30, 20, 7, 2000, 60, 3});
  shapes.push_back({4, 700, 3, 0, 0, 5, 0});
  shapes.push_back({1, 20000, 1, 3, 0, 2, 0});
  return shapes;
}

inline std::size_t LengthFor(const ReduceShape& s) {
  std::int64_t last = s.offset;
  if (s.outer_stride > 0) last += (s.outer - 1) * s.outer_stride;
  if (s.axis_stride > 0) last += (s.axis - 1) * s.axis_stride;
  if (s.inner_stride > 0) last += (s.inner - 1) * s.inner_stride;
  return static_cast<std::size_t>(last + 1);
}

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_OPS_REDUCE_TESTING_H_
