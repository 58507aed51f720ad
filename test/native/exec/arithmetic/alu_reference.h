#ifndef NODECUDA_TEST_NATIVE_EXEC_ARITHMETIC_ALU_REFERENCE_H_
#define NODECUDA_TEST_NATIVE_EXEC_ARITHMETIC_ALU_REFERENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/exec/arithmetic/alu_table.h"

// An independent reading of PTX, one lane at a time: slow, in wide arithmetic, sharing no code with
// the handlers.
namespace nodecuda::simulator::test {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;
#if defined(__x86_64__)
__extension__ using Quad = __float128;
#else
using Quad = long double;
#endif

// A mnemonic taken apart: "fma.rn.ftz.f32" has base fma, modifiers rn and ftz, type f32.
struct Spelling {
  std::string base;
  std::vector<std::string> modifiers;
  std::vector<std::string> types;
  bool Has(const std::string& modifier) const;
  const std::string& type() const { return types.back(); }
};
Spelling Spell(const std::string& mnemonic);

// What the operands of one lane are, zero-extended; predicates are 0 or 1.
struct Expected {
  std::vector<std::uint64_t> values;  // of the destinations, then the carry if it is written
  int tolerance = 0;                  // in units of the last place, for the approximate functions
};

// nullopt: this reference does not know the instruction.
std::optional<Expected> IntegerReference(const Spelling& spelling,
                                         const std::vector<std::uint64_t>& sources);
std::optional<Expected> FloatReference(const Spelling& spelling,
                                       const std::vector<std::uint64_t>& sources);
std::optional<Expected> CompareReference(const Spelling& spelling, bool pair,
                                         const std::vector<std::uint64_t>& sources);
std::optional<Expected> ConvertReference(const Spelling& spelling,
                                         const std::vector<std::uint64_t>& sources);
// Of cvt: pairs of fewer than 16 bits each.
std::optional<Expected> NarrowReference(const Spelling& spelling,
                                        const std::vector<std::uint64_t>& sources);

// A floating format, and its values. Every f16, bf16 and f32 is a double.
struct Format {
  int bits, precision, bias;
};
std::optional<Format> FormatNamed(const std::string& type);
double Decode(std::uint64_t bits, const Format& format);
// Rounds once. Modes: 'n', 'z', 'm', 'p'. `x` is finite; a zero keeps the sign of `sign`.
std::uint64_t Encode(Quad x, double sign, const Format& format, char mode);
std::uint64_t EncodeDouble(double x, const Format& format, char mode);  // any value
std::uint64_t CanonicalNan(const Format& format);
char RoundingMode(const Spelling& spelling);
std::uint64_t FlushSubnormal(std::uint64_t bits, const Format& format);

}  // namespace nodecuda::simulator::test

#endif  // NODECUDA_TEST_NATIVE_EXEC_ARITHMETIC_ALU_REFERENCE_H_
