/**
 * Options of a compilation as they were given, to know them again: a result from memory is to cost less
 * than a launch, and a check of each option, or a text of all, costs more.
 */
import { isRecord } from '../../base/checks.js';
import { isArray } from '../../base/describe.js';

const { hasOwnProperty: hasOwn } = Object.prototype;

/** A copy of options as they were given. */
export type Asked = Readonly<Record<string, unknown>>;

function sameValue(asked: unknown, given: unknown): boolean {
  if (asked === given) return true;
  if (isArray(asked)) {
    if (!isArray(given) || asked.length !== given.length) return false;
    for (let i = 0; i < asked.length; i++) if (asked[i] !== given[i]) return false;
    return true;
  }
  return isRecord(asked) && isRecord(given) && sameOptions(asked as Asked, given);
}

/**
 * Whether options, or the entries of one, are those of an earlier request: then they need no check. Runs
 * getters. It may miss that they are.
 */
export function sameOptions(asked: Asked, given: unknown): boolean {
  if (given !== undefined && !isRecord(given)) return false;
  let more = 0;
  for (const key in given) {
    if (!hasOwn.call(given, key)) continue;
    // Undefined is what an option may be. An entry that is new is a mistake.
    if (!hasOwn.call(asked, key)) return false;
    const value = (given as Asked)[key];
    if (value === undefined) continue;
    if (!sameValue(asked[key], value)) return false;
    more++;
  }
  for (const key in asked) if (asked[key] !== undefined) more--;
  return more === 0;
}
