#include <chrono>

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "ops/elementwise.h"

namespace nodecuda {
namespace {

// The argument block of `elementwise`, as lib/addon-types.ts documents it.
enum Slot : std::size_t {
  kFamily,
  kOperation,
  kSource,
  kDestination,
  kStream,
  kScalars,       // low and high 32 bits of each of two
  kOperands = 9,  // handle and offset of out, x, y; handle 0: none
  kLength = 15,   // of a contiguous call
  kRepeat,        // benchElementwise only
  kDimensions,    // 0: contiguous
  kShape,         // the extent and three strides of each
};
constexpr std::size_t kOperandCount = 3;
constexpr std::size_t kSlotsPerDimension = 1 + kOperandCount;
constexpr double kMaxSafeInteger = 9007199254740991.0;

[[noreturn]] void Refuse(const char* why) {
  throw Failure(Failure::Kind::kArgumentRange, why);
}

std::uint64_t BitsAt(const Call& call, std::size_t index) {
  constexpr std::size_t kMost = 0xffffffff;
  const std::size_t low = call.Size(index), high = call.Size(index + 1);
  if (low > kMost || high > kMost) Refuse("half of a scalar has more than 32 bits");
  return std::uint64_t{high} << 32 | low;
}

std::int64_t StrideAt(const Call& call, std::size_t index) {
  const double value = call.Number(index);
  if (!(value >= -kMaxSafeInteger && value <= kMaxSafeInteger) ||
      value != static_cast<double>(static_cast<std::int64_t>(value))) {
    Refuse("a stride is not an integer");
  }
  return static_cast<std::int64_t>(value);
}

struct ElementwiseCall {
  explicit ElementwiseCall(const Call& call) : stream(call.Stream(kStream)), device(nullptr) {
    problem.family = static_cast<ElementwiseFamily>(call.Integer(kFamily, 0, 2));
    problem.operation = call.Integer(kOperation, 0, 255);
    problem.source = DtypeOf(call, kSource);
    problem.destination = DtypeOf(call, kDestination);
    problem.scalars[0] = BitsAt(call, kScalars);
    problem.scalars[1] = BitsAt(call, kScalars + 2);
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
    problem.length = 1;
    for (int d = 0; d < problem.dimensions; ++d) {
      const std::size_t at = kShape + kSlotsPerDimension * static_cast<std::size_t>(d);
      const std::size_t extent = call.Size(at);
      problem.shape[d] = static_cast<std::int64_t>(extent);
      // Each extent is below 2^53, so no product of two overflows.
      if (__builtin_mul_overflow(problem.length, extent, &problem.length) ||
          (problem.length >> 53) != 0) {
        Refuse("the shape has too many elements");
      }
      for (std::size_t i = 0; i < kOperandCount; ++i) {
        problem.strides[i][d] = StrideAt(call, at + 1 + i);
      }
    }
  }

  // The elements that the operand reaches must be within its buffer.
  void ReadOperand(const Call& call, std::size_t i) {
    const std::size_t at = kOperands + 2 * i;
    const bool is_unary = problem.family != ElementwiseFamily::kBinary;
    if (i != 0 && (call.Number(at) == 0 || (i == 2 && is_unary))) {
      if (i == 1 && is_unary) throw Failure(Failure::Kind::kArgumentType, "x is missing");
      problem.inputs[i - 1] = nullptr;
      for (int d = 0; d < problem.dimensions; ++d) problem.strides[i][d] = 0;
      return;
    }
    const BufferView& buffer = *call.Buffer(at);
    operands[i] = &buffer;
    if (i == 0) device = buffer.memory->device().physical.get();
    RequireSameDevice(*device, buffer);
    const std::size_t element_bytes = ByteSize(i == 0 ? problem.destination : problem.source);
    RequireAligned(buffer, element_bytes);
    const std::size_t offset = call.Size(at + 1);
    const std::size_t elements = buffer.bytes / element_bytes;
    RequireReach(offset, i, elements);
    std::byte* data = buffer.data();
    if (problem.length != 0) data += offset * element_bytes;
    if (i == 0) {
      problem.out = data;
    } else {
      problem.inputs[i - 1] = data;
    }
  }

  void RequireReach(std::size_t offset, std::size_t operand, std::size_t elements) const {
    if (problem.length == 0) return;
    __int128 first = static_cast<__int128>(offset), last = first;
    if (problem.dimensions == 0) last += problem.length - 1;
    for (int d = 0; d < problem.dimensions; ++d) {
      const __int128 distance =
          static_cast<__int128>(problem.shape[d] - 1) * problem.strides[operand][d];
      (distance < 0 ? first : last) += distance;
    }
    if (first < 0 || last >= static_cast<__int128>(elements)) {
      Refuse("an operand reaches beyond its buffer");
    }
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
