import { argumentRangeError, argumentTypeError } from './checks.js';
import type { DtypeInfo } from './dtype.js';

/**
 * One element as bits, for filling: the low and high 32 bits of a little-endian pattern.
 */
export interface Pattern {
  readonly low: number;
  readonly high: number;
}

const scratch = new DataView(new ArrayBuffer(8));

function halves(): Pattern {
  return { low: scratch.getUint32(0, true), high: scratch.getUint32(4, true) };
}

/** The exponent of a finite positive double; -1023 for zero and subnormal numbers. */
function exponentOf(value: number): number {
  scratch.setFloat64(0, value);
  return ((scratch.getUint16(0) >> 4) & 0x7ff) - 1023;
}

/**
 * The bits of `value` in a binary format with 1 sign, `exponentBits` and `mantissaBits` bits,
 * rounded once, to nearest even.
 */
function encodeFloat(value: number, exponentBits: number, mantissaBits: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 1 << (exponentBits + mantissaBits) : 0;
  const infinity = ((1 << exponentBits) - 1) << mantissaBits;
  if (Number.isNaN(value)) return infinity | (1 << (mantissaBits - 1));
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return sign | infinity;
  const bias = (1 << (exponentBits - 1)) - 1;
  const exponent = Math.max(exponentOf(magnitude), 1 - bias);
  // Dividing by a power of two is exact, so this is the only rounding.
  const steps = magnitude / 2 ** (exponent - mantissaBits);
  const below = Math.floor(steps);
  const rest = steps - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // `rounded` still has the implicit leading bit (or, when it was rounded up, the next one):
  // adding lets it carry into the exponent.
  const bits = ((exponent + bias - 1) << mantissaBits) + rounded;
  return sign | Math.min(bits, infinity);
}

/** The bits of a number as float16. */
export function toFloat16Bits(value: number): number {
  return encodeFloat(value, 5, 10);
}

/** The bits of a number as bfloat16. */
export function toBfloat16Bits(value: number): number {
  return encodeFloat(value, 8, 7);
}

function floatPattern(dtype: DtypeInfo, value: number): Pattern {
  if (dtype.name === 'float16') return { low: toFloat16Bits(value), high: 0 };
  if (dtype.name === 'bfloat16') return { low: toBfloat16Bits(value), high: 0 };
  scratch.setUint32(4, 0, true);
  if (dtype.name === 'float32') scratch.setFloat32(0, value, true);
  else scratch.setFloat64(0, value, true);
  return halves();
}

function integerPattern(dtype: DtypeInfo, value: number | bigint, name: string): Pattern {
  const bits = 8 * dtype.byteSize;
  const unsigned = dtype.name.startsWith('u');
  const low = unsigned ? 0n : -(1n << BigInt(bits - 1));
  const high = (1n << BigInt(unsigned ? bits : bits - 1)) - 1n;
  const isInteger = typeof value === 'bigint' || Number.isSafeInteger(value);
  const integer = isInteger ? BigInt(value) : 0n;
  if (!isInteger || integer < low || integer > high) {
    throw argumentRangeError(`an integer from ${low} to ${high} (${dtype.name})`, name, value);
  }
  scratch.setBigInt64(0, BigInt.asIntN(64, integer), true);
  return halves();
}

/**
 * Checks a number that stands for an element and turns it into bits. Floats take any number, NaN and infinities included,
 * and are rounded to nearest even; integers must be in range.
 */
export function scalarPattern(dtype: DtypeInfo, value: unknown, name = 'value'): Pattern {
  if (dtype.kind === 'float') {
    if (typeof value !== 'number') throw argumentTypeError('a number', name, value);
    return floatPattern(dtype, value);
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw argumentTypeError('a number or a bigint', name, value);
  }
  return integerPattern(dtype, value, name);
}
