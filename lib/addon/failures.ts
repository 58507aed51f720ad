/**
 * The one table from a status to the class and code of its error, and the error for what native code
 * reports.
 */
import { rangeError, typeError } from '../base/checks.js';
import {
  CudaDeviceLostError,
  CudaDisposedError,
  CudaDriverError,
  type CudaError,
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
} from '../base/errors.js';
import type { NativeFailureDetails } from './types.js';

type ErrorClass = new (message: string, details?: CudaErrorDetails) => CudaError;
type Row = readonly [ErrorClass, CudaErrorCode, ...statuses: number[]];

// What CUDA 13.0's driver_types.h defines and is not here is an ERR_CUDA_DRIVER: a failure of that
// one call. The kernel faults, hardware errors and lost devices are the fatal ones of
// native/runtime/status.cc.
const ROWS: readonly Row[] = [
  [CudaUnavailableError, 'ERR_CUDA_FORKED', 3],
  [CudaUnavailableError, 'ERR_CUDA_STUB', 34],
  [CudaUnavailableError, 'ERR_CUDA_DRIVER_TOO_OLD', 35, 36],
  [CudaUnavailableError, 'ERR_CUDA_DRIVER_MISMATCH', 803, 804],
  [CudaUnavailableError, 'ERR_CUDA_NO_DEVICE', 100, 101, 102],
  [CudaUnavailableError, 'ERR_CUDA_DEVICE_BUSY', 46, 216],
  [CudaUnavailableError, 'ERR_CUDA_NOT_READY', 802],
  [CudaUnavailableError, 'ERR_CUDA_MPS', 805, 807, 808, 809],
  [CudaOutOfMemoryError, 'ERR_CUDA_OOM', 2],
  [
    CudaModuleError,
    'ERR_CUDA_MODULE',
    ...[98, 200, 209, 218, 221, 222, 223, 225, 300, 301, 302, 303, 500, 913],
  ],
  [CudaLaunchError, 'ERR_CUDA_LAUNCH', 9, 224, 701, 703, 720, 811, 812, 912],
  [CudaTimeoutError, 'ERR_CUDA_TIMEOUT', 909],
  [CudaDeviceLostError, 'ERR_CUDA_DEVICE_LOST', 201, 709, 806, 810, 999],
  [
    CudaKernelFaultError,
    'ERR_CUDA_KERNEL_FAULT',
    ...[700, 702, 710, 714, 715, 716, 717, 718, 719, 721],
  ],
  [CudaHardwareError, 'ERR_CUDA_HARDWARE', 214, 220, 226, 911],
  [CudaShutdownError, 'ERR_CUDA_SHUTDOWN', 4],
];

const byStatus = new Map<number | null, Row>();
for (const row of ROWS) {
  for (const status of row.slice(2) as number[]) byStatus.set(status, row);
}

/**
 * Why CUDA cannot be used at all, for the status of its initialization. No device has been used yet,
 * so that a status which tells of memory, code or a fault elsewhere says no more than that it failed.
 */
export function codeOfInitialization(status: number): CudaErrorCode {
  if (status === 806 || status === 810) return 'ERR_CUDA_MPS';
  const row = byStatus.get(status);
  return row !== undefined && row[0] === CudaUnavailableError ? row[1] : 'ERR_CUDA_DRIVER';
}

function statusMessage(failure: NativeFailureDetails): string {
  const { status, statusName, operation, device, report } = failure;
  const where = device === null ? '' : ` on device ${device}`;
  return `${operation} failed${where}: ${statusName} (${status})${report ? `. ${report}` : ''}`;
}

function outOfMemory(failure: NativeFailureDetails): CudaError {
  const { requested, free, total, device } = failure;
  const asked = requested === undefined ? '' : `: ${requested} bytes asked for`;
  const there = free === undefined ? '' : `, ${free} of ${total} bytes free`;
  const where = device === null ? '' : ` of device ${device}`;
  return new CudaOutOfMemoryError(`Out of memory${where}${asked}${there}`, {
    ...failure,
    ...(requested === undefined ? {} : { requested }),
  });
}

function outOfHostMemory(failure: NativeFailureDetails): CudaError {
  const { requested, operation, report } = failure;
  const pinned = operation === 'cudaHostAlloc' ? 'pinned ' : '';
  const asked = requested === undefined ? '' : `: ${requested} bytes asked for`;
  const why = report ? `; ${report}` : '';
  return new CudaOutOfMemoryError(`Out of ${pinned}host memory${asked}${why}`, {
    ...failure,
    status: 2,
    statusName: 'cudaErrorMemoryAllocation',
  });
}

function lost(failure: NativeFailureDetails): CudaError {
  const row = byStatus.get(failure.status);
  const known = row !== undefined && row[0].prototype instanceof CudaDeviceLostError;
  const Class = known ? row[0] : CudaDeviceLostError;
  return new Class(
    `${statusMessage(failure).replace(/\.$/, '')}. The device is lost to this process: restart it`,
    failure,
  );
}

function ofStatus(failure: NativeFailureDetails): CudaError {
  const row = byStatus.get(failure.status);
  if (row === undefined) return new CudaDriverError(statusMessage(failure), failure);
  const [Class, code] = row;
  if (Class === CudaOutOfMemoryError) return outOfMemory(failure);
  if (Class === CudaModuleError) {
    return new CudaModuleError(statusMessage(failure), { ...failure, log: failure.report });
  }
  if (Class === CudaDeviceLostError || Class.prototype instanceof CudaDeviceLostError) {
    return lost(failure);
  }
  return new Class(statusMessage(failure), { ...failure, code });
}

/** The public error for a failure that native code reported. */
export function publicError(message: string, failure: NativeFailureDetails): Error {
  switch (failure.kind) {
    case 'argument-type':
      return typeError(message);
    case 'argument-range':
      return rangeError(message);
    case 'disposed':
      return new CudaDisposedError(message, failure);
    case 'wrong-device':
      return new CudaWrongDeviceError(message, failure);
    case 'unsupported':
      return new CudaUnavailableError(message, { ...failure, code: 'ERR_CUDA_UNSUPPORTED' });
    case 'shutdown':
      return new CudaShutdownError(message, failure);
    case 'lost':
      return lost(failure);
    case 'host-memory':
      return outOfHostMemory(failure);
    case 'internal':
      return new CudaDriverError(`nodecuda failed: ${message}`, failure);
    case 'cuda':
      return ofStatus(failure);
  }
}
