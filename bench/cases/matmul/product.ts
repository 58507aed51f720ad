/** Matrix products: which there are, what must come of them, and which variants a device has. */
import type { Device, PlanMatmulOptions } from 'nodecuda';
import { type Expected, ROUNDING } from '../../measure/check';
import { type BenchDtype, type ProductDtype, valueAt } from '../../measure/data';

export type Precision = 'ieee' | 'tf32' | 'fp32-fast';

/** The dtypes and precisions of products: `float32 tf32`. */
export const MATMUL_TYPES: readonly (readonly [BenchDtype, Precision])[] = [
  ['float32', 'ieee'],
  ['float32', 'tf32'],
  ['float32', 'fp32-fast'],
  ['float64', 'ieee'],
  ['float16', 'ieee'],
  ['bfloat16', 'ieee'],
  ['int8', 'ieee'],
];

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

/** Why an operation is refused, by trying it. */
export function refusal(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'ERR_CUDA_ARG_TYPE' && code !== 'ERR_CUDA_ARG_RANGE') throw error;
    return `not in this version: ${message}`;
  }
}

/**
 * Variants that can compute a product on this device, the one that would be chosen first. Those
 * that are unproven there are among them: they are used when they are asked for.
 */
export function usableVariants(device: Device, product: PlanMatmulOptions): string[] {
  return device
    .planMatmul(product)
    .candidates.map(({ variant }) => variant)
    .filter((variant) => refusal(() => device.planMatmul({ ...product, variant })) === undefined);
}
