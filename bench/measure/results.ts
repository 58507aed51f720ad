import type { GpuLoad } from '../machine/gpu-state';
import type { Subject, Work } from './case';
import type { Contender, Timing } from './contenders';

/** The outcome of one case. */
export interface CaseResult {
  readonly name: string;
  readonly subject: Subject | null;
  readonly work: Work | null;
  /** In the order of the case: nodecuda first. Empty if skipped. */
  readonly rows: readonly Row[];
  /** Contenders that there would have been, and why they were not measured. */
  readonly leftOut: readonly LeftOut[];
  /** Why it was not measured. */
  readonly skipped: string | null;
  /** What is wrong with nodecuda: the bench fails. */
  readonly failed: string | null;
  /** How nodecuda did it, such as the variant of a product. */
  readonly note?: string | null;
  /** Of the GPU while this was measured, where nvidia-smi tells. */
  readonly gpuLoad?: GpuLoad | null;
}

export interface LeftOut {
  readonly contender: string;
  readonly reason: string;
}

export interface Row extends Timing {
  readonly contender: string;
  /** Whose clock: times of the device leave out what the host does. */
  readonly clock: 'host' | 'device';
  /** Work per second by the median, in GFLOP/s or GB/s. */
  readonly rate: number | null;
  /** Of sampled elements against float64; null if there is nothing to compare. */
  readonly relativeError: number | null;
}

export function toRow(
  { name, clock = 'host' }: Pick<Contender, 'name' | 'clock'>,
  timing: Timing,
  work: Work | null,
  relativeError: number | null = null,
): Row {
  const rate = work === null ? null : work.amount / timing.medianNs;
  return { contender: name, clock, ...timing, rate, relativeError };
}

/** A case that was not measured. */
export function toSkipped(
  name: string,
  subject: Subject | null,
  work: Work | null,
  skipped: string,
): CaseResult {
  return { name, subject, work, rows: [], leftOut: [], skipped, failed: null };
}

export function findRow(
  results: readonly CaseResult[],
  name: string,
  contender: string,
): Row | undefined {
  const result = results.find((candidate) => candidate.name === name);
  return result?.rows.find((row) => row.contender === contender);
}

/** The median time of a contender in a case; undefined if it was not measured. */
export function medianNs(
  results: readonly CaseResult[],
  name: string,
  contender: string,
): number | undefined {
  return findRow(results, name, contender)?.medianNs;
}
