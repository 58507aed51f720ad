// Every form of every arithmetic instruction against the references, on every instruction set.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>

#include "test/native/exec/arithmetic/alu_reference.h"
#include "test/native/exec/arithmetic/alu_testing.h"

namespace nodecuda::simulator::test {
namespace {

using ptx::Type;

// All references are asked in turn; one that does not know the form passes it on.
std::optional<Expected> Reference(const AluForm& form, const Spelling& spelling,
                                  const std::vector<std::uint64_t>& sources) {
  if (spelling.base == "setp") return CompareReference(spelling, form.pair, sources);
  if (spelling.base == "cvt") return ConvertReference(spelling, sources);
  if (std::optional<Expected> expected = IntegerReference(spelling, sources)) return expected;
  return FloatReference(spelling, sources);
}

// Equal, or for an approximate function of one or two lanes of floats within so many units.
bool Matches(std::uint64_t got, std::uint64_t expected, int tolerance, Type type) {
  if (got == expected) return true;
  if (tolerance == 0) return false;
  const int bits =
      type == Type::kF16x2 || type == Type::kBF16x2 ? 16 : static_cast<int>(8 * SizeOf(type));
  for (int shift = 0; shift < static_cast<int>(8 * SizeOf(type)); shift += bits) {
    const std::uint64_t all = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    const auto x = static_cast<std::int64_t>(got >> shift & all);
    const auto y = static_cast<std::int64_t>(expected >> shift & all);
    if (std::llabs(x - y) > tolerance) return false;
  }
  return true;
}

struct Trial {
  std::vector<Lanes> before;  // of all operands
  LaneMask mask;
};

class FormTest {
 public:
  explicit FormTest(const AluForm& form) : form_(form), spelling_(Spell(form.mnemonic)) {
    types_ = form.types;
    if (form.carry) types_.push_back(Type::kPred);
    for (const Type type : types_) {
      bytes_.push_back(type == Type::kPred ? 0 : SizeOf(type));
      selector_bytes_.push_back(SizeOf(type));
    }
    instruction_ = MakeInstruction(form.mnemonic, form.types.size(), form.pair);
  }

  // An empty string, or what went wrong first.
  std::string Run(int batches) {
    std::mt19937_64 random(std::hash<std::string>()(form_.mnemonic));
    for (int batch = 0; batch < batches; ++batch) {
      const Trial trial = MakeTrial(batch, random);
      std::vector<Lanes> first;
      for (const Isa isa : AvailableIsas()) {
        std::vector<Lanes> after;
        std::string problem = Execute(isa, trial, batch % 4 == 3, &after);
        if (problem.empty() && isa == Isa::kBaseline) problem = Check(trial, after);
        if (problem.empty() && isa == Isa::kBaseline) first = after;
        if (problem.empty() && after != first) problem = "differs from baseline";
        if (!problem.empty()) return form_.mnemonic + " on " + IsaName(isa) + ": " + problem;
      }
    }
    return "";
  }

 private:
  Trial MakeTrial(int batch, std::mt19937_64& random) const {
    Trial trial;
    constexpr LaneMask kMasks[] = {kFullMask, 0x00010000, 0, 0x7fffffff};
    trial.mask = batch % 2 == 0  ? kFullMask
                 : batch % 8 < 6 ? static_cast<LaneMask>(random())
                                 : kMasks[batch / 8 % 4];
    std::size_t stride = 1;  // the first batch has each pair of corners in the first two sources
    for (const Type type : types_) {
      Lanes lanes;
      for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
        const std::uint64_t other =
            trial.before.size() > static_cast<std::size_t>(form_.destinations)
                ? trial.before.back()[lane]
                : random();
        lanes[lane] = Sample(type, other, random);
        if (batch == 0) lanes[lane] = Corner(type, lane / stride);
      }
      if (trial.before.size() >= static_cast<std::size_t>(form_.destinations)) stride *= 5;
      trial.before.push_back(lanes);
    }
    return trial;
  }

  // `in_place`: the destination is also the first source, if they are as wide.
  std::string Execute(Isa isa, const Trial& trial, bool in_place, std::vector<Lanes>* after) {
    std::string why;
    const auto choice = SelectAlu(instruction_, selector_bytes_, isa, &why);
    if (!choice) return "not selected: " + why;
    RegisterFile file(bytes_);
    Instruction decoded;
    decoded.offset = choice->offset;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      file.Write(i, trial.before[i]);
      decoded.slot[i] = file.slot(i);
    }
    const auto source = static_cast<std::size_t>(form_.destinations);
    if (in_place && source < bytes_.size() && bytes_[0] == bytes_[source]) {
      decoded.slot[0] = file.slot(source);
      choice->handler(file.data(), decoded, trial.mask);
      file.Write(0, Blend(trial, 0, file.Read(source)));
      file.Write(source, trial.before[source]);
    } else {
      choice->handler(file.data(), decoded, trial.mask);
    }
    for (std::size_t i = 0; i < types_.size(); ++i) after->push_back(file.Read(i));
    return "";
  }
  Lanes Blend(const Trial& trial, std::size_t i, const Lanes& live) const {
    Lanes lanes = trial.before[i];
    for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
      if (trial.mask >> lane & 1) lanes[lane] = live[lane];
    }
    return lanes;
  }

  std::string Check(const Trial& trial, const std::vector<Lanes>& after) const {
    const auto destinations = static_cast<std::size_t>(form_.destinations);
    for (std::size_t lane = 0; lane < kWarpSize; ++lane) {
      std::vector<std::uint64_t> sources;
      for (std::size_t i = destinations; i < types_.size(); ++i) {
        sources.push_back(trial.before[i][lane]);
      }
      const std::optional<Expected> expected = Reference(form_, spelling_, sources);
      if (!expected) return "has no reference";
      const bool live = trial.mask >> lane & 1;
      for (std::size_t i = 0; i < types_.size(); ++i) {
        const bool is_carry = form_.carry && i + 1 == types_.size();
        std::uint64_t wanted = trial.before[i][lane];
        if (live && i < destinations) wanted = expected->values[i];
        if (live && is_carry) wanted = expected->values[destinations];
        const std::uint64_t got = after[i][lane];
        if (Matches(got, wanted, live ? expected->tolerance : 0, types_[i])) continue;
        std::string text = "operand " + std::to_string(i) + (live ? "" : " (dead lane)") + " is " +
                           Hex(got) + ", not " + Hex(wanted) + ", for";
        for (const std::uint64_t bits : sources) text += " " + Hex(bits);
        return text;
      }
    }
    return "";
  }
  static std::string Hex(std::uint64_t bits) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(bits));
    return text;
  }

  const AluForm form_;
  const Spelling spelling_;
  ptx::Instruction instruction_;
  std::vector<Type> types_;
  std::vector<std::size_t> bytes_, selector_bytes_;
};

TEST_CASE("every form agrees with its reference on every instruction set") {
  const std::vector<AluForm> forms = AllForms(Isa::kBaseline);
  CHECK(forms.size() > 2000);
  int failures = 0;
  for (const AluForm& form : forms) {
    const std::string problem = FormTest(form).Run(32);
    if (problem.empty() || ++failures > 40) continue;
    FAIL_CHECK(problem);
  }
  MESSAGE("instruction forms: ", forms.size(), ", instruction sets: ", AvailableIsas().size());
}

TEST_CASE("all instruction sets have the same forms") {
  const std::size_t count = AllForms(Isa::kBaseline).size();
  for (const Isa isa : AvailableIsas()) CHECK(AllForms(isa).size() == count);
}

}  // namespace
}  // namespace nodecuda::simulator::test
