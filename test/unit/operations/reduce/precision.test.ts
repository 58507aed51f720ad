// What reductions add up in, and that their results are rounded once.
import { toBfloat16Bits, toFloat16Bits } from '../../../../lib/base/scalar.js';
import type { Device } from '../../../../lib/index.js';
import { openTestDevice } from '../../../support/devices.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

async function only<T>(buffer: { read(): Promise<ArrayLike<T>>; dispose(): void }): Promise<T> {
  const [value] = Array.from(await buffer.read());
  buffer.dispose();
  return value!;
}

const float64 = { outDtype: 'float64' } as const;

describe('outDtype float64 of integers', () => {
  test('products do not wrap around', async () => {
    const to25 = Array.from({ length: 25 }, (_, i) => i + 1);
    const factorial = 1.5511210043330986e25;
    const wrapped = 7034535277573963776n;
    for (const HostArray of [Uint8Array, Int16Array, Uint32Array]) {
      using x = device.from(new HostArray(to25) as Uint8Array);
      expect(await only(device.prod(x, float64))).toBeCloseTo(factorial, -12);
      expect(await only(device.prod(x))).toBe(wrapped);
    }
    using signs = device.from(new Int8Array([-128, -128, 127]));
    expect(await only(device.prod(signs, float64))).toBe(128 * 128 * 127);
    expect(await only(device.prod(device.alloc('int64', 0), float64))).toBe(1);
    // In pieces, whose results are multiplied.
    using long = device.from(new Int32Array(100_000).fill(-1).fill(2, 0, 500));
    expect(await only(device.prod(long, float64))).toBe(2 ** 500);
  });

  test('neither do sums and dot products', async () => {
    using sums = device.from(new BigUint64Array([2n ** 63n, 2n ** 63n, 12345n]));
    expect(await only(device.sum(sums, float64))).toBe(2 ** 64 + 12345);
    expect(await only(device.sum(sums))).toBe(12345n);
    using signed = device.from(new BigInt64Array([2n ** 62n, 2n ** 62n, -7n << 40n]));
    expect(await only(device.sum(signed, float64))).toBe(2 ** 63 - 7 * 2 ** 40);
    using words = device.from(new Uint32Array([2 ** 32 - 1, 2 ** 32 - 1]));
    expect(await only(device.dot(words, words, float64))).toBe(2 * (2 ** 32 - 1) ** 2);
    using other = device.from(new Int32Array([-(2 ** 31), 3]));
    using factors = device.from(new Int32Array([2 ** 31 - 1, -5]));
    expect(await only(device.dot(other, factors, float64))).toBe(-(2 ** 31) * (2 ** 31 - 1) - 15);
    // Of up to 32 bits they are exact, and rounded once: here 2^53 + 3 x 2^32 - 3.
    const ones = 2 ** 21 + 3;
    using word = device.from(new Uint32Array([2 ** 32 - 1]));
    const view = { buffer: word, shape: [ones], strides: [0] };
    expect(await only(device.sum(view, float64))).toBe(Number(BigInt(ones) * (2n ** 32n - 1n)));
  });
});

test('outDtype float64 of narrower floats is added up in float64', async () => {
  using x = device.from(new Float32Array([2 ** 25, 1, -(2 ** 25), 0.1]));
  using y = device.from(new Float32Array([1, 2 ** -20, 1, 0]));
  const tenth = Math.fround(0.1);
  expect(await only(device.sum(x, float64))).toBe(1 + tenth);
  expect(await only(device.dot(x, y, float64))).toBe(2 ** -20);
  const axis = { shape: [2, 2], axis: 1, ...float64 };
  const rows = device.sum(x, axis);
  expect(Array.from(await rows.read())).toEqual([2 ** 25 + 1, -(2 ** 25) + tenth]);
  expect(await only(device.mean({ buffer: x, shape: [2], strides: [2], offset: 1 }, float64))).toBe(
    (1 + tenth) / 2,
  );
  expect(await only(device.norm(y.slice(1, 2), float64))).toBe(2 ** -20);
  using half = device.from(Uint16Array.from([2, 3], toFloat16Bits), { dtype: 'float16' });
  expect(await only(device.prod(half, float64))).toBe(6);
  const out = device.alloc('float64', 1);
  expect(device.sum(x, { out })).toBe(out);
  expect(await only(out)).toBe(1 + tenth);
});

