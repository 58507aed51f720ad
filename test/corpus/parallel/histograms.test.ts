// Counts, exact.
import { blocks, device, load, SIZES, seeded } from '../support.js';

const kernels = load('parallel/histograms');
const bytes = ['const uint8*', 'uint32*', 'int32'] as const;

function count(x: Iterable<number>, bins: number) {
  const counts = new Uint32Array(bins);
  for (const value of x) counts[value]! += 1;
  return counts;
}

describe.each(SIZES)('%i bytes', (n) => {
  const x = seeded(n)
    .bytes(n, 200)
    .map((byte) => (byte * byte) >> 8); // some come often
  test.each([
    ['histogram_global', blocks(n, 128)],
    ['histogram_shared', 3],
  ])('%s', async (name, grid) => {
    const bins = device.alloc('uint32', 256);
    kernels.kernel(name, bytes).launch({ grid, block: 128 }, device.from(x), bins, n);
    expect(await bins.read()).toEqual(count(x, 256));
  });
});

test.each([4, 1012])('a histogram a warp, four bytes at a time: %i', async (n) => {
  const x = seeded(n).bytes(n, 8);
  const bins = device.alloc('uint32', 256);
  kernels
    .kernel('histogram_private', bytes)
    .launch({ grid: 2, block: 96, sharedMemoryBytes: 3 * 512 }, device.from(x), bins, n / 4);
  expect(await bins.read()).toEqual(count(x, 256));
});

test('64 KiB of shared memory', async () => {
  const n = 3001;
  const x = Uint16Array.from(seeded(1).words(n));
  const bins = device.alloc('uint32', 16384);
  kernels
    .kernel('histogram_wide', ['const uint16*', 'uint32*', 'int32'])
    .launch({ grid: 1, block: 512, sharedMemoryBytes: 65536 }, device.from(x), bins, n);
  expect(await bins.read()).toEqual(
    count(
      x.map((value) => value >> 2),
      16384,
    ),
  );
});
