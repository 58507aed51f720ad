/**
 * In what order a simulated device gives blocks and warps their turns.
 */
import { checkChoice, checkInteger, optionalInteger, readOptions } from '../base/checks.js';

/**
 * An order of blocks and warps. CUDA promises none, and a kernel that is right gives the same with
 * each. The same schedule gives the same order on every machine.
 */
export interface Schedule {
  /** Default `random` with a seed, else `in-order`. */
  policy?: 'in-order' | 'reverse' | 'random' | undefined;
  /** Of the random order. Default 0. */
  seed?: number | undefined;
}

const POLICIES = ['in-order', 'reverse', 'random'] as const;

export function readSchedule(schedule: unknown): { policy: number; seed: number } {
  const given = readOptions(
    schedule,
    { policy: undefined, seed: undefined },
    undefined,
    'schedule',
  );
  const seed = optionalInteger(given.seed, 'schedule.seed', undefined);
  const implied = seed === undefined ? 'in-order' : 'random';
  return {
    policy: checkChoice(given.policy ?? implied, POLICIES, 'schedule.policy'),
    seed: seed ?? 0,
  };
}

/** Options of {@link forEachSchedule}. */
export interface ForEachScheduleOptions {
  /** How many random orders to run besides the one in order and the reverse. Default 16. */
  seeds?: number | undefined;
}

/**
 * Runs a test under many schedules, one after the other: what it does must not depend on the order of
 * blocks and warps. `run` makes its device with the schedule it gets.
 *
 * @throws the first error of `run`, as the `cause` of one that names the schedule, with which it can be
 *   had again
 *
 * @example
 * ```ts
 * await forEachSchedule(async (schedule) => {
 *   using device = cuda.simulatedDevice({ schedule });
 *   expect(await runMyKernel(device)).toEqual(expected);
 * });
 * ```
 *
 * @group Own kernels
 */
export async function forEachSchedule(
  run: (schedule: Schedule) => void | Promise<void>,
  options?: ForEachScheduleOptions,
): Promise<void> {
  const given = readOptions(options, { seeds: undefined });
  const seeds = given.seeds === undefined ? 16 : checkInteger(given.seeds, 'seeds', 0, 2 ** 20);
  const schedules: Schedule[] = [{ policy: 'in-order' }, { policy: 'reverse' }];
  for (let seed = 0; seed < seeds; seed++) schedules.push({ policy: 'random', seed });
  for (const schedule of schedules) {
    try {
      await run(schedule);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new Error(`Under the schedule ${JSON.stringify(schedule)}: ${words}`, { cause: error });
    }
  }
}