describe('16-bit results are rounded once', () => {
  const formats = [
    ['float16', toFloat16Bits, 2 ** -10],
    ['bfloat16', toBfloat16Bits, 2 ** -7],
  ] as const;

  // Half way between 1 and the next number, and as much more as float64 or float32 just hold.
  test.each(formats)('%s', async (outDtype, bits, step) => {
    const up = bits(1 + step);
    const even = bits(1);
    const options = { outDtype };
    const from = (values: number[], HostArray: Float64ArrayConstructor | Float32ArrayConstructor) =>
      device.from(new HostArray(values) as Float64Array);
    for (const sign of [1, -1]) {
      const result = sign === 1 ? up : up | 0x8000;
      using sum = from([sign * (1 + step / 2), sign * 2 ** -40], Float64Array);
      expect(await only(device.sum(sum, options))).toBe(result);
      using mean = from([sign * 2 * (1 + step / 2), sign * 2 ** -39], Float64Array);
      expect(await only(device.mean(mean, options))).toBe(result);
    }
    using below = from([1 + step / 2, -(2 ** -40)], Float64Array);
    expect(await only(device.sum(below, options))).toBe(even);
    using product = from([1 + step / 2, 1 + 2 ** -40], Float64Array);
    expect(await only(device.prod(product, options))).toBe(up);
    using norm = from([1 + step / 2, 2 ** -20], Float64Array);
    expect(await only(device.norm(norm, options))).toBe(up);
    expect(await only(device.dot(product, from([1, 2 ** -40], Float64Array), options))).toBe(up);

    // So many that `count` times the middle is not a float32: the next one, divided, is the middle
    // again.
    const count = 2 ** 23 * step + 1;
    const total = count * (1 + step / 2) + step / 2;
    expect(Math.fround(total)).toBe(total);
    expect(Math.fround(total / count)).toBe(1 + step / 2);
    using many = from([total, ...new Array(count - 1).fill(0)], Float32Array);
    expect(await only(device.mean(many, options))).toBe(up);
    // A square root of as little more.
    const square = (1 + step / 2) ** 2 + 2 ** -23;
    using four = from([1 + step / 2, 2 ** -11.5], Float32Array);
    expect(Math.fround(Math.sqrt(square))).toBe(1 + step / 2);
    expect(await only(device.norm(four, options))).toBe(up);
  });

  test('means of integers', async () => {
    using x = device.from(new BigInt64Array([(257n << 40n) + 1n]));
    expect(await only(device.mean(x, { outDtype: 'bfloat16' }))).toBe(
      toBfloat16Bits(258 * 2 ** 40),
    );
    using y = device.from(new Int32Array([2 ** 30 + 2 ** 22, 1]));
    expect(await only(device.mean(y, { outDtype: 'bfloat16' }))).toBe(
      toBfloat16Bits(2 ** 29 + 2 ** 22),
    );
    using z = device.from(new Int16Array([-257 * 64, -1]));
    expect(await only(device.mean(z, { outDtype: 'bfloat16' }))).toBe(toBfloat16Bits(-258 * 32));
  });
});

describe('norms neither overflow nor vanish', () => {
  const cases: ['float32' | 'float64', number[], number][] = [
    ['float32', [3e19, 4e19], 5e19],
    ['float32', [3e-30, 4e-30], 5e-30],
    ['float32', [3e38, 3e38], Infinity],
    ['float32', [2 ** -149], 2 ** -149],
    ['float32', [3 * 2 ** -149, 4 * 2 ** -149], 5 * 2 ** -149],
    ['float32', [2 ** 127, 1, 2 ** -149], 2 ** 127],
    ['float32', [3 * 2 ** -64, 4 * 2 ** -63], Math.hypot(3, 8) * 2 ** -64], // beside a limit
    ['float32', [3 * 2 ** 40, 4 * 2 ** 38], Math.hypot(12, 4) * 2 ** 38],
    ['float32', [2 ** -70, 2 ** -20], 2 ** -20],
    ['float32', [Infinity, 1e-30], Infinity],
    ['float32', [NaN, 1e30], NaN],
    ['float32', [NaN, 1e-30], NaN],
    ['float64', [3e200, 4e200], 5e200],
    ['float64', [3e-200, 4e-200], 5e-200],
    ['float64', [5e-324], 5e-324],
    ['float64', [1.7e308, 1], 1.7e308],
    ['float64', [3 * 2 ** 481, 4 * 2 ** 479], Math.hypot(6, 2) * 2 ** 480],
    ['float64', [3 * 2 ** -513, 2 ** -510], Math.hypot(3, 8) * 2 ** -513],
  ];
  test.each(cases)('%s %j: %d', async (dtype, values, expected) => {
    const HostArray = dtype === 'float32' ? Float32Array : Float64Array;
    const unit = dtype === 'float32' ? 2 ** -22 : 2 ** -51;
    // As a row, as a column, and in pieces.
    const padded = [...values, ...new Array(100_000).fill(0)];
    const results = [
      device.norm(device.from(new HostArray(values) as Float32Array)),
      device.norm(device.from(new HostArray([...values, ...values]) as Float32Array), {
        shape: [2, values.length],
        axis: 1,
      }),
      device.norm(device.from(new HostArray(values.flatMap((v) => [v, 0, v])) as Float32Array), {
        shape: [values.length, 3],
        axis: 0,
      }),
      device.norm(device.from(new HostArray(padded) as Float32Array)),
    ];
    for (const result of results) {
      const value = await only<number>(result);
      if (!Number.isFinite(expected)) expect(value).toBe(expected);
      else expect(Math.abs(value - expected)).toBeLessThanOrEqual(unit * expected);
    }
  });

  test('of bfloat16', async () => {
    const bits = Uint16Array.from([3 * 2 ** 70, 4 * 2 ** 70], toBfloat16Bits);
    using x = device.from(bits, { dtype: 'bfloat16' });
    expect(await only(device.norm(x))).toBe(toBfloat16Bits(5 * 2 ** 70));
  });
});
