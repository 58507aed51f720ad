/**
 * The elementwise operations behind the methods of Device: checks, the result buffer, the native
 * call.
 */

import { native } from '../../addon/load.js';
import type { Handle } from '../../addon/types.js';
import { argumentTypeError, rangeError, readOptions, typeError } from '../../base/checks.js';
import { type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import { type Pattern, scalarPattern } from '../../base/scalar.js';
import type { Device } from '../../device/device.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { allocateState, type DeviceBuffer } from '../../memory/buffer.js';
import {
  type BufferState,
  bufferArgument,
  buffersOverlap,
  checkLength,
  checkSameDtype,
  isBuffer,
  sameRange,
} from '../../memory/buffer-state.js';
import { intoNew } from '../../operands/result.js';
import {
  broadcastShapes,
  broadcastStrides,
  checkInPlace,
  checkOutView,
  checkView,
  coalesce,
  elementsOf,
  readView,
  rowMajorStrides,
  type View,
  type ViewArgument,
  type Walk,
} from '../../operands/strided.js';
import { streamHandle } from '../../streams/stream.js';

/** An operation as native code numbers it. */
export interface Operation {
  readonly name: string;
  readonly family: number;
  readonly index: number;
  readonly takesIntegers: boolean;
}

function operations<Name extends string>(
  family: number,
  names: readonly Name[],
  lastForIntegers: Name,
): Record<Name, Operation> {
  const last = names.indexOf(lastForIntegers);
  const all = {} as Record<Name, Operation>;
  for (const [index, name] of names.entries()) {
    all[name] = { name, family, index, takesIntegers: index <= last };
  }
  return all;
}

// In the order of the enumerations in cuda/elementwise_arguments.h.
export const UNARY = operations(
  0,
  [
    ...(['neg', 'abs', 'square', 'relu', 'clamp', 'scale', 'sqrt', 'rsqrt', 'reciprocal'] as const),
    ...(['exp', 'log', 'sin', 'cos', 'tanh', 'sigmoid', 'silu', 'gelu'] as const),
  ],
  'scale',
);
export const BINARY = operations(
  1,
  ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'axpy', 'pow'] as const,
  'axpy',
);
const CONVERT: Operation = { name: 'convert', family: 2, index: 0, takesIntegers: true };

const ZERO: Pattern = { low: 0, high: 0 };

/** What is done, besides to which elements. */
interface Job {
  readonly operation: Operation;
  readonly source: DtypeInfo;
  readonly destination: DtypeInfo;
  readonly stream: Handle;
  /** A factor or a lower limit; an upper limit, or an operand that is a number. */
  readonly scalars: readonly [Pattern, Pattern];
}

// Slots of the argument block: those of native/binding/elementwise_binding.cc.
const OPERANDS = 9;
const LENGTH = 15;
const DIMENSIONS = 17;
const SHAPE = 18;
const SLOTS_PER_DIMENSION = 4;

function fillJob(block: Float64Array, { operation, source, destination, stream, scalars }: Job) {
  block[0] = operation.family;
  block[1] = operation.index;
  block[2] = source.index;
  block[3] = destination.index;
  block[4] = stream;
  block[5] = scalars[0].low;
  block[6] = scalars[0].high;
  block[7] = scalars[1].low;
  block[8] = scalars[1].high;
}

function fillOperand(block: Float64Array, i: number, buffer: BufferState | undefined, offset = 0) {
  block[OPERANDS + 2 * i] = buffer === undefined ? 0 : buffer.handle();
  block[OPERANDS + 2 * i + 1] = offset;
}

function launchContiguous(
  job: Job,
  out: BufferState,
  x: BufferState | undefined,
  y: BufferState | undefined,
): void {
  const addon = native();
  const block = addon.argumentBlock;
  fillJob(block, job);
  fillOperand(block, 0, out);
  fillOperand(block, 1, x);
  fillOperand(block, 2, y);
  block[LENGTH] = out.length;
  block[DIMENSIONS] = 0;
  addon.elementwise();
}

/** The walk with the dimension in which the first operand is closest to contiguous innermost. */
function sortDimensions({ shape, strides }: Walk): Walk {
  const distance = (d: number) => Math.abs(strides[0]![d]!);
  const order = shape.map((_, d) => d).sort((a, b) => distance(b) - distance(a));
  return {
    shape: order.map((d) => shape[d]!),
    strides: strides.map((of) => order.map((d) => of[d]!)),
  };
}

