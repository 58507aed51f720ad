#ifndef NODECUDA_RUNTIME_STATUS_H_
#define NODECUDA_RUNTIME_STATUS_H_

namespace nodecuda {

// The values of cudaError_t that this code names itself. A Status may hold any other value that
// the CUDA runtime returns: it is carried to JavaScript unchanged.
enum class Status : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kMemoryAllocation = 2,
  kInitializationError = 3,
  kCudartUnloading = 4,
  kInvalidConfiguration = 9,
  kInvalidMemcpyDirection = 21,
  kInsufficientDriver = 35,
  kInvalidDeviceFunction = 98,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidKernelImage = 200,
  kNoKernelImageForDevice = 209,
  kInvalidPtx = 218,
  kUnsupportedPtxVersion = 222,
  kOperatingSystem = 304,
  kInvalidResourceHandle = 400,
  kSymbolNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kLaunchOutOfResources = 701,
  kLaunchTimeout = 702,
  kAssert = 710,
  kHardwareStackError = 714,
  kMisalignedAddress = 716,
  kInvalidAddressSpace = 717,
  kInvalidPc = 718,
  kLaunchFailure = 719,
  kCooperativeLaunchTooLarge = 720,
  kNotSupported = 801,
  kInvalidClusterSize = 912,
  kUnknown = 999,
};

// The name of the status as CUDA spells it, such as "cudaErrorIllegalAddress";
// "cudaErrorUnrecognized" for a value that CUDA 13.0 does not define.
const char* StatusName(Status status);

// True for the codes after which the device cannot be used by this process any more
// (driver_types.h: "the process must be terminated and relaunched"; and 4, 201, 709, 806, 999,
// which leave nothing usable either).
bool IsFatal(Status status);

}  // namespace nodecuda

#endif  // NODECUDA_RUNTIME_STATUS_H_
