// Wrong arguments of calls: refused before any CUDA call, and before anything is compiled.
import { type Device, elementwise, reduction, scan } from '../../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
} from '../../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, failure, WRONG_DEVICE } from '../../../support/errors.js';

type Loose = (...args: unknown[]) => Promise<unknown>;

let faulty: FaultyDevice;
let device: Device;
beforeEach(() => {
  faulty = openFaultyDevice();
  ({ device } = faulty);
});
afterEach(closeFaultyDevices);

/** The error of a call that did nothing. */
async function refused(operation: unknown, ...args: unknown[]) {
  const compile = jest.spyOn(device, 'compile');
  faulty.clearLog();
  const error = await failure(() => (operation as Loose)(...args));
  expect(faulty.log()).toEqual([]);
  expect(compile).not.toHaveBeenCalled();
  return error;
}

const f = elementwise('float32 x, float32 y, const int32 k', 'float32 z', 'z = x * y + k');
const buffer = (length = 10) => device.alloc('float32', length);

test('too few and too many', async () => {
  const x = buffer();
  for (const args of [[], [x], [x, x], [x, x, 1, {}, {}]]) {
    expect(await refused(f, ...args)).toMatchObject({
      ...ARG_RANGE,
      message: `Expected 3 arguments (x, y, k) and options but received ${args.length} in all`,
    });
  }
});

test('of another kind', async () => {
  const x = buffer();
  expect(await refused(f, x, '2', 1)).toMatchObject({
    ...ARG_TYPE,
    message:
      'Expected a DeviceBuffer, a number or a bigint for `y` but received "2" of type string',
  });
  expect(await refused(f, x, x, x)).toMatchObject({
    ...ARG_TYPE,
    message: 'Expected a number or a bigint for `k`, which is const, and not a buffer',
  });
  expect(await refused(f, x, x, undefined)).toMatchObject(ARG_TYPE);
  expect(await refused(f, x, null, 1)).toMatchObject(ARG_TYPE);
  expect(await refused(f, x, new Float32Array(10), 1)).toMatchObject(ARG_TYPE);
  expect(await refused(elementwise('raw T x', 'T z', 'z = 1'), 5, { out: x })).toMatchObject(
    ARG_TYPE,
  );
});

test('numbers that the dtype cannot hold', async () => {
  const x = buffer();
  expect(await refused(f, x, x, 1.5)).toMatchObject(ARG_RANGE);
  expect(await refused(f, x, x, 2 ** 31)).toMatchObject(ARG_RANGE);
  expect(await refused(f, x, 1n, 1)).toMatchObject(ARG_TYPE);
  const bytes = elementwise('T x, T y', 'T z', 'z = x + y');
  expect(await refused(bytes, device.alloc('uint8', 3), 256)).toMatchObject({
    ...ARG_RANGE,
    message: expect.stringContaining('(uint8) for `y`'),
  });
});

test('of another dtype', async () => {
  const x = buffer();
  expect(await refused(f, x, device.alloc('float64', 10), 1)).toMatchObject({
    ...ARG_TYPE,
    message: 'Expected a DeviceBuffer of float32 for `y` but received one of float64',
  });
  const out = device.alloc('int32', 10);
  expect(await refused(f, x, x, 1, { out })).toMatchObject({
    ...ARG_TYPE,
    message: 'Expected a DeviceBuffer of float32 for `out` but received one of int32',
  });
  const same = elementwise('T x, T y', 'T z', 'z = x + y');
  expect(await refused(same, x, out)).toMatchObject({
    ...ARG_TYPE,
    message:
      'Expected a DeviceBuffer of float32, which `x` makes of T, for `y` but received one of int32',
  });
  expect(await refused(elementwise('float32 x', 'T z', 'z = x'), x)).toMatchObject({
    ...ARG_TYPE,
    message: 'Nothing says what T of `z` is: no buffer of a T was given',
  });
});

