// Largest and smallest elements, and their indices, by keys: unsigned integers that are ordered as
// the elements are. All keys are inverted for minima, so that the wanted key is always the largest.
// NaN has the largest of all, whichever is wanted; else floats are ordered as in IEEE 754-2019
// maximum and minimum, -0 before +0. Only when the index is wanted are the two zeros equal.
#pragma once

#include "cuda/reduce/columns.cuh"

namespace reduce {

// All dtypes of one size, by numbers that differ: an instruction or two more for each element cost
// memory-bound code nothing.
template <typename Bits, typename KeyType>
struct Keys {
  using Stored = Bits;
  using Key = KeyType;

  __device__ Keys(const ReduceArguments& a, bool smallest, bool equal_zeros) {
    const bool is_float = a.dtype <= dtypes::kBfloat16;
    const bool is_signed = is_float || !IsUnsigned(a);
    flip_ = (is_signed ? kSign : Key(0)) ^ (smallest ? ~Key(0) : Key(0));
    fold_ = is_float ? ~kSign : Key(0);
    equal_zeros_ = is_float && equal_zeros;
    infinity_ = !is_float                     ? ~Key(0)
                : sizeof(Key) == 8            ? static_cast<Key>(0x7ff0000000000000ull)
                : a.dtype == dtypes::kFloat16 ? static_cast<Key>(0x7c000000)
                                              : static_cast<Key>(0x7f800000);
  }
  __device__ Key KeyOf(Bits stored) const {
    Key bits = static_cast<Key>(stored) << kShift;
    if (!kHasFloats) return bits ^ flip_;
    if (equal_zeros_ && bits == kSign) bits = 0;
    const Key key = bits ^ (Spread(bits) & fold_) ^ flip_;
    return (bits & ~kSign) > infinity_ ? ~Key(0) : key;
  }
  __device__ Bits BitsOf(Key key) const {
    if (fold_ != 0 && key == ~Key(0)) {  // infinity, and the top bit below the exponent: quiet NaN
      return static_cast<Bits>((infinity_ | (infinity_ & (~infinity_ + 1)) >> 1) >> kShift);
    }
    const Key folded = key ^ flip_;
    return static_cast<Bits>((folded ^ (Spread(folded) & fold_)) >> kShift);
  }

 private:
  static constexpr bool kHasFloats = sizeof(Bits) > 1;
  // Narrow ones are the upper part of a key, so that the signs are in the same place.
  static constexpr int kShift = 8 * (sizeof(Key) - sizeof(Bits));
  static constexpr Key kSign = Key(1) << (8 * sizeof(Key) - 1);
  // The sign in every place. The magnitude of negative floats counts backwards.
  static __device__ Key Spread(Key bits) { return (bits & kSign) != 0 ? ~Key(0) : Key(0); }

  Key flip_, fold_, infinity_;
  bool equal_zeros_;
};

template <typename KeysOf>
struct Extreme {
  using Stored = typename KeysOf::Stored;
  using State = typename KeysOf::Key;
  static constexpr int kVector = kRowVectorBytes<Stored> / sizeof(Stored);

  __device__ explicit Extreme(const ReduceArguments& a)
      : keys_(a, a.operation == kReduceMin, false) {}
  __device__ bool has_y() const { return false; }
  __device__ bool in_vectors() const { return true; }
  __device__ State Identity() const { return 0; }
  __device__ void Merge(State& state, State other) const { state = state < other ? other : state; }

  template <int N>
  __device__ void Take(State& state, const Pack<Stored, N>& x, const Pack<Stored, N>&,
                       std::int64_t) const {
#pragma unroll
    for (int i = 0; i < N; ++i) Merge(state, keys_.KeyOf(x.elements[i]));
  }
  template <int N>
  __device__ void TakeEach(State (&states)[N], const Pack<Stored, N>& x, const Pack<Stored, N>&,
                           std::int64_t) const {
#pragma unroll
    for (int i = 0; i < N; ++i) Merge(states[i], keys_.KeyOf(x.elements[i]));
  }

  __device__ void Finish(const ReduceArguments& a, std::int64_t index, State state) const {
    static_cast<Stored*>(a.out)[index] = keys_.BitsOf(state);
  }

 private:
  KeysOf keys_;
};

// The index of the first of the largest keys.
template <typename KeysOf>
struct IndexOfExtreme {
  using Stored = typename KeysOf::Stored;
  using Key = typename KeysOf::Key;
  struct State {
    Key key;
    std::int64_t index;
  };
  static constexpr int kVector = kRowVectorBytes<Stored> / sizeof(Stored);

  __device__ explicit IndexOfExtreme(const ReduceArguments& a)
      : keys_(a, a.operation == kReduceArgmin, true) {}
  __device__ bool has_y() const { return false; }
  __device__ bool in_vectors() const { return true; }
  // Behind every element, those with the smallest key included.
  __device__ State Identity() const { return {0, INT64_MAX}; }
  __device__ void Merge(State& state, const State& other) const {
    if (other.key > state.key || (other.key == state.key && other.index < state.index)) {
      state = other;
    }
  }

  template <int N>
  __device__ void Take(State& state, const Pack<Stored, N>& x, const Pack<Stored, N>&,
                       std::int64_t index) const {
    Key best = keys_.KeyOf(x.elements[0]);
    int position = 0;
#pragma unroll
    for (int i = 1; i < N; ++i) {
      const Key key = keys_.KeyOf(x.elements[i]);
      position = key > best ? i : position;
      best = key > best ? key : best;
    }
    Merge(state, {best, index + position});
  }
  template <int N>
  __device__ void TakeEach(State (&states)[N], const Pack<Stored, N>& x, const Pack<Stored, N>&,
                           std::int64_t index) const {
#pragma unroll
    for (int i = 0; i < N; ++i) Merge(states[i], {keys_.KeyOf(x.elements[i]), index});
  }

  __device__ void Finish(const ReduceArguments& a, std::int64_t index, const State& state) const {
    if (a.out_dtype == dtypes::kInt64) {
      static_cast<std::int64_t*>(a.out)[index] = state.index;
    } else {
      static_cast<std::int32_t*>(a.out)[index] = static_cast<std::int32_t>(state.index);
    }
  }

 private:
  KeysOf keys_;
};

}  // namespace reduce
