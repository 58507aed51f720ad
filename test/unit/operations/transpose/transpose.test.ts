// Results of transposition, by hand.
import type { Device, DeviceBuffer } from '../../../../lib/index.js';
import { openTestDevice } from '../../../support/devices.js';

let device: Device;
let x: DeviceBuffer<'float32'>; // (2, 3)

beforeAll(() => {
  device = openTestDevice();
  x = device.from(new Float32Array([1, -2, 3, 4, 5, -6]));
});
afterAll(() => device.dispose());

const list = async (buffer: { read(): Promise<ArrayLike<number | bigint>> }) =>
  Array.from(await buffer.read());

test('of a matrix, and back', async () => {
  const transposed = device.transpose(x, { rows: 2, columns: 3 });
  expect(await list(transposed)).toEqual([1, 4, -2, 5, 3, -6]);
  const back = device.transpose(transposed, { rows: 3, columns: 2 });
  expect(await list(back)).toEqual(await list(x));
});

test('of no elements', async () => {
  const none = device.alloc('float32', 0);
  expect(await list(device.transpose(none, { rows: 0, columns: 9 }))).toEqual([]);
});
