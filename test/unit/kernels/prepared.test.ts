// Launches that are checked once: kernel.prepare().
import {
  cuda,
  type Device,
  type DeviceBuffer,
  Kernel,
  type Module,
  PreparedLaunch,
} from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import {
  ARG_RANGE,
  ARG_TYPE,
  DISPOSED,
  failure,
  thrown,
  WRONG_DEVICE,
} from '../../support/errors.js';
import { refusedBy } from '../../support/faults.js';
import { echo, idle, ptx, SAXPY, STORE } from '../../support/kernels.js';

const ONE = { grid: 1, block: 1 } as const;
const FOUR = { grid: 1, block: 4 } as const;

let faulty: FaultyDevice;
let device: Device;
let code: Module;
let x: DeviceBuffer<'float32'>;
let y: DeviceBuffer<'float32'>;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
  const integer = { declaration: '.param .u64', bytes: 8 };
  code = device.loadModule(ptx(SAXPY, STORE, echo([integer, integer])));
  x = device.from(new Float32Array([1, 2, 3, 4]));
  y = device.alloc('float32', 4);
});
afterEach(closeFaultyDevices);

const saxpy = () => code.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);

test('runs as often as it is told, and costs one call', async () => {
  using step = saxpy().prepare(FOUR, 2, x, y, 4);
  expect(await y.read()).toEqual(new Float32Array(4));
  for (let i = 0; i < 10; i++) {
    faulty.clearLog();
    step.run();
    if (i > 0) expect(faulty.log()).toEqual(['SetDevice', 'LaunchKernelExC']);
  }
  expect(await y.read()).toEqual(new Float32Array([20, 40, 60, 80]));
});

test('arguments are as they were, until they are replaced', async () => {
  using other = device.from(new Float32Array([100, 100, 100, 100]));
  using step = saxpy().prepare(FOUR, 2, x, y, 4);
  expect(step.set(0, 1)).toBe(step);
  step.run();
  expect(await y.read()).toEqual(new Float32Array([1, 2, 3, 4]));
  step.set(1, other).set(0, 0.5).set(3, 2).run();
  expect(await y.read()).toEqual(new Float32Array([51, 52, 3, 4]));
  step
    .set(2, other)
    .set(1, x)
    .set(3n as never, 4)
    .run();
  expect(await other.read()).toEqual(new Float32Array([100.5, 101, 101.5, 102]));
});

test('arguments are replaced one after the other, though others are disposed by then', async () => {
  const [old, older] = [device.alloc('float32', 4), device.alloc('float32', 4)];
  using step = saxpy().prepare(FOUR, 2, old, older, 4);
  old.dispose();
  older.dispose();
  expect(thrown(() => step.run())).toMatchObject(DISPOSED);
  step.set(1, x).set(2, y).run();
  expect(await y.read()).toEqual(new Float32Array([2, 4, 6, 8]));
  expect(thrown(() => step.set(1, old))).toMatchObject({
    ...DISPOSED,
    message: 'The DeviceBuffer `arguments[1]` is disposed',
  });
});

test('all arguments but the one that is replaced stay, whatever was launched meanwhile', () => {
  // Their bytes are no multiple of 8.
  const integers = [4, 4, 4].map((bytes) => ({ declaration: '.param .u32', bytes }));
  const kernel = device
    .loadModule(ptx(echo(integers, 'three')))
    .kernel('three', ['uint8*', 'uint32', 'uint32', 'uint32']);
  using out = device.alloc('uint8', 12);
  using step = kernel.prepare(ONE, out, 1, 2, 3);
  kernel.launch(ONE, out, 9, 9, 9);
  step.set(1, 5).run();
  expect([...new Uint32Array(out.readSync().buffer)]).toEqual([5, 2, 3]);
});

test('a tensor map is replaced, and not the others', async () => {
  const map = (buffer: DeviceBuffer) => device.tensorMap({ buffer, shape: [8, 8], box: [8, 8] });
  const buffers = Array.from({ length: 3 }, () => device.alloc('float32', 64));
  const [first, second, third] = buffers.map(map);
  const MAP = '.param .align 64 .b8 m';
  const two = idle('two', `${MAP}0[128], .param .u32 n, ${MAP}1[128]`);
  const kernel = device.loadModule(ptx(two)).kernel('two', ['tensorMap', 'uint32', 'tensorMap']);
  using step = kernel.prepare(ONE, first!, 1, second!);
  buffers[1]!.dispose();
  expect(thrown(() => step.run())).toMatchObject(DISPOSED);
  step.set(2, third!).set(1, 2).run();
  buffers[0]!.dispose();
  expect(thrown(() => step.run())).toMatchObject(DISPOSED);
  step.set(0, third!).run();
});

test('other launches between do not change it', async () => {
  const kernel = saxpy();
  using step = kernel.prepare(FOUR, 2, x, y, 4);
  using store = code.kernel('store', ['uint32*', 'uint32']);
  using words = device.alloc('uint32', 8);
  store.launch({ grid: 2, block: 4 }, words, 7);
  using another = store.prepare(FOUR, words, 8);
  device.matmul(x, x, { m: 2, n: 2, k: 2 }).dispose();
  step.run();
  another.run();
  expect(await y.read()).toEqual(new Float32Array([2, 4, 6, 8]));
  expect(await words.read()).toEqual(new Uint32Array([8, 8, 8, 8, 7, 7, 7, 7]));
});

