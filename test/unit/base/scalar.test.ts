import { dtypeByName } from '../../../lib/base/dtype.js';
import { scalarPattern, toBfloat16Bits, toFloat16Bits } from '../../../lib/base/scalar.js';
import type { Dtype } from '../../../lib/index.js';
import { thrown } from '../../support/errors.js';
import {
  decodeBfloat16,
  decodeFloat16,
  nearestBits,
  randomNumbers,
} from '../../support/numbers.js';

describe.each([
  ['float16', toFloat16Bits, decodeFloat16, 5, 10],
  ['bfloat16', toBfloat16Bits, decodeBfloat16, 8, 7],
] as const)('%s', (_, encode, decode, exponentBits, mantissaBits) => {
  const allBits = Array.from({ length: 0x10000 }, (_, bits) => bits);

  test('every value keeps its bits', () => {
    const numbers = allBits.filter((bits) => !Number.isNaN(decode(bits)));
    expect(numbers.length).toBe(0x10000 - 2 * (2 ** mantissaBits - 1));
    expect(numbers.filter((bits) => encode(decode(bits)) !== bits)).toEqual([]);
    expect(decode(encode(Number.NaN))).toBeNaN();
  });

  test('halfway between two values the even one is taken', () => {
    const largest = (((1 << exponentBits) - 1) << mantissaBits) - 1;
    const middle = (bits: number) => (decode(bits) + decode(bits + 1)) / 2; // exact in float64
    const wrong = allBits
      .slice(0, largest)
      .filter((bits) => encode(middle(bits)) !== bits + (bits % 2));
    expect(wrong).toEqual([]);
  });

  test('too large is infinity, from halfway beyond the largest on', () => {
    const infinity = ((1 << exponentBits) - 1) << mantissaBits;
    const largest = decode(infinity - 1);
    const halfStep = (largest - decode(infinity - 2)) / 2;
    expect(encode(largest + halfStep)).toBe(infinity);
    expect(encode((largest + halfStep) * (1 - 2 ** -52))).toBe(infinity - 1);
    expect(encode(Number.MAX_VALUE)).toBe(infinity);
    expect(encode(-Number.MAX_VALUE)).toBe(infinity | (1 << 15));
    expect(encode(Number.NEGATIVE_INFINITY)).toBe(infinity | (1 << 15));
  });

  test('too small is zero, with its sign', () => {
    expect(encode(Number.MIN_VALUE)).toBe(0);
    expect(encode(-Number.MIN_VALUE)).toBe(1 << 15);
    expect(encode(-0)).toBe(1 << 15);
  });

  test('as by search, for numbers of all sizes', () => {
    const mantissas = randomNumbers(2000);
    const exponents = randomNumbers(2000, 7);
    const values = mantissas.map((mantissa, i) => mantissa * 2 ** Math.round(150 * exponents[i]!));
    const wrong = values.filter(
      (value) => encode(value) !== nearestBits(value, exponentBits, mantissaBits),
    );
    expect(wrong).toEqual([]);
  });
});

const pattern = (dtype: Dtype, value: unknown) => {
  const { low, high } = scalarPattern(dtypeByName(dtype)!, value);
  return (BigInt(high) << 32n) | BigInt(low);
};

test('patterns are the little-endian bits of the element', () => {
  expect(pattern('float32', 1)).toBe(0x3f800000n);
  expect(pattern('float64', 1)).toBe(0x3ff0000000000000n);
  expect(pattern('float64', -0)).toBe(0x8000000000000000n);
  expect(pattern('uint8', 255) & 0xffn).toBe(0xffn);
  expect(pattern('int8', -128) & 0xffn).toBe(0x80n);
  expect(pattern('int16', -1) & 0xffffn).toBe(0xffffn);
  expect(pattern('int64', -1)).toBe(0xffffffffffffffffn);
  expect(pattern('int64', -(2n ** 63n))).toBe(0x8000000000000000n);
  expect(pattern('uint64', 2n ** 64n - 1n)).toBe(0xffffffffffffffffn);
  expect(pattern('uint32', 2 ** 32 - 1)).toBe(0xffffffffn);
});

test.each([
  ['int8', 128],
  ['int8', -129],
  ['uint8', -1],
  ['uint8', 256],
  ['int16', 32768],
  ['uint16', 65536],
  ['int32', 2 ** 31],
  ['uint32', 2 ** 32],
  ['int64', 2n ** 63n],
  ['uint64', -1n],
  ['uint64', 2n ** 64n],
  ['int64', 2 ** 53],
  ['int32', 0.5],
  ['int32', Number.NaN],
  ['int32', Number.POSITIVE_INFINITY],
] as const)('%s cannot hold %s', (dtype, value) => {
  expect(thrown(() => pattern(dtype, value))).toMatchObject({
    name: 'RangeError',
    code: 'ERR_CUDA_ARG_RANGE',
  });
});

test.each([
  ['float32', '1'],
  ['float32', 1n],
  ['float16', null],
  ['int32', true],
  ['int64', {}],
] as const)('for %s %p is no number', (dtype, value) => {
  expect(thrown(() => pattern(dtype, value))).toMatchObject({
    name: 'TypeError',
    code: 'ERR_CUDA_ARG_TYPE',
  });
});
