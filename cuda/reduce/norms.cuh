// Euclidean norms of floats, without overflow and underflow on the way.
//
// Three sums of squares, as in J. L. Blue, A Portable Fortran Program to Find the Euclidean Norm of
// a Vector, ACM TOMS 4 (1978), and in LAPACK's nrm2 since 3.10 (E. Anderson, Algorithm 978, ACM
// TOMS 44, 2017): of what is large, scaled down; of what is small, scaled up; and of the rest,
// which is nearly always all there is. The limits leave room for 2^40 elements.
#pragma once

#include "cuda/reduce/columns.cuh"

namespace reduce {

template <typename Wide>
struct NormLimits;
template <>
struct NormLimits<float> {
  static constexpr float kSmall = 0x1p-63f, kGrow = 0x1p90f;
  static constexpr float kLarge = 0x1p40f, kShrink = 0x1p-84f;
  // Next to a sum of this, that of the small squares does not count; up to it, it can be scaled up.
  static constexpr float kOutweighs = 0x1p-60f;
};
template <>
struct NormLimits<double> {
  static constexpr double kSmall = 0x1p-511, kGrow = 0x1p590;
  static constexpr double kLarge = 0x1p480, kShrink = 0x1p-540;
  static constexpr double kOutweighs = 0x1p-200;
};

template <typename Element>
struct Norm {
  using Stored = typename Element::Stored;
  using Wide = typename Element::Wide;
  using Limits = NormLimits<Wide>;
  struct alignas(16) State {  // partial results are loaded 16 bytes at a time
    Wide small, middle, large;
  };
  static constexpr int kVector = kRowVectorBytes<Stored> / sizeof(Stored);

  __device__ explicit Norm(const ReduceArguments& a) : element_(a.dtype) {}
  __device__ bool has_y() const { return false; }
  __device__ bool in_vectors() const { return true; }
  __device__ State Identity() const { return {0, 0, 0}; }
  __device__ void Merge(State& state, const State& other) const {
    state.small += other.small;
    state.middle += other.middle;
    state.large += other.large;
  }

  template <int N>
  __device__ void Take(State& state, const Pack<Stored, N>& x, const Pack<Stored, N>&,
                       std::int64_t) const {
#pragma unroll
    for (int i = 0; i < N; ++i) Add(state, element_.Widen(x.elements[i]));
  }
  template <int N>
  __device__ void TakeEach(State (&states)[N], const Pack<Stored, N>& x, const Pack<Stored, N>&,
                           std::int64_t) const {
#pragma unroll
    for (int i = 0; i < N; ++i) Add(states[i], element_.Widen(x.elements[i]));
  }

  __device__ void Finish(const ReduceArguments& a, std::int64_t index, const State& state) const {
    Wide sum = state.middle, unscale = 1;
    if (state.large > 0) {
      sum = state.large + state.middle * Limits::kShrink * Limits::kShrink;
      unscale = 1 / Limits::kShrink;
    } else if (state.small > 0 && !(state.middle > Limits::kOutweighs)) {
      sum = state.small + state.middle * Limits::kGrow * Limits::kGrow;
      unscale = 1 / Limits::kGrow;
    }
    const Wide root = sqrt(sum);
    StoreReal(a.out, index, a.out_dtype, root * unscale, fma(-root, root, sum));
  }

 private:
  // A NaN is neither large nor small.
  __device__ static void Add(State& state, Wide value) {
    const Wide size = fabs(value);
    const bool is_large = size > Limits::kLarge, is_small = size < Limits::kSmall;
    const Wide scaled = size * (is_large ? Limits::kShrink : is_small ? Limits::kGrow : Wide(1));
    const Wide square = scaled * scaled;
    if (is_large) state.large += square;
    if (is_small) state.small += square;
    if (!is_large && !is_small) state.middle += square;
  }

  Element element_;
};

}  // namespace reduce
