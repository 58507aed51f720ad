#include <cstring>
#include <utility>

#include "binding/abi/kernel.h"
#include "binding/call.h"
#include "binding/exports.h"
#include "modules/read_image.h"

namespace nodecuda {
namespace {

napi_value Load(Call& call) {
  const std::shared_ptr<DeviceBox>& device = call.Device(0)->box;
  const ViewBytes image = call.View(1);
  const auto* bytes = static_cast<const std::byte*>(image.data);
  device->physical->Enter();
  const DeviceProperties& properties = device->physical->properties();
  modules::Problem problem;
  std::vector<std::byte> copy(bytes, bytes + image.bytes);
  std::optional<modules::Contents> contents = modules::ReadImage(
      copy, {properties.major * 10 + properties.minor, !properties.simulated}, &problem);
  if (!contents) {
    Failure failure(Failure::Kind::kCuda, "loadModule", problem.words);
    failure.status = problem.kind == modules::Problem::Kind::kNoCode
                         ? Status::kNoKernelImageForDevice
                         : Status::kInvalidKernelImage;
    failure.device = device->physical->index();
    throw failure;
  }
  auto module = std::make_shared<ModuleBox>(device, copy, *std::move(contents));
  return call.FromNumber(call.environment().modules.Add(std::move(module)));
}

napi_value Close(Call& call) {
  call.environment().modules.Remove(call.Number(0));
  return call.Undefined();
}

// As PTX spells it; empty for what is not known.
std::string_view NameOf(ptx::Type type) {
  for (const std::string_view name : {"b8", "b16", "b32", "b64", "b128", "u8", "u16", "u32", "u64",
                                      "s8", "s16", "s32", "s64", "f16", "bf16", "f32", "f64"}) {
    if (ptx::TypeFromName(name) == type) return name;
  }
  return "";
}

// Figures that only compiled code has.
template <class T>
double OrUnknown(const std::optional<T>& figure) {
  return figure ? static_cast<double>(*figure) : -1;
}

napi_value Describe(napi_env env, const modules::Parameter& parameter) {
  Object object(env);
  object.Set("byteOffset", parameter.offset);
  object.Set("byteLength", parameter.bytes);
  object.Set("alignment", parameter.alignment);
  object.Set("type", NameOf(parameter.type));
  if (parameter.is_pointer) {
    object.Set("isPointer", *parameter.is_pointer);
  } else {
    object.Set("isPointer", nullptr);
  }
  return object.value();
}

napi_value Describe(napi_env env, const modules::KernelFacts& facts) {
  Object object(env);
  object.Set("name", std::string_view(facts.name));
  Array parameters(env);
  for (const modules::Parameter& parameter : facts.parameters) {
    parameters.Add(Describe(env, parameter));
  }
  object.Set("parameters", parameters.value());
  object.Set("parameterBytes", facts.parameter_bytes);
  object.Set("registers", OrUnknown(facts.registers));
  object.Set("sharedBytes", OrUnknown(facts.static_shared_bytes));
  object.Set("localBytes", OrUnknown(facts.local_bytes));
  object.Set("maxThreads", facts.max_threads);
  object.Set("maxClusterBlocks", facts.max_cluster_rank);
  object.Set("requiredBlock", ToArray(env, facts.required_threads));
  object.Set("requiredCluster", ToArray(env, facts.required_cluster));
  return object.value();
}

napi_value Describe(napi_env env, const modules::VariableFacts& facts) {
  Object object(env);
  object.Set("name", std::string_view(facts.name));
  object.Set("byteLength", facts.bytes);
  object.Set("type", NameOf(facts.type));
  object.Set("isConstant", facts.space == ptx::Space::kConst);
  return object.value();
}

napi_value Contents(Call& call) {
  const modules::Contents& contents = call.Module(0)->contents();
  Array kernels(call.env()), variables(call.env());
  for (const auto& facts : contents.kernels) kernels.Add(Describe(call.env(), facts));
  for (const auto& facts : contents.variables) variables.Add(Describe(call.env(), facts));
  Object object(call.env());
  object.Set("kernels", kernels.value());
  object.Set("variables", variables.value());
  return object.value();
}

// Triples of numbers: offset, alignment, and what the handle there is (abi/kernel.mjs).
ParameterSlots SlotsOf(const Call& call, std::size_t index, const modules::KernelFacts& facts) {
  const ViewBytes view = call.View(index);
  std::vector<std::uint32_t> numbers(view.bytes / sizeof(std::uint32_t));
  if (!numbers.empty()) {
    std::memcpy(numbers.data(), view.data, numbers.size() * sizeof(std::uint32_t));
  }
  ParameterSlots slots;
  for (std::size_t i = 0; i + 3 <= numbers.size(); i += 3) {
    const std::uint32_t offset = numbers[i], alignment = numbers[i + 1], use = numbers[i + 2];
    if (offset % sizeof(void*) != 0 || offset + sizeof(void*) > facts.parameter_bytes ||
        alignment == 0) {
      throw Failure(Failure::Kind::kArgumentRange, "a pointer lies outside the parameters");
    }
    if (use == abi::kernel::kUseTexture || use == abi::kernel::kUseSurface) {
      slots.objects.push_back({offset, use == abi::kernel::kUseSurface});
    } else {
      slots.pointers.push_back({offset, alignment, use != abi::kernel::kUseWrite});
    }
  }
  return slots;
}

napi_value OpenKernel(Call& call) {
  const std::shared_ptr<ModuleBox>& module = call.Module(0);
  const std::string name = call.Text(1);
  const modules::KernelFacts* facts = module->FindKernel(name);
  if (facts == nullptr) {
    throw Failure(Failure::Kind::kArgumentRange, "the module has no kernel of that name");
  }
  ParameterSlots slots = SlotsOf(call, 2, *facts);
  module->physical().Enter();
  auto kernel = std::make_shared<KernelBox>(module, *facts, std::move(slots));
  return call.FromNumber(call.environment().kernels.Add(std::move(kernel)));
}

// The same kernel with addresses elsewhere. Of the kernel, because its module may be disposed.
napi_value ReopenKernel(Call& call) {
  const std::shared_ptr<KernelBox> kernel = call.Kernel(0);
  ParameterSlots slots = SlotsOf(call, 1, kernel->facts);
  kernel->module->physical().Enter();
  auto other = std::make_shared<KernelBox>(kernel->module, kernel->facts, std::move(slots));
  return call.FromNumber(call.environment().kernels.Add(std::move(other)));
}

napi_value CloseKernel(Call& call) {
  call.environment().kernels.Remove(call.Number(0));
  return call.Undefined();
}

napi_value KernelAttributes(Call& call) {
  const FunctionAttributes& attributes = call.Kernel(0)->attributes;
  Object object(call.env());
  object.Set("sharedBytes", attributes.shared_bytes);
  object.Set("localBytes", attributes.local_bytes);
  object.Set("constBytes", attributes.const_bytes);
  object.Set("registers", attributes.registers);
  object.Set("maxThreadsPerBlock", attributes.max_threads_per_block);
  return object.value();
}

napi_value Occupancy(Call& call) {
  KernelBox& kernel = *call.Kernel(0);
  PhysicalDevice& device = kernel.module->physical();
  const int threads = call.Integer(1, 1, 1 << 16);
  const std::size_t dynamic = call.Size(2);
  device.Enter();
  kernel.NeedDynamicShared(dynamic);
  int blocks = 0;
  device.Check(device.runtime().OccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel.handle,
                                                                          threads, dynamic),
               "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  return call.FromNumber(blocks);
}

napi_value Global(Call& call) {
  ModuleBox& module = *call.Module(0);
  const std::string name = call.Text(1);
  const std::shared_ptr<StreamBox>& stream = call.Stream(2);
  module.physical().Enter();
  std::shared_ptr<MemoryBox> memory = module.Global(name, stream);
  const std::size_t bytes = memory->bytes();
  auto view = std::make_shared<BufferView>(BufferView{std::move(memory), 0, bytes});
  return call.FromNumber(call.environment().buffers.Add(std::move(view)));
}

napi_value EncodeTensorMap(Call& call) {
  const BufferView& buffer = *call.Buffer(0);
  const ViewBytes numbers = call.View(1), out = call.View(2);
  std::vector<double> values(numbers.bytes / sizeof(double));
  if (!values.empty()) {
    std::memcpy(values.data(), numbers.data, values.size() * sizeof(double));
  }
  constexpr std::size_t kHead = 4;
  std::size_t at = 0;
  const auto next = [&](double most) {
    if (at == values.size() || !(values[at] >= 0 && values[at] <= most)) {
      throw Failure(Failure::Kind::kArgumentRange, "no such tensor map");
    }
    return static_cast<std::uint64_t>(values[at++]);
  };
  TensorMapTiled tiled;
  tiled.data_type = static_cast<TensorMapDataType>(next(16));
  tiled.swizzle = static_cast<TensorMapSwizzle>(next(3));
  tiled.l2_promotion = static_cast<TensorMapL2Promotion>(next(3));
  tiled.rank = static_cast<std::uint32_t>(next(kMaxTensorRank));
  const std::uint32_t rank = tiled.rank;
  if (rank == 0 || values.size() != kHead + 4 * rank - 1 || out.bytes != sizeof(TensorMap)) {
    throw Failure(Failure::Kind::kArgumentRange, "no such tensor map");
  }
  constexpr double kMost = 9007199254740991.0;
  for (std::uint32_t d = 0; d < rank; ++d) tiled.global_dim[d] = next(kMost);
  for (std::uint32_t d = 0; d + 1 < rank; ++d) tiled.global_strides[d] = next(kMost);
  for (std::uint32_t d = 0; d < rank; ++d) tiled.box_dim[d] = static_cast<std::uint32_t>(next(256));
  for (std::uint32_t d = 0; d < rank; ++d) {
    tiled.element_strides[d] = static_cast<std::uint32_t>(next(8));
  }
  tiled.global_address = buffer.data();
  if (reinterpret_cast<std::uintptr_t>(buffer.data()) % 16 != 0) {
    throw Failure(Failure::Kind::kArgumentRange,
                  "`buffer` does not begin at a multiple of 16 bytes");
  }
  PhysicalDevice& device = *buffer.memory->device().physical;
  device.Enter();
  TensorMap map;
  device.Check(device.runtime().TensorMapEncodeTiled(&map, tiled), "cuTensorMapEncodeTiled");
  std::memcpy(out.data, &map, sizeof map);
  return call.Undefined();
}

}  // namespace

void ExportModules(napi_env env, napi_value exports, Environment& environment) {
  const auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("loadModule", EntryPoint<Load>);
  add("closeModule", EntryPoint<Close>);
  add("moduleContents", EntryPoint<Contents>);
  add("moduleGlobal", EntryPoint<Global>);
  add("openKernel", EntryPoint<OpenKernel>);
  add("reopenKernel", EntryPoint<ReopenKernel>);
  add("closeKernel", EntryPoint<CloseKernel>);
  add("kernelAttributes", EntryPoint<KernelAttributes>);
  add("kernelOccupancy", EntryPoint<Occupancy>);
  add("encodeTensorMap", EntryPoint<EncodeTensorMap>);
}

}  // namespace nodecuda
