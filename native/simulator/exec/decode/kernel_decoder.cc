#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/decode/call_graph.h"
#include "simulator/exec/decode/call_syntax.h"
#include "simulator/exec/decode/decoder.h"
#include "simulator/exec/decode/inline_calls.h"

namespace nodecuda::simulator {
namespace {

// A register file is one warp's: this bounds what a block of 32 warps takes.
constexpr std::size_t kMaxFileBytes = std::size_t{8} << 20;

bool HasF64(const ptx::Function& function) {
  return std::ranges::any_of(function.registers,
                             [](const ptx::Register& reg) { return reg.type == ptx::Type::kF64; });
}

// A kernel and the functions that it calls: those that it names, and where it calls by pointer all
// of the module that take and give what is passed there.
class KernelDecoder {
 public:
  KernelDecoder(const ptx::Module& module, const ModuleSymbols& symbols,
                const DecodeOptions& options, DecodedKernel* kernel, std::string* why)
      : module_(module),
        symbols_(symbols),
        options_(options),
        kernel_(*kernel),
        why_(*why),
        unit_of_(module.functions.size(), nullptr),
        room_(options.watched ? 0 : kMaxInlined) {}

  bool Run(const ptx::Function& entry) {
    if (!Collect(entry) || !LayOut() || !Decode()) return false;
    if (units_.size() > 1 || !signatures_.empty()) ListFunctions();
    return Finish();
  }

 private:
  struct Unit {
    const ptx::Function& function;
    std::uint32_t number;  // in the module, of a function
    std::size_t node;
    bool is_required;                   // the kernel itself, or called by name from there
    std::optional<ptx::Function> body;  // nullopt: it has no code, and `why` tells
    FunctionSymbols symbols;
    Frame frame;
    bool on_stack;
    std::optional<BodyDecoder> decoder;
    std::string why;
  };
  struct Callees {  // of the indirect calls with one signature
    int number;
    std::size_t node;
    bool collected = false;
  };

  // False where the kernel cannot do without the unit.
  bool GiveUp(Unit& unit, std::string reason) {
    unit.body.reset();
    unit.decoder.reset();
    if (unit.is_required)
      why_ = std::move(reason);
    else
      unit.why = std::move(reason);
    return !unit.is_required;
  }

  bool Collect(const ptx::Function& entry) {
    AddUnit(entry, 0);
    std::size_t next = 0;
    do {
      for (; next < units_.size(); ++next)
        if (!Inline(units_[next])) return false;
      required_ = false;
    } while (AddCallees());
    graph_.FindComponents();
    return true;
  }

  Unit& AddUnit(const ptx::Function& function, std::size_t number) {
    return units_.emplace_back(Unit{function,
                                    static_cast<std::uint32_t>(number),
                                    graph_.AddNode(),
                                    required_,
                                    {},
                                    {&symbols_.named},
                                    {},
                                    false,
                                    {},
                                    {}});
  }

  Unit& UnitOf(std::size_t number) {
    if (unit_of_[number] == nullptr) unit_of_[number] = &AddUnit(module_.functions[number], number);
    return *unit_of_[number];
  }

  Callees& CalleesOf(const Signature& signature) {
    const auto [entry, added] = signatures_.try_emplace(signature);
    if (added) entry->second = {static_cast<int>(signatures_.size()), graph_.AddNode()};
    return entry->second;
  }

  bool Inline(Unit& unit) {
    std::string reason;
    unit.body = InlineCalls(module_, symbols_, unit.function, &room_, &reason);
    if (!unit.body) return GiveUp(unit, std::move(reason));
    for (const ptx::Instruction& instruction : unit.body->body) {
      if (!IsCall(instruction)) continue;
      const Call call = TakeApart(instruction);
      if (call.is_indirect()) {
        graph_.AddCall(unit.node, CalleesOf(SignatureOf(call, unit.body->variables)).node);
        continue;
      }
      const auto callee = symbols_.functions.find(call.function->name);
      if (callee != symbols_.functions.end() && symbols_.defined[callee->second])
        graph_.AddCall(unit.node, UnitOf(callee->second).node);
    }
    return true;
  }

