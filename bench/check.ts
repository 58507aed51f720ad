/** Whether sampled elements of an output are right, by float64 references. */
import { type BenchDtype, type OutputDtype, type ProductDtype, valueAt } from './data';

/** What an element must be, and how far from that it may be. */
export interface Expected {
  readonly exact: number;
  readonly bound: number;
}

/** Elements to look at, and what they must be. */
export interface Check {
  readonly indices: readonly number[];
  readonly expected: readonly Expected[];
}

export interface Verdict {
  /** Words about what is wrong; undefined if every element is within its bound. */
  readonly problem: string | undefined;
  /** Root of the sum of squared errors over that of squared exact values. */
  readonly relativeError: number;
}

const SAMPLES = 128;

/** The first and the last element, and others between that fall on every part of a tile. */
export function sampleIndices(length: number): number[] {
  if (length <= SAMPLES) return Array.from({ length }, (_, i) => i);
  const golden = (Math.sqrt(5) - 1) / 2;
  const indices = new Set([0, length - 1]);
  for (let i = 1; indices.size < SAMPLES; ++i) indices.add(Math.floor(length * ((i * golden) % 1)));
  return [...indices].sort((a, b) => a - b);
}

export function makeCheck(length: number, expect: (index: number) => Expected): Check {
  const indices = sampleIndices(length);
  return { indices, expected: indices.map(expect) };
}

export function judge({ indices, expected }: Check, values: ArrayLike<number>): Verdict {
  let squaredErrors = 0;
  let squares = 0;
  let problem: string | undefined;
  expected.forEach(({ exact, bound }, i) => {
    const error = Math.abs(values[i]! - exact);
    squaredErrors += error ** 2;
    squares += exact ** 2;
    // A NaN must not pass: it compares as neither less nor greater.
    if (!(error <= bound)) {
      problem ??= `element ${indices[i]} is ${values[i]} instead of ${exact}, give or take ${bound}`;
    }
  });
  if (values.length !== indices.length) problem = `${values.length} elements were sampled`;
  return { problem, relativeError: Math.sqrt(squaredErrors / (squares || 1)) };
}

/** Half the distance between neighbours, relative: what rounding to a dtype may change. */
export const ROUNDING: Readonly<Record<OutputDtype, number>> = {
  float64: 2 ** -53,
  float32: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
  int8: 0,
  int32: 0,
};

export type Precision = 'ieee' | 'tf32' | 'fp32-fast';

/** tf32 has 11 significant bits, and hardware may cut the others off; 3xTF32 has twice as many. */
const OPERAND_ERROR: Readonly<Record<Precision, number>> = {
  ieee: 0,
  tf32: 2 ** -10,
  'fp32-fast': 2 ** -21,
};

export interface Product {
  readonly dtype: BenchDtype;
  readonly output: ProductDtype;
  readonly precision: Precision;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * An element of a product, in a batch of them. Three errors are allowed for: those of summing in
 * whatever order (c sqrt(k) eps |a||b|, as in the tests), those of operands cut to `precision`
 * (each term is off by at most twice that; where they are cut towards zero, all in one direction,
 * and beyond that as independent ones add up, with 4 deviations), and the rounding of the result.
 */
export function expectProduct(product: Product, index: number): Expected {
  const { dtype, output, precision, m, n, k, transposeA, transposeB } = product;
  const batch = Math.floor(index / (m * n));
  const row = Math.floor((index % (m * n)) / n);
  const column = index % n;
  let exact = 0;
  let magnitude = 0;
  let squares = 0;
  for (let l = 0; l < k; ++l) {
    const a = valueAt(dtype, 1, batch * m * k + (transposeA ? l * m + row : row * k + l));
    const b = valueAt(dtype, 2, batch * k * n + (transposeB ? column * k + l : l * n + column));
    exact += a * b;
    magnitude += Math.abs(a * b);
    squares += (a * b) ** 2;
  }
  if (dtype === 'int8') return { exact, bound: 0 };
  // Of the accumulator; the reference itself is not exact enough to demand less of float64.
  const epsilon = dtype === 'float64' ? 2 ** -52 : 2 ** -23;
  const summing = 4 * Math.sqrt(k) * epsilon * magnitude;
  const cutting = 2 * OPERAND_ERROR[precision] * (Math.abs(exact) + 4 * Math.sqrt(squares));
  return { exact, bound: summing + cutting + ROUNDING[output] * Math.abs(exact) };
}
