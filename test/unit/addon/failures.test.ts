import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicError } from '../../../lib/addon/failures.js';
import type { NativeFailureDetails } from '../../../lib/addon/types.js';
import { CudaDeviceLostError, CudaError } from '../../../lib/index.js';

function details(status: number, more: Partial<NativeFailureDetails> = {}): NativeFailureDetails {
  return {
    kind: 'cuda',
    status,
    statusName: 'cudaErrorSomething',
    operation: 'cudaMemcpyAsync',
    device: 0,
    report: '',
    ...more,
  };
}

const of = (status: number, more?: Partial<NativeFailureDetails>) =>
  publicError('', details(status, more)) as CudaError;

// guides/reliability.md, section 4, by code.
const TABLE: [string, string, boolean, number[]][] = [
  ['CudaUnavailableError', 'ERR_CUDA_FORKED', false, [3]],
  ['CudaUnavailableError', 'ERR_CUDA_STUB', false, [34]],
  ['CudaUnavailableError', 'ERR_CUDA_DRIVER_TOO_OLD', false, [35, 36]],
  ['CudaUnavailableError', 'ERR_CUDA_DRIVER_MISMATCH', false, [803, 804]],
  ['CudaUnavailableError', 'ERR_CUDA_NO_DEVICE', false, [100, 101, 102]],
  ['CudaUnavailableError', 'ERR_CUDA_DEVICE_BUSY', false, [46, 216]],
  ['CudaUnavailableError', 'ERR_CUDA_NOT_READY', false, [802]],
  ['CudaUnavailableError', 'ERR_CUDA_MPS', false, [805, 807, 808, 809]],
  ['CudaOutOfMemoryError', 'ERR_CUDA_OOM', false, [2]],
  [
    'CudaModuleError',
    'ERR_CUDA_MODULE',
    false,
    [98, 200, 209, 218, 221, 222, 223, 225, 300, 301, 302, 303, 500, 913],
  ],
  ['CudaLaunchError', 'ERR_CUDA_LAUNCH', false, [9, 224, 701, 703, 720, 811, 812, 912]],
  ['CudaTimeoutError', 'ERR_CUDA_TIMEOUT', false, [909]],
  ['CudaDriverError', 'ERR_CUDA_DRIVER', false, [1, 5, 6, 7, 8, 205, 304, 400, 704, 801, 900, 901]],
  ['CudaDeviceLostError', 'ERR_CUDA_DEVICE_LOST', true, [201, 709, 806, 810, 999]],
  [
    'CudaKernelFaultError',
    'ERR_CUDA_KERNEL_FAULT',
    true,
    [700, 702, 710, 714, 715, 716, 717, 718, 719, 721],
  ],
  ['CudaHardwareError', 'ERR_CUDA_HARDWARE', true, [214, 220, 226, 911]],
  ['CudaShutdownError', 'ERR_CUDA_SHUTDOWN', true, [4]],
];

describe.each(TABLE)('%s %s', (className, code, fatal, statuses) => {
  test.each(statuses)('status %i', (status) => {
    const error = of(status);
    expect(error).toBeInstanceOf(CudaError);
    expect(error.constructor.name).toBe(className);
    expect(error).toMatchObject({
      name: className,
      code,
      fatal,
      status,
      statusName: 'cudaErrorSomething',
      operation: 'cudaMemcpyAsync',
      device: 0,
    });
    expect(error.message).toContain(status === 2 ? 'Out of memory' : 'cudaErrorSomething');
    expect(error.stack).toContain(className);
  });
});

test('the fatal statuses are those of native/runtime/status.cc', () => {
  const source = readFileSync(join(__dirname, '../../../native/runtime/status.cc'), 'utf8');
  const body = /bool IsFatal[\s\S]*?return true/.exec(source)![0];
  const native = [...body.matchAll(/case (\d+):/g)].map((match) => Number(match[1]));
  const fatal = TABLE.filter(([, , isFatal]) => isFatal).flatMap(([, , , statuses]) => statuses);
  expect(fatal.sort()).toEqual(native.sort());
});

test('a status that nobody knows is a driver error', () => {
  expect(of(12345)).toMatchObject({ code: 'ERR_CUDA_DRIVER', status: 12345, fatal: false });
});

test('a lost device keeps the class of its cause', () => {
  const error = of(700, { kind: 'lost', report: 'kernel add, line 7' });
  expect(error).toMatchObject({ code: 'ERR_CUDA_KERNEL_FAULT', fatal: true });
  expect(error.message).toMatch(/kernel add, line 7.*restart/s);
  expect(of(1, { kind: 'lost' })).toBeInstanceOf(CudaDeviceLostError);
  expect(of(12345, { kind: 'lost' })).toMatchObject({ code: 'ERR_CUDA_DEVICE_LOST', fatal: true });
});

test('out of memory says how much', () => {
  const error = of(2, { requested: 100, free: 10, total: 50 });
  expect(error).toMatchObject({ requested: 100, free: 10, total: 50, retryable: true });
  expect(error.message).toBe('Out of memory of device 0: 100 bytes asked for, 10 of 50 bytes free');
  expect(of(2)).toMatchObject({ requested: null, free: null, total: null });
});

test('memory of the host is told from that of the device', () => {
  const none = { status: null, statusName: null, kind: 'host-memory' } as const;
  expect(of(0, { ...none, operation: 'malloc' }).message).toBe('Out of host memory');
  const error = of(2, { ...none, status: 2, operation: 'cudaHostAlloc', requested: 65536 });
  expect(error.message).toBe('Out of pinned host memory: 65536 bytes asked for');
  expect(error).toMatchObject({ code: 'ERR_CUDA_OOM', retryable: true, requested: 65536 });
});

test('what the loader said is kept', () => {
  expect(of(218, { report: 'line 3: unknown instruction' })).toMatchObject({
    log: 'line 3: unknown instruction',
  });
});

test('which may succeed later', () => {
  for (const status of [2, 46, 216, 304]) expect(of(status).retryable).toBe(true);
  for (const status of [1, 35, 100, 700, 802, 805, 807, 808, 809, 999])
    expect(of(status).retryable).toBe(false);
});

test.each([
  ['argument-type', 'TypeError', 'ERR_CUDA_ARG_TYPE'],
  ['argument-range', 'RangeError', 'ERR_CUDA_ARG_RANGE'],
  ['disposed', 'CudaDisposedError', 'ERR_CUDA_DISPOSED'],
  ['wrong-device', 'CudaWrongDeviceError', 'ERR_CUDA_WRONG_DEVICE'],
  ['unsupported', 'CudaUnavailableError', 'ERR_CUDA_UNSUPPORTED'],
  ['shutdown', 'CudaShutdownError', 'ERR_CUDA_SHUTDOWN'],
] as const)('kind %s', (kind, name, code) => {
  const none = { status: null, statusName: null };
  expect(publicError('words', details(0, { kind, ...none }))).toMatchObject({
    name,
    code,
    message: 'words',
  });
});

test('errors print their code', () => {
  const { inspect } = require('node:util');
  expect(inspect(of(700))).toMatch(/^CudaKernelFaultError: .*code: 'ERR_CUDA_KERNEL_FAULT'/s);
});
