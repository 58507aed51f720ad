/**
 * The elementwise operations behind the methods of Device: checks, the result buffer, the launch.
 */
import { argumentTypeError, rangeError, readOptions, typeError } from '../../base/checks.js';
import { type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import { type Pattern, scalarPattern } from '../../base/scalar.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { bufferArgument, isBuffer } from '../../memory/buffer.js';
import {
  allocateState,
  type BufferState,
  buffersOverlap,
  checkLength,
  checkSameDtype,
  sameRange,
} from '../../memory/buffer-state.js';
import { intoNew, type Result } from '../../operands/result.js';
import {
  broadcastShapes,
  checkInPlace,
  checkOutView,
  checkView,
  elementsOf,
  type Operand,
  readView,
  rowMajorStrides,
  type View,
  type ViewArgument,
} from '../../operands/strided.js';
import { streamHandle } from '../../streams/stream.js';
import { type Job, launchContiguous, launchStrided, NO_SCALARS, ZERO } from './launch.js';
import { CONVERT, type Operation } from './operation.js';

/** An operand as it is given: elements, or one number for all of them. */
type Argument = ViewArgument | { readonly name: string; readonly number: number | bigint };

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function readArgument(value: unknown, name: string): Argument {
  return isNumber(value) ? { name, number: value } : readView(value, name);
}

function checkTakes(operation: Operation, dtype: DtypeInfo): void {
  if (operation.takesIntegers || dtype.kind === 'float') return;
  throw typeError(`device.${operation.name} takes floats but received ${dtype.name}`);
}

function checkDtypes(expected: View, other: View): void {
  checkSameDtype(expected.buffer, other.buffer, `\`${expected.name}\` and \`${other.name}\``);
}

/** The numbers a job takes besides elements: in the type that is computed in. */
type ReadScalars = (dtype: DtypeInfo) => readonly [Pattern, Pattern];
const noScalars: ReadScalars = () => NO_SCALARS;

/** 16-bit floats are computed in float32, so numbers are rounded to that. */
function factorPattern(dtype: DtypeInfo, value: unknown, name: string): Pattern {
  const computed = dtype.kind === 'float' && dtype.byteSize === 2 ? 'float32' : dtype.name;
  return scalarPattern(dtypeByName(computed)!, value, name);
}

interface Call {
  readonly operation: Operation;
  readonly x: Argument;
  /** Undefined for an operation of one operand. */
  readonly y: Argument | undefined;
  readonly out: ViewArgument | undefined;
  readonly outValue: unknown;
  readonly stream: unknown;
  readonly scalars: ReadScalars;
  /** Undefined: that of the operands. */
  readonly dtype: DtypeInfo | undefined;
}

// After all code of the caller's has run: nothing that is checked here changes before the launch.
function enqueue(state: DeviceState, call: Call): Result {
  assertDeviceOpen(state);
  const x = 'number' in call.x ? undefined : checkView(call.x, state);
  const y = call.y === undefined || 'number' in call.y ? undefined : checkView(call.y, state);
  const inputs = [x, y].filter((view) => view !== undefined);
  const [main] = inputs;
  if (main === undefined) {
    throw typeError('Expected a DeviceBuffer or a StridedView for `x` or `y`: both are numbers');
  }
  const source = main.buffer.dtype;
  checkTakes(call.operation, source);
  for (const input of inputs) checkDtypes(main, input);
  const numbers = [call.x, call.y].filter((one) => one !== undefined && 'number' in one);
  const [first, second] = call.scalars(source);
  const [number] = numbers;
  const scalar = number === undefined ? second : scalarPattern(source, number.number, number.name);
  const shape = broadcastShapes(inputs, inputs.map(({ name }) => `\`${name}\``).join(' and '));
  const destination = call.dtype ?? source;
  const stream = streamHandle(call.stream, state);
  const job: Job = {
    operation: call.operation,
    source,
    destination,
    stream,
    scalars: [first, scalar],
  };

  if (call.out === undefined) {
    const result = allocateState(state, destination, elementsOf(shape), false, stream);
    return intoNew(result, (buffer) => {
      const strides = rowMajorStrides(shape);
      launchStrided(job, { name: 'out', buffer, shape, strides, offset: 0 }, x, y);
    });
  }
  const out = checkView(call.out, state);
  if (out.buffer.dtype !== destination) {
    throw typeError(
      `Expected the dtype ${destination.name} for \`out\` but received ${out.buffer.dtype.name}`,
    );
  }
  checkOutView(out, shape);
  for (const input of inputs) checkInPlace(out, input);
  launchStrided(job, out, x, y);
  return call.outValue as Operand;
}

interface Slots extends Record<string, unknown> {
  out: unknown;
  stream: unknown;
}

function take(slots: Slots, key: string, value: unknown): boolean {
  if (key === 'out') slots.out = value;
  else if (key === 'stream') slots.stream = value;
  else return false;
  return true;
}

function readOperationOptions(options: unknown): Slots {
  return readOptions(options, { out: undefined, stream: undefined }, take);
}

/** An operation of one operand. */
export function unary(
  state: DeviceState,
  operation: Operation,
  value: unknown,
  options: unknown,
  scalars: ReadScalars = noScalars,
): Result {
  assertDeviceOpen(state);
  const given = readOperationOptions(options);
  return enqueue(state, {
    operation,
    x: readView(value, 'x'),
    y: undefined,
    out: given.out === undefined ? undefined : readView(given.out, 'out'),
    outValue: given.out,
    stream: given.stream,
    scalars,
    dtype: undefined,
  });
}

// What most calls are, and quicker than views: buffers of one length. Undefined if one of the
// operands is a single element, which is repeated.
function binaryOfBuffers(
  state: DeviceState,
  operation: Operation,
  first: unknown,
  second: unknown,
  given: { out: unknown; stream: unknown },
  scalars: ReadScalars,
): Result | undefined {
  assertDeviceOpen(state);
  const x = bufferArgument(first, 'x', state);
  const y = bufferArgument(second, 'y', state);
  checkSameDtype(x, y, '`x` and `y`');
  checkTakes(operation, x.dtype);
  if (x.length !== y.length) {
    if (x.length === 1 || y.length === 1) return undefined;
    checkLength(y, x.length, 'y');
  }
  const { dtype } = x;
  const stream = streamHandle(given.stream, state);
  const job = { operation, source: dtype, destination: dtype, stream, scalars: scalars(dtype) };
  if (given.out === undefined) {
    const result = allocateState(state, dtype, x.length, false, stream);
    return intoNew(result, (out) => launchContiguous(job, out, x, y));
  }
  const out = bufferArgument(given.out, 'out', state);
  checkSameDtype(x, out, '`x` and `out`');
  checkLength(out, x.length, 'out');
  checkSameOrApart(out, x, 'x');
  checkSameOrApart(out, y, 'y');
  launchContiguous(job, out, x, y);
  return given.out as Operand;
}

function checkSameOrApart(out: BufferState, input: BufferState, name: string): void {
  if (buffersOverlap(out, input) && !sameRange(out, input)) {
    throw rangeError(`\`out\` overlaps \`${name}\` in part: use the same elements or others`);
  }
}

/** An operation of two operands, one of which may be a number. */
export function binary(
  state: DeviceState,
  operation: Operation,
  first: unknown,
  second: unknown,
  options: unknown,
  scalars: ReadScalars = noScalars,
): Result {
  assertDeviceOpen(state);
  const given = readOperationOptions(options);
  if (isBuffer(first) && isBuffer(second) && (given.out === undefined || isBuffer(given.out))) {
    const done = binaryOfBuffers(state, operation, first, second, given, scalars);
    if (done !== undefined) return done;
  }
  return enqueue(state, {
    operation,
    x: readArgument(first, 'x'),
    y: readArgument(second, 'y'),
    out: given.out === undefined ? undefined : readView(given.out, 'out'),
    outValue: given.out,
    stream: given.stream,
    scalars,
    dtype: undefined,
  });
}

/** A conversion to another dtype, or a copy. */
export function convert(
  state: DeviceState,
  value: unknown,
  dtypeName: unknown,
  options: unknown,
): Result {
  assertDeviceOpen(state);
  const dtype = dtypeByName(dtypeName);
  if (dtype === undefined) throw argumentTypeError('a dtype', 'dtype', dtypeName);
  const given = readOperationOptions(options);
  return enqueue(state, {
    operation: CONVERT,
    x: readView(value, 'x'),
    y: undefined,
    out: given.out === undefined ? undefined : readView(given.out, 'out'),
    outValue: given.out,
    stream: given.stream,
    scalars: noScalars,
    dtype,
  });
}

/** The factor of a scaling. */
export function readFactor(alpha: unknown): ReadScalars {
  return (dtype) => [factorPattern(dtype, alpha, 'alpha'), ZERO];
}

/** Limits of a clamp: in the dtype, in order. */
export function readLimits(least: unknown, most: unknown): ReadScalars {
  return (dtype) => {
    const limits = [factorPattern(dtype, least, 'min'), factorPattern(dtype, most, 'max')] as const;
    // Written so that NaN fails.
    if (!((least as number | bigint) <= (most as number | bigint))) {
      throw rangeError(`Expected \`min\` to be at most \`max\` but received ${least} and ${most}`);
    }
    return limits;
  };
}
