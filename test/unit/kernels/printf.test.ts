// What kernels print on the simulated device: when it comes, and to whom. For what it says see
// printf-text.test.ts and test/corpus/functions/printing.test.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { native } from '../../../lib/addon/load.js';
import type { Device, DeviceBuffer } from '../../../lib/index.js';
import { cuda } from '../../../lib/index.js';
import { runChild } from '../../support/child.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, thrown } from '../../support/errors.js';

const FILE = join(__dirname, '../../corpus/functions/printing.ptx');
const TEXT = readFileSync(FILE, 'utf8');
const ONE = { grid: 1, block: 1 } as const;
const hello = (threads: number) =>
  Array.from({ length: threads }, (_, i) => `hello from thread ${i} of block 0\n`).join('');

let device: Device;
let results: DeviceBuffer<'int32'>;
let print: (threads?: number) => void;
const opened: Device[] = [];
function open() {
  const another = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  opened.push(another);
  const out = another.alloc('int32', 64);
  using code = another.loadModule(TEXT);
  const kernel = code.kernel('hello', ['int32*']);
  return {
    kernel,
    device: another,
    results: out,
    print: (block = 1) => kernel.launch({ grid: 1, block }, out),
  };
}
beforeEach(() => {
  ({ device, results, print } = open());
});
afterEach(() => {
  for (const each of opened.splice(0)) each.dispose();
});

/** What is written to stdout while `action` runs. */
async function stdout(action: () => unknown): Promise<string> {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await action();
    return write.mock.calls.map(([text]) => text).join('');
  } finally {
    write.mockRestore();
  }
}

describe('text is there before the wait for its kernel is over', () => {
  const waits: Record<string, () => Promise<unknown>> = {
    'device.synchronize()': () => device.synchronize(),
    'stream.synchronize()': () => device.defaultStream.synchronize(),
    'stream.synchronize() of another': () => {
      const stream = device.createStream();
      stream.waitFor(mark());
      return stream.synchronize();
    },
    'event.synchronize()': () => mark().synchronize(),
    'buffer.read()': () => results.read(),
    'buffer.write()': () => results.write(new Int32Array(64)),
  };
  const blocking: Record<string, () => unknown> = {
    'device.synchronizeSync()': () => device.synchronizeSync(),
    'stream.synchronizeSync()': () => device.defaultStream.synchronizeSync(),
    'event.synchronizeSync()': () => mark().synchronizeSync(),
    'buffer.readSync()': () => results.readSync(),
    'buffer.writeSync()': () => results.writeSync(new Int32Array(64)),
  };
  function mark() {
    const event = device.createEvent();
    event.record();
    return event;
  }

  test.each(Object.entries(waits))('%s', async (_, wait) => {
    const log: string[] = [];
    device.on('printf', (text) => log.push(text));
    print(3);
    await wait().then(() => log.push('over'));
    expect(log).toEqual([hello(3), 'over']);
    // Also where the work was over before.
    print(2);
    device.synchronizeSync();
    await wait().then(() => log.push('over'));
    expect(log).toEqual([hello(3), 'over', hello(2), 'over']);
  });

  test.each(Object.entries(blocking))('%s', (_, wait) => {
    const log: string[] = [];
    device.on('printf', (text) => log.push(text));
    print(3);
    wait();
    expect(log).toEqual([hello(3)]);
  });

  test('of several kernels in order, and of none nothing', async () => {
    const log: string[] = [];
    device.on('printf', (text) => log.push(text));
    await device.synchronize();
    expect(log).toEqual([]);
    for (let i = 1; i <= 5; i++) print(i);
    await device.synchronize();
    expect(log.join('')).toBe([1, 2, 3, 4, 5].map(hello).join(''));
  });

  test('of a kernel that was launched by another Device for the same one', async () => {
    const { code, stdout, stderr } = await runChild(
      `const { cuda } = require('nodecuda');
       const one = cuda.device();
       const other = cuda.device();
       const text = require('node:fs').readFileSync(${JSON.stringify(FILE)}, 'utf8');
       one.on('printf', (text) => console.log('one', text));
       other.on('printf', (text) => console.log('other', text));
       const out = other.alloc('int32', 1);
       const stream = other.createStream();
       one.loadModule(text).kernel('hello', ['int32*']).launch({ grid: 1, block: 1, stream }, out);
       out.read().then(() => console.log('over'));`,
      { env: { NODECUDA_SIMULATE: '1' } },
    );
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: 'one hello from thread 0 of block 0\n\nover\n',
    });
  });
});

