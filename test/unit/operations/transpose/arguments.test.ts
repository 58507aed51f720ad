// Transposition: which arguments are refused. Results are in transpose.test.ts.
import type { Device, DeviceBuffer } from '../../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
} from '../../../support/devices.js';
import { ARG_RANGE, ARG_TYPE } from '../../../support/errors.js';
import { refusedBy } from '../../../support/faults.js';

let faulty: FaultyDevice;
let device: Device;
let x: DeviceBuffer<'float32'>; // (2, 3)

beforeAll(async () => {
  faulty = openFaultyDevice();
  device = faulty.device;
  x = device.from(new Float32Array([1, -2, 3, 4, 5, -6]));
  await device.synchronize();
});
afterAll(closeFaultyDevices);

type Any = never;
const refused = (action: () => unknown, expected: object) => refusedBy(faulty, action, expected);

describe('refused before any CUDA call', () => {
  test('out in the way of the operand', async () => {
    await refused(() => device.transpose(x, { rows: 2, columns: 3, out: x }), ARG_RANGE);
  });

  test('operands and options', async () => {
    await refused(() => device.transpose(x, { rows: 2, columns: 2 }), ARG_RANGE);
    await refused(() => device.transpose(x, { rows: 2 } as Any), ARG_TYPE);
    await refused(() => device.transpose(x, undefined as Any), ARG_TYPE);
    await refused(() => device.transpose(x, { rows: -2, columns: -3 }), ARG_RANGE);
    await refused(() => device.transpose(x, { rows: 2 ** 52, columns: 2 ** 52 }), ARG_RANGE);
    const view = { buffer: x, shape: [6] };
    await refused(() => device.transpose(view as Any, { rows: 2, columns: 3 }), ARG_TYPE);
  });

  test('wrong receivers', async () => {
    await refused(() => (device.transpose as unknown as () => void).call({}), ARG_TYPE);
  });
});
