#include "simulator/exec/warp/wide_atomics.h"

#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>

#include "simulator/exec/warp/atomic_math.h"
#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

using ptx::Type;

constexpr unsigned kMaxElements = 8;

// In global memory, where f32 flushes.
template <typename Element>
bool RunVector(const Instruction& in, WarpContext& context, LaneMask mask) {
  using Bits = typename Element::Bits;
  const MemoryForm form = MemoryForm::Of(in);
  HostAddresses lanes;
  if (!ResolveLanes(in, form, context.file, mask, true, context.view, &lanes)) return false;
  const unsigned length = 1u << form.vector_log2;
  const std::uint32_t *results = context.ListOf(in), *operands = results + length;
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    Bits b[kMaxElements];  // a result may take the place of an operand
    for (unsigned i = 0; i < length; ++i) b[i] = context.Slot<Bits>(operands[i])[lane];
    for (unsigned i = 0; i < length; ++i) {
      std::atomic_ref<Bits> memory(reinterpret_cast<Bits*>(lanes.address[lane])[i]);
      Bits old = memory.load();
      while (!memory.compare_exchange_weak(old, Element::Of(old, b[i], 0, true))) {
      }
      if (results[i] != kNoSlot) context.Slot<Bits>(results[i])[lane] = old;
    }
  }
  return true;
}

// Not many processors exchange 16 bytes in one step, so these keep each other out by a lock.
std::mutex wide_mutex;

struct Wide {
  std::uint64_t low = 0, high = 0;
  bool operator==(const Wide&) const = default;
};

template <bool kCompares>
bool RunWide(const Instruction& in, WarpContext& context, LaneMask mask) {
  HostAddresses lanes;
  if (!ResolveLanes(in, MemoryForm::Of(in), context.file, mask, true, context.view, &lanes))
    return false;
  const std::uint32_t* list = context.ListOf(in);
  const auto read = [&](int operand, int lane) -> Wide {
    return {context.Slot<std::uint64_t>(list[2 * operand])[lane],
            context.Slot<std::uint64_t>(list[2 * operand + 1])[lane]};
  };
  const std::lock_guard lock(wide_mutex);
  for (LaneMask rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const Wide b = read(1, lane), c = kCompares ? read(2, lane) : b;
    Wide& memory = *reinterpret_cast<Wide*>(lanes.address[lane]);
    const Wide old = memory;
    if (!kCompares || old == b) memory = c;
    if (list[0] != kNoSlot) context.Slot<std::uint64_t>(list[0])[lane] = old.low;
    if (list[1] != kNoSlot) context.Slot<std::uint64_t>(list[1])[lane] = old.high;
  }
  return true;
}

struct Row {
  std::string_view name;
  VectorAtomicForm form;
};

constexpr Row kRows[] = {
    {"add.f32", {RunVector<AddF32>, Type::kF32}},
    {"add.noftz.f16", {RunVector<Half<F16, Sum>>, Type::kF16}},
    {"add.noftz.bf16", {RunVector<Half<BF16, Sum>>, Type::kBF16}},
    {"add.noftz.f16x2", {RunVector<BothHalves<F16, Sum>>, Type::kF16x2}},
    {"add.noftz.bf16x2", {RunVector<BothHalves<BF16, Sum>>, Type::kBF16x2}},
    {"min.noftz.f16", {RunVector<Half<F16, Least>>, Type::kF16}},
    {"min.noftz.bf16", {RunVector<Half<BF16, Least>>, Type::kBF16}},
    {"min.noftz.f16x2", {RunVector<BothHalves<F16, Least>>, Type::kF16x2}},
    {"min.noftz.bf16x2", {RunVector<BothHalves<BF16, Least>>, Type::kBF16x2}},
    {"max.noftz.f16", {RunVector<Half<F16, Greatest>>, Type::kF16}},
    {"max.noftz.bf16", {RunVector<Half<BF16, Greatest>>, Type::kBF16}},
    {"max.noftz.f16x2", {RunVector<BothHalves<F16, Greatest>>, Type::kF16x2}},
    {"max.noftz.bf16x2", {RunVector<BothHalves<BF16, Greatest>>, Type::kBF16x2}},
};

}  // namespace

VectorAtomicForm FindVectorAtomic(std::string_view name) {
  for (const Row& row : kRows)
    if (row.name == name) return row.form;
  return {};
}

WarpHandler WideAtomicHandler(bool compares) {
  return compares ? RunWide<true> : RunWide<false>;
}

}  // namespace nodecuda::simulator
