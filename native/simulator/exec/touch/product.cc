#include "simulator/exec/touch/product.h"

namespace nodecuda::simulator {
namespace {

// The same in all lanes.
std::uint64_t Descriptor(const std::byte* file, std::uint32_t slot) {
  return *reinterpret_cast<const std::uint64_t*>(file + slot);
}

}  // namespace

std::uint64_t DescriptorOfB(const Instruction& in, const std::byte* file) {
  return Descriptor(file, in.slot[1]);
}

std::vector<std::uint64_t> UnitsOfA(const Instruction& in, const std::byte* file, int warp) {
  const WgmmaForm form = WgmmaForm::Unpack(in.offset);
  std::vector<std::uint64_t> units;
  if (form.a_in_registers) return units;
  ListUnits(MatrixDescriptor(Descriptor(file, in.slot[0])), MatrixPart::OfA(form, warp), &units);
  return units;
}

std::vector<std::uint64_t> UnitsOfB(const Instruction& in, const std::byte* file) {
  const WgmmaForm form = WgmmaForm::Unpack(in.offset);
  std::vector<std::uint64_t> units;
  ListUnits(MatrixDescriptor(DescriptorOfB(in, file)), MatrixPart::OfB(form), &units);
  return units;
}

}  // namespace nodecuda::simulator
