import type { Dtype } from '../../lib/index.js';
import { EPS, nearestBits } from './numbers.js';

/** Elements as an array of any dimensions. */
export interface HostView {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

const ENCODINGS: Partial<Record<Dtype, readonly [exponentBits: number, mantissaBits: number]>> = {
  float16: [5, 10],
  bfloat16: [8, 7],
};

/** The element of a host array that is nearest to `value`. */
export function encode(dtype: Dtype, value: number): number | bigint {
  const encoding = ENCODINGS[dtype];
  if (encoding !== undefined) return nearestBits(value, ...encoding);
  return dtype.endsWith('64') && dtype !== 'float64' ? BigInt(value) : value;
}

/** Half the distance from 1 to the next number of a float dtype. */
export function rounding(dtype: Dtype): number {
  const encoding = ENCODINGS[dtype];
  return encoding === undefined ? EPS[dtype as 'float32' | 'float64'] : 2 ** -(encoding[1] + 1);
}

/** Half the least positive number of a float dtype. */
export function underflow(dtype: Dtype): number {
  if (dtype === 'float16') return 2 ** -25;
  return dtype === 'float64' ? 0 : 2 ** -127;
}

/** For each result of a reduction, in order, the indices of its elements in the host array. */
export function groups(view: HostView, axis: number | undefined): number[][] {
  const results: number[][] = [];
  const { shape, strides } = view;
  const reduced = (d: number) => axis === undefined || d === axis;
  const walk = (d: number, at: number, inner: boolean, visit: (at: number) => void): void => {
    if (d === shape.length) {
      visit(at);
    } else if (reduced(d) !== inner) {
      walk(d + 1, at, inner, visit);
    } else {
      for (let i = 0; i < shape[d]!; i++) walk(d + 1, at + i * strides[d]!, inner, visit);
    }
  };
  walk(0, view.offset, false, (start) => {
    const elements: number[] = [];
    walk(0, start, true, (at) => elements.push(at));
    results.push(elements);
  });
  return results;
}

/** The index of the first of the extremes, by comparisons as in NumPy: NaN is one. */
export function extremeIndex(values: readonly (number | bigint)[], largest: boolean): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    const known = values[best]!;
    if (Number.isNaN(known)) break;
    if (Number.isNaN(value) || (largest ? value > known : value < known)) best = i;
  }
  return best;
}
