#include <bit>
#include <cstdint>
#include <random>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/warp/reductions.h"
#include "test/native/exec/hopper_harness.h"

// cp.reduce.async.bulk into device and shared memory, its tensor form, and tensormap.replace.
namespace nodecuda::simulator {
namespace {

using Words = std::vector<std::uint32_t>;
constexpr int kWords = 64;  // two per thread

// Bits with small numbers, signs, and equal ones; as floats finite, but for some of a NaN.
Words RandomWords(unsigned seed) {
  std::mt19937 random(seed);
  Words words(kWords);
  for (std::uint32_t& word : words) {
    word = static_cast<std::uint32_t>(random());
    if (random() % 4 == 0) word &= 0x000f000f;
    if (random() % 8 == 0) word = 0x3c003c00;
  }
  return words;
}

int ElementBytes(std::string_view name) {
  return name.ends_with("64") ? 8 : name.ends_with("16") ? 2 : 4;
}

// Loads a into shared memory, reduces it into b by bulk, and, where red has the operation, into c
// by elements.
std::string ReduceKernel(const std::string& name, bool has_red) {
  const int bytes = ElementBytes(name);
  const std::string type = "b" + std::to_string(8 * bytes);
  const std::string value = bytes == 8 ? "%d5" : bytes == 4 ? "%r5" : "%h5";
  std::string reds;
  for (int at = 0; has_red && at < 8; at += bytes)
    reds += "ld.shared." + type + " " + value + ", [%r1+" + std::to_string(at) + "]; red.global." +
            name + " [%d2+" + std::to_string(at) + "], " + value + ";\n";
  return HopperHarness::Kernel(R"(
    .shared .align 128 .b8 tile[256];
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    ld.param.u64 %d2, [c];
    mul.wide.u32 %d4, %r0, 8;
    add.s64 %d0, %d0, %d4;
    add.s64 %d2, %d2, %d4;
    shl.b32 %r1, %r0, 3;
    mov.u32 %r2, tile;
    add.u32 %r1, %r1, %r2;
    ld.global.u64 %d6, [%d0];
    st.shared.u64 [%r1], %d6;
    )" + reds + R"(
    fence.proxy.async.shared::cta;
    bar.sync 0;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra DONE;
    cp.reduce.async.bulk.global.shared::cta.bulk_group.)" +
                               name + R"( [%d1], [tile], 256;
    cp.async.bulk.commit_group;
    cp.async.bulk.wait_group.read 0;
DONE:
    ret;
  )");
}

float Read(std::string_view name, std::uint16_t bits) {
  return name.ends_with("bf16") ? std::bit_cast<float>(std::uint32_t{bits} << 16)
                                : HalfToFloat(bits);
}

TEST_CASE("reductions in bulk: as red does it to each element, and min and max of halves") {
  for (const MemoryReduction& row : AllReductions()) {
    const std::string name(row.name);
    CAPTURE(name);
    const bool has_red = !name.ends_with("f16") || name.starts_with("add");
    HopperHarness engine;
    engine.Load(ReduceKernel(name, has_red));
    Words before = RandomWords(1), operands = RandomWords(2);
    if (!has_red) {
      for (std::uint32_t& word : before) word &= 0xbbffbbff;  // no NaN
      for (std::uint32_t& word : operands) word &= 0xbbffbbff;
    }
    const std::uint64_t bulk = engine.Put(before), single = engine.Put(before);
    engine.RunOk({.block = {32}}, {engine.Put(operands), bulk, single});
    const Words got = HopperHarness::Get<std::uint32_t>(bulk, kWords);
    CHECK(got != before);
    if (has_red) {
      CHECK(got == HopperHarness::Get<std::uint32_t>(single, kWords));
      continue;
    }
    for (int i = 0; i < 2 * kWords; ++i) {
      const auto half = [i](const Words& words) {
        return static_cast<std::uint16_t>(words[static_cast<std::size_t>(i / 2)] >> i % 2 * 16);
      };
      const float a = Read(name, half(before)), b = Read(name, half(operands));
      const float expected = name.starts_with("min") ? std::min(a, b) : std::max(a, b);
      CHECK(Read(name, half(got)) == expected);
    }
  }
}

TEST_CASE("reductions in bulk: into the shared memory of another block, and its mbarrier is told") {
  HopperHarness engine;
  engine.Load(HopperHarness::Kernel(R"(
    .shared .align 128 .b8 tile[64];
    .shared .align 128 .b8 sum[64];
    .shared .align 8 .b64 barrier;
    mov.u32 %r0, %tid.x;
    mov.u32 %r9, %cluster_ctarank;
    ld.param.u64 %d1, [b];
    mov.u32 %r2, tile;
    mov.u32 %r3, sum;
    shl.b32 %r1, %r0, 2;
    add.u32 %r2, %r2, %r1;
    add.u32 %r3, %r3, %r1;
    add.u32 %r4, %r0, 100;
    st.shared.u32 [%r2], %r4;
    st.shared.u32 [%r3], 7;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra READY;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [barrier], 64;
READY:
    fence.proxy.async.shared::cta;
    barrier.cluster.arrive.aligned;
    barrier.cluster.wait.aligned;
    @%p0 bra WAIT;
    xor.b32 %r8, %r9, 1;
    mov.u32 %r6, sum;
    mapa.shared::cluster.u32 %r6, %r6, %r8;
    mov.u32 %r7, barrier;
    mapa.shared::cluster.u32 %r7, %r7, %r8;
    cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.add.u32 [%r6], [tile], 64, [%r7];
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [barrier], 0;
    @!%p1 bra WAIT;
    ld.shared.u32 %r5, [%r3];
    mad.lo.u32 %r10, %r9, 16, %r0;
    mul.wide.u32 %d2, %r10, 4;
    add.s64 %d1, %d1, %d2;
    st.global.u32 [%d1], %r5;
    ret;
  )"));
  const std::uint64_t out = engine.Put(Words(32, 0));
  engine.RunOk({.grid = {2}, .block = {16}, .cluster = {2, 1, 1}}, {0, out});
  const Words got = HopperHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) CHECK(got[i] == 107 + i % 16);
}

TensorMapTiled TensorOf(std::uint64_t address, TensorMapDataType type, std::uint64_t columns,
                        std::uint64_t rows, std::uint64_t bytes) {
  TensorMapTiled tiled;
  tiled.data_type = type;
  tiled.rank = 2;
  tiled.global_address = reinterpret_cast<void*>(address);
  tiled.global_dim[0] = columns;
  tiled.global_dim[1] = rows;
  tiled.global_strides[0] = columns * bytes;
  tiled.box_dim[0] = 8;
  tiled.box_dim[1] = 4;
  return tiled;
}

TensorMap Encode(const TensorMapTiled& tiled) {
  TensorMap map;
  REQUIRE(EncodeTensorMap(tiled, &map));
  return map;
}

std::string TensorReduceKernel(const std::string& operation) {
  return HopperHarness::Kernel(R"(
    .shared .align 128 .b8 tile[256];
    mov.u32 %r0, %tid.x;
    mov.u32 %r1, tile;
    shl.b32 %r2, %r0, 2;
    add.u32 %r1, %r1, %r2;
    add.u32 %r3, %r0, 1;
    st.shared.u32 [%r1], %r3;
    mov.b64 %d2, map;
    cvta.param.u64 %d2, %d2;
    fence.proxy.async.shared::cta;
    bar.sync 0;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra DONE;
    cp.reduce.async.bulk.tensor.2d.global.shared::cta.)" +
                               operation + R"(.tile.bulk_group [%d2, {6, -1}], [tile];
    cp.async.bulk.commit_group;
    cp.async.bulk.wait_group 0;
DONE:
    ret;
  )");
}

