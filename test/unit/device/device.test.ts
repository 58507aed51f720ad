import { cuda, type Device } from '../../../lib/index.js';
import { plainRuntime } from '../../support/devices.js';
import { ARG_RANGE, failure, thrown, WRONG_DEVICE } from '../../support/errors.js';

let device: Device;
beforeAll(() => {
  device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
});
afterAll(() => device.dispose());

test('describes itself', () => {
  expect(device).toMatchObject({
    index: 0,
    isSimulated: true,
    totalMemory: 2 ** 26,
    computeCapability: { major: 9, minor: 0 },
    disposed: false,
  });
  expect(device.name).not.toBe('');
  expect(device.uuid).toMatch(/^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(device.multiprocessorCount).toBeGreaterThan(0);
  const { properties } = device;
  expect(properties).toMatchObject({ warpSize: 32, maxThreadsPerBlock: 1024 });
  expect(properties.maxGridDim).toHaveLength(3);
  expect(Object.isFrozen(properties) && Object.isFrozen(properties.maxGridDim)).toBe(true);
});

describe('streams', () => {
  test('have the priority that was asked for', () => {
    const { least, greatest } = device.streamPriorities;
    expect(greatest).toBeLessThanOrEqual(least);
    using usual = device.createStream();
    using urgent = device.createStream({ priority: greatest });
    expect([usual.priority, urgent.priority]).toEqual([0, greatest]);
    expect(usual.device).toBe(device);
    expect(thrown(() => device.createStream({ priority: greatest - 1 }))).toMatchObject(ARG_RANGE);
    expect(thrown(() => device.createStream({ priority: least + 1 }))).toMatchObject(ARG_RANGE);
  });

  test('are waited for', async () => {
    using stream = device.createStream();
    using x = device.alloc('float32', 100_000, { stream });
    x.fill(1, { stream });
    await stream.synchronize();
    expect(stream.query()).toBe(true);
    x.fill(2, { stream });
    stream.synchronizeSync();
    expect(stream.query()).toBe(true);
    x.fill(3, { stream });
    await device.synchronize();
    expect(stream.query()).toBe(true);
    x.fill(4, { stream });
    device.synchronizeSync();
    expect(stream.query()).toBe(true);
  });

  test('the uses of one buffer on two streams are in order', async () => {
    using one = device.createStream();
    using two = device.createStream();
    using x = device.alloc('int32', 50_000);
    using y = device.alloc('int32', 50_000);
    for (let i = 1; i <= 20; i++) {
      x.fill(i, { stream: one });
      device.add(x, y, { out: y, stream: two });
    }
    const sum = await y.read({ stream: one });
    expect(new Set(sum)).toEqual(new Set([210]));
  });
});

describe('other devices', () => {
  let other: Device;
  beforeAll(() => {
    other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  });
  afterAll(() => other.dispose());

  test('their buffers and streams are refused', async () => {
    using x = device.alloc('float32', 4);
    using far = other.alloc('float32', 4);
    using stream = other.createStream();
    for (const call of [
      () => device.add(x, far),
      () => device.add(far, far),
      () => device.add(x, x, { out: far }),
      () => device.matmul(x, far, { m: 2, n: 2, k: 2 }),
      () => device.matmul(x, x, { m: 2, n: 2, k: 2, out: far }),
      () => x.copyFrom(far),
      () => device.add(x, x, { stream }),
      () => x.fill(1, { stream }),
      () => x.read({ stream }),
      () => x.write(new Float32Array(4), { stream }),
      () => device.alloc('float32', 1, { stream }),
      () => device.from(new Float32Array(1), { stream }),
    ]) {
      expect(await failure(call)).toMatchObject(WRONG_DEVICE);
    }
  });

  test('work on a buffer happens on its own device', async () => {
    using x = other.from(new Float32Array([1, 2]));
    using z = other.add(x, x);
    expect(z.device).toBe(other);
    expect(await z.read()).toEqual(new Float32Array([2, 4]));
  });
});

test('Device objects of one physical device share buffers and streams', async () => {
  const { native } = require('../../../lib/addon/load');
  const { openDevice } = require('../../../lib/methods');
  const runtime = plainRuntime(native());
  const one: Device = openDevice(runtime, 0, false);
  const two: Device = openDevice(runtime, 0, false);
  const x = one.from(new Float32Array([1, 2]));
  const stream = one.createStream();
  const z = two.add(x, x, { stream });
  expect(await z.read()).toEqual(new Float32Array([2, 4]));
  one.dispose();
  expect(await z.read()).toEqual(new Float32Array([2, 4]));
  expect(x.disposed).toBe(true);
  two.dispose();
  native().closeRuntime(runtime);
});
