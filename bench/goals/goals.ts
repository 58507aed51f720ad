/** The figures that the project set out to reach, and whether these measurements reach them. */
import type { Environment } from '../machine/environment';
import { isBusy } from '../machine/load';
import {
  EMPTY,
  ENQUEUE,
  FROM_API,
  FROM_LAUNCH,
  FROM_NATIVE,
  FROM_PREPARED,
  hostMatmulName,
  IMPORT,
  LAUNCH,
  LOOP_IJK,
  LOOP_IKJ,
  matmulName,
  NODECUDA,
  REQUIRE,
} from '../measure/names';
import { type CaseResult, medianNs } from '../measure/results';
import { type Goal, unmeasured } from './goal';
import { judgeGpuGoals } from './gpu-goals';

const SIZE = 512;

type Facts = Pick<
  Environment,
  'device' | 'simulated' | 'workers' | 'prebuiltAddonBytes' | 'loadBefore' | 'cores'
>;

// All times are judged beside another of the same run: the same commit took twice or five times as
// long on another machine, and beside the JavaScript loops it did not.
const LEAST_OF_LOOPS = 5;
const MOST_OF_NATIVE = 3;
const MOST_OF_EMPTY = 1.6;
const MOST_OF_ADD = 1.5;

function simulatorGoal(results: readonly CaseResult[], facts: Facts): Goal {
  const own = medianNs(results, matmulName(SIZE), NODECUDA);
  const ijk = medianNs(results, hostMatmulName(SIZE), LOOP_IJK);
  const ikj = medianNs(results, hostMatmulName(SIZE), LOOP_IKJ);
  const goal = `simulator, float32 matmul ${SIZE}^3: at least ${LEAST_OF_LOOPS} times the speed of plain JavaScript loops`;
  if (own === undefined || ijk === undefined || ikj === undefined) return unmeasured(goal);
  const rate = ((2 * SIZE ** 3) / own).toFixed(2);
  return {
    goal,
    figure:
      `${(ijk / own).toFixed(1)} times i-j-k, ${(ikj / own).toFixed(1)} times i-k-j; ` +
      `${rate} GFLOP/s with ${facts.workers} workers`,
    // The stricter of the two: against whichever loop is faster here.
    met: Math.min(ijk, ikj) / own >= LEAST_OF_LOOPS,
  };
}

function atMost(
  goal: string,
  most: number,
  own: number | undefined,
  other: number | undefined,
  words: (ns: number) => string,
): Goal {
  if (own === undefined || other === undefined) return unmeasured(goal);
  const figure = `${(own / other).toFixed(2)} times: ${words(own)} and ${words(other)}`;
  return { goal, figure, met: own / other <= most };
}

function timeGoals(results: readonly CaseResult[], facts: Facts): Goal[] {
  return [
    ...(facts.simulated ? [simulatorGoal(results, facts)] : judgeGpuGoals(results, facts.device)),
    atMost(
      `enqueue from JavaScript: at most ${MOST_OF_NATIVE} times the native function`,
      MOST_OF_NATIVE,
      medianNs(results, ENQUEUE, FROM_API),
      medianNs(results, ENQUEUE, FROM_NATIVE),
      (ns) => `${ns.toFixed(0)} ns`,
    ),
    atMost(
      `launch of an own kernel: at most ${MOST_OF_ADD} times an add`,
      MOST_OF_ADD,
      medianNs(results, LAUNCH, FROM_LAUNCH),
      medianNs(results, LAUNCH, FROM_API),
      (ns) => `${ns.toFixed(0)} ns`,
    ),
    atMost(
      'prepared launch: no more than an add',
      1,
      medianNs(results, LAUNCH, FROM_PREPARED),
      medianNs(results, LAUNCH, FROM_API),
      (ns) => `${ns.toFixed(0)} ns`,
    ),
    atMost(
      `import: at most ${MOST_OF_EMPTY} times an empty program`,
      MOST_OF_EMPTY,
      medianNs(results, IMPORT, REQUIRE),
      medianNs(results, IMPORT, EMPTY),
      (ns) => `${(ns / 1e6).toFixed(1)} ms`,
    ),
  ];
}

const MOST_ADDON_BYTES = 16e6;

function sizeGoal({ prebuiltAddonBytes: bytes }: Facts): Goal {
  const goal = `prebuilt addon: under ${MOST_ADDON_BYTES / 1e6} MB`;
  if (bytes === null) return unmeasured(goal);
  return { goal, figure: `${(bytes / 1e6).toFixed(2)} MB`, met: bytes < MOST_ADDON_BYTES };
}

export function judgeGoals(results: readonly CaseResult[], facts: Facts): Goal[] {
  // On a busy machine a goal can be reached, but not be said to be missed.
  const busy = isBusy(facts);
  const times = timeGoals(results, facts).map((goal) =>
    busy && goal.met === false
      ? { ...goal, figure: `${goal.figure}; the machine was busy`, met: null }
      : goal,
  );
  return [...times, sizeGoal(facts)];
}
