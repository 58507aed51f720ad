#include "resources/module_box.h"

#include <algorithm>
#include <utility>

#include "resources/afterwards.h"

namespace nodecuda {
namespace {

// Streams are made and closed again and again: more than so many are not kept apart.
constexpr std::size_t kMostStreams = 8;

// `ptx` is what the result may refer to.
ModuleImage ImageOf(std::span<const std::byte> image, const modules::Contents& contents,
                    PtxImage* ptx) {
  ModuleImage both;
  if (contents.kind != modules::ImageKind::kPtx) both.fatbin = image;
  if (contents.ptx_target) {
    // Whether the device can run it has been seen to.
    *ptx = {.target = contents.ptx_target->number, .text = contents.ptx_text};
    both.ptx = {ptx, 1};
  }
  return both;
}

}  // namespace

ModuleBox::ModuleBox(std::shared_ptr<DeviceBox> device, std::span<const std::byte> image,
                     modules::Contents contents)
    : device_(std::move(device)), contents_(std::move(contents)) {
  PtxImage ptx;
  std::string log;
  const Status status =
      physical().runtime().LibraryLoadData(&library_, ImageOf(image, contents_, &ptx), &log);
  physical().Check(status, "cudaLibraryLoadData", log);
}

ModuleBox::~ModuleBox() {
  if (!physical().EnterQuietly()) return;
  std::shared_ptr<EventBox> end;
  if (!streams_.empty() || had_globals_) {
    try {
      const Stream stream = physical().housekeeping_stream();
      OrderBefore(stream);
      end = std::make_shared<EventBox>(device_->physical);
      physical().Check(physical().runtime().EventRecord(end->handle(), stream), "cudaEventRecord");
    } catch (...) {
      return;  // nobody can tell when it is over: it stays loaded
    }
  }
  const auto unload = [](Runtime& runtime, std::uint64_t handle) {
    return runtime.LibraryUnload(reinterpret_cast<Library>(handle));
  };
  ReleaseBehind(device_->physical, {unload, reinterpret_cast<std::uintptr_t>(library_)},
                std::move(end));
}

const modules::KernelFacts* ModuleBox::FindKernel(std::string_view name) const {
  const auto found = std::ranges::find(contents_.kernels, name, &modules::KernelFacts::name);
  return found == contents_.kernels.end() ? nullptr : &*found;
}

std::shared_ptr<MemoryBox> ModuleBox::Global(const std::string& name,
                                             const std::shared_ptr<StreamBox>& stream) {
  const auto facts = std::ranges::find(contents_.variables, name, &modules::VariableFacts::name);
  if (facts == contents_.variables.end()) {
    throw Failure(Failure::Kind::kArgumentRange, "the module has no variable of that name");
  }
  if (const auto known = globals_.find(name); known != globals_.end()) {
    if (auto memory = known->second.memory.lock()) return memory;
  }
  void* data = nullptr;
  std::size_t bytes = 0;
  physical().Check(physical().runtime().LibraryGetGlobal(&data, &bytes, library_, name.c_str()),
                   "cudaLibraryGetGlobal", name);
  OrderBefore(stream->handle());
  if (had_globals_) {
    physical().Check(
        physical().runtime().StreamWaitEvent(stream->handle(), MarkGone()->handle(), 0),
        "cudaStreamWaitEvent");
  }
  auto memory = std::make_shared<MemoryBox>(device_, data, bytes, stream, shared_from_this());
  had_globals_ = true;
  globals_[name] = {memory, facts->space == ptx::Space::kConst};
  return memory;
}

// What is enqueued on `waiter` from now on waits for all launches.
void ModuleBox::OrderBefore(Stream waiter) {
  for (const auto& stream : streams_) stream->OrderBefore(waiter);
}

// Reached when the last uses of variables whose boxes are gone have ended: each box ordered them
// before the housekeeping stream.
std::shared_ptr<EventBox> ModuleBox::MarkGone() {
  auto mark = std::make_shared<EventBox>(device_->physical);
  physical().Check(
      physical().runtime().EventRecord(mark->handle(), physical().housekeeping_stream()),
      "cudaEventRecord");
  return mark;
}

void ModuleBox::OrderLaunch(const std::shared_ptr<StreamBox>& stream) {
  const auto is_gone = [](const auto& global) { return global.second.memory.expired(); };
  if (std::ranges::any_of(globals_, is_gone)) {
    gone_ = MarkGone();
    after_gone_.clear();
    std::erase_if(globals_, is_gone);
  }
  if (gone_ != nullptr && std::ranges::find(after_gone_, stream) == after_gone_.end()) {
    physical().Check(physical().runtime().StreamWaitEvent(stream->handle(), gone_->handle(), 0),
                     "cudaStreamWaitEvent");
    std::erase_if(after_gone_, [](const auto& each) { return each->closed(); });
    after_gone_.push_back(stream);
  }
  for (const auto& [name, global] : globals_) {
    const auto memory = global.memory.lock();
    if (global.is_constant) {
      memory->BeforeRead(stream);
    } else {
      memory->BeforeWrite(stream);
    }
  }
  if (std::ranges::find(streams_, stream) == streams_.end()) {
    if (streams_.size() >= kMostStreams) {
      // The new one stands for those that are gone.
      for (const auto& each : streams_) {
        if (each->closed()) each->OrderBefore(stream->handle());
      }
      std::erase_if(streams_, [](const auto& each) { return each->closed(); });
    }
    streams_.push_back(stream);
  }
  last_stream_ = stream;
}

KernelBox::KernelBox(std::shared_ptr<ModuleBox> its_module, const modules::KernelFacts& its_facts,
                     ParameterSlots its_slots)
    : module(std::move(its_module)),
      facts(its_facts),
      pointers(std::move(its_slots.pointers)),
      objects(std::move(its_slots.objects)) {
  PhysicalDevice& device = module->physical();
  std::string log;
  const Status status =
      device.runtime().LibraryGetKernel(&handle, module->library(), facts.name.c_str(), &log);
  device.Check(status, "cudaLibraryGetKernel", log.empty() ? "kernel " + facts.name : log);
  device.Check(device.runtime().FuncGetAttributes(&attributes, handle), "cudaFuncGetAttributes",
               "kernel " + facts.name);
  const std::size_t usual = device.properties().shared_memory_per_block;
  allowed_dynamic_ = usual - std::min(usual, attributes.shared_bytes);
}

// As much as there is, because the limit is the kernel's, which other boxes have too.
void KernelBox::AllowDynamicShared() {
  PhysicalDevice& device = module->physical();
  const std::size_t optin = device.properties().shared_memory_per_block_optin;
  const std::size_t most = optin - std::min(optin, attributes.shared_bytes);
  device.Check(device.runtime().KernelSetAttributeForDevice(
                   handle, KernelAttribute::kMaxDynamicSharedMemorySize, static_cast<int>(most),
                   device.index()),
               "cudaKernelSetAttributeForDevice", "kernel " + facts.name);
  allowed_dynamic_ = most;
}

}  // namespace nodecuda
