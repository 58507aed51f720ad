/**
 * Values that a user writes into registers and variables, as bits.
 */
import { argumentRangeError, argumentTypeError } from '../base/checks.js';
import { toBfloat16Bits, toFloat16Bits } from '../base/scalar.js';

/** `bits`: of no type; whole numbers are integers, and others floats. */
export type Encoding = 'integer' | 'float' | 'bfloat16' | 'boolean' | 'bits';

const view = new DataView(new ArrayBuffer(8));

function floatBits(value: number, encoding: Encoding, width: number): bigint | undefined {
  if (encoding === 'bfloat16') return BigInt(toBfloat16Bits(value));
  switch (width) {
    case 16:
      return BigInt(toFloat16Bits(value));
    case 32:
      view.setFloat32(0, value);
      return BigInt(view.getUint32(0));
    case 64:
      view.setFloat64(0, value);
      return view.getBigUint64(0);
  }
  return undefined;
}

/** @throws `TypeError` or `RangeError` for what is no value of so many bits */
export function encodeValue(value: unknown, encoding: Encoding, width: number): bigint {
  const given = typeof value === 'boolean' ? Number(value) : value;
  if (encoding === 'boolean') {
    if (given === 1 || given === 1n) return 1n;
    if (given === 0 || given === 0n) return 0n;
    throw argumentTypeError('a boolean', 'value', value);
  }
  if (typeof given !== 'number' && typeof given !== 'bigint')
    throw argumentTypeError('a number, bigint or boolean', 'value', value);
  const isFloat = encoding === 'float' || encoding === 'bfloat16';
  if (isFloat || (encoding === 'bits' && !Number.isInteger(Number(given)))) {
    const bits = floatBits(Number(given), encoding, width);
    if (bits !== undefined) return bits;
  } else if (typeof given === 'bigint' || Number.isSafeInteger(given)) {
    const whole = BigInt(given);
    const least = -(1n << BigInt(width - 1));
    if (whole >= least && whole < 1n << BigInt(width)) return BigInt.asUintN(width, whole);
  }
  throw argumentRangeError(`a value of ${width} bits`, 'value', value);
}

/** Of a register that PTX declares with that type: `s32`, `f16x2`, `pred`. */
export function registerBits(type: string, value: unknown): bigint {
  if (type === 'pred') return encodeValue(value, 'boolean', 1);
  const [, kind, digits, pair] = /^([a-z]+)(\d+)(x2)?$/.exec(type) ?? [];
  const width = Number(digits) * (pair === undefined ? 1 : 2);
  if (pair !== undefined) return encodeValue(value, 'integer', width);
  if (kind === 'f' || kind === 'tf') return encodeValue(value, 'float', width);
  if (kind === 'bf') return encodeValue(value, 'bfloat16', width);
  return encodeValue(value, kind === 'b' ? 'bits' : 'integer', width);
}

/** A whole number as a user writes it: `-5`, `+0x10`. */
export function parseWhole(text: string): bigint | undefined {
  const [, sign, digits] = /^([+-]?)(0[xX][\da-fA-F]+|\d+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return sign === '-' ? -BigInt(digits) : BigInt(digits);
}

/** As a user writes it; undefined for what is no value. */
export function parseValue(text: string): number | bigint | boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  const whole = parseWhole(text);
  if (whole !== undefined) return whole;
  const isSpecial = /^-?Infinity$|^NaN$/.test(text);
  const number = Number(text);
  return text !== '' && (isSpecial || Number.isFinite(number)) ? number : undefined;
}
