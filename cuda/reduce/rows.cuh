// Reduces rows: threads run along the axis. 1 to 32 threads of a warp share a short row, a block
// has a longer one, several blocks a very long one.
//
// An operation Op is constructed from the arguments and has
//   Stored, State, kVector        element, what is known of some, elements of a row taken at a time
//   Identity()                    the state of no elements
//   has_y()                       whether there is a second operand
//   in_vectors()                  whether Take and TakeEach know more than N = 1
//   Take<N>(state, x, y, index)   adds N elements, which follow each other on the axis from `index`
//   TakeEach<N>(states, x, y, index)   adds one element to each of N neighbouring columns
//   Merge(state, other)           adds a state; commutative
//   Finish(arguments, i, state)   writes result i
// Which thread adds what, and in which order, depends on shapes, strides and alignment alone: the
// same input gives the same bits.
#pragma once

#include "cuda/reduce/elements.cuh"

namespace reduce {

// Loads that a thread has in flight at a time, from each operand.
constexpr int kRowUnroll = 4;

// Loads up to kRowUnroll units from x, and from y, before it adds the first of them: `at(u)`
// finds the unit, or is negative where there is none.
template <int N, typename Op, typename At>
__device__ __forceinline__ void TakeUnits(const Op& op, typename Op::State (&states)[kRowUnroll],
                                          const typename Op::Stored* x,
                                          const typename Op::Stored* y, std::int64_t x_stride,
                                          std::int64_t y_stride, At at, std::int64_t index) {
  using Unit = Pack<typename Op::Stored, N>;
  typename Unit::InFlight xs[kRowUnroll], ys[kRowUnroll];
#pragma unroll
  for (int u = 0; u < kRowUnroll; ++u) {
    const int i = at(u);
    if (i >= 0) xs[u] = ys[u] = Unit::Load(x + i * x_stride);
  }
  if (op.has_y()) {
#pragma unroll
    for (int u = 0; u < kRowUnroll; ++u) {
      const int i = at(u);
      if (i >= 0) ys[u] = Unit::Load(y + i * y_stride);
    }
  }
#pragma unroll
  for (int u = 0; u < kRowUnroll; ++u) {
    const int i = at(u);
    if (i >= 0) op.template Take<N>(states[u], Unit::Of(xs[u]), Unit::Of(ys[u]), index + i);
  }
}

// Adds `length` elements of a row, from index `first` of the axis on, that `lanes` threads share.
template <typename Op>
__device__ __forceinline__ typename Op::State TakeRow(const Op& op, const typename Op::Stored* x,
                                                      const typename Op::Stored* y,
                                                      std::int64_t x_stride, std::int64_t y_stride,
                                                      std::int64_t first, int length, int lane,
                                                      int lanes) {
  constexpr int kVector = Op::kVector;
  typename Op::State states[kRowUnroll];
#pragma unroll
  for (int u = 0; u < kRowUnroll; ++u) states[u] = op.Identity();

  // [head][vectors][tail]: the head reaches up to where x is aligned. Without vectors all is head.
  int head = length, in_vectors = 0;
  constexpr int kBytes = kRowVectorBytes<typename Op::Stored>;
  const auto misalignment = [](const void* pointer) {
    return static_cast<int>(reinterpret_cast<std::uintptr_t>(pointer) % kBytes);
  };
  if (op.in_vectors() && x_stride == 1 &&
      (!op.has_y() || (y_stride == 1 && misalignment(x) == misalignment(y)))) {
    head = (kBytes - misalignment(x)) % kBytes / static_cast<int>(sizeof(*x));
    head = head < length ? head : length;
    in_vectors = (length - head) / kVector * kVector;
    const int step = lanes * kVector;
#pragma unroll 1
    for (int i = lane * kVector; i < in_vectors; i += kRowUnroll * step) {
      const auto at = [&](int u) { return i + u * step < in_vectors ? i + u * step : -1; };
      TakeUnits<kVector>(op, states, x + head, y + head, 1, 1, at, first + head);
    }
  }
  const int singles = length - in_vectors;
#pragma unroll 1
  for (int i = lane; i < singles; i += kRowUnroll * lanes) {
    const auto at = [&](int u) {
      const int single = i + u * lanes;
      if (single >= singles) return -1;
      return single < head ? single : single + in_vectors;
    };
    TakeUnits<1>(op, states, x, y, x_stride, y_stride, at, first);
  }

  op.Merge(states[0], states[1]);
  op.Merge(states[2], states[3]);
  op.Merge(states[0], states[2]);
  return states[0];
}

// Merges the states of the `width` threads of each row; all of them get the result. All threads of
// the block must call.
template <typename Op>
__device__ __forceinline__ typename Op::State MergeRow(const Op& op, typename Op::State state,
                                                       int width) {
#pragma unroll 1
  for (int distance = (width < 32 ? width : 32) / 2; distance > 0; distance /= 2) {
    op.Merge(state, ShuffleXor(state, distance));
  }
  if (width > 32) {
    constexpr int kMaxWarps = 32;
    __shared__ typename Op::State of_warps[kMaxWarps];
    const int warps = width / 32;
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = state;
    __syncthreads();
    state = of_warps[threadIdx.x % static_cast<unsigned>(warps)];
#pragma unroll 1
    for (int distance = warps / 2; distance > 0; distance /= 2) {
      op.Merge(state, ShuffleXor(state, distance));
    }
  }
  return state;
}

// The row that a thread works on, and which piece of it.
struct RowPlace {
  bool exists;
  int lane;
  std::int64_t row, split;
  std::int64_t outer, inner;  // of the row
  std::int64_t begin;         // of the piece, on the axis
  int length;

