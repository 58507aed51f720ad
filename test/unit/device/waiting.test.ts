// What is not called ...Sync does not wait for the device, however busy it is.

import type { Device, DeviceBuffer, Stream } from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { failure, thrown } from '../../support/errors.js';

const MIB = 2 ** 20;
const N = 256;

let faulty: FaultyDevice;
let device: Device;
let matrix: DeviceBuffer<'float32'>;
/** Of one product, on this machine. */
let millisecondsEach: number;

beforeAll(async () => {
  const { device } = openFaultyDevice();
  using a = device.alloc('float32', N * N).fill(1);
  await device.matmul(a, a, { m: N, n: N, k: N }).read();
  const start = performance.now();
  for (let i = 0; i < 10; i++) device.matmul(a, a, { m: N, n: N, k: N }).dispose();
  device.synchronizeSync();
  millisecondsEach = (performance.now() - start) / 10;
});
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
  matrix = device.alloc('float32', N * N).fill(1);
});
afterEach(closeFaultyDevices);
afterAll(closeFaultyDevices);

/** Gives the stream work for about as long. */
function keepBusy(milliseconds: number, stream: Stream = device.defaultStream) {
  const out = device.alloc('float32', N * N);
  for (let spent = 0; spent <= milliseconds; spent += millisecondsEach) {
    device.matmul(matrix, matrix, { m: N, n: N, k: N, out, stream });
  }
  expect(stream.query()).toBe(false);
  return out;
}

