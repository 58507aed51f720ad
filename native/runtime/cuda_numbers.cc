// That our numbers are CUDA's: the runtime casts between them.
#ifdef NODECUDA_WITH_CUDA

#include <cuda.h>
#include <cuda_runtime_api.h>

#include "runtime/runtime.h"

namespace nodecuda {

static_assert(static_cast<int>(MemcpyKind::kHostToDevice) == cudaMemcpyHostToDevice);
static_assert(static_cast<int>(MemcpyKind::kDeviceToHost) == cudaMemcpyDeviceToHost);
static_assert(static_cast<int>(MemcpyKind::kDeviceToDevice) == cudaMemcpyDeviceToDevice);
static_assert(kStreamNonBlocking == cudaStreamNonBlocking);
static_assert(kEventDefault == cudaEventDefault);
static_assert(kEventDisableTiming == cudaEventDisableTiming);
static_assert(kHostAllocDefault == cudaHostAllocDefault);
static_assert(static_cast<int>(KernelAttribute::kMaxDynamicSharedMemorySize) ==
              cudaFuncAttributeMaxDynamicSharedMemorySize);
static_assert(sizeof(TensorMap) == sizeof(CUtensorMap));
static_assert(alignof(TensorMap) == alignof(CUtensorMap));
static_assert(static_cast<int>(TensorMapDataType::kUint8) == CU_TENSOR_MAP_DATA_TYPE_UINT8);
static_assert(static_cast<int>(TensorMapDataType::kFloat16) == CU_TENSOR_MAP_DATA_TYPE_FLOAT16);
static_assert(static_cast<int>(TensorMapDataType::kFloat32) == CU_TENSOR_MAP_DATA_TYPE_FLOAT32);
static_assert(static_cast<int>(TensorMapDataType::kFloat64) == CU_TENSOR_MAP_DATA_TYPE_FLOAT64);
static_assert(static_cast<int>(TensorMapDataType::kBfloat16) == CU_TENSOR_MAP_DATA_TYPE_BFLOAT16);
static_assert(static_cast<int>(TensorMapDataType::kTfloat32) == CU_TENSOR_MAP_DATA_TYPE_TFLOAT32);
static_assert(static_cast<int>(TensorMapSwizzle::k128B) == CU_TENSOR_MAP_SWIZZLE_128B);
static_assert(static_cast<int>(TensorMapL2Promotion::k256B) == CU_TENSOR_MAP_L2_PROMOTION_L2_256B);
static_assert(sizeof(TextureObject) == sizeof(cudaTextureObject_t));
static_assert(sizeof(SurfaceObject) == sizeof(cudaSurfaceObject_t));
static_assert(static_cast<int>(ChannelKind::kSigned) == cudaChannelFormatKindSigned);
static_assert(static_cast<int>(ChannelKind::kUnsigned) == cudaChannelFormatKindUnsigned);
static_assert(static_cast<int>(ChannelKind::kFloat) == cudaChannelFormatKindFloat);
static_assert(kArrayLayered == cudaArrayLayered && kArraySurface == cudaArraySurfaceLoadStore);
static_assert(kArrayCubemap == cudaArrayCubemap && kArrayGather == cudaArrayTextureGather);
static_assert(static_cast<int>(TextureResource::Kind::kArray) == cudaResourceTypeArray);
static_assert(static_cast<int>(TextureResource::Kind::kLinear) == cudaResourceTypeLinear);
static_assert(static_cast<int>(TextureResource::Kind::kPitch2D) == cudaResourceTypePitch2D);
static_assert(static_cast<int>(AddressMode::kWrap) == cudaAddressModeWrap);
static_assert(static_cast<int>(AddressMode::kClamp) == cudaAddressModeClamp);
static_assert(static_cast<int>(AddressMode::kMirror) == cudaAddressModeMirror);
static_assert(static_cast<int>(AddressMode::kBorder) == cudaAddressModeBorder);
#define SAME(ours, theirs) static_assert(static_cast<int>(Status::ours) == static_cast<int>(theirs))
SAME(kSuccess, cudaSuccess);
SAME(kInvalidValue, cudaErrorInvalidValue);
SAME(kMemoryAllocation, cudaErrorMemoryAllocation);
SAME(kInitializationError, cudaErrorInitializationError);
SAME(kCudartUnloading, cudaErrorCudartUnloading);
SAME(kInvalidConfiguration, cudaErrorInvalidConfiguration);
SAME(kInvalidMemcpyDirection, cudaErrorInvalidMemcpyDirection);
SAME(kInsufficientDriver, cudaErrorInsufficientDriver);
SAME(kInvalidDeviceFunction, cudaErrorInvalidDeviceFunction);
SAME(kNoDevice, cudaErrorNoDevice);
SAME(kInvalidDevice, cudaErrorInvalidDevice);
SAME(kInvalidKernelImage, cudaErrorInvalidKernelImage);
SAME(kNoKernelImageForDevice, cudaErrorNoKernelImageForDevice);
SAME(kInvalidPtx, cudaErrorInvalidPtx);
SAME(kUnsupportedPtxVersion, cudaErrorUnsupportedPtxVersion);
SAME(kOperatingSystem, cudaErrorOperatingSystem);
SAME(kInvalidResourceHandle, cudaErrorInvalidResourceHandle);
SAME(kSymbolNotFound, cudaErrorSymbolNotFound);
SAME(kNotReady, cudaErrorNotReady);
SAME(kIllegalAddress, cudaErrorIllegalAddress);
SAME(kLaunchOutOfResources, cudaErrorLaunchOutOfResources);
SAME(kLaunchTimeout, cudaErrorLaunchTimeout);
SAME(kAssert, cudaErrorAssert);
SAME(kHardwareStackError, cudaErrorHardwareStackError);
SAME(kMisalignedAddress, cudaErrorMisalignedAddress);
SAME(kInvalidAddressSpace, cudaErrorInvalidAddressSpace);
SAME(kInvalidPc, cudaErrorInvalidPc);
SAME(kLaunchFailure, cudaErrorLaunchFailure);
SAME(kCooperativeLaunchTooLarge, cudaErrorCooperativeLaunchTooLarge);
SAME(kNotSupported, cudaErrorNotSupported);
SAME(kInvalidClusterSize, cudaErrorInvalidClusterSize);
SAME(kUnknown, cudaErrorUnknown);
#undef SAME

// Driver and runtime agree on the numbers of the errors that cuTensorMapEncodeTiled returns.
static_assert(static_cast<int>(CUDA_ERROR_INVALID_VALUE) == cudaErrorInvalidValue);
static_assert(static_cast<int>(CUDA_ERROR_NOT_INITIALIZED) == cudaErrorInitializationError);
static_assert(static_cast<int>(CUDA_ERROR_DEINITIALIZED) == cudaErrorCudartUnloading);
static_assert(static_cast<int>(CUDA_ERROR_INVALID_CONTEXT) == cudaErrorDeviceUninitialized);

}  // namespace nodecuda

#endif  // NODECUDA_WITH_CUDA
