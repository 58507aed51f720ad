#include <cstring>

#include "modules/decompress.h"
#include "test/native/modules/testing.h"

namespace nodecuda::modules {
namespace {

template <typename T>
void Put(std::string* image, std::size_t offset, T value) {
  REQUIRE(offset + sizeof value <= image->size());
  std::memcpy(image->data() + offset, &value, sizeof value);
}

// Whether this build can read what comes next; else it has to say so.
bool IsBuiltIn(Compression compression, const std::string& image) {
  if (CanDecompress(compression)) return true;
  MESSAGE("built without a decompressor");
  CHECK(Refusal(image).find("compile with `nvcc --no-compress`") != std::string::npos);
  return false;
}

TEST_CASE("modules: a fatbin, all of it compressed with zstd") {
  const std::string image = ReadFixture("zstd.fatbin");
  if (!IsBuiltIn(Compression::kZstd, image)) return;
  // The PTX, where there is no machine code.
  const Contents simulated = MustRead(image, Simulated(90));
  CHECK(simulated.kind == ImageKind::kFatbin);
  CHECK_FALSE(simulated.machine_code.has_value());
  CHECK(simulated.ptx_target == Target{75});
  CHECK(simulated.machine_targets == std::vector<Target>{{75}, {100, 'f'}});
  CHECK(simulated.ptx_targets == std::vector<Target>{{75}});
  CHECK(simulated.ptx_text.find(".target sm_75") != std::string::npos);
  CHECK(simulated.ptx_text.find('\0') == std::string::npos);
  CheckKernelsCu(simulated, false);
  CheckKernelsCu(MustRead(image, Gpu(90)), false);

  // Machine code, with the types of the PTX.
  const Contents turing = MustRead(image, Gpu(75));
  CHECK(turing.machine_code == Target{75});
  CheckKernelsCu(turing, false);
  CHECK(KernelOf(turing, "saxpy").parameters[0].type == ptx::Type::kF32);
  CHECK(KernelOf(turing, "by_value").parameters[1].alignment == 16);
  CHECK(VariableOf(turing, "scale").type == ptx::Type::kF32);

  // Kernels that the PTX for 7.5 has not; and ptxas notes which parameters are pointers.
  const Contents blackwell = MustRead(image, Gpu(103));
  CHECK(blackwell.machine_code == Target{100, 'f'});
  CheckKernelsCu(blackwell, true);
  CHECK(PointersOf(KernelOf(blackwell, "saxpy")) == "nyyn");
  CHECK(PointersOf(KernelOf(blackwell, "clustered")) == "y");
  CHECK(KernelOf(blackwell, "saxpy").parameters[3].type == ptx::Type::kU32);
}

TEST_CASE("modules: a fatbin with PTX compressed with LZ4") {
  const std::string image = ReadFixture("lz4.fatbin");
  if (!IsBuiltIn(Compression::kLz4, image)) return;
  const Contents contents = MustRead(image, Gpu(120));
  CHECK(contents.ptx_target == Target{75});
  CheckKernelsCu(contents, false);
  CHECK(Refusal(image + "what follows is not of it", Gpu(120)) == "no problem");
}

TEST_CASE("modules: a fatbin without compression, and which entry is taken") {
  const std::string image = ReadFixture("plain.fatbin");
  CHECK(MustRead(image, Gpu(90)).machine_code == Target{90, 'a'});
  CHECK(MustRead(image, Gpu(90)).ptx_target == Target{90, 'a'});
  CHECK(MustRead(image, Simulated(90)).ptx_target == Target{90, 'a'});
  CHECK(MustRead(image, Simulated(89)).ptx_target == Target{80});
  CHECK(MustRead(image, Gpu(100)).ptx_target == Target{80});
  CHECK_FALSE(MustRead(image, Gpu(100)).machine_code.has_value());
  CHECK(NamesOf(MustRead(image, Gpu(100))) == "one");
  CHECK(Refusal(image, Gpu(75)) ==
        "the image has nothing for a device of compute capability 7.5: it has machine code for "
        "sm_90a "
        "and PTX for sm_90a, sm_80. Compile it for that (nvcc -gencode "
        "arch=compute_75,code=sm_75), or "
        "to PTX for an older one (nvcc -ptx -arch=sm_75)");
}

// ptxas aligns where a parameter lies in the constant bank, in which the block begins at 0x210 for
// sm_90: 48 bytes before the next multiple of 64.
TEST_CASE("modules: machine code has the say where parameters are, PTX how they are aligned") {
  const std::string image = ReadFixture("plain.fatbin");
  const KernelFacts machine = KernelOf(MustRead(image, Gpu(90)), "one");
  CHECK(LayoutOf(machine) == "0+8 48+128");
  CHECK(machine.parameter_bytes == 176);
  CHECK(machine.parameters[1].alignment == 64);
  CHECK(machine.parameters[1].is_array);
  const KernelFacts ptx = KernelOf(MustRead(image, Simulated(90)), "one");
  CHECK(LayoutOf(ptx) == "0+8 64+128");
  CHECK(ptx.parameter_bytes == 192);
}

TEST_CASE("modules: fatbins that a linker is to see first") {
  CHECK(Refusal(ReadFixture("relocatable.fatbin")) ==
        "the image is relocatable device code, of which a linker makes a module: give it to "
        "`device.link`, or compile without -rdc=true and -dc");
  CHECK(Refusal(ReadFixture("lto.fatbin")) ==
        "the fatbin has LTO-IR alone, which a linker makes a module of: compile without -dlto and "
        "code=lto_XX");
}

TEST_CASE("modules: fatbins that are damaged say where") {
  const std::string image = ReadFixture("lz4.fatbin");
  CHECK(Refusal(image.substr(0, 10)) == "the fatbin ends within its header, at byte 10");
  CHECK(Refusal(image.substr(0, 1000)) ==
        "the fatbin says that it has 2864 bytes after its header, and ends at byte 1000");
  std::string other = image;
  Put<std::uint16_t>(&other, 4, 7);
  CHECK(Refusal(other) == "the fatbin is of version 7, which is unknown");
  other = image;
  Put<std::uint64_t>(&other, 8, 0);
  CHECK(Refusal(other) == "the fatbin is empty");
  Put<std::uint64_t>(&other, 8, 30);
  CHECK(Refusal(other) == "the entry at byte 16 of the fatbin: its header is cut off");
  Put<std::uint64_t>(&other, 8, 2000);
  CHECK(Refusal(other) ==
        "the entry at byte 16 of the fatbin: it should go on beyond the end of the fatbin");
  other = image;
  Put<std::uint32_t>(&other, 16 + 4, 0);
  CHECK(Refusal(other) ==
        "the entry at byte 16 of the fatbin: its header says that it is too short");
  other = image;
  Put<std::uint32_t>(&other, 16 + 16, 100000);
  CHECK(Refusal(other) ==
        "the entry at byte 16 of the fatbin: its compressed part should go on beyond its end");
  other = image;
  Put<std::uint32_t>(&other, 16 + 28, 0xffffffff);
  CHECK(Refusal(other) ==
        "the entry at byte 16 of the fatbin: it is for the impossible target sm_4294967295");
}

TEST_CASE("modules: what a compressed part says of its size is not believed") {
  for (const Compression compression : {Compression::kLz4, Compression::kZstd}) {
    const bool is_lz4 = compression == Compression::kLz4;
    CAPTURE(is_lz4);
    const std::string image = ReadFixture(is_lz4 ? "lz4.fatbin" : "zstd.fatbin");
    if (!IsBuiltIn(compression, image)) continue;
    // Of the PTX.
    const std::size_t entry = is_lz4 ? 16 : image.find(std::string("\x01\0\x01\x01\x50", 5));
    REQUIRE(entry != std::string::npos);
    std::string other = image;
    const auto refused_with = [&](std::uint64_t length) {
      Put<std::uint64_t>(&other, entry + 56, length);
      return Refusal(other, Simulated(90));
    };
    CHECK(refused_with(~std::uint64_t{0}).find("above the limit of 256 MiB") != std::string::npos);
    CHECK(refused_with(std::uint64_t{1} << 28).find("which they cannot") != std::string::npos);
    CHECK(refused_with(20000).find(" bytes when decompressed, and says 20000") !=
          std::string::npos);
    CHECK(refused_with(0).find("are damaged") != std::string::npos);
    CHECK(refused_with(6000).find("are damaged") != std::string::npos);
  }
}

}  // namespace
}  // namespace nodecuda::modules
