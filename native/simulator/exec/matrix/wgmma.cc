#include "simulator/exec/matrix/wgmma.h"

namespace nodecuda::simulator {
namespace {

constexpr std::uint32_t kUnit = 16;
constexpr std::uint32_t kUnitLog2 = 4;
constexpr std::uint32_t kGroup = 8;  // rows of a core matrix

// Fields of descriptors: bits 4 to 17 of an address or distance.
std::uint32_t Field(std::uint64_t bits, int shift) {
  return static_cast<std::uint32_t>(bits >> shift & 0x3fff) << kUnitLog2;
}

// Which units, along the dimension whose elements are neighbours, of which lines across it.
struct Units {
  std::uint32_t first, count, first_line, lines;
  Units(const MatrixPart& part, std::uint32_t element_bytes) {
    const std::uint32_t per_unit = kUnit / element_bytes;
    first = part.is_k_major ? 0 : part.first / per_unit;
    count = (part.is_k_major ? part.depth : part.count) / per_unit;
    first_line = part.is_k_major ? part.first : 0;
    lines = part.is_k_major ? part.count : part.depth;
  }
};

template <typename Element>
bool ReadElements(const MatrixDescriptor& descriptor, const MatrixPart& part,
                  const UnitReader& read, const MatrixTarget& target) {
  const Units units(part, sizeof(Element));
  const std::size_t along_step = part.is_k_major ? target.k_step : target.row_step;
  const std::size_t across_step = part.is_k_major ? target.row_step : target.k_step;
  for (std::uint32_t across = 0; across < units.lines; ++across) {
    std::uint32_t* out = target.elements + across * across_step;
    for (std::uint32_t unit = 0; unit < units.count; ++unit) {
      Element elements[kUnit / sizeof(Element)];
      if (!read(descriptor.UnitAddress(part.is_k_major, units.first + unit,
                                       units.first_line + across),
                elements))
        return false;
      for (const Element element : elements) {
        *out = element;
        out += along_step;
      }
    }
  }
  return true;
}

}  // namespace

std::int64_t WgmmaForm::Pack() const {
  return static_cast<std::int64_t>(a) | static_cast<std::int64_t>(b) << 4 |
         std::int64_t{half_result} << 8 | std::int64_t{a_in_registers} << 9 |
         std::int64_t{negate_a} << 10 | std::int64_t{negate_b} << 11 |
         std::int64_t{a_is_m_major} << 12 | std::int64_t{b_is_n_major} << 13 |
         std::int64_t{saturate} << 14 | std::int64_t{is_sparse} << 15 | std::int64_t{n} << 16 |
         std::int64_t{selector} << 32;
}

WgmmaForm WgmmaForm::Unpack(std::int64_t bits) {
  const auto flag = [bits](int at) { return (bits >> at & 1) != 0; };
  WgmmaForm form;
  form.a = static_cast<WgmmaType>(bits & 15);
  form.b = static_cast<WgmmaType>(bits >> 4 & 15);
  form.n = static_cast<int>(bits >> 16 & 0xffff);
  form.half_result = flag(8);
  form.a_in_registers = flag(9);
  form.negate_a = flag(10);
  form.negate_b = flag(11);
  form.a_is_m_major = flag(12);
  form.b_is_n_major = flag(13);
  form.saturate = flag(14);
  form.is_sparse = flag(15);
  form.selector = static_cast<int>(bits >> 32);
  return form;
}

MatrixDescriptor::MatrixDescriptor(std::uint64_t bits)
    : start(Field(bits, 0)),
      leading(Field(bits, 16)),
      stride(Field(bits, 32)),
      base_offset(static_cast<std::uint32_t>(bits >> 49 & 7)) {
  constexpr std::uint32_t kSpans[] = {kUnit, 128, 64, 32};
  span = kSpans[bits >> 62];
}

// The canonical layouts of the PTX ISA (asynchronous warpgroup level matrix shared memory layout),
// in 16-byte units.
std::uint64_t MatrixDescriptor::UnitAddress(bool is_k_major, std::uint32_t unit,
                                            std::uint32_t across) const {
  std::uint64_t address = start;
  const std::uint64_t row = across % kGroup * std::uint64_t{span};
  const std::uint64_t group = across / kGroup;
  if (is_k_major) {
    // Rows along M or N, two units along K, or the four of what a sparse A is multiplied by.
    // Unswizzled, units that are neighbours along K are a leading offset apart.
    address += row + group * stride + unit * std::uint64_t{span == kUnit ? leading : kUnit};
  } else if (span == kUnit) {
    address += row + group * leading + unit * std::uint64_t{stride};
  } else {
    const std::uint32_t units = span / kUnit;
    address += row + group * stride + unit % units * kUnit + unit / units * std::uint64_t{leading};
  }
  // Where the pattern begins is told by the address itself, or differs from it by the base offset.
  const std::uint64_t phase = ((address >> 7) - base_offset) & (span / kUnit - 1);
  return address ^ phase << kUnitLog2;
}

MatrixPart MatrixPart::OfA(const WgmmaForm& form, int warp) {
  return {!form.a_is_m_major, form.a, static_cast<std::uint32_t>(warp % kWarpsOfGroup * kWgmmaRows),
          kWgmmaRows, static_cast<std::uint32_t>(form.stored_k())};
}

MatrixPart MatrixPart::OfB(const WgmmaForm& form) {
  return {!form.b_is_n_major, form.b, 0, static_cast<std::uint32_t>(form.n),
          static_cast<std::uint32_t>(form.k())};
}

void ListUnits(const MatrixDescriptor& descriptor, const MatrixPart& part,
               std::vector<std::uint64_t>* addresses) {
  const Units units(part, static_cast<std::uint32_t>(BytesOf(part.type)));
  for (std::uint32_t line = 0; line < units.lines; ++line)
    for (std::uint32_t unit = 0; unit < units.count; ++unit)
      addresses->push_back(
          descriptor.UnitAddress(part.is_k_major, units.first + unit, units.first_line + line));
}

bool ReadMatrix(const MatrixDescriptor& descriptor, const MatrixPart& part, const UnitReader& read,
                const MatrixTarget& target) {
  switch (BytesOf(part.type)) {
    case 1:
      return ReadElements<std::uint8_t>(descriptor, part, read, target);
    case 2:
      return ReadElements<std::uint16_t>(descriptor, part, read, target);
    default:
      return ReadElements<std::uint32_t>(descriptor, part, read, target);
  }
}

}  // namespace nodecuda::simulator
