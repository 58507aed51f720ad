// Sums, products, means and dot products, and norms of integers.
#pragma once

#include "cuda/reduce/columns.cuh"

namespace reduce {

template <bool kFirst, typename First, typename Second>
struct Select {
  using Type = First;
};
template <typename First, typename Second>
struct Select<false, First, Second> {
  using Type = Second;
};
template <bool kFirst, typename First, typename Second>
using SelectType = typename Select<kFirst, First, Second>::Type;

// Every term is a product x * y: for a sum y is 1, for a norm it is x. A real product, which nobody
// takes of many elements, is left to the code for single elements.

// Floats: added up in float32, float64 in float64, and rounded to the result's dtype once.
template <typename Element>
struct FloatSum {
  using Stored = typename Element::Stored;
  using State = typename Element::Wide;
  static constexpr int kVector = kRowVectorBytes<Stored> / sizeof(Stored);

  __device__ explicit FloatSum(const ReduceArguments& a)
      : operation_(a.operation), element_(a.dtype) {}
  __device__ bool has_y() const { return operation_ == kReduceDot; }
  __device__ bool in_vectors() const { return operation_ != kReduceProduct; }
  __device__ State Identity() const { return operation_ == kReduceProduct ? State(1) : State(0); }
  __device__ void Merge(State& state, State other) const {
    state = operation_ == kReduceProduct ? state * other : state + other;
  }

  template <int N>
  __device__ void Take(State& state, const Pack<Stored, N>& x, const Pack<Stored, N>& y,
                       std::int64_t) const {
    if constexpr (N == 1) {
      if (operation_ == kReduceProduct) {
        state *= element_.Widen(x.elements[0]);
        return;
      }
    }
    State terms[N];
#pragma unroll
    for (int i = 0; i < N; ++i) terms[i] = Term(x.elements[i], y.elements[i]);
#pragma unroll
    for (int half = N / 2; half > 0; half /= 2) {
#pragma unroll
      for (int i = 0; i < half; ++i) terms[i] += terms[i + half];
    }
    state += terms[0];
  }

  template <int N>
  __device__ void TakeEach(State (&states)[N], const Pack<Stored, N>& x, const Pack<Stored, N>& y,
                           std::int64_t) const {
    if constexpr (N == 1) {
      Take<1>(states[0], x, y, 0);
    } else {
#pragma unroll
      for (int i = 0; i < N; ++i) states[i] += Term(x.elements[i], y.elements[i]);
    }
  }

  __device__ void Finish(const ReduceArguments& a, std::int64_t index, State state) const {
    State rest = 0;
    if (operation_ == kReduceMean) {
      const auto count = static_cast<State>(a.count);
      const State sum = state;
      state = sum / count;
      rest = fma(-state, count, sum);
    }
    StoreReal(a.out, index, a.out_dtype, state, rest);
  }

 private:
  __device__ State Term(Stored x, Stored y) const {
    return element_.Widen(x) * (operation_ == kReduceDot ? element_.Widen(y) : State(1));
  }

  int operation_;
  Element element_;
};

// Integers of one size, added up modulo 2^64 or, with `in_float64`, as float64s, whose bits the
// state then is.
template <typename Bits>
struct IntegerSum {
  using Stored = Bits;
  using State = std::uint64_t;
  static constexpr int kVector = kRowVectorBytes<Stored> / sizeof(Stored);

  __device__ explicit IntegerSum(const ReduceArguments& a)
      : operation_(a.operation),
        in_float64_(a.in_float64 != 0),
        unsigned_(IsUnsigned(a)),
        sign_(unsigned_ ? Stored(0) : static_cast<Stored>(Stored(1) << (8 * sizeof(Stored) - 1))) {}
  __device__ bool has_y() const { return operation_ == kReduceDot; }
  __device__ bool in_vectors() const { return operation_ != kReduceProduct && !in_float64_; }
  __device__ State Identity() const {
    if (operation_ != kReduceProduct) return 0;
    return in_float64_ ? OfReal(1) : 1;
  }
  __device__ void Merge(State& state, State other) const {
    if (in_float64_) {
      const double x = Real(state), y = Real(other);
      state = OfReal(operation_ == kReduceProduct ? x * y : x + y);
    } else {
      state = operation_ == kReduceProduct ? state * other : state + other;
    }
  }