test('of another length', async () => {
  expect(await refused(f, buffer(3), buffer(4), 1)).toMatchObject({
    ...ARG_RANGE,
    message: 'Expected 3 elements for `y` but received a DeviceBuffer of 4',
  });
  expect(await refused(f, 1, buffer(4), 1, { out: buffer(1) })).toMatchObject(ARG_RANGE);
  expect(await refused(f, 1, buffer(4), 1, { length: 5 })).toMatchObject(ARG_RANGE);
  expect(await refused(f, 1, buffer(4), 1, { length: -1 })).toMatchObject(ARG_RANGE);
  const reversed = elementwise('raw T x', 'T z', 'z = x[n - 1 - i]');
  expect(await refused(reversed, buffer())).toMatchObject({
    ...ARG_TYPE,
    message: 'Nothing says how many elements there are: give the option `length`',
  });
});

test('no buffer at all, and results that nobody gave', async () => {
  expect(await refused(f, 1, 2, 3)).toMatchObject({
    ...ARG_TYPE,
    message: 'No argument is a DeviceBuffer, to say on which device: give one, or `out`',
  });
  expect(await refused(elementwise('T x', 'raw T z', 'z[i] = x'), buffer())).toMatchObject({
    ...ARG_TYPE,
    message: 'The output `z` is raw: give it as `out`',
  });
  const two = elementwise('T x', 'T a, T b', 'a = b = x');
  const x = buffer();
  for (const out of [x, [x], [x, x, x], 5]) {
    expect(await refused(two, buffer(), { out })).toMatchObject(ARG_TYPE);
  }
  expect(await refused(two, buffer(), { out: [x, x] })).toMatchObject({
    ...ARG_RANGE,
    message: '`out[1]` overlaps `out[0]`',
  });
});

test('that overlap', async () => {
  const x = buffer(20);
  const [a, b] = [x.slice(0, 10), x.slice(5, 15)];
  expect(await refused(f, a, 1, 1, { out: b })).toMatchObject({
    ...ARG_RANGE,
    message: '`out` overlaps `x`',
  });
  const gather = elementwise('raw T x, T y', 'T z', 'z = x[i] + y');
  expect(await refused(gather, a, 1, { out: a })).toMatchObject(ARG_RANGE);
  const scatter = elementwise('T x', 'raw T z', 'z[n - 1 - i] = x');
  expect(await refused(scatter, a, { out: a })).toMatchObject(ARG_RANGE);
});

test('disposed, and of another device', async () => {
  const x = buffer();
  const y = buffer();
  y.dispose();
  expect(await refused(f, x, y, 1)).toMatchObject(DISPOSED);
  expect(await refused(f, y, x, 1)).toMatchObject(DISPOSED);
  expect(await refused(f, x, x, 1, { out: y })).toMatchObject(DISPOSED);
  const other = openFaultyDevice().device;
  const foreign = other.alloc('float32', 10);
  expect(await refused(f, x, foreign, 1)).toMatchObject({
    ...WRONG_DEVICE,
    message: expect.stringContaining('`y` belongs to another device'),
  });
  expect(await refused(f, x, x, 1, { out: foreign })).toMatchObject(WRONG_DEVICE);
  expect(await refused(f, x, x, 1, { stream: other.createStream() })).toMatchObject(WRONG_DEVICE);
  expect(await refused(f, x, x, 1, { stream: 5 })).toMatchObject(ARG_TYPE);
  expect(await refused(f, x, x, 1, { steam: 5 })).toMatchObject(ARG_TYPE);
  device.dispose();
  expect(await failure(() => f(x, x, 1))).toMatchObject(DISPOSED);
});

test('what a getter of the options disposes', async () => {
  const x = buffer();
  const options = {
    get stream() {
      x.dispose();
      return undefined;
    },
  };
  expect(await failure(() => f(x, x, 1, options))).toMatchObject(DISPOSED);
});

test('of reductions and scans', async () => {
  const sum = reduction('float32 x', 'float32 y', { map: 'x', reduce: 'a + b', identity: 0 });
  const sums = scan('float32', 'a + b', { identity: 0 });
  const wrong = device.alloc('int32', 10);
  for (const operation of [sum, sums]) {
    expect(await refused(operation)).toMatchObject(ARG_RANGE);
    expect(await refused(operation, wrong)).toMatchObject(ARG_TYPE);
    expect(await refused(operation, 5)).toMatchObject(ARG_TYPE);
    expect(await refused(operation, buffer(), { out: buffer(2) })).toMatchObject(ARG_RANGE);
  }
  expect(await refused(sums, 5, { out: buffer() })).toMatchObject(ARG_TYPE);
});
