// Events: order across streams, device time, and what goes wrong with them. For wrong arguments see
// arguments.test.ts, for use after dispose lifetime.test.ts, for each failing call faults.test.ts.
import {
  CudaDriverError,
  type Device,
  type DeviceBuffer,
  type Stream,
} from '../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
  plainRuntime,
} from '../../support/devices.js';
import {
  ARG_RANGE,
  ARG_TYPE,
  DISPOSED,
  failure,
  thrown,
  WRONG_DEVICE,
} from '../../support/errors.js';

const N = 96;
let faulty: FaultyDevice;
let device: Device;
let matrix: DeviceBuffer<'float32'>;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
  matrix = device.alloc('float32', N * N);
});
afterEach(closeFaultyDevices);

/** Some milliseconds of work. */
function work(stream?: Stream): void {
  device.matmul(matrix, matrix, { m: N, n: N, k: N, ...(stream && { stream }) }).dispose();
}

describe('order', () => {
  test('a stream waits for an event of another', async () => {
    const early = device.createStream();
    // It would overtake.
    const late = device.createStream({ priority: device.streamPriorities.greatest });
    const event = device.createEvent();
    const after = device.createEvent();
    for (let i = 0; i < 5; i++) work(early);
    event.record(early);
    late.waitFor(event);
    after.record(late);
    await after.synchronize();
    expect(event.query()).toBe(true);
    expect(event.elapsedMs(after)).toBeGreaterThanOrEqual(0);
  });

  test('the last recording counts', async () => {
    const event = device.createEvent();
    const start = device.createEvent();
    start.record();
    event.record();
    work();
    event.record();
    await event.synchronize();
    expect(start.elapsedMs(event)).toBeGreaterThan(0);
  });

  test('synchronizeSync waits for what was enqueued before, on the default stream', () => {
    const event = device.createEvent();
    work();
    event.record();
    event.synchronizeSync();
    expect(event.query()).toBe(true);
    expect(device.defaultStream.query()).toBe(true);
  });

  test('an event that was never recorded holds nobody up', async () => {
    const event = device.createEvent();
    const stream = device.createStream();
    stream.waitFor(event);
    await stream.synchronize();
    expect(event.query()).toBe(true);
    await event.synchronize();
    event.synchronizeSync();
  });

  test('query is false and a promise waits while the event is not reached', async () => {
    const event = device.createEvent();
    event.record();
    faulty.fail('EventQuery', 1, 600, 'persistent');
    expect(event.query()).toBe(false);
    const reached = event.synchronize();
    const late = new Promise((resolve) => setTimeout(resolve, 20, 'late'));
    expect(await Promise.race([reached, late])).toBe('late');
    faulty.clear();
    await reached;
    expect(event.query()).toBe(true);
  });

  test('what waits for a recording does not come to wait for the next', async () => {
    const event = device.createEvent();
    event.record();
    const { events } = faulty.live();
    event.record();
    expect(faulty.live().events).toBe(events);
    faulty.fail('EventQuery', 1, 600, 'persistent');
    const reached = event.synchronize();
    event.record();
    expect(faulty.live().events).toBe(events + 1); // CUDA's first event is left to the promise
    faulty.clear();
    await reached;
    await event.synchronize();
    expect(faulty.live().events).toBe(events);
  });
});