  template <int N>
  __device__ void Take(State& state, const Pack<Stored, N>& x, const Pack<Stored, N>& y,
                       std::int64_t) const {
    if constexpr (N == 1) {
      const State value = Extend(Widen(x.elements[0]));
      if (in_float64_) {
        const double term = AsReal(value), sum = Real(state);
        const bool is_sum = operation_ == kReduceSum || operation_ == kReduceMean;
        const double factor = is_sum ? 1 : AsReal(Extend(Widen(y.elements[0])));
        state = OfReal(operation_ == kReduceProduct ? sum * term : sum + term * factor);
        return;
      }
      if (operation_ == kReduceProduct) {
        state *= value;
        return;
      }
    }
    SelectType<sizeof(Stored) == 1, std::int32_t, std::int64_t> sum = 0;
#pragma unroll
    for (int i = 0; i < N; ++i) sum += Term(x.elements[i], y.elements[i]);
    state += static_cast<State>(static_cast<std::int64_t>(sum));
  }

  template <int N>
  __device__ void TakeEach(State (&states)[N], const Pack<Stored, N>& x, const Pack<Stored, N>& y,
                           std::int64_t) const {
    if constexpr (N == 1) {
      Take<1>(states[0], x, y, 0);
    } else {
#pragma unroll
      for (int i = 0; i < N; ++i) states[i] += Extend(Term(x.elements[i], y.elements[i]));
    }
  }

  // Also for the partial states of every integer type: the arguments say which it was.
  __device__ void Finish(const ReduceArguments& a, std::int64_t index, State state) const {
    if (a.out_dtype <= dtypes::kBfloat16) {
      const double sum = a.in_float64 != 0 ? Real(state) : AsReal(state);
      const double by = operation_ == kReduceMean ? static_cast<double>(a.count) : 1;
      const double value = operation_ == kReduceNorm ? sqrt(sum) : sum / by;
      const double rest = fma(-value, operation_ == kReduceNorm ? value : by, sum);
      StoreReal(a.out, index, a.out_dtype, value, rest);
    } else if (a.out_dtype == dtypes::kInt32 || a.out_dtype == dtypes::kUint32) {
      static_cast<std::uint32_t*>(a.out)[index] = static_cast<std::uint32_t>(state);
    } else {
      static_cast<State*>(a.out)[index] = state;
    }
  }

 private:
  using Wide = SelectType<(sizeof(Stored) > 2), std::int64_t, std::int32_t>;
  // Two's complement: what is added is the same for both kinds once they are widened.
  __device__ Wide Widen(Stored bits) const {
    return static_cast<Wide>(static_cast<Stored>(bits ^ sign_)) - static_cast<Wide>(sign_);
  }
  __device__ auto Term(Stored x, Stored y) const {
    using Product = SelectType<sizeof(Stored) == 1, std::int32_t, std::int64_t>;
    const bool of_products = operation_ == kReduceDot || operation_ == kReduceNorm;
    return static_cast<Product>(Widen(x)) * (of_products ? Widen(y) : Wide(1));
  }
  static __device__ State Extend(std::int64_t value) {
    return static_cast<State>(value);
  }
  static __device__ double Real(State bits) {
    return __longlong_as_double(static_cast<long long>(bits));
  }
  static __device__ State OfReal(double value) {
    return static_cast<State>(__double_as_longlong(value));
  }
  __device__ double AsReal(State state) const {
    return unsigned_ ? static_cast<double>(state)
                     : static_cast<double>(static_cast<std::int64_t>(state));
  }
  int operation_;
  bool in_float64_, unsigned_;
  Stored sign_;
};

}  // namespace reduce
