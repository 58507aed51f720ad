/**
 * The GPUs that can be simulated by name.
 */

/**
 * The name of a GPU that a simulated device has the limits and figures of: compute capability,
 * multiprocessors, memory, L2 cache, limits of threads and shared memory. It is as slow, and tells as little of
 * times, as any other.
 */
export type SimulatedModel = 'T4' | 'A100' | 'RTX 4090' | 'H100' | 'H200' | 'B200';

/** What the native binary has figures of: its own list, `capabilities.cc`, has the same names. */
export const MODELS: readonly SimulatedModel[] = ['T4', 'A100', 'RTX 4090', 'H100', 'H200', 'B200'];

export function isModel(value: unknown): value is SimulatedModel {
  return MODELS.includes(value as SimulatedModel);
}

/** The simulated devices that a process sees. */
export interface Simulated {
  readonly count: number;
  readonly model: SimulatedModel | '';
}

const MOST_SIMULATED = 16;

/** What `NODECUDA_SIMULATE` may be, in words. */
export const SIMULATE_FORMS = `a whole number from 0 to ${MOST_SIMULATED}, one of ${MODELS.join(', ')}, or both: 4xH100`;

/** What the environment asks for; undefined for something odd. */
export function parseSimulate(value: string | undefined): Simulated | undefined {
  const text = value?.trim() ?? '';
  if (text === '') return { count: 0, model: '' };
  const [, digits, , name] = /^(?:(\d+)(x(?=.)|$))?(.*)$/.exec(text)!;
  const count = digits === undefined ? 1 : Number(digits);
  if (count > MOST_SIMULATED) return undefined;
  if (name === '') return { count, model: '' };
  return isModel(name) && count > 0 ? { count, model: name } : undefined;
}
