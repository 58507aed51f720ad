// The kernels that ship are silent under all checks.
import type { Device, Dtype } from '../../../../lib/index.js';
import { cuda } from '../../../../lib/index.js';

const CAPABILITIES = [
  [7, 5],
  [8, 0],
  [9, 0],
] as const;

// The checker reads the same code in all; sanitizers, which take ten times as long, see the newest.
const SEEN = process.env.NODECUDA_PROPERTY_RUNS ? CAPABILITIES.slice(-1) : CAPABILITIES;

describe.each(SEEN)('as a device of %i.%i', (major, minor) => {
  let device: Device;
  beforeEach(() => {
    device = cuda.simulatedDevice({
      memoryBytes: 2 ** 26,
      computeCapability: { major, minor },
      check: true,
      schedule: { seed: 1 },
    });
  });
  afterEach(async () => {
    await device.synchronize();
    device.dispose();
    expect(String(device.checkReport())).toBe('no findings');
  });

  const counting = (length: number) => Float32Array.from({ length }, (_, i) => (i % 7) - 3);

  test('elementwise operations and fills', async () => {
    using x = device.from(counting(1000));
    using y = device.alloc('float32', 1000);
    y.fill(2);
    using sum = device.add(x, y);
    using power = device.exp(sum);
    using half = device.convert(power, 'float16');
    using halves = device.mul(half, half);
    using bytes = device.convert(x, 'int8');
    await halves.read();
    await bytes.read();
  });

  test('reductions, softmax and transposition', async () => {
    using x = device.from(counting(64 * 130));
    for (const shape of [
      [64, 130],
      [130, 64],
    ] as const) {
      for (const axis of [0, 1]) {
        using sum = device.sum({ buffer: x, shape }, { axis });
        using most = device.argmax({ buffer: x, shape }, { axis });
        await sum.read();
        await most.read();
      }
      using soft = device.softmax({ buffer: x, shape });
      using turned = device.transpose(x, { rows: shape[0], columns: shape[1] });
      await soft.read();
      await turned.read();
    }
    using all = device.sum(x);
    using norm = device.norm(x);
    await all.read();
    await norm.read();
  });

  test.each<[Dtype, number, number, number]>([
    ['float32', 70, 66, 40],
    ['float32', 1, 128, 64],
    ['float64', 33, 34, 35],
    ['float16', 72, 64, 64],
    ['bfloat16', 64, 72, 64],
    ['int8', 64, 64, 64],
  ])('products of %s, %i x %i x %i, by every variant', async (dtype, m, n, k) => {
    using x = device.from(counting(m * k));
    using y = device.from(counting(k * n));
    using a = device.convert(x, dtype);
    using b = device.convert(y, dtype);
    const shape = { m, n, k };
    for (const { variant, rejected } of device.planMatmul({ dtype: dtype as 'float32', ...shape })
      .candidates) {
      if (rejected !== null) continue;
      using c = device.matmul(a as never, b as never, { ...shape, variant } as never);
      await (c as { read(): Promise<unknown> }).read();
    }
  });
});