function launchStrided(job: Job, out: View, x: View | undefined, y: View | undefined): void {
  if (elementsOf(out.shape) === 0) return;
  const operands = [out, x, y];
  const present = operands.filter((view) => view !== undefined);
  const walk = coalesce(
    sortDimensions({
      shape: out.shape,
      strides: present.map((view) => broadcastStrides(view, out.shape)),
    }),
  );
  const addon = native();
  const block = addon.argumentBlock;
  fillJob(block, job);
  for (const [i, view] of operands.entries()) fillOperand(block, i, view?.buffer, view?.offset);
  const dimensions = walk.shape.length;
  const isContiguous =
    dimensions === 0 || (dimensions === 1 && walk.strides.every(([stride]) => stride === 1));
  block[LENGTH] = dimensions === 0 ? 1 : walk.shape[0]!;
  block[DIMENSIONS] = isContiguous ? 0 : dimensions;
  for (let d = 0; d < dimensions; d++) {
    const at = SHAPE + SLOTS_PER_DIMENSION * d;
    block[at] = walk.shape[d]!;
    let next = 0;
    for (const [i, view] of operands.entries()) {
      block[at + 1 + i] = view === undefined ? 0 : walk.strides[next++]![d]!;
    }
  }
  addon.elementwise();
}

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
export type ReadScalars = (dtype: DtypeInfo) => readonly [Pattern, Pattern];
const NO_SCALARS = [ZERO, ZERO] as const;
const noScalars: ReadScalars = () => NO_SCALARS;

/** 16-bit floats are computed in float32, so numbers are rounded to that. */
export function factorPattern(dtype: DtypeInfo, value: unknown, name: string): Pattern {
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
function enqueue(device: Device, state: DeviceState, call: Call): DeviceBuffer {
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
    return intoNew(device, result, (buffer) => {
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
  return call.outValue as DeviceBuffer;
}

const slots = () => ({ out: undefined as unknown, stream: undefined as unknown });

/** An operation of one operand. */
export function unary(
  device: Device,
  state: DeviceState,
  operation: Operation,
  value: unknown,
  options: unknown,
  scalars: ReadScalars = noScalars,
): DeviceBuffer {
  assertDeviceOpen(state);
  const given = readOptions(options, slots());
  return enqueue(device, state, {
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
  device: Device,
  state: DeviceState,
  operation: Operation,
  first: unknown,
  second: unknown,
  given: { out: unknown; stream: unknown },
  scalars: ReadScalars,
): DeviceBuffer | undefined {
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
    return intoNew(device, result, (out) => launchContiguous(job, out, x, y));
  }
  const out = bufferArgument(given.out, 'out', state);
  checkSameDtype(x, out, '`x` and `out`');
  checkLength(out, x.length, 'out');
  checkSameOrApart(out, x, 'x');
  checkSameOrApart(out, y, 'y');
  launchContiguous(job, out, x, y);
  return given.out as DeviceBuffer;
}

function checkSameOrApart(out: BufferState, input: BufferState, name: string): void {
  if (buffersOverlap(out, input) && !sameRange(out, input)) {
    throw rangeError(`\`out\` overlaps \`${name}\` in part: use the same elements or others`);
  }
}

/** An operation of two operands, one of which may be a number. */
export function binary(
  device: Device,
  state: DeviceState,
  operation: Operation,
  first: unknown,
  second: unknown,
  options: unknown,
  scalars: ReadScalars = noScalars,
): DeviceBuffer {
  assertDeviceOpen(state);
  const given = readOptions(options, slots());
  if (isBuffer(first) && isBuffer(second) && (given.out === undefined || isBuffer(given.out))) {
    const done = binaryOfBuffers(device, state, operation, first, second, given, scalars);
    if (done !== undefined) return done;
  }
  return enqueue(device, state, {
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
  device: Device,
  state: DeviceState,
  value: unknown,
  dtypeName: unknown,
  options: unknown,
): DeviceBuffer {
  assertDeviceOpen(state);
  const dtype = dtypeByName(dtypeName);
  if (dtype === undefined) throw argumentTypeError('a dtype', 'dtype', dtypeName);
  const given = readOptions(options, slots());
  return enqueue(device, state, {
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
