/**
 * CUDA for Node.js and TypeScript. Start at {@link cuda}.
 *
 * @packageDocumentation
 */
export {
  type CopyOptions,
  DeviceBuffer,
  type FillOptions,
  type ReadOptions,
  type WriteOptions,
} from './buffer.js';
export type { ArgumentError } from './checks.js';
export { type Cuda, cuda, type SimulatedDeviceOptions } from './cuda.js';
export {
  type AllocOptions,
  Device,
  type FromOptions,
  type MemoryInfo,
  type MemoryStats,
} from './device.js';
export type { ElementwiseOperations } from './device-elementwise.js';
export type { ComputeCapability, DeviceInfo, DeviceProperties } from './device-info.js';
export type { MatrixOperations, PlanMatmulOptions } from './device-matrix.js';
export type {
  MeanDtype,
  MeanResultDtype,
  ReductionOperations,
  ReductionOptions,
  SoftmaxOptions,
  SumDtype,
  SumResultDtype,
  TransposeOptions,
} from './device-reductions.js';
export type { ElementwiseOptions, FloatDtype, UnaryOperations } from './device-unary.js';
export type { BuildInfo, Diagnosis } from './diagnose.js';
export {
  DTYPES,
  type Dtype,
  type DtypeOf,
  type DtypesByArray,
  type HostArray,
  type HostArrays,
  type Scalar,
} from './dtype.js';
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
} from './errors.js';
export { CudaEvent, type EventOptions } from './event.js';
export { type HostMatmulOptions, matmul, matmulSync } from './host-matmul.js';
export type { MatmulCandidate, MatmulPlan } from './matmul-call.js';
export type {
  MatmulActivation,
  MatmulDefaultDtype,
  MatmulDtype,
  MatmulEpilogue,
  MatmulOptions,
  MatmulPrecision,
  MatmulResultDtype,
  MatmulTuning,
} from './matmul-options.js';
export type { MatmulShape } from './matmul-shape.js';
export { Stream, type StreamOptions } from './stream.js';
export type { Operand, StridedView } from './strided.js';
