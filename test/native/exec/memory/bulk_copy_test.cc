#include <algorithm>
#include <cstdint>

#include "test/native/exec/hopper_harness.h"

// Copies between device and shared memory: linear ones, and boxes of tensors.
namespace nodecuda::simulator {
namespace {

constexpr std::size_t kTileBytes = 32 << 10;

// Loads the box at (c, c+1, ...) of the map, where `coordinates` is a list of immediates, and
// writes the tile, as it lies in shared memory, to b. `bytes`: what the mbarrier is told to expect.
std::string LoadKernel(const std::string& coordinates, int rank, std::size_t bytes,
                       std::size_t tile_offset = 0) {
  return HopperHarness::Kernel(R"(
    .shared .align 1024 .b8 tile[32768];
    .shared .align 8 .b64 barrier;
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d1, [b];
    mov.b64 %d2, map;
    cvta.param.u64 %d2, %d2;
    mov.u32 %r1, tile;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra READY;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    fence.mbarrier_init.release.cluster;
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [barrier], )" +
                               std::to_string(bytes) + R"(;
    cp.async.bulk.tensor.)" + std::to_string(rank) +
                               "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%r1+" +
                               std::to_string(tile_offset) + "], [%d2, {" + coordinates +
                               R"(}], [barrier];
READY:
    bar.sync 0;
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [barrier], 0, 100;
    @!%p1 bra WAIT;
    shl.b32 %r2, %r0, 2;
    add.u32 %r3, %r1, %r2;
    cvt.u64.u32 %d3, %r2;
    add.s64 %d3, %d1, %d3;
    mov.u32 %r4, 0;
COPY:
    ld.shared.u32 %r5, [%r3];
    st.global.u32 [%d3], %r5;
    add.u32 %r3, %r3, 512;
    add.s64 %d3, %d3, 512;
    add.u32 %r4, %r4, 512;
    setp.lt.u32 %p2, %r4, 32768;
    @%p2 bra COPY;
    ret;
  )");
}

TensorMap Encode(const TensorMapTiled& tiled) {
  TensorMap map;
  REQUIRE(EncodeTensorMap(tiled, &map));
  return map;
}

struct Tile {
  std::vector<std::uint8_t> bytes;
  template <typename T>
  T At(std::size_t offset) const {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  }
};

Tile LoadTile(HopperHarness& engine, const TensorMapTiled& tiled, const std::string& coordinates,
              std::size_t bytes, std::size_t tile_offset = 0) {
  engine.Load(LoadKernel(coordinates, static_cast<int>(tiled.rank), bytes, tile_offset));
  const std::uint64_t out = engine.Put(std::vector<std::uint8_t>(kTileBytes, 0xee));
  engine.RunOk({}, Encode(tiled), {0, out});
  return {HopperHarness::Get<std::uint8_t>(out, kTileBytes)};
}

// A matrix of 16-bit numbers that tell their place.
constexpr std::uint32_t kRows = 40, kColumns = 104;
std::uint16_t Number(std::int64_t row, std::int64_t column) {
  const bool inside = row >= 0 && row < kRows && column >= 0 && column < kColumns;
  return inside ? static_cast<std::uint16_t>(1 + row * 256 + column) : std::uint16_t{0};
}
std::uint64_t PutMatrix(HopperHarness& engine) {
  std::vector<std::uint16_t> matrix;
  for (std::uint32_t row = 0; row < kRows; ++row)
    for (std::uint32_t column = 0; column < kColumns; ++column)
      matrix.push_back(Number(row, column));
  return engine.Put(matrix);
}
TensorMapTiled MatrixMap(std::uint64_t address, std::uint32_t box_columns, std::uint32_t box_rows,
                         TensorMapSwizzle swizzle) {
  TensorMapTiled tiled;
  tiled.data_type = TensorMapDataType::kBfloat16;
  tiled.rank = 2;
  tiled.global_address = reinterpret_cast<void*>(address);
  tiled.global_dim[0] = kColumns;
  tiled.global_dim[1] = kRows;
  tiled.global_strides[0] = 2 * kColumns;
  tiled.box_dim[0] = box_columns;
  tiled.box_dim[1] = box_rows;
  tiled.swizzle = swizzle;
  return tiled;
}

