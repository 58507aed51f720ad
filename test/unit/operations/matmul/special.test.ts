// Products of special numbers: NaN, infinities, zeros, the largest and the smallest; what the
// epilogue makes of them; what a fast product keeps of them.
import { Slot } from '../../../../lib/abi/matmul.js';
import { native } from '../../../../lib/addon/load.js';
import { toBfloat16Bits, toFloat16Bits } from '../../../../lib/base/scalar.js';
import { deviceReceiver } from '../../../../lib/device/device.js';
import type { Device, DeviceBuffer, MatmulOptions } from '../../../../lib/index.js';
import { openTestDevice } from '../../../support/devices.js';
import { decodeBfloat16, decodeFloat16 } from '../../../support/numbers.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

const FLOATS = ['float32', 'float64', 'float16', 'bfloat16'] as const;
type Float = (typeof FLOATS)[number];

function upload(values: readonly number[], dtype: Float): DeviceBuffer<Float> {
  if (dtype === 'float64') return device.from(new Float64Array(values));
  if (dtype === 'float32') return device.from(new Float32Array(values));
  const bits = dtype === 'float16' ? toFloat16Bits : toBfloat16Bits;
  return device.from(Uint16Array.from(values, bits), { dtype });
}

const list = async (buffer: { read(): Promise<ArrayLike<number | bigint>> }) =>
  Array.from(await buffer.read());

const SPECIAL = [
  0, 1e-45, 1e-38, 1e-5, 0.5, 1, 3, 5.5, 9.5, 13, 14.5, 20, 40, 90, 700, 6e4, 1e13, 3e38,
]
  .concat(Number.POSITIVE_INFINITY)
  .flatMap((value) => [value, -value])
  .concat(Number.NaN);

describe('an activation in the product is that of an operation of its own', () => {
  test.each(FLOATS)('%s', async (dtype) => {
    const m = SPECIAL.length;
    using x = upload(SPECIAL, dtype);
    // For one column there are kernels of their own.
    for (const n of [1, 33]) {
      using ones = upload(new Array(n).fill(1), dtype);
      const shape = { m, n, k: 1 };
      using plain = device.matmul(x, ones, shape);
      for (const activation of ['relu', 'gelu'] as const) {
        using fused = device.matmul(x, ones, { ...shape, activation });
        using separate = activation === 'relu' ? device.relu(plain) : device.gelu(plain);
        expect(await list(fused)).toEqual(await list(separate));
      }
    }
  });

  test('of int8', async () => {
    const values = new Int8Array([-128, -1, 0, 1, 127]);
    using x = device.from(values);
    using one = device.from(new Int8Array([1]));
    using fused = device.matmul(x, one, { m: 5, n: 1, k: 1, activation: 'relu' });
    expect(await list(fused)).toEqual([0, 0, 0, 1, 127]);
  });

  test.each(FLOATS)('gelu-tanh of %s has limits', async (dtype) => {
    const values = [Number.NEGATIVE_INFINITY, -1e4, -0, Number.POSITIVE_INFINITY, Number.NaN];
    using x = upload(values, dtype);
    using ones = upload([1], dtype);
    using fused = device.matmul(x, ones, {
      ...{ m: values.length, n: 1, k: 1, activation: 'gelu-tanh' },
    });
    const [last, ...others] = (await list(fused)).reverse();
    using expected = upload([-0, -0, 0, Number.POSITIVE_INFINITY], dtype);
    expect(others.reverse()).toEqual(await list(expected));
    const decode = {
      float16: decodeFloat16,
      bfloat16: decodeBfloat16,
      float32: Number,
      float64: Number,
    };
    expect(decode[dtype](last as number)).toBeNaN();
  });
});

describe('alpha 0 leaves beta times out: nothing else is read', () => {
  test.each(FLOATS)('%s', async (dtype) => {
    using a = upload([Number.NaN, 1, Number.POSITIVE_INFINITY, 1], dtype);
    using b = upload([1, Number.NaN, 1, 0], dtype);
    using out = upload([1, 2, 3, -4], dtype);
    using scale = upload([Number.NaN, 1], dtype === 'float64' ? dtype : 'float32');
    const shape = { m: 2, n: 2, k: 2, alpha: 0 };
    using expected = upload([2, 4, 6, -8], dtype);
    device.matmul(a, b, { ...shape, beta: 2, out, rowScale: scale as never });
    expect(await list(out)).toEqual(await list(expected));
    device.matmul(a, b, { ...shape, out });
    expect(await list(out)).toEqual([0, 0, 0, 0]);
    using bias = upload([5, 6], dtype);
    using added = upload([5, 6, 5, 6], dtype);
    using biased = device.matmul(a, b, { ...shape, alpha: -0, bias });
    expect(await list(biased)).toEqual(await list(added));
  });
});

