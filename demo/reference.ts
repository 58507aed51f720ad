/** Float64 references on the host, how far a result may be from them, and random input. */

/** 2^-23: the distance from 1 to the next float32. */
const FLOAT32_EPSILON = 2 ** -23;
/** c in the bounds. */
const C = 2;

export interface Shape {
  m: number;
  n: number;
  k: number;
}

/** How far a result is from its reference. */
export interface Errors {
  /** Largest difference. */
  maxError: number;
  /** Largest quotient of a difference and its bound: within the bound everywhere if at most 1. */
  maxRatio: number;
}

/** Numbers in [-1, 1), the same for the same seed (a linear congruential generator, 32 bits). */
export function randomFloats(length: number, seed: number): Float32Array {
  const values = new Float32Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state >>> 8) / 2 ** 23 - 1;
  }
  return values;
}

/** Of x + y in float32. Each |error| may be c eps (|x| + |y|). */
export function addErrors(x: Float32Array, y: Float32Array, sum: Float32Array): Errors {
  const errors = new ErrorMaximum();
  requireLength(sum, x.length);
  for (let i = 0; i < x.length; ++i) {
    const bound = C * FLOAT32_EPSILON * (Math.abs(x[i]!) + Math.abs(y[i]!));
    errors.add(sum[i]!, x[i]! + y[i]!, bound);
  }
  return errors;
}

/** Of the m x n product of a, m x k, and b, k x n. Each |error| may be c sqrt(k) eps (|a| |b|). */
export function matmulErrors(
  a: Float32Array,
  b: Float32Array,
  { m, n, k }: Shape,
  product: Float32Array,
): Errors {
  const errors = new ErrorMaximum();
  requireLength(product, m * n);
  const exact = new Float64Array(n);
  const magnitude = new Float64Array(n);
  for (let row = 0; row < m; ++row) {
    exact.fill(0);
    magnitude.fill(0);
    for (let inner = 0; inner < k; ++inner) {
      const factor = a[row * k + inner]!;
      for (let column = 0; column < n; ++column) {
        const term = factor * b[inner * n + column]!;
        exact[column]! += term;
        magnitude[column]! += Math.abs(term);
      }
    }
    for (let column = 0; column < n; ++column) {
      const bound = C * Math.sqrt(k) * FLOAT32_EPSILON * magnitude[column]!;
      errors.add(product[row * n + column]!, exact[column]!, bound);
    }
  }
  return errors;
}

function requireLength(result: Float32Array, length: number): void {
  if (result.length !== length) {
    throw new Error(`The result has ${result.length} elements instead of ${length}`);
  }
}

class ErrorMaximum implements Errors {
  maxError = 0;
  maxRatio = 0;

  add(value: number, exact: number, bound: number): void {
    const difference = Math.abs(value - exact);
    // A NaN must not pass: it compares as neither less nor greater.
    const error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    this.maxError = Math.max(this.maxError, error);
    this.maxRatio = Math.max(this.maxRatio, error === 0 ? 0 : error / bound);
  }
}
