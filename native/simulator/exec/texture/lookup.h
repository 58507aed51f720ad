#ifndef NODECUDA_SIMULATOR_EXEC_TEXTURE_LOOKUP_H_
#define NODECUDA_SIMULATOR_EXEC_TEXTURE_LOOKUP_H_

#include <cstdint>
#include <memory>

#include "simulator/exec/texture/texture_form.h"
#include "simulator/exec/warp/warp_context.h"

namespace nodecuda::simulator {

// The texture or surface that a lane names; the one found last is kept, because most lanes name the
// same.
class TextureLookup {
 public:
  TextureLookup(MemoryView& view, bool is_surface) : view_(view), is_surface_(is_surface) {}

  // Null, with the fault, for what is none.
  const Texture* Find(std::uint64_t object, int lane) {
    if (texture_ == nullptr || object != object_) {
      texture_ = view_.FindTexture(object, is_surface_, lane);
      object_ = object;
    }
    return texture_.get();
  }

 private:
  MemoryView& view_;
  const bool is_surface_;
  std::uint64_t object_ = 0;
  std::shared_ptr<const Texture> texture_;
};

// The reason why an instruction does not fit what it reads; null if it does.
inline const char* ShapeMismatch(const Texture& texture, const TextureForm& form) {
  const ArrayShape& shape = texture.shape;
  const bool is_plane = shape.height != 0;
  const bool is_room = shape.depth != 0 && !texture.layered() && !texture.cubemap();
  const int dimensions = texture.cubemap() && !form.is_surface() ? 3
                         : is_room                               ? 3
                         : is_plane                              ? 2
                                                                 : 1;
  // Faces of a cubemap are layers to a surface.
  const bool layered = texture.layered() || (texture.cubemap() && form.is_surface());
  if (form.dimensions != dimensions) return "has another number of dimensions than the instruction";
  if (form.layered != layered)
    return layered ? "has layers, and the instruction names none"
                   : "has no layers, and the instruction names one";
  if (!form.is_surface() && form.cubemap != texture.cubemap())
    return texture.cubemap() ? "is a cubemap, and the instruction is not for one"
                             : "is no cubemap, and the instruction is for one";
  return nullptr;
}

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TEXTURE_LOOKUP_H_
