#include "modules/fatbin.h"

#include <string>
#include <string_view>

namespace nodecuda::modules {
namespace {

// As nvcc 13 writes them; sizes are those of what follows the header.
struct FileHeader {
  std::uint32_t magic;
  std::uint16_t version, header_size;
  std::uint64_t size;
};
static_assert(sizeof(FileHeader) == 16);

struct EntryHeader {
  std::uint16_t kind, version;
  std::uint32_t header_size;  // with the options that follow
  std::uint64_t size;         // with zeros at the end, so that the next entry is aligned
  std::uint32_t packed_size;  // without them; 0 of what is not compressed
  std::uint32_t options;      // offset of an OptionsHeader in the header, or 0
  std::uint16_t minor, major;
  std::uint32_t target;
  std::uint32_t name, name_size;
  std::uint64_t flags;
  std::uint64_t unknown;
  std::uint64_t unpacked_size;
};
static_assert(sizeof(EntryHeader) == 64);

struct OptionsHeader {
  std::uint32_t text, size;  // offset in the entry's header
};

constexpr std::uint32_t kMagic = 0xba55ed50;
constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kPtx = 1, kCubin = 2;
constexpr std::uint64_t kLz4Flag = 0x2000, kZstdFlag = 0x8000;
constexpr std::uint64_t kSpecificFlag = 0x100000, kFamilyFlag = 0x200000;  // sm_90a, sm_100f
constexpr int kMostTarget = 999;

bool IsRelocatable(Bytes entry, const EntryHeader& header) {
  if (header.kind != kPtx || header.options == 0) return false;
  const auto options = entry.Read<OptionsHeader>(header.options);
  if (!options) return false;
  const auto text = entry.Part(options->text, options->size);
  return text && text->text().find("--compile-only") != std::string_view::npos;
}

// `entry` begins with the entry and goes on to the end of the fatbin.
std::optional<FatbinEntry> ReadEntry(Bytes entry, const EntryHeader& header, Problem* problem) {
  const auto damaged = [problem](std::string words) {
    problem->Set(Problem::Kind::kDamaged, std::move(words));
    return std::nullopt;
  };
  if (header.header_size < sizeof header) return damaged("its header says that it is too short");
  const auto payload = entry.Part(header.header_size, header.size);
  if (!payload) return damaged("it should go on beyond the end of the fatbin");
  if (header.target > kMostTarget) {
    return damaged("it is for the impossible target sm_" + std::to_string(header.target));
  }
  FatbinEntry result;
  if (header.kind == kPtx) result.kind = FatbinEntry::Kind::kPtx;
  if (header.kind == kCubin) result.kind = FatbinEntry::Kind::kCubin;
  result.target.number = static_cast<int>(header.target);
  if ((header.flags & kFamilyFlag) != 0) result.target.suffix = 'f';
  if ((header.flags & kSpecificFlag) != 0) result.target.suffix = 'a';
  result.is_relocatable = IsRelocatable(*entry.Part(0, header.header_size), header);
  result.payload = *payload;
  result.length = header.size;
  if ((header.flags & (kLz4Flag | kZstdFlag)) != 0) {
    const auto packed = payload->Part(0, header.packed_size);
    if (!packed) return damaged("its compressed part should go on beyond its end");
    result.payload = *packed;
    result.length = header.unpacked_size;
    result.compression = (header.flags & kLz4Flag) != 0 ? Compression::kLz4 : Compression::kZstd;
  }
  return result;
}

std::string Where(std::size_t position) {
  return "the entry at byte " + std::to_string(position) + " of the fatbin: ";
}

}  // namespace

bool IsFatbin(Bytes image) {
  return image.Read<std::uint32_t>(0) == kMagic;
}

std::optional<std::vector<FatbinEntry>> ReadFatbin(Bytes image, Problem* problem) {
  const auto damaged = [problem](std::string words) {
    problem->Set(Problem::Kind::kDamaged, std::move(words));
    return std::nullopt;
  };
  const auto header = image.Read<FileHeader>(0);
  if (!header) {
    return damaged("the fatbin ends within its header, at byte " + std::to_string(image.size()));
  }
  if (header->version != kVersion || header->header_size < sizeof *header) {
    return damaged("the fatbin is of version " + std::to_string(header->version) +
                   ", which is unknown");
  }
  const auto all = image.Part(header->header_size, header->size);
  if (!all) {
    return damaged("the fatbin says that it has " + std::to_string(header->size) +
                   " bytes after its header, and ends at byte " + std::to_string(image.size()));
  }
  std::vector<FatbinEntry> entries;
  for (std::size_t at = 0; at < all->size();) {
    const std::size_t position = header->header_size + at;
    const Bytes rest = *all->Part(at, all->size() - at);
    const auto entry_header = rest.Read<EntryHeader>(0);
    if (!entry_header) return damaged(Where(position) + "its header is cut off");
    std::optional<FatbinEntry> entry = ReadEntry(rest, *entry_header, problem);
    if (!entry) return damaged(Where(position) + problem->words);
    entry->position = position;
    entries.push_back(*entry);
    at += entry_header->header_size + entry_header->size;  // both are within `rest`
  }
  return entries;
}

std::optional<Bytes> Unpack(const FatbinEntry& entry, std::vector<std::byte>* room,
                            Problem* problem) {
  if (!entry.compression) return entry.payload;
  if (Decompress(*entry.compression, entry.payload, entry.length, room, problem)) {
    return Bytes(*room);
  }
  problem->words = Where(entry.position) + problem->words;
  return std::nullopt;
}

}  // namespace nodecuda::modules
