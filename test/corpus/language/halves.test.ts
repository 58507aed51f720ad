// 16-bit floats: bits where one rounding decides them.
import { decodeBfloat16, decodeFloat16, nearestBits } from '../../support/numbers.js';
import { blocks, device, expectClose, load, ROUNDING, SIZES, seeded, sum } from '../support.js';

const kernels = load('language/halves');

const toHalf = (value: number) => nearestBits(value, 5, 10);
const toBfloat = (value: number) => nearestBits(value, 8, 7);
const halves = (n: number, seed: number) => Uint16Array.from(seeded(seed).floats(n), toHalf);
const bfloats = (n: number, seed: number) => Uint16Array.from(seeded(seed).floats(n), toBfloat);
const config = (n: number) => ({ grid: blocks(n, 64), block: 64 });

test.each([2, 30, 258, 1010])('axpy of %i halves, two at a time, fused', async (n) => {
  const axpy = kernels.kernel('axpy_half2', ['float16', 'const float16*', 'float16*', 'int32']);
  const [x, y] = [halves(n, n), halves(n, n + 1)];
  const out = device.from(y, { dtype: 'float16' });
  axpy.launch(config(n / 2), 0.3, device.from(x, { dtype: 'float16' }), out, n / 2);
  const a = decodeFloat16(toHalf(0.3));
  // The product and the sum are exact in float64.
  const expected = x.map((bits, i) => toHalf(a * decodeFloat16(bits) + decodeFloat16(y[i]!)));
  expect(await out.read()).toEqual(expected);
});

test.each(SIZES)('the positive of %i halves', async (n) => {
  const relu = kernels.kernel('relu_half', ['const float16*', 'float16*', 'int32']);
  const x = halves(n, n);
  const out = device.alloc('float16', n);
  relu.launch(config(n), device.from(x, { dtype: 'float16' }), out, n);
  expect(await out.read()).toEqual(x.map((bits) => (decodeFloat16(bits) > 0 ? bits : 0)));
});

test.each(SIZES)('a polynomial of %i bfloat16', async (n) => {
  const polynomial = kernels.kernel('polynomial_bfloat16', [
    'const bfloat16*',
    'bfloat16*',
    'int32',
  ]);
  const x = bfloats(n, n);
  const out = device.alloc('bfloat16', n);
  polynomial.launch(config(n), device.from(x, { dtype: 'bfloat16' }), out, n);
  const expected = Array.from(x, decodeBfloat16).map((v) => v * v + 0.5 * v - 3);
  // Two products and two sums, of 8 bits each, below 4.
  const actual = Array.from(await out.read(), decodeBfloat16);
  expectClose(actual, expected, { absolute: 4 * 2 * 2 ** -8 });
});

test.each(SIZES)('the mean of %i bfloat16 in float32', async (n) => {
  const mean = kernels.kernel('mean_bfloat16', ['const bfloat16*', 'float32*', 'int32']);
  const x = bfloats(n, n);
  const out = device.alloc('float32', 1);
  mean.launch({ grid: 1, block: 32 }, device.from(x, { dtype: 'bfloat16' }), out, n);
  const expected = sum(Array.from(x, decodeBfloat16)) / n;
  expectClose(await out.read(), [expected], { absolute: (n / 32 + 6) * ROUNDING });
});

test('one number in every width', async () => {
  const convert = kernels.kernel('convert', [
    'const float64*',
    'float32*',
    'float16*',
    'bfloat16*',
    'int32*',
    'int32',
  ]);
  // Ties, those a little above which two roundings would lose, the smallest, the largest, beyond.
  const awkward = [
    0,
    1,
    2049,
    2049.0000001,
    1 + 2 ** -8,
    1 + 2 ** -8 + 2 ** -40,
    2 ** -24,
    2 ** -25,
  ];
  awkward.push(
    2 ** -25 + 2 ** -60,
    65519.99,
    65520,
    2 ** 31,
    1e300,
    2 ** 31 - 0.5,
    Infinity,
    1e-300,
  );
  const x = Float64Array.from([
    ...awkward.flatMap((value) => [value, -value]),
    ...seeded(5).doubles(100, -70000, 70000),
  ]);
  const n = x.length;
  const single = device.alloc('float32', n);
  const half = device.alloc('float16', n);
  const bfloat = device.alloc('bfloat16', n);
  const integer = device.alloc('int32', n);
  convert.launch(config(n), device.from(x), single, half, bfloat, integer, n);
  expect(await single.read()).toEqual(Float32Array.from(x));
  expect(await half.read()).toEqual(Uint16Array.from(x, toHalf));
  expect(await bfloat.read()).toEqual(Uint16Array.from(x, toBfloat));
  const clamped = Array.from(x, (v) => Math.trunc(Math.min(Math.max(v, -(2 ** 31)), 2 ** 31 - 1)));
  expect(await integer.read()).toEqual(Int32Array.from(clamped));
});
