// Sums of every dtype against a reference, bit for bit.
import fc from 'fast-check';
import { dtypeByName } from '../../../lib/base/dtype.js';
import { type Device, DTYPES, type Dtype } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { addReference, decodeBfloat16, decodeFloat16 } from '../../support/numbers.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

type Numbers = ArrayBufferView & ArrayLike<number | bigint>;
type AnyArray = new (values: Iterable<number | bigint>) => Numbers;

/** Numbers of the dtype, edges included. Narrow floats as bits: every pattern there is. */
function elements(dtype: Dtype): fc.Arbitrary<number | bigint> {
  const { kind, byteSize } = dtypeByName(dtype)!;
  const bits = 8 * byteSize;
  if (dtype === 'float32') return fc.float();
  if (dtype === 'float64') return fc.double();
  if (kind === 'float') return fc.integer({ min: 0, max: 0xffff });
  const unsigned = dtype.startsWith('u');
  if (kind === 'bigint') {
    const max = unsigned ? 2n ** 64n - 1n : 2n ** 63n - 1n;
    return fc.bigInt({ min: unsigned ? 0n : -max - 1n, max });
  }
  const max = unsigned ? 2 ** bits - 1 : 2 ** (bits - 1) - 1;
  return fc.integer({ min: unsigned ? 0 : -max - 1, max });
}

const decoders: Partial<Record<Dtype, (bits: number) => number>> = {
  float16: decodeFloat16,
  bfloat16: decodeBfloat16,
};

/** NaNs of all bits are one. */
function comparable(dtype: Dtype, values: Numbers): (number | bigint | string)[] {
  const decode = decoders[dtype];
  return Array.from(values, (value) =>
    Number.isNaN(decode ? decode(Number(value)) : value) ? 'NaN' : value,
  );
}

async function check(dtype: Dtype, pairs: [number | bigint, number | bigint][]) {
  const HostArray = dtypeByName(dtype)!.HostArray as unknown as AnyArray;
  const x = new HostArray(pairs.map(([left]) => left));
  const y = new HostArray(pairs.map(([, right]) => right));
  const expected = new HostArray(
    pairs.map((_, i) => addReference(dtype, x[i]!, y[i]!) as number | bigint),
  );
  using left = device.from(x, { dtype });
  using right = device.from(y, { dtype });
  using sum = device.add(left, right);
  expect(comparable(dtype, (await sum.read()) as Numbers)).toEqual(comparable(dtype, expected));
  device.add(left, right, { out: right });
  expect(comparable(dtype, (await right.read()) as Numbers)).toEqual(comparable(dtype, expected));
}

describe.each([...DTYPES])('%s', (dtype) => {
  test('any numbers, any length', async () => {
    const pair = fc.tuple(elements(dtype), elements(dtype));
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { maxLength: 300 }), (pairs) => check(dtype, pairs)),
      { numRuns: 40 },
    );
  });

  test('lengths around blocks and vectors', async () => {
    for (const length of [0, 1, 3, 31, 32, 33, 255, 256, 257, 1023, 1025, 4099]) {
      const bigint = dtypeByName(dtype)!.kind === 'bigint';
      await check(
        dtype,
        Array.from({ length }, (_, i) => (bigint ? [BigInt(i), BigInt(i)] : [i & 127, i & 127])),
      );
    }
  });

  test('views that begin anywhere', async () => {
    const HostArray = dtypeByName(dtype)!.HostArray as unknown as AnyArray;
    const bigint = dtypeByName(dtype)!.kind === 'bigint';
    const host = new HostArray(Array.from({ length: 120 }, (_, i) => (bigint ? BigInt(i) : i)));
    using x = device.from(host, { dtype });
    for (let begin = 0; begin < 9; begin++) {
      using left = x.slice(begin, begin + 50);
      using right = x.slice(begin + 51, begin + 101);
      using out = device.alloc(dtype, 52);
      using middle = out.slice(1, 51);
      device.add(left, right, { out: middle });
      const expected = Array.from({ length: 50 }, (_, i) =>
        addReference(dtype, host[begin + i]!, host[begin + 51 + i]!),
      );
      const result = (await out.read()) as Numbers;
      expect(Array.from(result).slice(1, 51)).toEqual(Array.from(new HostArray(expected)));
      expect([Number(result[0]), Number(result[51])]).toEqual([0, 0]);
    }
  });
});

const HALVES = [0x0001, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0x7bff, 0x7c00, 0x7e00, 0x8000, 0xfbff];
test.each(['float16', 'bfloat16'] as const)('%s at its edges', async (dtype) => {
  await check(
    dtype,
    HALVES.flatMap((x) => HALVES.map((y): [number, number] => [x, y])),
  );
});
