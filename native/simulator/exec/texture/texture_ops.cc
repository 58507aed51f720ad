#include "simulator/exec/texture/texture_ops.h"

#include <bit>
#include <string>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/texture/lookup.h"
#include "simulator/exec/texture/sample.h"

namespace nodecuda::simulator {
namespace {

// The reason why a fetch does not fit what it reads; null if it does. A GPU does something or other
// then.
const char* Mismatch(const Texture& texture, const TextureForm& form) {
  const bool is_line = texture.kind == TextureResource::Kind::kLinear;
  if (form.whole_coordinates != is_line)
    return is_line ? "is a line of device memory, which tex1Dfetch reads"
                   : "is no line of device memory, which integer coordinates are for";
  if (const char* mismatch = ShapeMismatch(texture, form)) return mismatch;
  const bool floats = texture.format.kind == ChannelKind::kFloat || texture.sampling.normalized;
  const bool integers = form.type == ptx::Type::kS32 || form.type == ptx::Type::kU32;
  if (floats == integers)
    return floats ? "is read as floats, and the instruction gives integers"
                  : "is read as integers, and the instruction gives floats";
  if (form.op == TextureOp::kGather && texture.kind == TextureResource::Kind::kArray &&
      (texture.shape.flags & kArrayGather) == 0)
    return "is of an array that was not made to be gathered from";
  return nullptr;
}

// Puts a result into the registers of a lane. Of halves they are the floats, rounded.
void Give(const TextureForm& form, TextureWords words, const std::uint32_t* list,
          WarpContext& context, int lane) {
  if (form.type == ptx::Type::kF16 || form.type == ptx::Type::kF16x2) {
    for (std::uint32_t& word : words.word) word = FloatToHalf(std::bit_cast<float>(word));
  }
  for (int i = 0; i < form.count; ++i) {
    if (form.type == ptx::Type::kF16) {
      context.Slot<std::uint16_t>(list[i])[lane] = static_cast<std::uint16_t>(words.word[i]);
    } else {
      context.Slot<std::uint32_t>(list[i])[lane] =
          form.type == ptx::Type::kF16x2 ? words.word[2 * i] | words.word[2 * i + 1] << 16
                                         : words.word[i];
    }
  }
}

std::uint32_t Answer(const Texture& texture, TextureQuery query) {
  const ArrayShape& shape = texture.shape;
  const bool has_layers = texture.layered() || texture.cubemap();
  switch (query) {
    case TextureQuery::kWidth:
      return static_cast<std::uint32_t>(shape.width);
    case TextureQuery::kHeight:
      return static_cast<std::uint32_t>(shape.height);
    case TextureQuery::kDepth:
      return has_layers ? 0 : static_cast<std::uint32_t>(shape.depth);
    case TextureQuery::kLayers:
      return !texture.layered()
                 ? 0
                 : static_cast<std::uint32_t>(shape.depth / (texture.cubemap() ? 6 : 1));
    default:
      return texture.sampling.normalized_coordinates ? 1 : 0;
  }
}

bool RunQuery(const Instruction& in, WarpContext& context, LaneMask mask, bool is_surface) {
  const TextureForm form = TextureForm::Of(in);
  const std::uint32_t* list = context.ListOf(in);
  const auto* objects = context.Slot<std::uint64_t>(list[1]);
  TextureLookup lookup(context.view, is_surface);
  for (LaneMask left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    const Texture* texture = lookup.Find(objects[lane], lane);
    if (texture == nullptr) return false;
    context.Slot<std::uint32_t>(list[0])[lane] = Answer(*texture, form.query());
  }
  return true;
}

}  // namespace

bool RunFetch(const Instruction& in, WarpContext& context, LaneMask mask) {
  const TextureForm form = TextureForm::Of(in);
  const std::uint32_t* list = context.ListOf(in);
  const auto* objects = context.Slot<std::uint64_t>(list[form.count]);
  TextureLookup lookup(context.view, false);
  const Texture* checked = nullptr;
  for (LaneMask left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    const Texture* texture = lookup.Find(objects[lane], lane);
    if (texture == nullptr) return false;
    if (texture != checked) {
      if (const char* mismatch = Mismatch(*texture, form))
        return context.view.Fail(Status::kIllegalAddress, lane,
                                 std::string("the texture ") + mismatch);
      checked = texture;
    }
    std::uint32_t coordinates[4] = {};
    for (int i = 0; i < form.coordinates(); ++i)
      coordinates[i] = context.Slot<std::uint32_t>(list[form.count + 1 + i])[lane];
    Give(form, Sample(*texture, form, coordinates), list, context, lane);
  }
  return true;
}

bool RunTextureQuery(const Instruction& in, WarpContext& context, LaneMask mask) {
  return RunQuery(in, context, mask, false);
}

bool RunSurfaceQuery(const Instruction& in, WarpContext& context, LaneMask mask) {
  return RunQuery(in, context, mask, true);
}

}  // namespace nodecuda::simulator
