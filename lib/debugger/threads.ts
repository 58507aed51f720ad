/**
 * Blocks and threads: by x, y and z, and by number.
 */
import { argumentRangeError, argumentTypeError, checkInteger, rangeError } from '../base/checks.js';
import { isArray } from '../base/describe.js';

/** Threads of a warp. */
export const WARP = 32;

/** x, y and z. */
export type Index = readonly [number, number, number];

export function checkIndex(value: unknown, name: string): Index | undefined {
  if (value === undefined) return undefined;
  if (!isArray(value)) throw argumentTypeError('an array of x, y and z', name, value);
  if (value.length !== 3) throw argumentRangeError('an array of x, y and z', name, value);
  const at = (i: number) => checkInteger(value[i], `${name}[${i}]`, 0, 2 ** 31 - 1);
  return [at(0), at(1), at(2)];
}

/** Its number, x first. */
export function numberOf(index: Index, size: Index, name: string): number {
  if (index.some((each, i) => each >= size[i]!)) {
    throw rangeError(`Expected a ${name} within (${size}) but received (${index})`);
  }
  return index[0] + size[0] * (index[1] + size[1] * index[2]);
}

/** The place of a number. */
export function indexOf(number: number, [x, y]: Index): Index {
  return [number % x, Math.floor(number / x) % y, Math.floor(number / x / y)];
}
