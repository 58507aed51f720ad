// Results of reductions, by hand.
import type { Device, DeviceBuffer } from '../../../../lib/index.js';
import { openTestDevice } from '../../../support/devices.js';

let device: Device;
let x: DeviceBuffer<'float32'>; // (2, 3)
let whole: DeviceBuffer<'int32'>;

beforeAll(async () => {
  device = openTestDevice();
  x = device.from(new Float32Array([1, -2, 3, 4, 5, -6]));
  whole = device.from(new Int32Array([7, -3, 7, 2]));
  await device.synchronize();
});
afterAll(() => device.dispose());

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
    expect(await list(device.sum(whole, { outDtype: 'int32' }))).toEqual([13]);
    expect(await list(device.sum(whole, { outDtype: 'float64' }))).toEqual([13]);
    expect(device.sum(device.from(new Uint8Array([255, 1]))).dtype).toBe('uint64');
    expect(await list(device.mean(whole))).toEqual([3.25]);
    expect(await list(device.norm(whole, { outDtype: 'float32' }))).toEqual([
      Math.fround(Math.sqrt(111)),
    ]);
    expect(await list(device.argmax(whole))).toEqual([0]); // the first of equals
    expect(await list(device.argmin(whole, { outDtype: 'int64' }))).toEqual([1n]);
    expect(device.sum(device.alloc('float16', 3), { outDtype: 'float32' }).dtype).toBe('float32');
  });

  describe('of no elements', () => {
    const EMPTY = { sum: 0, prod: 1, norm: 0, mean: Number.NaN } as const;
    const names = ['sum', 'prod', 'norm', 'mean'] as const;
    const extremes = ['max', 'min', 'argmax', 'argmin'] as const;
    const reduce = (name: (typeof names | typeof extremes)[number], ...operands: unknown[]) =>
      (device[name] as (...args: unknown[]) => DeviceBuffer).apply(device, operands);
    const shapes = [[0], [3, 0], [0, 3], [2, 0], [0, 0], [2, 3, 0, 4, 5], [2, 3, 4, 0]];

    test.each(shapes.map((of) => [of]))('of shape %j', async (of) => {
      const none = device.alloc('float32', 0);
      // As many results as are left, whatever the strides: nothing is read.
      const strided = { buffer: x, shape: of, strides: of.map((_, d) => 3 * d - 5), offset: 6 };
      const axes = [undefined, ...of.keys()];
      for (const axis of axes) {
        const left = of.filter((_, d) => axis !== undefined && d !== axis);
        const count = left.reduce((product, extent) => product * extent, 1);
        const options = { axis, shape: of };
        for (const name of names) {
          const expected = new Array(count).fill(EMPTY[name]);
          expect(await list(reduce(name, none, options))).toEqual(expected);
          expect(await list(reduce(name, strided, { axis }))).toEqual(expected);
        }
        const zeros = new Array(count).fill(0);
        expect(await list(device.dot(none, none, options))).toEqual(zeros);
        expect(await list(device.dot(strided, { buffer: x, shape: [1] }, { axis }))).toEqual(zeros);
        for (const name of extremes) {
          if (axis === undefined || of[axis] === 0) {
            expect(() => reduce(name, none, options)).toThrow(RangeError);
          } else {
            expect(await list(reduce(name, none, options))).toEqual([]);
          }
        }
      }
    });
  });

  test('go to out', async () => {
    const out = device.from(new Float32Array([9, 9, 9]));
    expect(device.sum(x, { shape, axis: 0, out })).toBe(out);
    expect(await list(out)).toEqual([5, 3, -3]);
    const numbers = device.alloc('float64', 1);
    expect(device.sum(whole, { out: numbers })).toBe(numbers); // out decides the dtype
    expect(await list(numbers)).toEqual([13]);
  });

  test('of a long axis, through a workspace that is given back', async () => {
    // A device of its own: what other tests dropped may be collected, and freed, at any time.
    using own = openTestDevice();
    using long = own.from(new Float32Array(300_000).fill(0.5));
    using total = own.sum(long);
    using least = own.argmin(long);
    expect(await list(total)).toEqual([150_000]);
    expect(await list(least)).toEqual([0]);
    expect(own.memoryStats().currentCount).toBe(3);
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
