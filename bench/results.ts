import type { Work } from './case';
import type { Timing } from './measure';

/** The outcome of one case. */
export interface CaseResult {
  readonly name: string;
  readonly work: Work | null;
  /** In the order of the case: nodecuda first. Empty if skipped. */
  readonly rows: readonly Row[];
  /** Why it was not measured. */
  readonly skipped: string | null;
}

export interface Row extends Timing {
  readonly contender: string;
  /** Work per second by the median, in GFLOP/s or GB/s. */
  readonly rate: number | null;
}

export function toRow(contender: string, timing: Timing, work: Work | null): Row {
  return { contender, ...timing, rate: work === null ? null : work.amount / timing.medianNs };
}

/** The median time of a contender in a case; undefined if it was not measured. */
export function medianNs(
  results: readonly CaseResult[],
  name: string,
  contender: string,
): number | undefined {
  const result = results.find((candidate) => candidate.name === name);
  return result?.rows.find((row) => row.contender === contender)?.medianNs;
}
