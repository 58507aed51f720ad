// CUDA calls that fail, each in turn. Hazards H25 to H29: a typed error, nothing leaked, the next
// operation works; after a fatal one everything pending is rejected and nothing is called any more.
import { CudaDeviceLostError, CudaError, type Device, type DeviceBuffer } from '../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
  plainRuntime,
} from '../support/devices.js';
import { failure } from '../support/errors.js';

let faulty: FaultyDevice;
let device: Device;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
});
afterEach(closeFaultyDevices);

interface Operands {
  x: DeviceBuffer<'float32'>;
  y: DeviceBuffer<'float32'>;
}

const HOST = new Float32Array([1, 2, 3, 4]);

/** Each makes CUDA calls, and leaves nothing open if it succeeds. */
const operations: Record<string, (operands: Operands) => unknown> = {
  alloc: () => device.alloc('float32', 100).dispose(),
  from: () => device.from(HOST).dispose(),
  write: ({ x }) => x.write(HOST),
  writeSync: ({ x }) => x.writeSync(HOST),
  read: ({ x }) => x.read(),
  readSync: ({ x }) => x.readSync(),
  fill: ({ x }) => x.fill(1),
  copyFrom: ({ x, y }) => x.copyFrom(y),
  add: ({ x, y }) => device.add(x, y).dispose(),
  'add in place': ({ x, y }) => device.add(x, y, { out: x }),
  matmul: ({ x, y }) => device.matmul(x, y, { m: 2, n: 2, k: 2 }).dispose(),
  'a stream': async ({ x }) => {
    using stream = device.createStream();
    x.fill(1, { stream });
    await stream.synchronize();
  },
  'an event': async () => {
    using event = device.createEvent();
    event.record();
    device.defaultStream.waitFor(event);
    event.query();
    await event.synchronize();
    event.synchronizeSync();
    event.elapsedMs(event);
  },
  synchronize: () => device.synchronize(),
  synchronizeSync: () => device.synchronizeSync(),
  memoryInfo: () => device.memoryInfo(),
  trim: () => device.trim(),
};

/** What freeing calls. */
const FREES: (string | undefined)[] = ['SetDevice', 'FreeAsync'];

async function prepare(): Promise<Operands> {
  const operands = { x: device.from(HOST), y: device.from(HOST) };
  // Loads the kernels, so that the calls that follow are the operation's own.
  device.matmul(operands.x, operands.y, { m: 2, n: 2, k: 2 }).dispose();
  await device.synchronize();
  return operands;
}

describe.each([
  [2, 'ERR_CUDA_OOM'],
  [1, 'ERR_CUDA_DRIVER'],
  [701, 'ERR_CUDA_LAUNCH'],
  [12345, 'ERR_CUDA_DRIVER'],
])('status %i, at every call of', (status, code) => {
  test.each(Object.keys(operations))('%s', async (name) => {
    const operands = await prepare();
    const handles = faulty.addon.liveHandles();
    let { allocations } = faulty.live();
    for (const mode of ['once', 'persistent'] as const) {
      for (let nth = 1; ; nth++) {
        faulty.clearLog();
        faulty.fail('*', nth, status, mode);
        let error: unknown;
        try {
          await operations[name]!(operands);
        } catch (caught) {
          error = caught;
        }
        const failed = faulty.log()[nth - 1];
        faulty.clear();
        if (error !== undefined) expect(error).toMatchObject({ code, status, fatal: false });
        // Memory is lost only where CUDA does not take it back.
        if (!FREES.includes(failed)) expect(faulty.live().allocations).toBe(allocations);
        allocations = faulty.live().allocations;
        await operations[name]!(operands);
        using sum = device.add(operands.x, operands.y);
        expect(await sum.read()).toHaveLength(4);
        if (failed === undefined) break;
        expect(nth).toBeLessThan(200);
      }
    }
    expect(faulty.addon.liveHandles().reads).toBe(handles.reads);
    expect(faulty.addon.liveHandles().streams).toBe(handles.streams);
    expect(faulty.addon.liveHandles().events).toBe(handles.events);
  });
});

test('out of memory once is not seen: memory that is kept is given back first', async () => {
  const before = device.memoryStats();
  faulty.fail('MallocFromPoolAsync', 1, 2, 'once');
  using buffer = device.alloc('float32', 100);
  expect(await buffer.read()).toEqual(new Float32Array(100));
  expect(device.memoryStats().currentCount).toBe(before.currentCount + 1);
});

test('out of memory for good has the figures, and leaves no allocation', async () => {
  faulty.fail('MallocFromPoolAsync', 1, 2, 'persistent');
  const error = await failure(() => device.alloc('float32', 100));
  expect(error).toMatchObject({
    code: 'ERR_CUDA_OOM',
    requested: 400,
    fatal: false,
    retryable: true,
  });
  expect((error as unknown as { total: number }).total).toBeGreaterThan(0);
  faulty.clear();
  expect(device.memoryStats().currentCount).toBe(0);
  device.alloc('float32', 100).dispose();
});

test('a launch that fails names the call and the device', async () => {
  const { x, y } = await prepare();
  faulty.fail('LaunchKernelExC', 1, 701);
  const error = await failure(() => device.add(x, y));
  expect(error).toMatchObject({
    name: 'CudaLaunchError',
    statusName: 'cudaErrorLaunchOutOfResources',
    operation: 'cudaLaunchKernelExC',
    device: 0,
  });
  expect(error.message).toContain('cudaLaunchKernelExC');
});

