#include "binding/abi/elementwise.h"

#include <chrono>

#include "binding/abi/block.h"
#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "ops/elementwise/elementwise.h"

namespace nodecuda {
namespace {

using enum abi::elementwise::Slot;
using enum abi::elementwise::ScalarSlot;
using enum abi::elementwise::OperandSlot;
using enum abi::elementwise::DimensionSlot;
using abi::elementwise::kDimensionWidth;
using abi::elementwise::kOperandWidth;
using abi::elementwise::kScalarWidth;
constexpr std::size_t kOperandCount = 3;
static_assert(kOperands + kOperandCount * kOperandWidth == kLength);
static_assert(kStrides + kOperandCount == kDimensionWidth);

std::uint64_t BitsAt(const Call& call, std::size_t index) {
  constexpr std::size_t kMost = 0xffffffff;
  const std::size_t low = call.Size(index + kLow), high = call.Size(index + kHigh);
  if (low > kMost || high > kMost) Refuse("half of a scalar has more than 32 bits");
  return std::uint64_t{high} << 32 | low;
}

struct ElementwiseCall {
  explicit ElementwiseCall(const Call& call) : stream(call.Stream(kStream)), device(nullptr) {
    constexpr int kLastFamily = static_cast<int>(ElementwiseFamily::kConvert);
    problem.family = static_cast<ElementwiseFamily>(call.Integer(kFamily, 0, kLastFamily));
    problem.operation = call.Integer(kOperation, 0, 255);
    problem.source = DtypeOf(call, kSource);
    problem.destination = DtypeOf(call, kDestination);
    problem.scalars[0] = BitsAt(call, kScalars);
    problem.scalars[1] = BitsAt(call, kScalars + kScalarWidth);
    problem.dimensions = call.Integer(kDimensions, 0, kMaxDimensions);
    if (problem.dimensions == 0) {
      problem.length = call.Size(kLength);
    } else {
      ReadShape(call);
    }
    for (std::size_t i = 0; i < kOperandCount; ++i) ReadOperand(call, i);
    RequireSameDevice(*device, *stream);
  }

  void Enqueue() const {
    device->Enter();
    if (problem.length == 0) return;
    for (int i = 1; i < 3; ++i) {
      if (operands[i] != nullptr) operands[i]->memory->BeforeRead(stream);
    }
    operands[0]->memory->BeforeWrite(stream);
    device->Check(EnqueueElementwise(ContextOf(*device, *stream, Module::elementwise), problem),
                  kLaunch);
  }

 private:
  void ReadShape(const Call& call) {
    for (int d = 0; d < problem.dimensions; ++d) {
      const std::size_t at = kShape + kDimensionWidth * static_cast<std::size_t>(d);
      problem.shape[d] = ExtentAt(call, at + kExtent);
      for (std::size_t i = 0; i < kOperandCount; ++i) {
        problem.strides[i][d] = call.Signed(at + kStrides + i);
      }
    }
    problem.length = ElementCount({problem.shape, static_cast<std::size_t>(problem.dimensions)});
  }

  // The elements that the operand reaches must be within its buffer.
  void ReadOperand(const Call& call, std::size_t i) {
    const std::size_t at = kOperands + kOperandWidth * i;
    const bool is_unary = problem.family != ElementwiseFamily::kBinary;
    if (i != 0 && (call.Number(at + kHandle) == abi::kNoBuffer || (i == 2 && is_unary))) {
      if (i == 1 && is_unary) throw Failure(Failure::Kind::kArgumentType, "x is missing");
      problem.inputs[i - 1] = nullptr;
      for (int d = 0; d < problem.dimensions; ++d) problem.strides[i][d] = 0;
      return;
    }
    const BufferView& buffer = *call.Buffer(at + kHandle);
    operands[i] = &buffer;
    if (i == 0) device = buffer.memory->device().physical.get();
    RequireSameDevice(*device, buffer);
    const Dtype dtype = i == 0 ? problem.destination : problem.source;
    const std::size_t offset = call.Size(at + kOffset);
    std::byte* data = buffer.data();
    if (!ReachOfOperand(buffer, dtype, offset, i).empty()) data += offset * ByteSize(dtype);
    if (i == 0) {
      problem.out = data;
    } else {
      problem.inputs[i - 1] = data;
    }
  }

  Reach ReachOfOperand(const BufferView& buffer, Dtype dtype, std::size_t offset,
                       std::size_t i) const {
    const auto dimensions = static_cast<std::size_t>(problem.dimensions);
    if (dimensions != 0) {
      return ReachOf(buffer, dtype, offset, {problem.shape, dimensions},
                     {problem.strides[i], dimensions});
    }
    const auto length = static_cast<std::int64_t>(problem.length);
    const std::int64_t stride = 1;
    return ReachOf(buffer, dtype, offset, {&length, 1}, {&stride, 1});
  }

  ElementwiseProblem problem;
  const BufferView* operands[kOperandCount] = {};
  const std::shared_ptr<StreamBox>& stream;
  PhysicalDevice* device;
};

napi_value Elementwise(Call& call) {
  ElementwiseCall(call).Enqueue();
  return call.Undefined();
}

// The same calls as Elementwise makes, from a C++ loop: what is left of Elementwise's time is the
// binding's.
napi_value BenchElementwise(Call& call) {
  const ElementwiseCall prepared(call);
  const std::size_t count = call.Size(kRepeat);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) prepared.Enqueue();
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return call.FromNumber(count == 0 ? 0 : elapsed.count() / static_cast<double>(count));
}

}  // namespace

void ExportElementwise(napi_env env, napi_value exports, Environment& environment) {
  const auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("elementwise", EntryPoint<Elementwise, Call::Arguments::kInBlock>);
  add("benchElementwise", EntryPoint<BenchElementwise, Call::Arguments::kInBlock>);
}

}  // namespace nodecuda
