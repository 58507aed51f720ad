#ifndef NODECUDA_TEST_CUDART_ORDER_H_
#define NODECUDA_TEST_CUDART_ORDER_H_

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>

// The rules that calls must keep, stricter than CUDA's: what CUDA answers with an error, or not at
// all, ends the process here.
namespace nodecuda::cudart {

[[noreturn]] void Violation(const std::string& call, const std::string& what);

// From now on the calls are those of a program that nvcc compiled (programs/). It may take for
// granted what is a mistake of nodecuda's: device 0 where none was set, the default stream, a last
// error that nobody clears, copies of any kind. `kernel_of` turns the host function that such a
// program names a kernel by into the kernel, and leaves other pointers as they are.
using KernelOf = cudaError_t (*)(const void** kernel);
void RunPrograms(KernelOf kernel_of);
bool RunsPrograms();

// The thread's device. CUDA takes device 0 where none was set; for us that is a mistake.
void SetCurrentDevice(int device);
int NeedDevice(const char* call);

enum class Kind {
  kStream,
  kEvent,
  kPool,
  kLibrary,
  kKernel,
  kMemory,
  kPinned,
  kArray,
  kTexture,
  kSurface
};

// A handle, or `bytes` of memory at `handle`. A kernel is gone with its `owner`, the library.
void Made(Kind kind, const void* handle, std::size_t bytes = 0, const void* owner = nullptr);
// Ends the process unless the handle is live; Take makes it dead too, and what it owns.
void Need(const char* call, Kind kind, const void* handle);
void Take(const char* call, Kind kind, const void* handle);
// The kernel, which has to be live, or why there is none.
cudaError_t NeedKernel(const char* call, const void** kernel);
// Ends the process unless all the bytes lie in one live allocation of device memory.
void NeedMemory(const char* call, const void* pointer, std::size_t bytes);
bool IsMemory(const void* pointer, std::size_t bytes);
bool IsPinned(const void* pointer);

}  // namespace nodecuda::cudart

#endif  // NODECUDA_TEST_CUDART_ORDER_H_