  // What indirect calls may lead to that were found since the last time. False: there were none.
  bool AddCallees() {
    bool any = false;
    for (auto& [signature, callees] : signatures_) {
      if (callees.collected) continue;
      callees.collected = any = true;
      for (std::size_t i = 0; i < module_.functions.size(); ++i)
        if (symbols_.defined[i] && SignatureOf(module_.functions[i]) == signature)
          graph_.AddCall(callees.node, UnitOf(i).node);
    }
    return any;
  }

  bool LayOut() {
    if (!LayOutParameters(units_[0].function, &kernel_, &units_[0].symbols, &why_)) return false;
    SharedLayout shared(module_, &kernel_);
    std::vector<CallGraph::Extent> extents(graph_.size());
    bool stack = false;
    for (Unit& unit : units_) {
      if (!unit.body) continue;
      std::string reason;
      if (!shared.Add(*unit.body, &unit.symbols, &reason) ||
          !LayOutFrame(*unit.body, &unit.frame, &unit.symbols, &reason)) {
        if (!GiveUp(unit, std::move(reason))) return false;
        continue;
      }
      unit.on_stack = graph_.IsRecursive(unit.node);
      if (unit.on_stack && unit.frame.alignment > kFrameAlignment) {
        reason = std::string(unit.function.name) +
                 ": variables of a recursive function are aligned to " +
                 std::to_string(kFrameAlignment) + " bytes at most";
        if (!GiveUp(unit, std::move(reason))) return false;
        continue;
      }
      if (!unit.on_stack) extents[unit.node] = {unit.frame.bytes, unit.frame.alignment};
      stack |= unit.on_stack || BodyDecoder::AllocatesStack(*unit.body);
    }
    if (!shared.Finish(&why_)) return false;
    std::vector<std::size_t> places = graph_.Place(extents, &kernel_.local_bytes);
    // What only a pointer may reach must not refuse a kernel: the largest go first.
    while (kernel_.local_bytes > kMaxLocalBytes) {
      const auto size = [](const Unit& unit) {
        return unit.body && !unit.is_required && !unit.on_stack ? unit.frame.bytes : 0;
      };
      Unit& largest = *std::ranges::max_element(units_, {}, size);
      const std::string reason = kernel_.name + ": more than 512 KiB of local memory per thread";
      if (size(largest) == 0) {
        why_ = reason;
        return false;
      }
      GiveUp(largest, reason);
      extents[largest.node] = {};
      places = graph_.Place(extents, &kernel_.local_bytes);
    }
    // The stack begins there.
    kernel_.local_bytes = (kernel_.local_bytes + kFrameAlignment - 1) & ~(kFrameAlignment - 1);
    for (Unit& unit : units_)
      if (unit.body) PlaceFrame(unit.on_stack, places[unit.node], &unit.frame, &unit.symbols);
    if (stack) stack_ = constants_.Add(8, Special::kStackPointer, kernel_.local_bytes);
    return true;
  }

  bool Decode() {
    for (Unit& unit : units_) {
      if (!unit.body) continue;
      if (module_.maps_f64 && HasF64(*unit.body) &&
          !GiveUp(unit, std::string(unit.function.name) +
                            ": registers of f64 under map_f64_to_f32 are not supported"))
        return false;
      if (!unit.body) continue;
      unit.decoder.emplace(*unit.body, unit.number, stack_, unit.on_stack, symbols_, unit.symbols,
                           options_, constants_);
      std::string reason;
      if (!unit.decoder->Decode(&reason) && !GiveUp(unit, std::move(reason))) return false;
    }
    return true;
  }

  void ListFunctions() {
    for (std::size_t i = 0; i < module_.functions.size(); ++i) {
      const ptx::Function& function = module_.functions[i];
      CalledFunction& listed = kernel_.functions.emplace_back();
      listed.name = function.name;
      const Signature signature = SignatureOf(function);
      for (const std::size_t bytes : signature.parameters) listed.parameters.push_back({0, bytes});
      for (const std::size_t bytes : signature.results) listed.results.push_back({0, bytes});
      if (const auto found = signatures_.find(signature); found != signatures_.end())
        listed.signature = found->second.number;
      if (function.is_entry)
        listed.why = "it is a kernel";
      else if (!function.has_body)
        listed.why = "it has no body";
    }
  }

