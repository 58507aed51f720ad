#include "simulator/exec/warp/atomics.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "simulator/exec/code/lane_masks.h"
#include "simulator/exec/warp/atomic_math.h"
#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;
using ptx::Type;

// Whether all lanes have one address, as those of a counter have.
bool IsOneAddress(const HostAddresses& lanes) {
  std::uint64_t differs = 0;
  for (const std::uint64_t address : lanes.address) differs |= address ^ lanes.address[0];
  return differs == 0;
}

// Global memory is where add.f32 flushes subnormals: not in the window of shared memory.
template <typename Operation>
bool Flushes(const Instruction& in, const MemoryForm& form, const std::byte* file, int lane) {
  if constexpr (!std::is_same_v<Operation, AddF32>) return false;
  return form.space == Space::kGlobal ||
         (form.space == Space::kNone && LaneAddress(file, in.slot[kAddressSlot], in.offset,
                                                    form.wide_address, lane) < kSharedWindow);
}

template <typename T, typename Operation>
bool RunAtomic(const Instruction& in, WarpContext& context, LaneMask mask) {
  const MemoryForm form = MemoryForm::Of(in);
  HostAddresses lanes;
  if (!ResolveLanes(in, form, context.file, mask, true, context.view, &lanes)) return false;
  const T* b = context.Slot<T>(in.slot[1]);
  const T* c = in.slot[2] == kNoSlot ? b : context.Slot<T>(in.slot[2]);
  T before[kWarpSize];
  // What memory holds after a lane: each finds what the one before has left.
  const auto apply = [&](T held, int lane) {
    before[lane] = held;
    return Operation::Of(held, b[lane], c[lane], Flushes<Operation>(in, form, context.file, lane));
  };
  // Blocks that share memory run on one thread.
  if (form.space == Space::kShared || context.view.alone()) {
    ForEachLane(mask, [&](int lane) {
      std::atomic_ref<T> memory(*reinterpret_cast<T*>(lanes.address[lane]));
      memory.store(apply(memory.load(std::memory_order_relaxed), lane), std::memory_order_relaxed);
    });
  } else {
    const bool one_address = IsOneAddress(lanes);
    for (LaneMask rest = mask; rest != 0;) {
      const LaneMask together = one_address ? mask : rest & (0 - rest);
      std::atomic_ref<T> memory(*reinterpret_cast<T*>(lanes.address[std::countr_zero(rest)]));
      T old = memory.load(std::memory_order_relaxed), held;
      do {
        held = old;
        ForEachLane(together, [&](int lane) { held = apply(held, lane); });
      } while (!memory.compare_exchange_weak(old, held));
      rest &= ~together;
    }
  }
  if (in.slot[0] == kNoSlot) return true;
  T* result = context.Slot<T>(in.slot[0]);
  ForEachLane(mask, [&](int lane) { result[lane] = before[lane]; });
  return true;
}

struct AtomicRow {
  std::string_view name;
  AtomicForm form;
};

using U16 = std::uint16_t;
using U32 = std::uint32_t;
using U64 = std::uint64_t;
using S32 = std::int32_t;
using S64 = std::int64_t;

constexpr AtomicRow kRows[] = {
    {"and.b32", {RunAtomic<U32, And<U32>>, Type::kB32, false, true}},
    {"and.b64", {RunAtomic<U64, And<U64>>, Type::kB64, false, true}},
    {"or.b32", {RunAtomic<U32, Or<U32>>, Type::kB32, false, true}},
    {"or.b64", {RunAtomic<U64, Or<U64>>, Type::kB64, false, true}},
    {"xor.b32", {RunAtomic<U32, Xor<U32>>, Type::kB32, false, true}},
    {"xor.b64", {RunAtomic<U64, Xor<U64>>, Type::kB64, false, true}},
    {"exch.b32", {RunAtomic<U32, Exchange<U32>>, Type::kB32, false, false}},
    {"exch.b64", {RunAtomic<U64, Exchange<U64>>, Type::kB64, false, false}},
    {"cas.b16", {RunAtomic<U16, CompareAndSwap<U16>>, Type::kB16, true, false}},
    {"cas.b32", {RunAtomic<U32, CompareAndSwap<U32>>, Type::kB32, true, false}},
    {"cas.b64", {RunAtomic<U64, CompareAndSwap<U64>>, Type::kB64, true, false}},
    {"add.u32", {RunAtomic<U32, Add<U32>>, Type::kU32, false, true}},
    {"add.s32", {RunAtomic<U32, Add<U32>>, Type::kS32, false, true}},
    {"add.u64", {RunAtomic<U64, Add<U64>>, Type::kU64, false, true}},
    {"add.f32", {RunAtomic<U32, AddF32>, Type::kF32, false, true}},
    {"add.f64", {RunAtomic<U64, AddF64>, Type::kF64, false, true}},
    {"add.noftz.f16", {RunAtomic<U16, Half<F16, Sum>>, Type::kF16, false, true}},
    {"add.noftz.f16x2", {RunAtomic<U32, BothHalves<F16, Sum>>, Type::kF16x2, false, true}},
    {"add.noftz.bf16", {RunAtomic<U16, Half<BF16, Sum>>, Type::kBF16, false, true}},
    {"add.noftz.bf16x2", {RunAtomic<U32, BothHalves<BF16, Sum>>, Type::kBF16x2, false, true}},
    {"inc.u32", {RunAtomic<U32, Increment<U32>>, Type::kU32, false, true}},
    {"dec.u32", {RunAtomic<U32, Decrement<U32>>, Type::kU32, false, true}},
    {"min.u32", {RunAtomic<U32, Min<U32>>, Type::kU32, false, true}},
    {"min.s32", {RunAtomic<S32, Min<S32>>, Type::kS32, false, true}},
    {"min.u64", {RunAtomic<U64, Min<U64>>, Type::kU64, false, true}},
    {"min.s64", {RunAtomic<S64, Min<S64>>, Type::kS64, false, true}},
    {"max.u32", {RunAtomic<U32, Max<U32>>, Type::kU32, false, true}},
    {"max.s32", {RunAtomic<S32, Max<S32>>, Type::kS32, false, true}},
    {"max.u64", {RunAtomic<U64, Max<U64>>, Type::kU64, false, true}},
    {"max.s64", {RunAtomic<S64, Max<S64>>, Type::kS64, false, true}},
};

}  // namespace

AtomicForm FindAtomic(std::string_view name) {
  for (const AtomicRow& row : kRows)
    if (row.name == name) return row.form;
  return {};
}

std::vector<std::string_view> AllAtomics() {
  std::vector<std::string_view> names;
  for (const AtomicRow& row : kRows) names.push_back(row.name);
  return names;
}

}  // namespace nodecuda::simulator
