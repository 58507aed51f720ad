#ifndef NODECUDA_MODULES_READ_IMAGE_H_
#define NODECUDA_MODULES_READ_IMAGE_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "modules/contents.h"
#include "modules/problem.h"

namespace nodecuda::modules {

// Who is to run the image.
struct Device {
  int capability = 0;             // 90 for 9.0
  bool runs_machine_code = true;  // the simulated device runs PTX alone
};

// Reads what the device would take of an image: PTX text (with or without a NUL at its end), a
// cubin or a fatbin. The facts are those of the code that would run, not of another in the same
// fatbin.
//
// The image may be anything, at any address. It is not read past its end and not kept. Time and
// memory grow with its size alone, and for compressed parts with what zstd and LZ4 can make of
// theirs, up to 256 MiB. Of PTX, up to 64 MiB, declarations are parsed: what stands in the body of
// a kernel is its loader's to judge. Never throws on bad input other than std::bad_alloc.
//
// A driver is told where an image begins and not where it ends: one that was read here names
// nothing outside itself. PTX has to get a NUL at its end.
std::optional<Contents> ReadImage(std::span<const std::byte> image, const Device& device,
                                  Problem* problem);

// What a linker takes of an image, which may be relocatable: the PTX that the device would compile,
// machine code that it would run, or both, of a fatbin. One of them there is.
struct Linkable {
  std::string ptx;    // decompressed, without the NUL at its end; empty if there is none
  std::string cubin;  // bytes; empty if there is none, and for who does not run machine code
  Target target;      // of the cubin
  std::vector<std::string> definitions;  // of the cubin, that all modules see and none may repeat
};

// As ReadImage, but nothing that PTX declares is looked at.
std::optional<Linkable> ReadLinkable(std::span<const std::byte> image, const Device& device,
                                     Problem* problem);

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_READ_IMAGE_H_
