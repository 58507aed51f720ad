/**
 * CUDA for Node.js and TypeScript. Start at {@link cuda}.
 *
 * @packageDocumentation
 */

// `Symbol.dispose` for programs whose `lib` lacks it.
/// <reference lib="esnext.disposable" preserve="true" />

export type { ArgumentError } from './base/checks.js';
export {
  DTYPES,
  type Dtype,
  type DtypeOf,
  type DtypesByArray,
  type FloatDtype,
  type HostArray,
  type HostArrays,
  type Scalar,
} from './base/dtype.js';
export {
  CudaCheckError,
  CudaCompileError,
  type CudaCompileErrorDetails,
  CudaDebuggerError,
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
  type CudaModuleErrorDetails,
  CudaOutOfMemoryError,
  CudaShutdownError,
  CudaTimeoutError,
  CudaUnavailableError,
  CudaWrongDeviceError,
} from './base/errors.js';
export type { CheckAllocation, CheckFinding, CheckKind, CheckPlace } from './base/finding.js';
export { type Cuda, cuda, type SimulatedDeviceOptions } from './cuda/cuda.js';
export type { BuildInfo, Diagnosis } from './cuda/diagnose.js';
export type { SimulatedModel } from './cuda/models.js';
export { type ForEachScheduleOptions, forEachSchedule, type Schedule } from './cuda/schedule.js';
export { KernelDebugger } from './debugger/debugger.js';
export type {
  Breakpoint,
  BreakpointOptions,
  DebuggerDisposeOptions,
  StepBy,
} from './debugger/options.js';
export type {
  CodePlace,
  KernelStop,
  LaneGroup,
  RegisterValue,
  StopReason,
  ThreadPlace,
} from './debugger/stop.js';
export type { SourceVariable, VariableSpace } from './debugger/variables/values.js';
export { type CheckOptions, CheckReport, type CheckSuppression } from './device/check.js';
export { Device } from './device/device.js';
export type { ComputeCapability, DeviceInfo, DeviceProperties } from './device/info.js';
export type {
  CheckMethods,
  ListenerMethods,
  OperationFamily,
  PreloadMethods,
  ProfileMethods,
} from './device/methods.js';
export type { DeviceEvents } from './device/printf.js';
export { type ProfilePageOptions, ProfileReport } from './device/profile.js';
export type {
  ProfileAtomics,
  ProfileCounts,
  ProfileInstruction,
  ProfileLaunch,
  ProfileLine,
  ProfileMemory,
  ProfileOccupancy,
  ProfileShared,
} from './device/profile-data.js';
export { type HostMatmulOptions, matmul, matmulSync } from './host/matmul.js';
export {
  type CompileCounts,
  type CompileStatus,
  compileStatus,
} from './kernels/compile/compile.js';
export { CompiledCode } from './kernels/compile/compiled.js';
export type { CompileOptions, MacroValue } from './kernels/compile/options.js';
export type { Extent3, LaunchOptions, Triple } from './kernels/config.js';
export { type ElementwiseKernel, elementwise } from './kernels/expressions/elementwise.js';
export type { ExpressionCallOptions, ExpressionOptions } from './kernels/expressions/options.js';
export {
  type ReductionExpressions,
  type ReductionKernel,
  reduction,
} from './kernels/expressions/reduction.js';
export { type ScanKernel, type ScanOptions, scan } from './kernels/expressions/scan.js';
export type { KernelInfo, KernelParameter } from './kernels/info.js';
export { type BlockSizeOptions, Kernel } from './kernels/kernel.js';
export type { LinkOptions, LinkProgram, LinkSource } from './kernels/link.js';
export type { KernelMethods } from './kernels/methods.js';
export { Module, type ModuleSource } from './kernels/module.js';
export type {
  ArgumentOf,
  ArgumentsOf,
  ArrayType,
  ElementsType,
  KernelArguments,
  ParameterType,
  PointerType,
  Signature,
  StructType,
  UntypedArgument,
  VectorType,
} from './kernels/parameters/signature.js';
export { TensorMap, type TensorMapOptions } from './kernels/parameters/tensor-map.js';
export { PreparedLaunch } from './kernels/prepared.js';
export { type CopyOptions, DeviceBuffer, type FillOptions } from './memory/buffer.js';
export type { AllocOptions, MemoryInfo, MemoryMethods, MemoryStats } from './memory/methods.js';
export type { ReadOptions, WriteOptions } from './memory/transfer.js';
export type { FromOptions } from './memory/upload.js';
export type { Operand, StridedView } from './operands/strided.js';
export type { ElementwiseOperations } from './operations/elementwise/methods.js';
export type { ElementwiseOptions } from './operations/elementwise/options.js';
export type { UnaryOperations } from './operations/elementwise/unary-methods.js';
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
export type { MatmulCandidate, MatmulPlan } from './operations/matmul/plan.js';
export type { MatmulShape } from './operations/matmul/shape.js';
export type {
  MeanDtype,
  SumDtype,
  SumResultDtype,
} from './operations/reduce/dtypes.js';
export type { ReductionOperations, ReductionOptions } from './operations/reduce/methods.js';
export type { SoftmaxOperations, SoftmaxOptions } from './operations/softmax/methods.js';
export type { TransposeOperations, TransposeOptions } from './operations/transpose/methods.js';
export { CudaEvent, type EventOptions } from './streams/event.js';
export type { EventMethods, StreamMethods } from './streams/methods.js';
export { Stream, type StreamOptions } from './streams/stream.js';
export {
  TextureArray,
  type TextureArrayOptions,
  type TextureCopyOptions,
} from './textures/array.js';
export type { TextureDtype } from './textures/format.js';
export type { TextureMethods } from './textures/methods.js';
export type { AddressMode, TextureSampling } from './textures/sampling.js';
export { type BufferTextureOptions, Surface, Texture } from './textures/texture.js';
