#include "simulator/exec/texture/sample.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

// Reads of textures at any coordinates, of which most are beyond the ends or no numbers. What is
// read is compared with formulas in test/corpus/textures.
namespace nodecuda::simulator {
namespace {

constexpr AddressMode kModes[] = {AddressMode::kWrap, AddressMode::kClamp, AddressMode::kMirror,
                                  AddressMode::kBorder};

Texture Made(const std::vector<float>& values, ArrayShape shape) {
  Texture texture;
  texture.address = reinterpret_cast<std::uintptr_t>(values.data());
  texture.shape = shape;
  texture.pitch = shape.width * sizeof(float);
  texture.sampling.border[0] = -1;
  return texture;
}

// Zeros, subnormals, ends, halves, the largest, infinities, NaNs; else any bits.
std::uint32_t AnyCoordinate(std::mt19937& random) {
  constexpr float kEdges[] = {0.0f, -0.0f, 1e-40f, 0.5f, 1, 2.5f, 3, 1e9f, 3e38f, INFINITY, NAN};
  const std::uint32_t bits = random();
  if (bits % 2 == 0) return bits * 2654435761u;
  const float edge = kEdges[bits / 2 % std::size(kEdges)];
  return std::bit_cast<std::uint32_t>(bits / 64 % 2 == 0 ? edge : -edge);
}

TEST_CASE("textures: at any coordinates there is an element, the border, or a mean of them") {
  std::mt19937 random(1);
  std::vector<float> values(6 * 3 * 3 * 2);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  struct Case {
    TextureForm form;
    ArrayShape shape;
  };
  const Case cases[] = {
      {{.dimensions = 1}, {.width = 3}},
      {{.dimensions = 2}, {.width = 3, .height = 3}},
      {{.dimensions = 3}, {.width = 3, .height = 3, .depth = 12}},
      {{.dimensions = 1, .layered = true}, {.width = 3, .depth = 36, .flags = kArrayLayered}},
      {{.dimensions = 3, .cubemap = true},
       {.width = 3, .height = 3, .depth = 6, .flags = kArrayCubemap}},
      {{.dimensions = 3, .layered = true, .cubemap = true},
       {.width = 3, .height = 3, .depth = 12, .flags = kArrayLayered | kArrayCubemap}},
      {{.op = TextureOp::kGather, .dimensions = 2, .detail = 0}, {.width = 3, .height = 3}},
  };
  for (const Case& each : cases) {
    Texture texture = Made(values, each.shape);
    const auto most = static_cast<float>(each.shape.elements() - 1);
    for (const AddressMode mode : kModes)
      for (const bool linear : {false, true})
        for (const bool normalized : {false, true}) {
          for (AddressMode& axis : texture.sampling.address) axis = mode;
          texture.sampling.linear = linear;
          texture.sampling.normalized_coordinates = normalized;
          for (int i = 0; i < 300; ++i) {
            std::uint32_t coordinates[4];
            for (std::uint32_t& one : coordinates) one = AnyCoordinate(random);
            const TextureWords words = Sample(texture, each.form, coordinates);
            const float value = std::bit_cast<float>(words.word[0]);
            CHECK(value >= (mode == AddressMode::kBorder ? -1 : 0));
            CHECK(value <= most);
            if (!linear) CHECK(value == std::floor(value));
          }
        }
  }
}

TEST_CASE("textures: channels that a format has not") {
  const std::vector<float> values = {7, 8};
  Texture texture = Made(values, {.width = 1});
  texture.format.channels = 2;
  const TextureWords words = Sample(texture, {.dimensions = 1}, {0, 0, 0, 0});
  CHECK(words.word[1] == std::bit_cast<std::uint32_t>(8.0f));
  CHECK(words.word[2] == 0);
  CHECK(words.word[3] == std::bit_cast<std::uint32_t>(1.0f));
}

TEST_CASE("textures: the least integer is -1 as the one above it is") {
  const std::vector<float> bytes = {std::bit_cast<float>(0x7f008180u)};
  Texture texture = Made(bytes, {.width = 4});
  texture.format = {ChannelKind::kSigned, 8, 1};
  texture.sampling.normalized = true;
  constexpr float kExpected[] = {-1, -1, 0, 1};
  for (int x = 0; x < 4; ++x) {
    const std::uint32_t at = std::bit_cast<std::uint32_t>(static_cast<float>(x));
    const TextureWords words = Sample(texture, {.dimensions = 1}, {at, 0, 0, 0});
    CHECK(std::bit_cast<float>(words.word[0]) == kExpected[x]);
  }
}

}  // namespace
}  // namespace nodecuda::simulator
