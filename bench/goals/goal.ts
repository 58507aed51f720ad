/** A figure that the project set out to reach, and whether it was. */
export interface Goal {
  readonly goal: string;
  /** In words. */
  readonly figure: string;
  /** Null: not measured in this run. */
  readonly met: boolean | null;
}

export function unmeasured(goal: string): Goal {
  return { goal, figure: 'not measured in this run', met: null };
}
