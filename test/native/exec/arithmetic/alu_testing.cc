#include "test/native/exec/arithmetic/alu_testing.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>

namespace nodecuda::simulator::test {

using ptx::Type;

std::vector<Isa> AvailableIsas() {
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512}) {
    if (isa <= DetectIsa()) isas.push_back(isa);
  }
  return isas;
}

ptx::Instruction MakeInstruction(const std::string& mnemonic, std::size_t operands, bool pair) {
  ptx::Instruction instruction;
  // Kept for the life of the process: the instruction holds views of it.
  static std::vector<std::unique_ptr<const std::string>> texts;
  const std::string& text = *texts.emplace_back(std::make_unique<const std::string>(mnemonic));
  instruction.mnemonic = text;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    instruction.parts.push_back(rest.substr(0, dot));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  instruction.operands.resize(operands - pair);
  for (ptx::Operand& operand : instruction.operands) operand.kind = ptx::Operand::Kind::kRegister;
  if (pair) {
    ptx::Operand& first = instruction.operands[0];
    first.elements.resize(2, first);
    first.kind = ptx::Operand::Kind::kPair;
  }
  return instruction;
}

RegisterFile::RegisterFile(const std::vector<std::size_t>& bytes) : bytes_(bytes) {
  std::size_t end = 0;
  for (const std::size_t width : bytes) {
    slots_.push_back(static_cast<std::uint32_t>(end));
    end += std::max<std::size_t>(64, width * kWarpSize);
  }
  storage_.resize(end + 64);
  void* start = storage_.data();
  std::size_t room = storage_.size();
  file_ = static_cast<std::byte*>(std::align(64, end, start, room));
}

void RegisterFile::Write(std::size_t i, const Lanes& lanes) {
  std::uint32_t mask = 0;
  for (int lane = 0; lane < kWarpSize; ++lane) {
    const std::uint64_t value = lanes[static_cast<std::size_t>(lane)];
    if (bytes_[i] == 0) {
      mask |= static_cast<std::uint32_t>(value & 1) << lane;
    } else {
      std::memcpy(file_ + slots_[i] + static_cast<std::size_t>(lane) * bytes_[i], &value,
                  bytes_[i]);
    }
  }
  if (bytes_[i] == 0) std::memcpy(file_ + slots_[i], &mask, sizeof mask);
}

Lanes RegisterFile::Read(std::size_t i) const {
  Lanes lanes{};
  std::uint32_t mask = 0;
  std::memcpy(&mask, file_ + slots_[i], sizeof mask);
  for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
    if (bytes_[i] == 0) {
      lanes[lane] = mask >> lane & 1;
    } else {
      std::memcpy(&lanes[lane], file_ + slots_[i] + lane * bytes_[i], bytes_[i]);
    }
  }
  return lanes;
}

namespace {

// Bit patterns at the borders of a floating format with this many exponent and fraction bits.
std::uint64_t FloatEdge(int bits, int fraction, std::mt19937_64& random) {
  const std::uint64_t one_unit = std::uint64_t{1} << fraction;
  const std::uint64_t infinity = (std::uint64_t{1} << (bits - 1)) - one_unit;
  const std::uint64_t bias = infinity / 2 & ~(one_unit - 1);
  const std::uint64_t whole = static_cast<std::uint64_t>(random() % 70) * one_unit;
  const std::uint64_t bases[] = {0,
                                 one_unit,
                                 infinity,
                                 bias,
                                 bias + one_unit / 2,
                                 bias - one_unit,
                                 infinity - one_unit,
                                 std::min(bias + whole, infinity),
                                 bias - std::min(bias, whole),
                                 infinity + one_unit / 2};
  std::uint64_t edge = bases[random() % std::size(bases)];
  if (random() % 2) edge += static_cast<std::uint64_t>(static_cast<std::int64_t>(random() % 5) - 2);
  if (random() % 4 == 0) edge ^= one_unit >> (1 + random() % 3);
  const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
  return random() % 2 ? edge ^ sign : edge;
}

std::uint64_t IntegerEdge(int bits, std::mt19937_64& random) {
  const std::uint64_t base = random() % 3 == 0 ? random() % 70 : std::uint64_t{1} << random() % 64;
  const std::uint64_t near = base + random() % 3 - 1;
  const std::uint64_t value = random() % 2 ? near : 0 - near;
  return bits == 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

std::uint64_t Edge(Type type, std::mt19937_64& random) {
  switch (type) {
    case Type::kF16:
      return FloatEdge(16, 10, random);
    case Type::kBF16:
      return FloatEdge(16, 7, random);
    case Type::kF32:
      return FloatEdge(32, 23, random);
    case Type::kF64:
      return FloatEdge(64, 52, random);
    case Type::kF16x2:
      return FloatEdge(16, 10, random) << 16 | (FloatEdge(16, 10, random) & 0xffff);
    case Type::kBF16x2:
      return FloatEdge(16, 7, random) << 16 | (FloatEdge(16, 7, random) & 0xffff);
    case Type::kF32x2:
      return FloatEdge(32, 23, random) << 32 | (FloatEdge(32, 23, random) & 0xffffffff);
    default:
      return IntegerEdge(static_cast<int>(8 * SizeOf(type)), random);
  }
}

}  // namespace

std::uint64_t Corner(Type type, std::size_t i) {
  const std::size_t bits = 8 * SizeOf(type);
  const auto floats = [&](int fraction) {
    const std::uint64_t infinity =
        (std::uint64_t{1} << (bits - 1)) - (std::uint64_t{1} << fraction);
    const std::uint64_t one = infinity / 2 & ~((std::uint64_t{1} << fraction) - 1);
    const std::uint64_t corners[] = {0, std::uint64_t{1} << (bits - 1), one, infinity,
                                     infinity + 1};
    return corners[i % 5];
  };
  switch (type) {
    case Type::kPred:
      return i & 1;
    case Type::kF16:
      return floats(10);
    case Type::kBF16:
      return floats(7);
    case Type::kF32:
      return floats(23);
    case Type::kF64:
      return floats(52);
    default:
      break;
  }
  const std::uint64_t least = std::uint64_t{1} << (bits - 1);
  const std::uint64_t corners[] = {0, 1, least | (least - 1), least, least - 1};
  return corners[i % 5];
}

std::uint64_t Sample(Type type, std::uint64_t other, std::mt19937_64& random) {
  if (type == Type::kPred) return random() & 1;
  std::uint64_t bits = 0;
  switch (random() % 4) {
    case 0:
      bits = random();
      break;
    case 1:
      bits = other + random() % 5 - 2;
      break;
    case 2:
      bits = other ^ std::uint64_t{1} << random() % (8 * SizeOf(type));
      break;
    default:
      bits = Edge(type, random);
  }
  const std::size_t size = SizeOf(type);
  return size >= 8 ? bits : bits & ((std::uint64_t{1} << (8 * size)) - 1);
}

}  // namespace nodecuda::simulator::test
