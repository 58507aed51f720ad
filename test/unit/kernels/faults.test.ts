// Kernels that fail on the device, and CUDA calls that fail around them. Hazards H25, H26, H28.
import type { Device, DeviceBuffer } from '../../../lib/index.js';
import { cuda } from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { failure } from '../../support/errors.js';
import { idle, ptx, STORE } from '../../support/kernels.js';

const ONE = { grid: 1, block: 1 } as const;
const FAULT = { name: 'CudaKernelFaultError', code: 'ERR_CUDA_KERNEL_FAULT', fatal: true };

// reach(p, offset): p[offset] = 1 in bytes, by thread 5 of block 2; trap: what it says.
const BAD = `.visible .entry reach(.param .u64 p, .param .s64 offset)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<4>;
  .reg .pred %p<3>;
  ld.param.u64 %rd1, [p];
  ld.param.s64 %rd2, [offset];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %tid.x;
  setp.ne.u32 %p1, %r1, 2;
  setp.ne.or.u32 %p2, %r2, 5, %p1;
  @%p2 bra done;
  add.s64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], 1;
done:
  ret;
}
.visible .entry trapped()
{
  trap;
}
`;
const TEXT = ptx(BAD, STORE);
const lineOf = (words: string) => TEXT.split('\n').findIndex((line) => line.includes(words)) + 1;

