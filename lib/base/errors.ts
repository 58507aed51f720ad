/**
 * The errors that CUDA causes.
 */
import type { CheckFinding } from './finding.js';

/**
 * The stable names of what can go wrong, in {@link CudaError.code}.
 *
 * @group Errors
 */
export type CudaErrorCode =
  | 'ERR_CUDA_DISPOSED'
  | 'ERR_CUDA_WRONG_DEVICE'
  | 'ERR_CUDA_NO_DRIVER'
  | 'ERR_CUDA_DRIVER_TOO_OLD'
  | 'ERR_CUDA_DRIVER_MISMATCH'
  | 'ERR_CUDA_NO_DEVICE'
  | 'ERR_CUDA_DEVICE_BUSY'
  | 'ERR_CUDA_NOT_READY'
  | 'ERR_CUDA_MPS'
  | 'ERR_CUDA_STUB'
  | 'ERR_CUDA_FORKED'
  | 'ERR_CUDA_ADDON_LOAD'
  | 'ERR_CUDA_NOT_BUILT'
  | 'ERR_CUDA_ENVIRONMENT'
  | 'ERR_CUDA_UNSUPPORTED'
  | 'ERR_CUDA_OOM'
  | 'ERR_CUDA_MODULE'
  | 'ERR_CUDA_COMPILE'
  | 'ERR_CUDA_NO_COMPILER'
  | 'ERR_CUDA_NO_LINKER'
  | 'ERR_CUDA_LAUNCH'
  | 'ERR_CUDA_TIMEOUT'
  | 'ERR_CUDA_DRIVER'
  | 'ERR_CUDA_DEVICE_LOST'
  | 'ERR_CUDA_KERNEL_FAULT'
  | 'ERR_CUDA_HARDWARE'
  | 'ERR_CUDA_CHECK'
  | 'ERR_CUDA_DEBUGGER'
  | 'ERR_CUDA_SHUTDOWN';

/**
 * What is known about a failure besides its message.
 *
 * @group Errors
 */
export interface CudaErrorDetails {
  readonly code?: CudaErrorCode | undefined;
  readonly status?: number | null | undefined;
  readonly statusName?: string | null | undefined;
  readonly operation?: string | null | undefined;
  readonly device?: number | null | undefined;
  readonly cause?: unknown;
}

// Not 802, 805 and 807 to 809, though they pass: the runtime keeps a failed initialization for as
// long as the process lives. 304 is a thread that could not be had.
const RETRYABLE: ReadonlySet<number | null> = new Set([2, 46, 216, 304, 600]);

/**
 * A failure of CUDA or of a CUDA object. Mistakes in arguments are `TypeError` and `RangeError`
 * with a `code` of `ERR_CUDA_ARG_TYPE` or `ERR_CUDA_ARG_RANGE` instead.
 *
 * @example
 * ```ts
 * try {
 *   await buffer.read();
 * } catch (error) {
 *   if (error instanceof CudaError && error.fatal) process.exit(1); // restart to get the GPU back
 *   throw error;
 * }
 * ```
 *
 * @group Errors
 */
export class CudaError extends Error {
  /** A stable name, such as `ERR_CUDA_OOM`. */
  readonly code: CudaErrorCode;
  /** The `cudaError_t` behind it, or null where no CUDA call failed. */
  readonly status: number | null;
  /** As CUDA spells it, such as `cudaErrorIllegalAddress`. */
  readonly statusName: string | null;
  /** The CUDA call or library function that failed or noticed the failure. */
  readonly operation: string | null;
  /** Index of the device, or null. */
  readonly device: number | null;
  /** True if the device cannot be used by this process any more. */
  readonly fatal: boolean = false;
  /** True if the same call may succeed later. */
  readonly retryable: boolean;

  constructor(message: string, code: CudaErrorCode, details: CudaErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code ?? code;
    this.status = details.status ?? null;
    this.statusName = details.statusName ?? null;
    this.operation = details.operation ?? null;
    this.device = details.device ?? null;
    this.retryable = RETRYABLE.has(this.status);
  }
}