  template <typename Arguments>
  __device__ explicit RowPlace(const Arguments& a) {
    const auto width = static_cast<unsigned>(a.width);
    const std::int64_t rows = a.outer * a.inner;
    const std::int64_t unit =
        static_cast<std::int64_t>(blockIdx.x) * (blockDim.x / width) + threadIdx.x / width;
    exists = unit < rows * a.splits;
    lane = static_cast<int>(threadIdx.x % width);
    split = a.splits == 1 ? 0 : unit / rows;
    row = unit - split * rows;
    outer = a.inner == 1 ? row : row / a.inner;
    inner = row - outer * a.inner;
    begin = split * a.split_length;
    length = static_cast<int>(a.axis - begin < a.split_length ? a.axis - begin : a.split_length);
    if (!exists) {
      row = outer = inner = begin = 0;
      length = 0;
    }
  }

  __device__ std::int64_t OffsetIn(const ReduceOperand& operand) const {
    return outer * operand.outer_stride + inner * operand.inner_stride +
           begin * operand.axis_stride;
  }
};

// Grid: outer * inner * splits rows, kReduceThreads / width of them to a block.
template <typename Op>
__device__ __forceinline__ void ReduceRows(const ReduceArguments& a) {
  using Stored = typename Op::Stored;
  const Op op(a);
  const RowPlace place(a);
  const Stored* x = static_cast<const Stored*>(a.x.data) + place.OffsetIn(a.x);
  const Stored* y = op.has_y() ? static_cast<const Stored*>(a.y.data) + place.OffsetIn(a.y) : x;
  typename Op::State state = TakeRow(op, x, y, a.x.axis_stride, a.y.axis_stride, place.begin,
                                     place.length, place.lane, a.width);
  state = MergeRow(op, state, a.width);
  if (!place.exists || place.lane != 0) return;
  if (a.partials != nullptr) {
    static_cast<typename Op::State*>(a.partials)[place.split * (a.outer * a.inner) + place.row] =
        state;
  } else {
    op.Finish(a, place.row, state);
  }
}

}  // namespace reduce
