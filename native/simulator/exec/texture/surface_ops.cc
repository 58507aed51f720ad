#include "simulator/exec/texture/surface_ops.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>

#include "simulator/exec/texture/lookup.h"

namespace nodecuda::simulator {
namespace {

// What one lane reaches.
struct Spot {
  std::uint64_t address = 0;  // on the host
  bool is_there = true;       // false: beyond the ends, and nothing is to be done
};

template <typename... Numbers>
bool Fail(MemoryView& view, int lane, Status status, const char* format, Numbers... numbers) {
  char text[120];
  std::snprintf(text, sizeof text, format, numbers...);
  return view.Fail(status, lane, text);
}

// One coordinate, counted in units of which `size` are there. False if it is beyond the ends.
bool Bound(std::int64_t* at, std::int64_t size, Beyond beyond) {
  if (*at >= 0 && *at < size) return true;
  if (beyond != Beyond::kClamp) return false;
  *at = std::clamp<std::int64_t>(*at, 0, size - 1);
  return true;
}

// `coordinates` are those of the instruction: the layer, x in bytes, y, z.
bool Locate(const Texture& surface, const TextureForm& form, const std::int32_t (&coordinates)[4],
            MemoryView& view, int lane, Spot* spot) {
  const auto bytes = static_cast<std::int64_t>(SizeOf(form.type) * form.count);
  const auto row_bytes = static_cast<std::int64_t>(surface.shape.width * surface.format.bytes());
  const std::int32_t* in_layer = coordinates + (form.layered ? 1 : 0);
  std::int64_t x = in_layer[0], y = form.dimensions > 1 ? in_layer[1] : 0;
  std::int64_t z = form.layered ? coordinates[0] : form.dimensions > 2 ? in_layer[2] : 0;
  if (row_bytes < bytes)
    return view.Fail(Status::kIllegalAddress, lane,
                     "a row of the surface is smaller than the access");
  if (x % bytes != 0)
    return Fail(view, lane, Status::kMisalignedAddress,
                "x is %" PRId64 " in a surface, and must be a multiple of the %" PRId64
                " bytes of the access",
                x, bytes);
  std::int64_t unit = x / bytes;
  const auto slices = static_cast<std::int64_t>(std::max<std::size_t>(surface.shape.depth, 1));
  spot->is_there = Bound(&unit, row_bytes / bytes, form.beyond()) &
                   Bound(&y, static_cast<std::int64_t>(surface.rows()), form.beyond()) &
                   Bound(&z, slices, form.beyond());
  if (!spot->is_there && form.beyond() == Beyond::kTrap)
    return Fail(view, lane, Status::kIllegalAddress,
                "access of %" PRId64 " bytes at x %" PRId64 ", y %" PRId64 ", z %" PRId64
                " outside the surface",
                bytes, x, y, z);
  const std::int64_t row = z * static_cast<std::int64_t>(surface.rows()) + y;
  spot->address = surface.address + static_cast<std::uint64_t>(row) * surface.pitch +
                  static_cast<std::uint64_t>(unit * bytes);
  return true;
}

// What a reduction makes of two values, whose type has its bits extended to 64.
std::int64_t Reduced(SurfaceReduction reduction, std::int64_t old, std::int64_t operand) {
  switch (reduction) {
    case SurfaceReduction::kMin:
      return std::min(old, operand);
    case SurfaceReduction::kMax:
      return std::max(old, operand);
    case SurfaceReduction::kAnd:
      return old & operand;
    case SurfaceReduction::kOr:
      return old | operand;
    default:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(old) +
                                       static_cast<std::uint64_t>(operand));
  }
}

// T is a word; Value is what it means.
template <typename Value, typename T>
void Reduce(SurfaceReduction reduction, std::uint64_t address, T operand) {
  std::atomic_ref<T> target(*reinterpret_cast<T*>(address));
  T old = target.load(std::memory_order_relaxed), result;
  do {
    result =
        static_cast<T>(Reduced(reduction, static_cast<Value>(old), static_cast<Value>(operand)));
  } while (!target.compare_exchange_weak(old, result, std::memory_order_relaxed));
}

// Does it for one lane whose spot is there, or is not.
void Access(const TextureForm& form, const Spot& spot, const std::uint32_t* list,
            WarpContext& context, int lane) {
  const std::size_t bytes = SizeOf(form.type), register_bytes = SizeOf(form.register_type());
  for (std::size_t i = 0; i < form.count; ++i) {
    std::byte* value =
        context.Slot<std::byte>(list[i]) + static_cast<std::size_t>(lane) * register_bytes;
    auto* place = reinterpret_cast<std::byte*>(spot.address + i * bytes);
    if (form.op == TextureOp::kLoad) {
      std::memset(value, 0, register_bytes);
      if (spot.is_there) std::memcpy(value, place, bytes);
    } else if (!spot.is_there) {
      continue;
    } else if (form.op == TextureOp::kStore) {
      std::memcpy(place, value, bytes);
    } else if (bytes == 8) {
      Reduce<std::int64_t>(form.reduction(), spot.address,
                           *reinterpret_cast<std::uint64_t*>(value));
    } else if (form.type == ptx::Type::kS32) {
      Reduce<std::int32_t>(form.reduction(), spot.address,
                           *reinterpret_cast<std::uint32_t*>(value));
    } else {
      Reduce<std::uint32_t>(form.reduction(), spot.address,
                            *reinterpret_cast<std::uint32_t*>(value));
    }
  }
}

}  // namespace

bool RunSurface(const Instruction& in, WarpContext& context, LaneMask mask) {
  const TextureForm form = TextureForm::Of(in);
  const std::uint32_t* list = context.ListOf(in);
  const auto* objects = context.Slot<std::uint64_t>(list[form.count]);
  TextureLookup lookup(context.view, true);
  const Texture* checked = nullptr;
  for (LaneMask left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    const Texture* surface = lookup.Find(objects[lane], lane);
    if (surface == nullptr) return false;
    if (surface != checked) {
      if (const char* mismatch = ShapeMismatch(*surface, form))
        return context.view.Fail(Status::kIllegalAddress, lane,
                                 std::string("the surface ") + mismatch);
      checked = surface;
    }
    std::int32_t coordinates[4] = {};
    for (int i = 0; i < form.coordinates(); ++i)
      coordinates[i] = context.Slot<std::int32_t>(list[form.count + 1 + i])[lane];
    Spot spot;
    if (!Locate(*surface, form, coordinates, context.view, lane, &spot)) return false;
    if (spot.is_there && form.op != TextureOp::kLoad)
      context.view.NoteWritten(spot.address, SizeOf(form.type) * form.count);
    Access(form, spot, list, context, lane);
  }
  return true;
}

}  // namespace nodecuda::simulator
