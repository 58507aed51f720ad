// Reductions: which arguments are refused, and what failures leave. Results are in reduce.test.ts.
import type { Device, DeviceBuffer } from '../../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
} from '../../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, failure, WRONG_DEVICE } from '../../../support/errors.js';
import { expectNoLeaks, refusedBy } from '../../../support/faults.js';

let faulty: FaultyDevice;
let device: Device;
let x: DeviceBuffer<'float32'>; // (2, 3)
let whole: DeviceBuffer<'int32'>;

beforeAll(async () => {
  faulty = openFaultyDevice();
  device = faulty.device;
  x = device.from(new Float32Array([1, -2, 3, 4, 5, -6]));
  whole = device.from(new Int32Array([7, -3, 7, 2]));
  await device.synchronize();
});
beforeEach(() => faulty.clearLog());
afterAll(closeFaultyDevices);

type Any = never;

describe('refused before any CUDA call', () => {
  const none = () => device.alloc('float32', 0);
  let other: Device;
  beforeAll(() => {
    other = openFaultyDevice().device;
  });

  const refused = (action: () => unknown, expected: object) => refusedBy(faulty, action, expected);

  const REDUCTIONS = ['sum', 'prod', 'mean', 'norm', 'max', 'min', 'argmax', 'argmin'] as const;

  test.each(REDUCTIONS)('%s: operands and options', async (name) => {
    const call =
      (...args: unknown[]) =>
      () =>
        (device[name] as unknown as (...args: unknown[]) => unknown).apply(device, args);
    for (const value of [undefined, null, 1, 'x', {}, new Float32Array(1), device]) {
      await refused(call(value), ARG_TYPE);
    }
    await refused(call(x, 1), ARG_TYPE);
    await refused(call(x, { axes: 0 }), ARG_TYPE);
    await refused(call(x, { axis: '0' }), ARG_TYPE);
    for (const axis of [1, -2, 0.5, Number.NaN, 2 ** 53])
      await refused(call(x, { axis }), ARG_RANGE);
    await refused(call({ buffer: x, shape: [] }, { axis: 0 }), ARG_RANGE);
    await refused(call(x, { shape: 6 }), ARG_TYPE);
    await refused(call(x, { shape: [2, '3'] }), ARG_TYPE);
    await refused(call(x, { shape: [2, 2] }), ARG_RANGE);
    await refused(call(x, { shape: [-2, -3] }), ARG_RANGE);
    await refused(call(x, { shape: [1, 1, 1, 1, 1, 1, 1, 1, 6] }), ARG_RANGE);
    await refused(call({ buffer: x, shape: [6] }, { shape: [6] }), ARG_TYPE);
    await refused(call({ buffer: x, shape: [7] }), ARG_RANGE);
    await refused(call({ buffer: x, shape: [2], strides: [-1] }), ARG_RANGE);
    await refused(call(x, { outDtype: 'float' }), ARG_TYPE);
    await refused(call(x, { outDtype: 'uint8' }), ARG_TYPE);
    await refused(call(x, { out: {} }), ARG_TYPE);
    await refused(call(x, { stream: {} }), ARG_TYPE);
    expect(await failure(call(x, { out: device.alloc('uint8', 1) }))).toMatchObject(ARG_TYPE);
    const dtype = name.startsWith('arg') ? 'int32' : 'float32';
    expect(await failure(call(x, { out: device.alloc(dtype, 2) }))).toMatchObject(ARG_RANGE);
    expect(await failure(call(x, { out: other.alloc(dtype, 1) }))).toMatchObject(WRONG_DEVICE);
    expect(await failure(call(other.alloc('float32', 1)))).toMatchObject(WRONG_DEVICE);
    const disposed = device.alloc('float32', 1);
    disposed.dispose();
    await refused(call(disposed), DISPOSED);
    await refused(call({ buffer: disposed, shape: [1] }), DISPOSED);
  });

  test('out in the way of an operand', async () => {
    using y = device.from(new Float32Array(8));
    using first = y.slice(0, 1);
    using last = y.slice(7, 8);
    const view = { buffer: y, shape: [3], strides: [2], offset: 1 };
    await refused(() => device.sum(y, { out: first }), ARG_RANGE);
    await refused(() => device.dot(view, y.slice(5, 8), { out: last }), ARG_RANGE);
    device.sum(view, { out: first }); // beside it
    device.sum(view, { out: last });
  });

  test('extremes of nothing', async () => {
    const empty = none();
    await device.synchronize();
    for (const name of ['max', 'min', 'argmax', 'argmin'] as const) {
      const reduce = device[name].bind(device) as typeof device.max;
      await refused(() => reduce(empty), ARG_RANGE);
      await refused(() => reduce(empty, { shape: [3, 0], axis: 1 }), ARG_RANGE);
    }
  });

  test('dtypes and shapes of dot', async () => {
    await refused(() => device.dot(x, whole as Any), ARG_TYPE);
    await refused(() => device.dot(x, x, { outDtype: 'int64' as Any }), ARG_TYPE);
    await refused(() => device.dot(x, { buffer: x, shape: [5] }), ARG_RANGE);
  });

  test('a getter that disposes the operand', async () => {
    const y = device.from(new Float32Array(4));
    await device.synchronize();
    const options = {
      get axis() {
        y.dispose();
        return 0;
      },
    };
    expect(await failure(() => device.sum(y, options))).toMatchObject(DISPOSED);
  });

  test('wrong receivers', async () => {
    for (const name of [...REDUCTIONS, 'dot'] as const) {
      await refused(() => (device[name] as unknown as () => void).call({}), ARG_TYPE);
    }
  });
});

test('a failing call leaks nothing', async () => {
  const work = (device: Device) => {
    using long = device.alloc('float32', 200_000);
    using result = device.sum({ buffer: long, shape: [2, 90_000], strides: [100_000, 1] });
    void result;
  };
  // Buffer, result, copy, workspace; copy, sum in two.
  await expectNoLeaks(work, { MallocFromPoolAsync: 4, LaunchKernelExC: 3 });
});

test('what goes around TypeScript is refused by native code', () => {
  // The last numbers of a valid call, with one changed each time.
  device.sum(x);
  const { addon } = faulty;
  const block = addon.argumentBlock;
  const valid = block.slice(0, 19);
  const cases: [number, number][] = [
    [0, 9], // no such operation
    [1, 12], // no such dtype
    [2, 1], // float64 of float32
    [3, 0], // no stream
    [4, 0], // no buffer
    [5, 1], // behind the end of out
    [7, 7], // longer than x
    [7, -1],
    [7, 2 ** 53],
    [9, 0],
    [10, 1],
    [12, -1],
    [12, 0.5],
    [12, Number.NaN],
  ];
  for (const [slot, value] of cases) {
    block.set(valid);
    block[slot] = value;
    expect(() => addon.reduce()).toThrow();
  }
});
