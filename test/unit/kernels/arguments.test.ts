// Arguments of a launch: wrong ones, and what their own code does while they are read. H9, H12, H35.
import {
  CompiledCode,
  cuda,
  type Device,
  type DeviceBuffer,
  type Kernel,
  type Module,
  TensorMap,
} from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, WRONG_DEVICE } from '../../support/errors.js';
import { refusedBy } from '../../support/faults.js';
import { COPY, echo, idle, ptx, SAXPY, STORE } from '../../support/kernels.js';

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
    ptx(
      SAXPY,
      STORE,
      COPY,
      echo([{ declaration: '.param .align 8 .b8', extent: '[16]', bytes: 16 }]),
    ),
  );
  x = device.from(new Float32Array([1, 2, 3, 4]));
  y = device.from(new Float32Array([10, 20, 30, 40]));
});
afterEach(closeFaultyDevices);

const saxpy = () => code.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);

describe('is refused, without a CUDA call', () => {
  // As in JavaScript, where nothing is typed.
  const launch = (kernel: unknown, ...args: unknown[]) =>
    (kernel as Kernel).launch(ONE, ...(args as number[]));

  test('another number', async () => {
    for (const kernel of [saxpy(), code.kernel('saxpy')]) {
      for (const args of [[], [2], [2, x, y], [2, x, y, 4, 5], [2, x, y, 4, undefined]]) {
        await refusedBy(faulty, () => launch(kernel, ...args), {
          ...ARG_RANGE,
          message: `Expected 4 arguments for kernel saxpy but received ${args.length}`,
        });
      }
    }
  });

  test('another class than a buffer', async () => {
    const wrong = [
      ...[undefined, 0, 0n, '0', true, {}, [], Symbol('x'), new Float32Array(4), device, code],
      ...[new Proxy(x, {}), Object.create(x), { buffer: x }, device.createStream(), saxpy()],
    ];
    const kernel = saxpy();
    for (const value of wrong) {
      await refusedBy(faulty, () => launch(kernel, 2, value, y, 4), {
        ...ARG_TYPE,
        message: expect.stringMatching(
          /^Expected a DeviceBuffer for `arguments\[1\]` but received /,
        ),
      });
    }
  });

  test('another dtype', async () => {
    const kernel = saxpy();
    const ints = device.alloc('int32', 4);
    await refusedBy(faulty, () => launch(kernel, 2, x, ints, 4), {
      ...ARG_TYPE,
      message: 'Expected a DeviceBuffer of float32 for `arguments[2]` but received one of int32',
    });
    code.kernel('saxpy').launch(ONE, 2, x, ints, 0);
  });

  test('disposed, or of another device', async () => {
    const kernel = saxpy();
    const gone = device.alloc('float32', 4);
    gone.dispose();
    using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    const foreign = other.alloc('float32', 4);
    for (const each of [kernel, code.kernel('saxpy')]) {
      await refusedBy(faulty, () => launch(each, 2, gone, y, 4), DISPOSED);
      await refusedBy(faulty, () => launch(each, 2, x, foreign, 4), WRONG_DEVICE);
    }
    await refusedBy(faulty, () => kernel.prepare(ONE, 2, gone, y, 4), DISPOSED);
    await refusedBy(faulty, () => kernel.prepare(ONE, 2, x, foreign, 4), WRONG_DEVICE);
    const closed = other.alloc('float32', 4);
    other.dispose();
    await refusedBy(faulty, () => launch(kernel, 2, x, closed, 4), DISPOSED);
  });

  test('a tensor map of another device, or of a disposed buffer, or what is none', async () => {
    const kernel = device
      .loadModule(ptx(idle('k', '.param .align 64 .b8 map[128]')))
      .kernel('k', ['tensorMap']);
    const mapOf = (owner: Device) => {
      const buffer = owner.alloc('float32', 64);
      return { buffer, map: owner.tensorMap({ buffer, shape: [8, 8], box: [8, 8] }) };
    };
    using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    const { map } = mapOf(other);
    await refusedBy(faulty, () => kernel.launch(ONE, map), WRONG_DEVICE);
    const mine = mapOf(device);
    mine.buffer.dispose();
    await refusedBy(faulty, () => kernel.launch(ONE, mine.map), DISPOSED);
    for (const value of [null, {}, x, new Uint8Array(128), Object.create(map)]) {
      await refusedBy(faulty, () => kernel.launch(ONE, value as TensorMap), ARG_TYPE);
    }
  });
});

// A dtype's view always lies at a multiple of its elements: see entry-points.test.ts for others.
test('a view anywhere in a buffer', async () => {
  using kernel = saxpy();
  for (const begin of [1, 2, 3]) {
    using from = x.slice(begin);
    using to = y.slice(begin, begin + 1);
    kernel.launch(ONE, 1, from, to, 1);
  }
  expect(await y.read()).toEqual(new Float32Array([10, 22, 33, 44]));
});

test('null and empty buffers are the address 0', async () => {
  const kernel = saxpy();
  kernel.launch(ONE, 2, null, device.alloc('float32', 0), 0);
  kernel.launch(ONE, 2, x, y, 0);
  await device.synchronize();
});

test('one buffer for several parameters, whole and in part', async () => {
  const kernel = saxpy();
  kernel.launch({ grid: 1, block: 4 }, 2, x, x, 4);
  expect(await x.read()).toEqual(new Float32Array([3, 6, 9, 12]));
  using head = x.slice(0, 3);
  using tail = x.slice(3);
  kernel.launch(ONE, 1, head, tail, 1);
  expect(await x.read()).toEqual(new Float32Array([3, 6, 9, 15]));
});

test('a scalar is what the signature says, whatever its value', async () => {
  const kernel = saxpy();
  for (const [a, expected] of [
    [1, 11],
    [1.5, 11.5],
    [-0, 10],
    [2 ** 31, 2 ** 31 + 10],
  ] as const) {
    using out = device.from(new Float32Array([10]));
    kernel.launch(ONE, a, x, out, 1);
    expect(await out.read()).toEqual(new Float32Array([expected]));
  }
});

test('a tensor map and compiled code cannot be made by hand', () => {
  for (const Made of [TensorMap, CompiledCode] as unknown as (new (
    parts: object,
  ) => unknown)[]) {
    expect(() => new Made({ bytes: new Uint8Array(128), ptx: 'x' })).toThrow(/^Use device\./);
  }
});
