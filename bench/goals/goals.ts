/** The figures that the project set out to reach, and whether these measurements reach them. */
import type { Environment } from '../machine/environment';
import {
  EMPTY,
  ENQUEUE,
  FROM_API,
  FROM_CPP,
  hostMatmulName,
  IMPORT,
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

type Facts = Pick<Environment, 'device' | 'simulated' | 'workers' | 'prebuiltAddonBytes'>;

function simulatorGoals(results: readonly CaseResult[], facts: Facts): Goal[] {
  const own = medianNs(results, matmulName(SIZE), NODECUDA);
  const ijk = medianNs(results, hostMatmulName(SIZE), LOOP_IJK);
  const ikj = medianNs(results, hostMatmulName(SIZE), LOOP_IKJ);
  const goals = [
    `simulator, float32 matmul ${SIZE}^3: at least 4 GFLOP/s`,
    'at least 5 times the plain JavaScript triple loop',
  ] as const;
  if (own === undefined || ijk === undefined || ikj === undefined) {
    return goals.map((goal) => unmeasured(goal));
  }
  const rate = (2 * SIZE ** 3) / own;
  return [
    {
      goal: goals[0],
      figure: `${rate.toFixed(2)} GFLOP/s with ${facts.workers} workers`,
      met: rate >= 4,
    },
    {
      goal: goals[1],
      figure: `${(ijk / own).toFixed(1)} times i-j-k, ${(ikj / own).toFixed(1)} times i-k-j`,
      // The stricter of the two: against whichever loop is faster here.
      met: Math.min(ijk, ikj) / own >= 5,
    },
  ];
}

function difference(
  goal: string,
  more: number | undefined,
  less: number | undefined,
  most: number,
  words: (ns: number) => string,
): Goal {
  if (more === undefined || less === undefined) return unmeasured(goal);
  return { goal, figure: words(more - less), met: more - less <= most };
}

const MOST_ADDON_BYTES = 16e6;

export function judgeGoals(results: readonly CaseResult[], facts: Facts): Goal[] {
  const bytes = facts.prebuiltAddonBytes;
  const sizeGoal = `prebuilt addon: under ${MOST_ADDON_BYTES / 1e6} MB`;
  return [
    ...(facts.simulated ? simulatorGoals(results, facts) : judgeGpuGoals(results, facts.device)),
    difference(
      'enqueue from JavaScript: at most 300 ns more than from C++',
      medianNs(results, ENQUEUE, FROM_API),
      medianNs(results, ENQUEUE, FROM_CPP),
      300,
      (ns) => `${ns.toFixed(0)} ns more`,
    ),
    difference(
      'import: under 50 ms',
      medianNs(results, IMPORT, REQUIRE),
      medianNs(results, IMPORT, EMPTY),
      50e6,
      (ns) => `${(ns / 1e6).toFixed(1)} ms more than an empty program`,
    ),
    bytes === null
      ? unmeasured(sizeGoal)
      : {
          goal: sizeGoal,
          figure: `${(bytes / 1e6).toFixed(2)} MB`,
          met: bytes < MOST_ADDON_BYTES,
        },
  ];
}
