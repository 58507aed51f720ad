// Prefix sums against adding one by one.
import { blocks, device, load, SIZES, seeded } from '../support.js';

const kernels = load('parallel/scans');

/** The sum of all up to each, itself included or not. */
function prefixSums(x: Int32Array | Uint32Array, inclusive: boolean) {
  const sums = x.slice();
  let total = 0;
  for (const [i, value] of x.entries()) {
    sums[i] = inclusive ? total + value : total;
    total = sums[i]! + (inclusive ? 0 : value);
  }
  return sums;
}

test.each([1, 2, 31, 33, 100, 256])('Hillis and Steele, one block: %i', async (n) => {
  const scan = kernels.kernel('scan_hillis_steele', ['const int32*', 'int32*', 'int32']);
  const x = seeded(n).integers(n, -1000, 1000);
  const out = device.alloc('int32', n);
  scan.launch({ grid: 1, block: 256, sharedMemoryBytes: 2 * 256 * 4 }, device.from(x), out, n);
  expect(await out.read()).toEqual(prefixSums(x, true));
});

test.each([...SIZES, 1024])('Blelloch, blocks of 64 and the sums of blocks: %i', async (n) => {
  const scan = kernels.kernel('scan_blelloch', ['const int32*', 'int32*', 'int32*', 'int32']);
  const add = kernels.kernel('add_offsets', ['int32*', 'const int32*', 'int32']);
  const x = seeded(n).integers(n, -1000, 1000);
  const out = device.alloc('int32', n);
  const sums = device.alloc('int32', blocks(n, 64));
  const offsets = device.alloc('int32', sums.length);
  const config = { block: 32, sharedMemoryBytes: 4 * (64 + 2) };
  scan.launch({ ...config, grid: sums.length }, device.from(x), out, sums, n);
  scan.launch({ ...config, grid: 1 }, sums, offsets, device.alloc('int32', 1), sums.length);
  add.launch({ grid: blocks(n, 32), block: 32 }, out, offsets, n);
  expect(await out.read()).toEqual(prefixSums(x, false));
});

test.each([...SIZES, 5003])('decoupled look-back: %i', async (n) => {
  const scan = kernels.kernel('scan_look_back', [
    'const uint32*',
    'uint32*',
    'uint64*',
    'uint32*',
    'int32',
  ]);
  const x = seeded(n).words(n); // sums wrap around
  const out = device.alloc('uint32', n);
  const grid = blocks(n, 256);
  const tiles = device.alloc('uint64', grid);
  scan.launch({ grid, block: 256 }, device.from(x), out, tiles, device.alloc('uint32', 1), n);
  expect(await out.read()).toEqual(prefixSums(x, true));
});

test.each(SIZES)('compaction by votes: %i', async (n) => {
  const compact = kernels.kernel('compact_odd', ['const int32*', 'int32*', 'int32*', 'int32']);
  const x = seeded(n).integers(n, -50, 50);
  const out = device.alloc('int32', n);
  const count = device.alloc('int32', 1);
  compact.launch({ grid: blocks(n, 64), block: 64 }, device.from(x), out, count, n);
  const odd = x.filter((value) => value % 2 !== 0);
  const [found] = await count.read();
  expect(found).toBe(odd.length);
  // Warps come in any order.
  expect((await out.read()).slice(0, found).sort()).toEqual(odd.sort());
});
