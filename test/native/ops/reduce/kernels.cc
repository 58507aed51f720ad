// The reductions on the simulated device, through their host side, against sums in float64 or in
// integers.
#include <algorithm>
#include <limits>

#include "test/native/ops/reduce/testing.h"

namespace nodecuda::test {
namespace {

template <typename T>
std::vector<T> RandomNumbers(std::size_t count, double least, double most, bool whole) {
  std::mt19937 random(12345);
  std::uniform_real_distribution<double> distribution(least, most);
  std::vector<T> values(count);
  for (T& value : values) {
    const double number = distribution(random);
    value = static_cast<T>(whole ? std::floor(number) : number);
  }
  return values;
}

template <typename T>
std::vector<T> RandomBits(std::size_t count) {
  std::mt19937_64 random(99);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(random());
  return values;
}

// Roundings on the way of one element: pieces of 128 units a thread in trees of that depth, twice.
constexpr double kDepth = 160;

template <typename T>
double AccumulatorRounding() {
  return sizeof(T) == 8 ? 0x1p-53 : 0x1p-24;
}

bool SameReal(double x, double y) {
  return (std::isnan(x) && std::isnan(y)) || x == y;
}

}  // namespace

TEST_CASE_TEMPLATE("reduce: sums of floats are exact where they can be, on all paths", T, float,
                   double, HostHalf, HostBfloat) {
  for (const ReduceShape& shape : AllShapes()) {
    CAPTURE(shape);
    // Whole numbers, few enough that every partial sum is one in float32.
    const auto x = RandomNumbers<T>(LengthFor(shape), -8, 9, true);
    const auto sums = Reduce<T>(kReduceSum, x, shape);
    const auto norms = Reduce<T>(kReduceNorm, x, shape);
    const auto dots = Reduce<T>(kReduceDot, x, shape, &x);
    ForResults(shape, [&](std::size_t index, std::int64_t o, std::int64_t i) {
      double sum = 0, squares = 0;
      for (std::int64_t a = 0; a < shape.axis; ++a) {
        const double value = x[static_cast<std::size_t>(shape.At(o, a, i))];
        sum += value;
        squares += value * value;
      }
      REQUIRE(SameReal(sums[index], static_cast<T>(sum)));
      REQUIRE(SameReal(dots[index], static_cast<T>(squares)));
      const double norm = std::sqrt(squares);
      REQUIRE(std::abs(norms[index] - norm) <= 2 * kRounding<T> * norm);
    });
  }
}

TEST_CASE_TEMPLATE("reduce: sums and means of floats stay within the bound", T, float, double,
                   HostHalf, HostBfloat) {
  for (const ReduceShape& shape :
       {ReduceShape::Contiguous(2, 5000, 1, 1), ReduceShape::Contiguous(1, 100000, 1),
        ReduceShape::Contiguous(1, 3000, 9), ReduceShape::Contiguous(3, 17, 1)}) {
    CAPTURE(shape);
    const auto x = RandomNumbers<T>(LengthFor(shape), -1, 1, false);
    const auto y = RandomNumbers<T>(LengthFor(shape), -1, 1, false);
    const auto sums = Reduce<T>(kReduceSum, x, shape);
    const auto means = Reduce<T>(kReduceMean, x, shape);
    const auto dots = Reduce<T>(kReduceDot, x, shape, &y);
    ForResults(shape, [&](std::size_t index, std::int64_t o, std::int64_t i) {
      long double sum = 0, size = 0, dot = 0, dot_size = 0;
      for (std::int64_t a = 0; a < shape.axis; ++a) {
        const auto at = static_cast<std::size_t>(shape.At(o, a, i));
        const long double value = static_cast<double>(x[at]), other = static_cast<double>(y[at]);
        sum += value;
        size += std::abs(value);
        dot += value * other;
        dot_size += std::abs(value * other);
      }
      const auto within = [](double result, long double exact, long double scale) {
        const long double bound = kDepth * AccumulatorRounding<T>() * scale +
                                  2 * kRounding<T> * std::abs(exact) + 0x1p-24L * 0x1p-1L;
        // The last term: half the least float16. It is nothing beside the others elsewhere.
        REQUIRE(std::abs(result - exact) <= (sizeof(T) == 2 ? bound : bound - 0x1p-25L));
      };
      within(sums[index], sum, size);
      within(means[index], sum / shape.axis, size / shape.axis);
      within(dots[index], dot, dot_size);
    });
  }
}

TEST_CASE_TEMPLATE("reduce: integers are added exactly, modulo 2^64", T, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t,
                   std::uint64_t) {
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  for (const ReduceShape& shape : AllShapes()) {
    CAPTURE(shape);
    const auto x = RandomBits<T>(LengthFor(shape));
    auto y = x;
    std::reverse(y.begin(), y.end());
    const auto sums = Reduce<Wide>(kReduceSum, x, shape);
    const auto dots = Reduce<Wide>(kReduceDot, x, shape, &y);
    const auto products = Reduce<Wide>(kReduceProduct, x, shape);
    const auto means = Reduce<double>(kReduceMean, x, shape);
    const auto norms = Reduce<double>(kReduceNorm, x, shape);
    ForResults(shape, [&](std::size_t index, std::int64_t o, std::int64_t i) {
      std::uint64_t sum = 0, dot = 0, product = 1;
      long double real_sum = 0, size = 0, squares = 0;
      for (std::int64_t a = 0; a < shape.axis; ++a) {
        const auto at = static_cast<std::size_t>(shape.At(o, a, i));
        const auto value = static_cast<std::uint64_t>(static_cast<Wide>(x[at]));
        sum += value;
        dot += value * static_cast<std::uint64_t>(static_cast<Wide>(y[at]));
        product *= value;
        const auto real = static_cast<long double>(x[at]);
        real_sum += real;
        size += std::abs(real);
        squares += real * real;
      }
      REQUIRE(static_cast<std::uint64_t>(sums[index]) == sum);
      REQUIRE(static_cast<std::uint64_t>(dots[index]) == dot);
      REQUIRE(static_cast<std::uint64_t>(products[index]) == product);
      const auto count = static_cast<long double>(shape.axis);
      // Exact but for the last division, except for those of 64 bits.
      const long double depth = sizeof(T) == 8 ? kDepth : 2;
      REQUIRE(std::abs(means[index] - real_sum / count) <=
              depth * 0x1p-53L * (sizeof(T) == 8 ? size : std::abs(real_sum)) / count);
      REQUIRE(std::abs(norms[index] - std::sqrt(squares)) <=
              kDepth * 0x1p-53L * std::sqrt(squares));
    });
  }
}

TEST_CASE_TEMPLATE("reduce: products of floats", T, float, double, HostHalf, HostBfloat) {
  for (const ReduceShape& shape :
       {ReduceShape::Contiguous(4, 9, 1), ReduceShape::Contiguous(1, 9, 6),
        ReduceShape::Contiguous(1, 20000, 1, 1)}) {
    CAPTURE(shape);
    std::vector<T> x(LengthFor(shape), T(1));
    for (std::size_t i = 0; i < x.size(); i += 3) x[i] = T(i % 2 == 0 ? -2 : 0.5);
    const auto products = Reduce<T>(kReduceProduct, x, shape);
    ForResults(shape, [&](std::size_t index, std::int64_t o, std::int64_t i) {
      double product = 1;
      for (std::int64_t a = 0; a < shape.axis; ++a) {
        product *= x[static_cast<std::size_t>(shape.At(o, a, i))];
      }
      REQUIRE(SameReal(products[index], static_cast<T>(product)));
    });
  }
}

TEST_CASE_TEMPLATE("reduce: extremes and their indices, the first of equals", T, float, double,
                   HostHalf, HostBfloat, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                   std::int32_t, std::uint32_t, std::int64_t, std::uint64_t) {
  for (const ReduceShape& shape : AllShapes()) {
    CAPTURE(shape);
    // Few different values, so that many are equal; the extremes of the type among them.
    auto x = RandomNumbers<T>(LengthFor(shape), std::is_unsigned_v<T> ? 0 : -100, 100, true);
    if constexpr (std::is_integral_v<T>) {
      for (std::size_t i = 5; i < x.size(); i += 611) {
        x[i] = i % 2 == 0 ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min();
      }
    } else {
      for (std::size_t i = 5; i < x.size(); i += 611) {
        x[i] = T(i % 2 == 0 ? HUGE_VAL : -HUGE_VAL);
      }
    }
    const auto largest = Reduce<T>(kReduceMax, x, shape),
               smallest = Reduce<T>(kReduceMin, x, shape);
    const auto argmax = Reduce<std::int64_t>(kReduceArgmax, x, shape);
    const auto argmin = Reduce<std::int32_t>(kReduceArgmin, x, shape);
    ForResults(shape, [&](std::size_t index, std::int64_t o, std::int64_t i) {
      std::int64_t first_max = 0, first_min = 0;
      const auto at = [&](std::int64_t a) {
        return x[static_cast<std::size_t>(shape.At(o, a, i))];
      };
      for (std::int64_t a = 1; a < shape.axis; ++a) {
        if (at(a) > at(first_max)) first_max = a;
        if (at(a) < at(first_min)) first_min = a;
      }
      REQUIRE(largest[index] == at(first_max));
      REQUIRE(smallest[index] == at(first_min));
      REQUIRE(argmax[index] == first_max);
      REQUIRE(argmin[index] == first_min);
    });
  }
}

TEST_CASE_TEMPLATE("reduce: NaN, infinities and zeros", T, float, double, HostHalf, HostBfloat) {
  const double nan = std::nan(""), infinity = HUGE_VAL;
  const auto one = [](ReduceOperation operation, const std::vector<T>& x) {
    const auto shape = ReduceShape::Contiguous(1, static_cast<std::int64_t>(x.size()), 1);
    return static_cast<double>(Reduce<T>(operation, x, shape)[0]);
  };
  const auto index = [](ReduceOperation operation, const std::vector<T>& x) {
    const auto shape = ReduceShape::Contiguous(1, static_cast<std::int64_t>(x.size()), 1);
    return Reduce<std::int32_t>(operation, x, shape)[0];
  };
  for (const double sign : {1.0, -1.0}) {
    const std::vector<T> x = {T(1),         T(infinity), T(std::copysign(nan, sign)),
                              T(-infinity), T(nan),      T(2)};
    for (const ReduceOperation operation :
         {kReduceSum, kReduceMean, kReduceProduct, kReduceNorm, kReduceMax, kReduceMin}) {
      CHECK(std::isnan(one(operation, x)));
    }
    CHECK(index(kReduceArgmax, x) == 2);
    CHECK(index(kReduceArgmin, x) == 2);
  }
  CHECK(one(kReduceSum, {T(1), T(infinity)}) == infinity);
  CHECK(std::isnan(one(kReduceSum, {T(-infinity), T(infinity)})));
  CHECK(one(kReduceMax, {T(-infinity), T(-infinity)}) == -infinity);
  CHECK(one(kReduceMin, {T(infinity), T(infinity)}) == infinity);
  CHECK(index(kReduceArgmax, {T(-infinity), T(-infinity)}) == 0);
  CHECK(index(kReduceArgmin, {T(infinity), T(infinity)}) == 0);
  // Zeros: in order as values, equal as places.
  CHECK(std::signbit(one(kReduceMin, {T(0.0), T(-0.0)})));
  CHECK_FALSE(std::signbit(one(kReduceMax, {T(-0.0), T(0.0)})));
  CHECK(index(kReduceArgmax, {T(-0.0), T(0.0)}) == 0);
  CHECK(index(kReduceArgmin, {T(0.0), T(-0.0)}) == 0);
}

TEST_CASE("reduce: an empty axis") {
  const std::vector<float> x(1);
  const ReduceShape rows{3, 0, 1, 0, 1, 1, 1}, columns{1, 0, 5, 0, 1, 5, 1};
  for (const ReduceShape& shape : {rows, columns}) {
    for (const float sum : Reduce<float>(kReduceSum, x, shape)) CHECK(sum == 0);
    for (const float norm : Reduce<float>(kReduceNorm, x, shape)) CHECK(norm == 0);
    for (const float product : Reduce<float>(kReduceProduct, x, shape)) CHECK(product == 1);
    for (const float mean : Reduce<float>(kReduceMean, x, shape)) CHECK(std::isnan(mean));
    const std::vector<std::int32_t> whole(1);
    for (const auto sum : Reduce<std::int64_t>(kReduceSum, whole, shape)) CHECK(sum == 0);
    for (const auto product : Reduce<std::int64_t>(kReduceProduct, whole, shape)) {
      CHECK(product == 1);
    }
    for (const double mean : Reduce<double>(kReduceMean, whole, shape)) CHECK(std::isnan(mean));
  }
  CHECK(Reduce<float>(kReduceSum, x, {0, 5, 3, 0, 0, 0, 0}).empty());
}

TEST_CASE("reduce: results in other dtypes") {
  const std::vector<std::int32_t> x = {2000000000, 2000000000, -5};
  const auto shape = ReduceShape::Contiguous(1, 3, 1);
  CHECK(Reduce<std::int64_t>(kReduceSum, x, shape)[0] == 3999999995);
  CHECK(Reduce<double>(kReduceSum, x, shape)[0] == 3999999995.0);
  CHECK(Reduce<std::int32_t>(kReduceSum, x, shape)[0] == static_cast<std::int32_t>(3999999995u));
  CHECK(Reduce<float>(kReduceMean, x, shape)[0] == static_cast<float>(3999999995.0 / 3));
  const std::vector<std::uint64_t> large = {std::uint64_t{1} << 63, 5};
  const auto two = ReduceShape::Contiguous(1, 2, 1);
  CHECK(Reduce<double>(kReduceSum, large, two)[0] == 0x1p63);
  CHECK(Reduce<double>(kReduceMean, large, two)[0] == 0x1p62);
  const std::vector<HostHalf> halves(100, HostHalf(1000));
  const auto hundred = ReduceShape::Contiguous(1, 100, 1);
  CHECK(Reduce<float>(kReduceSum, halves, hundred)[0] == 100000);
  CHECK(std::isinf(Reduce<HostHalf>(kReduceSum, halves, hundred)[0]));
}

TEST_CASE("reduce: the same input gives the same bits, on devices of any size as on this one") {
  const auto shape = ReduceShape::Contiguous(1, 60000, 1);
  const auto x = RandomNumbers<float>(60000, -1, 1, false);
  ReducePlan plan;
  const auto first = Reduce<float>(kReduceSum, x, shape, nullptr, 132, &plan);
  CHECK(plan.grid.splits > 1);
  for (int i = 0; i < 3; ++i) {
    const auto again = Reduce<float>(kReduceSum, x, shape);
    CHECK(std::memcmp(first.data(), again.data(), sizeof(float)) == 0);
  }
}

TEST_CASE(
    "reduce: plans use the whole device, and no more workspace than a fraction of the input") {
  ReduceProblem problem{};
  problem.operation = kReduceSum;
  problem.dtype = problem.out_dtype = Dtype::kFloat32;
  problem.x = {nullptr, 0, 1, 0};
  problem.outer = problem.inner = 1;
  problem.axis = std::int64_t{1} << 33;
  ReducePlan plan = PlanReduce(problem, 132);
  CHECK(plan.grid.rows);
  CHECK(plan.grid.blocks >= 4 * 132);
  CHECK(plan.grid.split_length <= 256 * 4 * 132);
  CHECK(plan.grid.splits * plan.grid.split_length >= problem.axis);
  CHECK(plan.workspace_bytes <= static_cast<std::size_t>(problem.axis) * 4 / 1000);

  problem = {};
  problem.operation = kReduceArgmax;
  problem.dtype = Dtype::kInt8;
  problem.out_dtype = Dtype::kInt32;
  problem.outer = 1;
  problem.axis = 1 << 24;
  problem.inner = 1 << 10;
  problem.x = {nullptr, 0, 1 << 10, 1};
  plan = PlanReduce(problem, 132);
  CHECK_FALSE(plan.grid.rows);
  CHECK(plan.grid.vectorized);
  CHECK(plan.grid.width == 32);
  CHECK(plan.grid.blocks >= 4 * 132);
  CHECK(plan.workspace_bytes <= (std::size_t{1} << 34) / 50);

  // Many results: nothing to split.
  problem.operation = kReduceSum;
  problem.dtype = problem.out_dtype = Dtype::kFloat32;
  problem.outer = 1 << 20;
  problem.axis = 1000;
  problem.inner = 1;
  problem.x = {nullptr, 1000, 1, 0};
  plan = PlanReduce(problem, 132);
  CHECK(plan.grid.rows);
  CHECK(plan.grid.splits == 1);
  CHECK(plan.workspace_bytes == 0);
  // A transposed matrix is reduced by columns.
  problem.x = {nullptr, 1, 1 << 20, 0};
  CHECK_FALSE(PlanReduce(problem, 132).grid.rows);
}

TEST_CASE("reduce: which dtypes go together") {
  CHECK(CanReduce(kReduceSum, Dtype::kFloat16, Dtype::kFloat32));
  CHECK_FALSE(CanReduce(kReduceSum, Dtype::kFloat32, Dtype::kFloat64));
  CHECK_FALSE(CanReduce(kReduceSum, Dtype::kFloat32, Dtype::kInt32));
  CHECK(CanReduce(kReduceSum, Dtype::kUint8, Dtype::kUint64));
  CHECK_FALSE(CanReduce(kReduceSum, Dtype::kUint8, Dtype::kInt64));
  CHECK_FALSE(CanReduce(kReduceMean, Dtype::kInt8, Dtype::kInt64));
  CHECK(CanReduce(kReduceMean, Dtype::kInt8, Dtype::kFloat64));
  CHECK_FALSE(CanReduce(kReduceMax, Dtype::kInt8, Dtype::kInt16));
  CHECK_FALSE(CanReduce(kReduceArgmax, Dtype::kFloat32, Dtype::kFloat32));
  CHECK_FALSE(CanReduce(kReduceSoftmax, Dtype::kFloat32, Dtype::kFloat32));
}

}  // namespace nodecuda::test
