// Uses of buffers by kernels on several streams: who waits for whom. Hazard H23.
import type { Device, DeviceBuffer, Kernel, Module, Stream } from '../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
  openTestDevice,
} from '../../support/devices.js';
import { COPY, idle, ptx, SLOW, STORE } from '../../support/kernels.js';

const ONE = { grid: 1, block: 1 } as const;
const TEXT = ptx(STORE, COPY, SLOW, idle('pair', '.param .u64 p, .param .u64 q'));
const LONG = 60_000;

describe('waits, by the calls that are made', () => {
  let faulty: FaultyDevice;
  let device: Device;
  let code: Module;
  let streams: Stream[];
  let x: DeviceBuffer<'uint32'>;
  beforeEach(() => {
    faulty = openFaultyDevice();
    device = faulty.device;
    code = device.loadModule(TEXT);
    streams = Array.from({ length: 4 }, () => device.createStream());
    x = device.alloc('uint32', 4);
  });
  afterEach(closeFaultyDevices);

  /** How often a stream is made to wait by an action. */
  function waits(action: () => unknown): number {
    faulty.clearLog();
    action();
    const log = faulty.log();
    expect(log.filter((call) => call === 'LaunchKernelExC')).toHaveLength(1);
    return log.filter((call) => call === 'StreamWaitEvent').length;
  }

  const READ = ['const uint32*', 'const uint32*'] as const;
  const WRITE = ['uint32*', 'uint32*'] as const;

  test('a const argument waits for the writer, once, and for no reader', () => {
    const read = code.kernel('pair', READ);
    const on = (stream: Stream) => () => read.launch({ ...ONE, stream }, x, null);
    expect(waits(on(streams[0]!))).toBe(1); // for the stream it was zeroed on
    expect(waits(on(streams[0]!))).toBe(0);
    expect(waits(on(streams[1]!))).toBe(1);
    expect(waits(on(streams[2]!))).toBe(1);
    for (const stream of streams.slice(0, 3)) expect(waits(on(stream))).toBe(0);
  });

  test('what is not const waits for all readers, and they for it', () => {
    const read = code.kernel('pair', READ);
    const write = code.kernel('pair', WRITE);
    for (const stream of streams.slice(0, 3)) read.launch({ ...ONE, stream }, x, null);
    const [, , , last] = streams;
    // The stream it was zeroed on, and three readers.
    expect(waits(() => write.launch({ ...ONE, stream: last! }, x, null))).toBe(4);
    expect(waits(() => write.launch({ ...ONE, stream: last! }, x, null))).toBe(0);
    expect(waits(() => read.launch({ ...ONE, stream: last! }, null, x))).toBe(0);
    expect(waits(() => read.launch({ ...ONE, stream: streams[0]! }, null, x))).toBe(1);
    expect(waits(() => write.launch({ ...ONE, stream: streams[0]! }, null, x))).toBe(1);
  });

  test('const and not const in one launch is a write', () => {
    const both = code.kernel('pair', ['const uint32*', 'uint32*']);
    const read = code.kernel('pair', READ);
    expect(waits(() => both.launch({ ...ONE, stream: streams[0]! }, x, x))).toBeGreaterThan(0);
    expect(waits(() => read.launch({ ...ONE, stream: streams[0]! }, x, x))).toBe(0);
    expect(waits(() => read.launch({ ...ONE, stream: streams[1]! }, x, x))).toBe(1);
    expect(waits(() => both.launch({ ...ONE, stream: streams[0]! }, x, x))).toBe(1);
  });

  test('without a signature all is written', () => {
    const kernel = code.kernel('pair');
    kernel.launch({ ...ONE, stream: streams[0]! }, x, null);
    for (const stream of [streams[1]!, streams[0]!, streams[1]!]) {
      expect(waits(() => kernel.launch({ ...ONE, stream }, x, 5n))).toBe(1);
    }
  });

  test("a reader does not wait for what the writer's stream reads", () => {
    const read = code.kernel('pair', READ);
    const write = code.kernel('pair', WRITE);
    const [a, b, c] = streams as [Stream, Stream, Stream];
    const calls = (action: () => void) => {
      faulty.clearLog();
      action();
      return faulty.log().filter((call) => call !== 'SetDevice');
    };
    write.launch({ ...ONE, stream: a }, x, null);
    read.launch({ ...ONE, stream: b }, x, null); // from now on it is known to be read elsewhere
    for (let i = 0; i < 3; i++) {
      write.launch({ ...ONE, stream: a }, x, null);
      // The point to wait for is before the launch that reads.
      expect(calls(() => read.launch({ ...ONE, stream: a }, x, null))).toEqual([
        'EventRecord',
        'LaunchKernelExC',
      ]);
      expect(calls(() => read.launch({ ...ONE, stream: a }, x, null))).toEqual(['LaunchKernelExC']);
      for (const stream of [b, c]) {
        expect(calls(() => read.launch({ ...ONE, stream }, x, null))).toEqual([
          'StreamWaitEvent',
          'LaunchKernelExC',
        ]);
      }
    }
    // A writer waits for all of them.
    expect(waits(() => write.launch({ ...ONE, stream: streams[3]! }, x, null))).toBe(3);
  });

  test('in a struct, and in prepared launches', () => {
    const code = device.loadModule(ptx(idle('k', '.param .align 8 .b8 s[16]')));
    const read = code.kernel('k', [{ struct: { n: 'int32', p: 'const uint32*' } }]);
    const write = code.kernel('k', [{ struct: { n: 'int32', p: 'uint32*' } }]);
    const [a, b] = streams as [Stream, Stream];
    write.launch({ ...ONE, stream: a }, { n: 1, p: x });
    const prepared = read.prepare({ ...ONE, stream: b }, { n: 1, p: x });
    expect(waits(() => prepared.run())).toBe(1);
    expect(waits(() => prepared.run())).toBe(0);
    const writing = write.prepare({ ...ONE, stream: a }, { n: 1, p: x });
    expect(waits(() => writing.run())).toBe(1);
    expect(waits(() => prepared.run())).toBe(1);
  });

  test('a tensor map is read, or with `writes` written', () => {
    const code = device.loadModule(ptx(idle('k', '.param .align 64 .b8 map[128]')));
    const kernel = code.kernel('k', ['tensorMap']);
    using buffer = device.alloc('float32', 64);
    const of = (writes: boolean) =>
      device.tensorMap({ buffer, shape: [8, 8], box: [8, 8], writes });
    const [a, b] = streams as [Stream, Stream];
    kernel.launch({ ...ONE, stream: a }, of(true));
    expect(waits(() => kernel.launch({ ...ONE, stream: b }, of(false)))).toBe(1);
    expect(waits(() => kernel.launch({ ...ONE, stream: b }, of(false)))).toBe(0);
    expect(waits(() => kernel.launch({ ...ONE, stream: a }, of(true)))).toBe(1);
  });

  test('on one stream nothing is ever waited for', () => {
    const write = code.kernel('pair', WRITE);
    const [stream] = streams as [Stream];
    using y = device.alloc('uint32', 4, { stream });
    write.launch({ ...ONE, stream }, y, y);
    for (let i = 0; i < 5; i++) {
      faulty.clearLog();
      write.launch({ ...ONE, stream }, y, y);
      expect(faulty.log()).toEqual(['SetDevice', 'LaunchKernelExC']);
    }
  });

  test.each(['EventCreateWithFlags', 'EventRecord', 'StreamWaitEvent'])(
    'a %s that fails: nothing is launched, and the next try waits again',
    (call) => {
      const write = code.kernel('pair', WRITE);
      const launch = () => write.launch({ ...ONE, stream: streams[0]! }, x, null);
      faulty.fail(call, 1, 2);
      faulty.clearLog();
      expect(launch).toThrow();
      expect(faulty.log()).not.toContain('LaunchKernelExC');
      faulty.clear();
      expect(waits(launch)).toBe(1);
    },
  );
});

