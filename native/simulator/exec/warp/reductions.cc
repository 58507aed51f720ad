#include "simulator/exec/warp/reductions.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <string>
#include <type_traits>

#include "simulator/exec/warp/atomic_math.h"

namespace nodecuda::simulator {
namespace {

using U16 = std::uint16_t;
using U32 = std::uint32_t;
using U64 = std::uint64_t;
using S32 = std::int32_t;
using S64 = std::int64_t;

// Other threads may reduce into the same elements: each is exchanged as a whole.
template <typename T, typename Operation>
void Reduce(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += sizeof(T)) {
    T operand;
    std::memcpy(&operand, from + at, sizeof operand);
    std::atomic_ref<T> memory(*reinterpret_cast<T*>(to + at));
    T old = memory.load(std::memory_order_relaxed);
    while (!memory.compare_exchange_weak(
        old, Operation::Of(old, operand, T{}, std::is_same_v<Operation, AddF32>))) {
    }
  }
}

// From the PTX ISA's tables of cp.reduce.async.bulk.
constexpr MemoryReduction kRows[] = {
    {"and.b32", Reduce<U32, And<U32>>, true},
    {"and.b64", Reduce<U64, And<U64>>},
    {"or.b32", Reduce<U32, Or<U32>>, true},
    {"or.b64", Reduce<U64, Or<U64>>},
    {"xor.b32", Reduce<U32, Xor<U32>>, true},
    {"xor.b64", Reduce<U64, Xor<U64>>},
    {"add.u32", Reduce<U32, Add<U32>>, true},
    {"add.s32", Reduce<U32, Add<U32>>, true},
    {"add.u64", Reduce<U64, Add<U64>>, true},
    {"add.f32", Reduce<U32, AddF32>},
    {"add.f64", Reduce<U64, AddF64>},
    {"add.noftz.f16", Reduce<U16, Half<F16, Sum>>},
    {"add.noftz.bf16", Reduce<U16, Half<BF16, Sum>>},
    {"inc.u32", Reduce<U32, Increment<U32>>, true},
    {"dec.u32", Reduce<U32, Decrement<U32>>, true},
    {"min.u32", Reduce<U32, Min<U32>>, true},
    {"min.s32", Reduce<S32, Min<S32>>, true},
    {"min.u64", Reduce<U64, Min<U64>>},
    {"min.s64", Reduce<S64, Min<S64>>},
    {"min.f16", Reduce<U16, Half<F16, Least>>},
    {"min.bf16", Reduce<U16, Half<BF16, Least>>},
    {"max.u32", Reduce<U32, Max<U32>>, true},
    {"max.s32", Reduce<S32, Max<S32>>, true},
    {"max.u64", Reduce<U64, Max<U64>>},
    {"max.s64", Reduce<S64, Max<S64>>},
    {"max.f16", Reduce<U16, Half<F16, Greatest>>},
    {"max.bf16", Reduce<U16, Half<BF16, Greatest>>},
};

constexpr std::string_view kTensorOperations[] = {"add", "min", "max", "inc",
                                                  "dec", "and", "or",  "xor"};

// The suffix of the operations on a tensor's elements, if these are no bits; empty: there are none.
std::string_view TypeName(TensorMapDataType type) {
  switch (type) {
    case TensorMapDataType::kUint32:
      return "u32";
    case TensorMapDataType::kInt32:
      return "s32";
    case TensorMapDataType::kUint64:
      return "u64";
    case TensorMapDataType::kInt64:
      return "s64";
    case TensorMapDataType::kFloat16:
      return "f16";
    case TensorMapDataType::kBfloat16:
      return "bf16";
    case TensorMapDataType::kFloat32:
      return "f32";
    case TensorMapDataType::kFloat64:
      return "f64";
    default:
      return {};
  }
}

}  // namespace

std::span<const MemoryReduction> AllReductions() {
  return kRows;
}

std::size_t FindReduction(std::string_view name) {
  const auto* row =
      std::ranges::find_if(kRows, [name](const MemoryReduction& row) { return row.name == name; });
  return row == std::end(kRows) ? 0 : static_cast<std::size_t>(row - kRows) + 1;
}

std::size_t FindTensorReduction(std::string_view operation) {
  const auto* found = std::ranges::find(kTensorOperations, operation);
  const bool any = found != std::end(kTensorOperations);
  return any ? static_cast<std::size_t>(found - kTensorOperations) + 1 : 0;
}

const MemoryReduction* TensorReductionOf(std::size_t place, TensorMapDataType elements) {
  const std::string operation(kTensorOperations[place - 1]);
  const std::string type(TypeName(elements));
  const bool on_bits = operation == "and" || operation == "or" || operation == "xor";
  std::string name = operation + "." + type;
  if (on_bits && type.size() == 3) name = operation + ".b" + type.substr(1);
  if (operation == "add" && type.ends_with("f16")) name = operation + ".noftz." + type;
  if (operation == "add" && type == "s64") name = "add.u64";
  const std::size_t row = FindReduction(name);
  return row == 0 ? nullptr : &kRows[row - 1];
}

}  // namespace nodecuda::simulator
