#ifndef NODECUDA_MODULES_ELF_H_
#define NODECUDA_MODULES_ELF_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "modules/bytes.h"
#include "modules/problem.h"

namespace nodecuda::modules {

// The header of an ELF file, for who has to know what it is before he reads on.
struct ElfHeader {
  std::uint8_t bits = 0;  // EI_CLASS: 1 of 32 bits, 2 of 64
  std::uint8_t abi = 0, abi_version = 0;
  std::uint16_t type = 0, machine = 0;
  std::uint32_t flags = 0;
};
constexpr std::uint16_t kElfRelocatable = 1, kElfExecutable = 2, kElfShared = 3;
constexpr std::uint16_t kElfCuda = 190;

bool IsElf(Bytes image);
// Nullopt if the image ends before the header does.
std::optional<ElfHeader> ReadElfHeader(Bytes image);

struct Section {
  std::string_view name = {};
  std::uint32_t type = 0, info = 0;
  std::uint64_t bytes = 0;  // in memory
  Bytes contents = {};      // in the file: nothing of a section that is only room (SHT_NOBITS)
};

struct Symbol {
  std::string_view name = {};
  std::uint8_t type = 0, binding = 0, other = 0;  // STT_, STB_, st_other
  std::uint16_t section = 0;
  std::uint64_t bytes = 0;
};
constexpr std::uint8_t kSymbolObject = 1, kSymbolFunction = 2;
constexpr std::uint8_t kBindingLocal = 0, kBindingGlobal = 1;
// Of a symbol that is none of the file's own: undefined, or one of those from there on.
constexpr std::uint16_t kSectionUndefined = 0, kSectionsReserved = 0xff00;

// A 64-bit little-endian ELF file, its sections and symbols. All that its tables name is within the
// image, also what is not read here: a driver is told where an image begins and not where it ends.
class Elf {
 public:
  static std::optional<Elf> Read(Bytes image, Problem* problem);

  const std::vector<Section>& sections() const { return sections_; }
  const std::vector<Symbol>& symbols() const { return symbols_; }
  const Section* Find(std::string_view name) const;
  std::size_t size() const { return image_.size(); }

 private:
  explicit Elf(Bytes image) : image_(image), names_left_(4 * image.size() + (64 << 10)) {}

  bool CheckSegments(Problem* problem) const;
  bool ReadSections(Problem* problem);
  bool ReadSymbols(Problem* problem);
  bool ReadName(Bytes strings, std::uint32_t offset, std::string_view* name, Problem* problem);

  Bytes image_;
  // Names may overlap, so that a small file has a square of its size in names: but not this one.
  std::size_t names_left_;
  std::vector<Section> sections_;
  std::vector<Symbol> symbols_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_ELF_H_
