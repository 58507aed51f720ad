#ifndef NODECUDA_MODULES_DECOMPRESS_H_
#define NODECUDA_MODULES_DECOMPRESS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "modules/bytes.h"
#include "modules/problem.h"

namespace nodecuda::modules {

enum class Compression : std::uint8_t { kLz4, kZstd };

// Whether this build has the library.
bool CanDecompress(Compression compression);

// Decompresses a part of an image that says it becomes `length` bytes. Nothing is allocated for a
// length that cannot be true. False, with *problem filled, if it does not become just that.
bool Decompress(Compression compression, Bytes packed, std::uint64_t length,
                std::vector<std::byte>* unpacked, Problem* problem);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_DECOMPRESS_H_
