#include "modules/kernel_info.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace nodecuda::modules {
namespace {

// EIATTR_..., as cuobjdump calls them.
constexpr std::uint8_t kMaxThreads = 0x05, kParameterBank = 0x0a, kRequiredThreads = 0x10,
                       kParameter = 0x17, kParameterBytes = 0x19, kCluster = 0x3d,
                       kMaxClusterRank = 0x3f, kParameterV2 = 0x45;

constexpr std::uint64_t kMostThreads = 0xffffffffu;

// A parameter as both forms of the attribute say it.
struct RawParameter {
  std::uint16_t ordinal = 0, offset = 0;
  std::uint32_t bytes = 0;
  bool is_pointer = false;
};

// Both begin: u32 (0), u16 ordinal, u16 offset. Then
//   KPARAM_INFO     a word: alignment of the pointee (8 bits, log2), its space (4), bank (6), size
//   (14) KPARAM_INFO_V2  u16 size, u8 alignment, u8 space: for parameters that 14 bits cannot tell
// The space is 0 of what is no pointer, and of pointers of which PTX does not say `.ptr`.
std::optional<RawParameter> ReadParameter(const Attribute& attribute) {
  const auto ordinal = attribute.contents.Read<std::uint16_t>(4);
  const auto offset = attribute.contents.Read<std::uint16_t>(6);
  const auto word = attribute.contents.Read<std::uint32_t>(8);
  if (!ordinal || !offset || !word) return std::nullopt;
  if (attribute.id == kParameter) {
    return RawParameter{*ordinal, *offset, *word >> 18, ((*word >> 8) & 15) != 0};
  }
  return RawParameter{*ordinal, *offset, *word & 0xffff, (*word >> 24) != 0};
}

std::optional<std::array<std::uint32_t, 3>> ReadExtent(const Attribute& attribute) {
  const auto extent = attribute.contents.Read<std::array<std::uint32_t, 3>>(0);
  if (!extent) return std::nullopt;
  const std::uint64_t area = std::uint64_t{(*extent)[0]} * (*extent)[1];
  if (area > kMostThreads || area * (*extent)[2] > kMostThreads) return std::nullopt;
  return extent;
}

class KernelInfoReader {
 public:
  explicit KernelInfoReader(KernelFacts* kernel) : kernel_(*kernel) {}

  bool Read(Bytes section) {
    Attributes attributes(section);
    for (Attribute attribute; attributes.Next(&attribute);) {
      if (!Take(attribute)) return false;
    }
    return !attributes.damaged() && TakeParameters();
  }

 private:
  bool Take(const Attribute& attribute) {
    switch (attribute.id) {
      case kParameter:
      case kParameterV2: {
        const auto parameter = ReadParameter(attribute);
        if (parameter) parameters_.push_back(*parameter);
        return parameter.has_value();
      }
      case kParameterBytes:
        kernel_.parameter_bytes = attribute.value;
        return true;
      case kMaxThreads: {
        const auto extent = ReadExtent(attribute);
        if (extent) kernel_.max_threads = (*extent)[0] * (*extent)[1] * (*extent)[2];
        return extent.has_value();
      }
      case kRequiredThreads: {
        const auto extent = ReadExtent(attribute);
        if (extent) kernel_.required_threads = *extent;
        return extent.has_value();
      }
      case kCluster: {
        const auto extent = ReadExtent(attribute);
        if (extent) kernel_.required_cluster = *extent;
        return extent.has_value();
      }
      case kMaxClusterRank: {
        const auto rank = attribute.contents.Read<std::uint32_t>(0);
        if (rank) kernel_.max_cluster_rank = *rank;
        return rank.has_value();
      }
      default:
        return true;
    }
  }

  // They are listed from the last to the first, which nothing promises.
  bool TakeParameters() {
    std::ranges::sort(parameters_, {}, &RawParameter::ordinal);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const RawParameter& raw = parameters_[i];
      const std::size_t end = std::size_t{raw.offset} + raw.bytes;
      if (raw.ordinal != i || end > kernel_.parameter_bytes) return false;
      Parameter parameter{.offset = raw.offset, .bytes = raw.bytes, .count = raw.bytes};
      if (raw.bytes != 8) parameter.is_pointer = false;
      if (raw.bytes == 8 && raw.is_pointer) parameter.is_pointer = true;
      kernel_.parameters.push_back(parameter);
    }
    return true;
  }

  KernelFacts& kernel_;
  std::vector<RawParameter> parameters_;
};

}  // namespace

bool Attributes::Next(Attribute* attribute) {
  if (damaged_ || position_ == section_.size()) return false;
  damaged_ = true;  // until it is found whole
  const auto format = section_.Read<std::uint8_t>(position_);
  const auto id = section_.Read<std::uint8_t>(position_ + 1);
  const auto value = section_.Read<std::uint16_t>(position_ + 2);
  // EIFMT_: no value, a byte, two bytes; or so many bytes of contents.
  constexpr std::uint8_t kNoValue = 1, kContents = 4;
  if (!value || *format < kNoValue || *format > kContents) return false;
  *attribute = {*id, *value, Bytes()};
  position_ += 4;
  if (*format == kContents) {
    const auto contents = section_.Part(position_, *value);
    if (!contents) return false;
    attribute->contents = *contents;
    position_ += *value;
  }
  damaged_ = false;
  return true;
}

bool ReadKernelInfo(Bytes section, KernelFacts* kernel, Problem* problem) {
  if (KernelInfoReader(kernel).Read(section)) return true;
  return problem->Set(Problem::Kind::kDamaged,
                      "what the cubin notes of the kernel '" + kernel->name +
                          "' (its section .nv.info) contradicts itself or breaks off");
}

}  // namespace nodecuda::modules