// The place of a 16-byte unit within its row of the box, by the row's number: the box lies at a
// multiple of 1024 bytes.
int Exchanged(TensorMapSwizzle swizzle, int row, int unit) {
  switch (swizzle) {
    case TensorMapSwizzle::kNone:
      return unit;
    case TensorMapSwizzle::k32B:
      return unit ^ row / 4 % 2;
    case TensorMapSwizzle::k64B:
      return unit ^ row / 2 % 4;
    default:
      return unit ^ row % 8;
  }
}

TEST_CASE("tensor loads: every swizzle, inside and over every edge, with zeros outside") {
  struct Case {
    TensorMapSwizzle swizzle;
    int columns;
  };
  const Case cases[] = {{TensorMapSwizzle::kNone, 24},
                        {TensorMapSwizzle::kNone, 64},
                        {TensorMapSwizzle::k32B, 16},
                        {TensorMapSwizzle::k64B, 32},
                        {TensorMapSwizzle::k128B, 64}};
  const int origins[][2] = {{0, 0}, {8, 3}, {80, 30}, {-5, -7}, {200, 0}, {0, 50}, {-64, -24}};
  for (const Case& c : cases)
    for (const auto& origin : origins)
      for (const std::size_t offset : {0u, 4096u}) {
        CAPTURE(static_cast<int>(c.swizzle));
        CAPTURE(origin[0]);
        CAPTURE(origin[1]);
        HopperHarness engine;
        constexpr int kBoxRows = 24;
        const TensorMapTiled tiled = MatrixMap(
            PutMatrix(engine), static_cast<std::uint32_t>(c.columns), kBoxRows, c.swizzle);
        const auto bytes = static_cast<std::size_t>(c.columns * kBoxRows * 2);
        const Tile tile =
            LoadTile(engine, tiled, std::to_string(origin[0]) + ", " + std::to_string(origin[1]),
                     bytes, offset);
        int wrong = 0;
        for (int row = 0; row < kBoxRows; ++row)
          for (int column = 0; column < c.columns; ++column) {
            const int unit = Exchanged(c.swizzle, row, column / 8);
            const auto at = static_cast<std::size_t>(row * c.columns + unit * 8 + column % 8) * 2;
            wrong +=
                tile.At<std::uint16_t>(offset + at) != Number(origin[1] + row, origin[0] + column);
          }
        CHECK(wrong == 0);
        for (std::size_t i = 0; i < kTileBytes; ++i)
          wrong += (i < offset || i >= offset + bytes) && tile.bytes[i] != 0;
        CHECK(wrong == 0);
      }
}

TEST_CASE("tensor loads: swizzling goes by the address, not by the row of the box") {
  HopperHarness engine;
  const TensorMapTiled tiled = MatrixMap(PutMatrix(engine), 64, 8, TensorMapSwizzle::k128B);
  const Tile tile = LoadTile(engine, tiled, "0, 0", 1024, 3 * 128);
  for (int row = 0; row < 8; ++row)
    for (int unit = 0; unit < 8; ++unit)
      CHECK(tile.At<std::uint16_t>(static_cast<std::size_t>(
                (row + 3) * 128 + (unit ^ (row + 3) % 8) * 16)) == Number(row, unit * 8));
}

