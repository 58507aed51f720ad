#include "simulator/exec/decode/inline_calls.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace nodecuda::simulator {
namespace {

using ptx::Function;
using ptx::Instruction;
using ptx::Operand;

// Of one kernel: instructions, registers and variables each, and calls.
constexpr std::size_t kMaxInlined = 1 << 20;
constexpr std::size_t kMaxCalls = 1 << 16;
constexpr int kMaxDepth = 32;

bool IsCall(const Instruction& instruction) {
  return !instruction.parts.empty() && instruction.parts[0] == "call";
}

// (results), function, (arguments); both lists may be missing.
struct Call {
  const Operand* results = nullptr;
  const Operand* function = nullptr;
  const Operand* arguments = nullptr;
};
Call TakeApart(const Instruction& instruction) {
  Call call;
  for (const Operand& operand : instruction.operands) {
    if (operand.kind == Operand::Kind::kList) {
      (call.function == nullptr ? call.results : call.arguments) = &operand;
    } else if (call.function == nullptr) {
      call.function = &operand;
    }
  }
  return call;
}

class Inliner {
 public:
  Inliner(const ptx::Module& module, std::string* why) : module_(module), why_(why) {}

  std::optional<Function> Run(const Function& function) {
    out_ = function;
    out_.body.clear();
    const Activation kernel{function, 0, 0, {}, 0};
    if (!Append(kernel)) return std::nullopt;
    return std::move(out_);
  }

 private:
  // One copy of a function's body: where its registers and variables went, and what its parameters
  // and results are.
  struct Activation {
    const Function& function;
    std::size_t first_register, first_variable;
    std::map<std::string_view, Operand> bound;
    int depth;
  };

  bool Fail(const Instruction& at, const std::string& reason) {
    *why_ = "PTX line " + std::to_string(at.line) + ": " + std::string(at.mnemonic) + ": " + reason;
    return false;
  }

  void Translate(const Activation& activation, Operand* operand) const {
    if (operand->kind == Operand::Kind::kRegister)
      operand->register_index += static_cast<int>(activation.first_register);
    if (operand->kind == Operand::Kind::kSymbol) {
      if (operand->variable_index >= 0) {
        operand->variable_index += static_cast<int>(activation.first_variable);
      } else if (const auto bound = activation.bound.find(operand->name);
                 bound != activation.bound.end()) {
        operand->name = bound->second.name;
        operand->variable_index = bound->second.variable_index;
      }
    }
    for (Operand& element : operand->elements) Translate(activation, &element);
  }

  static void MoveLabels(const std::vector<std::size_t>& begin_of, Operand* operand) {
    if (operand->kind == Operand::Kind::kLabel && operand->bits < begin_of.size())
      operand->bits = begin_of[operand->bits];
    for (Operand& element : operand->elements) MoveLabels(begin_of, &element);
  }

  // A jump to an index into the body of the activation, or, from AppendCall, of the result.
  static Instruction Jump(const Instruction& like, std::size_t target) {
    Instruction jump = like;
    jump.parts = {"bra"};
    jump.operands.assign(1, {});
    jump.operands[0].kind = Operand::Kind::kLabel;
    jump.operands[0].bits = target;
    return jump;
  }

  bool Append(const Activation& activation) {
    const std::vector<Instruction>& body = activation.function.body;
    std::vector<std::size_t> begin_of;  // in the result, of each instruction of the body
    std::vector<std::size_t> own;       // instructions of the result that came from it
    for (const Instruction& original : body) {
      begin_of.push_back(out_.body.size());
      if (out_.body.size() >= kMaxInlined)
        return Fail(original, "the kernel and what it calls have too many instructions");
      Instruction copy = original;
      for (Operand& operand : copy.operands) Translate(activation, &operand);
      if (copy.guard >= 0) copy.guard += static_cast<int>(activation.first_register);
      if (IsCall(copy) && !IsAssert(copy)) {
        if (!AppendCall(activation, copy)) return false;
        continue;
      }
      const bool returns = !copy.parts.empty() && copy.parts[0] == "ret";
      if (returns && activation.depth > 0) copy = Jump(copy, body.size());
      own.push_back(out_.body.size());
      out_.body.push_back(std::move(copy));
    }
    begin_of.push_back(out_.body.size());
    for (const std::size_t index : own)
      for (Operand& operand : out_.body[index].operands) MoveLabels(begin_of, &operand);
    return true;
  }

  static bool IsAssert(const Instruction& instruction) {
    const Call call = TakeApart(instruction);
    return call.function != nullptr && call.function->name == kAssertFunction;
  }

  bool AppendCall(const Activation& caller, const Instruction& instruction) {
    const Call call = TakeApart(instruction);
    if (call.function == nullptr || call.function->kind != Operand::Kind::kSymbol)
      return Fail(instruction, "indirect calls are not supported");
    const std::string name(call.function->name);
    const auto callee = std::find_if(
        module_.functions.begin(), module_.functions.end(),
        [&](const Function& f) { return f.name == call.function->name && !f.is_entry; });
    if (callee == module_.functions.end() || !callee->has_body)
      return Fail(instruction, name + " has no body");
    if (caller.depth >= kMaxDepth)
      return Fail(instruction, "calls are nested too deeply; recursion is not supported");

    if (++calls_ > kMaxCalls || out_.registers.size() > kMaxInlined ||
        out_.variables.size() > kMaxInlined)
      return Fail(instruction, "the kernel and what it calls have too many instructions");
    Activation activation{
        *callee, out_.registers.size(), out_.variables.size(), {}, caller.depth + 1};
    if (!Bind(instruction, callee->parameters, call.arguments, &activation) ||
        !Bind(instruction, callee->results, call.results, &activation))
      return false;
    out_.registers.insert(out_.registers.end(), callee->registers.begin(), callee->registers.end());
    out_.variables.insert(out_.variables.end(), callee->variables.begin(), callee->variables.end());

    std::optional<std::size_t> skip;
    if (instruction.guard >= 0) {
      skip = out_.body.size();
      out_.body.push_back(Jump(instruction, 0));
      out_.body.back().guard_negated = !instruction.guard_negated;
    }
    if (!Append(activation)) return false;
    if (skip) out_.body[*skip].operands[0].bits = out_.body.size();
    return true;
  }

  bool Bind(const Instruction& call, const std::vector<ptx::Variable>& parameters,
            const Operand* list, Activation* activation) {
    const std::size_t count = list == nullptr ? 0 : list->elements.size();
    if (count != parameters.size()) return Fail(call, "wrong number of arguments or results");
    for (std::size_t i = 0; i < count; ++i) {
      const Operand& argument = list->elements[i];
      const bool is_variable = argument.kind == Operand::Kind::kSymbol &&
                               argument.variable_index >= 0 && argument.offset == 0;
      const auto index = static_cast<std::size_t>(argument.variable_index);
      if (!is_variable || index >= out_.variables.size() ||
          out_.variables[index].space != ptx::Space::kParam)
        return Fail(call, "arguments and results must be .param variables");
      if (out_.variables[index].ByteSize() < parameters[i].ByteSize())
        return Fail(call, "an argument or result is too small");
      activation->bound[parameters[i].name] = argument;
    }
    return true;
  }

  const ptx::Module& module_;
  std::string* why_;
  Function out_;
  std::size_t calls_ = 0;
};

}  // namespace

std::optional<Function> InlineCalls(const ptx::Module& module, const Function& function,
                                    std::string* why) {
  return Inliner(module, why).Run(function);
}

}  // namespace nodecuda::simulator
