/** Whether the machine had other things to do: then times say more about those than about us. */

interface Load {
  /** Runnable threads, mean over the last minute, before the bench began. */
  readonly loadBefore: number;
  readonly cores: number;
}

export function isBusy({ loadBefore, cores }: Load): boolean {
  return loadBefore > cores;
}

/** The warning in words; undefined if there is nothing to warn of. */
export function busyWords(load: Load): string | undefined {
  if (!isBusy(load)) return undefined;
  return (
    `The machine was busy: ${load.loadBefore} threads wanted its ${load.cores} cores before the bench ` +
    'began. Times are too long and spread, and no goal counts as missed; measure again on a quiet machine.'
  );
}