TEST_CASE("reductions of a tensor: by its type, inside of it only") {
  constexpr std::uint32_t kColumns = 12, kRows = 5;
  for (const std::string operation : {"add", "min", "max", "and", "or", "xor", "inc", "dec"}) {
    CAPTURE(operation);
    HopperHarness engine;
    engine.Load(TensorReduceKernel(operation));
    const Words before(kColumns * kRows, 9);
    const std::uint64_t tensor = engine.Put(before);
    engine.RunOk({.block = {32}},
                 Encode(TensorOf(tensor, TensorMapDataType::kUint32, kColumns, kRows, 4)), {});
    Words expected = before;
    for (std::uint32_t row = 1; row < 4; ++row) {
      for (std::uint32_t column = 0; column < 6; ++column) {
        const std::uint32_t operand = row * 8 + column + 1;
        std::uint32_t& cell = expected[(row - 1) * kColumns + 6 + column];
        if (operation == "add") cell += operand;
        if (operation == "min") cell = std::min(cell, operand);
        if (operation == "max") cell = std::max(cell, operand);
        if (operation == "and") cell &= operand;
        if (operation == "or") cell |= operand;
        if (operation == "xor") cell ^= operand;
        if (operation == "inc") cell = cell >= operand ? 0 : cell + 1;
        if (operation == "dec") cell = cell == 0 || cell > operand ? operand : cell - 1;
      }
    }
    CHECK(HopperHarness::Get<std::uint32_t>(tensor, expected.size()) == expected);
  }

  HopperHarness engine;
  engine.Load(TensorReduceKernel("inc"));
  const std::uint64_t tensor = engine.Put(Words(256, 0));
  engine.RunFaults({.block = {32}},
                   Encode(TensorOf(tensor, TensorMapDataType::kBfloat16, 24, 5, 2)), {},
                   Status::kLaunchFailure, "no such reduction");
}

