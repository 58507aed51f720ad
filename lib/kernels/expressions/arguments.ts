/**
 * The arguments of a call against what was declared: everything is checked before any CUDA call.
 */
import {
  argumentTypeError,
  optionalInteger,
  rangeError,
  readOptions,
  typeError,
} from '../../base/checks.js';
import { isArray } from '../../base/describe.js';
import { type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import { scalarPattern } from '../../base/scalar.js';
import { type Device, deviceArgument } from '../../device/device.js';
import type { DeviceState } from '../../device/state.js';
import { bufferArgument, type DeviceBuffer, isBuffer } from '../../memory/buffer.js';
import {
  type BufferState,
  buffersOverlap,
  checkLength,
  sameRange,
} from '../../memory/buffer-state.js';
import { type Stream, streamHandle } from '../../streams/stream.js';
import type { Declaration, Parameter } from './parameters.js';

/** A parameter as a call has it: with its dtype, and whether a number was given. */
export interface Bound {
  readonly parameter: Parameter;
  readonly dtype: DtypeInfo;
  readonly isNumber: boolean;
}

/** A checked call. Arguments and parameters are in the order of the declaration. */
export interface Call {
  readonly device: Device;
  readonly stream: Stream | undefined;
  /** The number of elements. */
  readonly length: number;
  readonly inputs: readonly Bound[];
  readonly outputs: readonly Bound[];
  readonly values: readonly unknown[];
  /** The buffers of `out`; undefined for what is to be made. */
  readonly out: readonly (DeviceBuffer | undefined)[];
  /** Which dtypes the variables are, in words: part of what tells one kernel from another. */
  readonly types: ReadonlyMap<string, DtypeInfo>;
}

interface Given {
  readonly parameter: Parameter;
  readonly value: unknown;
  /** Undefined for a number, and for an output that is to be made. */
  readonly state: BufferState | undefined;
}

function readOut(value: unknown, outputs: readonly Parameter[]): readonly unknown[] {
  if (value === undefined) return outputs.map(() => undefined);
  if (outputs.length === 1) return [value];
  if (!isArray(value) || value.length !== outputs.length) {
    throw argumentTypeError(`an array of ${outputs.length} buffers`, 'out', value);
  }
  return outputs.map((_, i) => value[i]);
}

function outName(outputs: readonly Parameter[], i: number): string {
  return outputs.length === 1 ? 'out' : `out[${i}]`;
}

function expected({ kind }: Parameter): string {
  if (kind === 'raw') return 'a DeviceBuffer';
  return kind === 'const' ? 'a number or a bigint' : 'a DeviceBuffer, a number or a bigint';
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function inputOf(parameter: Parameter, value: unknown, device: DeviceState): Given {
  const { name, kind } = parameter;
  const allowed = kind === 'const' ? isNumber(value) : kind === 'each' && isNumber(value);
  if (allowed) return { parameter, value, state: undefined };
  if (!isBuffer(value)) throw argumentTypeError(expected(parameter), name, value);
  if (kind === 'const') {
    throw typeError(
      `Expected a number or a bigint for \`${name}\`, which is const, and not a buffer`,
    );
  }
  return { parameter, value, state: bufferArgument(value, name, device) };
}

/** What each variable stands for: the dtype of the first buffer that was declared with it. */
function bindTypes(given: readonly Given[], nameOf: (given: Given) => string) {
  const types = new Map<string, DtypeInfo>();
  const from = new Map<string, string>();
  for (const each of given) {
    const { parameter, state } = each;
    if (state === undefined) continue;
    const { type } = parameter;
    const wanted = dtypeByName(type) ?? types.get(type);
    if (wanted === undefined) {
      types.set(type, state.dtype);
      from.set(type, nameOf(each));
    } else if (wanted !== state.dtype) {
      const why = from.has(type) ? `, which \`${from.get(type)}\` makes of ${type},` : '';
      throw typeError(
        `Expected a DeviceBuffer of ${wanted.name}${why} for \`${nameOf(each)}\` but received one of ` +
          state.dtype.name,
      );
    }
  }
  return types;
}

function boundOf({ parameter, state, value }: Given, types: ReadonlyMap<string, DtypeInfo>): Bound {
  const { name, type, isOutput } = parameter;
  const dtype = dtypeByName(type) ?? types.get(type);
  if (dtype === undefined) {
    throw typeError(
      `Nothing says what ${type} of \`${name}\` is: no buffer of a ${type} was given`,
    );
  }
  const byNumber = !isOutput && state === undefined;
  if (byNumber) scalarPattern(dtype, value, name);
  return { parameter, dtype, isNumber: byNumber };
}

/** The number of elements, which all buffers with one for each index agree on. */
function lengthOf(
  given: readonly Given[],
  asked: number | undefined,
  nameOf: (given: Given) => string,
): number {
  let length = asked;
  for (const each of given) {
    if (each.parameter.kind !== 'each' || each.state === undefined) continue;
    if (length === undefined) length = each.state.length;
    else checkLength(each.state, length, nameOf(each));
  }
  if (length !== undefined) return length;
  throw typeError('Nothing says how many elements there are: give the option `length`');
}

/** That no element is written that is still to be read, or written by two. */
function checkOverlaps(
  inputs: readonly Given[],
  outputs: readonly Given[],
  nameOf: (given: Given) => string,
): void {
  for (const [i, output] of outputs.entries()) {
    if (output.state === undefined) continue;
    for (const other of [...inputs, ...outputs.slice(0, i)]) {
      if (other.state === undefined || !buffersOverlap(output.state, other.state)) continue;
      const inPlace =
        !other.parameter.isOutput &&
        other.parameter.kind === 'each' &&
        output.parameter.kind === 'each' &&
        sameRange(output.state, other.state);
      if (inPlace) continue;
      throw rangeError(`\`${nameOf(output)}\` overlaps \`${nameOf(other)}\``);
    }
  }
}

/**
 * Checks a call: `args` are as many as there are inputs, and options.
 *
 * @param single - the outputs have one element each, and may be in the way of inputs
 * @throws TypeError, RangeError, CudaDisposedError and CudaWrongDeviceError, as everywhere
 */
export function takeCall(
  { inputs, outputs }: Declaration,
  args: readonly unknown[],
  single = false,
): Call {
  const count = inputs.length;
  if (args.length < count || args.length > count + 1) {
    const names = count === 0 ? '' : ` (${inputs.map(({ name }) => name).join(', ')})`;
    throw rangeError(
      `Expected ${count} arguments${names} and options but received ${args.length} in all`,
    );
  }
  // Options first: to read them may run code of the caller's, which may dispose what was checked.
  const options = readOptions(args[count], {
    out: undefined as unknown,
    stream: undefined as unknown,
    length: undefined as unknown,
  });
  const out = readOut(options.out, outputs);
  const asked = optionalInteger(options.length, 'length', undefined);
  const first = [...args.slice(0, count), ...out].find(isBuffer) as DeviceBuffer | undefined;
  if (first === undefined) {
    throw typeError('No argument is a DeviceBuffer, to say on which device: give one, or `out`');
  }
  const { device } = first;
  const state = deviceArgument(device, 'device');
  const given = inputs.map((parameter, i) => inputOf(parameter, args[i], state));
  const results = outputs.map((parameter, i): Given => {
    const value = out[i];
    if (value !== undefined) {
      return { parameter, value, state: bufferArgument(value, outName(outputs, i), state) };
    }
    if (parameter.kind !== 'raw') return { parameter, value, state: undefined };
    throw typeError(`The output \`${parameter.name}\` is raw: give it as \`out\``);
  });
  const nameOf = (each: Given) =>
    each.parameter.isOutput ? outName(outputs, results.indexOf(each)) : each.parameter.name;
  const types = bindTypes([...given, ...results], nameOf);
  const length = lengthOf(single ? given : [...given, ...results], asked, nameOf);
  if (single) {
    for (const each of results) {
      if (each.state !== undefined) checkLength(each.state, 1, nameOf(each));
    }
  } else {
    checkOverlaps(given, results, nameOf);
  }
  streamHandle(options.stream, state);
  return {
    device,
    stream: options.stream as Stream | undefined,
    length,
    inputs: given.map((each) => boundOf(each, types)),
    outputs: results.map((each) => boundOf(each, types)),
    values: args.slice(0, count),
    out: out as readonly (DeviceBuffer | undefined)[],
    types,
  };
}

/** What tells the kernel of a call from those of other calls of the same operation. */
export function variantOf({ inputs, outputs, types }: Call): string {
  const bound = [...inputs, ...outputs].map(
    (each) => `${each.dtype.name}${each.isNumber ? '' : '*'}`,
  );
  const variables = [...types].map(([name, dtype]) => `${name}=${dtype.name}`);
  return [...bound, ...variables.sort()].join(' ');
}
