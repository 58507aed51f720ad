// Threads and memory that the host does not have: a typed error, or nothing at all, and never the
// end of the process. In processes of their own, with test/support/scarce.c in front of the C library.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runChild } from '../support/child.js';
import { skipTest } from '../support/skip.js';

const hasCompiler = spawnSync('cc', ['--version']).status === 0;
const sanitized = (process.env.LD_PRELOAD ?? '') !== '';

if (!hasCompiler || sanitized) {
  skipTest('scarce threads and memory', hasCompiler ? 'sanitizers have malloc' : 'no cc');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'nodecuda-scarce-'));
  const library = join(folder, 'scarce.node');
  beforeAll(() => {
    const source = join(root, 'test/support/scarce.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  // `failFrom(nth)`: memory that the addon asks for, on this thread, is refused from the nth time on;
  // `asked()`: how often it has asked since. `failElsewhere(yes)`: on all other threads.
  // `refuseThreads(yes)`.
  const run = (code: string) =>
    runChild(
      `const scarce = require(${JSON.stringify(library)});
       const { cuda } = require('nodecuda');
       const tell = ({ name, code, status, message }) => console.log(name, code, status, message);
       (async () => { ${code} })();`,
      { env: { LD_PRELOAD: library } },
    );

  test('a thread for waiting that cannot be had', async () => {
    const ending = await run(
      `const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, workers: 1 });
       const n = 128;
       const a = device.alloc('float32', n * n).fill(1);
       device.matmul(a, a, { m: n, n, k: n });
       device.synchronizeSync();
       const c = device.matmul(a, a, { m: n, n, k: n });
       // Long enough that there is something to wait for, also where this thread is kept waiting.
       for (let i = 0; i < 50; i++) device.matmul(a, a, { m: n, n, k: n, out: c });
       scarce.refuseThreads(true);
       await c.read().then(() => console.log('no error'), tell);
       scarce.refuseThreads(false);
       console.log((await c.read())[0]);`,
    );
    expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(ending.stdout).toBe(
      'CudaDriverError ERR_CUDA_DRIVER 304 pthread_create failed: cudaErrorOperatingSystem (304). ' +
        'Resource temporarily unavailable\n128\n',
    );
  });

  test('a thread for loading kernels that cannot be had', async () => {
    const ending = await run(
      `const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, workers: 1 });
       scarce.refuseThreads(true);
       await device.preload().then(() => console.log('no error'), tell);
       scarce.refuseThreads(false);
       await device.preload(['transpose']);
       console.log('loaded');`,
    );
    expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(ending.stdout).toBe(
      'CudaDriverError ERR_CUDA_DRIVER 304 pthread_create failed: cudaErrorOperatingSystem (304). ' +
        'Resource temporarily unavailable\nloaded\n',
    );
  });

  test('memory that cannot be had, at each place in turn, of disposing', async () => {
    const ending = await run(
      `let most = 0;
       for (const what of ['buffer', 'view', 'stream', 'event', 'read', 'device']) {
         for (let nth = 1; ; nth++) {
           const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, workers: 1 });
           const buffer = device.from(new Float32Array(64));
           const stream = device.createStream();
           buffer.read({ stream }).catch(() => {});
           const view = buffer.slice(1);
           const event = device.createEvent();
           event.record(stream);
           const victim = { buffer, view, stream, event, device }[what];
           scarce.failFrom(nth);
           let asked;
           try {
             if (victim) victim.dispose();
             else buffer.readSync();
           } catch (error) {
             asked = scarce.asked();
             if (what !== 'read' || error.code !== 'ERR_CUDA_OOM') tell(error);
           }
           asked ??= scarce.asked();
           scarce.failFrom(0);
           device.dispose();
           most = Math.max(most, asked);
           if (asked < nth) break;
         }
       }
       console.log(most > 0);`,
    );
    expect(ending).toMatchObject({ code: 0, signal: null, stderr: '', stdout: 'true\n' });
  });

  test('memory that cannot be had while a kernel runs: the device is lost, and says so', async () => {
    const ending = await run(
      `const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, workers: 2 });
       const x = device.alloc('float32', 64).fill(1);
       device.add(x, x).readSync();
       scarce.failElsewhere(true);
       for (const use of [() => device.add(x, x).readSync(), () => x.readSync()]) {
         try { use(); console.log('no error'); } catch (error) {
           console.log(error.code, error.status, error.fatal);
         }
       }
       scarce.failElsewhere(false);
       console.log((await device.lost).status);
       device.dispose();`,
    );
    expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });
    const lost = 'ERR_CUDA_DEVICE_LOST 999 true\n';
    expect(ending.stdout).toBe(`${lost}${lost}999\n`);
  });
}

describe('the argument block, which only nodecuda may have', () => {
  test('does not escape through what somebody put in place of `set`', async () => {
    const ending = await runChild(
      `const { cuda } = require('nodecuda');
       const typedArray = Object.getPrototypeOf(Float64Array).prototype;
       const { set } = typedArray;
       let seen = 0;
       typedArray.set = function (...rest) { seen++; return set.apply(this, rest); };
       const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, workers: 1 });
       const x = device.from(new Float32Array([1, 2, 3, 4]));
       device.sum(x); device.softmax(x, { axis: 0 }); device.dot(x, x);
       console.log(seen);`,
    );
    expect(ending).toMatchObject({ code: 0, stderr: '', stdout: '0\n' });
  });

  test('is not read where it no longer is', async () => {
    const ending = await runChild(
      `const { native } = require('./dist/addon/load.js');
       const { cuda } = require('nodecuda');
       const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, workers: 1 });
       const x = device.alloc('float32', 4);
       const { buffer } = native().argumentBlock;
       structuredClone(buffer, { transfer: [buffer] });
       try { device.add(x, x); } catch (error) { console.log(error.code, error.message); }`,
    );
    expect(ending.stdout).toBe('ERR_CUDA_ARG_TYPE the argument block was detached\n');
    expect(ending).toMatchObject({ code: 0, stderr: '' });
  });
});

const [major] = process.versions.node.split('.').map(Number);
if (major === 22) {
  test('a Float16Array, which Node-API does not know there, has all its bytes', async () => {
    const ending = await runChild(
      `const { cuda } = require('nodecuda');
       const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26, workers: 1 });
       const buffer = device.from(new Float16Array([1, 2, 3, 4, 5]));
       console.log(...buffer.readSync(), ...buffer.readSync(new Float16Array(5)));`,
      { args: ['--js-float16array'] },
    );
    expect(ending.stdout).toBe('15360 16384 16896 17408 17664 1 2 3 4 5\n');
  });
} else {
  skipTest('a Float16Array that Node-API does not know', 'Node.js 22 alone has one');
}
