#include "simulator/exec/decode/inline_calls.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "simulator/exec/decode/call_syntax.h"

namespace nodecuda::simulator {
namespace {

using ptx::Function;
using ptx::Instruction;
using ptx::Operand;

// Instructions. A call takes as long as some ten to thirty of them.
constexpr std::size_t kMaxLeaf = 64;

bool NamesParameter(const Function& function, const Operand& operand) {
  const auto is_it = [&](const ptx::Variable& own) { return own.name == operand.name; };
  return operand.kind == Operand::Kind::kSymbol && operand.variable_index < 0 &&
         (std::ranges::any_of(function.parameters, is_it) ||
          std::ranges::any_of(function.results, is_it));
}

// Small, without calls, and with no use for the address of a parameter, which would be one of the
// caller's variables.
bool IsLeaf(const Function& function) {
  if (!function.has_body || function.body.size() > kMaxLeaf) return false;
  return std::ranges::none_of(function.body, [&](const Instruction& instruction) {
    const std::string_view base = instruction.parts.empty() ? "" : instruction.parts[0];
    if (IsStackOperation(base)) return true;
    if (!IsCall(instruction))
      return std::ranges::any_of(instruction.operands, [&](const Operand& operand) {
        return NamesParameter(function, operand);
      });
    const Operand* callee = TakeApart(instruction).function;
    return callee == nullptr || !IsBuiltin(callee->name);
  });
}

class Inliner {
 public:
  Inliner(const ptx::Module& module, const ModuleSymbols& symbols, std::size_t* room,
          std::string* why)
      : module_(module), symbols_(symbols), room_(*room), why_(why) {}

  std::optional<Function> Run(const Function& function) {
    out_ = function;
    out_.body.clear();
    if (!Append({function, 0, 0, {}, false})) return std::nullopt;
    return std::move(out_);
  }

 private:
  // One copy of a function's body: where its registers and variables went, and what its parameters
  // and results are.
  struct Activation {
    const Function& function;
    std::size_t first_register, first_variable;
    std::map<std::string_view, Operand> bound;
    bool is_inlined;
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

  // A jump to an index into the body of the activation, or, from AppendLeaf, of the result.
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
      Instruction copy = original;
      for (Operand& operand : copy.operands) Translate(activation, &operand);
      if (copy.guard >= 0) copy.guard += static_cast<int>(activation.first_register);
      if (IsCall(copy)) {
        const Function* callee = nullptr;
        if (!FindCallee(copy, &callee)) return false;
        if (callee != nullptr && !activation.is_inlined && MayInline(*callee)) {
          if (!AppendLeaf(*callee, copy)) return false;
          continue;
        }
      }
      const bool returns = !copy.parts.empty() && copy.parts[0] == "ret";
      if (returns && activation.is_inlined) copy = Jump(copy, body.size());
      own.push_back(out_.body.size());
      out_.body.push_back(std::move(copy));
    }
    begin_of.push_back(out_.body.size());
    for (const std::size_t index : own)
      for (Operand& operand : out_.body[index].operands) MoveLabels(begin_of, &operand);
    return true;
  }

  // The function that a call names; null for a builtin and for an indirect call. False: the call
  // cannot be made.
  bool FindCallee(const Instruction& instruction, const Function** callee) {
    const Call call = TakeApart(instruction);
    const auto fits = [&](const Function* function) {
      std::string reason;
      return CheckPassed(call, function, out_.variables, &reason) || Fail(instruction, reason);
    };
    if (call.is_indirect()) return fits(nullptr);
    if (call.function == nullptr || call.function->kind != Operand::Kind::kSymbol)
      return Fail(instruction, "a function is called by its name or by a register");
    const auto found = symbols_.functions.find(call.function->name);
    // A variable of that name is none.
    if (found == symbols_.functions.end() || call.function->variable_index >= 0)
      return Fail(instruction, std::string(call.function->name) + " is no function");
    const Function* function = &module_.functions[found->second];
    if (!function->has_body && IsBuiltin(call.function->name)) return fits(function);
    if (!function->has_body || function->is_entry)
      return Fail(instruction, std::string(call.function->name) + " has no body");
    *callee = function;
    return fits(function);
  }

  bool MayInline(const Function& callee) {
    const std::size_t size =
        std::max({callee.body.size(), callee.registers.size(), callee.variables.size()}) + 1;
    if (size > room_ || !IsLeaf(callee)) return false;
    room_ -= size;
    return true;
  }

  bool AppendLeaf(const Function& callee, const Instruction& instruction) {
    Activation activation{callee, out_.registers.size(), out_.variables.size(), {}, true};
    const Call call = TakeApart(instruction);
    Bind(callee.parameters, call.arguments, &activation);
    Bind(callee.results, call.results, &activation);
    out_.registers.insert(out_.registers.end(), callee.registers.begin(), callee.registers.end());
    out_.variables.insert(out_.variables.end(), callee.variables.begin(), callee.variables.end());

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

  static void Bind(const std::vector<ptx::Variable>& parameters, const Operand* list,
                   Activation* activation) {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      activation->bound[parameters[i].name] = list->elements[i];
  }

  const ptx::Module& module_;
  const ModuleSymbols& symbols_;
  std::size_t& room_;
  std::string* why_;
  Function out_;
};

}  // namespace

std::optional<Function> InlineCalls(const ptx::Module& module, const ModuleSymbols& symbols,
                                    const Function& function, std::size_t* room, std::string* why) {
  return Inliner(module, symbols, room, why).Run(function);
}

}  // namespace nodecuda::simulator
