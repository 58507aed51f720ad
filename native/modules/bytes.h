#ifndef NODECUDA_MODULES_BYTES_H_
#define NODECUDA_MODULES_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace nodecuda::modules {

// The bytes of an image, which come from anywhere: nothing is read but through these checks, and
// nothing need be aligned.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  std::span<const std::byte> span() const { return bytes_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  bool Has(std::uint64_t offset, std::uint64_t length) const {
    return offset <= bytes_.size() && length <= bytes_.size() - offset;
  }
  std::optional<Bytes> Part(std::uint64_t offset, std::uint64_t length) const {
    if (!Has(offset, length)) return std::nullopt;
    return Bytes(bytes_.subspan(offset, length));
  }
  // A value as this machine has it in memory, little-endian as all images are.
  template <typename T>
  std::optional<T> Read(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!Has(offset, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_BYTES_H_
