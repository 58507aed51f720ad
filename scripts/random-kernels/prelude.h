// What random programs are made of, for nvcc and for g++ alike.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#ifndef __CUDACC__
#define __host__
#define __device__
#define __noinline__ __attribute__((noinline))
#endif
#define FN __host__ __device__

typedef std::int32_t i32;
typedef std::uint32_t u32;
typedef std::int64_t i64;
typedef std::uint64_t u64;
typedef float f32;
typedef double f64;

// Bits that both sides agree on: which NaN it is, they do not.
FN inline u64 bits(f32 x) {
  u32 word;
  memcpy(&word, &x, sizeof word);
  return x != x ? 0x7fffffffu : word;
}
FN inline u64 bits(f64 x) {
  u64 word;
  memcpy(&word, &x, sizeof word);
  return x != x ? 0x7fffffffffffffffull : word;
}
FN inline u64 bits(u64 x) {
  return x;
}
FN inline u64 bits(i64 x) {
  return x;
}
FN inline u64 bits(u32 x) {
  return x;
}
FN inline u64 bits(i32 x) {
  return (u32)x;
}

FN inline u64 mix(u64 hash, u64 word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
  return hash ^ hash >> 29;
}

// -DTRACE=thread tells every assignment of one thread, to see where two builds part.
#if !defined(TRACE)
#define SET_THREAD(thread)
#define TRACED(name, value)
#elif defined(__CUDACC__)
#define TRACED(name, value)                           \
  if (blockIdx.x * blockDim.x + threadIdx.x == TRACE) \
  printf("%s %016llx\n", name, (unsigned long long)bits(value))
#else
static u32 current_thread;
#define SET_THREAD(thread) current_thread = thread
#define TRACED(name, value) \
  if (current_thread == TRACE) printf("%s %016llx\n", name, (unsigned long long)bits(value))
#endif

// A GPU saturates what does not fit; of a NaN it makes 0 where both types have 32 bits, else the
// highest bit alone. As C++ both are undefined, so that nvcc might fold them to anything: hence the
// intrinsics.
template <typename To>
struct IntegerOf;
#ifdef __CUDA_ARCH__
#define INTEGER_OF(To, from_float, from_double)       \
  template <>                                         \
  struct IntegerOf<To> {                              \
    static FN To Of(f32 x) { return from_float(x); }  \
    static FN To Of(f64 x) { return from_double(x); } \
  };
INTEGER_OF(i32, __float2int_rz, __double2int_rz)
INTEGER_OF(u32, __float2uint_rz, __double2uint_rz)
INTEGER_OF(i64, __float2ll_rz, __double2ll_rz)
INTEGER_OF(u64, __float2ull_rz, __double2ull_rz)
#else
template <typename To>
struct IntegerOf {
  template <typename From>
  static FN To Of(From x) {
    typedef std::numeric_limits<To> limits;
    const bool small = sizeof(To) == 4 && sizeof(From) == 4;
    if (x != x) return small ? 0 : (To)((u64)1 << (8 * sizeof(To) - 1));
    const From below = (From)limits::min();
    const From above = std::ldexp((From)1, limits::digits);
    return x < below ? limits::min() : x >= above ? limits::max() : (To)x;
  }
};
#endif
template <typename To, typename From>
FN inline To to_integer(From x) {
  return IntegerOf<To>::Of(x);
}

template <typename T>
FN inline T lesser(T a, T b) {
#ifdef __CUDA_ARCH__
  return min(a, b);
#else
  return b < a ? b : a;
#endif
}
template <typename T>
FN inline T greater(T a, T b) {
#ifdef __CUDA_ARCH__
  return max(a, b);
#else
  return a < b ? b : a;
#endif
}
// Of floats: a number before a NaN. A zero of either sign is made 0: nvcc folds constants to any.
template <typename T>
FN inline T lesser_float(T a, T b) {
#ifdef __CUDA_ARCH__
  return fmin(a, b) + 0;
#else
  return (a != a || b < a ? b : a) + 0;
#endif
}
template <typename T>
FN inline T greater_float(T a, T b) {
#ifdef __CUDA_ARCH__
  return fmax(a, b) + 0;
#else
  return (a != a || a < b ? b : a) + 0;
#endif
}
template <>
FN inline f32 lesser(f32 a, f32 b) {
  return lesser_float(a, b);
}
template <>
FN inline f64 lesser(f64 a, f64 b) {
  return lesser_float(a, b);
}
template <>
FN inline f32 greater(f32 a, f32 b) {
  return greater_float(a, b);
}
template <>
FN inline f64 greater(f64 a, f64 b) {
  return greater_float(a, b);
}

template <typename T>
FN inline T with_sign(T a, T b) {
  return copysign(a, b != b ? (T)1 : b);
}

