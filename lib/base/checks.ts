/**
 * Checks of what callers pass. Each throws a TypeError (`ERR_CUDA_ARG_TYPE`) or a RangeError
 * (`ERR_CUDA_ARG_RANGE`). None calls back into the caller's code, except that `readOptions` may run
 * traps and getters of an options object.
 */
import { describe, describeKey, isArray } from './describe.js';
import { DTYPES, type DtypeInfo, dtypeByName, typedArrayName } from './dtype.js';

/**
 * A TypeError or RangeError about an argument. No CUDA call was made.
 *
 * @group Errors
 */
export interface ArgumentError extends Error {
  readonly code: 'ERR_CUDA_ARG_TYPE' | 'ERR_CUDA_ARG_RANGE';
}

export function typeError(message: string): TypeError & ArgumentError {
  return Object.assign(new TypeError(message), { code: 'ERR_CUDA_ARG_TYPE' } as const);
}

export function rangeError(message: string): RangeError & ArgumentError {
  return Object.assign(new RangeError(message), { code: 'ERR_CUDA_ARG_RANGE' } as const);
}

export function argumentTypeError(what: string, name: string, value: unknown): TypeError {
  return typeError(`Expected ${what} for \`${name}\` but received ${describe(value)}`);
}

export function argumentRangeError(what: string, name: string, value: unknown): RangeError {
  return rangeError(`Expected ${what} for \`${name}\` but received ${describe(value)}`);
}

/**
 * An integer from `least` to `most`: a safe integer (-0 is 0) or a BigInt of such a value.
 */
export function checkInteger(
  value: unknown,
  name: string,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw argumentTypeError('an integer', name, value);
  }
  const integer = Number(value);
  if (!Number.isSafeInteger(integer) || integer < least || integer > most) {
    throw argumentRangeError(`an integer from ${least} to ${most}`, name, value);
  }
  return integer + 0; // -0 becomes 0
}

export function checkBoolean(value: unknown, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw argumentTypeError('a boolean', name, value);
  return value;
}

export function checkNumber(value: unknown, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number') throw argumentTypeError('a number', name, value);
  return value;
}

/** The dtype of that name. */
export function checkDtype(value: unknown): DtypeInfo {
  const dtype = dtypeByName(value);
  if (dtype === undefined) {
    throw argumentTypeError(`one of ${DTYPES.join(', ')}`, 'dtype', value);
  }
  return dtype;
}

const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Whether a value is an object whose properties may be listed. Not an array: to list millions of
 * elements, only to refuse the first, takes seconds.
 */
export function isRecord(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !isArray(value)
  );
}

/** Puts the value of an option into its slot. False if there is no such option. */
type Take<T> = (slots: T, key: string, value: unknown) => boolean;

function takeByName(slots: Record<string, unknown>, key: string, value: unknown): boolean {
  if (!hasOwn.call(slots, key)) return false;
  slots[key] = value;
  return true;
}

/**
 * The values of an options object, each read once. `slots` has a property for every option there
 * is, and comes back filled in. Undefined stands for no options. A `take` that names the options is
 * quicker than one for all kinds of slots: for calls that cost little else. `name` is what errors call
 * the object.
 */
export function readOptions<T extends Record<string, unknown>>(
  options: unknown,
  slots: T,
  take: Take<T> = takeByName,
  name = 'options',
): T {
  if (options === undefined) return slots;
  if (!isRecord(options)) {
    throw argumentTypeError('an options object', name, options);
  }
  for (const key in options) {
    // Inherited names do not count: nobody meant them, and a polluted prototype must not matter.
    if (!hasOwn.call(options, key)) continue;
    if (take(slots, key, (options as Record<string, unknown>)[key])) continue;
    const names = Object.keys(slots).join(', ');
    throw typeError(`Unknown option \`${describeKey(key)}\`: expected one of ${names}`);
  }
  return slots;
}

/** Which of the choices it is; the first is the default. */
export function checkChoice(value: unknown, choices: readonly unknown[], name: string): number {
  if (value === undefined) return 0;
  const index = choices.indexOf(value);
  if (index >= 0) return index;
  const words = choices.filter((each) => each !== undefined).join(', ');
  throw argumentTypeError(`one of ${words}`, name, value);
}

/** As `checkInteger`, with `fallback` for undefined. */
export function optionalInteger<T>(
  value: unknown,
  name: string,
  fallback: T,
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
): number | T {
  return value === undefined ? fallback : checkInteger(value, name, least, most);
}

// Own properties of an array or a subclass must not stand in for the real length, so these are the
// getters of the language itself.
const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype);

function getter(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}

const typedByteLength = getter(typedArrayPrototype, 'byteLength');
const dataViewByteLength = getter(DataView.prototype, 'byteLength');
const typedKeys = typedArrayPrototype.keys as (this: unknown) => unknown;

function byteLengthOf(view: ArrayBufferView, name: string): number {
  try {
    if (typedArrayName(view) === undefined) return dataViewByteLength.call(view) as number;
    const byteLength = typedByteLength.call(view) as number;
    // Empty, or a view whose memory is gone? Only a method that validates the array tells.
    if (byteLength === 0) typedKeys.call(view);
    return byteLength;
  } catch {
    throw typeError(
      `Expected a usable view for \`${name}\` but its buffer is detached or too small now`,
    );
  }
}

/**
 * The number of elements of `dtype` in a view that is copied from or to: a typed array of the
 * dtype, or a DataView or Node.js Buffer of a whole number of elements.
 */
export function elementCount(view: unknown, dtype: DtypeInfo, name: string): number {
  const expected = `a ${dtype.arrays.join(' or ')} (${dtype.name}), a DataView or a Buffer`;
  if (!ArrayBuffer.isView(view)) throw argumentTypeError(expected, name, view);
  const array = typedArrayName(view);
  const isBytes = array === undefined || (array === 'Uint8Array' && Buffer.isBuffer(view));
  if (!isBytes && !dtype.arrays.includes(array)) throw argumentTypeError(expected, name, view);
  const byteLength = byteLengthOf(view, name);
  if (byteLength % dtype.byteSize !== 0) {
    throw rangeError(
      `Expected whole elements of ${dtype.byteSize} bytes (${dtype.name}) for \`${name}\` ` +
        `but received ${byteLength} bytes`,
    );
  }
  return byteLength / dtype.byteSize;
}

/** That `length` elements from `offset` on lie within `total`. */
export function checkWithin(offset: number, length: number, total: number, what: string): void {
  // Not `offset + length > total`: the sum may not be exact.
  if (offset > total || length > total - offset) {
    throw rangeError(
      `${what} does not fit: offset ${offset} and length ${length} reach beyond the ` +
        `${total} elements of the buffer`,
    );
  }
}