/**
 * A device, buffer, stream or event was used after it, or its device, was disposed.
 *
 * @group Errors
 */
export class CudaDisposedError extends CudaError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_DISPOSED', details);
  }
}

/**
 * A buffer, stream or event of one device was used with another device.
 *
 * @group Errors
 */
export class CudaWrongDeviceError extends CudaError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_WRONG_DEVICE', details);
  }
}

/**
 * There is no usable device; `code` and message say why and what to do.
 *
 * @group Errors
 */
export class CudaUnavailableError extends CudaError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_NO_DEVICE', details);
  }
}

/**
 * Device memory, or memory of the host, is used up; the message says which. The device stays usable:
 * free something and try again. Nothing waits for memory that is about to come back, but for
 * {@link Device.allocAsync}.
 *
 * @group Errors
 */
export class CudaOutOfMemoryError extends CudaError {
  /** Bytes asked for, or null if not known. */
  readonly requested: number | null;
  /** Bytes of device memory that were free; null if host memory ran out. */
  readonly free: number | null;
  /** Bytes of device memory there are; null if host memory ran out. */
  readonly total: number | null;

  constructor(
    message: string,
    details: CudaErrorDetails & {
      requested?: number | undefined;
      free?: number | undefined;
      total?: number | undefined;
    } = {},
  ) {
    super(message, 'ERR_CUDA_OOM', details);
    this.requested = details.requested ?? null;
    this.free = details.free ?? null;
    this.total = details.total ?? null;
  }
}

/**
 * What is known about device code that could not be loaded or linked.
 *
 * @group Errors
 */
export interface CudaModuleErrorDetails extends CudaErrorDetails {
  readonly log?: string | undefined;
  readonly options?: readonly string[] | undefined;
  readonly linkerVersion?: string | null | undefined;
  readonly libraryPath?: string | null | undefined;
}

/**
 * Device code could not be loaded or linked; `log` has the loader's or linker's words. `code` is
 * `ERR_CUDA_NO_LINKER` where machine code is to be linked and there is no nvJitLink: the message says where
 * it was looked for and how to get it.
 *
 * @group Errors
 */
export class CudaModuleError extends CudaError {
  readonly log: string;
  /** What nvJitLink was called with; empty where it was not. */
  readonly options: readonly string[];
  /** The version of nvJitLink, such as `12.4`; null where it had no part in it. */
  readonly linkerVersion: string | null;
  /** The file of nvJitLink; null where it had no part in it. */
  readonly libraryPath: string | null;

  constructor(message: string, details: CudaModuleErrorDetails = {}) {
    super(message, 'ERR_CUDA_MODULE', details);
    this.log = details.log ?? '';
    this.options = details.options ?? [];
    this.linkerVersion = details.linkerVersion ?? null;
    this.libraryPath = details.libraryPath ?? null;
  }
}

/**
 * What is known about a compilation that failed.
 *
 * @group Errors
 */
export interface CudaCompileErrorDetails extends CudaErrorDetails {
  readonly log?: string | undefined;
  readonly options?: readonly string[] | undefined;
  readonly nvrtcVersion?: string | null | undefined;
  readonly libraryPath?: string | null | undefined;
  readonly headerRoot?: string | null | undefined;
  readonly driverVersion?: string | null | undefined;
}

/**
 * CUDA C++ was not compiled: it has errors (`log` has the compiler's words), the compiler does not know
 * the architecture or an option, or there is no compiler (`code` is `ERR_CUDA_NO_COMPILER`, and the
 * message says where it was looked for and how to get it).
 *
 * @example
 * ```ts
 * try {
 *   await device.compile(source);
 * } catch (error) {
 *   if (error instanceof CudaCompileError) console.error(error.log);
 *   throw error;
 * }
 * ```
 *
 * @group Errors
 */