#ifdef __CUDA_ARCH__
FN inline u32 ones(u32 x) {
  return __popc(x);
}
FN inline u32 ones(u64 x) {
  return __popcll(x);
}
FN inline u32 zeros(u32 x) {
  return __clz(x);
}
FN inline u32 zeros(u64 x) {
  return __clzll(x);
}
FN inline u32 lowest(u32 x) {
  return __ffs(x);
}
FN inline u32 lowest(u64 x) {
  return __ffsll(x);
}
FN inline u32 mirror(u32 x) {
  return __brev(x);
}
FN inline u64 mirror(u64 x) {
  return __brevll(x);
}
FN inline u32 high(u32 a, u32 b) {
  return __umulhi(a, b);
}
FN inline i32 high(i32 a, i32 b) {
  return __mulhi(a, b);
}
FN inline u64 high(u64 a, u64 b) {
  return __umul64hi(a, b);
}
FN inline i64 high(i64 a, i64 b) {
  return __mul64hi(a, b);
}
FN inline u32 permute(u32 a, u32 b, u32 c) {
  return __byte_perm(a, b, c);
}
FN inline u32 funnel(u32 a, u32 b, u32 c) {
  return __funnelshift_l(a, b, c);
}
FN inline u32 funnel_right(u32 a, u32 b, u32 c) {
  return __funnelshift_rc(a, b, c);
}
FN inline u32 distance(u32 a, u32 b, u32 c) {
  return __usad(a, b, c);
}
FN inline u32 average(u32 a, u32 b) {
  return __uhadd(a, b);
}
FN inline i32 average_up(i32 a, i32 b) {
  return __rhadd(a, b);
}
FN inline i32 dot(i32 a, i32 b, i32 c) {
  return __dp4a(a, b, c);
}
FN inline u32 absolute4(u32 a, u32 b) {
  return __vabsdiffu4(a, b);
}
FN inline u32 add2(u32 a, u32 b) {
  return __vaddss2(a, b);
}
#else
inline u32 ones(u32 x) {
  return __builtin_popcount(x);
}
inline u32 ones(u64 x) {
  return __builtin_popcountll(x);
}
inline u32 zeros(u32 x) {
  return x == 0 ? 32 : __builtin_clz(x);
}
inline u32 zeros(u64 x) {
  return x == 0 ? 64 : __builtin_clzll(x);
}
inline u32 lowest(u32 x) {
  return __builtin_ffs(x);
}
inline u32 lowest(u64 x) {
  return __builtin_ffsll(x);
}
template <typename T>
T mirror(T x) {
  T result = 0;
  for (unsigned i = 0; i < 8 * sizeof x; ++i) result |= (x >> i & 1) << (8 * sizeof x - 1 - i);
  return result;
}
inline u32 high(u32 a, u32 b) {
  return (u64)a * b >> 32;
}
inline i32 high(i32 a, i32 b) {
  return (i64)a * b >> 32;
}
inline u64 high(u64 a, u64 b) {
  return (unsigned __int128)a * b >> 64;
}
inline i64 high(i64 a, i64 b) {
  return (__int128)a * b >> 64;
}
inline u32 permute(u32 a, u32 b, u32 c) {
  const u64 bytes = (u64)b << 32 | a;
  u32 result = 0;
  for (int i = 0; i < 4; ++i) result |= (u32)(bytes >> 8 * (c >> 4 * i & 7) & 0xff) << 8 * i;
  return result;
}
inline u32 funnel(u32 a, u32 b, u32 c) {
  return (((u64)b << 32 | a) << (c & 31)) >> 32;
}
inline u32 funnel_right(u32 a, u32 b, u32 c) {
  return ((u64)b << 32 | a) >> (c < 32 ? c : 32);
}
inline u32 distance(u32 a, u32 b, u32 c) {
  return (a < b ? b - a : a - b) + c;
}
inline u32 average(u32 a, u32 b) {
  return ((u64)a + b) >> 1;
}
inline i32 average_up(i32 a, i32 b) {
  return ((i64)a + b + 1) >> 1;
}
inline i32 dot(i32 a, i32 b, i32 c) {
  u32 sum = c;
  for (int i = 0; i < 4; ++i) sum += (std::int8_t)(a >> 8 * i) * (std::int8_t)(b >> 8 * i);
  return sum;
}
inline u32 absolute4(u32 a, u32 b) {
  u32 result = 0;
  for (int i = 0; i < 4; ++i) {
    const int x = a >> 8 * i & 0xff, y = b >> 8 * i & 0xff;
    result |= (u32)(x < y ? y - x : x - y) << 8 * i;
  }
  return result;
}
inline u32 add2(u32 a, u32 b) {
  u32 result = 0;
  for (int i = 0; i < 2; ++i) {
    int sum = (std::int16_t)(a >> 16 * i) + (std::int16_t)(b >> 16 * i);
    sum = sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum;
    result |= (u32)(std::uint16_t)sum << 16 * i;
  }
  return result;
}
#endif

// The inputs of a thread: edges and what lies between, the same on both sides.
FN inline u64 input(u32 thread, u32 which) {
  u64 word = mix(mix(thread + 1, which * 977u + 13), 0x5851f42d4c957f2dull);
  const u32 kind = (u32)(word >> 60);
  return kind == 0   ? 0
         : kind == 1 ? ~0ull
         : kind == 2 ? word & 0xff
         : kind == 3 ? word >> 40
                     : word;
}
FN inline f32 float_of(u64 word) {
  const u32 kind = (u32)(word & 15);
  const f32 small = (f32)(i32)(word >> 32) / 65536.0f;
  u32 raw = (u32)(word >> 32);
  f32 any;
  memcpy(&any, &raw, sizeof any);
  return kind == 0 ? 0.0f : kind == 1 ? -0.0f : kind < 5 ? any : small;
}
FN inline f64 double_of(u64 word) {
  const u32 kind = (u32)(word & 15);
  f64 any;
  memcpy(&any, &word, sizeof any);
  return kind == 0 ? -0.0 : kind < 4 ? any : (f64)(i64)word / 4294967296.0;
}
