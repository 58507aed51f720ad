/** Measuring contenders side by side, and what is said about their times. */

/** One of several ways to do the same work. */
export interface Contender {
  readonly name: string;
  /** Whose time it is: the host's if not said. Host and device times are not of the same thing. */
  readonly clock?: 'host' | 'device';
  /**
   * Does the work `times` times; done when it returns or its promise resolves. One that measures
   * that itself resolves with the number of nanoseconds that it took.
   */
  run(times: number): unknown;
  /** Elements of what the last run computed, to be verified before anything is measured. */
  sample?(indices: readonly number[]): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** Times of one piece of work, in nanoseconds. */
export interface Timing {
  readonly medianNs: number;
  readonly minNs: number;
  /** Interquartile range over the median. */
  readonly spread: number;
  readonly samples: number;
  /** Pieces of work per sample. */
  readonly timesPerSample: number;
}

export interface Effort {
  /** Untimed work per contender before the first sample. */
  readonly warmupMs: number;
  /** What one sample takes at least, so that the clock's grain does not matter. */
  readonly sampleMs: number;
  readonly samples: number;
  /** After so long no more samples are taken, once there are `leastSamples`. */
  readonly budgetMs: number;
  readonly leastSamples: number;
}

/** The value below which that fraction of the values lies, between neighbours in proportion. */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) throw new RangeError('There are no values');
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

export function summarize(samplesNs: readonly number[], timesPerSample: number): Timing {
  const medianNs = quantile(samplesNs, 0.5);
  return {
    medianNs,
    minNs: Math.min(...samplesNs),
    spread: (quantile(samplesNs, 0.75) - quantile(samplesNs, 0.25)) / medianNs,
    samples: samplesNs.length,
    timesPerSample,
  };
}

async function elapsedNs(contender: Contender, times: number): Promise<number> {
  const start = process.hrtime.bigint();
  const running = contender.run(times);
  const own = running === undefined ? undefined : await running;
  return typeof own === 'number' ? own : Number(process.hrtime.bigint() - start);
}

/** More pieces of work than this are not needed for any sample, unless its clock stands still. */
const MOST_TIMES = 2 ** 24;

// Warms up, and finds how often the work fits into a sample.
async function calibrate(contender: Contender, effort: Effort): Promise<number> {
  let times = 1;
  let spentNs = 0;
  for (;;) {
    const ns = await elapsedNs(contender, times);
    spentNs += ns;
    const isLongEnough = ns >= effort.sampleMs * 1e6;
    if (isLongEnough && spentNs >= effort.warmupMs * 1e6) return times;
    if (!isLongEnough) times *= 2;
    if (times > MOST_TIMES) throw new Error(`${contender.name}: its work takes no time`);
  }
}

/**
 * Times all contenders in turn, one sample each per round, so that what else the machine does
 * falls on all of them alike.
 */
export async function compare(contenders: readonly Contender[], effort: Effort): Promise<Timing[]> {
  const times: number[] = [];
  for (const contender of contenders) times.push(await calibrate(contender, effort));
  const samples: number[][] = contenders.map(() => []);
  const start = performance.now();
  for (let round = 0; round < effort.samples; ++round) {
    if (round >= effort.leastSamples && performance.now() - start > effort.budgetMs) break;
    for (let i = 0; i < contenders.length; ++i) {
      // Another contender is first in each round.
      const index = (i + round) % contenders.length;
      // Garbage of one contender must not be collected at the cost of another (--expose-gc).
      globalThis.gc?.();
      samples[index]!.push((await elapsedNs(contenders[index]!, times[index]!)) / times[index]!);
    }
  }
  return samples.map((ns, index) => summarize(ns, times[index]!));
}