test('an argument that is refused leaves it as it was', async () => {
  using step = saxpy().prepare(FOUR, 2, x, y, 4);
  using ints = device.alloc('int32', 4);
  using foreign = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  const gone = device.alloc('float32', 4);
  gone.dispose();
  const wrong: [unknown, unknown, object][] = [
    [0, '2', ARG_TYPE],
    [0, undefined, ARG_TYPE],
    [1, ints, ARG_TYPE],
    [1, gone, DISPOSED],
    [2, foreign.alloc('float32', 4), WRONG_DEVICE],
    [3, -1, ARG_RANGE],
    [4, 1, ARG_RANGE],
    [-1, 1, ARG_RANGE],
    [0.5, 1, ARG_RANGE],
    ['0', 1, ARG_TYPE],
    [undefined, 1, ARG_TYPE],
  ];
  for (const [index, value, error] of wrong) {
    await refusedBy(faulty, () => step.set(index as number, value as never), error);
  }
  step.run();
  expect(await y.read()).toEqual(new Float32Array([2, 4, 6, 8]));
});

test('buffers that were disposed are refused, until they are replaced', async () => {
  using step = saxpy().prepare(FOUR, 2, x, y, 4);
  x.dispose();
  device.alloc('float32', 4); // takes the place of the handle
  for (let i = 0; i < 3; i++) {
    faulty.clearLog();
    expect(thrown(() => step.run())).toMatchObject(DISPOSED);
    expect(faulty.log()).toEqual([]);
  }
  using other = device.from(new Float32Array([4, 3, 2, 1]));
  step.set(1, other).run();
  expect(await y.read()).toEqual(new Float32Array([8, 6, 4, 2]));
});

test('a stream that was disposed is refused, and never becomes the default', async () => {
  const stream = device.createStream();
  using step = saxpy().prepare({ ...FOUR, stream }, 2, x, y, 4);
  step.run();
  stream.dispose();
  device.createStream();
  faulty.clearLog();
  expect(thrown(() => step.run())).toMatchObject(DISPOSED);
  expect(thrown(() => step.set(0, 1))).toMatchObject(DISPOSED);
  expect(faulty.log()).toEqual([]);
  expect(await y.read()).toEqual(new Float32Array([2, 4, 6, 8]));
});

test('runs on when its kernel and module are disposed; its arguments stay then', async () => {
  const kernel = saxpy();
  using step = kernel.prepare(FOUR, 2, x, y, 4);
  kernel.dispose();
  code.dispose();
  step.run();
  expect(await y.read()).toEqual(new Float32Array([2, 4, 6, 8]));
  expect(thrown(() => step.set(0, 3))).toMatchObject(DISPOSED);
  step.run();
  expect(await y.read()).toEqual(new Float32Array([4, 8, 12, 16]));
});

test('without a signature an argument may become an address, and a number again', async () => {
  using out = device.alloc('uint64', 2);
  using step = code.kernel('echo').prepare(ONE, out, 1n, 2n);
  const got = async (launch: PreparedLaunch) => {
    launch.run();
    return [...(await out.read())].map((value) => (value > 100n ? 'x' : Number(value)));
  };
  expect(await got(step)).toEqual([1, 2]);
  expect(await got(step.set(1, x))).toEqual(['x', 2]);
  expect(await got(step.set(2, x))).toEqual(['x', 'x']);
  expect(await got(step.set(1, null))).toEqual([0, 'x']);
  expect(await got(step.set(2, 7n))).toEqual([0, 7]);
});

test('code that runs while an argument is replaced', async () => {
  const type = { struct: { a: 'uint64', b: 'uint64' } } as const;
  const bytes = { declaration: '.param .align 8 .b8', extent: '[16]', bytes: 16 };
  using kernel = device.loadModule(ptx(echo([bytes]))).kernel('echo', ['uint8*', type]);
  using out = device.alloc('uint8', 16);
  using other = device.alloc('uint8', 16);
  const step = kernel.prepare(ONE, out, { a: 1, b: 2 });
  step.set(1, {
    a: 3,
    get b() {
      step.set(0, other);
      step.set(1, { a: 5, b: 6 }).run();
      return 4;
    },
  });
  step.run();
  // The inner run has the inner arguments, the outer set comes last.
  expect([...new BigUint64Array((await other.read()).buffer)]).toEqual([3n, 4n]);
  expect(await out.read()).toEqual(new Uint8Array(16));
  const disposing = {
    a: 7,
    get b() {
      step.dispose();
      return 8;
    },
  };
  expect(await failure(() => step.set(1, disposing))).toMatchObject(DISPOSED);
});

test.each([
  ['LaunchKernelExC', 701, 'ERR_CUDA_LAUNCH'],
  ['LaunchKernelExC', 2, 'ERR_CUDA_OOM'],
  ['SetDevice', 101, 'ERR_CUDA_NO_DEVICE'],
])('%s fails with %d: the next run works', async (call, status, code) => {
  using step = saxpy().prepare(FOUR, 2, x, y, 4);
  faulty.fail(call, 1, status);
  expect(thrown(() => step.run())).toMatchObject({ code, status });
  step.run();
  expect(await y.read()).toEqual(new Float32Array([2, 4, 6, 8]));
});

test.each([
  ['Kernel', Kernel],
  ['PreparedLaunch', PreparedLaunch],
] as const)('methods have to be called on a %s', (name, Class) => {
  for (const member of Object.getOwnPropertyNames(Class.prototype)) {
    if (member === 'constructor') continue;
    const { value, get } = Object.getOwnPropertyDescriptor(Class.prototype, member)!;
    for (const self of [undefined, {}, device, Object.create(Class.prototype)]) {
      expect(thrown(() => (value ?? get).call(self))).toMatchObject({
        ...ARG_TYPE,
        message: expect.stringContaining(`this of ${name}.${member}`),
      });
    }
  }
  expect(thrown(() => Reflect.construct(Class, [device, {}]))).toMatchObject(ARG_TYPE);
});
