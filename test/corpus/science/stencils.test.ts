// Neighbours in one, two and three dimensions.
import { blocks, device, expectClose, load, ROUNDING, range, SIZES, seeded } from '../support.js';

const kernels = load('science/stencils');

const SHAPES = [
  [1, 1],
  [16, 16],
  [17, 5],
  [3, 47],
  [50, 33],
] as const;
const tiled = (width: number, height: number) => ({
  grid: [blocks(width, 16), blocks(height, 16)] as const,
  block: [16, 16] as const,
});

test.each(SIZES)('a moving mean of seven: %i', async (n) => {
  const mean = kernels.kernel('mean_1d', ['const float32*', 'float32*', 'int32']);
  const x = seeded(n).floats(n);
  const out = device.alloc('float32', n);
  mean.launch({ grid: blocks(n, 128), block: 128 }, device.from(x), out, n);
  const expected = range(n).map(
    (i) => range(7).reduce((sum, k) => sum + (x[i + k - 3] ?? 0), 0) / 7,
  );
  expectClose(await out.read(), expected, { absolute: 8 * ROUNDING });
});

test.each(SHAPES)("Laplace's equation, ten sweeps over %i x %i", async (width, height) => {
  const jacobi = kernels.kernel('jacobi_2d', ['const float32*', 'float32*', 'int32', 'int32']);
  const start = seeded(width).floats(width * height);
  let expected = Float64Array.from(start);
  let from = device.from(start);
  let to = device.alloc('float32', start.length);
  for (let sweep = 0; sweep < 10; sweep++) {
    jacobi.launch(tiled(width, height), from, to, width, height);
    [from, to] = [to, from];
    expected = expected.map((value, i, all) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return value;
      return (all[i - 1]! + all[i + 1]! + all[i - width]! + all[i + width]!) / 4;
    });
  }
  expectClose(await from.read(), expected, { absolute: 10 * 4 * ROUNDING });
});

test.each([
  [1, 1, 1],
  [8, 8, 8],
  [13, 5, 7],
  [9, 20, 3],
])('heat in %i x %i x %i, five steps', async (nx, ny, nz) => {
  const heat = kernels.kernel('heat_3d', [
    'const float64*',
    'float64*',
    'int32',
    'int32',
    'int32',
    'float64',
  ]);
  const start = seeded(nx).doubles(nx * ny * nz);
  const plane = nx * ny;
  let expected = start;
  let from = device.from(start);
  let to = device.alloc('float64', start.length);
  for (let step = 0; step < 5; step++) {
    heat.launch({ grid: [blocks(nx, 8), blocks(ny, 4)], block: [8, 4] }, from, to, nx, ny, nz, 0.1);
    [from, to] = [to, from];
    expected = expected.map((here, i, all) => {
      const [x, y, z] = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / plane)];
      const edge = x * y * z === 0 || x === nx - 1 || y === ny - 1 || z === nz - 1;
      if (edge) return here;
      const around = [1, nx, plane].reduce((sum, d) => sum + all[i - d]! + all[i + d]!, 0);
      return here + 0.1 * (around - 6 * here);
    });
  }
  expectClose(await from.read(), expected, { absolute: 5 * 16 * 2 ** -53 });
});

test.each(SHAPES)('the game of life on a torus of %i x %i', async (width, height) => {
  const life = kernels.kernel('life', ['const uint8*', 'uint8*', 'int32', 'int32']);
  let expected = seeded(height).bytes(width * height, 2);
  let from = device.from(expected);
  let to = device.alloc('uint8', expected.length);
  for (let generation = 0; generation < 8; generation++) {
    life.launch(tiled(width, height), from, to, width, height);
    [from, to] = [to, from];
    // By giving to neighbours, not by asking them.
    const neighbours = new Uint8Array(expected.length);
    for (const [i, alive] of expected.entries()) {
      for (const k of range(9)) {
        const x = ((i % width) + (k % 3) - 1 + width) % width;
        const y = (Math.floor(i / width) + Math.floor(k / 3) - 1 + height) % height;
        if (k !== 4) neighbours[y * width + x]! += alive;
      }
    }
    expected = expected.map((alive, i) => Number((neighbours[i]! | alive) === 3));
  }
  expect(await from.read()).toEqual(expected);
});
