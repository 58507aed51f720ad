#ifndef NODECUDA_SIMULATOR_EXEC_DECODE_UNSUPPORTED_H_
#define NODECUDA_SIMULATOR_EXEC_DECODE_UNSUPPORTED_H_

#include <span>
#include <string_view>

namespace nodecuda::simulator {

// Why an instruction is left out that PTX has, by the parts of its mnemonic; null for any other.
const char* WhyLeftOut(std::span<const std::string_view> parts);

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_EXEC_DECODE_UNSUPPORTED_H_
