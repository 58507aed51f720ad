// What the tests of the corpus share: the device, seeded data, comparisons.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Module } from '../../lib/index.js';
import { openTestDevice } from '../support/devices.js';

/** Of capability 9.0, which takes the PTX of each of our targets. */
export const device = openTestDevice();
afterAll(() => device.dispose());

// Buffers live as long as the test that makes them: forgotten ones are warned of as leaks.
const made: { dispose(): void }[] = [];
afterEach(() => {
  for (const buffer of made.splice(0)) buffer.dispose();
});
function kept<M extends (...args: never[]) => { dispose(): void }>(method: M): M {
  const keep = (...args: never[]) => {
    const buffer = method.apply(device, args);
    made.push(buffer);
    return buffer;
  };
  return keep as M;
}
Object.assign(device, { from: kept(device.from), alloc: kept(device.alloc) });

const modules = new Map<string, Module>();

/** The module of `test/corpus/<topic>.cu`, the same one each time. */
export function load(topic: string): Module {
  const module =
    modules.get(topic) ?? device.loadModule(readFileSync(join(__dirname, `${topic}.ptx`), 'utf8'));
  modules.set(topic, module);
  return module;
}

/** One thread, less than a warp, a whole block, one more than two, a prime of many blocks. */
export const SIZES = [1, 31, 128, 257, 1009];

export const blocks = (n: number, size: number) => Math.ceil(n / size);

/** Numbers that are the same for the same seed. */
export function seeded(seed: number) {
  let state = (seed + 1) * 2654435761;
  const bits = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const between = (low: number, high: number) => low + (bits() / 2 ** 32) * (high - low);
  /** From `low` to below `high`. */
  const integer = (low: number, high: number) => Math.floor(between(low, high));
  return {
    bits,
    integer,
    floats: (n: number, low = -1, high = 1) =>
      Float32Array.from({ length: n }, () => between(low, high)),
    doubles: (n: number, low = -1, high = 1) =>
      Float64Array.from({ length: n }, () => between(low, high)),
    bytes: (n: number, below = 256) => Uint8Array.from({ length: n }, () => integer(0, below)),
    words: (n: number) => Uint32Array.from({ length: n }, bits),
    integers: (n: number, low: number, high: number) =>
      Int32Array.from({ length: n }, () => integer(low, high)),
  };
}

/** A row for each, as long as the first; for references. */
export const range = (n: number) => Array.from({ length: n }, (_, i) => i);
export const sum = (values: Iterable<number>) => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

interface Tolerance {
  readonly relative?: number;
  /** For all, or for each. */
  readonly absolute?: number | ArrayLike<number>;
}

/** One rounding of a float32, relative to the number. */
export const ROUNDING = 2 ** -24;

/** Each number within `absolute` plus `relative` times the expected one. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 0, absolute = 0 }: Tolerance,
) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(actual[i]! - expected[i]!);
    const least = typeof absolute === 'number' ? absolute : absolute[i]!;
    if (off <= least + relative * Math.abs(expected[i]!) || Object.is(actual[i], expected[i]))
      continue;
    throw new Error(`[${i}] is ${actual[i]}, not ${expected[i]}: ${off} off`);
  }
}
