#include "simulator/exec/warp/warp_ops.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>
#include <vector>

#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

using ptx::Type;

template <typename Visit>
void ForEachLane(LaneMask mask, Visit visit) {
  for (; mask != 0; mask &= mask - 1) visit(std::countr_zero(mask));
}

// Sets the lanes of `mask` in a predicate to those of `value`.
void SetPredicate(const WarpContext& context, std::uint32_t slot, LaneMask value, LaneMask mask) {
  auto* predicate = context.Slot<LaneMask>(slot);
  *predicate = (*predicate & ~mask) | (value & mask);
}

template <typename T>
void SetAll(const WarpContext& context, std::uint32_t slot, T value, LaneMask mask) {
  T* lanes = context.Slot<T>(slot);
  ForEachLane(mask, [&](int lane) { lanes[lane] = value; });
}

enum class Shuffle { kUp, kDown, kButterfly, kIndex };

// d[|p], a, b, c, members. c: the clamp in bits 0 to 4, the segment mask in bits 8 to 12.
template <Shuffle kMode, bool kPair>
bool RunShuffle(const Instruction& in, WarpContext& context, LaneMask mask) {
  const std::uint32_t* source = in.slot + 1 + kPair;
  std::uint32_t a[kWarpSize], result[kWarpSize];
  std::memcpy(a, context.Slot<std::uint32_t>(source[0]), sizeof a);
  const auto* bs = context.Slot<std::uint32_t>(source[1]);
  const auto* cs = context.Slot<std::uint32_t>(source[2]);
  LaneMask inside = 0;
  ForEachLane(mask, [&](int lane) {
    const int b = static_cast<int>(bs[lane] & 31), clamp = static_cast<int>(cs[lane] & 31);
    const int segment = static_cast<int>(cs[lane] >> 8 & 31);
    const int first = lane & segment, limit = first | (clamp & ~segment);
    int from = lane;
    if (kMode == Shuffle::kUp) from = lane - b;
    if (kMode == Shuffle::kDown) from = lane + b;
    if (kMode == Shuffle::kButterfly) from = lane ^ b;
    if (kMode == Shuffle::kIndex) from = first | (b & ~segment);
    const bool in_segment = kMode == Shuffle::kUp ? from >= limit : from <= limit;
    if (in_segment) inside |= LaneMask{1} << lane;
    result[lane] = a[in_segment ? from : lane];
  });
  auto* d = context.Slot<std::uint32_t>(in.slot[0]);
  ForEachLane(mask, [&](int lane) { d[lane] = result[lane]; });
  if (kPair) SetPredicate(context, in.slot[1], inside, mask);
  return true;
}

enum class Vote { kAll, kAny, kUniform };

// p, a, members
template <Vote kVote>
bool RunVote(const Instruction& in, WarpContext& context, LaneMask mask) {
  const LaneMask votes = *context.Slot<LaneMask>(in.slot[1]) & mask;
  const bool all = votes == mask, any = votes != 0;
  const bool result = kVote == Vote::kAll ? all : kVote == Vote::kAny ? any : all || !any;
  SetPredicate(context, in.slot[0], result ? kFullMask : 0, mask);
  return true;
}

bool RunBallot(const Instruction& in, WarpContext& context, LaneMask mask) {
  SetAll(context, in.slot[0], *context.Slot<LaneMask>(in.slot[1]) & mask, mask);
  return true;
}

// d, a, members
template <typename T>
bool RunMatchAny(const Instruction& in, WarpContext& context, LaneMask mask) {
  T a[kWarpSize];
  std::memcpy(a, context.Slot<T>(in.slot[1]), sizeof a);
  auto* d = context.Slot<LaneMask>(in.slot[0]);
  ForEachLane(mask, [&](int lane) {
    LaneMask equal = 0;
    ForEachLane(mask, [&](int other) { equal |= LaneMask{a[other] == a[lane]} << other; });
    d[lane] = equal;
  });
  return true;
}

// d[|p], a, members
template <typename T, bool kPair>
bool RunMatchAll(const Instruction& in, WarpContext& context, LaneMask mask) {
  const T* a = context.Slot<T>(in.slot[1 + kPair]);
  const T first = a[std::countr_zero(mask)];
  bool equal = true;
  ForEachLane(mask, [&](int lane) { equal &= a[lane] == first; });
  SetAll(context, in.slot[0], equal ? mask : 0, mask);
  if (kPair) SetPredicate(context, in.slot[1], equal ? kFullMask : 0, mask);
  return true;
}

struct Add {
  template <typename T>
  static T Of(T a, T b) {
    return static_cast<T>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
  }
};
struct Min {
  template <typename T>
  static T Of(T a, T b) {
    return std::min(a, b);
  }
};
struct Max {
  template <typename T>
  static T Of(T a, T b) {
    return std::max(a, b);
  }
};
struct And {
  template <typename T>
  static T Of(T a, T b) {
    return a & b;
  }
};
struct Or {
  template <typename T>
  static T Of(T a, T b) {
    return a | b;
  }
};
struct Xor {
  template <typename T>
  static T Of(T a, T b) {
    return a ^ b;
  }
};

// d, a, members
template <typename Operation, typename T>
bool RunRedux(const Instruction& in, WarpContext& context, LaneMask mask) {
  const T* a = context.Slot<T>(in.slot[1]);
  const int lead = std::countr_zero(mask);
  T result = a[lead];
  ForEachLane(mask & (mask - 1), [&](int lane) { result = Operation::Of(result, a[lane]); });
  SetAll(context, in.slot[0], result, mask);
  return true;
}

