#ifndef NODECUDA_MODULES_KERNEL_INFO_H_
#define NODECUDA_MODULES_KERNEL_INFO_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "modules/bytes.h"
#include "modules/contents.h"
#include "modules/problem.h"

namespace nodecuda::modules {

// An entry of a section .nv.info: what ptxas notes for the driver, of the module or of one kernel.
struct Attribute {
  std::uint8_t id = 0;
  std::uint16_t value = 0;  // of attributes without contents
  Bytes contents;
};

// Walks the attributes of a section.
class Attributes {
 public:
  explicit Attributes(Bytes section) : section_(section) {}

  // False at the end, and where the section cannot be read on.
  bool Next(Attribute* attribute);
  bool damaged() const { return damaged_; }

 private:
  Bytes section_;
  std::size_t position_ = 0;
  bool damaged_ = false;
};

// Attributes of the module that name a function: the index of its symbol, and a number.
constexpr std::uint8_t kAttributeFrameSize = 0x11, kAttributeRegisters = 0x2f;

// Reads the section .nv.info.<kernel> into *kernel: parameters, threads, clusters.
bool ReadKernelInfo(Bytes section, KernelFacts* kernel, Problem* problem);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_KERNEL_INFO_H_
