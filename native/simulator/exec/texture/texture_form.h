#ifndef NODECUDA_SIMULATOR_EXEC_TEXTURE_TEXTURE_FORM_H_
#define NODECUDA_SIMULATOR_EXEC_TEXTURE_TEXTURE_FORM_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ptx/ast.h"
#include "simulator/exec/code/instruction.h"

// tex, tld4, txq, suld, sust, sured and suq. Their operands are in the instruction's operand list:
// data, object, layer, coordinates.
namespace nodecuda::simulator {

enum class TextureOp : std::uint8_t { kFetch, kGather, kLoad, kStore, kReduce, kQuery };

// What a surface does beyond its ends.
enum class Beyond : std::uint8_t { kTrap, kClamp, kZero };
enum class SurfaceReduction : std::uint8_t { kAdd, kMin, kMax, kAnd, kOr };
enum class TextureQuery : std::uint8_t { kWidth, kHeight, kDepth, kLayers, kIsNormalized };

struct TextureForm {
  TextureOp op = TextureOp::kFetch;
  std::uint8_t dimensions = 0;  // of the coordinates; 3 of a cubemap
  bool layered = false, cubemap = false;
  ptx::Type type = ptx::Type::kNone;  // of the data
  std::uint8_t count = 1;             // of the data
  bool whole_coordinates = false;     // integers, of a fetch
  // The channel of a gather, a Beyond and a SurfaceReduction, or a TextureQuery.
  std::uint8_t detail = 0;

  bool is_surface() const { return op >= TextureOp::kLoad && op <= TextureOp::kReduce; }
  Beyond beyond() const { return static_cast<Beyond>(detail & 3); }
  SurfaceReduction reduction() const { return static_cast<SurfaceReduction>(detail >> 2); }
  TextureQuery query() const { return static_cast<TextureQuery>(detail); }
  int coordinates() const { return op == TextureOp::kQuery ? 0 : dimensions + layered; }
  ptx::Type register_type() const { return type == ptx::Type::kB8 ? ptx::Type::kB16 : type; }
  ptx::Type coordinate_type() const {
    return op == TextureOp::kGather || (op == TextureOp::kFetch && !whole_coordinates)
               ? ptx::Type::kF32
               : ptx::Type::kS32;
  }

  // Instruction::offset holds it.
  std::int64_t Packed() const { return std::bit_cast<std::int64_t>(*this); }
  static TextureForm Of(const Instruction& in) { return std::bit_cast<TextureForm>(in.offset); }
};
static_assert(sizeof(TextureForm) == 8);

// What the mnemonic says, and how many operands follow those in the list, which textures without
// mipmaps have no use for.
struct TextureSyntax {
  TextureForm form;
  bool has_level = false, has_gradients = false;
  bool is_surface_query = false;
};

// As many as PTX writes.
inline int PaddedCoordinates(int count) {
  return count == 3 ? 4 : count;
}

bool IsTextureInstruction(std::string_view base);
// nullopt, with the reason in *why, for a mnemonic that does not exist or is not supported.
std::optional<TextureSyntax> ParseTexture(const ptx::Instruction& instruction, std::string* why);
WarpHandler TextureHandler(const TextureSyntax& syntax);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_TEXTURE_TEXTURE_FORM_H_
