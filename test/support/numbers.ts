import type { Dtype } from '../../lib/index.js';

// Narrow floats by another way than lib/base/scalar.ts: decode the bits, and encode by search.

export function decodeFloat(bits: number, exponentBits: number, mantissaBits: number): number {
  const sign = bits >> (exponentBits + mantissaBits) ? -1 : 1;
  const exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  const mantissa = bits & ((1 << mantissaBits) - 1);
  const bias = (1 << (exponentBits - 1)) - 1;
  if (exponent === (1 << exponentBits) - 1) {
    return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  const fraction = mantissa / 2 ** mantissaBits;
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias)
    : sign * (1 + fraction) * 2 ** (exponent - bias);
}

export const decodeFloat16 = (bits: number) => decodeFloat(bits, 5, 10);
export const decodeBfloat16 = (bits: number) => decodeFloat(bits, 8, 7);

/** The nearest of all values of the format, ties to even, as bits; by bisection. */
export function nearestBits(value: number, exponentBits: number, mantissaBits: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 1 << (exponentBits + mantissaBits) : 0;
  const magnitude = Math.abs(value);
  const infinity = ((1 << exponentBits) - 1) << mantissaBits;
  if (Number.isNaN(value)) return infinity + 1;
  let below = 0;
  let above = infinity;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (decodeFloat(middle, exponentBits, mantissaBits) <= magnitude) below = middle;
    else above = middle;
  }
  const low = decodeFloat(below, exponentBits, mantissaBits);
  // Beyond the largest number, infinity stands where the next one would be.
  const high =
    above === infinity
      ? low + (low - decodeFloat(below - 1, exponentBits, mantissaBits))
      : decodeFloat(above, exponentBits, mantissaBits);
  const toLow = magnitude - low;
  const toHigh = high - magnitude;
  const up = toHigh < toLow || (toHigh === toLow && below % 2 === 1);
  return sign | (up ? above : below);
}

/** A sum as the device makes it. For floats in float32 (float64), then rounded to the dtype. */
export function addReference(dtype: Dtype, x: number | bigint, y: number | bigint) {
  switch (dtype) {
    case 'float64':
      return (x as number) + (y as number);
    case 'float32':
      return Math.fround((x as number) + (y as number));
    case 'float16':
      return nearestBits(
        Math.fround(decodeFloat16(x as number) + decodeFloat16(y as number)),
        5,
        10,
      );
    case 'bfloat16':
      return nearestBits(
        Math.fround(decodeBfloat16(x as number) + decodeBfloat16(y as number)),
        8,
        7,
      );
    case 'int64':
      return BigInt.asIntN(64, (x as bigint) + (y as bigint));
    case 'uint64':
      return BigInt.asUintN(64, (x as bigint) + (y as bigint));
    default:
      return Number(x) + Number(y); // the typed array wraps it around
  }
}

export interface Product {
  m: number;
  n: number;
  k: number;
  transposeA?: boolean;
  transposeB?: boolean;
  lda?: number;
  ldb?: number;
  ldc?: number;
  alpha?: number;
  beta?: number;
}

/**
 * The product in float64, and for each element how far another order of summation may be off:
 * c sqrt(k) eps (|alpha| |a||b| + |beta c|), with eps of the dtype.
 */
export function matmulReference(
  shape: Product,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  c: ArrayLike<number> | undefined,
  eps: number,
): {
  value: (row: number, column: number) => number;
  bound: (row: number, column: number) => number;
} {
  const { m, n, k, transposeA = false, transposeB = false, alpha = 1, beta = 0 } = shape;
  const lda = shape.lda ?? (transposeA ? m : k);
  const ldb = shape.ldb ?? (transposeB ? k : n);
  const ldc = shape.ldc ?? n;
  const at = (i: number, j: number) => a[transposeA ? j * lda + i : i * lda + j]!;
  const bt = (i: number, j: number) => b[transposeB ? j * ldb + i : i * ldb + j]!;
  const before = (i: number, j: number) => (beta === 0 ? 0 : beta * c![i * ldc + j]!);
  const sum = (i: number, j: number, f: (x: number) => number) => {
    let total = 0;
    for (let l = 0; l < k; l++) total += f(at(i, l) * bt(l, j));
    return total;
  };
  return {
    value: (i, j) => alpha * sum(i, j, (x) => x) + before(i, j),
    bound: (i, j) =>
      4 *
      Math.sqrt(k + 2) *
      eps *
      (Math.abs(alpha) * sum(i, j, Math.abs) + Math.abs(before(i, j)) + Number.MIN_VALUE),
  };
}

export const EPS = { float32: 2 ** -24, float64: 2 ** -53 };

/** Numbers from -1 to 1, the same for the same seed. */
export function randomNumbers(length: number, seed = 1): number[] {
  let state = seed >>> 0 || 1;
  return Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}
