// Hazard H36: waiting for a device takes no thread of libuv's pool and does not block the loop.

import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { cuda, type Device } from '../../../lib/index.js';

let device: Device;
beforeAll(() => {
  device = cuda.simulatedDevice({ memoryBytes: 2 ** 27, workers: 1 });
});
afterAll(() => device.dispose());

test('files are read and timers run while 64 products are waited for', async () => {
  const n = 256;
  const a = device.alloc('float32', n * n).fill(1);
  const products = Array.from({ length: 64 }, () => device.matmul(a, a, { m: n, n, k: n }));
  let done = false;
  const waits = Promise.all(products.map((product) => product.read({ length: 1 }))).then(
    (values) => {
      done = true;
      return values;
    },
  );
  let files = 0;
  let turns = 0;
  const start = performance.now();
  while (!done && performance.now() - start < 10_000) {
    await readFile(__filename);
    files++;
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  expect((await waits).every(([value]) => value === n)).toBe(true);
  // 64 products take seconds; had they held the pool's four threads, one file would have been read.
  expect(files).toBeGreaterThan(20);
  expect(turns).toBe(files);
  for (const product of products) product.dispose();
}, 30_000);

test('the async context is kept', async () => {
  const storage = new AsyncLocalStorage<string>();
  using x = device.alloc('float32', 1000);
  await storage.run('mine', async () => {
    await x.read();
    expect(storage.getStore()).toBe('mine');
  });
});

test('what a continuation throws is an ordinary rejection', async () => {
  using x = device.alloc('float32', 10);
  const mine = new Error('mine');
  await expect(
    x.read().then(() => {
      throw mine;
    }),
  ).rejects.toBe(mine);
  expect(await x.read()).toHaveLength(10);
});
