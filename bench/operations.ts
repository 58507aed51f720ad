/** What the bench measures of Device. */
import type { Device, DeviceBuffer, MatmulOptions, MatmulShape } from 'nodecuda';
import type { Precision } from './check';
import type { BenchDtype } from './data';

interface Out {
  out: DeviceBuffer;
}

/** What {@link Operations.planMatmul} takes. */
export interface PlanOptions extends MatmulShape {
  dtype: BenchDtype;
  precision?: Precision;
  variant?: string;
  splits?: number;
}

/**
 * The operations of Device over any dtype. Some are not in every version yet: a case whose method
 * is missing is skipped, and says so.
 */
export interface Operations {
  add(x: DeviceBuffer, y: DeviceBuffer, options: Out): unknown;
  mul(x: DeviceBuffer, y: DeviceBuffer, options: Out): unknown;
  relu(x: DeviceBuffer, options: Out): unknown;
  sum(x: DeviceBuffer, options: Out): unknown;
  max(x: DeviceBuffer, options: Out): unknown;
  convert(x: DeviceBuffer, dtype: string, options: Out): unknown;
  transpose(x: DeviceBuffer, options: Out & { rows: number; columns: number }): unknown;
  softmax(x: DeviceBuffer, options: Out & { shape: readonly number[] }): unknown;
  matmul(
    a: DeviceBuffer,
    b: DeviceBuffer,
    options: Omit<MatmulOptions, 'out'> & Out & { variant?: string; splits?: number },
  ): unknown;
  planMatmul(options: PlanOptions): { variant: string; candidates: readonly { variant: string }[] };
}

export function missingMethod(device: Device, name: string): string | undefined {
  const exists = typeof (device as unknown as Record<string, unknown>)[name] === 'function';
  return exists ? undefined : `device.${name} is not in this version`;
}

/** Why an operation is refused, by trying it on something small. */
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
export function usableVariants(device: Device, product: PlanOptions): string[] {
  const operations = device as unknown as Operations;
  return operations
    .planMatmul(product)
    .candidates.map(({ variant }) => variant)
    .filter((variant) => {
      return refusal(() => operations.planMatmul({ ...product, variant })) === undefined;
    });
}