TEST_CASE("tensor loads: one to five dimensions, element strides, types") {
  HopperHarness engine;
  std::vector<std::uint8_t> numbers(4096);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  TensorMapTiled tiled;
  tiled.rank = 5;
  tiled.global_address = reinterpret_cast<void*>(engine.Put(numbers));
  const std::uint64_t dims[] = {32, 5, 4, 3, 2}, strides[] = {32, 160, 640, 1920};
  const std::uint32_t box[] = {16, 3, 2, 2, 2};
  std::copy_n(dims, 5, tiled.global_dim);
  std::copy_n(strides, 4, tiled.global_strides);
  std::copy_n(box, 5, tiled.box_dim);
  tiled.element_strides[1] = 2;  // rows 1 and 3
  const Tile tile = LoadTile(engine, tiled, "16, 1, 2, 2, 0", 16 * 2 * 2 * 2 * 2);
  std::size_t at = 0;
  for (std::size_t e = 0; e < 2; ++e)
    for (std::size_t d = 2; d < 4; ++d)
      for (std::size_t c = 2; c < 4; ++c)
        for (std::size_t b = 1; b < 5; b += 2)
          for (std::size_t a = 16; a < 32; ++a)
            CHECK(tile.bytes[at++] ==
                  (d < 3 ? numbers[a + 32 * b + 160 * c + 640 * d + 1920 * e] : 0));

  for (const TensorMapDataType type : {TensorMapDataType::kFloat64, TensorMapDataType::kFloat32}) {
    TensorMapTiled line;
    line.data_type = type;
    line.global_address = tiled.global_address;
    line.global_dim[0] = 100;
    line.box_dim[0] = 64;
    const std::size_t size = type == TensorMapDataType::kFloat64 ? 8 : 4;
    const Tile row = LoadTile(engine, line, "60", 64 * size);
    for (std::size_t i = 0; i < 64 * size; ++i)
      CHECK(row.bytes[i] == (i < 40 * size ? numbers[60 * size + i] : 0));
  }
}

TEST_CASE("tensor loads: a TFLOAT32 map rounds to the nearest, ties to even") {
  HopperHarness engine;
  const Words in = {0x3f800000, 0x3f800fff, 0x3f801000, 0x3f801001, 0x3f802fff, 0x3f803000,
                    0xbf801001, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc01234, 0x00001001,
                    0x80000fff, 0,          0x3fffffff, 0x00002000};
  const Words expected = {0x3f800000, 0x3f800000, 0x3f800000, 0x3f802000, 0x3f802000, 0x3f804000,
                          0xbf802000, 0x7f800000, 0x7f800000, 0xff800000, 0x7fc01234, 0x00002000,
                          0x80000000, 0,          0x40000000, 0x00002000};
  TensorMapTiled tiled;
  tiled.data_type = TensorMapDataType::kTfloat32;
  tiled.global_address = reinterpret_cast<void*>(engine.Put(in));
  tiled.global_dim[0] = tiled.box_dim[0] = 16;
  const Tile tile = LoadTile(engine, tiled, "0", 64);
  for (std::size_t i = 0; i < in.size(); ++i) CHECK(tile.At<std::uint32_t>(4 * i) == expected[i]);
  tiled.data_type = TensorMapDataType::kFloat32;
  const Tile same = LoadTile(engine, tiled, "0", 64);
  for (std::size_t i = 0; i < in.size(); ++i) CHECK(same.At<std::uint32_t>(4 * i) == in[i]);
}

// Fills the tile with the numbers of its bytes / 2 and stores it; `wait` before the source changes.
std::string StoreKernel(const std::string& coordinates, const std::string& wait) {
  return HopperHarness::Kernel(R"(
    .shared .align 1024 .b8 tile[4096];
    mov.u32 %r0, %tid.x;
    mov.b64 %d2, map;
    cvta.param.u64 %d2, %d2;
    mov.u32 %r1, tile;
    mov.u32 %r2, %r0;
FILL:
    shl.b32 %r3, %r2, 1;
    add.u32 %r3, %r3, %r1;
    cvt.u16.u32 %h1, %r2;
    st.shared.u16 [%r3], %h1;
    add.u32 %r2, %r2, 128;
    setp.lt.u32 %p1, %r2, 2048;
    @%p1 bra FILL;
    fence.proxy.async.shared::cta;
    bar.sync 0;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra DONE;
    cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%d2, {)" +
                               coordinates + R"(}], [tile];
    cp.async.bulk.commit_group;
    )" + wait + R"(
    st.shared.u16 [tile], 999;
    cp.async.bulk.wait_group 0;
DONE:
    ret;
  )");
}

