// Hazards H14 to H19, H22, H43: dispose is idempotent and quiet, what is disposed is refused, what
// is in flight completes, what is dropped is freed, and nobody sees another's bytes.

import { CudaEvent, cuda, type Device, DeviceBuffer, Stream } from '../../lib/index.js';
import { ElementwiseOperations } from '../../lib/operations/elementwise/methods.js';
import { UnaryOperations } from '../../lib/operations/elementwise/unary-methods.js';
import { ReductionOperations } from '../../lib/operations/reduce/methods.js';
import { SoftmaxOperations } from '../../lib/operations/softmax/methods.js';
import { TransposeOperations } from '../../lib/operations/transpose/methods.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../support/devices.js';
import { DISPOSED, failure } from '../support/errors.js';

let faulty: FaultyDevice;
let device: Device;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
});
afterEach(closeFaultyDevices);

test('dispose may be called again, by hand and by using', () => {
  {
    using buffer = device.alloc('float32', 4);
    using stream = device.createStream();
    buffer.dispose();
    buffer.dispose();
    stream.dispose();
    buffer[Symbol.dispose]();
    expect(buffer.disposed && stream.disposed).toBe(true);
  }
  device.dispose();
  device.dispose();
  expect(device.disposed).toBe(true);
});

describe('after dispose every method is refused, without a CUDA call', () => {
  const buffers: Record<string, (buffer: DeviceBuffer<'float32'>) => unknown> = {
    write: (b) => b.write(new Float32Array(4)),
    writeSync: (b) => b.writeSync(new Float32Array(4)),
    read: (b) => b.read(),
    readSync: (b) => b.readSync(),
    fill: (b) => b.fill(1),
    copyFrom: (b) => b.copyFrom(device.disposed ? b : device.alloc('float32', 4)),
    slice: (b) => b.slice(),
  };
  const streams: Record<string, (stream: Stream) => unknown> = {
    synchronize: (s) => s.synchronize(),
    synchronizeSync: (s) => s.synchronizeSync(),
    query: (s) => s.query(),
    waitFor: (s) => s.waitFor(undefined as never),
  };
  const events: Record<string, (event: CudaEvent) => unknown> = {
    record: (e) => e.record(),
    query: (e) => e.query(),
    synchronize: (e) => e.synchronize(),
    synchronizeSync: (e) => e.synchronizeSync(),
    elapsedMs: (e) => e.elapsedMs(undefined as never),
  };
  const devices: Record<string, (device: Device) => unknown> = {
    streamPriorities: (d) => d.streamPriorities,
    memoryInfo: (d) => d.memoryInfo(),
    memoryStats: (d) => d.memoryStats(),
    trim: (d) => d.trim(),
    alloc: (d) => d.alloc('float32', 1),
    allocAsync: (d) => d.allocAsync('float32', 1),
    from: (d) => d.from(new Float32Array(1)),
    preload: (d) => d.preload(),
    profile: (d) => d.profile(() => {}),
    on: (d) => d.on('printf', () => {}),
    off: (d) => d.off('printf', () => {}),
    matmul: (d) => d.matmul(undefined as never, undefined as never, { m: 1, n: 1, k: 1 }),
    planMatmul: (d) => d.planMatmul({ dtype: 'float32', m: 1, n: 1, k: 1 }),
    createStream: (d) => d.createStream(),
    createEvent: (d) => d.createEvent(),
    synchronize: (d) => d.synchronize(),
    synchronizeSync: (d) => d.synchronizeSync(),
    loadModule: (d) => d.loadModule(undefined as never),
    compile: (d) => d.compile(undefined as never),
    warm: (d) => d.warm(undefined as never),
    link: (d) => d.link(undefined as never),
    tensorMap: (d) => d.tensorMap(undefined as never),
    createTextureArray: (d) => d.createTextureArray(undefined as never),
    createTexture: (d) => d.createTexture(undefined as never),
    createSurface: (d) => d.createSurface(undefined as never),
  };
  // The operations: refused before their arguments are looked at, so none are given.
  for (const Class of [
    ElementwiseOperations,
    UnaryOperations,
    ReductionOperations,
    SoftmaxOperations,
    TransposeOperations,
  ]) {
    for (const name of Object.getOwnPropertyNames(Class.prototype)) {
      if (name === 'constructor') continue;
      devices[name] ??= (d) => (d as unknown as Record<string, () => unknown>)[name]!.call(d);
    }
  }
  // What stays: names and figures, and what asks or makes sure that it is disposed.
  const staysUsable: Record<string, string[]> = {
    DeviceBuffer: ['dtype', 'length', 'byteLength', 'device', 'disposed', 'dispose'],
    Stream: ['device', 'priority', 'disposed', 'dispose'],
    CudaEvent: ['device', 'disposed', 'dispose'],
    Device: ['disposed', 'dispose', 'defaultStream', 'lost', 'checkReport'],
  };

  test('this list is complete', () => {
    for (const [Class, methods] of [
      [DeviceBuffer, buffers],
      [Stream, streams],
      [CudaEvent, events],
      [device.constructor, devices],
    ] as const) {
      const names = Object.getOwnPropertyNames(Class.prototype);
      const known = ['constructor', ...Object.keys(methods), ...staysUsable[Class.name]!];
      expect(names.sort()).toEqual(known.sort());
    }
  });

  test.each(Object.entries(buffers))('DeviceBuffer.%s', async (_, call) => {
    const buffer = device.alloc('float32', 4);
    const view = buffer.slice();
    buffer.dispose();
    expect(await failure(() => call(buffer))).toMatchObject(DISPOSED);
    expect(await view.read()).toEqual(new Float32Array(4));
    device.dispose();
    faulty.clearLog();
    expect(await failure(() => call(view))).toMatchObject(DISPOSED);
    expect(faulty.log()).toEqual([]);
    expect(view.disposed).toBe(true);
  });

  test.each(Object.entries(streams))('Stream.%s', async (_, call) => {
    const stream = device.createStream();
    stream.dispose();
    faulty.clearLog();
    expect(await failure(() => call(stream))).toMatchObject(DISPOSED);
    const { defaultStream } = device;
    device.dispose();
    faulty.clearLog();
    expect(await failure(() => call(defaultStream))).toMatchObject(DISPOSED);
    expect(faulty.log()).toEqual([]);
  });

  test.each(Object.entries(events))('CudaEvent.%s', async (_, call) => {
    const event = device.createEvent();
    event.dispose();
    const orphan = device.createEvent();
    device.dispose();
    faulty.clearLog();
    expect(await failure(() => call(event))).toMatchObject(DISPOSED);
    expect(await failure(() => call(orphan))).toMatchObject(DISPOSED);
    expect(faulty.log()).toEqual([]);
  });

  test.each(Object.entries(devices))('Device.%s', async (_, call) => {
    device.dispose();
    faulty.clearLog();
    expect(await failure(() => call(device))).toMatchObject(DISPOSED);
    expect(faulty.log()).toEqual([]);
  });

  test('as an argument', async () => {
    const x = device.alloc('float32', 4);
    const gone = device.alloc('float32', 4);
    const stream = device.createStream();
    const event = device.createEvent();
    const goneEvent = device.createEvent();
    gone.dispose();
    stream.dispose();
    goneEvent.dispose();
    faulty.clearLog();
    for (const call of [
      () => device.add(x, gone),
      () => device.add(gone, x),
      () => device.add(x, x, { out: gone }),
      () => device.matmul(x, gone, { m: 2, n: 2, k: 2 }),
      () => x.copyFrom(gone),
      () => device.add(x, x, { stream }),
      () => x.fill(1, { stream }),
      () => x.read({ stream }),
      () => x.write(new Float32Array(4), { stream }),
      () => device.alloc('float32', 4, { stream }),
      () => event.record(stream),
      () => event.elapsedMs(goneEvent),
      () => device.defaultStream.waitFor(goneEvent),
    ]) {
      expect(await failure(call)).toMatchObject(DISPOSED);
    }
    expect(faulty.log()).toEqual([]);
  });
});

