#include <array>
#include <chrono>
#include <cstring>
#include <span>

#include "binding/abi/block.h"
#include "binding/abi/kernel.h"
#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"

namespace nodecuda {
namespace {

using enum abi::kernel::Slot;
using enum abi::kernel::Flag;

// Enough for nearly all kernels; others take memory from the heap.
constexpr std::size_t kFewParameters = 64;

// What a launch is made with. The parameters are the kernel's bytes, with handles of buffers where
// addresses go.
struct LaunchRequest {
  const std::shared_ptr<KernelBox>& kernel;
  const std::shared_ptr<StreamBox>& stream;
  LaunchConfig config;
  std::span<const std::byte> parameters;
  std::span<const double> uses;
};

Dim3 ReadDim3(const Call& call, std::size_t slot, int least) {
  constexpr int kMost = 0x7fffffff;
  const auto number = [&](std::size_t i) {
    return static_cast<std::uint32_t>(call.Integer(slot + i, least, kMost));
  };
  return {number(0), number(1), number(2)};
}

LaunchRequest ReadRequest(const Call& call) {
  const std::shared_ptr<KernelBox>& kernel = call.Kernel(kKernel);
  LaunchRequest request{kernel, call.Stream(kStream), {}, {}, {}};
  LaunchConfig& config = request.config;
  config.grid = ReadDim3(call, kGridX, 1);
  config.block = ReadDim3(call, kBlockX, 1);
  config.cluster = ReadDim3(call, kClusterX, 0);
  config.dynamic_shared_bytes = call.Size(kSharedBytes);
  const int flags = call.Integer(kFlags, 0, kAllFlags);
  config.cooperative = (flags & kCooperative) != 0;
  config.programmatic_stream_serialization = (flags & kProgrammatic) != 0;
  config.stream = request.stream->handle();
  config.printf = kernel->module->device().printf;
  const std::size_t bytes = kernel->facts.parameter_bytes;
  if (bytes > abi::kernel::kMostParameterBytes) Refuse("the kernel has too many parameters");
  request.parameters = {reinterpret_cast<const std::byte*>(call.InBlock(kParameters)), bytes};
  request.uses = {call.InBlock(kUses),
                  static_cast<std::size_t>(call.Integer(kUseCount, 0, abi::kernel::kMostUses))};
  return request;
}

// One launch on its way: addresses in place of handles, and the buffers behind them.
class Launching {
 public:
  Launching(Environment& environment, const LaunchRequest& request)
      : environment_(environment), request_(request), device_(request.kernel->module->physical()) {
    RequireSameDevice(device_, *request.stream);
    if (!request.parameters.empty()) {
      std::memcpy(bytes_.data(), request.parameters.data(), request.parameters.size());
    }
  }

  void Run() {
    KernelBox& kernel = *request_.kernel;
    // All handles are looked up before any CUDA call is made.
    for (const PointerSlot& slot : kernel.pointers) Resolve(slot);
    for (const ObjectSlot& slot : kernel.objects) Resolve(slot);
    for (const double use : request_.uses) BufferOf(use < 0 ? -use : use);
    device_.Enter();
    kernel.NeedDynamicShared(request_.config.dynamic_shared_bytes);
    for (const bool writes : {false, true}) Order(writes);
    kernel.module->BeforeLaunch(request_.stream);
    const auto status = LaunchWith(kernel);
    if (status != Status::kSuccess) [[unlikely]] {
      device_.Check(status, kLaunch, "kernel " + kernel.facts.name);
    }
  }

 private:
  const BufferView& BufferOf(double handle) const {
    const BufferView& buffer = *environment_.buffers.Get(handle);
    RequireSameDevice(device_, buffer);
    return buffer;
  }

  double HandleAt(std::uint32_t offset) const {
    double handle;
    std::memcpy(&handle, request_.parameters.data() + offset, sizeof handle);
    return handle;
  }

  void Resolve(const PointerSlot& slot) {
    const double handle = HandleAt(slot.offset);
    const std::byte* address = nullptr;
    if (handle != abi::kNoBuffer) {
      address = BufferOf(handle).data();
      if (reinterpret_cast<std::uintptr_t>(address) % slot.alignment != 0) {
        Refuse("a view is not aligned as the kernel demands");
      }
    }
    std::memcpy(bytes_.data() + slot.offset, &address, sizeof address);
  }

  void Resolve(const ObjectSlot& slot) {
    const TextureBox& texture = *environment_.textures.Get(HandleAt(slot.offset));
    if (texture.is_surface() != slot.is_surface) Refuse("a texture stands for a surface");
    RequireSameDevice(device_, texture.memory());
    const std::uint64_t object = texture.object();
    std::memcpy(bytes_.data() + slot.offset, &object, sizeof object);
  }