TEST_CASE("tensor stores: swizzled, clipped at the edges, and read as late as the wait allows") {
  const int origins[][2] = {{0, 0}, {80, 30}, {-8, -3}, {104, 0}};
  for (const auto& origin : origins)
    for (const bool waits : {true, false}) {
      HopperHarness engine;
      const std::uint64_t matrix = PutMatrix(engine);
      engine.Load(StoreKernel(std::to_string(origin[0]) + ", " + std::to_string(origin[1]),
                              waits ? "cp.async.bulk.wait_group.read 0;" : ""));
      engine.RunOk({}, Encode(MatrixMap(matrix, 64, 16, TensorMapSwizzle::k128B)), {});
      const auto got = HopperHarness::Get<std::uint16_t>(matrix, kRows * kColumns);
      int wrong = 0;
      for (int row = 0; row < static_cast<int>(kRows); ++row)
        for (int column = 0; column < static_cast<int>(kColumns); ++column) {
          const int r = row - origin[1], c = column - origin[0];
          int expected = Number(row, column);
          if (r >= 0 && r < 16 && c >= 0 && c < 64)
            expected = r * 64 + Exchanged(TensorMapSwizzle::k128B, r, c / 8) * 8 + c % 8;
          if (!waits && expected == 0 && r == 0 && c == 0)
            expected = 999;  // the missing wait shows
          wrong +=
              got[static_cast<std::size_t>(row) * kColumns + static_cast<std::size_t>(column)] !=
              expected;
        }
      CHECK(wrong == 0);
    }
}

TEST_CASE("linear copies: in, across and out, and late") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 128 .b8 first[256];
    .shared .align 128 .b8 second[256];
    .shared .align 8 .b64 barrier;
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra DONE;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [barrier], 256;
    mov.u32 %r1, 256;
    cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [first], [%d0], %r1, [barrier];
    nanosleep.u32 100;
    ld.shared.u32 %r3, [first+4];
    st.global.u32 [%d1+256], %r3;
    mbarrier.arrive.shared::cta.b64 %d3, [barrier];
W0: mbarrier.test_wait.shared::cta.b64 %p1, [barrier], %d3;
    @!%p1 bra W0;
    mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 %d3, [barrier], 128;
    cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [second+128], [first+64], 128, [barrier];
W1: mbarrier.try_wait.acquire.cta.shared::cta.b64 %p1, [barrier], %d3;
    @!%p1 bra W1;
    cp.async.bulk.global.shared::cta.bulk_group [%d1], [second], 256;
    cp.async.bulk.commit_group;
    cp.async.bulk.wait_group 0;
DONE:
    ret;
  )"));
  Words in(64);
  for (std::uint32_t i = 0; i < 64; ++i) in[i] = 1000 + i;
  const std::uint64_t out = engine.Put(Words(65, 7));
  engine.RunOk({.block = {32}}, {engine.Put(in), out});
  const Words got = HopperHarness::Get<std::uint32_t>(out, 65);
  for (std::uint32_t i = 0; i < 64; ++i) CHECK(got[i] == (i < 32 ? 0 : 1000 + 16 + i - 32));
  CHECK(got[64] == 0);  // a read before the wait finds old bytes
}

TEST_CASE("linear copies: a kernel that starts very many takes no more memory for them") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 128 .b8 tile[16];
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    mov.u32 %r1, 0;
    st.shared.u32 [tile], 77;
