#ifndef NODECUDA_MODULES_FOREIGN_H_
#define NODECUDA_MODULES_FOREIGN_H_

#include <cstdint>
#include <string>

#include "modules/bytes.h"

namespace nodecuda::modules {

inline constexpr char kRelocatable[] =
    "the image is relocatable device code, of which a linker makes a module: give it to "
    "`device.link`, or compile without -rdc=true and -dc";

// What an image that is none seems to be, and what to do.
std::string DescribeForeign(Bytes image);

// The same of an ELF file that is not CUDA's.
std::string DescribeHostElf(std::uint16_t elf_type);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_FOREIGN_H_
