// Reductions, softmax and transposition: results by hand, arguments, and what failures leave.
import type { Device, DeviceBuffer } from '../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, failure, WRONG_DEVICE } from '../support/errors.js';

let faulty: FaultyDevice;
let device: Device;
let x: DeviceBuffer<'float32'>; // (2, 3)
let whole: DeviceBuffer<'int32'>;

beforeAll(async () => {
  faulty = openFaultyDevice();
  device = faulty.device;
  x = device.from(new Float32Array([1, -2, 3, 4, 5, -6]));
  whole = device.from(new Int32Array([7, -3, 7, 2]));
  await device.synchronize();
});
beforeEach(() => faulty.clearLog());
afterAll(closeFaultyDevices);

const shape = [2, 3];
const list = async (buffer: { read(): Promise<ArrayLike<number | bigint>> }) =>
  Array.from(await buffer.read());

describe('results', () => {
  test('of a whole buffer', async () => {
    expect(await list(device.sum(x))).toEqual([5]);
    expect(await list(device.prod(x))).toEqual([720]);
    expect(await list(device.mean(x))).toEqual([Math.fround(5 / 6)]);
    expect(await list(device.norm(x))).toEqual([Math.fround(Math.sqrt(91))]);
    expect(await list(device.max(x))).toEqual([5]);
    expect(await list(device.min(x))).toEqual([-6]);
    expect(await list(device.argmax(x))).toEqual([4]);
    expect(await list(device.argmin(x))).toEqual([5]);
    expect(await list(device.dot(x, x))).toEqual([91]);
  });

  test('along an axis, counted from either end', async () => {
    expect(await list(device.sum(x, { shape, axis: 0 }))).toEqual([5, 3, -3]);
    expect(await list(device.sum(x, { shape, axis: 1 }))).toEqual([2, 3]);
    expect(await list(device.sum(x, { shape, axis: -1 }))).toEqual([2, 3]);
    expect(await list(device.sum(x, { shape, axis: -2 }))).toEqual([5, 3, -3]);
    expect(await list(device.argmax(x, { shape, axis: 0 }))).toEqual([1, 1, 0]);
    expect(await list(device.max(x, { shape: [1, 2, 1, 3], axis: 3 }))).toEqual([3, 5]);
    expect(await list(device.sum(x, { shape: [6], axis: 0 }))).toEqual([5]);
  });

  test('of views: transposed, reversed, repeated, and such as must be copied', async () => {
    const transposed = { buffer: x, shape: [3, 2], strides: [1, 3] };
    expect(await list(device.sum(transposed, { axis: 0 }))).toEqual([2, 3]);
    expect(await list(device.argmax(transposed))).toEqual([3]); // 5 is in row 1, column 1
    const reversed = { buffer: x, shape: [6], strides: [-1], offset: 5 };
    expect(await list(device.argmax(reversed))).toEqual([1]);
    expect(await list(device.sum({ buffer: x, shape: [4, 6], strides: [0, 1] }))).toEqual([20]);
    expect(await list(device.sum({ buffer: x, shape: [] }))).toEqual([1]);
    const corner = { buffer: x, shape: [2, 2], strides: [3, 1] };
    expect(await list(device.sum(corner))).toEqual([8]);
    const odd = { buffer: x, shape: [2, 1, 2, 2, 2], strides: [0, 1, 1, 3, 0] };
    expect(await list(device.sum(odd, { axis: 1 }))).toEqual([
      1, 1, 4, 4, -2, -2, 5, 5, 1, 1, 4, 4, -2, -2, 5, 5,
    ]);
    expect(await list(device.softmax(odd, { axis: 1 }))).toEqual(new Array(16).fill(1));
  });

  test('a dot product broadcasts', async () => {
    const y = device.from(new Float32Array([1, 10, 100]));
    expect(await list(device.dot({ buffer: x, shape }, y, { axis: 1 }))).toEqual([281, -546]);
    const copied = { buffer: x, shape: [2, 2], strides: [3, 1] };
    expect(await list(device.dot(copied, copied))).toEqual([1 + 4 + 16 + 25]);
    expect(await list(device.dot(x, x, { shape, axis: 0 }))).toEqual([17, 29, 45]);
  });

  test('of integers are of 64 bits, or what dtype asks for', async () => {
    expect(device.sum(whole).dtype).toBe('int64');
    expect(await list(device.sum(whole))).toEqual([13n]);
    expect(await list(device.sum(whole, { dtype: 'int32' }))).toEqual([13]);
    expect(await list(device.sum(whole, { dtype: 'float64' }))).toEqual([13]);
    expect(device.sum(device.from(new Uint8Array([255, 1]))).dtype).toBe('uint64');
    expect(await list(device.mean(whole))).toEqual([3.25]);
    expect(await list(device.norm(whole, { dtype: 'float32' }))).toEqual([
      Math.fround(Math.sqrt(111)),
    ]);
    expect(await list(device.argmax(whole))).toEqual([0]); // the first of equals
    expect(await list(device.argmin(whole, { dtype: 'int64' }))).toEqual([1n]);
    expect(device.sum(device.alloc('float16', 3), { dtype: 'float32' }).dtype).toBe('float32');
  });

  test('of no elements', async () => {
    const none = device.alloc('float32', 0);
    expect(await list(device.sum(none))).toEqual([0]);
    expect(await list(device.prod(none))).toEqual([1]);
    expect(await list(device.norm(none))).toEqual([0]);
    expect(await list(device.dot(none, none))).toEqual([0]);
    expect(await list(device.mean(none))).toEqual([Number.NaN]);
    expect(await list(device.sum(none, { shape: [0, 3], axis: 0 }))).toEqual([0, 0, 0]);
    expect(await list(device.sum(none, { shape: [0, 3], axis: 1 }))).toEqual([]);
    expect(await list(device.max(none, { shape: [0, 3], axis: 1 }))).toEqual([]);
    expect(await list(device.softmax(none))).toEqual([]);
    expect(await list(device.transpose(none, { rows: 0, columns: 9 }))).toEqual([]);
  });

  test('of a softmax', async () => {
    const rows = await list(device.softmax(x, { shape }));
    expect(rows.slice(0, 3).reduce<number>((a, b) => a + Number(b), 0)).toBeCloseTo(1, 6);
    const log = await list(device.softmax(x, { shape, axis: 0, log: true }));
    expect(log[0]).toBeCloseTo(-Math.log(1 + Math.exp(3)), 5);
    const infinite = device.from(new Float32Array([-Infinity, -Infinity, Infinity, 0]));
    expect(await list(device.softmax(infinite, { shape: [2, 2] }))).toEqual([NaN, NaN, NaN, NaN]);
  });

  test('of a transposition', async () => {
    const transposed = device.transpose(x, { rows: 2, columns: 3 });
    expect(await list(transposed)).toEqual([1, 4, -2, 5, 3, -6]);
    const back = device.transpose(transposed, { rows: 3, columns: 2 });
    expect(await list(back)).toEqual(await list(x));
  });

  test('go to out', async () => {
    const out = device.from(new Float32Array([9, 9, 9]));
    expect(device.sum(x, { shape, axis: 0, out })).toBe(out);
    expect(await list(out)).toEqual([5, 3, -3]);
    const numbers = device.alloc('float64', 1);
    expect(device.sum(whole, { out: numbers })).toBe(numbers); // out decides the dtype
    expect(await list(numbers)).toEqual([13]);
    const logits = device.from(new Float32Array([0, 0]));
    expect(device.softmax(logits, { out: logits })).toBe(logits);
    expect(await list(logits)).toEqual([0.5, 0.5]);
  });

  test('of a long axis, through a workspace that is given back', async () => {
    const long = device.from(new Float32Array(300_000).fill(0.5));
    await device.synchronize();
    const before = device.memoryStats();
    expect(await list(device.sum(long))).toEqual([150_000]);
    expect(await list(device.argmin(long))).toEqual([0]);
    expect((await list(device.softmax(long)))[7]).toBeCloseTo(1 / 300_000, 12);
    const after = device.memoryStats();
    // The results are still there; they are few.
    expect(after.currentCount - before.currentCount).toBe(3);
    long.dispose();
  });

  test('on another stream', async () => {
    using stream = device.createStream();
    using y = device.from(new Float32Array(100_000).fill(1), { stream });
    expect(await list(device.sum(y, { stream }))).toEqual([100_000]);
    const odd = { buffer: y, shape: [10, 10], strides: [1000, 3] };
    expect(await list(device.sum(odd, { stream }))).toEqual([100]);
    await stream.synchronize();
  });
});

