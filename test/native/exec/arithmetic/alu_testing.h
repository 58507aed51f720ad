#ifndef NODECUDA_TEST_NATIVE_EXEC_ARITHMETIC_ALU_TESTING_H_
#define NODECUDA_TEST_NATIVE_EXEC_ARITHMETIC_ALU_TESTING_H_

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "simulator/exec/arithmetic/alu_table.h"

// Builds instructions by hand and runs their handlers on a small register file.
namespace nodecuda::simulator::test {

// The instruction sets this machine can run.
std::vector<Isa> AvailableIsas();

// An instruction with register operands, no registers named: enough for SelectAlu.
ptx::Instruction MakeInstruction(const std::string& mnemonic, std::size_t operands, bool pair);

// One operand's lanes, each zero-extended to 64 bits; a predicate has 0 or 1.
using Lanes = std::array<std::uint64_t, kWarpSize>;

class RegisterFile {
 public:
  // One slot for each of `bytes`, of so many bytes a lane; 0 for a predicate.
  explicit RegisterFile(const std::vector<std::size_t>& bytes);
  std::byte* data() { return file_; }
  std::uint32_t slot(std::size_t i) const { return slots_[i]; }
  void Write(std::size_t i, const Lanes& lanes);
  Lanes Read(std::size_t i) const;

 private:
  std::vector<std::size_t> bytes_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::byte> storage_;
  std::byte* file_;
};

// One of five: 0, 1, -1, the least and the greatest; of floats 0, -0, 1, infinity and NaN.
std::uint64_t Corner(ptx::Type type, std::size_t i);

// Bits that make trouble for the type, or any bits, or bits near those of `other`.
std::uint64_t Sample(ptx::Type type, std::uint64_t other, std::mt19937_64& random);

}  // namespace nodecuda::simulator::test

#endif  // NODECUDA_TEST_NATIVE_EXEC_ARITHMETIC_ALU_TESTING_H_
