// Hazards H4, H5, H44: what is too large, and every offset and length at the ends.
import { dtypeByName } from '../../../lib/base/dtype.js';
import { type CudaOutOfMemoryError, cuda } from '../../../lib/index.js';
import { closeFaultyDevices, openFaultyDevice } from '../../support/devices.js';
import { ARG_RANGE, failure, thrown } from '../../support/errors.js';

afterEach(closeFaultyDevices);

test.each([2 ** 36, 2 ** 50, 2 ** 53 - 1])(
  'an allocation of %i bytes is out of memory, soon, and the next one works',
  async (length) => {
    const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
    const start = performance.now();
    const error = thrown(() => device.alloc('uint8', length)) as CudaOutOfMemoryError;
    expect(performance.now() - start).toBeLessThan(100);
    expect(error).toMatchObject({
      name: 'CudaOutOfMemoryError',
      code: 'ERR_CUDA_OOM',
      status: 2,
      statusName: 'cudaErrorMemoryAllocation',
      fatal: false,
      retryable: true,
      requested: length,
      total: 2 ** 26,
    });
    expect(error.free).toBeLessThanOrEqual(2 ** 26);
    using next = device.alloc('uint8', 100);
    expect((await next.read()).length).toBe(100);
    expect(device.memoryStats()).toMatchObject({ currentCount: 1 });
    device.dispose();
  },
);

test('all memory can be used, again and again', () => {
  const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
  for (let i = 0; i < 20; i++) {
    using large = device.alloc('uint8', 2 ** 25);
    expect(large.byteLength).toBe(2 ** 25);
  }
  const held = device.alloc('uint8', 2 ** 25);
  expect(thrown(() => device.alloc('uint8', 2 ** 26))).toMatchObject({ code: 'ERR_CUDA_OOM' });
  held.dispose();
  device.alloc('uint8', 2 ** 25 + 2 ** 24).dispose();
  device.dispose();
});

test('more bytes than a number can count are a RangeError', () => {
  const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  expect(thrown(() => device.alloc('uint8', 800_000_000 * 2 ** 30))).toMatchObject(ARG_RANGE);
  expect(thrown(() => device.alloc('float64', 2 ** 50))).toMatchObject(ARG_RANGE);
  device.dispose();
});

test('a read that no host array can hold is a RangeError, before anything is enqueued', async () => {
  // Which length that is depends on the version of Node.js, so one that is too long is feigned.
  const info = dtypeByName('int8') as { HostArray: unknown };
  const { HostArray } = info;
  const { device, log, clearLog } = openFaultyDevice();
  const buffer = device.alloc('int8', 100);
  await device.synchronize();
  clearLog();
  try {
    info.HostArray = function TooLong(): never {
      throw new RangeError('Array buffer allocation failed');
    };
    expect(await failure(() => buffer.read())).toMatchObject(ARG_RANGE);
    expect(thrown(() => buffer.readSync()).message).toMatch(/cannot hold 100 elements of int8/);
    expect(log()).toEqual([]);
  } finally {
    info.HostArray = HostArray;
  }
  expect(await buffer.read()).toEqual(new Int8Array(100));
});

test('every offset and length at both ends is right or refused before the driver', async () => {
  const { device, log, clearLog } = openFaultyDevice();
  const host = Int32Array.from({ length: 5 }, (_, i) => i + 1);
  const buffer = device.from(host);
  const other = device.alloc('int32', 5);
  await device.synchronize();
  const values = [0, 1, 2, 4, 5, 6, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];
  for (const offset of values) {
    for (const length of values) {
      const calls: (() => unknown)[] = [
        () => buffer.readSync({ offset, length }),
        () => other.copyFrom(buffer, { offset, length }),
        () => other.copyFrom(buffer, { sourceOffset: offset, length }),
      ];
      if (length <= 6) calls.push(() => other.writeSync(new Int32Array(length), { offset }));
      if (offset + length <= 5) {
        expect(calls[0]!()).toEqual(host.slice(offset, offset + length));
        for (const call of calls) call();
        continue;
      }
      clearLog();
      for (const call of calls) expect(thrown(call)).toMatchObject(ARG_RANGE);
      expect(log()).toEqual([]);
    }
  }
});