  void Order(bool writes) {
    for (const PointerSlot& slot : request_.kernel->pointers) {
      if (slot.is_const == writes) continue;
      if (const double handle = HandleAt(slot.offset); handle != abi::kNoBuffer)
        Order(handle, writes);
    }
    for (const ObjectSlot& slot : request_.kernel->objects) {
      if (slot.is_surface != writes) continue;
      Order(environment_.textures.Get(HandleAt(slot.offset))->memory(), writes);
    }
    for (const double use : request_.uses) {
      if ((use < 0) == writes) continue;
      Order(use < 0 ? -use : use, writes);
    }
  }

  void Order(double handle, bool writes) {
    Order(*environment_.buffers.Get(handle)->memory, writes);
  }

  void Order(MemoryBox& memory, bool writes) {
    if (writes) {
      memory.BeforeWrite(request_.stream);
    } else {
      memory.BeforeRead(request_.stream);
    }
  }

  Status LaunchWith(const KernelBox& kernel) {
    const auto& parameters = kernel.facts.parameters;
    std::array<void*, kFewParameters> few;
    std::vector<void*> many;
    void** arguments = few.data();
    if (parameters.size() > few.size()) {
      many.resize(parameters.size());
      arguments = many.data();
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      arguments[i] = bytes_.data() + parameters[i].offset;
    }
    return device_.runtime().LaunchKernelExC(request_.config, kernel.handle, arguments);
  }

  Environment& environment_;
  const LaunchRequest& request_;
  PhysicalDevice& device_;
  alignas(64) std::array<std::byte, abi::kernel::kMostParameterBytes> bytes_;  // not cleared
};

napi_value LaunchKernel(Call& call) {
  const LaunchRequest request = ReadRequest(call);
  Launching(call.environment(), request).Run();
  return call.Undefined();
}

std::shared_ptr<PreparedLaunch> Prepared(const Call& call) {
  const LaunchRequest request = ReadRequest(call);
  return std::make_shared<PreparedLaunch>(
      PreparedLaunch{request.kernel, request.stream, request.config,
                     std::vector<std::byte>(request.parameters.begin(), request.parameters.end()),
                     std::vector<double>(request.uses.begin(), request.uses.end())});
}

napi_value Prepare(Call& call) {
  return call.FromNumber(call.environment().prepared_launches.Add(Prepared(call)));
}

// Replaces all of a prepared launch by what is in the argument block.
napi_value PrepareAgain(Call& call) {
  *call.environment().prepared_launches.Get(*call.InBlock(kPrepared)) = *Prepared(call);
  return call.Undefined();
}

void RunOnce(const Call& call, const PreparedLaunch& prepared) {
  if (prepared.stream->closed()) {
    throw Failure(Failure::Kind::kDisposed, "the stream was disposed");
  }
  const LaunchRequest request{prepared.kernel, prepared.stream, prepared.config,
                              prepared.parameters, prepared.uses};
  Launching(call.environment(), request).Run();
}

napi_value RunPrepared(Call& call) {
  RunOnce(call, *call.environment().prepared_launches.Get(call.Number(0)));
  return call.Undefined();
}

// The same from a C++ loop: what is left of its time is JavaScript's and Node-API's.
napi_value BenchPrepared(Call& call) {
  const PreparedLaunch& prepared = *call.environment().prepared_launches.Get(call.Number(0));
  const std::size_t count = call.Size(1);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) RunOnce(call, prepared);
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return call.FromNumber(count == 0 ? 0 : elapsed.count() / static_cast<double>(count));
}

napi_value BenchEmpty(Call& call) {
  return call.Undefined();
}

napi_value ClosePrepared(Call& call) {
  call.environment().prepared_launches.Remove(call.Number(0));
  return call.Undefined();
}

}  // namespace

void ExportLaunch(napi_env env, napi_value exports, Environment& environment) {
  constexpr auto kInBlock = Call::Arguments::kInBlock;
  const auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("launchKernel", EntryPoint<LaunchKernel, kInBlock>);
  add("prepareLaunch", EntryPoint<Prepare, kInBlock>);
  add("prepareAgain", EntryPoint<PrepareAgain, kInBlock>);
  add("runPrepared", EntryPoint<RunPrepared>);
  add("closePrepared", EntryPoint<ClosePrepared>);
  add("benchPrepared", EntryPoint<BenchPrepared>);
  add("benchEmpty", EntryPoint<BenchEmpty>);
}

}  // namespace nodecuda
