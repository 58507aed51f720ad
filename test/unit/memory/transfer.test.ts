// Host memory of every kind. Hazards H6, H7, H20, H21: what is copied is what was there at the time
// of the call, and nothing is written to memory that is no longer the caller's.
import type { Device, DeviceBuffer } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { ARG_TYPE, failure } from '../../support/errors.js';
import { detach, resizable, wasmMemory } from '../../support/memory.js';

let device: Device;
let buffer: DeviceBuffer<'float32'>;
beforeAll(() => {
  device = openTestDevice();
});
beforeEach(() => {
  buffer = device.from(new Float32Array([1, 2, 3, 4]));
});
afterEach(() => buffer.dispose());
afterAll(() => device.dispose());

const NINES = [9, 9, 9, 9];

const sources: Record<string, () => ArrayBufferView> = {
  'a typed array': () => new Float32Array(NINES),
  'part of an array': () => new Float32Array([0, ...NINES, 0]).subarray(1, 5),
  'a pooled Buffer': () => {
    const pooled = Buffer.allocUnsafe(16);
    for (let i = 0; i < 4; i++) pooled.writeFloatLE(9, 4 * i);
    return pooled;
  },
  'a Buffer at an odd address': () => {
    const odd = Buffer.alloc(17).subarray(1);
    for (let i = 0; i < 4; i++) odd.writeFloatLE(9, 4 * i);
    return odd;
  },
  'a DataView': () => new DataView(new Float32Array(NINES).buffer),
  'a subclass': () => new (class extends Float32Array {})(NINES),
  'shared memory': () => {
    const view = new Float32Array(new SharedArrayBuffer(16));
    view.set(NINES);
    return view;
  },
  'memory of WebAssembly': () => {
    const view = new Float32Array(wasmMemory(), 64, 4);
    view.set(NINES);
    return view;
  },
  'resizable memory': () => {
    const view = new Float32Array(resizable(32, 64), 0, 4);
    view.set(NINES);
    return view;
  },
  'a view that tracks its memory': () => {
    const memory = resizable(8, 64);
    const view = new Float32Array(memory);
    memory.resize(16);
    view.set(NINES);
    return view;
  },
};

describe.each(Object.entries(sources))('%s', (_, make) => {
  test('is written', async () => {
    await buffer.write(make());
    expect(await buffer.read()).toEqual(new Float32Array(NINES));
  });

  test('is a source for a new buffer', async () => {
    using other = device.from(make(), { dtype: 'float32' });
    expect(await other.read()).toEqual(new Float32Array(NINES));
  });

  test('is read into', async () => {
    const view = make();
    expect(await buffer.read(view)).toBe(view);
    const copy = new Float32Array(4);
    new Uint8Array(copy.buffer).set(new Uint8Array(view.buffer, view.byteOffset, 16));
    expect(copy).toEqual(new Float32Array([1, 2, 3, 4]));
    expect(buffer.readSync(view)).toBe(view);
  });
});

test('an empty view, even of an empty buffer, is nothing to copy', async () => {
  await buffer.write(new Float32Array(0));
  await buffer.read(new Float32Array(0));
  await buffer.write(new Float32Array(new ArrayBuffer(0)));
  expect(await buffer.read()).toEqual(new Float32Array([1, 2, 3, 4]));
});

describe('a source that changes after the call', () => {
  const SIZE = 1_000_000; // more than one block of staging would be copied at once
  const full = () => new Float32Array(SIZE).fill(9);

  test.each([
    ['is overwritten', (view: Float32Array) => view.fill(0)],
    ['is detached', (view: Float32Array) => detach(view.buffer)],
  ])('%s', async (_, change) => {
    using big = device.alloc('float32', SIZE);
    const view = full();
    const written = big.write(view);
    change(view);
    await written;
    expect((await big.read()).every((value) => value === 9)).toBe(true);
    const again = full();
    using other = device.from(again);
    change(again);
    expect((await other.read()).every((value) => value === 9)).toBe(true);
  });

  test('is resized to nothing', async () => {
    const memory = resizable(4 * SIZE, 4 * SIZE);
    const view = new Float32Array(memory).fill(9);
    using big = device.from(view);
    memory.resize(0);
    expect((await big.read()).every((value) => value === 9)).toBe(true);
  });
});

describe('a destination that changes while it is waited for', () => {
  test('detached: a TypeError', async () => {
    const view = new Float32Array(4);
    const read = buffer.read(view);
    const moved = detach(view.buffer);
    expect(await failure(() => read)).toMatchObject(ARG_TYPE);
    expect(new Float32Array(moved)).toEqual(new Float32Array(4));
  });

  test('too small, or longer: a TypeError and no write', async () => {
    for (const bytes of [0, 8, 32]) {
      const memory = resizable(16, 64);
      const view = new Float32Array(memory);
      const read = buffer.read(view);
      memory.resize(bytes);
      expect(await failure(() => read)).toMatchObject(ARG_TYPE);
      expect(new Float32Array(memory).every((value) => value === 0)).toBe(true);
    }
  });

  test('the buffer can be read again, and nothing is left open', async () => {
    const { native } = require('../../../lib/addon/load');
    const before = native().liveHandles().reads;
    for (let i = 0; i < 20; i++) {
      const view = new Float32Array(4);
      const read = buffer.read(view);
      detach(view.buffer);
      await failure(() => read);
    }
    expect(native().liveHandles().reads).toBe(before);
    expect(await buffer.read()).toEqual(new Float32Array([1, 2, 3, 4]));
  });
});

test('a read does not write to its destination before it resolves', async () => {
  const view = new Float32Array(4);
  const read = buffer.read(view);
  for (let i = 0; i < 1e6; i++); // let the device finish
  expect(view).toEqual(new Float32Array(4));
  await read;
  expect(view).toEqual(new Float32Array([1, 2, 3, 4]));
});
