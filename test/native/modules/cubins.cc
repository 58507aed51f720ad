#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "test/native/modules/testing.h"

namespace nodecuda::modules {
namespace {

TEST_CASE("modules: a cubin of CUDA 13") {
  const Contents contents = MustRead(ReadFixture("cuda13_sm80.cubin"), Gpu(80));
  CHECK(contents.kind == ImageKind::kCubin);
  CHECK(contents.machine_code == Target{80});
  CHECK(contents.machine_targets == std::vector<Target>{{80}});
  CHECK_FALSE(contents.ptx_target.has_value());
  CHECK(contents.ptx_text.empty());
  CheckKernelsCu(contents, false);

  const KernelFacts& saxpy = KernelOf(contents, "saxpy");
  CHECK(PointersOf(saxpy) == "n??n");
  CHECK(saxpy.parameters[1].type == ptx::Type::kNone);
  CHECK(saxpy.parameters[1].alignment == 0);
}

TEST_CASE("modules: a cubin of CUDA 12, whose ELF header is another") {
  const Contents contents = MustRead(ReadFixture("cuda12_sm90a.cubin"), Gpu(90));
  CHECK(contents.machine_code == Target{90, 'a'});
  CheckKernelsCu(contents, true);
}

TEST_CASE("modules: a cubin runs on its own generation, and not on older devices of it") {
  const std::string sm80 = ReadFixture("cuda13_sm80.cubin");
  CHECK(Refusal(sm80, Gpu(86)) == "no problem");
  CHECK(Refusal(sm80, Gpu(89)) == "no problem");
  CHECK(
      Refusal(sm80, Gpu(90)) ==
      "the image has nothing for a device of compute capability 9.0: it has machine code for "
      "sm_80. "
      "Compile it for that (nvcc -gencode arch=compute_90,code=sm_90), or to PTX for an older one "
      "(nvcc -ptx -arch=sm_75)");
  CHECK(Refusal(sm80, Gpu(75)).starts_with("the image has nothing"));
  CHECK(
      Refusal(sm80, Simulated(80)) ==
      "the image has nothing for the simulated device, which runs PTX of compute capability 8.0 or "
      "lower: it has machine code for sm_80. Compile it for that (nvcc -gencode "
      "arch=compute_80,code=compute_80), or to PTX for an older one (nvcc -ptx -arch=sm_75)");
  const std::string sm90a = ReadFixture("cuda12_sm90a.cubin");
  CHECK(Refusal(sm90a, Gpu(100)).starts_with("the image has nothing"));
}

TEST_CASE("modules: ELF files that are no module") {
  CHECK(Refusal(ReadFixture("relocatable.cubin"), Gpu(75)) ==
        "the image is relocatable device code, of which a linker makes a module: give it to "
        "`device.link`, or compile without -rdc=true and -dc");
  // The same file, as a host's.
  std::string host = ReadFixture("cuda13_sm80.cubin");
  host[18] = 62;  // x86-64
  CHECK(Refusal(host) ==
        "the image is a program or shared library for the host: compile with nvcc -ptx, -cubin or "
        "-fatbin");
  host[16] = 1;
  CHECK(Refusal(host) ==
        "the image is an object file for the host: compile with nvcc -ptx, -cubin or "
        "-fatbin, not -c");
  host[16] = 9;
  CHECK(Refusal(host) == "the image is an ELF file, but not for CUDA");
  std::string narrow = ReadFixture("cuda13_sm80.cubin");
  narrow[4] = 1;
  CHECK(Refusal(narrow) == "the image is a cubin for 32-bit programs: compile with -m64");
  CHECK(Refusal(narrow.substr(0, 40)) == "the image ends within its ELF header, at byte 40");
}

TEST_CASE("modules: a cubin that breaks off says where") {
  const std::string whole = ReadFixture("cuda13_sm80.cubin");
  CHECK(
      Refusal(whole.substr(0, 2000), Gpu(80)).starts_with("the image ends at byte 2000, and its "));
}

// An ELF file of CUDA with these sections, after the empty one; the first is .shstrtab.
std::string MakeElf(const std::vector<std::pair<std::string, std::string>>& sections) {
  std::string image(64, '\0'), names(1, '\0'), table(64, '\0');
  const auto put = [](std::string* to, std::size_t offset, std::uint64_t value, std::size_t width) {
    std::memcpy(to->data() + offset, &value, width);
  };
  std::vector<std::size_t> name_offsets;
  for (const auto& [name, contents] : sections) {
    name_offsets.push_back(names.size());
    names += name + '\0';
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::string& contents = i == 0 ? names : sections[i].second;
    std::string header(64, '\0');
    put(&header, 0, name_offsets[i], 4);
    put(&header, 4, sections[i].first == ".symtab" ? 2 : 1, 4);
    put(&header, 24, image.size(), 8);
    put(&header, 32, contents.size(), 8);
    image += contents;
    table += header;
  }
  image.replace(0, 9, std::string("\x7f\x45LF\2\1\1\x41\x08", 9));
  put(&image, 16, 2, 2);
  put(&image, 18, 190, 2);
  put(&image, 40, image.size(), 8);
  put(&image, 48, 80 << 8, 4);
  put(&image, 58, 64, 2);
  put(&image, 60, sections.size() + 1, 2);
  put(&image, 62, 1, 2);
  return image + table;
}

std::string MakeSymbol(std::uint32_t name, char info, char other, std::uint16_t section) {
  std::string symbol(24, '\0');
  std::memcpy(symbol.data(), &name, 4);
  symbol[4] = info;
  symbol[5] = other;
  std::memcpy(symbol.data() + 6, &section, 2);
  return symbol;
}

TEST_CASE("modules: small cubins that would be read for long, or into much memory") {
  // Each symbol is named by what is left of one long name.
  constexpr std::uint32_t kMany = 50000;
  std::string symbols;
  for (std::uint32_t i = 0; i < kMany; ++i) symbols += MakeSymbol(i, 1, 0, 4);
  const std::string names = std::string(4 * kMany, 'a') + '\0';
  CHECK(Refusal(
            MakeElf(
                {{".shstrtab", ""}, {".strtab", names}, {".symtab", symbols}, {".nv.global", ""}}),
            Gpu(80)) == "the ELF file has too many names");

  // Each kernel has a section of notes, and all of them are the same bytes.
  std::string notes;
  for (int i = 0; i < 10000; ++i) notes += std::string("\1\1\0\0", 4);
  std::vector<std::pair<std::string, std::string>> sections = {
      {".shstrtab", ""}, {".strtab", ""}, {".symtab", ""}};
  std::string strings(1, '\0');
  std::string kernels;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "k" + std::to_string(i);
    kernels += MakeSymbol(static_cast<std::uint32_t>(strings.size()), 0x12, 0x10, 4);
    strings += name + '\0';
    sections.emplace_back(".text." + name, "");
    sections.emplace_back(".nv.info." + name, i == 0 ? notes : "");
  }
  sections[1].second = strings;
  sections[2].second = kernels;
  std::string image = MakeElf(sections);
  CHECK(NamesOf(MustRead(image, Gpu(80))).starts_with("k0 k1 k2 "));
  std::uint64_t table;
  std::memcpy(&table, image.data() + 40, sizeof table);
  for (std::size_t i = 5; i < sections.size() + 1; i += 2) {
    std::memcpy(image.data() + table + 64 * i + 24, image.data() + table + 64 * 5 + 24, 16);
  }
  CHECK(Refusal(image, Gpu(80)) == "the cubin notes too much of its kernels");
}

TEST_CASE("modules: cubins that contradict themselves") {
  const auto with = [](const std::string& symbols,
                       std::vector<std::pair<std::string, std::string>> more) {
    std::vector<std::pair<std::string, std::string>> sections = {
        {".shstrtab", ""}, {".strtab", std::string("\0k\0", 3)}, {".symtab", symbols}};
    sections.insert(sections.end(), more.begin(), more.end());
    return Refusal(MakeElf(sections), Gpu(80));
  };
  const std::string kernel = MakeSymbol(1, 0x12, 0x10, 4);
  const std::pair<std::string, std::string> text{".text.k", ""};
  CHECK(with(kernel, {text, {".nv.info.k", ""}}) == "no problem");
  CHECK(with(kernel, {}) == "the cubin has no code of its kernel 'k'");
  CHECK(with(kernel + kernel, {text}) == "the cubin has two kernels 'k'");
  CHECK(with(kernel, {text}).ends_with("it is of a toolkit older than CUDA 11"));
  const auto notes = [&](const std::string& bytes) {
    return with(kernel, {text, {".nv.info.k", bytes}});
  };
  const std::string contradicts =
      "what the cubin notes of the kernel 'k' (its section .nv.info) contradicts itself or breaks "
      "off";
  const std::string eight("\3\x19\x08\0", 4);  // 8 bytes of parameters
  const auto parameter = [](char ordinal, char offset, char bytes) {
    std::string note("\4\x17\x0c\0\0\0\0\0", 8);
    note += {ordinal, 0, offset, 0, 0, 0, static_cast<char>(bytes << 2), 0};
    return note;
  };
  CHECK(notes(eight + parameter(1, 4, 4) + parameter(0, 0, 4)) == "no problem");
  CHECK(notes(eight + parameter(1, 8, 4) + parameter(0, 0, 4)) == contradicts);
  CHECK(notes(eight + parameter(2, 4, 4) + parameter(0, 0, 4)) == contradicts);
  CHECK(notes(eight + parameter(0, 0, 4) + parameter(0, 4, 4)) == contradicts);
  CHECK(notes(parameter(0, 0, 4)) == contradicts);
  CHECK(notes(eight.substr(0, 3)) == contradicts);
  CHECK(notes(parameter(0, 0, 4).substr(0, 12)) == contradicts);
  CHECK(notes(std::string("\x09\1\0\0", 4)) == contradicts);
  CHECK(notes(std::string("\4\5\4\0\1\0\0\0", 8)) == contradicts);
  CHECK(notes(std::string("\4\5\x0c\0\xff\xff\xff\xff\2\0\0\0\1\0\0\0", 16)) == contradicts);
  const auto module_notes = [&](const std::string& bytes) {
    return with(kernel, {text, {".nv.info.k", ""}, {".nv.info", bytes}});
  };
  CHECK(module_notes(std::string("\4\x2f\x08\0\0\0\0\0\7\0\0\0", 12)) == "no problem");
  CHECK(module_notes(std::string("\4\x2f\x08\0\1\0\0\0\7\0\0\0", 12)) ==
        "the cubin's section .nv.info names functions that it does not have");
  CHECK(module_notes(std::string("\4\x2f\x08", 3)) == "the cubin's section .nv.info breaks off");
}

}  // namespace
}  // namespace nodecuda::modules
