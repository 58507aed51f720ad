// Dense matrices of awkward sizes.
import { blocks, device, expectClose, load, ROUNDING, range, seeded, sum } from '../support.js';

const kernels = load('science/matrices');

const SHAPES = [
  [1, 1],
  [1, 40],
  [32, 32],
  [67, 35],
] as const;

test.each(SHAPES)('transposition of %i x %i', async (width, height) => {
  const x = seeded(width).doubles(width * height);
  const expected = x.map((_, i) => x[(i % height) * width + Math.floor(i / height)]!);
  const single = device.alloc('float32', x.length);
  kernels
    .kernel('transpose_naive', ['const float32*', 'float32*', 'int32', 'int32'])
    .launch(
      { grid: [blocks(width, 16), blocks(height, 8)], block: [16, 8] },
      device.from(Float32Array.from(x)),
      single,
      width,
      height,
    );
  expect(await single.read()).toEqual(Float32Array.from(expected));
  const double = device.alloc('float64', x.length);
  kernels
    .kernel('transpose_tiled', ['const float64*', 'float64*', 'int32', 'int32'])
    .launch(
      { grid: [blocks(width, 32), blocks(height, 32)], block: [32, 8] },
      device.from(x),
      double,
      width,
      height,
    );
  expect(await double.read()).toEqual(expected);
});

describe.each([8, 16])('products by tiles of %i', (tile) => {
  const multiply = kernels.kernel(`multiply_${tile}`, [
    'const float32*',
    'const float32*',
    'float32*',
    'int32',
    'int32',
    'int32',
  ]);
  test.each([
    [1, 1, 1],
    [16, 32, 16],
    [31, 17, 53],
    [5, 70, 3],
  ])('%i x %i, over %i', async (m, n, k) => {
    const a = seeded(m).floats(m * k);
    const b = seeded(n).floats(k * n);
    const c = device.alloc('float32', m * n);
    const config = { grid: [blocks(n, tile), blocks(m, tile)], block: [tile, tile] } as const;
    multiply.launch(config, device.from(a), device.from(b), c, m, n, k);
    const expected = range(m * n).map((i) =>
      sum(range(k).map((l) => a[Math.floor(i / n) * k + l]! * b[l * n + (i % n)]!)),
    );
    expectClose(await c.read(), expected, { absolute: k * ROUNDING });
  });
});

test.each([1, 7, 33])('L U of %i x %i', async (n) => {
  const scale = kernels.kernel('lu_scale', ['float64*', 'int32', 'int32']);
  const update = kernels.kernel('lu_update', ['float64*', 'int32', 'int32']);
  // With a strong diagonal no pivot is small.
  const a = seeded(n)
    .doubles(n * n)
    .map((value, i) => (i % (n + 1) === 0 ? value + 2 * n : value));
  const out = device.from(a);
  for (let column = 0; column < n - 1; column++) {
    const rest = n - column - 1;
    scale.launch({ grid: blocks(rest, 32), block: 32 }, out, column, n);
    update.launch({ grid: [blocks(rest, 16), blocks(rest, 8)], block: [16, 8] }, out, column, n);
  }
  const lu = await out.read();
  const product = range(n * n).map((i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return sum(
      range(Math.min(row, column) + 1).map(
        (k) => (k === row ? 1 : lu[row * n + k]!) * lu[k * n + column]!,
      ),
    );
  });
  expectClose(product, a, { absolute: n * n * 8 * 2 ** -53 });
});

test.each([1, 7, 40])('Cholesky of %i x %i, and a system solved by it', async (n) => {
  const cholesky = kernels.kernel('cholesky', ['float32*', 'int32']);
  const b = seeded(n).floats(n * n);
  // B times its transpose, and something on the diagonal.
  const a = Float32Array.from(range(n * n), (i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return (
      sum(range(n).map((k) => b[row * n + k]! * b[column * n + k]!)) + (row === column ? n : 0)
    );
  });
  const out = device.from(a);
  cholesky.launch({ grid: 1, block: 32 }, out, n);
  const l = await out.read();
  const lower = (row: number, column: number) => (column > row ? 0 : l[row * n + column]!);
  const product = range(n * n).map((i) =>
    sum(range(n).map((k) => lower(Math.floor(i / n), k) * lower(i % n, k))),
  );
  expectClose(product, a, { absolute: 2 * n * n * ROUNDING });

  if (n > 32) return;
  const right = seeded(n + 1).floats(n);
  const x = device.alloc('float32', n);
  kernels
    .kernel('solve_lower', ['const float32*', 'const float32*', 'float32*', 'int32'])
    .launch({ grid: 1, block: 32 }, out, device.from(right), x, n);
  const solution = await x.read();
  const back = range(n).map((row) => sum(range(n).map((k) => lower(row, k) * solution[k]!)));
  expectClose(back, right, { absolute: 8 * n * ROUNDING });
});
