// Every way out of the process, with the device in every state: the right exit code, no crash, and
// no waiting for the device. Hazard H33.
import { runChild } from '../support/child.js';
import { ptx, SLOW } from '../support/kernels.js';

// What the device is doing when the process ends. `busy` queues seconds of work.
const STATES: Record<string, string> = {
  idle: `await device.from(new Float32Array([1])).read();`,
  copying: `for (let i = 0; i < 50; i++) device.alloc('uint8', 2 ** 20).read();`,
  busy: `const n = 384;
         const a = device.alloc('float32', n * n).fill(1);
         for (let i = 0; i < 200; i++) device.matmul(a, a, { m: n, n, k: n }).read();`,
  // A module that is to be unloaded when its kernel has ended.
  unloading: `const code = device.loadModule(${JSON.stringify(ptx(SLOW))});
         const slow = code.kernel('slow', ['uint32*', 'const uint32*', 'uint32']);
         const word = device.alloc('uint32', 1);
         for (let i = 0; i < 5; i++) slow.launch({ grid: 1, block: 1 }, word, word, 3e6);
         slow.dispose();
         code.dispose();`,
  lost: `const { native } = require('./dist/addon/load.js');
         const runtime = native().faultRuntime(native().simulatedRuntime(2 ** 24, 9, 0, 1, 0, 0, 0, '', 0));
         const broken = require('./dist/methods.js').openDevice(runtime, 0, false);
         const x = broken.alloc('float32', 1);
         native().faultFail(runtime, '*', 1, 700, 'sticky');
         await x.read().catch(() => {});`,
};

interface Way {
  readonly code: string;
  readonly status?: number;
  readonly signal?: NodeJS.Signals;
  readonly stderr?: RegExp;
  /** Sent when the process says that it is ready. */
  readonly kill?: NodeJS.Signals;
}

const WAYS: Record<string, Way> = {
  'process.exit': { code: `process.exit(7);`, status: 7 },
  'process.exit in a later turn': { code: `setTimeout(() => process.exit(7), 5);`, status: 7 },
  'an uncaught exception': {
    code: `setImmediate(() => { throw new Error('mine'); });`,
    status: 1,
    stderr: /Error: mine/,
  },
  'an unhandled rejection': {
    code: `Promise.reject(new Error('mine'));`,
    status: 1,
    stderr: /Error: mine/,
  },
  'an exception in our continuation': {
    code: `device.createStream().synchronize().then(() => { throw new Error('mine'); });`,
    status: 1,
    stderr: /Error: mine/,
  },
  SIGINT: {
    code: `console.log('ready'); setInterval(() => {}, 1e6);`,
    kill: 'SIGINT',
    signal: 'SIGINT',
  },
  SIGTERM: {
    code: `console.log('ready'); setInterval(() => {}, 1e6);`,
    kill: 'SIGTERM',
    signal: 'SIGTERM',
  },
  'dispose in an exit handler': {
    code: `process.on('exit', () => { device.dispose(); }); process.exit(7);`,
    status: 7,
  },
  'use in an exit handler': {
    code: `process.on('exit', () => {
             try { device.alloc('float32', 1); } catch (error) { console.log(error.code); }
           });
           process.exit(7);`,
    status: 7,
  },
};

function script(state: string, code: string): string {
  return `const { cuda } = require('nodecuda');
          (async () => {
            const device = cuda.simulatedDevice({ memoryBytes: 2 ** 28, workers: 2 });
            ${state}
            ${code}
          })();`;
}

describe.each(Object.entries(STATES))('%s', (_, state) => {
  test.each(Object.entries(WAYS))(
    '%s',
    async (_name, way) => {
      const ending = await runChild(script(state, way.code), {
        onOutput: (text, kill) => {
          if (way.kill && text.includes('ready')) kill(way.kill);
        },
      });
      expect(ending).toMatchObject({
        code: way.signal ? null : way.status,
        signal: way.signal ?? null,
      });
      expect(ending.stderr).toMatch(way.stderr ?? /^$/);
      expect(ending.elapsedMs).toBeLessThan(10_000);
    },
    30_000,
  );
});

test('a natural end waits for what is awaited, and for nothing else', async () => {
  const ending = await runChild(
    script(
      '',
      `const n = 384;
       const a = device.alloc('float32', n * n).fill(1);
       const c = device.matmul(a, a, { m: n, n, k: n });
       console.log((await c.read())[0] === n);
       device.lost.then(() => console.log('never'));
       for (let i = 0; i < 100; i++) device.matmul(a, a, { m: n, n, k: n });`,
    ),
  );
  expect(ending).toMatchObject({ code: 0, signal: null, stdout: 'true\n', stderr: '' });
});

test('objects that were never disposed, and a disposed device, end quietly', async () => {
  const ending = await runChild(
    script(
      '',
      `device.alloc('float32', 10); device.createStream(); cuda.simulatedDevice().dispose();`,
    ),
    { args: ['--expose-gc'] },
  );
  expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('at exit the use of a device is refused as shutdown', async () => {
  const ending = await runChild(script('', WAYS['use in an exit handler']!.code));
  expect(ending).toMatchObject({ code: 7, stdout: 'ERR_CUDA_SHUTDOWN\n', stderr: '' });
});

test('a kernel that runs on does not hold the process', async () => {
  const ending = await runChild(script(STATES.busy!, WAYS['process.exit']!.code));
  expect(ending).toMatchObject({ code: 7, signal: null });
  expect(ending.elapsedMs).toBeLessThan(5000);
});