// d|p, members
bool RunElect(const Instruction& in, WarpContext& context, LaneMask mask) {
  SetAll(context, in.slot[0], static_cast<std::uint32_t>(std::countr_zero(mask)), mask);
  SetPredicate(context, in.slot[1], mask & (0 - mask), mask);
  return true;
}

// d. The lanes that are together here; hardware may have others together.
bool RunActiveMask(const Instruction& in, WarpContext& context, LaneMask mask) {
  SetAll(context, in.slot[0], mask, mask);
  return true;
}

struct WarpRow {
  std::string_view mnemonic;
  bool pair;
  int destinations, count;
  Type types[6];
  WarpHandler handler;
};

constexpr Type kB32 = Type::kB32, kU32 = Type::kU32, kS32 = Type::kS32, kB64 = Type::kB64,
               kPred = Type::kPred;

#define SHUFFLE(name, mode)                                                         \
  {name, false, 1, 5, {kB32, kB32, kB32, kB32, kB32}, RunShuffle<mode, false>}, {   \
    name, true, 2, 6, {kB32, kPred, kB32, kB32, kB32, kB32}, RunShuffle<mode, true> \
  }
#define REDUX(name, operation, type, c_type) \
  { name, false, 1, 3, {type, type, kB32}, RunRedux<operation, c_type> }

constexpr WarpRow kRows[] = {
    SHUFFLE("shfl.sync.up.b32", Shuffle::kUp),
    SHUFFLE("shfl.sync.down.b32", Shuffle::kDown),
    SHUFFLE("shfl.sync.bfly.b32", Shuffle::kButterfly),
    SHUFFLE("shfl.sync.idx.b32", Shuffle::kIndex),
    {"vote.sync.all.pred", false, 1, 3, {kPred, kPred, kB32}, RunVote<Vote::kAll>},
    {"vote.sync.any.pred", false, 1, 3, {kPred, kPred, kB32}, RunVote<Vote::kAny>},
    {"vote.sync.uni.pred", false, 1, 3, {kPred, kPred, kB32}, RunVote<Vote::kUniform>},
    {"vote.sync.ballot.b32", false, 1, 3, {kB32, kPred, kB32}, RunBallot},
    {"match.any.sync.b32", false, 1, 3, {kB32, kB32, kB32}, RunMatchAny<std::uint32_t>},
    {"match.any.sync.b64", false, 1, 3, {kB32, kB64, kB32}, RunMatchAny<std::uint64_t>},
    {"match.all.sync.b32", false, 1, 3, {kB32, kB32, kB32}, RunMatchAll<std::uint32_t, false>},
    {"match.all.sync.b64", false, 1, 3, {kB32, kB64, kB32}, RunMatchAll<std::uint64_t, false>},
    {"match.all.sync.b32", true, 2, 4, {kB32, kPred, kB32, kB32}, RunMatchAll<std::uint32_t, true>},
    {"match.all.sync.b64", true, 2, 4, {kB32, kPred, kB64, kB32}, RunMatchAll<std::uint64_t, true>},
    REDUX("redux.sync.add.u32", Add, kU32, std::uint32_t),
    REDUX("redux.sync.add.s32", Add, kS32, std::int32_t),
    REDUX("redux.sync.min.u32", Min, kU32, std::uint32_t),
    REDUX("redux.sync.min.s32", Min, kS32, std::int32_t),
    REDUX("redux.sync.max.u32", Max, kU32, std::uint32_t),
    REDUX("redux.sync.max.s32", Max, kS32, std::int32_t),
    REDUX("redux.sync.and.b32", And, kB32, std::uint32_t),
    REDUX("redux.sync.or.b32", Or, kB32, std::uint32_t),
    REDUX("redux.sync.xor.b32", Xor, kB32, std::uint32_t),
    {"elect.sync", true, 2, 3, {kB32, kPred, kB32}, RunElect},
    {"activemask.b32", false, 1, 1, {kB32}, RunActiveMask},
};

std::vector<std::string_view> SortedParts(std::string_view mnemonic) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= mnemonic.size();) {
    const std::size_t end = std::min(mnemonic.find('.', begin), mnemonic.size());
    parts.push_back(mnemonic.substr(begin, end - begin));
    begin = end + 1;
  }
  std::sort(parts.begin() + 1, parts.end());  // the name of the instruction stays first
  return parts;
}

// ptxas takes modifiers in any order, and CUB writes vote.ballot.sync.b32.
bool SameInAnyOrder(std::string_view one, std::string_view other) {
  return one == other || (one.size() == other.size() && SortedParts(one) == SortedParts(other));
}

}  // namespace

WarpForm FindWarpForm(std::string_view mnemonic, bool pair) {
  for (const WarpRow& row : kRows)
    if (row.pair == pair && SameInAnyOrder(row.mnemonic, mnemonic))
      return {row.handler,
              row.handler != RunActiveMask,
              row.destinations,
              {row.types, row.types + row.count}};
  return {};
}

bool IsWarpOperation(std::string_view base) {
  return std::any_of(std::begin(kRows), std::end(kRows), [&](const WarpRow& row) {
    return row.mnemonic.substr(0, row.mnemonic.find('.')) == base;
  });
}

std::vector<std::string_view> AllWarpMnemonics() {
  std::vector<std::string_view> names;
  for (const WarpRow& row : kRows) names.push_back(row.mnemonic);
  return names;
}

}  // namespace nodecuda::simulator
