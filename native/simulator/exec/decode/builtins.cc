#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "simulator/exec/decode/body_decoder.h"
#include "simulator/exec/warp/heap_ops.h"
#include "simulator/exec/warp/printf.h"

// Calls of functions that have no body: the simulator itself does what they do.
namespace nodecuda::simulator {

using ptx::Operand;
using ptx::Type;

bool BodyDecoder::DecodeBuiltin(const Call& call) {
  const std::string_view name = call.function->name;
  if (name == "vprintf") return DecodePrintf(call);
  if (name == "__assertfail") return DecodeAssert(call);
  if (name == "malloc" || name == "free") return DecodeHeap(call, name == "malloc");
  return Fail(std::string(name) + " has no body");
}

bool BodyDecoder::TakesAndGives(const Call& call, std::span<const Type> arguments,
                                std::span<const Type> results) {
  Signature expected;
  for (const Type type : arguments) expected.parameters.push_back(SizeOf(type));
  for (const Type type : results) expected.results.push_back(SizeOf(type));
  return SignatureOf(call, function_.variables) == expected ||
         Fail(std::string(call.function->name) + " does not take or give that");
}

// A load or store of a .param variable of a call.
bool BodyDecoder::MovePassed(const Operand& passed, Type type, std::uint32_t reg, bool is_store) {
  Operand value, address;
  value.kind = Operand::Kind::kRegister;
  value.register_index = static_cast<int>(reg);
  address.kind = Operand::Kind::kAddress;
  address.elements = {passed};
  ptx::Instruction move;
  move.parts = {is_store ? "st" : "ld", "param", type == Type::kB64 ? "b64" : "b32"};
  move.operands = {is_store ? address : value, is_store ? value : address};
  return DecodeMemory(move, is_store);
}

bool BodyDecoder::DecodeHeap(const Call& call, bool allocates) {
  constexpr Type kWord[] = {Type::kB64};
  if (!TakesAndGives(call, kWord, std::span(kWord).first(allocates ? 1 : 0))) return false;
  const std::uint32_t address = AddTemporary(8), argument = allocates ? AddTemporary(8) : address;
  if (!MovePassed(call.arguments->elements[0], Type::kB64, argument, false)) return false;
  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = allocates ? RunMalloc : RunFree;
  draft.in.slot[0] = address;
  if (allocates) draft.in.slot[1] = argument;
  draft.defined = allocates ? 1 : 0;
  draft.used = allocates ? 2 : 1;
  Emit(draft);
  return !allocates || MovePassed(call.results->elements[0], Type::kB64, address, true);
}

// call (retval0), vprintf, (param0, param1): the format, and where its arguments are.
bool BodyDecoder::DecodePrintf(const Call& call) {
  constexpr Type kArguments[] = {Type::kB64, Type::kB64}, kResults[] = {Type::kB32};
  if (!TakesAndGives(call, kArguments, kResults)) return false;
  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = PrintfHandler();
  draft.in.slot[0] = AddTemporary(4);
  draft.defined = 1;
  for (std::size_t i = 0; i < std::size(kArguments); ++i) {
    draft.in.slot[1 + i] = AddTemporary(8);
    draft.used |= static_cast<std::uint8_t>(2u << i);
    if (!MovePassed(call.arguments->elements[i], kArguments[i], draft.in.slot[1 + i], false))
      return false;
  }
  Emit(draft);
  return MovePassed(call.results->elements[0], Type::kB32, draft.in.slot[0], true);
}

// call __assertfail, (message, file, line, function, bytes of a character).
bool BodyDecoder::DecodeAssert(const Call& call) {
  constexpr Type kTypes[] = {Type::kB64, Type::kB64, Type::kB32, Type::kB64, Type::kB64};
  constexpr std::size_t kUsed = std::size(kTypes) - 1;
  if (!TakesAndGives(call, kTypes, {})) return false;
  DraftInstruction draft = Start(Operation::kHandled);
  draft.in.warp = AssertHandler();
  for (std::size_t i = 0; i < kUsed; ++i) {
    const std::uint32_t temporary = AddTemporary(WidthOf(kTypes[i]));
    draft.listed.push_back({temporary, false, true});
    if (!MovePassed(call.arguments->elements[i], kTypes[i], temporary, false)) return false;
  }
  for (const char* name : {"%ctaid.x", "%ctaid.y", "%ctaid.z", "%tid.x", "%tid.y", "%tid.z"}) {
    Operand special;
    special.kind = Operand::Kind::kSpecial;
    special.name = name;
    std::uint32_t slot = kNoSlot;
    if (!BindSource(special, Type::kU32, 4, &slot)) return false;
    draft.listed.push_back({slot, false, true});
  }
  Emit(draft);
  return true;
}

}  // namespace nodecuda::simulator
