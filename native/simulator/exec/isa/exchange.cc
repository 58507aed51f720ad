// What looks across lanes. The lanes of a handler's mask are those that take part; the last source,
// the member mask, is the interpreter's business.
#include "simulator/exec/isa/numbers.h"

namespace nodecuda::simulator::NODECUDA_ISA {
namespace {

template <class T>
NODECUDA_INLINE void SetAll(std::byte* file, u32 slot, T value, LaneMask mask) {
  T* lanes = Slot<T>(file, slot);
  if (mask == kFullMask) {
    for (int lane = 0; lane < kWarpSize; ++lane) lanes[lane] = value;
  } else {
    for (LaneMask rest = mask; rest != 0; rest &= rest - 1) lanes[__builtin_ctz(rest)] = value;
  }
}

// to[lane] = from[index[lane]]
NODECUDA_INLINE void Permute(const u32* from, const u32* index, u32* to) {
#if defined(__AVX512F__)
  const __m512i low = _mm512_load_si512(from), high = _mm512_load_si512(from + 16);
  for (int half = 0; half < kWarpSize; half += 16)
    _mm512_store_si512(to + half,
                       _mm512_permutex2var_epi32(low, _mm512_load_si512(index + half), high));
#else
  for (int lane = 0; lane < kWarpSize; ++lane) to[lane] = from[index[lane]];
#endif
}

enum class Shuffle { kUp, kDown, kButterfly, kIndex };

// d[|p], a, b, c, members. c: the clamp in bits 0 to 4, the segment mask in bits 8 to 12.
template <Shuffle kMode, bool kPair>
void RunShuffle(std::byte* file, const Instruction& in, LaneMask mask) {
  const u32* slot = in.slot + 1 + kPair;
  alignas(64) u32 a[kWarpSize], from[kWarpSize], result[kWarpSize];
  __builtin_memcpy(a, Slot<u32>(file, slot[0]), sizeof a);
  const u32 *bs = Slot<u32>(file, slot[1]), *cs = Slot<u32>(file, slot[2]);
  LaneMask inside = 0;
  NODECUDA_LANE_LOOP
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const int b = static_cast<int>(bs[lane] & 31), clamp = static_cast<int>(cs[lane] & 31);
    const int segment = static_cast<int>(cs[lane] >> 8 & 31);
    const int first = lane & segment, limit = first | (clamp & ~segment);
    const int source = kMode == Shuffle::kUp          ? lane - b
                       : kMode == Shuffle::kDown      ? lane + b
                       : kMode == Shuffle::kButterfly ? lane ^ b
                                                      : first | (b & ~segment);
    const bool in_segment = kMode == Shuffle::kUp ? source >= limit : source <= limit;
    inside |= in_segment ? kLaneBit[lane] : 0;
    from[lane] = static_cast<u32>(in_segment ? source : lane);
  }
  u32* d = Slot<u32>(file, in.slot[0]);
  if (mask == kFullMask) {
    Permute(a, from, d);
  } else {
    Permute(a, from, result);
    Blend(d, result, mask);
  }
  if (kPair) StorePredicate(file, in.slot[1], inside, mask);
}

enum class Vote { kAll, kAny, kUniform };

// p, a, members
template <Vote kVote>
void RunVote(std::byte* file, const Instruction& in, LaneMask mask) {
  const LaneMask votes = LoadPredicate(file, in.slot[1]) & mask;
  const bool all = votes == mask, any = votes != 0;
  const bool result = kVote == Vote::kAll ? all : kVote == Vote::kAny ? any : all || !any;
  StorePredicate(file, in.slot[0], result ? kFullMask : 0, mask);
}

void RunBallot(std::byte* file, const Instruction& in, LaneMask mask) {
  SetAll<u32>(file, in.slot[0], LoadPredicate(file, in.slot[1]) & mask, mask);
}

template <class T>
NODECUDA_INLINE LaneMask Equal(const T* lanes, T value) {
  LaneMask equal = 0;
#if defined(__SSE2__)
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  constexpr int kCount = kVectorBytes / static_cast<int>(sizeof(T));
  for (int lane = 0; lane < kWarpSize; lane += kCount) {
    Vector some;
    __builtin_memcpy(&some, lanes + lane, sizeof some);
    equal |= SignsOf<sizeof(T)>(some == value) << lane;
  }
#else
  for (int lane = 0; lane < kWarpSize; ++lane) equal |= lanes[lane] == value ? kLaneBit[lane] : 0;
#endif
  return equal;
}

// d, a, members
template <class T>
void RunMatchAny(std::byte* file, const Instruction& in, LaneMask mask) {
  alignas(64) T a[kWarpSize];
  __builtin_memcpy(a, Slot<T>(file, in.slot[1]), sizeof a);
  for (LaneMask rest = mask; rest != 0;) {
    const LaneMask equal = Equal(a, a[__builtin_ctz(rest)]) & mask;
    SetAll<u32>(file, in.slot[0], equal, equal);
    rest &= ~equal;
  }
}

// d[|p], a, members
template <class T, bool kPair>
void RunMatchAll(std::byte* file, const Instruction& in, LaneMask mask) {
  const T* a = Slot<T>(file, in.slot[1 + kPair]);
  const bool all = (mask & ~Equal(a, a[__builtin_ctz(mask)])) == 0;
  SetAll<u32>(file, in.slot[0], all ? mask : 0, mask);
  if (kPair) StorePredicate(file, in.slot[1], all ? kFullMask : 0, mask);
}

NODECUDA_INLINE u32 AddU32(u32 a, u32 b) {
  return a + b;
}
NODECUDA_INLINE s32 AddS32(s32 a, s32 b) {
  return static_cast<s32>(static_cast<u32>(a) + static_cast<u32>(b));
}
template <class T>
NODECUDA_INLINE T Min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
NODECUDA_INLINE T Max(T a, T b) {
  return a < b ? b : a;
}
NODECUDA_INLINE u32 And(u32 a, u32 b) {
  return a & b;
}
NODECUDA_INLINE u32 Or(u32 a, u32 b) {
  return a | b;
}
NODECUDA_INLINE u32 Xor(u32 a, u32 b) {
  return a ^ b;
}

// d, a, members
template <class T, T (*kFunction)(T, T)>
void RunRedux(std::byte* file, const Instruction& in, LaneMask mask) {
  const T* a = Slot<T>(file, in.slot[1]);
  T result = a[__builtin_ctz(mask)];
  if (mask == kFullMask) {
    for (int lane = 1; lane < kWarpSize; ++lane) result = kFunction(result, a[lane]);
    return SetAll(file, in.slot[0], result, mask);
  }
  for (LaneMask rest = mask & (mask - 1); rest != 0; rest &= rest - 1)
    result = kFunction(result, a[__builtin_ctz(rest)]);
  SetAll(file, in.slot[0], result, mask);
}

// The least or greatest of the lanes that are numbers, or, as .NaN, no number if one is none.
template <bool kMax, bool kAbs, bool kNan>
void RunReduxF32(std::byte* file, const Instruction& in, LaneMask mask) {
  const f32* a = Slot<f32>(file, in.slot[1]);
  const auto read = [a](LaneMask lanes) {
    const f32 x = a[__builtin_ctz(lanes)];
    return kAbs ? __builtin_fabsf(x) : x;
  };
  f32 result = read(mask);
  for (LaneMask rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
    const f32 x = read(rest);
    result = TakesFirst<kMax, kNan>(result, x) ? result : x;
  }
  SetAll(file, in.slot[0], Canonical(result), mask);
}

// d|p, members
void RunElect(std::byte* file, const Instruction& in, LaneMask mask) {
  SetAll(file, in.slot[0], static_cast<u32>(__builtin_ctz(mask)), mask);
  StorePredicate(file, in.slot[1], mask & (0 - mask), mask);
}

// d. The lanes that are together here; hardware may have others together.
void RunActiveMask(std::byte* file, const Instruction& in, LaneMask mask) {
  SetAll<u32>(file, in.slot[0], mask, mask);
}

constexpr ptx::Type kB32 = ptx::Type::kB32, kU32 = ptx::Type::kU32, kS32 = ptx::Type::kS32,
                    kB64 = ptx::Type::kB64, kPred = ptx::Type::kPred, kF32 = ptx::Type::kF32;

#define SHUFFLE(name, mode)                                                            \
  {name, {1, 5, {kB32, kB32, kB32, kB32, kB32}}, RunShuffle<mode, false>, false}, {    \
    name, {2, 6, {kB32, kPred, kB32, kB32, kB32, kB32}}, RunShuffle<mode, true>, false \
  }
#define REDUX(name, function, type, c_type) \
  { name, {1, 3, {type, type, kB32}}, RunRedux<c_type, function>, false }

#define REDUX_F32(name, is_max)                                    \
  {"redux.sync." name ".f32",                                      \
   {1, 3, {kF32, kF32, kB32}},                                     \
   RunReduxF32<is_max, false, false>,                              \
   false},                                                         \
      {"redux.sync." name ".NaN.f32",                              \
       {1, 3, {kF32, kF32, kB32}},                                 \
       RunReduxF32<is_max, false, true>,                           \
       false},                                                     \
      {"redux.sync." name ".abs.f32",                              \
       {1, 3, {kF32, kF32, kB32}},                                 \
       RunReduxF32<is_max, true, false>,                           \
       false},                                                     \
  {                                                                \
    "redux.sync." name ".abs.NaN.f32", {1, 3, {kF32, kF32, kB32}}, \
        RunReduxF32<is_max, true, true>, false                     \
  }

constexpr AluRow kRows[] = {
    SHUFFLE("shfl.sync.up.b32", Shuffle::kUp),
    SHUFFLE("shfl.sync.down.b32", Shuffle::kDown),
    SHUFFLE("shfl.sync.bfly.b32", Shuffle::kButterfly),
    SHUFFLE("shfl.sync.idx.b32", Shuffle::kIndex),
    {"vote.sync.all.pred", {1, 3, {kPred, kPred, kB32}}, RunVote<Vote::kAll>, false},
    {"vote.sync.any.pred", {1, 3, {kPred, kPred, kB32}}, RunVote<Vote::kAny>, false},
    {"vote.sync.uni.pred", {1, 3, {kPred, kPred, kB32}}, RunVote<Vote::kUniform>, false},
    {"vote.sync.ballot.b32", {1, 3, {kB32, kPred, kB32}}, RunBallot, false},
    {"match.any.sync.b32", {1, 3, {kB32, kB32, kB32}}, RunMatchAny<u32>, false},
    {"match.any.sync.b64", {1, 3, {kB32, kB64, kB32}}, RunMatchAny<u64>, false},
    {"match.all.sync.b32", {1, 3, {kB32, kB32, kB32}}, RunMatchAll<u32, false>, false},
    {"match.all.sync.b64", {1, 3, {kB32, kB64, kB32}}, RunMatchAll<u64, false>, false},
    {"match.all.sync.b32", {2, 4, {kB32, kPred, kB32, kB32}}, RunMatchAll<u32, true>, false},
    {"match.all.sync.b64", {2, 4, {kB32, kPred, kB64, kB32}}, RunMatchAll<u64, true>, false},
    REDUX("redux.sync.add.u32", AddU32, kU32, u32),
    REDUX("redux.sync.add.s32", AddS32, kS32, s32),
    REDUX("redux.sync.min.u32", Min<u32>, kU32, u32),
    REDUX("redux.sync.min.s32", Min<s32>, kS32, s32),
    REDUX("redux.sync.max.u32", Max<u32>, kU32, u32),
    REDUX("redux.sync.max.s32", Max<s32>, kS32, s32),
    REDUX("redux.sync.and.b32", And, kB32, u32),
    REDUX("redux.sync.or.b32", Or, kB32, u32),
    REDUX("redux.sync.xor.b32", Xor, kB32, u32),
    REDUX_F32("min", false),
    REDUX_F32("max", true),
    {"elect.sync", {2, 3, {kB32, kPred, kB32}}, RunElect, false},
    {"activemask.b32", {1, 1, {kB32}}, RunActiveMask, false},
};

}  // namespace

AluRows ExchangeRows() {
  return RowsOf(kRows);
}

}  // namespace nodecuda::simulator::NODECUDA_ISA
