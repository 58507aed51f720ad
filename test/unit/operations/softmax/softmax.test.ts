// Results of softmax, by hand.
import type { Device, DeviceBuffer } from '../../../../lib/index.js';
import { openTestDevice } from '../../../support/devices.js';

let device: Device;
let x: DeviceBuffer<'float32'>; // (2, 3)

beforeAll(() => {
  device = openTestDevice();
  x = device.from(new Float32Array([1, -2, 3, 4, 5, -6]));
});
afterAll(() => device.dispose());

const shape = [2, 3];
const list = async (buffer: { read(): Promise<ArrayLike<number | bigint>> }) =>
  Array.from(await buffer.read());

test('along an axis, its logarithm, and of infinities', async () => {
  const rows = await list(device.softmax(x, { shape }));
  expect(rows.slice(0, 3).reduce<number>((a, b) => a + Number(b), 0)).toBeCloseTo(1, 6);
  const log = await list(device.softmax(x, { shape, axis: 0, log: true }));
  expect(log[0]).toBeCloseTo(-Math.log(1 + Math.exp(3)), 5);
  const infinite = device.from(new Float32Array([-Infinity, -Infinity, Infinity, 0]));
  expect(await list(device.softmax(infinite, { shape: [2, 2] }))).toEqual([NaN, NaN, NaN, NaN]);
});

test('of no elements', async () => {
  const none = device.alloc('float32', 0);
  expect(await list(device.softmax(none))).toEqual([]);
  for (const extents of [
    [3, 0],
    [0, 3],
    [2, 0, 4, 5, 6],
  ]) {
    for (const axis of extents.keys()) {
      expect(await list(device.softmax(none, { shape: extents, axis }))).toEqual([]);
      const strides = extents.map((_, d) => 3 * d - 5);
      expect(await list(device.softmax({ buffer: x, shape: extents, strides }, { axis }))).toEqual(
        [],
      );
    }
  }
});

test('of a number', async () => {
  const number = { buffer: x, shape: [], offset: 4 };
  expect(await list(device.softmax(number))).toEqual([1]);
  expect(await list(device.softmax(number, { log: true }))).toEqual([0]);
  expect(() => device.softmax(number, { axis: 0 })).toThrow(RangeError);
});

test('in place', async () => {
  const logits = device.from(new Float32Array([0, 0]));
  expect(device.softmax(logits, { out: logits })).toBe(logits);
  expect(await list(logits)).toEqual([0.5, 0.5]);
});

test('of a long axis, through a workspace that is given back', async () => {
  // A device of its own: what other tests dropped may be collected, and freed, at any time.
  using own = openTestDevice();
  using long = own.from(new Float32Array(300_000).fill(0.5));
  using result = own.softmax(long);
  expect((await list(result))[7]).toBeCloseTo(1 / 300_000, 12);
  expect(own.memoryStats().currentCount).toBe(2);
});
