// Streams, events, errors, and what a program asks of the device.
#include <cuda_runtime_api.h>

#include <map>

#include "../double.h"
#include "../order.h"

using namespace nodecuda;
using namespace nodecuda::cudart;

namespace {

// Those that programs print or compare; of another one there is the name.
const std::map<cudaError_t, const char*>& Descriptions() {
  static const auto* descriptions = new std::map<cudaError_t, const char*>{
      {cudaSuccess, "no error"},
      {cudaErrorInvalidValue, "invalid argument"},
      {cudaErrorMemoryAllocation, "out of memory"},
      {cudaErrorInvalidConfiguration, "invalid configuration argument"},
      {cudaErrorInvalidPitchValue, "invalid pitch argument"},
      {cudaErrorInvalidSymbol, "invalid device symbol"},
      {cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"},
      {cudaErrorInvalidDeviceFunction, "invalid device function"},
      {cudaErrorNoDevice, "no CUDA-capable device is detected"},
      {cudaErrorInvalidDevice, "invalid device ordinal"},
      {cudaErrorInvalidKernelImage, "device kernel image is invalid"},
      {cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"},
      {cudaErrorInvalidPtx, "a PTX JIT compilation failed"},
      {cudaErrorInvalidResourceHandle, "invalid resource handle"},
      {cudaErrorNotReady, "device not ready"},
      {cudaErrorIllegalAddress, "an illegal memory access was encountered"},
      {cudaErrorLaunchOutOfResources, "too many resources requested for launch"},
      {cudaErrorLaunchTimeout, "the launch timed out and was terminated"},
      {cudaErrorAssert, "device-side assert triggered"},
      {cudaErrorMisalignedAddress, "misaligned address"},
      {cudaErrorLaunchFailure, "unspecified launch failure"},
      {cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"},
      {cudaErrorNotSupported, "operation not supported"},
  };
  return *descriptions;
}

}  // namespace

const char* cudaGetErrorName(cudaError_t error) {
  return StatusName(static_cast<Status>(error));
}

const char* cudaGetErrorString(cudaError_t error) {
  const auto found = Descriptions().find(error);
  return found != Descriptions().end() ? found->second : cudaGetErrorName(error);
}

cudaError_t cudaPeekAtLastError() {
  return LastError() != cudaSuccess ? LastError()
                                    : static_cast<cudaError_t>(Simulated().GetLastError());
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithPriority(stream, cudaStreamDefault, 0);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

// At once, behind the stream's work, on the calling thread: CUDA has a thread of its own for it.
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  const cudaError_t error = cudaStreamSynchronize(stream);
  if (error == cudaSuccess) function(data);
  return error;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

// The device is as it was: what a program still has stays valid.
cudaError_t cudaDeviceReset() {
  return cudaDeviceSynchronize();
}

cudaError_t cudaSetDeviceFlags(unsigned) {
  return cudaSuccess;
}

cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) {
  return cudaSuccess;
}
