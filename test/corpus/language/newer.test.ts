// What sm_80 and sm_90 brought besides matrices: copies beside the threads, barriers, clusters.
import { device, expectClose, load, ROUNDING, range, seeded, sum } from '../support.js';

const ampere = load('language/ampere_sm80');
const hopper = load('language/hopper_sm90');

test.each([1, 2, 7])('rows of %i tiles, the next one on its way', async (tiles) => {
  const sums = ampere.kernel('row_sums_pipeline', ['const float32*', 'float32*', 'int32']);
  const rows = 5;
  const width = 128 * tiles;
  const x = seeded(tiles).floats(rows * width);
  const out = device.alloc('float32', rows);
  sums.launch({ grid: rows, block: 32 }, device.from(x), out, tiles);
  const expected = range(rows).map((r) => sum(x.subarray(r * width, (r + 1) * width)));
  expectClose(await out.read(), expected, { absolute: width * ROUNDING });
});

test('copies that arrive at a barrier of the C++ library', async () => {
  const reverse = ampere.kernel('reverse_barrier', ['const int32*', 'int32*']);
  const x = seeded(1).integers(7 * 64, -1000, 1000);
  const out = device.alloc('int32', x.length);
  reverse.launch({ grid: 7, block: 64 }, device.from(x), out);
  const expected = x.map((_, i) => x[i - (i % 64) + 63 - (i % 64)]!);
  expect(await out.read()).toEqual(expected);
});

test('reductions of a warp in one instruction', async () => {
  const statistics = ampere.kernel('warp_statistics', ['const int32*', 'int32*']);
  const x = seeded(2).integers(5 * 32, -(2 ** 24), 2 ** 24);
  const out = device.alloc('int32', 5 * 4);
  statistics.launch({ grid: 5, block: 32 }, device.from(x), out);
  const expected = range(5).flatMap((warp) => {
    const row = x.subarray(32 * warp, 32 * warp + 32);
    return [sum(row), Math.min(...row), Math.max(...row), row.reduce((a, b) => a ^ b)];
  });
  expect([...(await out.read())]).toEqual(expected);
});

test.each([
  [1, 2],
  [257, 2],
  [1009, 4],
  [1009, 8],
])('a histogram of %i over the shared memory of %i blocks', async (n, cluster) => {
  const histogram = hopper.kernel('histogram_cluster', [
    'const uint16*',
    'uint32*',
    'int32',
    'int32',
  ]);
  const perBlock = 30;
  const x = Uint16Array.from(seeded(n).words(n));
  const bins = device.alloc('uint32', perBlock * cluster);
  const config = { grid: 8, block: 64, cluster, sharedMemoryBytes: 4 * perBlock };
  histogram.launch(config, device.from(x), bins, perBlock, n);
  const expected = new Uint32Array(bins.length);
  for (const value of x) expected[value % bins.length]! += 1;
  expect(await bins.read()).toEqual(expected);
});

test('a cluster of the size that the kernel names', async () => {
  const ring = hopper.kernel('ring', ['const int32*', 'int32*']);
  const x = seeded(3).integers(12, -100, 100);
  const out = device.alloc('int32', 12);
  ring.launch({ grid: 12, block: 32 }, device.from(x), out);
  const expected = x.map((_, i) => x[i - (i % 4) + ((i + 3) % 4)]! * 10 + (i % 4));
  expect(await out.read()).toEqual(expected);
});