type Any = never;

describe('refused before any CUDA call', () => {
  const none = () => device.alloc('float32', 0);
  let other: Device;
  beforeAll(() => {
    other = openFaultyDevice().device;
  });

  async function refused(action: () => unknown, expected: object) {
    faulty.clearLog();
    expect(await failure(action)).toMatchObject(expected);
    expect(faulty.log()).toEqual([]);
  }

  const REDUCTIONS = ['sum', 'prod', 'mean', 'norm', 'max', 'min', 'argmax', 'argmin'] as const;

  test.each(REDUCTIONS)('%s: operands and options', async (name) => {
    const call =
      (...args: unknown[]) =>
      () =>
        (device[name] as unknown as (...args: unknown[]) => unknown).apply(device, args);
    for (const value of [undefined, null, 1, 'x', {}, new Float32Array(1), device]) {
      await refused(call(value), ARG_TYPE);
    }
    await refused(call(x, 1), ARG_TYPE);
    await refused(call(x, { axes: 0 }), ARG_TYPE);
    await refused(call(x, { axis: '0' }), ARG_TYPE);
    for (const axis of [1, -2, 0.5, Number.NaN, 2 ** 53])
      await refused(call(x, { axis }), ARG_RANGE);
    await refused(call({ buffer: x, shape: [] }, { axis: 0 }), ARG_RANGE);
    await refused(call(x, { shape: 6 }), ARG_TYPE);
    await refused(call(x, { shape: [2, '3'] }), ARG_TYPE);
    await refused(call(x, { shape: [2, 2] }), ARG_RANGE);
    await refused(call(x, { shape: [-2, -3] }), ARG_RANGE);
    await refused(call(x, { shape: [1, 1, 1, 1, 1, 1, 1, 1, 6] }), ARG_RANGE);
    await refused(call({ buffer: x, shape: [6] }, { shape: [6] }), ARG_TYPE);
    await refused(call({ buffer: x, shape: [7] }), ARG_RANGE);
    await refused(call({ buffer: x, shape: [2], strides: [-1] }), ARG_RANGE);
    await refused(call(x, { dtype: 'float' }), ARG_TYPE);
    await refused(call(x, { dtype: 'uint8' }), ARG_TYPE);
    await refused(call(x, { out: {} }), ARG_TYPE);
    await refused(call(x, { stream: {} }), ARG_TYPE);
    expect(await failure(call(x, { out: device.alloc('uint8', 1) }))).toMatchObject(ARG_TYPE);
    const dtype = name.startsWith('arg') ? 'int32' : 'float32';
    expect(await failure(call(x, { out: device.alloc(dtype, 2) }))).toMatchObject(ARG_RANGE);
    expect(await failure(call(x, { out: other.alloc(dtype, 1) }))).toMatchObject(WRONG_DEVICE);
    expect(await failure(call(other.alloc('float32', 1)))).toMatchObject(WRONG_DEVICE);
    const disposed = device.alloc('float32', 1);
    disposed.dispose();
    await refused(call(disposed), DISPOSED);
    await refused(call({ buffer: disposed, shape: [1] }), DISPOSED);
  });

  test('out in the way of an operand', async () => {
    using y = device.from(new Float32Array(8));
    using first = y.slice(0, 1);
    using last = y.slice(7, 8);
    const view = { buffer: y, shape: [3], strides: [2], offset: 1 };
    await refused(() => device.sum(y, { out: first }), ARG_RANGE);
    await refused(() => device.dot(view, y.slice(5, 8), { out: last }), ARG_RANGE);
    device.sum(view, { out: first }); // beside it
    device.sum(view, { out: last });
    using eight = device.from(new Float32Array(9));
    using shifted = eight.slice(1);
    await refused(() => device.softmax(eight.slice(0, 8), { out: shifted }), ARG_RANGE);
    await refused(
      () => device.softmax({ buffer: y, shape: [8], strides: [-1], offset: 7 }, { out: y }),
      ARG_RANGE,
    );
    await refused(() => device.transpose(y, { rows: 2, columns: 4, out: y }), ARG_RANGE);
  });

  test('extremes of nothing', async () => {
    const empty = none();
    await device.synchronize();
    for (const name of ['max', 'min', 'argmax', 'argmin'] as const) {
      const reduce = device[name].bind(device) as typeof device.max;
      await refused(() => reduce(empty), ARG_RANGE);
      await refused(() => reduce(empty, { shape: [3, 0], axis: 1 }), ARG_RANGE);
    }
  });

  test('dtypes of dot, softmax and transpose', async () => {
    await refused(() => device.dot(x, whole as Any), ARG_TYPE);
    await refused(() => device.softmax(whole as Any), ARG_TYPE);
    await refused(() => device.dot(x, x, { dtype: 'float64' as Any }), ARG_TYPE);
    await refused(() => device.dot(x, { buffer: x, shape: [5] }), ARG_RANGE);
    await refused(() => device.softmax(x, { log: 1 as Any }), ARG_TYPE);
    await refused(() => device.softmax({ buffer: x, shape: [] }), ARG_RANGE);
    await refused(() => device.transpose(x, { rows: 2, columns: 2 }), ARG_RANGE);
    await refused(() => device.transpose(x, { rows: 2 } as Any), ARG_TYPE);
    await refused(() => device.transpose(x, undefined as Any), ARG_TYPE);
    await refused(() => device.transpose(x, { rows: -2, columns: -3 }), ARG_RANGE);
    await refused(() => device.transpose(x, { rows: 2 ** 52, columns: 2 ** 52 }), ARG_RANGE);
    await refused(() => device.transpose({ buffer: x, shape: [6] } as Any, shape as Any), ARG_TYPE);
  });

  test('a getter that disposes the operand', async () => {
    const y = device.from(new Float32Array(4));
    await device.synchronize();
    const options = {
      get axis() {
        y.dispose();
        return 0;
      },
    };
    expect(await failure(() => device.sum(y, options))).toMatchObject(DISPOSED);
  });

  test('wrong receivers', async () => {
    for (const name of [...REDUCTIONS, 'dot', 'softmax', 'transpose'] as const) {
      await refused(() => (device[name] as unknown as () => void).call({}), ARG_TYPE);
    }
  });
});

