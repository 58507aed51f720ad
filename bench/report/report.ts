/** What a report holds: its JSON is this. */
import type { Goal } from '../goals/goal';
import type { Environment } from '../machine/environment';
import type { CaseResult } from '../measure/results';

export interface Report {
  readonly environment: Environment;
  readonly results: readonly CaseResult[];
  readonly goals: readonly Goal[];
  /** With an older report, if one was given. */
  readonly comparison?: Comparison;
}

/** A contender of a case, before and after. */
export interface Change {
  readonly name: string;
  readonly contender: string;
  readonly oldNs: number;
  readonly newNs: number;
  /** New median over old: less than 1 is faster. */
  readonly ratio: number;
  /** The middle halves of the samples do not touch: more than noise. */
  readonly isOutsideSpread: boolean;
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Measured only before, or only now: `case, contender`. */
  readonly gone: readonly string[];
  readonly added: readonly string[];
  /** What differs in the environments: `name: old, now new`. */
  readonly environment: readonly string[];
}
