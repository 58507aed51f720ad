#include "simulator/exec/texture/texture_form.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "simulator/exec/texture/surface_ops.h"
#include "simulator/exec/texture/texture_ops.h"

namespace nodecuda::simulator {
namespace {

using ptx::Type;
using Parts = std::span<const std::string_view>;

// Takes the first part if it is `expected`.
bool Take(Parts& parts, std::string_view expected) {
  if (parts.empty() || parts[0] != expected) return false;
  parts = parts.subspan(1);
  return true;
}

// Takes the first part if it is one of `names`, and says which.
template <typename Number>
bool TakeOneOf(Parts& parts, std::initializer_list<std::string_view> names, Number* number) {
  if (parts.empty()) return false;
  const auto* found = std::find(names.begin(), names.end(), parts[0]);
  if (found == names.end()) return false;
  *number = static_cast<Number>(found - names.begin());
  parts = parts.subspan(1);
  return true;
}

bool TakeGeometry(Parts& parts, TextureForm* form) {
  unsigned which = 0;
  if (!TakeOneOf(parts, {"1d", "2d", "3d", "cube", "a1d", "a2d", "acube"}, &which)) return false;
  constexpr std::uint8_t kDimensions[] = {1, 2, 3, 3, 1, 2, 3};
  form->dimensions = kDimensions[which];
  form->layered = which >= 4;
  form->cubemap = which == 3 || which == 6;
  return true;
}

// .v2.f16x2 or .v4.f16
bool TakeHalves(Parts& parts, TextureForm* form) {
  if (parts.size() < 2) return false;
  const bool in_pairs = parts[0] == "v2" && parts[1] == "f16x2";
  if (!in_pairs && (parts[0] != "v4" || parts[1] != "f16")) return false;
  parts = parts.subspan(2);
  form->type = in_pairs ? Type::kF16x2 : Type::kF16;
  form->count = in_pairs ? 2 : 4;
  return true;
}

// .v4.{f32,s32,u32}
bool TakeResult(Parts& parts, TextureForm* form) {
  constexpr Type kTypes[] = {Type::kF32, Type::kS32, Type::kU32};
  unsigned type = 0;
  if (!Take(parts, "v4") || !TakeOneOf(parts, {"f32", "s32", "u32"}, &type)) return false;
  form->type = kTypes[type];
  form->count = 4;
  return true;
}

// tex{.level,.grad}.geometry.{v4,v2}.type.{f32,s32}
bool ParseFetch(Parts parts, TextureSyntax* syntax) {
  syntax->form.op = TextureOp::kFetch;
  Take(parts, "base");  // the first of the mipmaps, where there is one
  syntax->has_level = Take(parts, "level");
  syntax->has_gradients = !syntax->has_level && Take(parts, "grad");
  return TakeGeometry(parts, &syntax->form) &&
         (TakeHalves(parts, &syntax->form) || TakeResult(parts, &syntax->form)) &&
         TakeOneOf(parts, {"f32", "s32"}, &syntax->form.whole_coordinates) && parts.empty();
}

// tld4.{r,g,b,a}.2d.v4.type.f32
bool ParseGather(Parts parts, TextureForm* form) {
  form->op = TextureOp::kGather;
  return TakeOneOf(parts, {"r", "g", "b", "a"}, &form->detail) && TakeGeometry(parts, form) &&
         form->dimensions == 2 && TakeResult(parts, form) && Take(parts, "f32") && parts.empty();
}

bool TakeBeyond(Parts& parts, TextureForm* form) {
  unsigned beyond = 0;
  if (!TakeOneOf(parts, {"trap", "clamp", "zero"}, &beyond)) return false;
  form->detail |= static_cast<std::uint8_t>(beyond);
  return true;
}

// {suld,sust}.b.geometry{.cache}{.v2,.v4}.type.beyond
bool ParseSurfaceMove(Parts parts, bool is_store, TextureForm* form) {
  form->op = is_store ? TextureOp::kStore : TextureOp::kLoad;
  constexpr Type kTypes[] = {Type::kB8, Type::kB16, Type::kB32, Type::kB64};
  unsigned cache = 0, count_log2 = 0, type = 0;
  if (!Take(parts, "b") || !TakeGeometry(parts, form) || form->cubemap) return false;
  TakeOneOf(parts, {"ca", "cg", "cs", "cv", "wb", "wt"}, &cache);
  if (TakeOneOf(parts, {"v2", "v4"}, &count_log2)) ++count_log2;
  if (!TakeOneOf(parts, {"b8", "b16", "b32", "b64"}, &type)) return false;
  form->type = kTypes[type];
  form->count = static_cast<std::uint8_t>(1u << count_log2);
  return SizeOf(form->type) * form->count <= 16 && TakeBeyond(parts, form) && parts.empty();
}

// sured.b.operation.geometry.type.beyond
bool ParseSurfaceReduce(Parts parts, TextureForm* form) {
  form->op = TextureOp::kReduce;
  constexpr Type kTypes[] = {Type::kU32, Type::kS32, Type::kB32, Type::kU64};
  unsigned operation = 0, type = 0;
  if (!Take(parts, "b") || !TakeOneOf(parts, {"add", "min", "max", "and", "or"}, &operation) ||
      !TakeGeometry(parts, form) || form->cubemap ||
      !TakeOneOf(parts, {"u32", "s32", "b32", "u64"}, &type))
    return false;
  form->type = kTypes[type];
  form->detail = static_cast<std::uint8_t>(operation << 2);
  const bool of_bits = form->reduction() >= SurfaceReduction::kAnd;
  return of_bits == (form->type == Type::kB32) &&
         (form->type != Type::kU64 || form->reduction() == SurfaceReduction::kAdd) &&
         TakeBeyond(parts, form) && parts.empty();
}

// {txq,suq}.query.b32
bool ParseQuery(Parts parts, TextureForm* form) {
  form->op = TextureOp::kQuery;
  form->type = Type::kB32;
  return TakeOneOf(parts, {"width", "height", "depth", "array_size", "normalized_coords"},
                   &form->detail) &&
         Take(parts, "b32") && parts.empty();
}

}  // namespace

bool IsTextureInstruction(std::string_view base) {
  constexpr std::string_view kAll[] = {"tex", "tld4", "txq", "suld", "sust", "sured", "suq"};
  return std::ranges::find(kAll, base) != std::end(kAll);
}

std::optional<TextureSyntax> ParseTexture(const ptx::Instruction& instruction, std::string* why) {
  TextureSyntax syntax;
  const std::string_view base = instruction.parts[0];
  const Parts parts = Parts(instruction.parts).subspan(1);
  const bool known = base == "tex"     ? ParseFetch(parts, &syntax)
                     : base == "tld4"  ? ParseGather(parts, &syntax.form)
                     : base == "suld"  ? ParseSurfaceMove(parts, false, &syntax.form)
                     : base == "sust"  ? ParseSurfaceMove(parts, true, &syntax.form)
                     : base == "sured" ? ParseSurfaceReduce(parts, &syntax.form)
                                       : ParseQuery(parts, &syntax.form);
  syntax.is_surface_query = base == "suq";
  if (!known || (syntax.is_surface_query && syntax.form.query() == TextureQuery::kIsNormalized)) {
    *why = "no such form of this instruction is supported";
    return std::nullopt;
  }
  return syntax;
}

WarpHandler TextureHandler(const TextureSyntax& syntax) {
  switch (syntax.form.op) {
    case TextureOp::kFetch:
    case TextureOp::kGather:
      return RunFetch;
    case TextureOp::kQuery:
      return syntax.is_surface_query ? RunSurfaceQuery : RunTextureQuery;
    default:
      return RunSurface;
  }
}

}  // namespace nodecuda::simulator
