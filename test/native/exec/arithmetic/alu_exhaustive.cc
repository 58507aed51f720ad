// Instructions of one 16-bit operand, on each of its 65536 values.
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "test/native/exec/arithmetic/alu_reference.h"
#include "test/native/exec/arithmetic/alu_testing.h"

namespace nodecuda::simulator::test {
namespace {

TEST_CASE("unary instructions on all 16-bit operands") {
  int forms = 0;
  for (const AluForm& form : AllForms(Isa::kBaseline)) {
    if (form.destinations != 1 || form.types.size() != 2 || SizeOf(form.types[1]) != 2) continue;
    const Spelling spelling = Spell(form.mnemonic);
    ++forms;
    const std::vector<std::size_t> bytes = {SizeOf(form.types[0]), 2};
    std::vector<AluChoice> choices;
    for (const Isa isa : AvailableIsas()) {
      std::string why;
      const auto choice = SelectAlu(MakeInstruction(form.mnemonic, 2, false), bytes, isa, &why);
      REQUIRE_MESSAGE(choice.has_value(), form.mnemonic);
      choices.push_back(*choice);
    }
    RegisterFile file(bytes);
    Instruction in;
    in.slot[0] = file.slot(0), in.slot[1] = file.slot(1);
    int failures = 0;
    for (std::uint64_t first = 0; first < 65536; first += kWarpSize) {
      Lanes source;
      for (std::size_t lane = 0; lane < kWarpSize; ++lane) source[lane] = first + lane;
      file.Write(1, source);
      std::array<Expected, kWarpSize> expected;
      for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
        const std::vector<std::uint64_t> operand = {source[lane]};
        std::optional<Expected> one;
        if (spelling.base == "cvt") one = ConvertReference(spelling, operand);
        if (!one) one = IntegerReference(spelling, operand);
        if (!one) one = FloatReference(spelling, operand);
        if (!one) FAIL(form.mnemonic << " has no reference");
        expected[lane] = *one;
      }
      for (const AluChoice& choice : choices) {
        in.offset = choice.offset;
        choice.handler(file.data(), in, kFullMask);
        const Lanes result = file.Read(0);
        for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
          const std::uint64_t wanted = expected[lane].values[0];
          const auto distance = static_cast<std::int64_t>(result[lane] - wanted);
          if (std::llabs(distance) <= expected[lane].tolerance || ++failures > 3) continue;
          FAIL_CHECK(form.mnemonic << " of " << source[lane] << ": " << result[lane] << ", not "
                                   << wanted);
        }
      }
    }
  }
  CHECK(forms > 150);
}

}  // namespace
}  // namespace nodecuda::simulator::test