export class CudaCompileError extends CudaError {
  /** The compiler's words, whole; empty where it did not get that far. */
  readonly log: string;
  /** What the compiler was called with. */
  readonly options: readonly string[];
  /** Such as `12.4`; null without a compiler. */
  readonly nvrtcVersion: string | null;
  /** The file of the library; null without a compiler. */
  readonly libraryPath: string | null;
  /** The folder of the toolkit's headers; null where there are none beside the library. */
  readonly headerRoot: string | null;
  /** The version of CUDA that the driver of the device has, such as `12.2`; null where there is none. */
  readonly driverVersion: string | null;

  constructor(message: string, details: CudaCompileErrorDetails = {}) {
    super(message, 'ERR_CUDA_COMPILE', details);
    this.log = details.log ?? '';
    this.options = details.options ?? [];
    this.nvrtcVersion = details.nvrtcVersion ?? null;
    this.libraryPath = details.libraryPath ?? null;
    this.headerRoot = details.headerRoot ?? null;
    this.driverVersion = details.driverVersion ?? null;
  }
}

/**
 * A kernel could not be launched. Nothing ran; the device stays usable.
 *
 * @group Errors
 */
export class CudaLaunchError extends CudaError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_LAUNCH', details);
  }
}

/**
 * CUDA gave up waiting.
 *
 * @group Errors
 */
export class CudaTimeoutError extends CudaError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_TIMEOUT', details);
  }
}

/**
 * Any other failure of a CUDA call. The device stays usable.
 *
 * @group Errors
 */
export class CudaDriverError extends CudaError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_DRIVER', details);
  }
}

/**
 * The device cannot be used by this process any more. Every later call on it fails with the first
 * cause, and disposing stays quiet. Restart the process.
 *
 * @group Errors
 */
export class CudaDeviceLostError extends CudaError {
  override readonly fatal: boolean = true;

  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_DEVICE_LOST', details);
  }
}

/**
 * A kernel did something forbidden, such as reading memory that is not allocated.
 *
 * @group Errors
 */
export class CudaKernelFaultError extends CudaDeviceLostError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, { code: 'ERR_CUDA_KERNEL_FAULT', ...details });
  }
}

/**
 * The hardware reported an error that it could not correct.
 *
 * @group Errors
 */
export class CudaHardwareError extends CudaDeviceLostError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, { code: 'ERR_CUDA_HARDWARE', ...details });
  }
}

/**
 * The checker of a simulated device has found something, and `onFinding` is `'throw'`. The device can
 * still be used.
 *
 * @group Errors
 */
export class CudaCheckError extends CudaError {
  /** What is new. */
  readonly findings: readonly CheckFinding[];

  constructor(
    message: string,
    details: CudaErrorDetails & { findings?: readonly CheckFinding[] | undefined } = {},
  ) {
    super(message, 'ERR_CUDA_CHECK', details);
    this.findings = details.findings ?? [];
  }
}

/**
 * Something that the debugger cannot do as things are: what looks at a stopped kernel while none is
 * stopped, a second debugger, or a blocking call in the thread that alone could let kernels go on.
 *
 * @group Errors
 */
export class CudaDebuggerError extends CudaError {
  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_DEBUGGER', details);
  }
}

/**
 * The process is exiting; CUDA is not called any more.
 *
 * @group Errors
 */
export class CudaShutdownError extends CudaError {
  override readonly fatal: boolean = true;

  constructor(message: string, details?: CudaErrorDetails) {
    super(message, 'ERR_CUDA_SHUTDOWN', details);
  }
}

// As class names, for stack traces: the code itself may be minified.
for (const Class of [
  CudaError,
  CudaDisposedError,
  CudaWrongDeviceError,
  CudaUnavailableError,
  CudaOutOfMemoryError,
  CudaModuleError,
  CudaCompileError,
  CudaLaunchError,
  CudaTimeoutError,
  CudaDriverError,
  CudaDeviceLostError,
  CudaKernelFaultError,
  CudaHardwareError,
  CudaCheckError,
  CudaDebuggerError,
  CudaShutdownError,
]) {
  Object.defineProperty(Class.prototype, 'name', { value: Class.name, configurable: true });
}
