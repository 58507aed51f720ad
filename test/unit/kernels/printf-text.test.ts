// What the text is that kernels have printed, where it is much, no text or the last before a fault.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Device, Module } from '../../../lib/index.js';
import { cuda } from '../../../lib/index.js';
import { failure } from '../../support/errors.js';

const folder = join(__dirname, '../../corpus/functions');
const TEXT = readFileSync(join(folder, 'printing.ptx'), 'utf8');
const SOURCE = readFileSync(join(folder, 'printing.cu'), 'utf8').split('\n');
const LINE = SOURCE.findIndex((line) => line.includes('assert(')) + 1;
const ONE = { grid: 1, block: 1 } as const;

let device: Device;
let code: Module;
beforeEach(() => {
  device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  code = device.loadModule(TEXT);
});
afterEach(() => device.dispose());

test('more than 1 MiB between two waits: the oldest is lost, and the text says so', async () => {
  const kernel = code.kernel('lines', ['int32']);
  let text = '';
  device.on('printf', (part) => {
    text += part;
  });
  kernel.launch(ONE, 100_000);
  await device.synchronize();
  // 16 bytes a line, and 32 for its place.
  const kept = Math.floor(2 ** 20 / 48);
  const [first, ...lines] = text.split('\n');
  expect(first).toBe(
    `[nodecuda: ${(100_000 - kept) * 16} bytes of printf output were lost: ` +
      '1 MiB is kept from one wait to the next]',
  );
  expect(lines.pop()).toBe('');
  expect(lines.length).toBe(kept);
  expect(lines[0]).toBe(`line ${String(100_000 - kept).padStart(10)}`);
  expect(lines.at(-1)).toBe('line      99999');
  text = '';
  kernel.launch(ONE, 2);
  await device.synchronize();
  expect(text).toBe('line          0\nline          1\n');
});

test('what is no UTF-8 becomes U+FFFD', async () => {
  const kernel = code.kernel('echo', ['const uint8*']);
  const listener = jest.fn();
  device.on('printf', listener);
  kernel.launch(ONE, device.from(new Uint8Array([...Buffer.from('für '), 0xff, 33, 0])));
  await device.synchronize();
  expect(listener.mock.calls).toEqual([['für \ufffd!\n']]);
});

test('text without an end is a fault, in words', async () => {
  const kernel = code.kernel('echo', ['const uint8*']);
  kernel.launch(ONE, device.from(new Uint8Array(100).fill(65)));
  const error = await failure(() => device.synchronize());
  expect(error).toMatchObject({ code: 'ERR_CUDA_KERNEL_FAULT', status: 700 });
  expect(error.message).toMatch(/kernel echo, .* a text has no NUL before its memory ends/);
});

test('a failed assertion is printed, and in the error, which comes after', async () => {
  const kernel = code.kernel('limited', ['const int32*', 'int32']);
  const log: string[] = [];
  device.on('printf', (text) => log.push(text));
  const values = device.from(new Int32Array([1, 50, 3, 60]));
  kernel.launch({ grid: 1, block: 4 }, values, 100);
  await device.synchronize();
  expect(log.splice(0)).toEqual([[1, 50, 3, 60].map((x) => `looking at ${x}\n`).join('')]);
  kernel.launch({ grid: 1, block: 4 }, values, 10);
  const error = await failure(() =>
    values.read().catch((e) => {
      log.push('rejected');
      throw e;
    }),
  );
  const words = (thread: number) =>
    `printing.cu:${LINE}: void limited(const int *, int): block: [0,0,0], ` +
    `thread: [${thread},0,0] Assertion \`value <= most && "too much"\` failed.`;
  expect(log.at(-1)).toBe('rejected');
  expect(log.slice(0, -1).join('')).toBe(
    [...[1, 50, 3, 60].map((x) => `looking at ${x}`), words(1), words(3), ''].join('\n'),
  );
  expect(error).toMatchObject({
    ...{ code: 'ERR_CUDA_KERNEL_FAULT', status: 710, statusName: 'cudaErrorAssert', fatal: true },
  });
  expect(error.message).toContain(words(1));
});

test('text before a fault comes with the first call that notices', async () => {
  const kernel = code.kernel('limited', ['const int32*', 'int32']);
  const log: string[] = [];
  device.on('printf', (text) => log.push(text));
  const values = device.from(new Int32Array([5]));
  kernel.launch(ONE, values, 4);
  for (;;) {
    try {
      device.memoryInfo();
      await new Promise(setImmediate);
    } catch {
      break;
    }
  }
  expect(log.join('')).toMatch(/^looking at 5\nprinting\.cu:.* failed\.\n$/);
});
