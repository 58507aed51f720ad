// Elementwise operations: which arguments are refused, before any CUDA call, and what failures
// leave. Results are in elementwise.test.ts.

import { native } from '../../../../lib/addon/load.js';
import { cuda, type Device, type DeviceBuffer } from '../../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
} from '../../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, thrown, WRONG_DEVICE } from '../../../support/errors.js';

// biome-ignore lint/suspicious/noExplicitAny: what callers without types may pass
type Any = any;

let faulty: FaultyDevice;
let device: Device;
let x: DeviceBuffer<'float32'>;
let ints: DeviceBuffer<'int32'>;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
  x = device.from(new Float32Array([1, 2, 3, 4, 5, 6]));
  ints = device.from(new Int32Array([1, -2, 3, -4, 5, -6]));
  faulty.clearLog();
});
afterEach(closeFaultyDevices);

/** That the action is refused with such an error, and that nothing was allocated or enqueued. */
function refused(action: () => unknown, kind: object, words?: string | RegExp): void {
  const error = thrown(action);
  expect(error).toMatchObject(kind);
  if (words !== undefined) expect(error.message).toMatch(words);
  expect(faulty.log()).toEqual([]);
}

const read = (buffer: unknown) => Array.from((buffer as DeviceBuffer<'float32'>).readSync());

describe('operands', () => {
  test('a buffer of another length is refused', () => {
    using five = device.alloc('float32', 5);
    faulty.clearLog();
    refused(() => device.add(x, five), ARG_RANGE, 'Expected 6 elements for `y`');
    const view = { buffer: five, shape: [5] };
    refused(() => device.add(x, view), ARG_RANGE, '`x` and `y` do not broadcast: [6] and [5]');
  });

  test('numbers an integer dtype cannot hold are refused', () => {
    refused(() => device.add(ints, 1.5), ARG_RANGE, 'for `y`');
    refused(() => device.add(2 ** 31, ints), ARG_RANGE, 'for `x`');
    refused(() => device.add(x, 1n as Any), ARG_TYPE, 'a number for `y`');
    refused(() => device.add(1 as Any, 2 as Any), ARG_TYPE, 'both are numbers');
  });

  test('what is no operand is refused, whatever it is', () => {
    for (const value of [null, undefined, 'x', {}, [], new Float32Array(6), new Date(), () => x]) {
      refused(() => device.sqrt(value as Any), ARG_TYPE);
      refused(() => device.add(x, value as Any), ARG_TYPE);
      refused(() => device.convert(value as Any, 'int8'), ARG_TYPE);
      refused(() => device.sqrt({ buffer: value as Any, shape: [1] }), ARG_TYPE, 'x.buffer');
      if (value !== undefined) refused(() => device.add(x, x, { out: value as Any }), ARG_TYPE);
    }
    refused(() => device.sqrt(4 as Any), ARG_TYPE);
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    refused(() => device.sqrt({ buffer: x, shape: proxy as Any }), ARG_TYPE, 'x.shape');
    const lying = new Proxy([], { get: () => 1n << 99n });
    refused(() => device.sqrt({ buffer: x, shape: lying as Any }), ARG_RANGE, 'x.shape.length');
    refused(() => device.neg({ buffer: x, shape: [1], dtype: 'int8' } as Any), ARG_TYPE, 'x.dtype');
    refused(() => device.sqrt(ints as Any), ARG_TYPE, 'takes floats but received int32');
    refused(() => device.pow(ints as Any, ints as Any), ARG_TYPE, 'takes floats');
    refused(() => device.add(x, ints as Any), ARG_TYPE, 'float32 and int32');
    refused(() => device.convert(x, 'float128' as Any), ARG_TYPE, 'dtype');
    refused(() => device.neg(x, { into: x } as Any), ARG_TYPE, 'into');
  });
});