describe('a failing CUDA call', () => {
  // Buffer, result, copy, workspace, result, workspace; copy, sum in two, softmax in three: six
  // allocations, six launches.
  const work = () => {
    using long = device.alloc('float32', 200_000);
    using result = device.sum({ buffer: long, shape: [2, 90_000], strides: [100_000, 1] });
    using probabilities = device.softmax(long);
    void [result, probabilities];
  };

  test.each([
    ['MallocFromPoolAsync', 2, 'persistent', 6],
    ['LaunchKernelExC', 701, 'once', 6],
  ] as const)('%s leaks nothing', async (call, status, mode, calls) => {
    work();
    await device.synchronize();
    const { currentCount } = device.memoryStats();
    const { allocations } = faulty.live();
    for (let nth = 1; nth <= calls + 1; nth++) {
      faulty.fail(call, nth, status, mode);
      let failed = false;
      try {
        work();
      } catch (error) {
        failed = true;
        expect(error).toMatchObject({ status, fatal: false });
      }
      faulty.clear();
      expect(failed).toBe(nth <= calls); // all its calls, and no other
      await device.synchronize();
      expect(device.memoryStats().currentCount).toBe(currentCount);
      expect(faulty.live().allocations).toBe(allocations);
    }
  });
});

test('what goes around TypeScript is refused by native code', () => {
  // The last numbers of a valid call, with one changed each time.
  device.sum(x);
  const { addon } = faulty;
  const block = addon.argumentBlock;
  const valid = block.slice(0, 19);
  const cases: [number, number][] = [
    [0, 9], // no such operation
    [1, 12], // no such dtype
    [2, 1], // float64 of float32
    [3, 0], // no stream
    [4, 0], // no buffer
    [5, 1], // behind the end of out
    [7, 7], // longer than x
    [7, -1],
    [7, 2 ** 53],
    [9, 0],
    [10, 1],
    [12, -1],
    [12, 0.5],
    [12, Number.NaN],
  ];
  for (const [slot, value] of cases) {
    block.set(valid);
    block[slot] = value;
    expect(() => addon.reduce()).toThrow();
  }
});
