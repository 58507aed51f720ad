/** Which matrix products there are, and which of their variants a device can compute. */
import type { Device, PlanMatmulOptions } from 'nodecuda';
import type { Precision } from './check';
import type { BenchDtype } from './data';

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
