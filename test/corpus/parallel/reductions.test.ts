// Sums and extremes of the same numbers in every way.
import { blocks, device, expectClose, load, ROUNDING, SIZES, seeded, sum } from '../support.js';

const kernels = load('parallel/reductions');

// A sum of n numbers below 1, log2(n) roundings deep and a few more: at most that many roundings of n.
const tolerance = (n: number) => ({ absolute: n * (Math.log2(n) + 2) * ROUNDING });

test.each(SIZES)('a tree in shared memory, two passes: %i', async (n) => {
  const tree = kernels.kernel('sum_tree', ['const float32*', 'float32*', 'int32']);
  const x = seeded(n).floats(n);
  const parts = device.alloc('float32', blocks(n, 64));
  const total = device.alloc('float32', 1);
  tree.launch({ grid: parts.length, block: 64, sharedMemoryBytes: 256 }, device.from(x), parts, n);
  tree.launch({ grid: 1, block: 64, sharedMemoryBytes: 256 }, parts, total, parts.length);
  expectClose(await total.read(), [sum(x)], tolerance(n));
});

test.each([...SIZES, 4099])('shuffles and an atomic a block: %i', async (n) => {
  const shuffle = kernels.kernel('sum_shuffle', ['const float32*', 'float32*', 'int32']);
  const x = seeded(n).floats(n);
  const total = device.alloc('float32', 1);
  shuffle.launch({ grid: 3, block: 160 }, device.from(x), total, n);
  expectClose(await total.read(), [sum(x)], tolerance(n));
});

test.each(SIZES)('64-bit atomics: %i', async (n) => {
  const add = kernels.kernel('sum_int64', ['const int32*', 'uint64*', 'int32']);
  const x = seeded(n).integers(n, -(2 ** 31), 2 ** 31);
  const total = device.alloc('uint64', 1);
  add.launch({ grid: blocks(n, 128), block: 128 }, device.from(x), total, n);
  expect(await total.read()).toEqual(BigUint64Array.of(BigInt.asUintN(64, BigInt(sum(x)))));
});

test.each(SIZES)('the last block adds up: %i, and again', async (n) => {
  const last = kernels.kernel('sum_last_block', [
    'const float64*',
    'float64*',
    'float64*',
    'uint32*',
    'int32',
  ]);
  const x = seeded(n).doubles(n);
  const total = device.alloc('float64', 1);
  const arrived = device.alloc('uint32', 1);
  const parts = device.alloc('float64', 5);
  for (let run = 0; run < 2; run++) {
    total.fill(0);
    last.launch({ grid: 5, block: 128 }, device.from(x), parts, total, arrived, n);
    expectClose(await total.read(), [sum(x)], { absolute: n * 20 * 2 ** -53 });
  }
  expect(await arrived.read()).toEqual(Uint32Array.of(0)); // it counts in circles
});

test.each(SIZES)('argmax, value and place in one word: %i', async (n) => {
  const argmax = kernels.kernel('argmax', ['const float32*', 'uint64*', 'int32']);
  const x = seeded(n).floats(n, -3, -1);
  if (n > 40) x[n - 1] = x[20] = -0.5; // the first of equals
  const best = device.alloc('uint64', 1);
  argmax.launch({ grid: blocks(n, 96), block: 96 }, device.from(x), best, n);
  const [word] = await best.read();
  expect(0xffffffff - Number(word! & 0xffffffffn)).toBe(x.indexOf(Math.max(...x)));
});

test.each(SIZES)('extremes of %i integers and doubles', async (n) => {
  const x = seeded(n).integers(n, -(2 ** 31), 2 ** 31);
  const least = device.alloc('int32', 1).fill(2 ** 31 - 1);
  const most = device.alloc('int32', 1).fill(-(2 ** 31));
  kernels
    .kernel('extremes', ['const int32*', 'int32*', 'int32*', 'int32'])
    .launch({ grid: blocks(n, 64), block: 64 }, device.from(x), least, most, n);
  expect(await least.read()).toEqual(Int32Array.of(Math.min(...x)));
  expect(await most.read()).toEqual(Int32Array.of(Math.max(...x)));

  const y = Float64Array.from(x, (value) => value / 7);
  const double = device.alloc('float64', 1).fill(Number.NEGATIVE_INFINITY);
  kernels
    .kernel('max_double', ['const float64*', 'float64*', 'int32'])
    .launch({ grid: blocks(n, 64), block: 64 }, device.from(y), double, n);
  expect(await double.read()).toEqual(Float64Array.of(Math.max(...y)));
});

test.each(SIZES)('dot product of %i doubles', async (n) => {
  const x = seeded(n).doubles(n);
  const y = seeded(n + 1).doubles(n);
  const out = device.alloc('float64', 1);
  kernels
    .kernel('dot', ['const float64*', 'const float64*', 'float64*', 'int32'])
    .launch({ grid: blocks(n, 64), block: 64 }, device.from(x), device.from(y), out, n);
  expectClose(await out.read(), [sum(x.map((v, i) => v * y[i]!))], { absolute: n * 20 * 2 ** -53 });
});
