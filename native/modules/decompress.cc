#include "modules/decompress.h"

#include <string>

#ifdef NODECUDA_WITH_LZ4
#include <lz4.h>
#endif
#ifdef NODECUDA_WITH_ZSTD
#include <zstd.h>
#endif

namespace nodecuda::modules {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;

// What a library makes of a packed part; its last word on a failure.
struct Result {
  std::uint64_t length = 0;
  std::string failure = {};
};

#ifdef NODECUDA_WITH_LZ4
constexpr bool kHasLz4 = true;

Result UnpackLz4(Bytes packed, std::vector<std::byte>& room) {
  const int length =
      LZ4_decompress_safe(packed.text().data(), reinterpret_cast<char*>(room.data()),
                          static_cast<int>(packed.size()), static_cast<int>(room.size()));
  if (length < 0) return {.failure = "LZ4 " LZ4_VERSION_STRING " cannot read it"};
  return {.length = static_cast<std::uint64_t>(length)};
}
#else
constexpr bool kHasLz4 = false;

Result UnpackLz4(Bytes, std::vector<std::byte>&) {
  return {};
}
#endif

#ifdef NODECUDA_WITH_ZSTD
constexpr bool kHasZstd = true;

Result UnpackZstd(Bytes packed, std::vector<std::byte>& room) {
  const std::size_t length =
      ZSTD_decompress(room.data(), room.size(), packed.span().data(), packed.size());
  if (ZSTD_isError(length) == 0) return {.length = length};
  return {.failure =
              "zstd " ZSTD_VERSION_STRING " says: " + std::string(ZSTD_getErrorName(length))};
}
#else
constexpr bool kHasZstd = false;

Result UnpackZstd(Bytes, std::vector<std::byte>&) {
  return {};
}
#endif

// The most that one byte can become: a run of 255 in LZ4; in zstd, a block of 128 KiB that is one
// byte and its header of three.
std::uint64_t MostFrom(Compression compression, std::uint64_t packed) {
  return compression == Compression::kLz4 ? packed * 255 : (packed + 1) * (128 << 10);
}

}  // namespace

bool CanDecompress(Compression compression) {
  return compression == Compression::kLz4 ? kHasLz4 : kHasZstd;
}

bool Decompress(Compression compression, Bytes packed, std::uint64_t length,
                std::vector<std::byte>* unpacked, Problem* problem) {
  const char* name = compression == Compression::kLz4 ? "LZ4" : "zstd";
  if (!CanDecompress(compression)) {
    return problem->Set(Problem::Kind::kNeedsLibrary,
                        std::string("it is compressed with ") + name +
                            ", which this build of nodecuda was made without: compile with "
                            "`nvcc --no-compress`");
  }
  if (length > kMostBytes || packed.size() > kMostBytes) {  // LZ4 counts in int
    return problem->Set(Problem::Kind::kDamaged, "its " + std::to_string(packed.size()) +
                                                     " bytes of " + name + " are to become " +
                                                     std::to_string(length) +
                                                     ", which is above the limit of 256 MiB");
  }
  if (length > MostFrom(compression, packed.size())) {
    return problem->Set(Problem::Kind::kDamaged,
                        "it says that its " + std::to_string(packed.size()) + " bytes of " + name +
                            " become " + std::to_string(length) + ", which they cannot");
  }
  unpacked->resize(length);
  const Result result = compression == Compression::kLz4 ? UnpackLz4(packed, *unpacked)
                                                         : UnpackZstd(packed, *unpacked);
  if (!result.failure.empty()) {
    return problem->Set(Problem::Kind::kDamaged,
                        "its compressed data are damaged: " + result.failure);
  }
  if (result.length != length) {
    return problem->Set(Problem::Kind::kDamaged, "it becomes " + std::to_string(result.length) +
                                                     " bytes when decompressed, and says " +
                                                     std::to_string(length));
  }
  return true;
}

}  // namespace nodecuda::modules