describe('on the device', () => {
  let device: Device;
  let x: DeviceBuffer<'uint32'>;
  let reach: (offset: number) => void;
  beforeEach(() => {
    device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    const code = device.loadModule(TEXT);
    x = device.alloc('uint32', 64);
    const kernel = code.kernel('reach', ['uint32*', 'int64']);
    reach = (offset) => kernel.launch({ grid: 4, block: 8 }, x, offset);
  });
  afterEach(() => device.dispose());

  test.each<[string, number, number, string]>([
    ['behind the end', 256, 700, 'cudaErrorIllegalAddress'],
    ['before the beginning', -4, 700, 'cudaErrorIllegalAddress'],
    ['nowhere', -(2 ** 40), 700, 'cudaErrorIllegalAddress'],
    ['not aligned', 2, 716, 'cudaErrorMisalignedAddress'],
  ])('a store %s names kernel, line and thread', async (_, offset, status, statusName) => {
    reach(0); // that is fine
    await device.synchronize();
    reach(offset);
    const error = await failure(() => x.read());
    expect(error).toMatchObject({ ...FAULT, status, statusName });
    expect(error.message).toMatch(/\breach\b/);
    expect(error.message).toMatch(new RegExp(`line ${lineOf('st.global.u32 [%rd3], 1')}\\b`));
    expect(error.message).toMatch(/block \(?2[ ,].*thread \(?5[ ,]/);
  });

  test('the device is lost to all that comes, and disposing is quiet', async () => {
    using stream = device.createStream();
    using event = device.createEvent();
    const code = device.loadModule(TEXT);
    const store = code.kernel('store', ['uint32*', 'uint32']);
    const prepared = store.prepare({ ...ONE, stream }, x, 1);
    const cell = device.loadModule(ptx('.global .u32 cell;')).global('cell');
    reach(2 ** 30);
    const pending = [x.read(), stream.synchronize(), device.synchronize(), cell.read({ stream })];
    const ends = await Promise.allSettled(pending);
    expect(ends.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    expect(await device.lost).toMatchObject(FAULT);
    for (const call of [
      () => store.launch(ONE, x, 1),
      () => store.prepare(ONE, x, 1).run(),
      () => prepared.run(),
      () => code.kernel('trapped'),
      () => code.global('none'),
      () => device.loadModule(TEXT),
      () => store.occupancy(32),
      () => cell.read(),
      () => x.read(),
      () => event.record(),
    ]) {
      const error = await failure(call);
      if (error instanceof RangeError) continue; // there is no such variable
      expect(error).toMatchObject({ fatal: true, status: 700 });
      expect(error.message).toMatch(/\breach\b/); // the first cause
    }
    for (const each of [prepared, store, code, cell, x]) each.dispose();
  });

  test('trap', async () => {
    device.loadModule(TEXT).kernel('trapped').launch(ONE);
    const error = await failure(() => device.synchronize());
    expect(error).toMatchObject({ fatal: true });
    expect(error.message).toMatch(/\btrapped\b/);
  });

  test('another device goes on', async () => {
    using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    reach(2 ** 30);
    await failure(() => device.synchronize());
    using out = other.alloc('uint32', 1);
    other.loadModule(TEXT).kernel('store', ['uint32*', 'uint32']).launch(ONE, out, 3);
    expect(await out.read()).toEqual(new Uint32Array([3]));
  });
});

describe('each CUDA call that fails', () => {
  let faulty: FaultyDevice;
  let device: Device;
  beforeEach(() => {
    faulty = openFaultyDevice();
    device = faulty.device;
  });
  afterEach(closeFaultyDevices);

  const VARIABLES = '.global .align 4 .u32 cell; .const .align 4 .u32 fixed;';
  const SHARED = '.extern .shared .align 4 .b8 dynamic_shared[];';

  /** All that modules do, with everything given back. */
  function work(): void {
    using out = device.alloc('uint32', 4);
    using stream = device.createStream();
    using code = device.loadModule(ptx(VARIABLES, SHARED, STORE, idle('k', '.param .u64 p')));
    using store = code.kernel('store', ['uint32*', 'uint32']);
    store.launch(ONE, out, 1);
    using cell = code.global('cell', 'uint32');
    using fixed = code.global('fixed', 'uint32');
    store.launch({ ...ONE, stream, sharedMemoryBytes: 100_000 }, cell, 2);
    using k = code.kernel('k');
    k.launch(ONE, 5n);
    k.launch({ ...ONE, stream }, fixed);
    using prepared = store.prepare({ ...ONE, stream }, out, 3);
    prepared.run();
    prepared.set(0, cell).run();
    k.suggestBlockSize({ maxThreads: 64 });
  }

  const settled = async () => {
    for (let i = 0; i < 400 && faulty.live().libraries > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  test.each([
    [2, 'once'],
    [2, 'persistent'],
    [12345, 'once'],
    [801, 'persistent'],
  ] as const)(
    'with %d, %s: a typed error or none, nothing leaks, the next try works',
    async (status, mode) => {
      work();
      await device.synchronize();
      await settled();
      const live = { ...faulty.live(), events: 0 };
      const handles = faulty.addon.liveHandles();
      faulty.clearLog();
      work();
      await device.synchronize();
      await settled();
      // What cannot be freed at all, stays; what is only asked may be asked more or less often.
      const calls = faulty
        .log()
        .filter((call) => !/Free|Destroy|Unload|SetDevice|Query/.test(call));
      for (const call of new Set(calls)) {
        const count = calls.filter((each) => each === call).length;
        for (let nth = 1; nth <= count; nth++) {
          faulty.fail(call, nth, status, mode);
          try {
            work();
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^ERR_CUDA_/),
              fatal: false,
            });
          }
          faulty.clear();
          expect(faulty.addon.liveHandles()).toEqual(handles);
          work();
        }
      }
      await device.synchronize();
      for (let i = 0; i < 400 && faulty.live().allocations > live.allocations; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(faulty.live()).toMatchObject({ allocations: live.allocations, streams: live.streams });
    },
  );

  test.each([700, 719, 999])(
    'with %d, which is fatal: all is refused from then on',
    async (status) => {
      work();
      const calls = 60;
      for (let nth = 1; nth < calls; nth += 3) {
        const own = openFaultyDevice();
        device = own.device;
        own.fail('*', nth, status, 'sticky');
        let failed = false;
        try {
          work();
        } catch (error) {
          failed = true;
          expect(error).toMatchObject({ fatal: true, status });
        }
        if (failed) {
          own.clearLog();
          expect(await failure(() => work())).toMatchObject({ fatal: true, status });
          expect(own.log()).toEqual([]);
        }
        device.dispose();
      }
    },
  );
});