describe('stdout', () => {
  test('is where text goes that nobody listens to', async () => {
    const text = await stdout(async () => {
      print(2);
      await device.synchronize();
      print(1);
      device.synchronizeSync();
    });
    expect(text).toBe(hello(2) + hello(1));
  });

  test('is left alone while somebody listens', async () => {
    const one = jest.fn();
    const two = jest.fn();
    const text = await stdout(async () => {
      expect(device.on('printf', one).on('printf', two)).toBe(device);
      print();
      await device.synchronize();
      expect(device.off('printf', one)).toBe(device);
      print();
      await device.synchronize();
      device.off('printf', two).off('printf', two);
      print();
      await device.synchronize();
    });
    expect(one.mock.calls).toEqual([[hello(1)]]);
    expect(two.mock.calls).toEqual([[hello(1)], [hello(1)]]);
    expect(text).toBe(hello(1));
  });

  test('gets text between what the program itself writes', async () => {
    const { stdout } = await runChild(
      `const { cuda } = require('nodecuda');
       const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
       const text = require('node:fs').readFileSync(${JSON.stringify(FILE)}, 'utf8');
       const kernel = device.loadModule(text).kernel('hello', ['int32*']);
       const out = device.alloc('int32', 1);
       (async () => {
         for (let i = 0; i < 3; i++) {
           console.log('before', i);
           kernel.launch({ grid: 1, block: 1 }, out);
           await out.read();
           console.log('after', i);
         }
       })();`,
    );
    const round = (i: number) => `before ${i}\n${hello(1)}after ${i}\n`;
    expect(stdout).toBe(round(0) + round(1) + round(2));
  });
});

describe('a device that is disposed', () => {
  test('leaves what its kernels have printed', async () => {
    const listener = jest.fn();
    device.on('printf', listener);
    print();
    const event = device.createEvent();
    event.record();
    while (!event.query()) await new Promise(setImmediate);
    expect(listener).not.toHaveBeenCalled();
    device.dispose();
    expect(listener.mock.calls).toEqual([[hello(1)]]);
  });

  test('leaves its FIFO to who waits, and no handle', async () => {
    device.synchronizeSync(); // the last of what other tests have left
    const before = native().liveHandles();
    const other = open();
    const log: string[] = [];
    other.device.on('printf', (text) => log.push(text));
    for (let i = 0; i < 20; i++) other.print(64);
    const read = other.results.read().then(() => log.push('over'));
    other.device.dispose();
    await read;
    expect(log.at(-1)).toBe('over');
    expect(log.slice(0, -1).join('')).toBe(hello(64).repeat(20));
    await device.synchronize();
    expect(native().liveHandles()).toEqual(before);
  });
});

