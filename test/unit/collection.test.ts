// What is dropped without dispose(). Hazards H18, H19. In a file of its own, because the warning is
// said once per class and copy of the library. Needs node --expose-gc.
import { cuda, type Device } from '../../lib/index.js';
import { runChild } from '../support/child.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../support/devices.js';

let faulty: FaultyDevice;
let device: Device;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
});
afterEach(closeFaultyDevices);

// `npm test` exposes it.
const collect = (globalThis as unknown as { gc: () => void }).gc;
const turn = () => new Promise((resolve) => setImmediate(resolve));

// In a process of its own: V8 runs the finalizers of one registry after the other, and those of the
// test files that ran before in this process come first, or stand in the way for good.
test('what is dropped is freed, with one warning per class', async () => {
  const { stdout, stderr } = await runChild(
    `const { cuda } = require('nodecuda');
     const { native } = require('./dist/addon/load.js');
     const warned = [];
     process.emitWarning = (message) => warned.push(/^A (\\w+)/.exec(message)[1]);
     const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
     const live = () => JSON.stringify(native().liveHandles());
     (async () => {
       await device.synchronize();
       const before = live();
       (() => {
         for (let i = 0; i < 100; i++) {
           device.alloc('float32', 100).slice(1);
           device.createStream();
           device.createEvent();
         }
       })();
       console.log(device.memoryStats().currentCount > 50);
       for (let i = 0; i < 500 && live() !== before; i++) {
         gc();
         await new Promise((resolve) => setTimeout(resolve, 10));
       }
       console.log(live() === before, device.memoryStats().currentCount);
       console.log(warned.sort().join());
     })();`,
    { args: ['--expose-gc'] },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual(['true', 'true 0', 'CudaEvent,DeviceBuffer,Stream']);
});

test('nothing is said of views whose memory has another name, or of no memory', async () => {
  const { stdout, stderr } = await runChild(
    `const { cuda } = require('nodecuda');
     const { native } = require('./dist/addon/load.js');
     let warned = 0;
     process.emitWarning = () => warned++;
     const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
     const living = device.alloc('float32', 4);
     const live = () => JSON.stringify(native().liveHandles());
     (async () => {
       await device.synchronize();
       const before = live();
       (() => {
         device.alloc('float32', 0);
         for (let i = 0; i < 4; i++) living.slice(i, i + 1).fill(1);
       })();
       console.log(live() === before);
       for (let i = 0; i < 500 && live() !== before; i++) {
         gc();
         await new Promise((resolve) => setTimeout(resolve, 10));
       }
       console.log(live() === before, (await living.read()).join(), warned);
     })();`,
    { args: ['--expose-gc'] },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual(['false', 'true 1,1,1,1 0']);
});

test('nothing is said of what was disposed, or whose device was', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    const { addon } = faulty;
    const before = addon.liveHandles();
    (() => {
      const own = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
      own.alloc('float32', 100);
      own.createStream();
      own.createEvent();
      own.dispose();
      device.alloc('float32', 1).dispose();
    })();
    for (let i = 0; i < 5; i++) {
      collect();
      await turn();
    }
    expect(addon.liveHandles()).toEqual(before);
    expect(warn).not.toHaveBeenCalled();
  } finally {
    warn.mockRestore();
  }
});

test('what an operation needs is kept while it runs', async () => {
  const pending = (() => {
    const x = device.from(new Float32Array(100_000).fill(1));
    const y = device.from(new Float32Array(100_000).fill(2));
    return device.add(x, y).read();
  })();
  for (let i = 0; i < 5; i++) {
    collect();
    await turn();
  }
  expect((await pending).every((value) => value === 3)).toBe(true);
});

test('a device is kept by what was made from it', async () => {
  const buffer = (() =>
    cuda.simulatedDevice({ memoryBytes: 2 ** 24 }).from(new Float32Array([5])))();
  for (let i = 0; i < 5; i++) {
    collect();
    await turn();
  }
  expect(await buffer.read()).toEqual(new Float32Array([5]));
  buffer.device.dispose();
});

describe('the warning', () => {
  const LEAK = `
    const device = require('nodecuda').cuda.simulatedDevice();
    const leak = () => { for (let i = 0; i < 10; i++) device.alloc('float32', 10); };
    leak();
    (async () => {
      for (let i = 0; i < 10; i++) { gc(); await new Promise(setImmediate); }
      leak();
      for (let i = 0; i < 10; i++) { gc(); await new Promise(setImmediate); }
    })();`;
  const run = (env: NodeJS.ProcessEnv) => runChild(LEAK, { args: ['--expose-gc'], env });

  test('has a code, and is given once', async () => {
    const { stderr, code } = await run({ NODECUDA_DEBUG: '' });
    expect(code).toBe(0);
    expect(stderr.match(/\[NODECUDA_LEAK\] Warning: A DeviceBuffer was garbage/g)).toHaveLength(1);
    expect(stderr).toContain('NODECUDA_DEBUG=1');
  });

  test('says where with NODECUDA_DEBUG=1', async () => {
    const { stderr } = await run({ NODECUDA_DEBUG: '1' });
    expect(stderr).toMatch(/created here\n +at leak /);
  });

  test.each([
    ['Error is frozen', 'Object.freeze(Error);'],
    ['stacks are something else', 'Error.prepareStackTrace = () => 7;'],
  ])('is given where %s', async (_, before) => {
    const { stderr, code } = await runChild(before + LEAK, {
      args: ['--expose-gc'],
      env: { NODECUDA_DEBUG: '1' },
    });
    expect(code).toBe(0);
    expect(stderr).toContain('A DeviceBuffer was garbage');
  });
});