// Puts together a map in shared memory from the parameter's, copies it to c, and loads the box at
// 0, 0 to b.
std::string ReplaceKernel(const std::string& replacements) {
  return HopperHarness::Kernel(R"(
    .shared .align 128 .b8 copy[128];
    .shared .align 128 .b8 tile[128];
    .shared .align 8 .b64 barrier;
    mov.u32 %r0, %tid.x;
    ld.param.u64 %d0, [a];
    ld.param.u64 %d1, [b];
    ld.param.u64 %d3, [c];
    mov.u32 %r1, copy;
    shl.b32 %r2, %r0, 2;
    add.u32 %r1, %r1, %r2;
    mov.b64 %d2, map;
    cvt.u64.u32 %d4, %r2;
    add.s64 %d2, %d2, %d4;
    cvta.param.u64 %d2, %d2;
    ld.u32 %r3, [%d2];
    st.shared.u32 [%r1], %r3;
    bar.warp.sync 0xffffffff;
    setp.ne.u32 %p0, %r0, 0;
    @%p0 bra COPY;
    mbarrier.init.shared::cta.b64 [barrier], 1;
    mbarrier.arrive.expect_tx.shared::cta.b64 _, [barrier], 128;
    )" + replacements + R"(
COPY:
    bar.warp.sync 0xffffffff;
    tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned [%d3], [copy], 128;
    fence.proxy.tensormap::generic.acquire.gpu [%d3], 128;
    @%p0 bra WAIT;
    cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [tile], [%d3, {0, 0}], [barrier];
WAIT:
    mbarrier.try_wait.parity.shared::cta.b64 %p1, [barrier], 0;
    @!%p1 bra WAIT;
    mov.u32 %r5, tile;
    add.u32 %r5, %r5, %r2;
    ld.shared.u32 %r6, [%r5];
    add.s64 %d1, %d1, %d4;
    st.global.u32 [%d1], %r6;
    ret;
  )");
}

