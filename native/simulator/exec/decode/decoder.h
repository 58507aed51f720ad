#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_DECODER_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_DECODER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ptx/ast.h"
#include "simulator/exec/arithmetic/alu.h"
#include "simulator/exec/code/program.h"
#include "simulator/exec/code/symbols.h"

namespace nodecuda::simulator {

struct DecodeOptions {
  Isa isa = Isa::kBaseline;
  int capability = 90;       // the device's: matrix instructions round as its hardware does
  int version = 90;          // of PTX, that the module is in: 90 for 9.0
  bool needs_sync = true;    // of shfl and vote, as ptxas does from sm_70 and PTX 6.4 on
  bool flushes_f32 = false;  // the module's target is 1.x, which had no subnormal numbers
  bool share_slots = true;   // off only to test that sharing changes nothing
  // Keeps DecodedKernel::notes, gives each register a slot of its own, and leaves no instruction
  // out: none is a constant, no call is inlined.
  bool watched = false;
};

// Decodes a kernel of the module, whose body has been parsed, and the functions that it calls or
// may call. False: *why names line and mnemonic.
bool DecodeKernel(const ptx::Module& module, const ModuleSymbols& symbols,
                  const ptx::Function& entry, const DecodeOptions& options, DecodedKernel* kernel,
                  std::string* why);

// Where an instruction of the function is from. `files` are the module's.
SourceLine LineOf(const std::map<std::uint32_t, std::string_view>& files,
                  const ptx::Function& function, const ptx::Instruction& instruction);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_DECODER_H_