test('int8 to bfloat16 is rounded once', async () => {
  // 257 x 2^16 is half way between two numbers; float32 does not show that the sum is 1 more.
  const k = 1046;
  const x = device.from(new Int8Array(k).fill(127));
  const y = device.from(new Int8Array(k).fill(127).fill(32, 1044, 1045).fill(0, 1045));
  const last = device.from(new Int8Array([13]));
  x.slice(1045).copyFrom(last);
  y.slice(1045).copyFrom(device.from(new Int8Array([1])));
  const shape = { m: 1, n: 1, k };
  expect(await list(device.matmul(x, y, shape))).toEqual([(257 << 16) + 1]);
  const options = { ...shape, outDtype: 'bfloat16' } as const;
  expect(await list(device.matmul(x, y, options))).toEqual([toBfloat16Bits(258 * 2 ** 16)]);
  const negative = device.matmul(x, y, { ...options, alpha: -1, activation: 'gelu' });
  expect(await list(negative)).toEqual([toBfloat16Bits(-0)]);
  const bias = device.from(new Uint16Array([0]), { dtype: 'bfloat16' });
  const biased = device.matmul(x, y, { ...options, alpha: -2, bias });
  expect(await list(biased)).toEqual([toBfloat16Bits(-258 * 2 ** 17)]);
});

describe("precision 'fp32-fast'", () => {
  const MOST = 3.4028234663852886e38;
  const HOPPER = [
    'wgmma_fp32fast_128x128',
    'wgmma_fp32fast_128x128_cluster2',
    'wgmma_fp32fast_128x64',
  ];
  const variants = ['mma_fp32fast_128x128', 'mma_fp32fast_64x64', ...HOPPER];

  // Two numbers of each exponent, one with all bits set, and their products with some of all sizes.
  const rows = Array.from({ length: 277 }, (_, i) => i - 149).flatMap((exponent) => {
    const sign = exponent % 2 === 0 ? 1 : -1;
    const all = exponent < -126 ? 1 : 2 - 2 ** -23;
    return [sign * all * 2 ** exponent, -sign * 1.2345678 * 2 ** exponent].map(Math.fround);
  });
  rows.push(MOST, -MOST, 1e30, -1e30, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  const columns = [1, -1, 1e30, -1e30, 1.1, 2 ** -60, 3e-38, 0.3, -7e20, MOST, 2 ** -100, 1 / 3]
    .concat([0, Number.NEGATIVE_INFINITY, Number.NaN, 2 ** -127])
    .map(Math.fround);

  // What docs/kernels/mma.md says of an element: 2^-20 of each product, and 2^-136 of each operand.
  const bound = (x: number, y: number) =>
    2 ** -20 * Math.abs(x * y) + 2 ** -136 * (Math.abs(x) + Math.abs(y)) + 2 ** -148;

  test.each(variants)('%s: signs and accuracy over all exponents', async (variant) => {
    const major = variant.startsWith('mma') ? 8 : 9;
    using own = openTestDevice({ computeCapability: { major, minor: 0 } });
    // A GPU, or the double of one, has the capability that it has.
    const has = own.computeCapability.major;
    const isFit = major === 8 ? has >= 8 : has === 9;
    const m = rows.length;
    const n = columns.length;
    const k = 8;
    const a = new Float32Array(m * k);
    const b = new Float32Array(k * n);
    // Each row has its number at another place, where b has its row of numbers too.
    for (const [i, x] of rows.entries()) a[i * k + 5] = x;
    for (const [j, y] of columns.entries()) b[5 * n + j] = y;
    const options: MatmulOptions<'float32'> = { m, n, k, variant, precision: 'fp32-fast' };
    using x = own.from(a);
    using y = own.from(b);
    if (!isFit) {
      expect(() => own.matmul(x, y, options)).toThrow('is for another compute capability');
      return;
    }
    using product = own.matmul(x, y, options);
    const got = await product.read();
    const wrong: object[] = [];
    for (const [i, x] of rows.entries()) {
      for (const [j, y] of columns.entries()) {
        const value = got[i * n + j]!;
        const exact = x * y;
        const size = Math.abs(exact);
        let right: boolean;
        if (Math.abs(x) < 2 ** -137 && !Number.isFinite(y)) right = Number.isNaN(value);
        else if (!Number.isFinite(exact)) right = Object.is(value, exact);
        else if (size >= 2 ** 128 * (1 + 2 ** -20)) right = value === Math.sign(exact) * Infinity;
        else if (size > MOST) right = Math.sign(value) === Math.sign(exact);
        else right = Math.abs(value - exact) <= bound(x, y);
        if (!right) wrong.push({ x, y, value, exact });
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('a plan of nothing', () => {
  test.each([['m'], ['n'], ['batches']])('%s 0 is refused by the native entry', (extent) => {
    const options = { m: 4, n: 4, k: 4, batches: 2, [extent]: 0 };
    const { argumentBlock, planMatmul } = native();
    argumentBlock.fill(0);
    argumentBlock[Slot.m] = options.m;
    argumentBlock[Slot.n] = options.n;
    argumentBlock[Slot.k] = options.k;
    argumentBlock[Slot.batches] = options.batches;
    argumentBlock[Slot.variant] = -1;
    argumentBlock[Slot.device] = deviceReceiver(device, 'planMatmul').handle;
    const plans = planMatmul();
    expect(plans.length).toBeGreaterThan(0);
    expect(new Set(plans.map(({ rejected }) => rejected))).toEqual(
      new Set(['has nothing to compute']),
    );
  });
});
