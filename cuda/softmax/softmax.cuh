// Softmax along an axis, y = exp(x - max) / sum(exp(x - max)), or its logarithm.
//
// A row that fits in the registers of its threads is read once. Else the maximum and the sum are
// found in one pass, the sum being scaled whenever the maximum grows (Milakov & Gimelshein, Online
// normalizer calculation for softmax, 2018), and the row is read again to write the result.
//
// Rows with NaN or +infinity, and rows of -infinity alone, give NaN throughout.
#pragma once

#include "cuda/math.cuh"
#include "cuda/reduce/columns.cuh"
#include "cuda/softmax/arguments.h"

namespace reduce {

__device__ __forceinline__ float Larger(float x, float y) {
  return fmaxf(x, y);
}
__device__ __forceinline__ double Larger(double x, double y) {
  return fmax(x, y);
}
template <typename Wide>
__device__ __forceinline__ Wide NegativeInfinity() {
  return static_cast<Wide>(-__uint_as_float(0x7f800000));
}
// What to subtract from the elements: nothing, if they are all -infinity so far, for the difference
// of two infinities is NaN too early. (NaN is not seen by the maximum, but by the sum.)
template <typename Wide>
__device__ __forceinline__ Wide ShiftFor(Wide largest) {
  return largest == NegativeInfinity<Wide>() ? Wide(0) : largest;
}

template <typename Element>
struct SoftmaxStates {
  using Stored = typename Element::Stored;
  using Wide = typename Element::Wide;
  struct State {
    Wide largest, sum;  // sum of exp(x - ShiftFor(largest))
  };
  static constexpr int kVector = kRowVectorBytes<Stored> / sizeof(Stored);

  template <typename Arguments>
  __device__ explicit SoftmaxStates(const Arguments& a) : element_(a.dtype) {}
  __device__ bool has_y() const { return false; }
  __device__ bool in_vectors() const { return true; }
  __device__ State Identity() const { return {NegativeInfinity<Wide>(), 0}; }
  __device__ void Merge(State& state, const State& other) const {
    const Wide largest = Larger(state.largest, other.largest), shift = ShiftFor(largest);
    state.sum = state.sum * math::Exponential(state.largest - shift) +
                other.sum * math::Exponential(other.largest - shift);
    state.largest = largest;
  }

  template <int N>
  __device__ void Take(State& state, const Pack<Stored, N>& x, const Pack<Stored, N>&,
                       std::int64_t) const {
    Wide terms[N], largest = state.largest;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      terms[i] = element_.Widen(x.elements[i]);
      largest = Larger(largest, terms[i]);
    }
    const Wide shift = ShiftFor(largest);
    if (largest != state.largest) {
      state.sum *= math::Exponential(state.largest - shift);
      state.largest = largest;
    }
    Wide sum = 0;
#pragma unroll
    for (int i = 0; i < N; ++i) sum += math::Exponential(terms[i] - shift);
    state.sum += sum;
  }
  template <int N>
  __device__ void TakeEach(State (&states)[N], const Pack<Stored, N>& x, const Pack<Stored, N>&,
                           std::int64_t) const {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      Take<1>(states[i], Pack<Stored, 1>{x.elements[i]}, Pack<Stored, 1>{x.elements[i]}, 0);
    }
  }

  __device__ void Finish(const ReduceArguments& a, std::int64_t index, const State& state) const {
    static_cast<State*>(a.out)[index] = state;
  }

 private:
  Element element_;
};

// From the state of a row or column to its results.
template <typename Element>
struct SoftmaxResult {
  using Stored = typename Element::Stored;
  using Wide = typename Element::Wide;

  __device__ SoftmaxResult(const SoftmaxArguments& a, Wide largest, Wide sum)
      : element_(a.dtype),
        log_(a.log != 0),
        shift_(ShiftFor(largest)),
        scale_(log_ ? math::Logarithm(sum) : Wide(1) / sum) {}

  template <int N>
  __device__ Pack<Stored, N> Of(const Pack<Stored, N>& x) const {
    Pack<Stored, N> y;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const Wide shifted = element_.Widen(x.elements[i]) - shift_;
      y.elements[i] =
          element_.Narrow(log_ ? shifted - scale_ : math::Exponential(shifted) * scale_);
    }
    return y;
  }

 private:
  Element element_;
  bool log_;
  Wide shift_, scale_;
};

