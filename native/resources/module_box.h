#ifndef NODECUDA_RESOURCES_MODULE_BOX_H_
#define NODECUDA_RESOURCES_MODULE_BOX_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modules/contents.h"
#include "resources/memory_box.h"
#include "resources/stream_box.h"

namespace nodecuda {

// A module of the user's on one device. Unloaded when the last box that needs it is gone, and what
// its kernels were launched for has ended.
class ModuleBox : public std::enable_shared_from_this<ModuleBox> {
 public:
  // Loads it. The image is needed for that only: the driver copies it. Throws Failure.
  ModuleBox(std::shared_ptr<DeviceBox> device, std::span<const std::byte> image,
            modules::Contents contents);
  ~ModuleBox();
  ModuleBox(const ModuleBox&) = delete;
  ModuleBox& operator=(const ModuleBox&) = delete;

  DeviceBox& device() const { return *device_; }
  PhysicalDevice& physical() const { return *device_->physical; }
  Library library() const { return library_; }
  const modules::Contents& contents() const { return contents_; }
  const modules::KernelFacts* FindKernel(std::string_view name) const;

  // The memory of a variable; the same box as long as somebody holds it. While one does, a launch
  // counts as a use of it: a write, or for a constant a read. Throws Failure.
  std::shared_ptr<MemoryBox> Global(const std::string& name,
                                    const std::shared_ptr<StreamBox>& stream);

  // Call before one of its kernels is enqueued on `stream`. Throws Failure.
  void BeforeLaunch(const std::shared_ptr<StreamBox>& stream) {
    if (last_stream_ != stream || !globals_.empty()) [[unlikely]] {
      OrderLaunch(stream);
    }
  }

 private:
  struct Variable {
    std::weak_ptr<MemoryBox> memory;
    bool is_constant = false;
  };

  void OrderLaunch(const std::shared_ptr<StreamBox>& stream);
  void OrderBefore(Stream waiter);
  std::shared_ptr<EventBox> MarkGone();

  std::shared_ptr<DeviceBox> device_;
  modules::Contents contents_;
  Library library_ = nullptr;
  std::shared_ptr<StreamBox> last_stream_;           // of the last launch
  std::vector<std::shared_ptr<StreamBox>> streams_;  // of all launches
  std::map<std::string, Variable, std::less<>> globals_;
  bool had_globals_ = false;
  // Behind the last uses of variables whose boxes are gone, and which streams wait for it.
  std::shared_ptr<EventBox> gone_;
  std::vector<std::shared_ptr<StreamBox>> after_gone_;
};

// Where a kernel takes the address of device memory.
struct PointerSlot {
  std::uint32_t offset = 0;  // in its parameters, of 8 bytes
  std::uint32_t alignment = 1;
  bool is_const = false;  // the kernel only reads what is there
};

// Where a kernel takes a texture or a surface.
struct ObjectSlot {
  std::uint32_t offset = 0;  // in its parameters, of 8 bytes
  bool is_surface = false;
};

// Where handles are in the parameters of a launch.
struct ParameterSlots {
  std::vector<PointerSlot> pointers;
  std::vector<ObjectSlot> objects;
};

// A kernel of a module, with what is known of its arguments.
struct KernelBox {
  // Has it loaded. Throws Failure.
  KernelBox(std::shared_ptr<ModuleBox> its_module, const modules::KernelFacts& its_facts,
            ParameterSlots its_slots);

  // Has the runtime allow a launch with so much dynamic shared memory, if a block can have it.
  // Throws Failure.
  void NeedDynamicShared(std::size_t bytes) {
    if (bytes > allowed_dynamic_) [[unlikely]] {
      AllowDynamicShared();
    }
  }

  const std::shared_ptr<ModuleBox> module;
  const modules::KernelFacts& facts;
  const std::vector<PointerSlot> pointers;
  const std::vector<ObjectSlot> objects;
  Kernel handle = nullptr;
  FunctionAttributes attributes;

 private:
  void AllowDynamicShared();

  std::size_t allowed_dynamic_;
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_MODULE_BOX_H_