describe('views', () => {
  test.each<[string, object, object, string]>([
    ['too long', { shape: [7] }, ARG_RANGE, 'reaches from element 0 to 6'],
    ['beyond the end', { shape: [3], offset: 4 }, ARG_RANGE, 'to 6'],
    ['before the start', { shape: [3], strides: [-1], offset: 1 }, ARG_RANGE, 'element -1'],
    ['an offset past an empty view', { shape: [0], offset: 7 }, ARG_RANGE, 'reaches'],
    [
      'strides that overflow',
      { shape: [2, 2], strides: [2 ** 53 - 1, 2 ** 53 - 1] },
      ARG_RANGE,
      '',
    ],
    ['a pebielement', { shape: [2 ** 30, 2 ** 30], strides: [0, 0] }, ARG_RANGE, 'too many'],
    ['strides for other dimensions', { shape: [2], strides: [1, 1] }, ARG_RANGE, 'Expected 1 str'],
    ['nine dimensions', { shape: new Array(9).fill(1) }, ARG_RANGE, 'at most 8'],
    ['no shape', {}, ARG_TYPE, 'x.shape'],
    ['a shape that is no array', { shape: 6 }, ARG_TYPE, 'x.shape'],
    ['a typed array as shape', { shape: new Int32Array([6]) }, ARG_TYPE, 'x.shape'],
    ['a fraction', { shape: [1.5] }, ARG_RANGE, 'x.shape[0]'],
    ['a negative extent', { shape: [2, -1] }, ARG_RANGE, 'x.shape[1]'],
    ['NaN', { shape: [Number.NaN] }, ARG_RANGE, 'x.shape[0]'],
    ['a hole', { shape: new Array(1) }, ARG_TYPE, 'x.shape[0]'],
    ['a string as stride', { shape: [1], strides: ['1'] }, ARG_TYPE, 'x.strides[0]'],
    ['a negative offset', { shape: [1], offset: -1 }, ARG_RANGE, 'x.offset'],
  ])('%s is refused', (_, view, kind, words) => {
    const error = thrown(() => device.neg({ buffer: x, ...view } as Any));
    expect(error).toMatchObject(kind);
    expect(error.message).toContain(words);
    expect(faulty.log()).toEqual([]);
  });

  test('empty ones are fine and launch nothing', () => {
    for (const shape of [[0], [3, 0], [0, 2 ** 53 - 1]]) {
      expect(device.neg({ buffer: x, shape, offset: 6 }).length).toBe(0);
    }
    expect(faulty.log()).not.toContain('LaunchKernelExC');
  });
});

describe('out', () => {
  test('that meets an operand otherwise is refused', () => {
    using low = x.slice(0, 4);
    using high = x.slice(2);
    const words = '`out` overlaps `x` in part';
    refused(() => device.add(low, low, { out: high }), ARG_RANGE, words);
    refused(() => device.neg(low, { out: high }), ARG_RANGE, words);
    const reversed = { buffer: x, shape: [6], strides: [-1], offset: 5 };
    refused(() => device.neg(reversed, { out: x }), ARG_RANGE, words);
    const even = { buffer: x, shape: [3], strides: [2] };
    const odd = { buffer: x, shape: [3], strides: [2], offset: 1 };
    refused(() => device.neg(even, { out: odd }), ARG_RANGE, words);
    const row = { buffer: x, shape: [1, 3] };
    refused(() => device.add(1, row, { out: { buffer: x, shape: [2, 3] } } as Any), ARG_RANGE);
  });

  test('of another shape or dtype, or with an element twice, is refused', () => {
    using five = device.alloc('float32', 5);
    using target = device.alloc('float32', 100);
    faulty.clearLog();
    refused(() => device.add(x, x, { out: five }), ARG_RANGE, 'Expected 6 elements for `out`');
    refused(() => device.neg(x, { out: five }), ARG_RANGE, 'Expected the shape [6]');
    refused(() => device.add(x, x, { out: ints as Any }), ARG_TYPE);
    refused(() => device.convert(x, 'int8', { out: ints as Any }), ARG_TYPE, 'int8 for `out`');
    const matrix = { buffer: x, shape: [2, 3] };
    refused(() => device.neg(matrix, { out: target }), ARG_RANGE, 'Expected the shape [2, 3]');
    for (const strides of [
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 0],
      [-1, 1],
    ]) {
      const out = { buffer: target, shape: [2, 3], strides, offset: 50 };
      refused(() => device.neg(matrix, { out }), ARG_RANGE, 'an element twice');
    }
  });
});

describe('clamp, scale, axpy', () => {
  test('refuse what is no number of the dtype', () => {
    refused(() => device.clamp(x, 3, 2), ARG_RANGE, '`min` to be at most `max`');
    refused(() => device.clamp(x, Number.NaN, 2), ARG_RANGE);
    refused(() => device.clamp(x, 0, Number.NaN), ARG_RANGE);
    refused(() => device.clamp(ints, 0, Number.POSITIVE_INFINITY), ARG_RANGE, 'for `max`');
    refused(() => device.clamp(x, undefined as Any, 1), ARG_TYPE, '`min`');
    refused(() => device.scale(x, '2' as Any), ARG_TYPE, '`alpha`');
    refused(() => device.scale(ints, 0.5), ARG_RANGE, '`alpha`');
    refused(() => device.axpy(undefined as Any, x, x), ARG_TYPE, '`alpha`');
    refused(() => device.axpy(2, x, ints as Any), ARG_TYPE);
  });
});