/** Asked again and again for five seconds, whether or not the machine is slow. */
async function eventually(isSo: () => boolean) {
  for (let i = 0; i < 1000 && !isSo(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isSo()).toBe(true);
}

test('write, of more than the staging memory that blocking calls have in flight', async () => {
  const target = device.alloc('uint8', 100 * MIB, { uninitialized: true });
  const source = new Uint8Array(100 * MIB);
  keepBusy(2000);
  faulty.clearLog();
  const written = target.write(source);
  expect(faulty.log().filter((call) => call.includes('Synchronize'))).toEqual([]);
  await written;
}, 60_000);

test('write and read behind work, in order and with the bytes of the call', async () => {
  const target = device.alloc('uint8', 80 * MIB, { uninitialized: true });
  const source = new Uint8Array(80 * MIB);
  const marks = [0, 40 * MIB, 80 * MIB - 1];
  for (const mark of marks) source[mark] = 7;
  keepBusy(300);
  const written = target.write(source);
  source.fill(1);
  using copy = device.alloc('uint8', 80 * MIB, { uninitialized: true }).copyFrom(target);
  const read = copy.read();
  target.fill(2);
  await written;
  const bytes = await read;
  expect(marks.map((mark) => bytes[mark])).toEqual([7, 7, 7]);
  expect(bytes[1]).toBe(0);
  expect(await target.read({ length: 1 })).toEqual(new Uint8Array([2]));
  // What is more than worth keeping is given back by the thread that waited.
}, 60_000);

test('staging memory that is not worth keeping is given back', async () => {
  const target = device.alloc('uint8', 160 * MIB, { uninitialized: true });
  const source = new Uint8Array(160 * MIB);
  keepBusy(3000);
  const writes = [target.write(source), target.write(source)];
  expect(faulty.live().pinned * 2).toBeGreaterThan(256);
  await Promise.all(writes);
  await eventually(() => faulty.live().pinned * 2 <= 256);
  // Reads have theirs until they are finished.
  const reads = [target.read(), target.read()];
  expect((await Promise.all(reads)).map((bytes) => bytes.length)).toEqual([160 * MIB, 160 * MIB]);
  await eventually(() => faulty.live().pinned * 2 <= 256);
}, 60_000);

describe('when copies hold as much as they may', () => {
  beforeEach(() => faulty.addon.limitStaging(16 * MIB));
  afterEach(() => faulty.addon.limitStaging(2 ** 40));

  test.each(['write', 'read'] as const)('%s is refused, and nothing is done', async (method) => {
    const target = device.alloc('uint8', 10 * MIB).fill(1);
    const other = device.alloc('uint8', 10 * MIB);
    const source = new Uint8Array(10 * MIB).fill(2);
    keepBusy(1500);
    const first = method === 'write' ? other.write(source) : other.read();
    const second = method === 'write' ? target.write(source) : target.read();
    expect(await failure(() => second)).toMatchObject({
      name: 'CudaOutOfMemoryError',
      message:
        `Out of pinned host memory: ${10 * MIB} bytes asked for; copies that have not ended hold ` +
        `${10 * MIB} bytes: await earlier reads and writes`,
      free: null,
    });
    expect(device.defaultStream.query()).toBe(false);
    await first;
    expect(new Set(await target.read())).toEqual(new Set([1]));
    await target.write(source);
  });

  test('one copy may be larger, and blocking calls wait', async () => {
    const target = device.alloc('uint8', 40 * MIB);
    const source = new Uint8Array(40 * MIB).fill(2);
    keepBusy(200);
    const first = target.write(source);
    target.writeSync(source.fill(3));
    expect(target.readSync()[5]).toBe(3);
    await first;
  });
});

test('blocking calls make do with less', () => {
  const target = device.alloc('uint8', 100 * MIB, { uninitialized: true });
  const source = new Uint8Array(100 * MIB).fill(3);
  keepBusy(100);
  target.writeSync(source);
  expect(faulty.live().pinned * 2).toBeLessThanOrEqual(64 + 2);
  const some = new Uint8Array(MIB);
  target.readSync(some, { offset: 99 * MIB });
  expect(some).toEqual(source.subarray(99 * MIB));
}, 60_000);

test('alloc that fails, and one that takes what is about to be freed', () => {
  const most = device.alloc('uint8', 200 * MIB, { uninitialized: true });
  keepBusy(2000);
  expect(thrown(() => device.alloc('uint8', 100 * MIB))).toMatchObject({ code: 'ERR_CUDA_OOM' });
  most.fill(1);
  most.dispose();
  device.alloc('uint8', 200 * MIB).dispose();
  expect(device.defaultStream.query()).toBe(false);
  expect(faulty.log()).not.toContain('DeviceSynchronize');
}, 60_000);

describe('allocAsync', () => {
  test('waits where alloc fails, and has the memory then', async () => {
    faulty.fail('MallocFromPoolAsync', 1, 2, 'persistent');
    expect(thrown(() => device.alloc('float32', 4))).toMatchObject({ code: 'ERR_CUDA_OOM' });
    const end = keepBusyElsewhere();
    const allocated = device.allocAsync('float32', 4, { uninitialized: true });
    faulty.clear();
    using buffer = await allocated;
    expect(end.query()).toBe(true);
    expect(buffer.length).toBe(4);
  });

  // The work is there before calls are made to fail.
  function keepBusyElsewhere() {
    faulty.clear();
    keepBusy(200);
    const end = device.createEvent();
    end.record();
    faulty.fail('MallocFromPoolAsync', 1, 2, 'persistent');
    return end;
  }

  test('waits for nothing where there is memory', async () => {
    keepBusy(1000);
    using buffer = await device.allocAsync('uint8', 100, { uninitialized: true });
    expect(buffer.length).toBe(100);
    expect(device.defaultStream.query()).toBe(false);
  });

  test.each([
    ['what can never be there', () => device.allocAsync('uint8', 2 ** 40)],
    ['what living buffers hold', () => device.allocAsync('uint8', 256 * MIB)],
  ])('rejects for %s', async (_, allocate) => {
    faulty.clearLog();
    expect(await failure(allocate)).toMatchObject({ name: 'CudaOutOfMemoryError' });
    expect(device.memoryStats().currentCount).toBe(1);
  });

  test('rejects when the device, or the stream, is disposed meanwhile', async () => {
    const stream = device.createStream();
    faulty.fail('MallocFromPoolAsync', 1, 2, 'persistent');
    const onStream = failure(() => device.allocAsync('uint8', 1, { stream }));
    stream.dispose();
    faulty.clear();
    expect(await onStream).toMatchObject({ name: 'CudaDisposedError' });
    faulty.fail('MallocFromPoolAsync', 1, 2, 'persistent');
    const again = failure(() => device.allocAsync('uint8', 1));
    device.dispose();
    expect(await again).toMatchObject({ name: 'CudaDisposedError' });
  });

  test('checks its arguments before any call', async () => {
    faulty.clearLog();
    expect(await failure(() => device.allocAsync('f32' as never, 1))).toBeInstanceOf(TypeError);
    expect(await failure(() => device.allocAsync('int8', -1))).toBeInstanceOf(RangeError);
    expect(
      await failure(() => device.allocAsync('int8', 1, { streams: 1 } as never)),
    ).toBeInstanceOf(TypeError);
    expect(faulty.log()).toEqual([]);
  });
});

test('dispose, which hands copies that are on their way over', async () => {
  const buffer = device.alloc('float32', 1000);
  keepBusy(300);
  buffer.write(new Float32Array(1000)).catch(() => {});
  device.dispose();
  // Its copy has not ended: the memory that it comes from is there.
  expect(faulty.live().pinned).toBe(1);
  await eventually(() => faulty.live().pinned === 0 || faulty.live().pools === 0);
  expect(faulty.live()).toMatchObject({ streams: 0, events: expect.any(Number), allocations: 0 });
});
