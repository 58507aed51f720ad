#include "modules/foreign.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "modules/elf.h"

namespace nodecuda::modules {
namespace {

using namespace std::string_view_literals;

constexpr char kCompile[] = ": compile it with nvcc -ptx, -cubin or -fatbin";

struct Beginning {
  std::string_view bytes;
  const char* words;
};
constexpr Beginning kBeginnings[] = {
    {"\xb1\x43\x62\x46"sv,
     "the image is the wrapper that host programs have around a fatbin, which only points to it: "
     "pass what it points to, or the output of `nvcc -fatbin`"},
    {"!<arch>\n"sv, "the image is a static library: compile with nvcc -ptx, -cubin or -fatbin"},
    {"\xed\x43\x4e\x7f"sv,
     "the image is LTO-IR, which a linker makes a module of: compile without -dlto and "
     "code=lto_XX, or link it with `nvcc -dlto -dlink -cubin`"},
    {"BC\xc0\xde"sv, "the image is LLVM bitcode: compile it to PTX"},
    {"\x03\x02\x23\x07"sv, "the image is SPIR-V, and CUDA takes PTX, cubins and fatbins"},
    {"\x1f\x8b"sv, "the image is compressed with gzip: decompress it first"},
    {"BZh"sv, "the image is compressed with bzip2: decompress it first"},
    {"\xfd"
     "7zXZ"sv,
     "the image is compressed with xz: decompress it first"},
    {"\x28\xb5\x2f\xfd"sv, "the image is compressed with zstd: decompress it first"},
    {"\x04\x22\x4d\x18"sv, "the image is compressed with LZ4: decompress it first"},
    {"PK\x03\x04"sv, "the image is a ZIP archive: unpack it first"},
    {"MZ"sv,
     "the image is a program or library for Windows: compile with nvcc -ptx, -cubin or "
     "-fatbin"},
    {"\xcf\xfa\xed\xfe"sv, "the image is a program or library for macOS"},
    {"\xff\xfe"sv, "the image seems to be text in UTF-16, and PTX is ASCII: encode it again"},
    {"\xfe\xff"sv, "the image seems to be text in UTF-16, and PTX is ASCII: encode it again"},
    {"\xef\xbb\xbf"sv, "the image begins with a byte-order mark, which PTX cannot have: remove it"},
    {"version https://git-lfs"sv,
     "the image is a pointer of Git LFS: fetch the file itself with `git lfs pull`"},
    {"<"sv, "the image seems to be HTML or XML, such as the page of a failed download"},
};

bool IsText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t' || c == '\0';
  });
}

bool HasAny(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

std::string HexOf(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!hex.empty()) hex += ' ';
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string DescribeText(std::string_view text) {
  if (HasAny(text, {"__global__", "__device__", "#include"})) {
    return std::string("the image seems to be CUDA C++ source") + kCompile;
  }
  if (HasAny(text, {"target triple", "define void @", "source_filename"})) {
    return "the image seems to be LLVM IR: compile it to PTX";
  }
  if (text.find_first_of(" \n") == std::string_view::npos &&
      HasAny(text, {".ptx", ".cubin", ".fatbin", "/"})) {
    return "the image seems to be the name of a file: pass what the file holds";
  }
  return "the image is text, but not PTX, which begins with '.version'";
}

}  // namespace

std::string DescribeForeign(Bytes image) {
  const std::string_view all = image.text();
  if (all.find_first_not_of(" \t\r\n\0"sv) == std::string_view::npos) {
    return all.empty() ? "the image is empty" : "the image has nothing but blanks";
  }
  for (const Beginning& beginning : kBeginnings) {
    if (all.starts_with(beginning.bytes)) return beginning.words;
  }
  // Enough to tell, of what may be long.
  const std::string_view text = all.substr(0, 64 << 10);
  if (IsText(text)) return DescribeText(text);
  return "the image is neither PTX, cubin nor fatbin: it begins with the bytes " +
         HexOf(all.substr(0, 8));
}

std::string DescribeHostElf(std::uint16_t elf_type) {
  if (elf_type == kElfRelocatable) {
    return "the image is an object file for the host: compile with nvcc -ptx, -cubin or -fatbin, "
           "not -c";
  }
  if (elf_type == kElfExecutable || elf_type == kElfShared) {
    return "the image is a program or shared library for the host: compile with nvcc -ptx, -cubin "
           "or -fatbin";
  }
  return "the image is an ELF file, but not for CUDA";
}

}  // namespace nodecuda::modules
