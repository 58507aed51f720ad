/**
 * How a matrix product would be computed, and why.
 */
import { Flag, Slot } from '../../abi/matmul.js';
import { native } from '../../addon/load.js';
import type { NativeMatmulPlan } from '../../addon/types.js';
import { rangeError } from '../../base/checks.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { writeNumbers } from './block.js';
import { readPlanOptions } from './options.js';

/** One way to compute a matrix product, and what it is modelled to take. */
export interface MatmulCandidate {
  /** Name of the variant. */
  readonly variant: string;
  /** Why it is not to be used here; null if it can be. */
  readonly rejected: string | null;
  /** Parts of k, summed up by a kernel of their own if there are several. */
  readonly splits: number;
  /**
   * Microseconds by the model in docs/kernels.md: for comparing variants. It is not a forecast.
   */
  readonly modelledUs: number;
}

/** How {@link MatrixOperations.planMatmul} would have a product computed. */
export interface MatmulPlan extends MatmulCandidate {
  /** What one block computes: m x n elements of the result, in steps of k. */
  readonly tile: { readonly m: number; readonly n: number; readonly k: number };
  readonly threads: number;
  readonly dynamicSharedBytes: number;
  readonly blocksPerMultiprocessor: number;
  /** Blocks in all: tiles of all batches and splits. */
  readonly blocks: number;
  /** How often the device is filled with blocks. */
  readonly waves: number;
  /** Device memory that is allocated while the product is computed. */
  readonly workspaceBytes: number;
  /** False: checked on the simulated device only, and used on no GPU unless asked for. */
  readonly proven: boolean;
  /** In words. */
  readonly reason: string;
  /** All variants of the dtype, those that can be used first, the fastest first. */
  readonly candidates: readonly MatmulCandidate[];
}

function toCandidate(plan: NativeMatmulPlan): MatmulCandidate {
  const { variant, rejected, splits, modelledSeconds } = plan;
  return { variant, rejected, splits, modelledUs: modelledSeconds * 1e6 };
}

function reasonOf(best: NativeMatmulPlan, usable: readonly NativeMatmulPlan[]): string {
  const us = (plan: NativeMatmulPlan) => `${(plan.modelledSeconds * 1e6).toFixed(1)} us`;
  const next = usable[1];
  if (next === undefined) return `the only variant that can be used, modelled ${us(best)}`;
  return (
    `the shortest modelled time of ${usable.length} variants: ${us(best)}, ` +
    `before ${next.variant} with ${us(next)}`
  );
}

export function planMatmul(state: DeviceState, options: unknown): MatmulPlan {
  assertDeviceOpen(state);
  const { call, input, result, aligned } = readPlanOptions(options);
  assertDeviceOpen(state);
  const addon = native();
  const block = addon.argumentBlock;
  writeNumbers(block, call, input, result);
  if (!aligned) block[Slot.flags]! |= Flag.unaligned;
  block[Slot.device] = state.handle;
  const plans = addon.planMatmul();
  const usable = plans.filter(({ rejected }) => rejected === null);
  usable.sort((x, y) => x.modelledSeconds - y.modelledSeconds);
  const best = usable[0];
  if (best === undefined) {
    const why = plans.map(({ variant, rejected }) => `${variant} ${rejected}`).join('; ');
    throw rangeError(`No variant can compute this product: ${why}`);
  }
  const [m, n, k] = best.tile;
  const blocks = best.tiles * best.splits * call.shape.batches;
  const room =
    best.blocksPerMultiprocessor *
    addon.deviceProperties(state.runtime, state.index).multiprocessorCount;
  return {
    ...toCandidate(best),
    tile: { m, n, k },
    threads: best.threads,
    dynamicSharedBytes: best.dynamicSharedBytes,
    blocksPerMultiprocessor: best.blocksPerMultiprocessor,
    blocks,
    waves: Math.ceil(blocks / room),
    workspaceBytes: best.workspaceBytes,
    proven: best.proven,
    reason: reasonOf(best, usable),
    candidates: [...usable, ...plans.filter(({ rejected }) => rejected !== null)].map(toCandidate),
  };
}