template <typename Wide>
struct LargestOf {
  struct State {
    Wide value;
  };
  __device__ void Merge(State& state, State other) const {
    state.value = Larger(state.value, other.value);
  }
};
template <typename Wide>
struct SumOf {
  struct State {
    Wide value;
  };
  __device__ void Merge(State& state, State other) const { state.value += other.value; }
};

// Rows of at most kSoftmaxHeld vectors for each of their `width` threads, all aligned.
// Grid: rows, blockDim.x / width of them to a block.
template <typename Element>
__device__ __forceinline__ void SoftmaxRows(const SoftmaxArguments& a) {
  using Stored = typename Element::Stored;
  using Wide = typename Element::Wide;
  constexpr int N = kVectorBytes / sizeof(Stored);
  using Unit = Pack<Stored, N>;
  const Element element(a.dtype);
  const RowPlace place(a);
  const Stored* x = static_cast<const Stored*>(a.x.data) + place.OffsetIn(a.x);
  const int units = place.length / N;

  typename Unit::InFlight held[kSoftmaxHeld];
#pragma unroll
  for (int h = 0; h < kSoftmaxHeld; ++h) {
    const int unit = place.lane + h * a.width;
    if (unit < units) held[h] = Unit::Load(x + unit * N);
  }
  Wide largest = NegativeInfinity<Wide>();
#pragma unroll
  for (int h = 0; h < kSoftmaxHeld; ++h) {
    if (place.lane + h * a.width < units) {
      const Unit unit = Unit::Of(held[h]);
#pragma unroll
      for (int i = 0; i < N; ++i) largest = Larger(largest, element.Widen(unit.elements[i]));
    }
  }
  largest = MergeRow(LargestOf<Wide>(), {largest}, a.width).value;

  const Wide shift = ShiftFor(largest);
  Wide sum = 0;
#pragma unroll
  for (int h = 0; h < kSoftmaxHeld; ++h) {
    if (place.lane + h * a.width < units) {
      const Unit unit = Unit::Of(held[h]);
      Wide of_unit = 0;
#pragma unroll
      for (int i = 0; i < N; ++i)
        of_unit += math::Exponential(element.Widen(unit.elements[i]) - shift);
      sum += of_unit;
    }
  }
  sum = MergeRow(SumOf<Wide>(), {sum}, a.width).value;

  const SoftmaxResult<Element> result(a, largest, sum);
  Stored* out = static_cast<Stored*>(a.out) + place.row * a.axis;
#pragma unroll
  for (int h = 0; h < kSoftmaxHeld; ++h) {
    const int unit = place.lane + h * a.width;
    if (unit < units) result.Of(Unit::Of(held[h])).Store(out + unit * N);
  }
}

// Writes a piece of a row, `lanes` threads together.
template <typename Element>
__device__ __forceinline__ void WriteRow(const SoftmaxResult<Element>& result,
                                         const typename Element::Stored* x,
                                         typename Element::Stored* out, std::int64_t x_stride,
                                         std::int64_t out_stride, int length, int lane, int lanes) {
  using Stored = typename Element::Stored;
  constexpr int kVector = kVectorBytes / sizeof(Stored);
  using Unit = Pack<Stored, kVector>;
  const auto misalignment = [](const Stored* pointer) {
    return static_cast<int>(reinterpret_cast<std::uintptr_t>(pointer) % kVectorBytes);
  };
  int head = length, in_vectors = 0;
  if (x_stride == 1 && out_stride == 1 && misalignment(x) == misalignment(out)) {
    head = (kVectorBytes - misalignment(x)) % kVectorBytes / static_cast<int>(sizeof(Stored));
    head = head < length ? head : length;
    in_vectors = (length - head) / kVector * kVector;
#pragma unroll 2
    for (int i = head + lane * kVector; i < head + in_vectors; i += lanes * kVector) {
      result.Of(Unit::Of(Unit::Load(x + i))).Store(out + i);
    }
  }
  using One = Pack<Stored, 1>;
#pragma unroll 2
  for (int single = lane; single < length - in_vectors; single += lanes) {
    const int i = single < head ? single : single + in_vectors;
    result.Of(One{x[i * x_stride]}).Store(out + i * out_stride);
  }
}

