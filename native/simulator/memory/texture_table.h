#ifndef NODECUDA_SIMULATOR_MEMORY_TEXTURE_TABLE_H_
#define NODECUDA_SIMULATOR_MEMORY_TEXTURE_TABLE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "runtime/texture.h"

namespace nodecuda::simulator {

// An array, or device memory, as a texture or surface of it is read. An array lies in device memory
// without gaps, x fastest.
struct Texture {
  std::uint64_t address = 0;
  TextureResource::Kind kind = TextureResource::Kind::kArray;
  ChannelFormat format;
  ArrayShape shape;
  std::uint64_t pitch = 0;  // bytes from row to row
  bool is_surface = false;
  TextureSampling sampling;  // of a texture

  bool layered() const { return (shape.flags & kArrayLayered) != 0; }
  bool cubemap() const { return (shape.flags & kArrayCubemap) != 0; }
  std::uint64_t rows() const { return shape.height == 0 ? 1 : shape.height; }
  // From the first to the last element.
  std::uint64_t bytes() const {
    const std::uint64_t slices = shape.depth == 0 ? 1 : shape.depth;
    return (rows() * slices - 1) * pitch + shape.width * format.bytes();
  }
};

// The textures and surfaces of a device, by the numbers that kernels take. A kernel may name any
// number. All members may be called from any thread.
class TextureTable {
 public:
  void Add(std::uint64_t object, Texture texture) {
    auto shared = std::make_shared<const Texture>(texture);
    std::lock_guard lock(mutex_);
    textures_.emplace(object, std::move(shared));
  }
  // False for one that is not in the table.
  bool Remove(std::uint64_t object, bool is_surface) {
    std::lock_guard lock(mutex_);
    const auto found = textures_.find(object);
    if (found == textures_.end() || found->second->is_surface != is_surface) return false;
    textures_.erase(found);
    return true;
  }
  // Null for one that is not in the table.
  std::shared_ptr<const Texture> Find(std::uint64_t object) const {
    std::lock_guard lock(mutex_);
    const auto found = textures_.find(object);
    return found == textures_.end() ? nullptr : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const Texture>> textures_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_MEMORY_TEXTURE_TABLE_H_
