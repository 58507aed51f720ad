#ifndef NODECUDA_MODULES_FATBIN_H_
#define NODECUDA_MODULES_FATBIN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "modules/bytes.h"
#include "modules/decompress.h"
#include "modules/problem.h"
#include "modules/target.h"

namespace nodecuda::modules {

// One of the images in a fatbin.
struct FatbinEntry {
  enum class Kind : std::uint8_t { kPtx, kCubin, kOther };
  Kind kind = Kind::kOther;
  Target target;
  bool is_relocatable = false;  // PTX for -rdc=true; a cubin says so itself
  std::optional<Compression> compression;
  Bytes payload;             // compressed or not
  std::uint64_t length = 0;  // of what the payload becomes
  std::size_t position = 0;  // in the fatbin, for messages
};

bool IsFatbin(Bytes image);

// Lists the entries of a fatbin. What follows its end is ignored, as by a driver.
std::optional<std::vector<FatbinEntry>> ReadFatbin(Bytes image, Problem* problem);

// An entry's image: its payload, or what that becomes, kept in *room.
std::optional<Bytes> Unpack(const FatbinEntry& entry, std::vector<std::byte>* room,
                            Problem* problem);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_FATBIN_H_
