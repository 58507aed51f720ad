// Products on tensor cores: exact for small integers, close for floats.
import { decodeBfloat16, decodeFloat16, nearestBits } from '../../support/numbers.js';
import { device, expectClose, load, range, seeded, sum } from '../support.js';

const turing = load('language/tensor');
const ampere = load('language/ampere_sm80');

const matrices = ['int32', 'int32', 'int32'] as const;

/** Row-major; `b(l, j)` is how the right one lies. */
function product(
  m: number,
  n: number,
  k: number,
  a: ArrayLike<number>,
  b: (l: number, j: number) => number,
) {
  return range(m * n).map((i) =>
    sum(range(k).map((l) => a[Math.floor(i / n) * k + l]! * b(l, i % n))),
  );
}

// Products are exact, sums truncated to 24 bits: a term less than 2 k units of 2^-23, each below k.
const tolerance = (k: number) => ({ absolute: 2 * k * 2 ** -23 * Math.sqrt(k) });

const SHAPES = [
  [16, 16, 16],
  [32, 48, 80],
] as const;

test.each(SHAPES)('wmma of halves: %i x %i, over %i', async (m, n, k) => {
  const wmma = turing.kernel('wmma_half', [
    'const float16*',
    'const float16*',
    'float32*',
    ...matrices,
  ]);
  const toBits = (value: number) => nearestBits(value, 5, 10);
  const run = async (a: Uint16Array, b: Uint16Array) => {
    const c = device.alloc('float32', m * n);
    const half = { dtype: 'float16' } as const;
    wmma.launch(
      { grid: [n / 16, m / 16], block: 32 },
      device.from(a, half),
      device.from(b, half),
      c,
      m,
      n,
      k,
    );
    return c.read();
  };
  const expected = (a: Uint16Array, b: Uint16Array) =>
    product(m, n, k, Array.from(a, decodeFloat16), (l, j) => decodeFloat16(b[l * n + j]!)).map(
      (value) => value / 2, // the kernel scales its fragment
    );
  const integers = (length: number) =>
    Uint16Array.from(seeded(length).integers(length, -8, 9), toBits);
  const [p, q] = [integers(m * k), integers(k * n)];
  expect(Array.from(await run(p, q))).toEqual(expected(p, q).map((value) => value + 0));
  const [x, y] = [m * k, k * n].map((length) =>
    Uint16Array.from(seeded(length).floats(length), toBits),
  ) as [Uint16Array, Uint16Array];
  expectClose(await run(x, y), expected(x, y), tolerance(k));
});

test.each([
  [32, 8, 16],
  [64, 40, 48],
])('wmma of int8: %i x %i, over %i', async (m, n, k) => {
  const wmma = turing.kernel('wmma_int8', ['const int8*', 'const int8*', 'int32*', ...matrices]);
  const a = Int8Array.from(seeded(m).integers(m * k, -128, 128));
  const b = Int8Array.from(seeded(n).integers(n * k, -128, 128)); // by columns
  const c = device.alloc('int32', m * n);
  wmma.launch({ grid: [n / 8, m / 32], block: 32 }, device.from(a), device.from(b), c, m, n, k);
  expect([...(await c.read())]).toEqual(product(m, n, k, a, (l, j) => b[j * k + l]!));
});

test.each(SHAPES)('mma of bfloat16, by ldmatrix: %i x %i, over %i', async (m, n, k) => {
  const mma = ampere.kernel('mma_bfloat16', [
    'const bfloat16*',
    'const bfloat16*',
    'float32*',
    ...matrices,
  ]);
  const [a, b] = [m * k, k * n].map((length) =>
    Uint16Array.from(seeded(length).floats(length), (value) => nearestBits(value, 8, 7)),
  ) as [Uint16Array, Uint16Array];
  const c = device.alloc('float32', m * n);
  const bfloat = { dtype: 'bfloat16' } as const;
  mma.launch(
    { grid: [n / 8, m / 16], block: 32 },
    device.from(a, bfloat),
    device.from(b, bfloat),
    c,
    m,
    n,
    k,
  );
  const expected = product(m, n, k, Array.from(a, decodeBfloat16), (l, j) =>
    decodeBfloat16(b[l * n + j]!),
  );
  expectClose(await c.read(), expected, tolerance(k));
});

test.each([
  [16, 8, 32],
  [48, 24, 96],
])('mma of int8: %i x %i, over %i', async (m, n, k) => {
  const mma = ampere.kernel('mma_int8', ['const int8*', 'const int8*', 'int32*', ...matrices]);
  const a = Int8Array.from(seeded(m).integers(m * k, -128, 128));
  const b = Int8Array.from(seeded(n).integers(n * k, -128, 128)); // by columns
  const c = device.alloc('int32', m * n);
  mma.launch({ grid: [n / 8, m / 16], block: 32 }, device.from(a), device.from(b), c, m, n, k);
  expect([...(await c.read())]).toEqual(product(m, n, k, a, (l, j) => b[j * k + l]!));
});
