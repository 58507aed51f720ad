#include "simulator/exec/warp/wide_atomics.h"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <mutex>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/warp/lanes.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {
namespace {

using ptx::Type;

// Formats of an element, as numbers that hold all of its values. Vectors are in global memory,
// where f32 flushes subnormals.
struct F32 {
  using Bits = std::uint32_t;
  static float Flush(float x) {
    return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
  }
  static float Read(Bits bits) { return Flush(std::bit_cast<float>(bits)); }
  static Bits Write(float x) { return std::isnan(x) ? 0x7fffffff : std::bit_cast<Bits>(Flush(x)); }
};
struct F16 {
  using Bits = std::uint16_t;
  static float Read(Bits bits) { return HalfToFloat(bits); }
  static Bits Write(float x) { return std::isnan(x) ? Bits{0x7fff} : FloatToHalf(x); }
};
struct BF16 {
  using Bits = std::uint16_t;
  static float Read(Bits bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
  static Bits Write(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    return std::isnan(x) ? Bits{0x7fff}
                         : static_cast<Bits>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
};

// f32 has digits enough that rounding a sum of halves a second time does no harm.
struct Add {
  static float Of(float a, float b) { return a + b; }
};
// The number wins over NaN; -0 is less than +0.
struct Min {
  static float Of(float a, float b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? b : a;
    return a < b || (a == b && std::signbit(a)) ? a : b;
  }
};
struct Max {
  static float Of(float a, float b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) ? b : a;
    return a > b || (a == b && !std::signbit(a)) ? a : b;
  }
};

template <typename Format, typename Operation>
struct One {
  using Bits = typename Format::Bits;
  static Bits Of(Bits a, Bits b) {
    return Format::Write(Operation::Of(Format::Read(a), Format::Read(b)));
  }
};
template <typename Half>
struct Two {
  using Bits = std::uint32_t;
  static Bits Of(Bits a, Bits b) {
    const auto part = [&](int shift) -> Bits {
      return Half::Of(static_cast<std::uint16_t>(a >> shift),
                      static_cast<std::uint16_t>(b >> shift));
    };
    return part(16) << 16 | part(0);
  }
};

constexpr unsigned kMaxElements = 8;

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
      while (!memory.compare_exchange_weak(old, Element::Of(old, b[i]))) {
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
    {"add.f32", {RunVector<One<F32, Add>>, Type::kF32}},
    {"add.noftz.f16", {RunVector<One<F16, Add>>, Type::kF16}},
    {"add.noftz.bf16", {RunVector<One<BF16, Add>>, Type::kBF16}},
    {"add.noftz.f16x2", {RunVector<Two<One<F16, Add>>>, Type::kF16x2}},
    {"add.noftz.bf16x2", {RunVector<Two<One<BF16, Add>>>, Type::kBF16x2}},
    {"min.noftz.f16", {RunVector<One<F16, Min>>, Type::kF16}},
    {"min.noftz.bf16", {RunVector<One<BF16, Min>>, Type::kBF16}},
    {"min.noftz.f16x2", {RunVector<Two<One<F16, Min>>>, Type::kF16x2}},
    {"min.noftz.bf16x2", {RunVector<Two<One<BF16, Min>>>, Type::kBF16x2}},
    {"max.noftz.f16", {RunVector<One<F16, Max>>, Type::kF16}},
    {"max.noftz.bf16", {RunVector<One<BF16, Max>>, Type::kBF16}},
    {"max.noftz.f16x2", {RunVector<Two<One<F16, Max>>>, Type::kF16x2}},
    {"max.noftz.bf16x2", {RunVector<Two<One<BF16, Max>>>, Type::kBF16x2}},
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