TEST_CASE("tensormap.replace: every field, and a copy with what was put together") {
  HopperHarness engine;
  engine.Load(ReplaceKernel(R"(
    mov.u32 %r10, 1;
    tensormap.replace.tile.rank.shared::cta.b1024.b32 [copy], %r10;
    tensormap.replace.tile.global_address.shared::cta.b1024.b64 [copy], %d0;
    tensormap.replace.tile.global_dim.shared::cta.b1024.b32 [copy], 0, 6;
    tensormap.replace.tile.global_dim.shared::cta.b1024.b32 [copy], 1, 3;
    mov.u64 %d9, 64;
    tensormap.replace.tile.global_stride.shared::cta.b1024.b64 [copy], 0, %d9;
    tensormap.replace.tile.box_dim.shared::cta.b1024.b32 [copy], 0, 8;
    tensormap.replace.tile.box_dim.shared::cta.b1024.b32 [copy], 1, 4;
    tensormap.replace.tile.element_stride.shared::cta.b1024.b32 [copy], 0, 1;
    tensormap.replace.tile.elemtype.shared::cta.b1024.b32 [copy], 3;
    tensormap.replace.tile.interleave_layout.shared::cta.b1024.b32 [copy], 0;
    tensormap.replace.tile.swizzle_mode.shared::cta.b1024.b32 [copy], 0;
    tensormap.replace.tile.fill_mode.shared::cta.b1024.b32 [copy], 0;
  )"));
  Words matrix(16 * 4);
  for (std::uint32_t i = 0; i < matrix.size(); ++i) matrix[i] = 1 + i;
  const std::uint64_t address = engine.Put(matrix), other = engine.Put(Words(64, 5));
  const std::uint64_t out = engine.Put(Words(32, 77)), place = engine.Put(Words(32, 0));
  TensorMapTiled first = TensorOf(other, TensorMapDataType::kBfloat16, 16, 8, 2);
  first.box_dim[0] = 16;
  first.swizzle = TensorMapSwizzle::k32B;
  engine.RunOk({.block = {32}}, Encode(first), {address, out, place});
  const Words got = HopperHarness::Get<std::uint32_t>(out, 32);
  for (std::uint32_t i = 0; i < 32; ++i) {
    const std::uint32_t row = i / 8, column = i % 8;
    CHECK(got[i] == (row < 3 && column < 6 ? 1 + row * 16 + column : 0));
  }

  const std::uint32_t types[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11};
  for (const std::uint32_t type : types) {
    TensorMap map = Encode(first);
    REQUIRE(ReplaceTensorMapField(&map, TensorMapField::kElementType, 0, type));
    TensorMapTiled tiled;
    DecodeTensorMap(map, &tiled);
    const int expected = type < 8     ? static_cast<int>(type)
                         : type == 11 ? 11
                                      : static_cast<int>(type) - 1;
    CHECK(static_cast<int>(tiled.data_type) == expected);
  }
}

TEST_CASE("tensormap.replace: what the simulated device does not know is refused") {
  const std::pair<const char*, const char*> faults[] = {
      {"fill_mode.shared::cta.b1024.b32 [copy], 1", "cannot have the value 1"},
      {"swizzle_mode.shared::cta.b1024.b32 [copy], 4", "cannot have the value 4"},
      {"elemtype.shared::cta.b1024.b32 [copy], 8", "cannot have the value 8"},
      {"rank.shared::cta.b1024.b32 [copy], 5", "cannot have the value 5"},
      {"box_dim.shared::cta.b1024.b32 [copy], 0, 257", "cannot have the value 257"},
      {"element_stride.shared::cta.b1024.b32 [copy], 0, 9", "cannot have the value 9"},
      {"box_dim.shared::cta.b1024.b32 [copy], 0, 3", "not that of a tensor map"},
      {"rank.shared::cta.b1024.b32 [copy+4], 1", "misaligned"},
  };
  for (const auto& [replacement, words] : faults) {
    CAPTURE(replacement);
    HopperHarness engine;
    engine.Load(ReplaceKernel("tensormap.replace.tile." + std::string(replacement) + ";"));
    const std::uint64_t memory = engine.Put(Words(64, 5)), place = engine.Put(Words(32, 0));
    const Outcome outcome =
        engine.Run({.block = {32}}, Encode(TensorOf(memory, TensorMapDataType::kUint32, 8, 8, 4)),
                   {memory, memory, place});
    INFO(outcome.report);
    CHECK(outcome.status != Status::kSuccess);
    CHECK(outcome.report.find(words) != std::string::npos);
  }
}

TEST_CASE("reductions in bulk and tensor maps: unknown forms are refused") {
  const char* const lines[] = {
      "cp.reduce.async.bulk.global.shared::cta.bulk_group.inc.u64 [%d0], [tile], 16;",
      "cp.reduce.async.bulk.global.shared::cta.bulk_group [%d0], [tile], 16;",
      "cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.add.f32 "
      "[tile], "
      "[tile], 16, [tile];",
      "cp.reduce.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.add.u32 [tile], "
      "[%d0], 16, [tile];",
      "cp.reduce.async.bulk.tensor.2d.global.shared::cta.mul.tile.bulk_group [%d0, {0, 0}], "
      "[tile];",
      "cp.async.bulk.global.shared::cta.bulk_group.add.u32 [%d0], [tile], 16;",
      "tensormap.replace.tile.colour.global.b1024.b32 [%d0], 1;",
      "tensormap.replace.tile.rank.global.b1024.b64 [%d0], %d1;",
      "tensormap.replace.tile.rank.local.b1024.b32 [%d0], 1;",
      "tensormap.replace.tile.box_dim.global.b1024.b32 [%d0], 5, 1;",
      "tensormap.replace.tile.box_dim.global.b1024.b32 [%d0], %r1, 1;",
      "tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned "
      "[%d0], "
      "[tile], 64;",
      "tensormap.cp_fenceproxy.shared::cta.global.tensormap::generic.release.gpu.sync.aligned "
      "[%d0], "
      "[tile], 128;",
  };
  for (const char* line : lines) {
    CAPTURE(line);
    HopperHarness engine;
    engine.LoadFails(HopperHarness::Kernel(std::string(".shared .align 128 .b8 tile[256];\n") +
                                           line + "\nret;"));
  }
}

}  // namespace
}  // namespace nodecuda::simulator
