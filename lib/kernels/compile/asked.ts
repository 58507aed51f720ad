/**
 * Options of a compilation as they were given, to know them again: a result from memory is to cost less
 * than a launch, and a check of each option, or a text of all, costs more.
 */
import { isRecord } from '../../base/checks.js';
import { isArray } from '../../base/describe.js';

const { hasOwnProperty: hasOwn } = Object.prototype;

/** A copy of options as they were given. */
export type Asked = Readonly<Record<string, unknown>>;

function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (isArray(one)) {
    if (!isArray(other) || one.length !== other.length) return false;
    for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
    return true;
  }
  if (!isRecord(one) || !isRecord(other)) return false;
  let more = 0;
  for (const key in other) {
    if (!hasOwn.call(other, key)) continue;
    if (!hasOwn.call(one, key) || (one as Asked)[key] !== (other as Asked)[key]) return false;
    more++;
  }
  for (const _ in one) more--;
  return more === 0;
}

/**
 * Whether options are those of an earlier request: then they need no check. Runs getters. It may miss that
 * they are.
 */
export function sameOptions(asked: Asked, given: unknown): boolean {
  if (given !== undefined && !isRecord(given)) return false;
  let more = 0;
  for (const key in given) {
    if (!hasOwn.call(given, key)) continue;
    const value = (given as Asked)[key];
    if (value === undefined && hasOwn.call(asked, key)) continue;
    if (!hasOwn.call(asked, key) || !sameValue(asked[key], value)) return false;
    more++;
  }
  for (const key in asked) if (asked[key] !== undefined) more--;
  return more === 0;
}
