#ifndef NODECUDA_MODULES_CONTENTS_H_
#define NODECUDA_MODULES_CONTENTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "modules/target.h"
#include "ptx/ast.h"

// What a module image says of itself: enough to check a launch before any CUDA call.
namespace nodecuda::modules {

enum class ImageKind : std::uint8_t { kPtx, kCubin, kFatbin };

struct Parameter {
  // In the parameter block. Alignments above 16 are those of the constant bank, in which the block
  // begins at another offset for each architecture: then machine code may have it elsewhere than
  // PTX.
  std::size_t offset = 0;
  std::size_t bytes = 0;
  // PTX says these; of machine code alone they are unknown: 0, kNone, the bytes, false.
  std::size_t alignment = 0;
  ptx::Type type = ptx::Type::kNone;
  std::size_t count = 1;  // of elements of `type`
  bool is_array = false;  // a struct or an array by value
  // Unknown of 8-byte integers which no `.ptr` of PTX, and no note of ptxas, calls pointers: nvcc
  // says it for compute_100 and later, and not for older targets.
  std::optional<bool> is_pointer = {};
};

struct KernelFacts {
  std::string name;
  std::vector<Parameter> parameters;
  std::size_t parameter_bytes = 0;
  // As the image declares it, which is not what decides whether CUDA finds it by name.
  bool is_visible = false;
  // Machine code says these; of PTX alone they are unknown until the driver has compiled it.
  std::optional<std::uint32_t> registers;
  std::optional<std::size_t> static_shared_bytes;  // without the KiB that CUDA reserves from 9.0 on
  std::optional<std::size_t> local_bytes;          // of a thread
  // 0 where the kernel does not say.
  std::uint32_t max_threads = 0;
  std::uint32_t max_cluster_rank = 0;
  std::array<std::uint32_t, 3> required_threads = {};
  std::array<std::uint32_t, 3> required_cluster = {};
};

struct VariableFacts {
  std::string name;
  ptx::Space space = ptx::Space::kGlobal;  // or kConst
  std::size_t bytes = 0;
  bool is_visible = false;
  // As of a parameter: unknown of machine code alone.
  std::size_t alignment = 0;
  ptx::Type type = ptx::Type::kNone;
  std::size_t count = 1;
  bool is_array = false;
};

struct Contents {
  ImageKind kind = ImageKind::kPtx;
  // What the facts below are of. A fatbin may have both: then machine code has the say, as it has
  // on the device, and PTX adds types to the kernels and variables that are the same in it.
  std::optional<Target> machine_code, ptx_target;
  int ptx_version = 0;               // of that PTX: 90 for 9.0
  std::string ptx_text;              // that PTX, decompressed, without the NUL at its end
  std::vector<KernelFacts> kernels;  // in the order of the image
  std::vector<VariableFacts> variables;
  // All that the image has, for messages.
  std::vector<Target> machine_targets, ptx_targets;
};

}  // namespace nodecuda::modules

#endif  // NODECUDA_MODULES_CONTENTS_H_
