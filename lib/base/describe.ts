/**
 * What error messages say of a value that a caller passed: the one place. It runs none of the
 * value's code (no toString, getter or trap), takes no longer for a huge value, and is short.
 */
import { types } from 'node:util';
import { typedArrayName } from './dtype.js';

/** What is longer is told by its length. */
const MOST_CHARACTERS = 100;

/** As Array.isArray, which throws for a revoked Proxy. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function describeObject(value: object): string {
  if (types.isProxy(value)) return 'a Proxy';
  if (ArrayBuffer.isView(value)) return `a ${typedArrayName(value) ?? 'DataView'}`;
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  return `a value of type ${typeof value}`;
}

/** A value in words, such as `"7" of type string`. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'object':
      return value === null ? 'null' : describeObject(value);
    case 'function':
      return describeObject(value);
    case 'bigint':
      // Writing a BigInt out takes the square of its length.
      return BigInt.asIntN(128, value) === value
        ? `${value}n of type bigint`
        : 'a bigint of more than 128 bits';
    case 'string':
      return value.length > MOST_CHARACTERS
        ? `a string of ${value.length} characters`
        : `${JSON.stringify(value)} of type string`;
    case 'symbol': {
      const length = value.description?.length ?? 0;
      return length > MOST_CHARACTERS
        ? `a symbol of ${length} characters`
        : `${String(value)} of type symbol`;
    }
    case 'undefined':
      return 'undefined';
    default:
      return `${value} of type ${typeof value}`;
  }
}

/** The name of a property, such as an option that there is not. */
export function describeKey(key: string): string {
  return key.length > MOST_CHARACTERS ? `${key.slice(0, MOST_CHARACTERS)}...` : key;
}
