#ifndef NODECUDA_RESOURCES_FAILURE_H_
#define NODECUDA_RESOURCES_FAILURE_H_

#include <cstdint>
#include <exception>
#include <string>

#include "runtime/status.h"

namespace nodecuda {

// What went wrong, as data: JavaScript makes the error object of it (see NativeFailureDetails in
// lib/addon/types.ts). Thrown by resources/ and binding/, caught at the N-API boundary.
struct Failure : std::exception {
  enum class Kind {
    kArgumentType,
    kArgumentRange,
    kDisposed,
    kWrongDevice,
    kCuda,         // a runtime call returned `status`
    kLost,         // refused: the device had the fatal failure `status` before
    kShutdown,     // refused: the process is exiting
    kUnsupported,  // this build or this device cannot do it
    kHostMemory,   // the host has no memory left; `status` is set if CUDA said so
    kInternal,     // an exception that nobody expected
  };

  Failure(Kind failure_kind, std::string what_failed, std::string words = {})
      : kind(failure_kind), operation(std::move(what_failed)), report(std::move(words)) {}

  const char* what() const noexcept override { return operation.c_str(); }

  Kind kind;
  Status status = Status::kSuccess;
  std::string operation;  // the CUDA call, or the native function
  std::string report;     // details for people, may be empty
  int device = -1;
  std::uint64_t requested = 0;  // out of memory: bytes, 0 if not known
  bool has_sizes = false;       // out of device memory: the two figures below are set
  std::uint64_t free = 0, total = 0;
};

// Whatever is being caught, as a Failure. Needs no memory where there is none.
Failure CurrentFailure() noexcept;

// For freeing, where nobody can be told: the status of a runtime call, or kMemoryAllocation if it
// threw because the host has no memory left, as the simulated device does.
template <class Call>
Status Quietly(Call call) noexcept {
  try {
    return call();
  } catch (...) {
    return Status::kMemoryAllocation;
  }
}

}  // namespace nodecuda

#endif  // NODECUDA_RESOURCES_FAILURE_H_
