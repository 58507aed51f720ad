// What the kernels share. Nothing here, nor in any file of this folder, needs more of the CUDA
// headers than the shim in test/differential/ provides: g++ compiles these files too.
#pragma once

#include <cstddef>
#include <cstdint>

// The unit of a global or shared memory access: the widest one instruction moves.
constexpr int kVectorBytes = 16;

__device__ __forceinline__ bool IsVectorAligned(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % kVectorBytes == 0;
}
