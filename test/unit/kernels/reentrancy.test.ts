// What code of the caller does while the arguments and options of a launch are read. Hazards H9, H35.
import type { Device, DeviceBuffer, Kernel, Module } from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { ARG_TYPE, DISPOSED, failure, thrown } from '../../support/errors.js';
import { echo, ptx, SAXPY, STORE } from '../../support/kernels.js';

const ONE = { grid: 1, block: 1 } as const;

let faulty: FaultyDevice;
let device: Device;
let code: Module;
let x: DeviceBuffer<'float32'>;
let y: DeviceBuffer<'float32'>;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
  code = device.loadModule(
    ptx(SAXPY, STORE, echo([{ declaration: '.param .align 8 .b8', extent: '[16]', bytes: 16 }])),
  );
  x = device.from(new Float32Array([1, 2, 3, 4]));
  y = device.from(new Float32Array([10, 20, 30, 40]));
});
afterEach(closeFaultyDevices);

const saxpy = () => code.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);

describe('code of the caller that runs while arguments are read', () => {
  const ELEMENTS = ['uint8*', { struct: { a: 'uint64', b: 'uint64' } }] as const;
  const bytes = async (out: DeviceBuffer<'uint8'>) => [
    ...new BigUint64Array((await out.read()).buffer),
  ];

  test('may launch another kernel, or the same', async () => {
    using kernel = code.kernel('echo', ELEMENTS);
    using store = code.kernel('store', ['uint32*', 'uint32']);
    using inner = device.alloc('uint8', 16);
    using outer = device.alloc('uint8', 16);
    using word = device.alloc('uint32', 1);
    kernel.launch(ONE, outer, {
      a: 1,
      get b() {
        store.launch(ONE, word, 9);
        kernel.launch(ONE, inner, { a: 3, b: 4 });
        device.add(x, y).dispose();
        return 2;
      },
    });
    expect(await bytes(outer)).toEqual([1n, 2n]);
    expect(await bytes(inner)).toEqual([3n, 4n]);
    expect(await word.read()).toEqual(new Uint32Array([9]));
  });

  test('reads each property once', () => {
    using kernel = code.kernel('echo', ELEMENTS);
    using out = device.alloc('uint8', 16);
    const seen: PropertyKey[] = [];
    const value = new Proxy(
      { a: 1, b: 2 },
      {
        get(target, key) {
          seen.push(key);
          return Reflect.get(target, key);
        },
      },
    );
    kernel.launch(ONE, out, value);
    expect(seen).toEqual(['a', 'b']);
  });

  // Each disposes something in the middle of a launch that needs it.
  const victims: Record<string, (things: { out: DeviceBuffer; kernel: Kernel }) => unknown> = {
    'an argument before it': ({ out }) => out.dispose(),
    'the kernel': ({ kernel }) => kernel.dispose(),
    'the kernel and the module': ({ kernel }) => [kernel.dispose(), code.dispose()],
    'the device': () => device.dispose(),
  };
  test.each(Object.entries(victims))('disposes %s', async (_, dispose) => {
    const kernel = code.kernel('echo', ELEMENTS);
    const out = device.alloc('uint8', 16);
    const value = {
      a: 1,
      get b() {
        dispose({ out, kernel: kernel as unknown as Kernel });
        // What takes the place of what is gone is not taken for it.
        if (!device.disposed) device.alloc('uint8', 16);
        return 2;
      },
    };
    for (const how of ['launch', 'prepare'] as const) {
      faulty.clearLog();
      expect(await failure(() => kernel[how](ONE, out, value))).toMatchObject(DISPOSED);
      expect(faulty.log()).not.toContain('LaunchKernelExC');
    }
  });

  test('disposes the stream', async () => {
    using kernel = code.kernel('echo', ELEMENTS);
    using out = device.alloc('uint8', 16);
    const stream = device.createStream();
    const value = {
      a: 1,
      get b() {
        stream.dispose();
        device.createStream();
        return 2;
      },
    };
    const launch = () => kernel.launch({ ...ONE, stream }, out, value);
    expect(await failure(launch)).toMatchObject(DISPOSED);
    expect(faulty.log()).not.toContain('LaunchKernelExC');
  });

  test('in options: getters and Proxy arrays', async () => {
    using kernel = saxpy();
    const grid = new Proxy([1], {
      get(target, key) {
        kernel.launch(ONE, 1, x, y, 1);
        return Reflect.get(target, key);
      },
    });
    kernel.launch({ grid: grid as [number], block: 1 }, 1, x, y, 1);
    expect((await y.read())[0]).toBeGreaterThan(11);
    const options = {
      grid: 1,
      get block() {
        kernel.dispose();
        return 1;
      },
    };
    expect(await failure(() => kernel.launch(options, 1, x, y, 1))).toMatchObject(DISPOSED);
  });

  test('throws: that is what the caller gets, and nothing is launched', async () => {
    using kernel = code.kernel('echo', ELEMENTS);
    using out = device.alloc('uint8', 16);
    const mine = new Error('mine');
    const value = {
      a: 1,
      get b(): number {
        throw mine;
      },
    };
    faulty.clearLog();
    expect(thrown(() => kernel.launch(ONE, out, value))).toBe(mine);
    expect(thrown(() => kernel.prepare(ONE, out, value))).toBe(mine);
    expect(faulty.log()).toEqual([]);
  });

  test('an array that changes as it is read', async () => {
    const code = device.loadModule(
      ptx(echo([{ declaration: '.param .align 4 .b8', extent: '[16]', bytes: 16 }])),
    );
    using kernel = code.kernel('echo', ['uint8*', 'uint32[4]']);
    using out = device.alloc('uint8', 16);
    const values = new Proxy([1, 2, 3, 4], {
      get(target, key) {
        if (key === '1') target.length = 2;
        return Reflect.get(target, key);
      },
    });
    expect(await failure(() => kernel.launch(ONE, out, values))).toMatchObject(ARG_TYPE);
  });
});
