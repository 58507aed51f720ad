/** Whether sampled elements of an output are right, by float64 references. */
import type { OutputDtype } from './data';

/** What an element must be, and how far from that it may be. */
export interface Expected {
  readonly exact: number;
  readonly bound: number;
}

/** Elements to look at, and what they must be. */
export interface Check {
  readonly indices: readonly number[];
  readonly expected: readonly Expected[];
}

export interface Verdict {
  /** Words about what is wrong; undefined if every element is within its bound. */
  readonly problem: string | undefined;
  /** Root of the sum of squared errors over that of squared exact values. */
  readonly relativeError: number;
}

const SAMPLES = 128;

/** The first and the last element, and others between that fall on every part of a tile. */
export function sampleIndices(length: number): number[] {
  if (length <= SAMPLES) return Array.from({ length }, (_, i) => i);
  const golden = (Math.sqrt(5) - 1) / 2;
  const indices = new Set([0, length - 1]);
  for (let i = 1; indices.size < SAMPLES; ++i) indices.add(Math.floor(length * ((i * golden) % 1)));
  return [...indices].sort((a, b) => a - b);
}

export function makeCheck(length: number, expect: (index: number) => Expected): Check {
  const indices = sampleIndices(length);
  return { indices, expected: indices.map(expect) };
}

export function judge({ indices, expected }: Check, values: ArrayLike<number>): Verdict {
  let squaredErrors = 0;
  let squares = 0;
  let problem: string | undefined;
  expected.forEach(({ exact, bound }, i) => {
    const error = Math.abs(values[i]! - exact);
    squaredErrors += error ** 2;
    squares += exact ** 2;
    // A NaN must not pass: it compares as neither less nor greater.
    if (!(error <= bound)) {
      problem ??= `element ${indices[i]} is ${values[i]} instead of ${exact}, give or take ${bound}`;
    }
  });
  if (values.length !== indices.length) problem = `${values.length} elements were sampled`;
  return { problem, relativeError: Math.sqrt(squaredErrors / (squares || 1)) };
}

/** Half the distance between neighbours, relative: what rounding to a dtype may change. */
export const ROUNDING: Readonly<Record<OutputDtype, number>> = {
  float64: 2 ** -53,
  float32: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
  int8: 0,
  int32: 0,
};