describe('waits, by what comes out', () => {
  let device: Device;
  let store: Kernel<readonly ['uint32*', 'uint32']>;
  let slow: Kernel<readonly ['uint32*', 'const uint32*', 'uint32']>;
  let copy: Kernel<readonly ['uint32*', 'const uint32*']>;
  beforeAll(() => {
    device = openTestDevice({ workers: 2 });
    const code = device.loadModule(TEXT);
    store = code.kernel('store', ['uint32*', 'uint32']);
    slow = code.kernel('slow', ['uint32*', 'const uint32*', 'uint32']);
    copy = code.kernel('copy', ['uint32*', 'const uint32*']);
  });
  afterAll(() => device.dispose());

  test('a reader does not wait for a reader', async () => {
    using a = device.createStream();
    // It would overtake, where one kernel runs at a time.
    using b = device.createStream({ priority: device.streamPriorities.greatest });
    using x = device.from(new Uint32Array([7]));
    using first = device.alloc('uint32', 1, { stream: a });
    using second = device.alloc('uint32', 1, { stream: b });
    using end = device.createEvent();
    await device.synchronize();
    for (let i = 0; i < 10; i++) slow.launch({ ...ONE, stream: a }, first, x, 4 * LONG);
    end.record(a);
    copy.launch({ ...ONE, stream: b }, second, x);
    expect(await second.read({ stream: b })).toEqual(new Uint32Array([7]));
    expect(end.query()).toBe(false);
    expect(await first.read()).toEqual(new Uint32Array([7]));
  });

  test("a reader does not wait for a reader on the writer's stream", async () => {
    using a = device.createStream();
    using b = device.createStream({ priority: device.streamPriorities.greatest });
    using x = device.from(new Uint32Array([7]));
    using first = device.alloc('uint32', 1, { stream: a });
    using second = device.alloc('uint32', 1, { stream: b });
    using end = device.createEvent();
    copy.launch({ ...ONE, stream: b }, second, x);
    await device.synchronize();
    store.launch({ ...ONE, stream: a }, x, 8);
    for (let i = 0; i < 10; i++) slow.launch({ ...ONE, stream: a }, first, x, 4 * LONG);
    end.record(a);
    copy.launch({ ...ONE, stream: b }, second, x);
    expect(await second.read({ stream: b })).toEqual(new Uint32Array([8]));
    expect(end.query()).toBe(false);
    expect(await first.read()).toEqual(new Uint32Array([8]));
  });

  test('a writer waits for a slow reader, a reader for a slow writer', async () => {
    using a = device.createStream();
    using b = device.createStream();
    using x = device.from(new Uint32Array([1]));
    using y = device.alloc('uint32', 1);
    for (let i = 1; i < 6; i++) {
      slow.launch({ ...ONE, stream: a }, y, x, LONG); // reads x: i
      store.launch({ ...ONE, stream: b }, x, i + 1);
      expect((await y.read({ stream: b }))[0]).toBe(i);
    }
    expect((await x.read())[0]).toBe(6);
  });

  test('a chain through ten streams', async () => {
    const streams = Array.from({ length: 10 }, () => device.createStream());
    const buffers = streams.map((stream) => device.alloc('uint32', 1, { stream }));
    store.launch({ ...ONE, stream: streams[0]! }, buffers[0]!, 42);
    for (let i = 1; i < 10; i++) {
      slow.launch({ ...ONE, stream: streams[i]! }, buffers[i]!, buffers[i - 1]!, 2000);
      streams[i - 1]!.dispose();
    }
    expect((await buffers[9]!.read())[0]).toBe(42);
    for (const each of [...buffers, streams[9]!]) each.dispose();
  });
});