test('the default stream lives as long as its device', async () => {
  const stream = device.defaultStream;
  stream.dispose();
  expect(stream.disposed).toBe(false);
  await stream.synchronize();
  expect(device.defaultStream).toBe(stream);
});

test('what is in flight completes when its buffers and stream are disposed', async () => {
  const n = 128;
  const stream = device.createStream();
  const a = device.from(new Float32Array(n * n).fill(1));
  const b = device.from(new Float32Array(n * n).fill(2));
  const c = device.matmul(a, b, { m: n, n, k: n, stream });
  const read = c.read({ stream });
  for (const each of [a, b, c, stream]) each.dispose();
  expect(new Set(await read)).toEqual(new Set([2 * n]));
});

// One rule: what was enqueued completes, and who waits for it gets it.
describe.each(['idle', 'behind work'])('disposed with waits pending, %s', (state) => {
  test.each(['buffer', 'stream', 'event', 'device'] as const)('%s', async (name) => {
    const n = 160;
    const stream = device.createStream();
    const event = device.createEvent();
    const buffer = device.from(new Float32Array(n * n).fill(1), { stream });
    const product =
      state === 'idle' ? buffer : device.matmul(buffer, buffer, { m: n, n, k: n, stream });
    const written = product.write(new Float32Array([7]), { stream });
    const read = product.read({ stream });
    const late = buffer.read({ stream });
    event.record(stream);
    const waits = [written, event.synchronize(), stream.synchronize(), device.synchronize()];
    ({ buffer, stream, event, device })[name].dispose();
    expect((await read).subarray(0, 2)).toEqual(new Float32Array([7, state === 'idle' ? 1 : n]));
    expect((await late)[1]).toBe(1);
    expect(await Promise.all(waits)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test('device.synchronize waits for streams that were disposed with work on them', async () => {
  const n = 160;
  const event = device.createEvent();
  const x = device.from(new Float32Array(n * n));
  for (const wait of [() => device.synchronize(), () => device.synchronizeSync()]) {
    const stream = device.createStream();
    for (let i = 0; i < 4; i++) device.matmul(x, x, { m: n, n, k: n, stream }).dispose();
    event.record(stream);
    stream.dispose();
    await wait();
    expect(event.query()).toBe(true);
  }
});

// Every order in which five things can be disposed.
function orders<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) =>
    orders(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]),
  );
}

test('all 120 orders of disposing: nothing is left', async () => {
  const baseline = faulty.addon.liveHandles();
  for (const order of orders([0, 1, 2, 3, 4])) {
    const own = cuda.simulatedDevice({ memoryBytes: 2 ** 24, workers: 1 });
    const stream = own.createStream();
    const x = own.from(new Float32Array(1000));
    const view = x.slice(10, 20);
    const z = own.add(x, x, { stream });
    for (const i of order) [own, stream, x, view, z][i]!.dispose();
  }
  expect(faulty.addon.liveHandles()).toEqual(baseline);
});

test('closing a device gives everything back', async () => {
  device.add(device.alloc('float32', 1000), device.alloc('float32', 1000));
  device.createStream();
  await device.alloc('float32', 10).read();
  expect(faulty.live().allocations).toBeGreaterThan(0);
  device.dispose();
  expect(faulty.live()).toMatchObject({ allocations: 0 });
});

test('a handle that was closed is not taken for the next one', async () => {
  for (let i = 0; i < 100; i++) {
    const old = device.alloc('float32', 1);
    old.dispose();
    const next = device.alloc('float32', 1);
    expect(await failure(() => old.fill(1))).toMatchObject(DISPOSED);
    next.dispose();
  }
});

test('memory that comes back is zeroed', async () => {
  for (let i = 0; i < 50; i++) {
    const length = 1 + ((i * 37) % 200);
    const dirty = device.alloc('uint8', length).fill(0xaa);
    dirty.dispose();
    using clean = device.alloc('uint8', length);
    expect((await clean.read()).every((value) => value === 0)).toBe(true);
  }
});

test('the bytes of a copy are not those of an earlier one', async () => {
  using dirty = device.from(new Uint8Array(1000).fill(0xaa));
  await dirty.read();
  using short = device.from(new Uint8Array([1, 2, 3]));
  const host = await short.read();
  expect(host.buffer.byteLength).toBe(3);
  expect(host).toEqual(new Uint8Array([1, 2, 3]));
});
