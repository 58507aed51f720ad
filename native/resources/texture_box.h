#ifndef NODECUDA_RESOURCES_TEXTURE_BOX_H_
#define NODECUDA_RESOURCES_TEXTURE_BOX_H_

#include <memory>

#include "resources/memory_box.h"

namespace nodecuda {

// What a JavaScript TextureArray names. Its memory knows in which order it is used; the address
// there is the array's handle, and no address. Freed behind all uses.
class ArrayBox {
 public:
  // Throws Failure; when memory is short, first gives back what the pool holds.
  ArrayBox(std::shared_ptr<DeviceBox> device, const ChannelFormat& format, const ArrayShape& shape,
           const std::shared_ptr<StreamBox>& stream);

  DeviceArray handle() const { return reinterpret_cast<DeviceArray>(memory_->data()); }
  const std::shared_ptr<MemoryBox>& memory() const { return memory_; }
  std::size_t bytes() const { return memory_->bytes(); }
  const ChannelFormat& format() const { return format_; }
  const ArrayShape& shape() const { return shape_; }

 private:
  ChannelFormat format_;
  ArrayShape shape_;
  std::shared_ptr<MemoryBox> memory_;
};

// What a JavaScript Texture or Surface names. It holds the memory that it reads or writes.
// Destroyed behind all uses of that.
class TextureBox {
 public:
  TextureBox(std::shared_ptr<MemoryBox> memory, const TextureResource& resource,
             const TextureSampling& sampling);  // throws Failure
  explicit TextureBox(const ArrayBox& array);   // a surface; throws Failure
  ~TextureBox();
  TextureBox(const TextureBox&) = delete;
  TextureBox& operator=(const TextureBox&) = delete;

  std::uint64_t object() const { return object_; }
  bool is_surface() const { return is_surface_; }
  MemoryBox& memory() const { return *memory_; }

 private:
  std::shared_ptr<MemoryBox> memory_;
  bool is_surface_;
  std::uint64_t object_ = 0;
};

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_TEXTURE_BOX_H_
