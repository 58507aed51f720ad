// Every number that a CUDA call may return, through the fault-injecting runtime: its class, its code,
// and whether the device is lost. guides/reliability.md, section 4.
import { native } from '../../lib/addon/load.js';
import { explain } from '../../lib/cuda/diagnose.js';
import { closeFaultyDevices, openFaultyDevice, plainRuntime } from '../support/devices.js';
import { thrown } from '../support/errors.js';

afterEach(closeFaultyDevices);

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

const EXCEPTIONS: [code: string, ...statuses: number[]][] = [
  ['ERR_CUDA_FORKED', 3],
  ['ERR_CUDA_STUB', 34],
  ['ERR_CUDA_DRIVER_TOO_OLD', 35, 36],
  ['ERR_CUDA_DRIVER_MISMATCH', 803, 804],
  ['ERR_CUDA_NO_DEVICE', 100, 101, 102],
  ['ERR_CUDA_DEVICE_BUSY', 46, 216],
  ['ERR_CUDA_NOT_READY', 802],
  ['ERR_CUDA_MPS', 805, 807, 808, 809],
  ['ERR_CUDA_OOM', 2],
  ['ERR_CUDA_MODULE', 98, 200, 209, 218, 221, 222, 223, 225, 300, 301, 302, 303, 500, 913],
  ['ERR_CUDA_LAUNCH', 9, 224, 701, 703, 720, 811, 812, 912],
  ['ERR_CUDA_TIMEOUT', 909],
  ['ERR_CUDA_DEVICE_LOST', 201, 709, 806, 810, 999],
  ['ERR_CUDA_KERNEL_FAULT', 700, 702, 710, ...range(714, 719), 721],
  ['ERR_CUDA_HARDWARE', 214, 220, 226, 911],
  ['ERR_CUDA_SHUTDOWN', 4],
];
const FATAL = EXCEPTIONS.slice(-4).flatMap(([, ...statuses]) => statuses as number[]);
// Those that tell why CUDA cannot be used at all.
const UNAVAILABLE = EXCEPTIONS.slice(0, 8);

const ALL = [...range(1, 1000), 10000, 12345];
const codeIn = (table: typeof EXCEPTIONS, status: number) =>
  table.find(([, ...statuses]) => statuses.includes(status))?.[0] ?? 'ERR_CUDA_DRIVER';

test('of a call', () => {
  let faulty = openFaultyDevice();
  for (const status of ALL) {
    faulty.fail('MemGetInfo', 1, status);
    const error = thrown(() => faulty.device.memoryInfo());
    const fatal = FATAL.includes(status);
    const code = codeIn(EXCEPTIONS, status);
    expect(error).toMatchObject({ status, code, fatal, operation: 'cudaMemGetInfo', device: 0 });
    faulty.clear();
    if (fatal) {
      expect(thrown(() => faulty.device.memoryInfo())).toMatchObject({ status, fatal: true });
      faulty = openFaultyDevice();
    } else {
      faulty.device.memoryInfo();
    }
  }
});

test('of the initialization', () => {
  const addon = native();
  const inner = plainRuntime(addon, { memoryBytes: 2 ** 20 });
  const runtime = addon.faultRuntime(inner);
  for (const status of ALL) {
    addon.faultFail(runtime, 'GetDeviceCount', 1, status, 'once');
    const probe = addon.probe(runtime);
    expect(probe).toMatchObject({ status, deviceCount: 0 });
    const { reason, message } = explain({
      probe,
      withCuda: true,
      libraryPaths: [],
      deviceFiles: true,
      visibleDevices: undefined,
    });
    const isMps = [806, 810].includes(status);
    expect([status, reason]).toEqual([
      status,
      isMps ? 'ERR_CUDA_MPS' : codeIn(UNAVAILABLE, status),
    ]);
    expect(message).toContain(`(${probe.statusName}, ${status})`);
  }
  addon.closeRuntime(runtime);
  addon.closeRuntime(inner);
});

test('pinned memory that runs out is not called device memory', () => {
  const { device, fail } = openFaultyDevice();
  fail('HostAlloc', 1, 2, 'persistent');
  expect(thrown(() => device.from(new Float32Array(4)))).toMatchObject({
    name: 'CudaOutOfMemoryError',
    message: 'Out of pinned host memory: 65536 bytes asked for',
    status: 2,
    operation: 'cudaHostAlloc',
    requested: 65536,
    free: null,
  });
});

test('a device without memory pools is refused in words', () => {
  const addon = native();
  const { openDevice } = require('../../lib/methods');
  const inner = plainRuntime(addon, { memoryBytes: 2 ** 20 });
  const runtime = addon.faultRuntime(inner);
  addon.faultFail(runtime, 'MemPoolCreate', 1, 801, 'once');
  const error = thrown(() => openDevice(runtime, 0, false));
  expect(error).toMatchObject({
    name: 'CudaUnavailableError',
    code: 'ERR_CUDA_UNSUPPORTED',
    status: 801,
    device: 0,
  });
  expect(error.message).toMatch(/^device 0, .*, has no memory pools/);
  addon.closeRuntime(runtime);
  addon.closeRuntime(inner);
});
