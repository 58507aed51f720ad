// Softmax: which arguments are refused, and what failures leave. Results are in softmax.test.ts.
import type { Device, DeviceBuffer } from '../../../../lib/index.js';
import {
  closeFaultyDevices,
  type FaultyDevice,
  openFaultyDevice,
} from '../../../support/devices.js';
import { ARG_RANGE, ARG_TYPE } from '../../../support/errors.js';
import { expectNoLeaks, refusedBy } from '../../../support/faults.js';

let faulty: FaultyDevice;
let device: Device;
let x: DeviceBuffer<'float32'>;
let whole: DeviceBuffer<'int32'>;

beforeAll(async () => {
  faulty = openFaultyDevice();
  device = faulty.device;
  x = device.from(new Float32Array([1, -2, 3, 4, 5, -6]));
  whole = device.from(new Int32Array([7, -3, 7, 2]));
  await device.synchronize();
});
afterAll(closeFaultyDevices);

type Any = never;
const refused = (action: () => unknown, expected: object) => refusedBy(faulty, action, expected);

describe('refused before any CUDA call', () => {
  test('out in the way of the operand', async () => {
    using nine = device.from(new Float32Array(9));
    using eight = nine.slice(0, 8);
    using shifted = nine.slice(1);
    await refused(() => device.softmax(eight, { out: shifted }), ARG_RANGE);
    const backwards = { buffer: eight, shape: [8], strides: [-1], offset: 7 };
    await refused(() => device.softmax(backwards, { out: eight }), ARG_RANGE);
  });

  test('dtypes and options', async () => {
    await refused(() => device.softmax(whole as Any), ARG_TYPE);
    await refused(() => device.softmax(x, { log: 1 as Any }), ARG_TYPE);
    await refused(() => device.softmax({ buffer: x, shape: [] }, { axis: 0 }), ARG_RANGE);
  });

  test('wrong receivers', async () => {
    await refused(() => (device.softmax as unknown as () => void).call({}), ARG_TYPE);
  });
});

test('a failing call leaks nothing', async () => {
  const work = (device: Device) => {
    using long = device.alloc('float32', 200_000);
    using probabilities = device.softmax(long);
    void probabilities;
  };
  // Buffer, result, workspace; three kernels.
  await expectNoLeaks(work, { MallocFromPoolAsync: 3, LaunchKernelExC: 3 });
});
