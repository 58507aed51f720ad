// Sorting networks, a radix sort and ranks, against JavaScript's sort.
import { blocks, device, load, range, SIZES, seeded } from '../support.js';

const kernels = load('parallel/sorts');

test.each([2, 64, 1024])('bitonic, a step a launch: %i', async (n) => {
  const step = kernels.kernel('bitonic_step', ['float32*', 'int32', 'int32']);
  const x = seeded(n).floats(n);
  const out = device.from(x);
  const config = { grid: blocks(n, 128), block: Math.min(n, 128) };
  for (let k = 2; k <= n; k *= 2) {
    for (let j = k / 2; j >= 1; j /= 2) step.launch(config, out, j, k);
  }
  expect(await out.read()).toEqual(x.sort());
});

test.each([1, 31, 100, 257, 512])('bitonic, three rows of %i keys with values', async (n) => {
  const sort = kernels.kernel('bitonic_block', ['uint32*', 'uint32*', 'int32']);
  const rows = 3;
  const key = seeded(n)
    .words(rows * n)
    .map((word) => word % 64); // many are equal
  const value = Uint32Array.from(range(rows * n), (i) => i % n);
  const keys = device.from(key);
  const values = device.from(value);
  sort.launch({ grid: rows, block: 256 }, keys, values, n);
  const order = range(rows * n).sort(
    (a, b) => Math.floor(a / n) - Math.floor(b / n) || key[a]! - key[b]! || a - b,
  );
  expect([...(await keys.read())]).toEqual(order.map((i) => key[i]));
  expect([...(await values.read())]).toEqual(order.map((i) => value[i]));
});

test.each([2, 16, 512])('odd-even merge of %i', async (n) => {
  const sort = kernels.kernel('odd_even_merge', ['int32*']);
  const x = seeded(n).integers(n, -1000, 1000);
  const out = device.from(x);
  sort.launch({ grid: 1, block: n / 2, sharedMemoryBytes: 4 * n }, out);
  expect(await out.read()).toEqual(x.sort());
});

test.each(SIZES)('radix, four bits a pass: %i', async (n) => {
  const count = kernels.kernel('radix_count', ['const uint32*', 'uint32*', 'int32', 'int32']);
  const scatter = kernels.kernel('radix_scatter', [
    'const uint32*',
    'uint32*',
    'const uint32*',
    'int32',
    'int32',
  ]);
  const x = seeded(n).words(n);
  let keys = device.from(x);
  let other = device.alloc('uint32', n);
  const config = { grid: blocks(n, 128), block: 128 };
  const counts = device.alloc('uint32', 16 * config.grid);
  for (let shift = 0; shift < 32; shift += 4) {
    count.launch(config, keys, counts, shift, n);
    let total = 0;
    const starts = (await counts.read()).map((occurs) => {
      total += occurs;
      return total - occurs;
    });
    scatter.launch(config, keys, other, device.from(starts), shift, n);
    [keys, other] = [other, keys];
  }
  expect(await keys.read()).toEqual(x.sort());
});

test.each([1, 31, 257])('by rank: %i doubles', async (n) => {
  const sort = kernels.kernel('rank_sort', ['const float64*', 'float64*', 'int32']);
  const x = seeded(n)
    .doubles(n)
    .map((value) => Math.round(value * 20) / 7); // some are equal
  const out = device.alloc('float64', n);
  sort.launch({ grid: blocks(n, 64), block: 64 }, device.from(x), out, n);
  expect(Array.from(await out.read(), (v) => v + 0)).toEqual(Array.from(x.sort(), (v) => v + 0));
});
