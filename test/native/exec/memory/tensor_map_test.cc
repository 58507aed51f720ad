#include "simulator/exec/memory/tensor_map.h"

#include <doctest/doctest.h>

#include <cstdint>

// The simulated device's encoding of tensor maps, and what it does not encode.
namespace nodecuda::simulator {
namespace {

TEST_CASE("tensor maps: what the driver refuses is refused") {
  const auto accepts = [](auto change) {
    TensorMapTiled tiled;
    tiled.data_type = TensorMapDataType::kFloat16;
    tiled.rank = 2;
    tiled.global_address = reinterpret_cast<void*>(0x10000);
    tiled.global_dim[0] = tiled.global_dim[1] = 100;
    tiled.global_strides[0] = 208;
    tiled.box_dim[0] = tiled.box_dim[1] = 64;
    tiled.swizzle = TensorMapSwizzle::k128B;
    change(tiled);
    TensorMap map{};
    const bool encoded = EncodeTensorMap(tiled, &map);
    TensorMapTiled back;
    CHECK(DecodeTensorMap(map, &back) == encoded);
    if (encoded) {
      CHECK(back.global_address == tiled.global_address);
      CHECK(back.box_dim[1] == tiled.box_dim[1]);
      CHECK(back.global_strides[0] == tiled.global_strides[0]);
      CHECK(back.global_dim[1] == tiled.global_dim[1]);
    }
    return encoded;
  };
  using Tiled = TensorMapTiled;
  CHECK(accepts([](Tiled&) {}));
  CHECK(accepts([](Tiled& t) { t.global_dim[1] = std::uint64_t{1} << 32; }));
  CHECK(accepts([](Tiled& t) { t.global_strides[0] = (std::uint64_t{1} << 40) - 16; }));
  CHECK(accepts([](Tiled& t) { t.box_dim[1] = 256; }));
  CHECK(accepts([](Tiled& t) { t.box_dim[0] = 256, t.swizzle = TensorMapSwizzle::kNone; }));
  CHECK(!accepts([](Tiled& t) { t.rank = 0; }));
  CHECK(!accepts([](Tiled& t) { t.rank = 6; }));
  CHECK(!accepts([](Tiled& t) { t.global_address = nullptr; }));
  CHECK(!accepts([](Tiled& t) { t.global_address = reinterpret_cast<void*>(0x10008); }));
  CHECK(!accepts([](Tiled& t) { t.global_dim[0] = 0; }));
  CHECK(!accepts([](Tiled& t) { t.global_dim[1] = (std::uint64_t{1} << 32) + 1; }));
  CHECK(!accepts([](Tiled& t) { t.global_strides[0] = 200; }));
  CHECK(!accepts([](Tiled& t) { t.global_strides[0] = std::uint64_t{1} << 40; }));
  CHECK(!accepts([](Tiled& t) { t.box_dim[1] = 0; }));
  CHECK(!accepts([](Tiled& t) { t.box_dim[1] = 257; }));
  CHECK(!accepts([](Tiled& t) { t.box_dim[0] = 72; }));  // 144 bytes in a swizzle of 128
  CHECK(!accepts([](Tiled& t) { t.box_dim[0] = 4; }));   // 8 bytes
  CHECK(!accepts([](Tiled& t) { t.swizzle = TensorMapSwizzle::k64B; }));
  CHECK(!accepts([](Tiled& t) { t.swizzle = static_cast<TensorMapSwizzle>(4); }));
  CHECK(!accepts([](Tiled& t) { t.data_type = static_cast<TensorMapDataType>(3); }));
  CHECK(!accepts([](Tiled& t) { t.element_strides[1] = 9; }));
  CHECK(!accepts([](Tiled& t) { t.element_strides[1] = 0; }));
}

TEST_CASE("tensor maps: a box's bytes count every element that is copied") {
  TensorMapTiled tiled;
  tiled.data_type = TensorMapDataType::kFloat32;
  tiled.rank = 3;
  tiled.box_dim[0] = 16;
  tiled.box_dim[1] = 7;
  tiled.box_dim[2] = 5;
  CHECK(BoxBytes(tiled) == 16 * 7 * 5 * 4);
  tiled.element_strides[0] = 4;  // ignored along dimension 0, as hardware does
  tiled.element_strides[1] = 2;
  tiled.element_strides[2] = 8;
  CHECK(BoxExtent(tiled, 1) == 4);
  CHECK(BoxBytes(tiled) == 16 * 4 * 1 * 4);
}

}  // namespace
}  // namespace nodecuda::simulator
