/**
 * CUDA for Node.js and TypeScript. Start at {@link cuda}.
 *
 * @packageDocumentation
 */

export type { ArgumentError } from './base/checks.js';
export {
  DTYPES,
  type Dtype,
  type DtypeOf,
  type DtypesByArray,
  type HostArray,
  type HostArrays,
  type Scalar,
} from './base/dtype.js';
export {
  CudaDeviceLostError,
  CudaDisposedError,
  CudaDriverError,
  CudaError,
  type CudaErrorCode,
  type CudaErrorDetails,
  CudaHardwareError,
  CudaKernelFaultError,
  CudaLaunchError,
  CudaModuleError,
  CudaOutOfMemoryError,
  CudaShutdownError,
  CudaTimeoutError,
  CudaUnavailableError,
  CudaWrongDeviceError,
} from './base/errors.js';
export { type Cuda, cuda, type SimulatedDeviceOptions } from './cuda/cuda.js';
export type { BuildInfo, Diagnosis } from './cuda/diagnose.js';
export {
  type AllocOptions,
  Device,
  type FromOptions,
  type MemoryInfo,
  type MemoryStats,
} from './device/device.js';
export type { ComputeCapability, DeviceInfo, DeviceProperties } from './device/info.js';
export { type HostMatmulOptions, matmul, matmulSync } from './host/matmul.js';
export {
  type CopyOptions,
  DeviceBuffer,
  type FillOptions,
  type ReadOptions,
  type WriteOptions,
} from './memory/buffer.js';
export type { Operand, StridedView } from './operands/strided.js';
export type { ElementwiseOperations } from './operations/elementwise/methods.js';
export type {
  ElementwiseOptions,
  FloatDtype,
  UnaryOperations,
} from './operations/elementwise/unary-methods.js';
export type { MatmulCandidate, MatmulPlan } from './operations/matmul/matmul.js';
export type { MatrixOperations, PlanMatmulOptions } from './operations/matmul/methods.js';
export type {
  MatmulActivation,
  MatmulDefaultDtype,
  MatmulDtype,
  MatmulEpilogue,
  MatmulOptions,
  MatmulPrecision,
  MatmulResultDtype,
  MatmulTuning,
} from './operations/matmul/options.js';
export type { MatmulShape } from './operations/matmul/shape.js';
export type {
  MeanDtype,
  MeanResultDtype,
  ReductionOperations,
  ReductionOptions,
  SoftmaxOptions,
  SumDtype,
  SumResultDtype,
  TransposeOptions,
} from './operations/reduce/methods.js';
export { CudaEvent, type EventOptions } from './streams/event.js';
export { Stream, type StreamOptions } from './streams/stream.js';