LOOP:
    cp.async.bulk.global.shared::cta.bulk_group [%d0], [tile], 16;
    wgmma.commit_group.sync.aligned;
    add.u32 %r1, %r1, 1;
    setp.lt.u32 %p1, %r1, 250;
    @%p1 bra LOOP;
    ld.global.u32 %r2, [%d0];
    st.global.u32 [%d1], %r2;
    cp.async.bulk.commit_group;
    cp.async.bulk.wait_group 0;
    ret;
  )"));
  const std::uint64_t to = engine.Zeros(4), out = engine.Zeros(1);
  engine.RunOk({.block = {32}}, {to, out});                   // 8000 copies in one turn
  CHECK(HopperHarness::Get<std::uint32_t>(out, 1)[0] == 77);  // they were not all kept
  engine.RunFaults({.block = {32}}, {}, {to + 16, out}, Status::kIllegalAddress, "cp.async.bulk");
}

TEST_CASE("copies that go wrong are faults that say how") {
  HopperHarness engine;
  const std::uint64_t matrix = PutMatrix(engine);
  const TensorMapTiled good = MatrixMap(matrix, 64, 8, TensorMapSwizzle::k128B);
  const std::uint64_t out = engine.Put(std::vector<std::uint8_t>(kTileBytes));
  const auto load_faults = [&](const TensorMap& map, const std::string& coordinates, int rank,
                               std::size_t offset, Status status, const std::string& words) {
    engine.Load(LoadKernel(coordinates, rank, 1024, offset));
    engine.RunFaults({}, map, {0, out}, status, words);
  };
  load_faults({}, "0, 0", 2, 0, Status::kLaunchFailure, "not that of a tensor map");
  load_faults(Encode(good), "0, 0, 0", 3, 0, Status::kLaunchFailure, "is of rank 2");
  load_faults(Encode(good), "0, 0", 2, 64, Status::kMisalignedAddress, "multiple of 128");
  load_faults(Encode(good), "0, 0", 2, 32768, Status::kIllegalAddress,
              "shared memory of the block");
  TensorMapTiled narrow = good;
  narrow.box_dim[0] = 32;
  load_faults(Encode(narrow), "0, 0", 2, 0, Status::kLaunchFailure,
              "rows of the box have 64 bytes");
  TensorMapTiled tall = good;
  tall.global_dim[1] = 1000;
  load_faults(Encode(tall), "0, 40", 2, 0, Status::kIllegalAddress, "outside any live allocation");
  TensorMapTiled host = good;
  host.global_address = reinterpret_cast<void*>(0x1000);
  load_faults(Encode(host), "0, 0", 2, 0, Status::kIllegalAddress, "outside any live allocation");
  // Bytes that were not announced end the phase with the wrong count, or never.
  engine.Load(LoadKernel("0, 0", 2, 2048));
  engine.RunFaults({}, Encode(good), {0, out}, Status::kLaunchTimeout, "and 1024 bytes");

  // A copy into memory that a product of matrices still reads.
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 1024 .b8 tile[32768];
    .shared .align 8 .b64 barrier;
    mov.u32 %r0, %tid.x;
    mov.b64 %d2, map;
    cvta.param.u64 %d2, %d2;
    mov.u32 %r1, tile;
    cvt.u64.u32 %d3, %r1;
    shr.u64 %d3, %d3, 4;
    add.s64 %d3, %d3, 0x4000004000000000;
    wgmma.fence.sync.aligned;
    wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%r2, %r3, %r4, %r5}, %d3, %d3, 1, 1, 1, 0, 0;
    wgmma.commit_group.sync.aligned;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra DONE;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [barrier], 1024;
    cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [tile+1024], [%d2, {0, 0}], [barrier];
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [barrier], 0;
    @!%p1 bra WAIT;
DONE:
    bar.sync 0;
    wgmma.wait_group.sync.aligned 0;
    ret;
  )"));
  engine.RunFaults({}, Encode(good), {}, Status::kLaunchFailure, "has not been waited for");
}

}  // namespace
}  // namespace nodecuda::simulator