describe('code of the caller', () => {
  test('a getter that throws is passed on, and one that disposes is noticed', () => {
    const mine = new Error('mine');
    const throwing = {
      buffer: x,
      get shape(): number[] {
        throw mine;
      },
    };
    expect(thrown(() => device.neg(throwing))).toBe(mine);
    const disposing = {
      buffer: x,
      get shape(): number[] {
        x.dispose();
        return [6];
      },
    };
    expect(thrown(() => device.add(x, disposing))).toMatchObject(DISPOSED);
    expect(faulty.log()).not.toContain('LaunchKernelExC');
  });

  test('of a Proxy that is `out` does not run after the launch', () => {
    const trap = () => {
      throw new Error('the trap');
    };
    const out = new Proxy(
      { buffer: device.alloc('float32', 6), shape: [6] },
      { getPrototypeOf: trap },
    );
    expect(device.neg(x, { out })).toBe(out);
  });

  test('inherited properties do not count', () => {
    const view = Object.create({ buffer: x, shape: [6] });
    refused(() => device.neg(view), ARG_TYPE);
  });
});

test('buffers and streams of another device, and disposed ones, are refused', () => {
  using other = cuda.simulatedDevice({ memoryBytes: 2 ** 20 });
  using far = other.alloc('float32', 6);
  const gone = device.alloc('float32', 6);
  gone.dispose();
  faulty.clearLog();
  refused(() => device.neg(far), WRONG_DEVICE);
  refused(() => device.add(1, { buffer: far, shape: [6] }), WRONG_DEVICE);
  refused(() => device.neg(x, { out: far }), WRONG_DEVICE);
  refused(() => device.neg(x, { stream: other.defaultStream }), WRONG_DEVICE);
  refused(() => device.neg(gone), DISPOSED);
  refused(() => device.neg({ buffer: gone, shape: [6] }), DISPOSED);
  refused(() => device.neg(x, { out: gone }), DISPOSED);
});

test('methods of something else', () => {
  for (const name of ['add', 'sub', 'neg', 'clamp', 'scale', 'axpy', 'convert'] as const) {
    expect(thrown(() => (device[name] as Any).call({}, x, x, x))).toMatchObject(ARG_TYPE);
  }
});

test('a result is given back if the launch fails', () => {
  const before = faulty.live().allocations;
  faulty.fail('LaunchKernelExC', 1, 701);
  expect(thrown(() => device.neg(x))).toMatchObject({ code: 'ERR_CUDA_LAUNCH' });
  expect(faulty.live().allocations).toBe(before);
  faulty.clear();
  expect(read(device.neg(x))).toEqual([-1, -2, -3, -4, -5, -6]);
});

// The last line of defence: what TypeScript never passes.
test('native code checks again', () => {
  const addon = native();
  const { handle } = internals();
  const valid = [1, 0, 0, 0, handle.stream, 0, 0, 0, 0];
  valid.push(handle.out, 0, handle.x, 0, handle.y, 0, 6, 0, 0);
  const call = (change: Record<number, number>) => {
    const block = addon.argumentBlock;
    block.fill(0);
    for (const [i, value] of valid.entries()) block[i] = value;
    for (const [i, value] of Object.entries(change)) block[Number(i)] = value;
    addon.elementwise();
  };
  call({});
  faulty.clearLog();
  const shape = (extent: number, ...strides: number[]) =>
    Object.fromEntries([extent, ...strides].map((value, i) => [18 + i, value]));
  for (const change of [
    { 0: 3 },
    { 0: Number.NaN },
    { 1: -1 },
    { 2: 12 },
    { 3: 0.5 },
    { 4: 0 },
    { 5: 2 ** 32 },
    { 9: 0 },
    { 9: handle.stream },
    { 10: 1 },
    { 12: 1 },
    { 14: Number.NaN },
    { 15: 7 },
    { 15: -1 },
    { 15: 2 ** 53 },
    { 17: 9 },
    { 17: 1, ...shape(7, 1, 1, 1) },
    { 17: 1, ...shape(6, 1, -1, 1) },
    { 17: 1, ...shape(6, 2, 1, 1) },
    { 17: 1, ...shape(2, 2 ** 53 - 1, 1, 1) },
    { 17: 1, ...shape(2, Number.NaN, 1, 1) },
    { 17: 1, ...shape(2, 0.5, 1, 1) },
    { 0: 0, 11: 0 },
  ] as Record<number, number>[]) {
    expect(thrown(() => call(change))).toBeInstanceOf(Error);
    expect(faulty.log()).toEqual([]);
  }
  // What the dtype does not have is CUDA's "invalid value".
  expect(thrown(() => call({ 1: 255 }))).toMatchObject({ statusName: 'cudaErrorInvalidValue' });
});

/** Handles of buffers of six floats and of a stream, on a device made below the public classes. */
function internals() {
  const { addon } = faulty;
  const state = handleState();
  const allocate = () => addon.allocate(state.device, 24, true, state.stream);
  return { handle: { stream: state.stream, out: allocate(), x: allocate(), y: allocate() } };
}

function handleState() {
  const { addon } = faulty;
  const opened = addon.openDevice(addon.sharedSimulatedRuntime(1, ''), 0);
  closers.push(() => addon.closeDevice(opened));
  return { device: opened, stream: addon.defaultStream(opened) };
}

const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
});
