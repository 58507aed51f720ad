// Worker threads: each has devices of its own, and ends with work in flight without harm. In
// processes of their own, because what must not happen is a crash. Hazards H32 (small), H39.
import { type Ending, runChild } from '../support/child.js';

const clean = (ending: Ending) =>
  expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });

// Runs in each worker, and tells when the work is in flight.
const BUSY = `
  const { cuda } = require('nodecuda');
  const { parentPort } = require('node:worker_threads');
  const device = cuda.device();
  const n = 128;
  const a = device.alloc('float32', n * n).fill(1);
  (async () => {
    for (;;) {
      const products = Array.from({ length: 8 }, () => device.matmul(a, a, { m: n, n, k: n }));
      const reads = products.map((product) => product.read());
      parentPort.postMessage('busy');
      await Promise.all(reads);
    }
  })();`;

const env = { NODECUDA_SIMULATE: '1' };

test.each([
  ['only workers use the addon', ''],
  ['the main thread uses it too', `require('nodecuda').cuda.deviceCount();`],
])(
  'terminated with work in flight: %s',
  async (_, first) => {
    const ending = await runChild(
      `${first}
       const { Worker } = require('node:worker_threads');
       const { setTimeout: pause } = require('node:timers/promises');
       const one = async (i) => {
         const worker = new Worker(${JSON.stringify(BUSY)}, { eval: true });
         await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
         await pause(i % 7);
         await worker.terminate();
       };
       (async () => {
         for (let round = 0; round < 8; round++) {
           await Promise.all(Array.from({ length: 3 }, (_, i) => one(3 * round + i)));
         }
         console.log('done');
       })();`,
      { env },
    );
    clean(ending);
    expect(ending.stdout).toBe('done\n');
  },
  30_000,
);

test('terminated while the addon is being loaded', async () => {
  // The moment is random, within the few milliseconds that loading takes: the more often, the
  // likelier the bug that this is for is seen (an exception that left the addon).
  const ending = await runChild(
    `const { Worker } = require('node:worker_threads');
     const load = "require('nodecuda').cuda.deviceCount();";
     (async () => {
       for (let i = 0; i < 120; i++) {
         const worker = new Worker(load, { eval: true });
         await new Promise((resolve) => worker.once('online', resolve));
         const until = performance.now() + (i % 12);
         while (performance.now() < until);
         await worker.terminate();
       }
       console.log('done');
     })();`,
    { env },
  );
  clean(ending);
  expect(ending.stdout).toBe('done\n');
}, 30_000);

test('a worker ends by itself: what it made is given back', async () => {
  const ending = await runChild(
    `const { Worker } = require('node:worker_threads');
     const { cuda } = require('nodecuda');
     const device = cuda.device();
     const free = () => device.memoryInfo().free;
     const run = () => new Promise((resolve, reject) => {
       new Worker(\`
         const { cuda } = require('nodecuda');
         const device = cuda.device();
         device.alloc('uint8', 2 ** 24).read().then(() => require('node:worker_threads').parentPort.postMessage('x'));
       \`, { eval: true }).on('error', reject).on('exit', resolve);
     });
     (async () => {
       const codes = new Set();
       for (let i = 0; i < 5; i++) codes.add(await run());
       await device.synchronize();
       device.trim();
       console.log(...codes, device.memoryInfo().total - free() < 2 ** 24);
     })();`,
    { env },
  );
  clean(ending);
  expect(ending.stdout).toBe('0 true\n');
});

test('workers compute side by side, with the main thread', async () => {
  const ending = await runChild(
    `const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
     const { matmul } = require('nodecuda');
     const sum = async (value) => {
       const n = 48;
       let total = 0;
       for (let i = 0; i < 10; i++) {
         const a = new Float32Array(n * n).fill(value);
         const c = await matmul(a, new Float32Array(n * n).fill(1), { m: n, n, k: n });
         total += c.every((each) => each === n * value) ? 1 : 0;
       }
       return total;
     };
     const code = \`const { matmul } = require('nodecuda'); const { parentPort, workerData } = require('node:worker_threads');
       (\${sum})(workerData).then((total) => parentPort.postMessage(total));\`;
     (async () => {
       const workers = [1, 2, 3, 4].map((workerData) => new Promise((resolve, reject) =>
         new Worker(code, { eval: true, workerData }).on('message', resolve).on('error', reject)));
       console.log(...await Promise.all([sum(5), ...workers]));
     })();`,
    { env },
  );
  clean(ending);
  expect(ending.stdout).toBe('10 10 10 10 10\n');
});

test('objects do not travel to a worker', async () => {
  const ending = await runChild(
    `const { Worker } = require('node:worker_threads');
     const { cuda } = require('nodecuda');
     const buffer = cuda.device().alloc('float32', 1);
     const worker = new Worker('process.exit()', { eval: true });
     for (const send of [
       () => worker.postMessage(buffer),
       () => new Worker('', { eval: true, workerData: { buffer } }),
     ]) {
       try { send(); console.log('sent'); } catch (error) { console.log(error.name); }
     }`,
    { env },
  );
  clean(ending);
  expect(ending.stdout).toBe('DataCloneError\nDataCloneError\n');
});

test('the exit of a worker does not shut the device down for others', async () => {
  const ending = await runChild(
    `const { Worker } = require('node:worker_threads');
     const { cuda } = require('nodecuda');
     const device = cuda.device();
     new Worker("require('nodecuda').cuda.device().alloc('float32', 4).fill(1); process.exit(3)", { eval: true })
       .on('exit', async (code) => console.log(code, ...await device.from(new Float32Array([1, 2])).read()));`,
    { env },
  );
  clean(ending);
  expect(ending.stdout).toBe('3 1 2\n');
});