describe.each([
  [700, 'CudaKernelFaultError'],
  [710, 'CudaKernelFaultError'],
  [719, 'CudaKernelFaultError'],
  [214, 'CudaHardwareError'],
  [999, 'CudaDeviceLostError'],
])('fatal status %i', (status, name) => {
  test('rejects everything that is pending, and is the end of the device', async () => {
    const n = 160;
    const streams = Array.from({ length: 4 }, () => device.createStream());
    const a = device.alloc('float32', n * n);
    const pending: Promise<unknown>[] = streams.flatMap((stream) => {
      const c = device.matmul(a, a, { m: n, n, k: n, stream });
      return Array.from({ length: 16 }, () => c.read({ stream }));
    });
    const event = device.createEvent();
    event.record(streams[3]);
    pending.push(event.synchronize());
    const { lost } = device;
    const start = performance.now();
    faulty.fail('*', 1, status, 'sticky');
    const results = await Promise.allSettled(pending);
    const elapsed = performance.now() - start;

    const rejected = results.filter(({ status: result }) => result === 'rejected');
    expect(rejected.length).toBeGreaterThan(0);
    for (const { reason } of rejected as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(CudaDeviceLostError);
      expect(reason).toMatchObject({ name, status, fatal: true });
    }
    expect(elapsed).toBeLessThan(1000);
    expect(await lost).toMatchObject({ name, status });
    expect(device.lost).toBe(lost);

    // From here on nothing is called, and disposing is quiet.
    faulty.clearLog();
    for (const call of [
      () => device.alloc('float32', 1),
      () => device.from(new Float32Array(1)),
      () => device.add(a, a),
      () => device.matmul(a, a, { m: n, n, k: n }),
      () => device.createStream(),
      () => device.memoryInfo(),
      () => device.synchronize(),
      () => device.synchronizeSync(),
      () => device.trim(),
      () => a.read(),
      () => a.readSync(),
      () => a.write(new Float32Array(1)),
      () => a.writeSync(new Float32Array(1)),
      () => a.fill(1),
      () => streams[0]!.synchronize(),
      () => streams[0]!.query(),
      () => streams[0]!.waitFor(event),
      () => device.createEvent(),
      () => event.record(),
      () => event.query(),
      () => event.synchronize(),
      () => event.synchronizeSync(),
      () => event.elapsedMs(event),
    ]) {
      expect(await failure(call)).toMatchObject({ name, status, fatal: true });
    }
    a.dispose();
    event.dispose();
    for (const stream of streams) stream.dispose();
    device.dispose();
    expect(faulty.log()).toEqual([]);
  });
});

test('the first fatal error stays the one that is told', async () => {
  const x = device.from(HOST);
  faulty.fail('MemcpyAsync', 1, 700);
  expect(await failure(() => x.read())).toMatchObject({ status: 700 });
  faulty.clear();
  faulty.fail('*', 1, 999, 'sticky');
  expect(await failure(() => x.read())).toMatchObject({
    status: 700,
    code: 'ERR_CUDA_KERNEL_FAULT',
  });
  expect(await device.lost).toMatchObject({ status: 700 });
});

test('a loss that is noticed before anybody asks is still told', async () => {
  const x = device.from(HOST);
  faulty.fail('MemcpyAsync', 1, 719);
  await failure(() => x.read());
  expect(await device.lost).toMatchObject({ status: 719 });
});

test('another device is not touched', async () => {
  const other = openFaultyDevice();
  faulty.fail('*', 1, 700, 'sticky');
  await failure(() => device.from(HOST));
  const pending = Symbol('pending');
  expect(await Promise.race([other.device.lost, Promise.resolve(pending)])).toBe(pending);
  expect(await other.device.from(HOST).read()).toEqual(HOST);
});

test('an error that surfaces at an unrelated call loses the device', async () => {
  const x = device.from(HOST);
  device.add(x, x); // as if this one had failed later
  faulty.fail('StreamQuery', 1, 700);
  const error = (await failure(() => device.defaultStream.query())) as CudaError;
  expect(error).toMatchObject({ fatal: true, operation: 'cudaStreamQuery' });
});

test('a wait goes on while the event is not ready', async () => {
  const x = device.from(HOST);
  await device.synchronize();
  faulty.fail('EventQuery', 1, 600, 'persistent');
  const read = x.read();
  const late = new Promise((resolve) => setTimeout(resolve, 50, 'late'));
  expect(await Promise.race([read, late])).toBe('late');
  faulty.clear();
  expect(await read).toEqual(HOST);
});

test('a device that cannot be opened leaves nothing behind', async () => {
  const { openDevice } = require('../../lib/methods');
  const { addon } = faulty;
  const before = addon.liveHandles();
  const inner = plainRuntime(addon);
  const runtime = addon.faultRuntime(inner);
  for (let nth = 1; ; nth++) {
    addon.faultClearLog(runtime);
    addon.faultFail(runtime, '*', nth, 1, 'persistent');
    let opened: Device | undefined;
    try {
      opened = openDevice(runtime, 0, false) as Device;
    } catch (error) {
      expect(error).toBeInstanceOf(CudaError);
    }
    const calls = addon.faultLog(runtime).length;
    addon.faultClear(runtime);
    opened?.dispose();
    if (calls < nth) break;
    expect(nth).toBeLessThan(100);
  }
  const device = openDevice(runtime, 0, false) as Device;
  expect(await device.from(HOST).read()).toEqual(HOST);
  device.dispose();
  addon.closeRuntime(runtime);
  addon.closeRuntime(inner);
  expect(addon.liveHandles()).toEqual(before);
});
