// Reduces columns: neighbouring threads have neighbouring columns, and the threads of a block that
// share columns, as well as several blocks, divide the axis among them. For an axis that is not the
// innermost one, so that a warp reads whole lines. Op is as in rows.cuh.
#pragma once

#include "cuda/reduce/rows.cuh"

namespace reduce {

// Loads that a thread has in flight at a time, from each operand: 32 bytes of most types.
template <typename Stored>
constexpr int kColumnUnroll = sizeof(Stored) < 8 ? 8 : 4;

// A thread has N neighbouring columns: a slot. The `width` threads side by side have slots that
// follow each other, through `inner` first, then through `outer`: so do the results.
template <int N>
struct ColumnPlace {
  bool exists;
  int group, groups;  // which of the block's shares of the axis
  std::int64_t split;
  std::int64_t first;         // result of the block, of those of all columns
  int results;                // of the block
  std::int64_t outer, inner;  // of the thread's first column
  std::int64_t begin;         // on the axis, for all groups
  int length;

  template <typename Arguments>
  __device__ explicit ColumnPlace(const Arguments& a) {
    const auto width = static_cast<unsigned>(a.width);
    const std::int64_t per_row = a.inner / N;
    const std::int64_t slots = a.outer * per_row;
    const std::int64_t blocks = (slots + width - 1) / width;
    split = a.splits == 1 ? 0 : blockIdx.x / blocks;
    const std::int64_t first_slot = (blockIdx.x - split * blocks) * width;
    const std::int64_t slot = first_slot + threadIdx.x % width;
    first = first_slot * N;
    results = static_cast<int>(slots - first_slot < width ? slots - first_slot : width) * N;
    exists = slot < slots;
    group = static_cast<int>(threadIdx.x / width);
    groups = static_cast<int>(blockDim.x / width);
    outer = !exists ? 0 : a.outer == 1 ? 0 : slot / per_row;
    inner = exists ? (slot - outer * per_row) * N : 0;
    begin = split * a.split_length;
    length = static_cast<int>(a.axis - begin < a.split_length ? a.axis - begin : a.split_length);
    if (!exists) length = 0;
  }

  __device__ std::int64_t OffsetIn(const ReduceOperand& operand) const {
    return outer * operand.outer_stride + inner * operand.inner_stride +
           begin * operand.axis_stride;
  }
};

// Adds the elements of one thread: rows group, group + groups, ... of the piece at x and y.
template <typename Op, int N>
__device__ __forceinline__ void TakeColumns(const Op& op, typename Op::State (&states)[N],
                                            const typename Op::Stored* x,
                                            const typename Op::Stored* y, std::int64_t x_stride,
                                            std::int64_t y_stride, const ColumnPlace<N>& place) {
  constexpr int kUnroll = kColumnUnroll<typename Op::Stored>;
  using Unit = Pack<typename Op::Stored, N>;
  const int groups = place.groups;
#pragma unroll 1
  for (int r = place.group; r < place.length; r += kUnroll * groups) {
    typename Unit::InFlight xs[kUnroll], ys[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (r + u * groups < place.length)
        xs[u] = ys[u] = Unit::Load(x + (r + u * groups) * x_stride);
    }
    if (op.has_y()) {
#pragma unroll
      for (int u = 0; u < kUnroll; ++u) {
        if (r + u * groups < place.length) ys[u] = Unit::Load(y + (r + u * groups) * y_stride);
      }
    }
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (r + u * groups < place.length) {
        op.template TakeEach<N>(states, Unit::Of(xs[u]), Unit::Of(ys[u]),
                                place.begin + r + u * groups);
      }
    }
  }
}

// Merges the states of the block's groups. The result for column i of the block is in
// shared[i % N * threads + i / N] when all threads have returned; all must call.
template <typename Op, int N>
__device__ __forceinline__ void MergeColumns(const Op& op, typename Op::State (&states)[N],
                                             int groups, typename Op::State* shared) {
  using State = typename Op::State;
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
#pragma unroll
  for (int i = 0; i < N; ++i) shared[i * threads + thread] = states[i];
  __syncthreads();
#pragma unroll 1
  for (int active = threads / 2; active >= threads / groups; active /= 2) {
    if (thread < active) {
#pragma unroll 1
      for (int i = thread; i < N * threads; i += threads) {
        State state = shared[i];
        op.Merge(state, shared[i + active]);
        shared[i] = state;
      }
    }
    __syncthreads();
  }
}

template <typename Op, int N>
__device__ __forceinline__ void ReduceColumnsBy(const ReduceArguments& a,
                                                typename Op::State* shared) {
  using Stored = typename Op::Stored;
  const Op op(a);
  const ColumnPlace<N> place(a);
  const Stored* x = static_cast<const Stored*>(a.x.data) + place.OffsetIn(a.x);
  const Stored* y = op.has_y() ? static_cast<const Stored*>(a.y.data) + place.OffsetIn(a.y) : x;
  typename Op::State states[N];
#pragma unroll
  for (int i = 0; i < N; ++i) states[i] = op.Identity();
  TakeColumns<Op, N>(op, states, x, y, a.x.axis_stride, a.y.axis_stride, place);
  MergeColumns<Op, N>(op, states, place.groups, shared);
  const int threads = static_cast<int>(blockDim.x);
#pragma unroll 1
  for (int i = static_cast<int>(threadIdx.x); i < place.results; i += threads) {
    const typename Op::State state = shared[i % N * threads + i / N];
    if (a.partials != nullptr) {
      static_cast<typename Op::State*>(
          a.partials)[place.split * (a.outer * a.inner) + place.first + i] = state;
    } else {
      op.Finish(a, place.first + i, state);
    }
  }
}

// Grid: (slots of columns / width, rounded up) * splits blocks.
template <typename Op>
__device__ __forceinline__ void ReduceColumns(const ReduceArguments& a) {
  constexpr int kColumns = kReduceColumns<sizeof(typename Op::Stored)>;
  __shared__ typename Op::State shared[kReduceThreads * kColumns];
  if constexpr (kColumns > 1) {
    if (a.vectorized) {
      ReduceColumnsBy<Op, kColumns>(a, shared);
      return;
    }
  }
  ReduceColumnsBy<Op, 1>(a, shared);
}

// Adds up the states that the blocks of a reduction over a split axis have left.
// `a` is that of the reduction, but: x.data the states, axis their number for each result.
template <typename Op>
__device__ __forceinline__ void ReducePartials(const ReduceArguments& a) {
  __shared__ typename Op::State shared[kReduceThreads];
  ReduceColumnsBy<Op, 1>(a, shared);
}

// Makes an operation on elements one on its own states.
template <typename Op>
struct Partials : Op {
  using Stored = typename Op::State;
  using Op::Op;
  __device__ bool has_y() const { return false; }
  template <int N>
  __device__ void TakeEach(typename Op::State (&states)[N], const Pack<Stored, N>& x,
                           const Pack<Stored, N>&, std::int64_t) const {
#pragma unroll
    for (int i = 0; i < N; ++i) this->Merge(states[i], x.elements[i]);
  }
};

}  // namespace reduce
