#include "modules/elf.h"

#include <cstring>
#include <string>

namespace nodecuda::modules {
namespace {

// As in the ELF specification; here because a cubin is to be read where there is no <elf.h>.
struct FileHeader {
  unsigned char ident[16];
  std::uint16_t type, machine;
  std::uint32_t version;
  std::uint64_t entry, program_headers, section_headers;
  std::uint32_t flags;
  std::uint16_t header_size, program_header_size, program_header_count;
  std::uint16_t section_header_size, section_count, names_section;
};
static_assert(sizeof(FileHeader) == 64);

struct SectionHeader {
  std::uint32_t name, type;
  std::uint64_t flags, address, offset, size;
  std::uint32_t link, info;
  std::uint64_t alignment, entry_size;
};
static_assert(sizeof(SectionHeader) == 64);

struct ProgramHeader {
  std::uint32_t type, flags;
  std::uint64_t offset, address, physical_address, file_size, memory_size, alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

struct SymbolEntry {
  std::uint32_t name;
  std::uint8_t info, other;
  std::uint16_t section;
  std::uint64_t value, size;
};
static_assert(sizeof(SymbolEntry) == 24);

constexpr std::uint32_t kSymbolTable = 2, kNoBits = 8;  // SHT_SYMTAB, SHT_NOBITS
constexpr char kMagic[] = {0x7f, 'E', 'L', 'F'};

bool Damaged(Problem* problem, std::string words) {
  return problem->Set(Problem::Kind::kDamaged, std::move(words));
}

}  // namespace

bool IsElf(Bytes image) {
  return image.text().starts_with(std::string_view(kMagic, sizeof kMagic));
}

std::optional<ElfHeader> ReadElfHeader(Bytes image) {
  const auto header = image.Read<FileHeader>(0);
  if (!header) return std::nullopt;
  return ElfHeader{header->ident[4], header->ident[7], header->ident[8],
                   header->type,     header->machine,  header->flags};
}

std::optional<Elf> Elf::Read(Bytes image, Problem* problem) {
  Elf elf(image);
  if (!elf.ReadSections(problem) || !elf.CheckSegments(problem) || !elf.ReadSymbols(problem)) {
    return std::nullopt;
  }
  return elf;
}

const Section* Elf::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &sections_[found->second];
}

bool Elf::ReadSections(Problem* problem) {
  const auto header = image_.Read<FileHeader>(0);
  if (!header)
    return Damaged(
        problem, "the image ends within its ELF header, at byte " + std::to_string(image_.size()));
  if (header->section_header_size != sizeof(SectionHeader) || header->section_count == 0) {
    return Damaged(problem, "the ELF header names no sections of the usual size");
  }
  const auto table = image_.Part(header->section_headers,
                                 std::uint64_t{header->section_count} * sizeof(SectionHeader));
  if (!table) {
    return Damaged(problem, "the image ends at byte " + std::to_string(image_.size()) +
                                ", and its section headers should be at byte " +
                                std::to_string(header->section_headers));
  }
  const auto at = [&](std::size_t i) {
    return *table->Read<SectionHeader>(i * sizeof(SectionHeader));
  };
  if (header->names_section >= header->section_count) {
    return Damaged(problem, "the ELF header names no section of section names");
  }
  const SectionHeader names_header = at(header->names_section);
  const auto names = image_.Part(names_header.offset, names_header.size);
  if (!names) return Damaged(problem, "the names of the ELF sections lie outside the image");
  for (std::size_t i = 0; i < header->section_count; ++i) {
    const SectionHeader raw = at(i);
    Section section{.type = raw.type, .info = raw.info, .bytes = raw.size};
    if (!ReadName(*names, raw.name, &section.name, problem)) return false;
    if (raw.type != 0 && raw.type != kNoBits) {
      const auto contents = image_.Part(raw.offset, raw.size);
      if (!contents) {
        return Damaged(problem, "the ELF section " + std::to_string(i) + " should end at byte " +
                                    std::to_string(raw.offset + raw.size) +
                                    ", and the image ends at byte " +
                                    std::to_string(image_.size()));
      }
      section.contents = *contents;
    }
    by_name_.emplace(section.name, i);
    sections_.push_back(section);
  }
  return true;
}

bool Elf::CheckSegments(Problem* problem) const {
  const FileHeader header = *image_.Read<FileHeader>(0);
  if (header.program_header_count == 0) return true;
  const auto table = image_.Part(
      header.program_headers, std::uint64_t{header.program_header_count} * sizeof(ProgramHeader));
  if (!table || header.program_header_size != sizeof(ProgramHeader)) {
    return Damaged(problem, "the image ends at byte " + std::to_string(image_.size()) +
                                ", and its program headers should be at byte " +
                                std::to_string(header.program_headers));
  }
  for (std::size_t i = 0; i < header.program_header_count; ++i) {
    const ProgramHeader segment = *table->Read<ProgramHeader>(i * sizeof(ProgramHeader));
    if (image_.Has(segment.offset, segment.file_size)) continue;
    return Damaged(problem, "the ELF segment " + std::to_string(i) + " lies outside the image");
  }
  return true;
}

bool Elf::ReadSymbols(Problem* problem) {
  const auto* table = static_cast<const Section*>(nullptr);
  for (const Section& section : sections_) {
    if (section.type == kSymbolTable) table = &section;
  }
  if (table == nullptr) return Damaged(problem, "the ELF file has no symbols");
  const Section* strings = Find(".strtab");
  if (strings == nullptr) return Damaged(problem, "the ELF file has no names for its symbols");
  for (std::uint64_t offset = 0; offset + sizeof(SymbolEntry) <= table->contents.size();
       offset += sizeof(SymbolEntry)) {
    const SymbolEntry raw = *table->contents.Read<SymbolEntry>(offset);
    Symbol symbol{.type = static_cast<std::uint8_t>(raw.info & 15),
                  .binding = static_cast<std::uint8_t>(raw.info >> 4),
                  .other = raw.other,
                  .section = raw.section,
                  .bytes = raw.size};
    if (!ReadName(strings->contents, raw.name, &symbol.name, problem)) return false;
    symbols_.push_back(symbol);
  }
  return true;
}

bool Elf::ReadName(Bytes strings, std::uint32_t offset, std::string_view* name, Problem* problem) {
  const std::string_view all = strings.text();
  if (offset == 0 && all.empty()) return true;
  // Not find() alone: it would look through all of a long tail for each of many names.
  const std::string_view rest =
      offset < all.size() ? all.substr(offset, names_left_ + 1) : std::string_view();
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) {
    if (rest.size() > names_left_) return Damaged(problem, "the ELF file has too many names");
    return Damaged(problem,
                   "an ELF name lies outside its section, at byte " + std::to_string(offset));
  }
  if (end > names_left_) return Damaged(problem, "the ELF file has too many names");
  names_left_ -= end;
  *name = rest.substr(0, end);
  return true;
}

}  // namespace nodecuda::modules