describe('listeners', () => {
  test('of each device hear of that device', async () => {
    const other = open();
    const heard: [string, string][] = [];
    device.on('printf', (text) => heard.push(['one', text]));
    other.device.on('printf', (text) => heard.push(['other', text]));
    print(1);
    other.print(2);
    await Promise.all([device.synchronize(), other.device.synchronize()]);
    expect(heard.sort()).toEqual([
      ['one', hello(1)],
      ['other', hello(2)],
    ]);
  });

  test('may use the device, wait for it, and dispose it', async () => {
    const log: string[] = [];
    device.on('printf', (text) => {
      log.push(text);
      if (log.length === 1) {
        print(2);
        device.synchronizeSync();
        print(3);
      } else if (log.length === 3) {
        device.dispose();
      }
    });
    print(1);
    expect((await results.read()).length).toBe(64);
    expect(log).toEqual([hello(1), hello(2)]);
    await device.synchronize();
    expect(log).toEqual([hello(1), hello(2), hello(3)]);
    expect(device.disposed).toBe(true);
  });

  test('that throw are no business of who waits', async () => {
    const { code, stdout, stderr } = await runChild(
      `const { cuda } = require('nodecuda');
       const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
       const text = require('node:fs').readFileSync(${JSON.stringify(FILE)}, 'utf8');
       const kernel = device.loadModule(text).kernel('hello', ['int32*']);
       const out = device.alloc('int32', 2);
       process.on('uncaughtException', (error) => console.log('uncaught', error.message));
       device.on('printf', () => { throw new Error('mine'); });
       (async () => {
         kernel.launch({ grid: 1, block: 2 }, out);
         console.log((await out.read()).length);
         kernel.launch({ grid: 1, block: 2 }, out);
         console.log(out.readSync().length);
         kernel.launch({ grid: 1, block: 2 }, out);
         await device.synchronize();
         device.dispose();
       })();`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines.sort()).toEqual(['2', '2', ...Array(3).fill('uncaught mine')]);
  });

  test('in a Worker hear of the Worker', async () => {
    const source = (who: string, threads: number) => `
      const { cuda } = require('nodecuda');
      const device = cuda.device();
      const text = require('node:fs').readFileSync(${JSON.stringify(FILE)}, 'utf8');
      const kernel = device.loadModule(text).kernel('hello', ['int32*']);
      const out = device.alloc('int32', 64);
      let heard = '';
      device.on('printf', (text) => { heard += text; });
      (async () => {
        for (let i = 0; i < 20; i++) {
          kernel.launch({ grid: 1, block: ${threads} }, out);
          await out.read();
        }
        const lines = heard.split('\\n').length - 1;
        console.log('${who}', lines, heard.includes('thread ${threads}'));
        device.dispose();
      })();`;
    const { code, stdout, stderr } = await runChild(
      `const { Worker } = require('node:worker_threads');
       new Worker(${JSON.stringify(source('worker', 3))}, { eval: true });
       ${source('main', 5)}`,
      { env: { NODECUDA_SIMULATE: '1' } },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n').sort()).toEqual(['main 100 false', 'worker 60 false']);
  });

  test('a Worker that nobody listens in writes to its own stdout', async () => {
    const worker = `
      const device = require('nodecuda').cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
      const text = require('node:fs').readFileSync(${JSON.stringify(FILE)}, 'utf8');
      const out = device.alloc('int32', 1);
      device.loadModule(text).kernel('hello', ['int32*']).launch({ grid: 1, block: 1 }, out);
      out.read().then(() => device.dispose());`;
    const { code, stdout, stderr } = await runChild(
      `const { Worker } = require('node:worker_threads');
       const worker = new Worker(${JSON.stringify(worker)}, { eval: true, stdout: true });
       worker.stdout.on('data', (data) => console.log('worker:', String(data)));`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`worker: ${hello(1)}\n`);
  });
});

test('prepared launches print as well', async () => {
  const { kernel, device, results } = open();
  const listener = jest.fn();
  device.on('printf', listener);
  using prepared = kernel.prepare(ONE, results);
  for (let i = 0; i < 3; i++) prepared.run();
  await device.synchronize();
  expect(listener.mock.calls.map(([text]) => text).join('')).toBe(hello(1).repeat(3));
});

describe('arguments of on and off', () => {
  const listener = () => {};
  test.each(['on', 'off'] as const)('%s', (name) => {
    const call = (...given: unknown[]) => (device[name] as (...a: unknown[]) => unknown)(...given);
    for (const event of ['print', '', 'error', undefined, 5, Symbol('printf'), {}]) {
      const error = thrown(() => call(event, listener));
      expect(error).toMatchObject(ARG_RANGE);
      expect(error.message).toMatch(/^Expected 'printf' for `event` but received /);
    }
    for (const bad of [undefined, null, 5, {}, 'printf']) {
      const error = thrown(() => call('printf', bad));
      expect(error).toMatchObject(ARG_TYPE);
      expect(error.message).toMatch(/^Expected a function for `listener` but received /);
    }
    expect(thrown(() => device[name].call({} as Device, 'printf', listener))).toMatchObject(
      ARG_TYPE,
    );
    device.dispose();
    expect(thrown(() => call('printf', listener))).toMatchObject(DISPOSED);
  });
});
