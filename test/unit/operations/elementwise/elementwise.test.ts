// Results of elementwise operations, by hand: views, broadcasting, numbers, `out`.
// test/property/elementwise/ has all of them with any numbers.
import type { Device, DeviceBuffer } from '../../../../lib/index.js';
import { openTestDevice } from '../../../support/devices.js';

let device: Device;
let x: DeviceBuffer<'float32'>;
let ints: DeviceBuffer<'int32'>;
beforeAll(() => {
  device = openTestDevice();
});
beforeEach(() => {
  x = device.from(new Float32Array([1, 2, 3, 4, 5, 6]));
  ints = device.from(new Int32Array([1, -2, 3, -4, 5, -6]));
});
afterAll(() => device.dispose());

const read = (buffer: unknown) => Array.from((buffer as DeviceBuffer<'float32'>).readSync());

describe('operands', () => {
  test('buffers, views and numbers', () => {
    expect(read(device.sub(x, 1))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(read(device.sub(1, x))).toEqual([0, -1, -2, -3, -4, -5]);
    const matrix = { buffer: x, shape: [2, 3] };
    const row = { buffer: x, shape: [3] };
    expect(read(device.add(matrix, row))).toEqual([2, 4, 6, 5, 7, 9]);
    expect(read(device.add(matrix, { buffer: x, shape: [2, 1], offset: 4 }))).toEqual([
      6, 7, 8, 10, 11, 12,
    ]);
    const transposed = { buffer: x, shape: [3, 2], strides: [1, 3] };
    expect(read(device.mul(transposed, 10))).toEqual([10, 40, 20, 50, 30, 60]);
    const backwards = { buffer: x, shape: [6], strides: [-1], offset: 5 };
    expect(read(device.add(x, backwards))).toEqual([7, 7, 7, 7, 7, 7]);
    expect(read(device.neg({ buffer: x, shape: [], offset: 2 }))).toEqual([-3]);
    expect(read(device.convert(transposed, 'int8'))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test('a buffer of one element broadcasts', () => {
    using one = device.from(new Float32Array([10]));
    expect(read(device.add(x, one))).toEqual([11, 12, 13, 14, 15, 16]);
  });

  test('bigints for the wide integers', () => {
    using wide = device.from(new BigInt64Array([1n, -(2n ** 63n)]));
    expect(Array.from(device.add(wide, 2n ** 62n).readSync())).toEqual([
      2n ** 62n + 1n,
      -(2n ** 62n),
    ]);
  });

  test('eight dimensions that do not merge, and extents of 1', () => {
    using source = device.from(Float32Array.from({ length: 3 ** 8 }, (_, i) => i));
    const strides = Array.from({ length: 8 }, (_, d) => 3 ** d);
    const result = read(device.add({ buffer: source, shape: new Array(8).fill(2), strides }, 1));
    const expected = Array.from({ length: 256 }, (_, i) => {
      let at = 0;
      for (let d = 0; d < 8; d++) at += ((i >> (7 - d)) & 1) * 3 ** d;
      return at + 1;
    });
    expect(result).toEqual(expected);
    expect(read(device.neg({ buffer: x, shape: [1, 2, 1, 3, 1] }))).toEqual([
      -1, -2, -3, -4, -5, -6,
    ]);
  });
});

describe('out', () => {
  test('is returned, buffer or view', () => {
    using target = device.alloc('float32', 12);
    const view = { buffer: target, shape: [2, 3], strides: [6, 2], offset: 1 };
    expect(device.add({ buffer: x, shape: [2, 3] }, 1, { out: view })).toBe(view);
    expect(read(target)).toEqual([0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7]);
    expect(device.sqrt(x, { out: x })).toBe(x);
  });

  test('may be an operand, element for element', () => {
    device.add(x, x, { out: x });
    expect(read(x)).toEqual([2, 4, 6, 8, 10, 12]);
    const even = { buffer: x, shape: [3], strides: [2] };
    device.mul(even, 10, { out: { ...even } });
    expect(read(x)).toEqual([20, 4, 60, 8, 100, 12]);
    using half = x.slice(3);
    device.neg({ buffer: x, shape: [3], offset: 3 }, { out: half });
    expect(read(x)).toEqual([20, 4, 60, -8, -100, -12]);
  });
});

describe('clamp, scale, axpy', () => {
  test('take numbers of the dtype', () => {
    expect(read(device.clamp(x, 2, 4.5))).toEqual([2, 2, 3, 4, 4.5, 4.5]);
    expect(read(device.clamp(x, Number.NEGATIVE_INFINITY, 3))).toEqual([1, 2, 3, 3, 3, 3]);
    expect(read(device.clamp(ints, -3, 2))).toEqual([1, -2, 2, -3, 2, -3]);
    expect(read(device.scale(x, 0.5))).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
    expect(read(device.axpy(2, x, x))).toEqual([3, 6, 9, 12, 15, 18]);
    expect(read(device.axpy(2, x, 1))).toEqual([3, 5, 7, 9, 11, 13]);
    expect(read(device.axpy(-1, ints, ints))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
