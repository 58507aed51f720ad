import { createHook } from 'node:async_hooks';
import { cuda } from '../../../lib';
import { runChild } from '../../support/child';

// Each device that stays costs 22 MB and three threads, so that 30 of them cannot be overlooked.
test.each([
  ['awaited', 'await product.read();'],
  ['not awaited', 'product.read().catch(() => undefined);'],
  ['disposed while a promise is pending', 'pending = device.synchronize();'],
])('simulated devices that are disposed leave neither threads nor memory: %s', async (_, use) => {
  const ending = await runChild(`
    const { cuda } = require('nodecuda');
    const { readdirSync } = require('node:fs');
    const figures = () => [readdirSync('/proc/self/task').length, process.memoryUsage.rss() / 1e6];
    const settle = () => new Promise((resolve) => setTimeout(resolve, 100));
    async function devices(count) {
      for (let i = 0; i < count; i++) {
        let pending;
        const device = cuda.simulatedDevice({ workers: 2 });
        const x = device.from(new Float32Array(1000).fill(1));
        const product = device.add(x, x);
        ${use}
        device.dispose();
        await pending;
      }
      await settle();
    }
    (async () => {
      await devices(5);
      const [threads, memory] = figures();
      await devices(30);
      const after = figures();
      console.log(after[0] - threads, after[1] - memory);
    })();
  `);
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  const [threads, megabytes] = ending.stdout.split(' ').map(Number);
  expect(threads).toBeLessThan(4);
  expect(megabytes).toBeLessThan(150);
});

test('devices do not pile up in a program that does not come back to its event loop', async () => {
  const ending = await runChild(`
    const { cuda } = require('nodecuda');
    const { readdirSync } = require('node:fs');
    const bytes = new Uint8Array(1e6);
    for (let i = 0; i < 50; i++) {
      const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, workers: 2 });
      device.alloc('uint8', 1e6).write(bytes);
      device.synchronizeSync();
      device.dispose();
    }
    console.log(readdirSync('/proc/self/task').length);
  `);
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(Number(ending.stdout)).toBeLessThan(30);
});

test('nothing of the addon is open once all devices are disposed', async () => {
  const open = new Set<number>();
  const hook = createHook({
    init: (id, type) => type === 'nodecuda' && open.add(id),
    destroy: (id) => open.delete(id),
  }).enable();
  for (let round = 0; round < 2; round++) {
    const device = cuda.simulatedDevice();
    const x = device.alloc('float32', 256 * 256);
    // Long enough for the wait not to be over at once: no thread would be started for it.
    for (let i = 0; i < 2; i++) device.matmul(x, x, { m: 256, n: 256, k: 256 });
    await device.synchronize();
    expect(open.size).toBe(1);
    device.dispose();
    while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  hook.disable();
});
