// Arrays, textures and surfaces of SimulatedRuntime: what it refuses as a driver does, and when
// they end.
#include <limits>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;

namespace {

constexpr ChannelFormat kFloat{ChannelKind::kFloat, 32, 1};

Status Made(Fixture& fixture, const ArrayShape& shape, const ChannelFormat& format = kFloat) {
  DeviceArray array = nullptr;
  const Status status = fixture.runtime->Malloc3DArray(&array, format, shape);
  CHECK((array != nullptr) == (status == Status::kSuccess));
  if (status == Status::kSuccess) MUST(fixture.runtime->FreeArray(array));
  return status;
}

TEST_CASE("arrays: shapes and formats") {
  Fixture fixture;
  for (const ArrayShape& shape :
       {ArrayShape{131072, 0, 0, 0}, ArrayShape{1, 65536, 0, 0}, ArrayShape{1, 1, 16384, 0},
        ArrayShape{4, 0, 2048, kArrayLayered}, ArrayShape{4, 4, 6, kArrayCubemap},
        ArrayShape{1, 1, 2046, kArrayCubemap | kArrayLayered},
        ArrayShape{4, 4, 0, kArrayGather | kArraySurface}})
    CHECK_STATUS(Made(fixture, shape), kSuccess);
  for (const ArrayShape& shape :
       {ArrayShape{0, 0, 0, 0}, ArrayShape{131073, 0, 0, 0}, ArrayShape{4, 65537, 0, 0},
        ArrayShape{4, 0, 4, 0}, ArrayShape{1, 1, 16385, 0}, ArrayShape{4, 0, 0, kArrayLayered},
        ArrayShape{4, 0, 2049, kArrayLayered}, ArrayShape{4, 5, 6, kArrayCubemap},
        ArrayShape{4, 4, 7, kArrayCubemap}, ArrayShape{4, 4, 12, kArrayCubemap},
        ArrayShape{4, 0, 0, kArrayGather}, ArrayShape{4, 4, 0, 16}})
    CHECK_STATUS(Made(fixture, shape), kInvalidValue);
  for (const ChannelFormat& format :
       {ChannelFormat{ChannelKind::kFloat, 8, 1}, ChannelFormat{ChannelKind::kSigned, 64, 1},
        ChannelFormat{ChannelKind::kUnsigned, 8, 3}, ChannelFormat{ChannelKind::kUnsigned, 8, 0}})
    CHECK_STATUS(Made(fixture, {4, 0, 0, 0}, format), kInvalidValue);
  CHECK_STATUS(Made(fixture, {16384, 16384, 0, 0}), kMemoryAllocation);
}

TEST_CASE("arrays: memory is taken and given back, and copied both ways") {
  Fixture fixture;
  Runtime& runtime = *fixture.runtime;
  const Stream stream = fixture.NewStream();
  std::size_t before = 0, after = 0, total = 0;
  MUST(runtime.MemGetInfo(&before, &total));
  const ArrayShape shape{16, 8, 0, 0};
  DeviceArray array = nullptr;
  MUST(runtime.Malloc3DArray(&array, kFloat, shape));
  std::byte* memory = fixture.NewMemory(512, stream);
  MUST(runtime.MemsetAsync(memory, 7, 512, stream));
  MUST(runtime.Memcpy3DAsync({array, shape, kFloat, memory, true}, stream));
  MUST(runtime.MemsetAsync(memory, 0, 512, stream));
  MUST(runtime.Memcpy3DAsync({array, shape, kFloat, memory, false}, stream));
  CHECK(fixture.Read(memory, 512, stream) == std::vector<unsigned char>(512, 7));
  const ArrayShape other{16, 9, 0, 0};
  CHECK_STATUS(runtime.Memcpy3DAsync({array, other, kFloat, memory, true}, stream), kInvalidValue);
  CHECK_STATUS(runtime.Memcpy3DAsync({array, shape, kFloat, memory + 4, true}, stream),
               kInvalidValue);
  MUST(runtime.FreeArray(array));
  CHECK_STATUS(runtime.FreeArray(array), kInvalidResourceHandle);
  CHECK_STATUS(runtime.Memcpy3DAsync({array, shape, kFloat, memory, true}, stream),
               kInvalidResourceHandle);
  MUST(runtime.FreeAsync(memory, stream));
  MUST(runtime.DeviceSynchronize());
  MUST(runtime.MemGetInfo(&after, &total));
  CHECK(after == before);
}

TEST_CASE("textures: resources and sampling that do not go together") {
  Fixture fixture;
  Runtime& runtime = *fixture.runtime;
  std::byte* memory = fixture.NewMemory(4096, fixture.NewStream());
  const auto make = [&](auto change) {
    TextureResource resource;
    resource.kind = TextureResource::Kind::kPitch2D;
    resource.memory = memory;
    resource.width = 16;
    resource.height = 8;
    resource.pitch = 64;
    TextureSampling sampling;
    change(resource, sampling);
    TextureObject object = 0;
    const Status status = runtime.CreateTextureObject(&object, resource, sampling);
    CHECK((object != 0) == (status == Status::kSuccess));
    if (object != 0) MUST(runtime.DestroyTextureObject(object));
    return status;
  };
  using R = TextureResource;
  using S = TextureSampling;
  CHECK_STATUS(make([](R&, S&) {}), kSuccess);
  CHECK_STATUS(make([](R&, S& s) { s.linear = true; }), kSuccess);
  CHECK_STATUS(make([](R& r, S&) { r.pitch = 65; }), kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) { r.pitch = 32; }), kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) { r.pitch = 1024; }), kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) { r.width = 0; }), kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) { r.height = 0; }), kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) { r.memory = static_cast<std::byte*>(r.memory) + 64; }),
               kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) { r.memory = nullptr; }), kInvalidValue);
  CHECK_STATUS(make([](R&, S& s) { s.normalized = true; }), kInvalidValue);
  const auto bytes = [](R& r) { r.format = {ChannelKind::kUnsigned, 8, 4}; };
  CHECK_STATUS(make([&](R& r, S& s) { bytes(r), s.linear = true; }), kInvalidValue);
  CHECK_STATUS(make([&](R& r, S& s) { bytes(r), s.linear = s.normalized = true; }), kSuccess);
  CHECK_STATUS(make([](R& r, S&) { r.kind = R::Kind::kLinear, r.width = 1024; }), kSuccess);
  CHECK_STATUS(make([](R& r, S&) { r.kind = R::Kind::kLinear, r.width = 1025; }), kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) {
                 r.kind = R::Kind::kLinear;
                 r.width = std::numeric_limits<std::size_t>::max() / 4;
               }),
               kInvalidValue);
  CHECK_STATUS(make([](R& r, S&) { r.kind = R::Kind::kArray; }), kInvalidResourceHandle);
}

TEST_CASE("surfaces: of arrays that were made for them, and no textures") {
  Fixture fixture;
  Runtime& runtime = *fixture.runtime;
  DeviceArray plain = nullptr, array = nullptr;
  MUST(runtime.Malloc3DArray(&plain, kFloat, {4, 0, 0, 0}));
  MUST(runtime.Malloc3DArray(&array, kFloat, {4, 0, 0, kArraySurface}));
  SurfaceObject surface = 0;
  CHECK_STATUS(runtime.CreateSurfaceObject(&surface, plain), kInvalidValue);
  CHECK_STATUS(runtime.CreateSurfaceObject(&surface, nullptr), kInvalidResourceHandle);
  MUST(runtime.CreateSurfaceObject(&surface, array));
  CHECK_STATUS(runtime.DestroyTextureObject(surface), kInvalidValue);
  MUST(runtime.DestroySurfaceObject(surface));
  CHECK_STATUS(runtime.DestroySurfaceObject(surface), kInvalidValue);
}

}  // namespace
