// What a block of threads does together: for nvcc as CUDA has it, for g++ written anew. There a variable is
// an array with one element of each thread, EACH is a loop over the threads, and what threads exchange is computed
// from the arrays, for all of them at once.
enum { THREADS = 96, CELLS = 16 };
static const u32 ALL = 0xffffffffu;

#ifdef __CUDACC__
#define BEGIN(name)                                              \
  extern "C" __global__ void name(u64* out) {                    \
    const u32 t = threadIdx.x, block = blockIdx.x, group = ALL;  \
    u64* const totals = out + gridDim.x * THREADS;
#define VARIABLE(type, name) type name = 0
#define OF(name) name
#define EACH
// Threads for which the condition holds go on, in groups of those of a warp.
#define IF_GROUP(condition)                              \
  {                                                      \
    const u32 outer = group;                             \
    const bool joins = (condition);                      \
    const u32 group = __ballot_sync(outer, joins);       \
    if (joins) {
#define END_GROUP \
  }               \
  __syncwarp(outer); \
  }
#define BARRIER __syncthreads();
#define BARRIER_COUNT(to, value) to = __syncthreads_count(value);
#define BARRIER_AND(to, value) to = __syncthreads_and(value);
#define BARRIER_OR(to, value) to = __syncthreads_or(value);
#define SHUFFLE(to, value, lane, width) to = __shfl_sync(ALL, value, lane, width);
#define SHUFFLE_UP(to, value, delta, width) to = __shfl_up_sync(ALL, value, delta, width);
#define SHUFFLE_DOWN(to, value, delta, width) to = __shfl_down_sync(ALL, value, delta, width);
#define SHUFFLE_XOR(to, value, mask, width) to = __shfl_xor_sync(ALL, value, mask, width);
#define LEADER(to, value) to = __shfl_sync(group, value, __ffs(group) - 1);
#define BALLOT(to, value) to = __ballot_sync(group, value);
#define VOTE_ALL(to, value) to = __all_sync(group, value);
#define VOTE_ANY(to, value) to = __any_sync(group, value);
#define MATCH_ANY(to, value) to = __match_any_sync(group, value);
#define MATCH_ALL(to, flag, value) \
  {                                \
    int all;                       \
    to = __match_all_sync(group, value, &all); \
    flag = all;                    \
  }
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
template <typename T, typename Combine>
__device__ T reduced(u32 group, T value, Combine combine) {
  T result = __shfl_sync(group, value, __ffs(group) - 1);
  for (u32 rest = group & (group - 1); rest != 0; rest &= rest - 1)
    result = combine(result, __shfl_sync(group, value, __ffs(rest) - 1));
  return result;
}
#define REDUCTION(name, T, text) \
  __device__ T name(u32 group, T value) { return reduced(group, value, [](T a, T b) { return text; }); }
REDUCTION(reduce_add, u32, a + b)
REDUCTION(reduce_min, u32, a < b ? a : b)
REDUCTION(reduce_max, u32, a < b ? b : a)
REDUCTION(reduce_min, i32, a < b ? a : b)
REDUCTION(reduce_max, i32, a < b ? b : a)
REDUCTION(reduce_and, u32, a & b)
REDUCTION(reduce_or, u32, a | b)
REDUCTION(reduce_xor, u32, a ^ b)
#define REDUCE(to, value, operation) to = reduce_##operation(group, value);
#else
#define REDUCE(to, value, operation) to = __reduce_##operation##_sync(group, value);
#endif
#define SHARED(type, name) __shared__ type name[THREADS]
#define ATOMIC(operation, cells, place, value) atomic_##operation(&cells[place], value);
#define ATOMIC_OF(name, call) \
  template <typename T>       \
  __device__ void atomic_##name(T* cell, T value) { call; }
ATOMIC_OF(add, atomicAdd(cell, value))
ATOMIC_OF(min, atomicMin(cell, value))
ATOMIC_OF(max, atomicMax(cell, value))
ATOMIC_OF(and, atomicAnd(cell, value))
ATOMIC_OF(or, atomicOr(cell, value))
ATOMIC_OF(xor, atomicXor(cell, value))
__device__ void atomic_add(u64* cell, u64 value) { atomicAdd((unsigned long long*)cell, value); }
__device__ void atomic_min(u64* cell, u64 value) { atomicMin((unsigned long long*)cell, value); }
__device__ void atomic_max(u64* cell, u64 value) { atomicMax((unsigned long long*)cell, value); }
__device__ void atomic_and(u64* cell, u64 value) { atomicAnd((unsigned long long*)cell, value); }
__device__ void atomic_or(u64* cell, u64 value) { atomicOr((unsigned long long*)cell, value); }
__device__ void atomic_xor(u64* cell, u64 value) { atomicXor((unsigned long long*)cell, value); }
template <typename T>
__device__ void atomic_inc(T* cell, T) { atomicInc((u32*)cell, 1000); }
// By a loop of comparisons: an operation that has no instruction.
template <typename T>
__device__ T compare_and_swap(T* cell, T old, T value) { return atomicCAS(cell, old, value); }
__device__ u64 compare_and_swap(u64* cell, u64 old, u64 value) {
  return atomicCAS((unsigned long long*)cell, old, value);
}
template <typename T>
__device__ void atomic_product(T* cell, T value) {
  T held = *(volatile T*)cell, old;
  do {
    old = held;
    held = compare_and_swap(cell, old, (T)(old * (value | 1)));
  } while (held != old);
}
#else
#define BEGIN(name)                                 \
  void name(u64* out, u32 block, u32 blocks) {      \
    u64* const totals = out + blocks * THREADS;     \
    for (bool& each : active) each = true;
#define VARIABLE(type, name) type name[THREADS] = {}
#define OF(name) name[t]
#define EACH for (u32 t = 0; t < THREADS; ++t) if (active[t])
// Who is active, in each warp as a mask of its lanes.
struct Group {
  bool was[THREADS];
  u32 masks[THREADS / 32];
};
static bool active[THREADS];
static u32 group_of(u32 t) {
  u32 mask = 0;
  for (u32 lane = 0; lane < 32; ++lane) mask |= (u32)active[t / 32 * 32 + lane] << lane;
  return mask;
}
#define IF_GROUP(condition)                                   \
  {                                                           \
    Group before;                                             \
    memcpy(before.was, active, sizeof active);                \
    bool joins[THREADS] = {};                                 \
    EACH joins[t] = (condition);                              \
    memcpy(active, joins, sizeof active);                     \
    {
#define END_GROUP                            \
  }                                          \
  memcpy(active, before.was, sizeof active); \
  }
#define BARRIER
// `values` first, since the result may be one of what they are made of.
#define TAKE(type, values, value)  \
  type values[THREADS] = {};       \
  EACH values[t] = (value);
#define WITH_ALL(to, value, start, step) \
  {                                      \
    TAKE(u32, values, value)             \
    u32 result = start;                  \
    for (u32 other = 0; other < THREADS; ++other) step; \
    EACH to = result;                    \
  }
#define BARRIER_COUNT(to, value) WITH_ALL(to, value, 0, result += values[other] != 0)
#define BARRIER_AND(to, value) WITH_ALL(to, value, 1, result = result && values[other])
#define BARRIER_OR(to, value) WITH_ALL(to, value, 0, result = result || values[other])
// In segments of `width` lanes; a lane whose source lies outside of its segment keeps its own value.
#define FROM_LANE(to, value, width, source, keeps)                      \
  {                                                              \
    auto taken = [&](u32 t) { return value; };                   \
    decltype(taken(0)) values[THREADS];                          \
    EACH values[t] = taken(t);                                   \
    EACH {                                                       \
      const i32 place = t % 32, segment = place / (width) * (width); \
      const i32 from = source;                                   \
      to = keeps ? values[t] : values[t - place + from];         \
    }                                                            \
  }
#define SHUFFLE(to, value, lane, width) \
  FROM_LANE(to, value, width, (segment + (i32)((u32)(lane) % width)), false)
#define SHUFFLE_UP(to, value, delta, width) \
  FROM_LANE(to, value, width, (place - (i32)(delta)), (from < segment))
#define SHUFFLE_DOWN(to, value, delta, width) \
  FROM_LANE(to, value, width, (place + (i32)(delta)), (from >= segment + width))
#define SHUFFLE_XOR(to, value, mask, width) \
  FROM_LANE(to, value, width, (place ^ (i32)(mask)), (from >= segment + width))
// Over the active lanes of one's warp, from the lowest on.
#define OVER_GROUP(to, value, start, step)                          \
  {                                                                 \
    auto taken = [&](u32 t) { return value; };                      \
    decltype(taken(0)) values[THREADS];                             \
    EACH values[t] = taken(t);                                      \
    EACH {                                                          \
      auto result = start;                                          \
      for (u32 other = t / 32 * 32, lane = 0; lane < 32; ++lane, ++other) \
        if (active[other]) step;                                    \
      to = result;                                                  \
    }                                                               \
  }
static u32 first_of(u32 t) {
  u32 other = t / 32 * 32;
  while (!active[other]) ++other;
  return other;
}
#define LEADER(to, value) OVER_GROUP(to, value, values[first_of(t)], break)
#define BALLOT(to, value) OVER_GROUP(to, (u32)(value), 0u, result |= (u32)(values[other] != 0) << lane)
#define VOTE_ALL(to, value) OVER_GROUP(to, (u32)(value), true, result = result && values[other])
#define VOTE_ANY(to, value) OVER_GROUP(to, (u32)(value), false, result = result || values[other])
#define MATCH_ANY(to, value) OVER_GROUP(to, value, 0u, result |= (u32)(values[other] == values[t]) << lane)
#define MATCH_ALL(to, flag, value)                                                   \
  {                                                                                  \
    bool differ[THREADS];                                                            \
    OVER_GROUP(differ[t], value, false, result = result || values[other] != values[first_of(t)]) \
    EACH {                                                                           \
      flag = !differ[t];                                                             \
      to = differ[t] ? 0 : group_of(t);                                              \
    }                                                                                \
  }
#define REDUCE_add result += values[other]
#define REDUCE_min result = values[other] < result ? values[other] : result
#define REDUCE_max result = values[other] > result ? values[other] : result
#define REDUCE_and result &= values[other]
#define REDUCE_or result |= values[other]
#define REDUCE_xor result ^= values[other]
#define REDUCE(to, value, operation) \
  OVER_GROUP(to, value, values[first_of(t)], if (other != first_of(t)) REDUCE_##operation)
#define SHARED(type, name) type name[THREADS]
#define ATOMIC(operation, cells, place, value) \
  EACH atomic_##operation(&cells[place], (decltype(+cells[0]))(value));
#define ATOMIC_OF(name, text)                  \
  template <typename T>                        \
  void atomic_##name(T* cell, T value) {       \
    const T old = *cell;                       \
    *cell = text;                              \
  }
ATOMIC_OF(add, (T)((u64)old + (u64)value))
ATOMIC_OF(min, value < old ? value : old)
ATOMIC_OF(max, value > old ? value : old)
ATOMIC_OF(and, old & value)
ATOMIC_OF(or, old | value)
ATOMIC_OF(xor, old ^ value)
ATOMIC_OF(inc, (u32)old >= 1000 ? 0 : old + 1)
ATOMIC_OF(product, (T)((u64)old * (u64)(value | 1)))
#endif