  bool Finish() {
    const std::vector<WidthBytes> bases = PlaceRegisters();
    kernel_.constants = constants_.Place(&kernel_.file_bytes);
    for (const LaneConstant& constant : kernel_.constants)
      kernel_.reserves_shared |= NamesReservedShared(constant.special);
    if (kernel_.file_bytes > kMaxFileBytes) {
      why_ = kernel_.name + ": needs " + std::to_string(kernel_.file_bytes) +
             " bytes of registers per warp, more than the simulator's limit";
      return false;
    }
    std::map<std::uint32_t, std::uint32_t> saved;
    for (Unit& unit : units_) {
      const auto begin = static_cast<std::uint32_t>(kernel_.code.size());
      if (unit.decoder) {
        ResolveCalls(unit);
        unit.decoder->Finish(bases[unit.node], &saved, &kernel_);
      }
      if (!unit.function.is_entry) Describe(unit, begin);
    }
    if (stack_ != kNoSlot) kernel_.stack_pointer = kernel_.constants[stack_ & ~kConstantBit].slot;
    kernel_.function_window = symbols_.function_window;
    kernel_.capability = options_.capability;
    kernel_.isa = options_.isa;
    return true;
  }

  // Of each node, where its registers of each width begin.
  std::vector<WidthBytes> PlaceRegisters() {
    std::vector<WidthBytes> bases(graph_.size());
    for (Unit& unit : units_)
      if (unit.decoder) bases[unit.node] = unit.decoder->PlanRegisters();
    for (std::size_t width = 0; width < kWidthCount; ++width) {
      std::vector<CallGraph::Extent> extents(bases.size());
      for (std::size_t node = 0; node < bases.size(); ++node)
        extents[node].bytes = bases[node][width];
      std::size_t end = 0;
      const std::vector<std::size_t> places = graph_.Place(extents, &end);
      for (std::size_t node = 0; node < places.size(); ++node)
        bases[node][width] = kernel_.file_bytes + places[node];
      kernel_.file_bytes += end;
    }
    kernel_.file_bytes = (kernel_.file_bytes + 63) / 64 * 64;
    return bases;
  }

  void ResolveCalls(Unit& unit) {
    for (BodyDecoder::DraftCall& call : unit.decoder->calls()) {
      std::size_t callee = 0;
      if (call.site.callee == kIndirect) {
        const Callees& callees = signatures_.at(call.signature);
        call.site.signature = callees.number;
        callee = callees.node;
      } else {
        callee = UnitOf(call.site.callee).node;
      }
      call.saves = graph_.MayReturnTo(unit.node, callee);
    }
  }

  void Describe(const Unit& unit, std::uint32_t begin) {
    CalledFunction& function = kernel_.functions[unit.number];
    function.why = unit.why;
    if (!unit.decoder) return;
    function.begin = begin;
    function.end = static_cast<std::uint32_t>(kernel_.code.size());
    function.on_stack = unit.on_stack;
    if (unit.on_stack) function.stack_bytes = static_cast<std::uint32_t>(unit.frame.bytes);
    function.parameters = unit.frame.parameters;
    function.results = unit.frame.results;
  }

  const ptx::Module& module_;
  const ModuleSymbols& symbols_;
  const DecodeOptions& options_;
  DecodedKernel& kernel_;
  std::string& why_;
  bool required_ = true;
  std::deque<Unit> units_;      // the kernel first
  std::vector<Unit*> unit_of_;  // by number in the module
  std::size_t room_;            // for what is inlined
  std::map<Signature, Callees> signatures_;
  CallGraph graph_;  // of units, and between them and indirect calls the latters' signatures
  ConstantPool constants_;
  std::uint32_t stack_ = kNoSlot;  // the constant that is the stack pointer
};

}  // namespace

bool DecodeKernel(const ptx::Module& module, const ModuleSymbols& symbols,
                  const ptx::Function& entry, const DecodeOptions& options, DecodedKernel* kernel,
                  std::string* why) {
  return KernelDecoder(module, symbols, options, kernel, why).Run(entry);
}

}  // namespace nodecuda::simulator
