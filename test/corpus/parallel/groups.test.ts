// Cooperative groups: tiles, coalesced threads, labels, blocks, the grid.
import {
  blocks,
  device,
  expectClose,
  load,
  ROUNDING,
  range,
  SIZES,
  seeded,
  sum,
} from '../support.js';

const kernels = load('parallel/groups');

test.each([
  [1, 1],
  [8, 100],
  [5, 33],
])('tiles of eight: rows of %i, %i of them', async (width, rows) => {
  const tiles = kernels.kernel('tile_sum', ['const int32*', 'int32*', 'int32*', 'int32', 'int32']);
  const x = seeded(rows).integers(width * rows, -100, 100);
  const sums = device.alloc('int32', rows);
  const scans = device.alloc('int32', x.length);
  tiles.launch({ grid: blocks(rows, 8), block: 64 }, device.from(x), sums, scans, width, rows);
  const row = (r: number) => x.subarray(r * width, (r + 1) * width);
  expect([...(await sums.read())]).toEqual(range(rows).map((r) => sum(row(r))));
  const expected = range(rows).flatMap((r) =>
    range(width).map((i) => sum(row(r).subarray(0, i + 1))),
  );
  expect([...(await scans.read())]).toEqual(expected);
});

test.each(SIZES)('coalesced threads keep what is positive of %i', async (n) => {
  const filter = kernels.kernel('filter_positive', [
    'const float32*',
    'float32*',
    'int32*',
    'int32',
  ]);
  const x = seeded(n).floats(n);
  const out = device.alloc('float32', n);
  const count = device.alloc('int32', 1);
  filter.launch({ grid: blocks(n, 96), block: 96 }, device.from(x), out, count, n);
  const positive = x.filter((value) => value > 0);
  expect(await count.read()).toEqual(Int32Array.of(positive.length));
  expect((await out.read()).subarray(0, positive.length).sort()).toEqual(positive.sort());
});

test.each(SIZES)("a block's barrier: the most of %i", async (n) => {
  const most = kernels.kernel('block_most', ['const int32*', 'int32*', 'int32']);
  const x = seeded(n).integers(n, -(2 ** 31), 2 ** 31);
  const grid = blocks(n, 64);
  const out = device.alloc('int32', grid);
  most.launch({ grid, block: 64, sharedMemoryBytes: 256 }, device.from(x), out, n);
  const expected = range(grid).map((b) => Math.max(...x.subarray(64 * b, 64 * b + 64)));
  expect([...(await out.read())]).toEqual(expected);
});

test.each(
  SIZES.flatMap((n) => [
    [n, 2],
    [n, 10],
  ]),
)('groups by label: sums of %i by %i keys', async (n, count) => {
  const byKey = kernels.kernel('sum_by_key', ['const int32*', 'const int32*', 'int32*', 'int32']);
  const keys = seeded(n).integers(n, 0, count);
  const values = seeded(n + 1).integers(n, -1000, 1000);
  const out = device.alloc('int32', count);
  byKey.launch({ grid: blocks(n, 64), block: 64 }, device.from(keys), device.from(values), out, n);
  const expected = range(count).map((key) => sum(values.filter((_, i) => keys[i] === key)));
  expect([...(await out.read())]).toEqual(expected);
});

test.each([1, 31, 300])('the grid waits for itself: %i numbers, nine sweeps', async (n) => {
  const smooth = kernels.kernel('smooth_grid', ['float32*', 'float32*', 'int32', 'int32']);
  const x = seeded(n).floats(n);
  const a = device.from(x);
  const b = device.alloc('float32', n);
  smooth.launch({ grid: 4, block: 32, cooperative: true }, a, b, n, 9);
  let expected = Float64Array.from(x);
  for (let sweep = 0; sweep < 9; sweep++) {
    expected = expected.map((value, i, all) =>
      i === 0 || i === n - 1 ? value : (all[i - 1]! + value + all[i + 1]!) / 3,
    );
  }
  expectClose(await b.read(), expected, { absolute: 9 * 4 * ROUNDING });
});
