#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "test/native/ptx/testing.h"

// PTX as nvcc writes it, whole and mutilated.
namespace nodecuda::ptx {
namespace {

std::string ReadFixture(const std::string& name) {
  std::ifstream file(std::string(NODECUDA_TEST_FIXTURES) + "/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "no fixture " << name);
  return {std::istreambuf_iterator<char>(file), {}};
}

const Function& Find(const Module& module, std::string_view name) {
  for (const Function& function : module.functions) {
    if (function.name == name) return function;
  }
  FAIL("no function " << std::string(name));
  return module.functions.front();
}

bool IsConsistent(const Function& function, const Operand& operand) {
  if (operand.kind == Operand::Kind::kRegister &&
      (operand.register_index < 0 ||
       operand.register_index >= static_cast<int>(function.registers.size()))) {
    return false;
  }
  if (operand.kind == Operand::Kind::kLabel && operand.bits > function.body.size()) return false;
  if (operand.variable_index >= static_cast<int>(function.variables.size())) return false;
  for (const Operand& element : operand.elements) {
    if (!IsConsistent(function, element)) return false;
  }
  return true;
}

// What every parsed module must satisfy, whatever its text.
bool IsConsistent(const Module& module) {
  for (const Function& function : module.functions) {
    if (!function.has_body && !function.body.empty()) return false;
    for (const Instruction& instruction : function.body) {
      if (instruction.parts.empty() || instruction.line <= 0) return false;
      if (instruction.guard >= 0 && function.registers[instruction.guard].type != Type::kPred) {
        return false;
      }
      for (const Operand& operand : instruction.operands) {
        if (!IsConsistent(function, operand)) return false;
      }
    }
  }
  for (const Variable& variable : module.variables) {
    if (variable.initializer.size() > variable.ByteSize() || variable.alignment == 0) return false;
  }
  return true;
}

TEST_CASE("ptx corpus: nvcc's output, both code generators") {
  for (const int target : {75, 120}) {
    CAPTURE(target);
    const Module module = ParseText(ReadFixture("mixed_sm" + std::to_string(target) + ".ptx"));
    CHECK(module.version == 90);
    CHECK(module.target == target);
    CHECK(IsConsistent(module));

    const Function& halves = Find(module, "halves");
    CHECK(halves.is_entry);
    CHECK(halves.parameters.size() == 4);
    CHECK(halves.max_threads == 256);
    const Function& mixed = Find(module, "mixed");
    REQUIRE(mixed.parameters.size() == 4);
    CHECK(mixed.parameters[3].ByteSize() == 24);
    CHECK(mixed.body.back().mnemonic == "ret");
    CHECK(mixed.labels.contains("wait_again"));
    CHECK_FALSE(Find(module, "vprintf").has_body);
    CHECK(Find(module, "_Z5twicei").results.size() == 1);

    int calls = 0, loops = 0;
    for (std::size_t i = 0; i < mixed.body.size(); ++i) {
      const Instruction& instruction = mixed.body[i];
      calls += instruction.parts[0] == "call";
      loops += instruction.parts[0] == "bra" && instruction.operands[0].name == "wait_again" &&
               instruction.operands[0].bits + 2 == i;
    }
    CHECK(calls == 3);
    CHECK(loops == 2);  // each jumps to the label of its own scope

    std::size_t tile = 0, weights = 0;
    for (const Variable& variable : mixed.variables) {
      if (variable.space == Space::kShared) tile = std::max(tile, variable.ByteSize());
    }
    for (const Variable& variable : module.variables) {
      if (variable.name == "weights") weights = variable.initializer.size();
    }
    CHECK(tile == 8 * 9 * 4);
    CHECK(weights >= 16);  // nvcc may leave out zeros at the end
    CHECK(weights <= 24);
  }
}

// Whether something was parsed; if not, the refusal must have a line and a reason.
template <typename Parsed>
bool Check(const std::optional<Parsed>& parsed, const ParseError& error) {
  if (parsed.has_value()) return true;
  CHECK(error.line >= 1);
  CHECK_FALSE(error.message.empty());
  return false;
}

// 0 if refused, 1 if parsed; must not crash. The same by parts, which looks at less of it.
int Try(const std::string& text) {
  ParseError error;
  const std::optional<Module> module = Parse(text, &error);
  if (module) CHECK(IsConsistent(*module));
  const bool parsed = Check(module, error);

  const std::optional<Module> declarations = ParseDeclarations(text, &error);
  CHECK((Check(declarations, error) || !parsed));
  const std::optional<Module> headers = ParseHeaders(text, &error);
  CHECK((Check(headers, error) || !parsed));
  if (!headers) return parsed;
  for (const Function& function : headers->functions) {
    if (function.body_text.empty()) continue;
    CHECK((Check(ParseEntryBody(*headers, function, &error), error) || !parsed));
  }
  return parsed;
}

TEST_CASE("ptx corpus: text that breaks off at any byte is parsed or refused") {
  const std::string text = ReadFixture("modules/sm120.ptx");
  // Declarations at each byte, which takes little; all of it at some, or at each where more is
  // wanted.
  const std::size_t step = std::getenv("NODECUDA_MUTATIONS") != nullptr ? 1 : 16;
  ParseError error;
  int parsed = 0;
  for (std::size_t length = 0; length < text.size(); ++length) {
    if (length % step == 0) Try(text.substr(0, length));
    parsed += Check(ParseDeclarations(text.substr(0, length), &error), error) ? 1 : 0;
  }
  CHECK(parsed >= 7);  // after each of the kernels
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) {
    const bool joins =
        std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '%' || c == '$';
    if (!pieces.empty() && joins &&
        std::isalnum(static_cast<unsigned char>(pieces.back().back()))) {
      pieces.back() += c;
    } else {
      pieces.push_back(std::string(1, c));
    }
  }
  return pieces;
}

TEST_CASE("ptx corpus: mutilated text is parsed or refused") {
  std::mt19937 random(20240521);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  // More of them: `node scripts/sanitize.mjs images`.
  const char* const wanted = std::getenv("NODECUDA_MUTATIONS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 1000;
  int parsed = 0, refused = 0;
  for (const char* name : {"mixed_sm75.ptx", "mixed_sm120.ptx"}) {
    const std::string text = ReadFixture(name);
    const std::vector<std::string> pieces = Split(text);
    for (int round = 0; round < rounds; ++round) {
      std::string bytes = text;
      std::vector<std::string> tokens = pieces;
      for (std::size_t times = 1 + below(3); times > 0; --times) {
        const std::size_t at = below(bytes.size());
        switch (below(4)) {
          case 0:
            bytes[at] = static_cast<char>(below(256));
            break;
          case 1:
            bytes.erase(at, 1 + below(8));
            break;
          case 2:
            bytes.insert(at, 1, "{}()[]<>,;:=+-!~|@\"./%0x"[below(24)]);
            break;
          default:
            bytes.resize(at + 1);
            break;
        }
        const std::size_t to = below(tokens.size());
        switch (below(4)) {
          case 0:
            tokens[to] = tokens[below(tokens.size())];
            break;
          case 1:
            tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(to));
            break;
          case 2:
            std::swap(tokens[to], tokens[below(tokens.size())]);
            break;
          default:
            tokens[to] += tokens[to];
            break;
        }
      }
      std::string joined;
      for (const std::string& token : tokens) joined += token;
      for (const std::string* mutant : {&bytes, &joined}) {
        Try(*mutant) == 1 ? ++parsed : ++refused;
      }
    }
  }
  MESSAGE("mutants parsed: " << parsed << ", refused: " << refused);
  CHECK(parsed > 100);  // else the mutations tell nothing of what lies behind the first error
  CHECK(refused > 1000);
}

// A module of 50,000 instructions takes well under a second.
TEST_CASE("ptx corpus: large modules parse quickly") {
  std::string text = kHeader + ".visible .entry k(.param .u64 a) {\n";
  text += ".reg .b32 %r<50001>; .reg .f32 %f<50001>; .reg .b64 %rd<9>; .reg .pred %p<9>;\n";
  for (int i = 0; i < 12500; ++i) {
    const std::string n = std::to_string(i);
    text += "$L" + n + ":\n\tld.global.v2.f32 \t{%f" + n + ", %f" + std::to_string(i + 1) +
            "}, [%rd4+" + n + "];\n\tfma.rn.f32 \t%f" + n +
            ", %f1, 0f3F800000, %f2;\n\tadd.s32 \t%r" + n + ", %r1, -4;\n\t@%p1 bra \t$L" + n +
            ";\n";
  }
  text += "}";
  const std::clock_t start = std::clock();  // not wall time: the machine may be busy
  const Module module = ParseText(text);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  CHECK(module.functions[0].body.size() == 50000);
  CHECK(module.functions[0].registers.size() > 25000);
  const double speed = static_cast<double>(text.size()) / 1e6 / seconds;
  MESSAGE(speed << " MB/s");
  CHECK(seconds < 5);  // generous: builds with sanitizers are slow
}

}  // namespace
}  // namespace nodecuda::ptx
