// Kernels that are loaded before they are needed, on another thread.

import { cuda, type Device, type OperationFamily } from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, failure } from '../../support/errors.js';

let faulty: FaultyDevice;
let device: Device;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
});
afterEach(closeFaultyDevices);

const LOADING = /^(Library|Kernel|FuncGet)/;
const loading = () => faulty.log().filter((call) => LOADING.test(call));

/** One call of each family, and those that need another family's kernels. */
const USES: Record<OperationFamily, (device: Device) => unknown> = {
  elementwise: (d) => d.add(d.alloc('float32', 8).fill(1), d.alloc('float32', 8)),
  reduce: (d) => {
    const x = d.alloc('float32', 64);
    const shape = [2, 2, 2];
    d.sum(x);
    d.sum({ buffer: x, shape, strides: [32, 8, 2] }, { axis: 1 });
  },
  softmax: (d) => d.softmax({ buffer: d.alloc('float32', 64), shape: [4, 8], strides: [16, 2] }),
  transpose: (d) => d.transpose(d.alloc('float32', 8), { rows: 2, columns: 4 }),
  matmul: (d) => {
    for (const dtype of ['float32', 'float64', 'float16', 'bfloat16', 'int8'] as const) {
      const a = d.alloc(dtype, 64 * 64);
      d.matmul(a, a, { m: 64, n: 64, k: 64 });
      d.matmul(a, a, { m: 8, n: 8, k: 512, splits: 4, variant: undefined });
    }
  },
};

test.each(Object.entries(USES))('after preload, %s loads nothing', async (family, use) => {
  await device.preload([family as OperationFamily]);
  expect(loading()).toContain('FuncGetAttributes');
  faulty.clearLog();
  use(device);
  await device.synchronize();
  expect(loading()).toEqual([]);
});

test('by default everything is loaded, and each module once', async () => {
  await Promise.all([device.preload(), device.preload(['matmul', 'matmul'])]);
  const loads = faulty.log().filter((call) => call === 'LibraryLoadData').length;
  expect(loads).toBeGreaterThan(4);
  faulty.clearLog();
  for (const use of Object.values(USES)) use(device);
  await device.synchronize();
  expect(loading()).toEqual([]);
  await device.preload([]);
});

test.each([
  [7, 5],
  [8, 0],
  [12, 0],
])('a device of capability %i.%i loads what it can', async (major, minor) => {
  const computeCapability = { major, minor };
  using other = cuda.simulatedDevice({ computeCapability, memoryBytes: 2 ** 26 });
  await other.preload();
});

test('calls meanwhile are right', async () => {
  const loaded = device.preload();
  const x = device.from(new Float32Array([1, 2, 3]));
  expect(await device.add(x, x).read()).toEqual(new Float32Array([2, 4, 6]));
  expect(await device.sum(x).read()).toEqual(new Float32Array([6]));
  await loaded;
});

test('a failure is typed, and not remembered', async () => {
  faulty.fail('LibraryLoadData', 1, 209);
  expect(await failure(() => device.preload(['reduce']))).toMatchObject({
    name: 'CudaModuleError',
    status: 209,
  });
  faulty.fail('FuncGetAttributes', 3, 2);
  expect(await failure(() => device.preload(['reduce']))).toMatchObject({ code: 'ERR_CUDA_OOM' });
  await device.preload(['reduce']);
  await device.sum(device.alloc('float32', 4)).read();
});

test.each(['LibraryLoadData', 'FuncGetAttributes'])(
  'the device is lost if %s is fatal',
  async (call) => {
    faulty.fail(call, 1, 700);
    expect(await failure(() => device.preload(['reduce']))).toMatchObject({ fatal: true });
    expect(await device.lost).toMatchObject({ status: 700 });
    expect(await failure(() => device.preload(['reduce']))).toMatchObject({ status: 700 });
  },
);

test('disposed meanwhile: what is being loaded is, and the rest is refused', async () => {
  const one = device.preload(['matmul']);
  const several = failure(() => device.preload(['elementwise', 'matmul']));
  device.dispose();
  await one;
  expect(await several).toMatchObject(DISPOSED);
});

test.each([
  ['reduce', ARG_TYPE, 'Expected an array for `families` but received "reduce" of type string'],
  [{}, ARG_TYPE, 'Expected an array for `families` but received a value of type object'],
  [null, ARG_TYPE, 'Expected an array for `families` but received null'],
  [
    ['reduce', 'fft'],
    ARG_RANGE,
    'Expected one of elementwise, reduce, softmax, transpose, matmul for `families[1]` but ' +
      'received "fft" of type string',
  ],
  [new Array(1), ARG_RANGE, expect.stringContaining('`families[0]`')],
])('%p is refused before anything is loaded', async (families, kind, message) => {
  const error = await failure(() => device.preload(families as never));
  expect(error).toMatchObject({ ...kind, message });
  expect(loading()).toEqual([]);
});
