// The same objects as `require('nodecuda')` gives: there is one implementation.

export type * from './index.js';
export {
  CudaDeviceLostError,
  CudaDisposedError,
  CudaDriverError,
  CudaError,
  CudaEvent,
  CudaHardwareError,
  CudaKernelFaultError,
  CudaLaunchError,
  CudaModuleError,
  CudaOutOfMemoryError,
  CudaShutdownError,
  CudaTimeoutError,
  CudaUnavailableError,
  CudaWrongDeviceError,
  cuda,
  Device,
  DeviceBuffer,
  DTYPES,
  matmul,
  matmulSync,
  Stream,
} from './index.js';