describe('elapsedMs', () => {
  test('is more than nothing for a product, adds up, and has a sign', async () => {
    const start = device.createEvent();
    const middle = device.createEvent();
    const end = device.createEvent();
    start.record();
    work();
    middle.record();
    work();
    end.record();
    await end.synchronize();
    const first = start.elapsedMs(middle);
    const second = middle.elapsedMs(end);
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(0);
    expect(start.elapsedMs(end)).toBeCloseTo(first + second, 2);
    expect(end.elapsedMs(start)).toBe(-start.elapsedMs(end));
    expect(start.elapsedMs(start)).toBe(0);
  });

  test('of an event without timing', async () => {
    const timed = device.createEvent();
    const untimed = device.createEvent({ timing: false });
    timed.record();
    untimed.record();
    await device.synchronize();
    for (const call of [() => timed.elapsedMs(untimed), () => untimed.elapsedMs(timed)]) {
      const error = thrown(call);
      expect(error).toMatchObject(ARG_RANGE);
      expect(error.message).toMatch(/create both with timing enabled/);
    }
    expect(untimed.query()).toBe(true);
  });

  test('of an event that was never recorded', () => {
    const recorded = device.createEvent();
    const fresh = device.createEvent();
    recorded.record();
    faulty.clearLog();
    for (const call of [() => recorded.elapsedMs(fresh), () => fresh.elapsedMs(recorded)]) {
      const error = thrown(call);
      expect(error).toMatchObject(ARG_RANGE);
      expect(error.message).toMatch(/record both first/);
    }
    expect(faulty.log()).toEqual([]);
  });

  test('before the end is reached: what to do, and then it works', async () => {
    const start = device.createEvent();
    const end = device.createEvent();
    start.record();
    work();
    end.record();
    faulty.fail('EventElapsedTime', 1, 600);
    const error = thrown(() => start.elapsedMs(end));
    expect(error).toBeInstanceOf(CudaDriverError);
    expect(error).toMatchObject({
      code: 'ERR_CUDA_DRIVER',
      status: 600,
      statusName: 'cudaErrorNotReady',
      operation: 'cudaEventElapsedTime',
      device: 0,
      fatal: false,
      retryable: true,
    });
    expect(error.message).toMatch(/await end\.synchronize\(\)` first/);
    await end.synchronize();
    expect(start.elapsedMs(end)).toBeGreaterThan(0);
  });
});

describe('misuse', () => {
  test('another device', async () => {
    const other = openFaultyDevice();
    const event = device.createEvent();
    const foreign = other.device.createEvent();
    event.record();
    foreign.record();
    faulty.clearLog();
    for (const call of [
      () => event.record(other.device.defaultStream),
      () => event.elapsedMs(foreign),
      () => device.defaultStream.waitFor(foreign),
    ]) {
      expect(await failure(call)).toMatchObject(WRONG_DEVICE);
    }
    expect(faulty.log()).toEqual([]);
  });

  test('native code checks again', async () => {
    const { addon } = faulty;
    const runtimes = [0, 1].map(() => plainRuntime(addon));
    const [one, two] = runtimes.map((runtime) => addon.openDevice(runtime, 0)) as [number, number];
    const stream = addon.defaultStream(two);
    const event = addon.createEvent(one, true);
    const foreign = addon.createEvent(two, true);
    expect(thrown(() => addon.recordEvent(event, stream))).toMatchObject(WRONG_DEVICE);
    expect(thrown(() => addon.streamWaitEvent(stream, event))).toMatchObject(WRONG_DEVICE);
    expect(thrown(() => addon.eventElapsedMs(event, foreign))).toMatchObject(WRONG_DEVICE);
    expect(thrown(() => addon.createEvent(one, 1 as never))).toMatchObject(ARG_TYPE);
    for (const wrong of [stream, one, 0, Number.NaN, 'x' as never, undefined as never]) {
      for (const call of [
        () => addon.recordEvent(wrong, stream),
        () => addon.eventQuery(wrong),
        () => addon.eventSynchronize(wrong),
        () => addon.eventSynchronizeSync(wrong),
        () => addon.eventElapsedMs(event, wrong),
        () => addon.streamWaitEvent(stream, wrong),
      ]) {
        expect(await failure(call)).toMatchObject(ARG_TYPE);
      }
    }
    addon.closeEvent(event);
    addon.closeEvent(event);
    expect(thrown(() => addon.eventQuery(event))).toMatchObject(DISPOSED);
    for (const each of [one, two]) addon.closeDevice(each);
    expect(thrown(() => addon.eventQuery(foreign))).toMatchObject(DISPOSED);
    for (const runtime of runtimes) addon.closeRuntime(runtime);
  });
});

describe('disposal', () => {
  test('gives the event back, by hand and by using, twice', () => {
    const { events } = faulty.live();
    const handles = faulty.addon.liveHandles();
    {
      using event = device.createEvent();
      expect(faulty.live().events).toBe(events + 1);
      expect(event.disposed).toBe(false);
      expect(event.device).toBe(device);
      event.dispose();
      expect(event.disposed).toBe(true);
    }
    expect(faulty.live().events).toBe(events);
    expect(faulty.addon.liveHandles()).toEqual(handles);
  });

  test('what waits goes on waiting', async () => {
    const event = device.createEvent();
    const stream = device.createStream();
    const { events } = faulty.live();
    work();
    event.record();
    stream.waitFor(event);
    const reached = event.synchronize();
    event.dispose();
    await reached;
    await stream.synchronize();
    expect(faulty.live().events).toBeLessThan(events);
  });

  test('a device takes its events along', async () => {
    const handles = faulty.addon.liveHandles();
    const event = device.createEvent();
    work();
    event.record();
    const reached = event.synchronize();
    device.dispose();
    expect(event.disposed).toBe(true);
    await reached;
    event.dispose();
    expect(faulty.addon.liveHandles().events).toBe(handles.events);
    expect(faulty.addon.liveHandles().streams).toBeLessThan(handles.streams);
  });
});

describe('failing calls', () => {
  test('a recording that fails leaves the event as it was', async () => {
    const event = device.createEvent();
    faulty.fail('EventRecord', 1, 1);
    expect(thrown(() => event.record())).toMatchObject({
      code: 'ERR_CUDA_DRIVER',
      operation: 'cudaEventRecord',
    });
    expect(event.query()).toBe(true);
    expect(thrown(() => event.elapsedMs(event)).message).toMatch(/never recorded/);
    event.record();
    await event.synchronize();
    expect(event.elapsedMs(event)).toBe(0);
  });

  test('a query that fails', async () => {
    const event = device.createEvent();
    event.record();
    for (const call of [() => event.query(), () => event.synchronize()]) {
      faulty.fail('EventQuery', 1, 1);
      const error = await failure(call);
      expect(error).toMatchObject({ code: 'ERR_CUDA_DRIVER', operation: 'cudaEventQuery' });
    }
    await event.synchronize();
  });

  test('a fault that surfaces at the event loses the device', async () => {
    const event = device.createEvent();
    event.record();
    faulty.fail('EventQuery', 1, 700);
    const error = await failure(() => event.synchronize());
    expect(error).toMatchObject({ name: 'CudaKernelFaultError', fatal: true });
    expect(await device.lost).toMatchObject({ status: 700 });
  });
});