// Any rows. Grid: outer * inner * splits pieces of rows, kReduceThreads / width to a block.
template <typename Element>
__device__ __forceinline__ void SoftmaxLongRows(const SoftmaxArguments& a) {
  using Stored = typename Element::Stored;
  using States = SoftmaxStates<Element>;
  const States op(a);
  const RowPlace place(a);
  const Stored* x = static_cast<const Stored*>(a.x.data) + place.OffsetIn(a.x);
  auto* states = static_cast<typename States::State*>(a.states);
  typename States::State state;
  if (a.pass == kSoftmaxWrite) {
    state = states[place.row];
  } else {
    state =
        TakeRow(op, x, x, a.x.axis_stride, a.x.axis_stride, 0, place.length, place.lane, a.width);
    state = MergeRow(op, state, a.width);
    if (a.pass == kSoftmaxStates) {
      if (place.exists && place.lane == 0)
        states[place.split * (a.outer * a.inner) + place.row] = state;
      return;
    }
  }
  Stored* out =
      static_cast<Stored*>(a.out) + (place.outer * a.axis + place.begin) * a.inner + place.inner;
  WriteRow<Element>({a, state.largest, state.sum}, x, out, a.x.axis_stride, a.inner, place.length,
                    place.lane, a.width);
}

template <typename Element, int N>
__device__ __forceinline__ void SoftmaxColumnsBy(const SoftmaxArguments& a,
                                                 typename SoftmaxStates<Element>::State* shared) {
  using Stored = typename Element::Stored;
  using States = SoftmaxStates<Element>;
  using State = typename States::State;
  using Unit = Pack<Stored, N>;
  const States op(a);
  const ColumnPlace<N> place(a);
  const Stored* x = static_cast<const Stored*>(a.x.data) + place.OffsetIn(a.x);
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  auto* all_states = static_cast<State*>(a.states) + place.first;
  State states[N];
#pragma unroll
  for (int i = 0; i < N; ++i) states[i] = op.Identity();
  const int slot = thread % a.width;
  if (a.pass == kSoftmaxWrite) {
    if (place.exists) {
#pragma unroll
      for (int i = 0; i < N; ++i) states[i] = all_states[slot * N + i];
    }
  } else {
    TakeColumns<States, N>(op, states, x, x, a.x.axis_stride, a.x.axis_stride, place);
    MergeColumns<States, N>(op, states, place.groups, shared);
    if (a.pass == kSoftmaxStates) {
#pragma unroll 1
      for (int i = thread; i < place.results; i += threads) {
        all_states[place.split * (a.outer * a.inner) + i] = shared[i % N * threads + i / N];
      }
      return;
    }
#pragma unroll
    for (int i = 0; i < N; ++i) states[i] = shared[i * threads + slot];
  }

  Stored* out =
      static_cast<Stored*>(a.out) + (place.outer * a.axis + place.begin) * a.inner + place.inner;
#pragma unroll 2
  for (int r = place.group; r < place.length; r += place.groups) {
    const Unit values = Unit::Of(Unit::Load(x + r * a.x.axis_stride));
    Unit results;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const SoftmaxResult<Element> result(a, states[i].largest, states[i].sum);
      results.elements[i] = result.Of(Pack<Stored, 1>{values.elements[i]}).elements[0];
    }
    results.Store(out + r * a.inner);
  }
}

// Grid: (slots of columns / width, rounded up) * splits blocks.
template <typename Element>
__device__ __forceinline__ void SoftmaxColumns(const SoftmaxArguments& a) {
  constexpr int kColumns = kReduceColumns<sizeof(typename Element::Stored)>;
  __shared__ typename SoftmaxStates<Element>::State shared[kReduceThreads * kColumns];
  if constexpr (kColumns > 1) {
    if (a.vectorized) {
      SoftmaxColumnsBy<Element, kColumns>(a, shared);
      return;
    }
  }
  SoftmaxColumnsBy<Element, 1>(a, shared);
}

}  // namespace reduce
