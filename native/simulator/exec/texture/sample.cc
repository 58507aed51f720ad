#include "simulator/exec/texture/sample.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "simulator/exec/arithmetic/tensor_math.h"

namespace nodecuda::simulator {
namespace {

constexpr std::int64_t kOutside = -1;
constexpr double kFar = 1 << 30;
constexpr double kWeightSteps = 256;

// Where one coordinate falls: between two elements, and how much the second counts. Without a
// filter the first is the one.
struct Place {
  std::int64_t index[2] = {0, 0};  // kOutside: the border
  double weight = 0;
};

std::int64_t Within(AddressMode mode, std::int64_t index, std::int64_t count) {
  if (index >= 0 && index < count) return index;
  switch (mode) {
    case AddressMode::kWrap:
      return (index % count + count) % count;
    case AddressMode::kMirror: {
      const std::int64_t turn = (index % (2 * count) + 2 * count) % (2 * count);
      return turn < count ? turn : 2 * count - 1 - turn;
    }
    case AddressMode::kClamp:
      return std::clamp<std::int64_t>(index, 0, count - 1);
    default:
      return kOutside;
  }
}

// `between`: also where a filter is none, the two elements around it are wanted.
Place PlaceOf(float coordinate, std::size_t size, AddressMode mode, bool is_normalized,
              bool between) {
  const auto count = static_cast<std::int64_t>(size);
  double at = std::isnan(coordinate) ? 0 : static_cast<double>(coordinate);
  if (is_normalized) {
    // Exact, and a whole number of turns less where those mean nothing.
    const bool turns = mode == AddressMode::kWrap || mode == AddressMode::kMirror;
    if (turns) at = std::isinf(at) ? 0 : at - 2 * std::floor(at / 2);
    at *= static_cast<double>(count);
  } else if (mode != AddressMode::kBorder) {
    mode = AddressMode::kClamp;
  }
  at = std::clamp(at, -kFar, kFar);
  Place place;
  if (!between) {
    place.index[0] = Within(mode, static_cast<std::int64_t>(std::floor(at)), count);
    return place;
  }
  const double steps = std::floor((at - 0.5) * kWeightSteps + 0.5);
  const double first = std::floor(steps / kWeightSteps);
  place.weight = steps / kWeightSteps - first;
  for (const std::int64_t i : {0, 1})
    place.index[i] = Within(mode, static_cast<std::int64_t>(first) + i, count);
  return place;
}

std::uint32_t Bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

template <typename T>
T ReadAt(std::uint64_t address) {
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

std::uint32_t ReadChannel(const ChannelFormat& format, std::uint64_t address) {
  const bool is_signed = format.kind == ChannelKind::kSigned;
  switch (format.bits) {
    case 8:
      return is_signed ? static_cast<std::uint32_t>(ReadAt<std::int8_t>(address))
                       : ReadAt<std::uint8_t>(address);
    case 16:
      if (format.kind == ChannelKind::kFloat)
        return Bits(HalfToFloat(ReadAt<std::uint16_t>(address)));
      return is_signed ? static_cast<std::uint32_t>(ReadAt<std::int16_t>(address))
                       : ReadAt<std::uint16_t>(address);
    default:
      return ReadAt<std::uint32_t>(address);
  }
}

// An integer as a float from 0 to 1, or from -1 to 1, for which the least value is -1 as well.
float Normalized(const ChannelFormat& format, std::uint32_t word) {
  const bool is_signed = format.kind == ChannelKind::kSigned;
  const int bits = format.bits - (is_signed ? 1 : 0);
  const auto most = static_cast<float>((1u << bits) - 1);
  if (!is_signed) return static_cast<float>(word) / most;
  return std::max(static_cast<float>(static_cast<std::int32_t>(word)) / most, -1.0f);
}

bool GivesFloats(const Texture& texture) {
  return texture.format.kind == ChannelKind::kFloat || texture.sampling.normalized;
}

// The element at x, y and slice z, of which any may be outside.
TextureWords ReadElement(const Texture& texture, std::int64_t x, std::int64_t y, std::int64_t z) {
  const bool floats = GivesFloats(texture);
  TextureWords words{{0, 0, 0, floats ? Bits(1.0f) : 1u}};
  if (x == kOutside || y == kOutside || z == kOutside) {
    for (int i = 0; i < 4; ++i) words.word[i] = floats ? Bits(texture.sampling.border[i]) : 0u;
    return words;
  }
  const ChannelFormat& format = texture.format;
  const std::uint64_t row =
      static_cast<std::uint64_t>(z) * texture.rows() + static_cast<std::uint64_t>(y);
  std::uint64_t address =
      texture.address + row * texture.pitch + static_cast<std::uint64_t>(x) * format.bytes();
  for (int i = 0; i < format.channels; ++i) {
    words.word[i] = ReadChannel(format, address);
    if (texture.sampling.normalized) words.word[i] = Bits(Normalized(format, words.word[i]));
    address += static_cast<std::uint64_t>(format.bits / 8);
  }
  return words;
}

// Which face of a cube a direction meets, and where in it, from 0 to 1.
std::int64_t FaceOf(const float (&direction)[3], float (&at)[2]) {
  const float x = direction[0], y = direction[1], z = direction[2];
  const float ax = std::fabs(x), ay = std::fabs(y), az = std::fabs(z);
  std::int64_t face = 0;
  float s = 0, t = 0, m = 0;
  if (ax >= ay && ax >= az) {
    face = x < 0 ? 1 : 0;
    s = x < 0 ? z : -z;
    t = -y;
    m = ax;
  } else if (ay >= az) {
    face = y < 0 ? 3 : 2;
    s = x;
    t = y < 0 ? -z : z;
    m = ay;
  } else {
    face = z < 0 ? 5 : 4;
    s = z < 0 ? -x : x;
    t = -y;
    m = az;
  }
  at[0] = (s / m + 1) / 2;
  at[1] = (t / m + 1) / 2;
  return face;
}

// The elements around a place in a line, a plane or a room, and their weighted sum.
TextureWords Filter(const Texture& texture, const Place (&places)[3], int dimensions) {
  double sum[4] = {};
  for (int corner = 0; corner < 1 << dimensions; ++corner) {
    double weight = 1;
    std::int64_t index[3];
    for (int axis = 0; axis < 3; ++axis) {
      const int which = corner >> axis & 1;
      index[axis] = places[axis].index[which];
      if (axis < dimensions) weight *= which == 1 ? places[axis].weight : 1 - places[axis].weight;
    }
    // What counts nothing is not read: it may be an infinity.
    if (weight == 0) continue;
    const TextureWords words = ReadElement(texture, index[0], index[1], index[2]);
    for (int i = 0; i < 4; ++i)
      sum[i] += weight * static_cast<double>(std::bit_cast<float>(words.word[i]));
  }
  TextureWords result;
  for (int i = 0; i < 4; ++i) result.word[i] = Bits(static_cast<float>(sum[i]));
  return result;
}

// One channel of the four elements around, from the lower left on.
TextureWords Gather(const Texture& texture, const Place (&places)[3], int channel) {
  constexpr int kOrder[4][2] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
  TextureWords result;
  for (int i = 0; i < 4; ++i) {
    const TextureWords words = ReadElement(texture, places[0].index[kOrder[i][0]],
                                           places[1].index[kOrder[i][1]], places[2].index[0]);
    result.word[i] = words.word[channel];
  }
  return result;
}

}  // namespace

TextureWords Sample(const Texture& texture, const TextureForm& form,
                    const std::uint32_t (&coordinates)[4]) {
  const ArrayShape& shape = texture.shape;
  if (form.whole_coordinates) {
    // Of a line, beyond which all is 0, also the last channel.
    if (coordinates[0] >= shape.width) return {};
    return ReadElement(texture, coordinates[0], 0, 0);
  }
  const TextureSampling& sampling = texture.sampling;
  float at[3] = {};
  for (int axis = 0; axis < form.dimensions; ++axis)
    at[axis] = std::bit_cast<float>(coordinates[axis + (form.layered ? 1 : 0)]);
  std::int64_t slice = 0;
  int dimensions = form.dimensions;
  if (form.cubemap) {
    float in_face[2];
    slice = FaceOf(at, in_face);
    std::ranges::copy(in_face, at);
    dimensions = 2;
  }
  if (form.layered) {
    const std::int64_t faces = form.cubemap ? 6 : 1;
    const std::int64_t layers = static_cast<std::int64_t>(shape.depth) / faces;
    const auto layer = static_cast<std::int64_t>(static_cast<std::int32_t>(coordinates[0]));
    slice += std::clamp<std::int64_t>(layer, 0, layers - 1) * faces;
  }
  const bool gathers = form.op == TextureOp::kGather;
  const std::size_t sizes[3] = {shape.width, shape.height, shape.depth};
  Place places[3];
  for (int axis = 0; axis < dimensions; ++axis)
    places[axis] =
        PlaceOf(at[axis], sizes[axis], sampling.address[axis],
                sampling.normalized_coordinates || form.cubemap, sampling.linear || gathers);
  if (dimensions < 3) places[2].index[0] = places[2].index[1] = slice;
  if (gathers) return Gather(texture, places, form.detail);
  if (sampling.linear) return Filter(texture, places, dimensions);
  return ReadElement(texture, places[0].index[0], places[1].index[0], places[2].index[0]);
}

}  // namespace nodecuda::simulator
