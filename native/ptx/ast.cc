#include "ptx/ast.h"

#include <algorithm>
#include <array>

namespace nodecuda::ptx {
namespace {

struct TypeRow {
  std::string_view name;
  Type type;
  std::size_t bytes;
};

constexpr std::array kTypes = {
    TypeRow{"pred", Type::kPred, 4},   TypeRow{"b8", Type::kB8, 1},
    TypeRow{"b16", Type::kB16, 2},     TypeRow{"b32", Type::kB32, 4},
    TypeRow{"b64", Type::kB64, 8},     TypeRow{"b128", Type::kB128, 16},
    TypeRow{"u8", Type::kU8, 1},       TypeRow{"u16", Type::kU16, 2},
    TypeRow{"u32", Type::kU32, 4},     TypeRow{"u64", Type::kU64, 8},
    TypeRow{"s8", Type::kS8, 1},       TypeRow{"s16", Type::kS16, 2},
    TypeRow{"s32", Type::kS32, 4},     TypeRow{"s64", Type::kS64, 8},
    TypeRow{"f16", Type::kF16, 2},     TypeRow{"f16x2", Type::kF16x2, 4},
    TypeRow{"bf16", Type::kBF16, 2},   TypeRow{"bf16x2", Type::kBF16x2, 4},
    TypeRow{"tf32", Type::kTF32, 4},   TypeRow{"f32", Type::kF32, 4},
    TypeRow{"f32x2", Type::kF32x2, 8}, TypeRow{"f64", Type::kF64, 8},
};

}  // namespace

std::size_t SizeOf(Type type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.bytes;
  }
  return 0;
}

Type TypeFromName(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return row.type;
  }
  return Type::kNone;
}

std::string_view TypeName(Type type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.name;
  }
  return {};
}

bool SameSignature(const Function& a, const Function& b) {
  const auto same = [](const Variable& x, const Variable& y) {
    return x.type == y.type && x.count == y.count && x.unsized == y.unsized;
  };
  return a.is_entry == b.is_entry && std::ranges::equal(a.parameters, b.parameters, same) &&
         std::ranges::equal(a.results, b.results, same);
}

}  // namespace nodecuda::ptx
