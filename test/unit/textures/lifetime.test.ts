// Who keeps arrays, textures and surfaces alive, when they are given back, and in which order they are used.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Device, Surface, Texture, TextureArray } from '../../../lib/index.js';
import { runChild } from '../../support/child.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { DISPOSED, failure, thrown } from '../../support/errors.js';
import { refusedBy } from '../../support/faults.js';

const textOf = (topic: string) =>
  readFileSync(join(__dirname, `../../corpus/textures/${topic}.ptx`), 'utf8');
const ONE = { grid: 1, block: 32 };

let faulty: FaultyDevice;
let device: Device;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
});
afterEach(closeFaultyDevices);

function open() {
  const array = device.createTextureArray({ dtype: 'float32', width: 8, height: 4, surface: true });
  const texture = device.createTexture(array);
  const surface = device.createSurface(array);
  return { array, texture, surface };
}

/** Waits until nothing of the kind is left: a thread gives it back. */
async function gone(kind: 'arrays' | 'textures'): Promise<void> {
  for (let i = 0; i < 1000 && faulty.live()[kind] > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(faulty.live()[kind]).toBe(0);
}

test('what is disposed is given back, in any order and with its device', async () => {
  const one = open();
  expect(faulty.live()).toMatchObject({ arrays: 1, textures: 2 });
  for (const each of [one.array, one.texture, one.surface]) {
    {
      using same = each;
      same.dispose();
    }
    expect(each.disposed).toBe(true);
  }
  await gone('textures');
  await gone('arrays');
  open();
  device.dispose();
  await gone('textures');
  await gone('arrays');
});

describe('after dispose every method is refused, without a CUDA call', () => {
  const methods: Record<string, (array: TextureArray) => unknown> = {
    write: (array) => array.write(undefined as never),
    read: (array) => array.read(),
    readSync: (array) => array.readSync(),
    copyFrom: (array) => array.copyFrom(undefined as never),
    copyTo: (array) => array.copyTo(undefined as never),
  };

  test('this list is complete', () => {
    const stays = ['channels', 'constructor', 'device', 'dispose', 'disposed', 'dtype', 'length'];
    const names = Object.getOwnPropertyNames(open().array.constructor.prototype);
    expect(names.filter((name) => !stays.includes(name)).sort()).toEqual(
      Object.keys(methods).sort(),
    );
  });

  test.each(['by itself', 'with its device'])('%s', async (how) => {
    const { array, texture, surface } = open();
    const kernel = device.loadModule(textOf('reading')).kernel('query', ['texture', 'uint32*']);
    const paint = device.loadModule(textOf('surfaces')).kernel('misaligned', ['surface']);
    const out = device.alloc('uint32', 4);
    if (how === 'by itself') for (const each of [array, texture, surface]) each.dispose();
    else device.dispose();
    await gone('arrays');
    for (const call of [
      ...Object.values(methods).map((method) => () => method(array)),
      () => device.createTexture(array),
      () => device.createSurface(array),
      () => kernel.launch(ONE, texture, out),
      () => paint.launch(ONE, surface),
    ]) {
      await refusedBy(faulty, call, DISPOSED);
    }
  });
});

test('a texture keeps the memory of a buffer, and a surface that of an array', async () => {
  const buffer = device.from(Float32Array.of(1, 2, 3, 4));
  const texture = device.createTexture(buffer);
  buffer.dispose();
  const fetch = device
    .loadModule(textOf('reading'))
    .kernel('fetch_floats', ['texture', 'float32*', 'int32', 'int32']);
  const out = device.alloc('float32', 4);
  fetch.launch(ONE, texture, out, 0, 4);
  expect([...(await out.read())]).toEqual([1, 2, 3, 4]);
  const { array, surface, texture: other } = open();
  array.dispose();
  other.dispose();
  device
    .loadModule(textOf('surfaces'))
    .kernel('paint', ['surface', 'int32', 'int32'])
    .launch({ grid: 1, block: [8, 4] }, surface, 8, 4);
  await device.synchronize();
  expect(faulty.live().arrays).toBe(1);
  surface.dispose();
  await gone('arrays');
});

test('what is enqueued with a texture completes after its disposal', async () => {
  const slow = device.createStream();
  const buffer = device.from(Float32Array.of(1, 2, 3, 4));
  const texture = device.createTexture(buffer);
  const fetch = device
    .loadModule(textOf('reading'))
    .kernel('fetch_floats', ['texture', 'float32*', 'int32', 'int32']);
  const out = device.alloc('float32', 4);
  for (let i = 0; i < 50; i++) fetch.launch({ ...ONE, stream: slow }, texture, out, 0, 4);
  texture.dispose();
  buffer.dispose();
  expect([...(await out.read())]).toEqual([1, 2, 3, 4]);
  await gone('textures');
});

test('a prepared launch asks each time whether its texture is open', () => {
  const { texture } = open();
  const query = device.loadModule(textOf('reading')).kernel('query', ['texture', 'uint32*']);
  const prepared = query.prepare(ONE, texture, device.alloc('uint32', 4));
  prepared.run();
  texture.dispose();
  expect(thrown(() => prepared.run())).toMatchObject(DISPOSED);
});

describe('order among streams', () => {
  const waits = () => faulty.log().filter((call) => call === 'StreamWaitEvent').length;

  test('a texture is a read, and a surface a write, of what it is made of', async () => {
    const { array, texture, surface } = open();
    const plane = device
      .loadModule(textOf('reading'))
      .kernel('plane', ['texture', 'const float32*', 'float32*', 'int32']);
    const paint = device
      .loadModule(textOf('surfaces'))
      .kernel('paint', ['surface', 'int32', 'int32']);
    const [first, second] = [device.createStream(), device.createStream()];
    const at = device.from(Float32Array.of(7, 3, 0, 0));
    const outs = [device.alloc('float32', 4), device.alloc('float32', 4)];
    await device.synchronize();
    faulty.clearLog();
    paint.launch({ grid: 1, block: [8, 4], stream: first }, surface, 8, 4);
    expect(waits()).toBe(1); // for what made it zero
    plane.launch({ ...ONE, stream: second }, texture, at, outs[0]!, 1);
    expect(waits()).toBeGreaterThan(1); // for the paint
    const before = waits();
    array.write(new Float32Array(32).fill(5), { stream: first });
    expect(waits()).toBe(before + 1); // for the read
    plane.launch({ ...ONE, stream: second }, texture, at, outs[1]!, 1);
    expect([(await outs[0]!.read())[0], (await outs[1]!.read())[0]]).toEqual([307, 5]);
  });

  test('reads of one texture on several streams do not wait for each other', () => {
    const { texture } = open();
    const query = device.loadModule(textOf('reading')).kernel('query', ['texture', 'uint32*']);
    const [first, second] = [device.createStream(), device.createStream()];
    const outs = [
      device.alloc('uint32', 4, { stream: first }),
      device.alloc('uint32', 4, { stream: second }),
    ];
    query.launch({ ...ONE, stream: first }, texture, outs[0]!);
    query.launch({ ...ONE, stream: second }, texture, outs[1]!);
    faulty.clearLog();
    query.launch({ ...ONE, stream: first }, texture, outs[0]!);
    query.launch({ ...ONE, stream: second }, texture, outs[1]!);
    expect(faulty.log().filter((call) => call !== 'SetDevice')).toEqual([
      ...['LaunchKernelExC', 'LaunchKernelExC'],
    ]);
  });
});

describe('failures leave nothing behind', () => {
  test.each([
    ['Malloc3DArray', 1, 2, 'CudaOutOfMemoryError'],
    ['MallocFromPoolAsync', 1, 2, 'CudaOutOfMemoryError'],
    ['Memcpy3DAsync', 1, 1, 'CudaDriverError'],
  ])('%s, of an array', async (call, nth, status, name) => {
    faulty.fail(call, nth, status, 'persistent');
    const make = () => device.createTextureArray({ dtype: 'float32', width: 8 });
    expect(thrown(make)).toMatchObject({ name, status });
    faulty.clear();
    await gone('arrays');
    make().dispose();
  });

  test.each([
    ['CreateTextureObject', (array: TextureArray) => device.createTexture(array)],
    ['CreateSurfaceObject', (array: TextureArray) => device.createSurface(array)],
  ] as const)('%s', async (call, make) => {
    const { array, texture, surface } = open();
    faulty.fail(call, 1, 1);
    expect(thrown(() => make(array))).toMatchObject({ status: 1 });
    for (const each of [array, texture, surface]) each.dispose();
    await gone('textures');
    await gone('arrays');
  });

  test('an array that the device has no memory for', () => {
    const half = {
      dtype: 'float32',
      channels: 4,
      width: 4096,
      height: 2304,
      zeroed: false,
    } as const;
    device.createTextureArray(half);
    const error = thrown(() => device.createTextureArray(half));
    expect(error).toMatchObject({ name: 'CudaOutOfMemoryError', status: 2 });
    expect(error.message).toContain('150994944 bytes asked for, 117440512 of 268435456 bytes free');
  });
});

test('printed, and not to be cloned', () => {
  const { array, texture, surface } = open();
  const lines = (value: unknown) => inspect(value, { breakLength: 60 }).replace(/\n\s*/g, ' ');
  const where = `device: { index: 0, name: '${device.name}' }, disposed: false }`;
  const shape = "dtype: 'float32', channels: 1, width: 8, height: 4";
  expect(lines(array)).toBe(`TextureArray { ${shape}, ${where}`);
  expect(lines(texture)).toBe(`Texture { ${where}`);
  expect(lines(surface)).toBe(`Surface { ${where}`);
  for (const each of [array, texture, surface] as (TextureArray | Texture | Surface)[]) {
    expect(thrown(() => structuredClone(each)).name).toBe('DataCloneError');
  }
});

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
         const array = device.createTextureArray({ dtype: 'float32', width: 8, surface: true });
         device.createTexture(array);
         device.createSurface(array);
       })();
       for (let i = 0; i < 500 && live() !== before; i++) {
         gc();
         await new Promise((resolve) => setTimeout(resolve, 10));
       }
       console.log(live() === before, warned.sort().join());
     })();`,
    { args: ['--expose-gc'] },
  );
  expect([stdout.trim(), stderr]).toEqual(['true Surface,Texture,TextureArray', '']);
});

test('a kernel faults that reads a texture which does not fit its instruction', async () => {
  const { texture } = open();
  const line = device
    .loadModule(textOf('reading'))
    .kernel('line', ['texture', 'const float32*', 'float32*', 'int32']);
  line.launch(ONE, texture, device.alloc('float32', 4), device.alloc('float32', 4), 1);
  const error = await failure(() => device.synchronize());
  expect(error.name).toBe('CudaKernelFaultError');
  expect(error.message).toContain(
    'the texture has another number of dimensions than the instruction',
  );
});
