// Products of random shapes against a float64 reference. The bound is that of any order of
// summation with random rounding errors: c sqrt(k) eps (|alpha||a||b| + |beta c|), c = 4.
import fc from 'fast-check';
import type { Device } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { EPS, matmulReference, randomNumbers } from '../../support/numbers.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

const size = fc.integer({ min: 0, max: 40 });
const gap = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 }));
// No tiny ones: beside them what underflows would count.
const factor = fc.integer({ min: -40, max: 40 }).map((value) => value / 20);

const problem = fc.record({
  dtype: fc.constantFrom('float32' as const, 'float64' as const),
  m: size,
  n: size,
  k: size,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  gapA: gap,
  gapB: gap,
  gapC: gap,
  alpha: factor,
  beta: factor,
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
});

type Problem = typeof problem extends fc.Arbitrary<infer P> ? P : never;

const stored = (rows: number, columns: number, stride: number) =>
  rows === 0 || columns === 0 ? 0 : (rows - 1) * stride + columns;

async function check({ dtype, gapA, gapB, gapC, seed, ...rest }: Problem) {
  const { m, n, k, transposeA, transposeB } = rest;
  const HostArray = dtype === 'float32' ? Float32Array : Float64Array;
  const [rowsA, columnsA] = transposeA ? [k, m] : [m, k];
  const [rowsB, columnsB] = transposeB ? [n, k] : [k, n];
  const shape = {
    ...rest,
    lda: Math.max(columnsA, 1) + gapA,
    ldb: Math.max(columnsB, 1) + gapB,
    ldc: Math.max(n, 1) + gapC,
  };
  const a = new HostArray(randomNumbers(stored(rowsA, columnsA, shape.lda), seed));
  const b = new HostArray(randomNumbers(stored(rowsB, columnsB, shape.ldb), seed + 1));
  const c = new HostArray(randomNumbers(stored(m, n, shape.ldc), seed + 2));
  using x = device.from(a as Float32Array);
  using y = device.from(b as Float32Array);
  using out = device.from(c as Float32Array);
  device.matmul(x, y, { ...shape, out });
  const result = await out.read();
  const { value, bound } = matmulReference(shape, a, b, c, EPS[dtype]);
  const wrong: unknown[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const got = result[i * shape.ldc + j]!;
      if (!(Math.abs(got - value(i, j)) <= bound(i, j))) {
        wrong.push({ i, j, got, expected: value(i, j), bound: bound(i, j) });
      }
    }
    // What lies between the rows is not touched.
    for (let j = n; j < shape.ldc && i < m - 1; j++) {
      if (result[i * shape.ldc + j] !== c[i * shape.ldc + j]) wrong.push({ i, j, between: true });
    }
  }
  expect(wrong).toEqual([]);
}

test('any shape, layout and factors', async () => {
  await fc.assert(fc.asyncProperty(problem, check), { numRuns: 300 });
}, 120_000);

const plain = { transposeA: false, transposeB: false, gapA: 0, gapB: 0, gapC: 0 };

test.each([
  [1, 1, 1],
  [1, 300, 7],
  [300, 1, 7],
  [1, 1, 2000],
  [127, 129, 33],
  [128, 128, 128],
  [129, 65, 257],
])('%i x %i x %i', async (m, n, k) => {
  for (const dtype of ['float32', 'float64'] as const) {
    await check({ dtype, m, n, k, ...plain, alpha: 1, beta: 0, seed: 5 });
  }
});

test('NaN and infinity go where the mathematics puts them', async () => {
  using a = device.from(new Float32Array([Number.NaN, 1, Number.POSITIVE_INFINITY, 1]));
  using b = device.from(new Float32Array([1, 0, 1, 1]));
  using c = device.matmul(a, b, { m: 2, n: 2, k: 2 });
  expect(await c.read()).toEqual(
    new Float32Array([Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, Number.NaN]),
  );
});
