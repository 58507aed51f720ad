#ifndef NODECUDA_RUNTIME_TEXTURE_H_
#define NODECUDA_RUNTIME_TEXTURE_H_

#include <cstddef>
#include <cstdint>

// Arrays, textures and surfaces as the runtime is asked for them. Numbers as in driver_types.h and
// texture_types.h.
namespace nodecuda {

using DeviceArray = struct OpaqueArray*;
// What a kernel takes as a cudaTextureObject_t or cudaSurfaceObject_t; never 0.
using TextureObject = std::uint64_t;
using SurfaceObject = std::uint64_t;

enum class ChannelKind : int { kSigned = 0, kUnsigned = 1, kFloat = 2 };

// 1, 2 or 4 channels of 8, 16 or 32 bits; a float has 16 or 32.
struct ChannelFormat {
  ChannelKind kind = ChannelKind::kFloat;
  int bits = 32;  // of a channel
  int channels = 1;
  std::size_t bytes() const {
    return static_cast<std::size_t>(bits / 8) * static_cast<std::size_t>(channels);
  }
};

inline constexpr unsigned kArrayLayered = 1, kArraySurface = 2, kArrayCubemap = 4, kArrayGather = 8;
inline constexpr unsigned kAllArrayFlags = 15;

// Elements. Height and depth are 0 where there is no such dimension; the depth of a layered array
// is its layers, of a cubemap its six faces, of a layered one all faces.
struct ArrayShape {
  std::size_t width = 0, height = 0, depth = 0;
  unsigned flags = 0;
  std::size_t elements() const {
    return width * (height == 0 ? 1 : height) * (depth == 0 ? 1 : depth);
  }
};

// All of an array to or from device memory that holds its elements without gaps.
struct ArrayCopy {
  DeviceArray array = nullptr;
  ArrayShape shape;
  ChannelFormat format;
  void* memory = nullptr;
  bool to_array = true;
};

// What a texture reads: an array, or device memory that is one line or has rows `pitch` bytes
// apart.
struct TextureResource {
  enum class Kind : int { kArray = 0, kLinear = 2, kPitch2D = 3 };
  Kind kind = Kind::kArray;
  DeviceArray array = nullptr;
  // Of the other two.
  void* memory = nullptr;
  ChannelFormat format;
  std::size_t width = 0, height = 0, pitch = 0;
};

enum class AddressMode : int { kWrap = 0, kClamp = 1, kMirror = 2, kBorder = 3 };

struct TextureSampling {
  AddressMode address[3] = {AddressMode::kClamp, AddressMode::kClamp, AddressMode::kClamp};
  bool linear = false;      // filter; else the nearest element
  bool normalized = false;  // integers are read as floats from 0, or -1, to 1
  bool normalized_coordinates = false;
  float border[4] = {};
};

inline constexpr std::size_t kTextureAlignment = 256;  // of the memory, at least
inline constexpr std::size_t kTexturePitchAlignment = 32;
// What every capability from 7.5 on has.
inline constexpr std::size_t kMaxLinearTexture = std::size_t{1} << 27;

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_TEXTURE_H_
