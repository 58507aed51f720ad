/**
 * The reductions behind the methods of Device: checks, the result buffer, the native call.
 */

import { native } from '../../addon/load.js';
import type { Handle } from '../../addon/types.js';
import {
  argumentTypeError,
  optionalInteger,
  rangeError,
  readOptions,
  typeError,
} from '../../base/checks.js';
import { type Dtype, type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import type { Device } from '../../device/device.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { allocateState, type DeviceBuffer } from '../../memory/buffer.js';
import {
  type BufferState,
  bufferArgument,
  checkLength,
  checkSameDtype,
} from '../../memory/buffer-state.js';
import { intoNew } from '../../operands/result.js';
import {
  broadcastShapes,
  broadcastStrides,
  checkView,
  coalesce,
  elementsOf,
  readIntegers,
  readView,
  rowMajorStrides,
  type View,
  type ViewArgument,
  viewsOverlap,
} from '../../operands/strided.js';
import { streamHandle } from '../../streams/stream.js';
import { convert } from '../elementwise/elementwise.js';

/** In the order of ReduceOperation in cuda/reduce_arguments.h. */
const OPERATIONS = [
  'sum',
  'prod',
  'mean',
  'norm',
  'dot',
  'max',
  'min',
  'argmax',
  'argmin',
] as const;
export type ReductionName = (typeof OPERATIONS)[number];

/** Where numbers are in the argument block: Slot in native/binding/reduce_binding.cc. */
enum Slot {
  operation,
  dtype,
  outDtype,
  stream,
  out,
  outOffset,
  outer,
  axis,
  inner,
  x,
  y = 14,
}

const NO_BUFFER = 0;
const MOST_INT32 = 2 ** 31 - 1;

/** Elements as (outer, axis, inner) for each operand: with an extent and a stride of each. */
export interface AxisWalk {
  readonly extents: readonly [outer: number, axis: number, inner: number];
  readonly strides: readonly (readonly [outer: number, axis: number, inner: number])[];
}

/** Fills in what reductions and softmax share. Runs no code of the caller's. */
export function fillAxisWalk(
  block: Float64Array,
  walk: AxisWalk,
  inputs: readonly { readonly buffer: BufferState; readonly offset: number }[],
  out: BufferState,
  stream: Handle,
): void {
  block[Slot.dtype] = inputs[0]!.buffer.dtype.index;
  block[Slot.outDtype] = out.dtype.index;
  block[Slot.stream] = stream;
  block[Slot.out] = out.handle();
  block[Slot.outOffset] = 0;
  block.set(walk.extents, Slot.outer);
  block[Slot.y] = NO_BUFFER;
  for (const [i, input] of inputs.entries()) {
    const at = i === 0 ? Slot.x : Slot.y;
    block[at] = input.buffer.handle();
    block[at + 1] = input.offset;
    block.set(walk.strides[i]!, at + 2);
  }
}

/** The dimension that `axis` names, counted from the end if it is negative. */
export function dimensionOf(axis: number, dimensions: number): number {
  const dimension = axis < 0 ? axis + dimensions : axis;
  if (dimension >= 0 && dimension < dimensions) return dimension;
  const range = dimensions === 0 ? 'no axis' : `an axis from ${-dimensions} to ${dimensions - 1}`;
  throw rangeError(`Expected ${range} for ${dimensions} dimensions but received ${axis}`);
}

/** The integer `axis`, which may be negative, or undefined. */
export function readAxis(value: unknown): number | undefined {
  return optionalInteger(value, 'axis', undefined, Number.MIN_SAFE_INTEGER);
}

/** An operand, and its shape if it is a buffer for which the option `shape` gives one. */
export interface ShapedArgument {
  readonly argument: ViewArgument;
  readonly shape: readonly number[] | undefined;
}

/** Reads an operand's properties. May run code of the caller's. */
export function readShaped(
  value: unknown,
  name: string,
  shape: readonly number[] | undefined,
): ShapedArgument {
  const argument = readView(value, name);
  if (argument.layout !== undefined && shape !== undefined) {
    throw typeError(`The option \`shape\` is for buffers: the view \`${name}\` has a shape`);
  }
  return { argument, shape };
}

/** The option `shape`, read. */
export function readShape(value: unknown): readonly number[] | undefined {
  if (value === undefined) return undefined;
  const shape = readIntegers(value, 'shape', 0);
  elementsOf(shape);
  return shape;
}

/** Checks an operand's buffer, and that its shape is the whole of it. */
export function checkShaped({ argument, shape }: ShapedArgument, device: DeviceState): View {
  const view = checkView(argument, device);
  if (shape === undefined) return view;
  checkLength(view.buffer, elementsOf(shape), view.name);
  return { ...view, shape, strides: rowMajorStrides(shape) };
}

// What the operands have along the reduced axis and along the others, if that takes no more than
// one and two dimensions; undefined if it takes more.
function walkOf(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  dimension: number | undefined,
  inOrder: boolean,
): AxisWalk | undefined {
  if (dimension !== undefined) {
    const others = (values: readonly number[]) => values.filter((_, d) => d !== dimension);
    const free = coalesce({ shape: others(shape), strides: strides.map(others) });
    if (free.shape.length > 2) return undefined;
    const [outer = 1, inner = 1] = free.shape;
    return {
      extents: [outer, shape[dimension]!, inner],
      strides: strides.map((of, i) => [
        free.strides[i]![0] ?? 0,
        of[dimension]!,
        free.strides[i]![1] ?? 0,
      ]),
    };
  }
  // For all that counts, elements may be taken in any order, but for their indices.
  const order = shape.map((_, d) => d);
  if (!inOrder) order.sort((a, b) => Math.abs(strides[0]![b]!) - Math.abs(strides[0]![a]!));
  const all = coalesce({
    shape: order.map((d) => shape[d]!),
    strides: strides.map((of) => order.map((d) => of[d]!)),
  });
  if (all.shape.length > 1) return undefined;
  return {
    extents: [1, all.shape[0] ?? 1, 1],
    strides: all.strides.map(([stride = 1]) => [0, stride, 0]),
  };
}

function isFloat(dtype: DtypeInfo): boolean {
  return dtype.kind === 'float';
}

/** Element types that a result may have, the default first. */
function resultDtypes(operation: ReductionName, dtype: DtypeInfo): readonly Dtype[] {
  if (operation === 'max' || operation === 'min') return [dtype.name];
  if (operation === 'argmax' || operation === 'argmin') return ['int32', 'int64'];
  if (isFloat(dtype)) {
    const others: Dtype[] = ['float32', 'float16', 'bfloat16'];
    return [dtype.name, ...others.filter((name) => name !== dtype.name)];
  }
  if (operation === 'mean' || operation === 'norm') {
    return ['float64', 'float32', 'float16', 'bfloat16'];
  }
  return dtype.name.startsWith('u')
    ? ['uint64', 'uint32', 'float64']
    : ['int64', 'int32', 'float64'];
}

function resultDtype(
  operation: ReductionName,
  dtype: DtypeInfo,
  wanted: Dtype | undefined,
): DtypeInfo {
  const allowed = resultDtypes(operation, dtype);
  if (wanted === undefined) return dtypeByName(allowed[0])!;
  if (allowed.includes(wanted)) return dtypeByName(wanted)!;
  throw typeError(
    `Expected the dtype ${allowed.join(' or ')} for device.${operation} of ${dtype.name} ` +
      `but received ${wanted}`,
  );
}

function readDtype(value: unknown): Dtype | undefined {
  if (value === undefined) return undefined;
  const dtype = dtypeByName(value);
  if (dtype === undefined) throw argumentTypeError('a dtype', 'outDtype', value);
  return dtype.name;
}

function checkAxisLength(operation: ReductionName, length: number, result: DtypeInfo): void {
  const takesEmpty = !['max', 'min', 'argmax', 'argmin'].includes(operation);
  if (length === 0 && !takesEmpty) {
    throw rangeError(`device.${operation} of no elements: the axis has length 0`);
  }
  if (operation.startsWith('arg') && result.name === 'int32' && length > MOST_INT32) {
    throw rangeError(`Indices along an axis of ${length} need the dtype int64`);
  }
}

/** Calls `use` with a copy of an operand, broadcast to `shape`, whose elements follow each other. */
export function withContiguous(
  device: Device,
  state: DeviceState,
  view: View,
  shape: readonly number[],
  given: { readonly buffer: unknown; readonly stream: unknown },
  use: (copy: View) => void,
): void {
  const strided = {
    buffer: given.buffer,
    shape: [...shape],
    strides: broadcastStrides(view, shape),
    offset: view.offset,
  };
  const options = given.stream === undefined ? {} : { stream: given.stream };
  const copy = convert(device, state, strided, view.buffer.dtype.name, options);
  try {
    const buffer = bufferArgument(copy, view.name, state);
    use({ name: view.name, buffer, shape, strides: rowMajorStrides(shape), offset: 0 });
  } finally {
    copy.dispose(); // in the order of the stream: after its last use
  }
}

function launch(
  operation: ReductionName,
  walk: AxisWalk,
  inputs: readonly View[],
  out: BufferState,
  stream: Handle,
): void {
  const addon = native();
  const block = addon.argumentBlock;
  block[Slot.operation] = OPERATIONS.indexOf(operation);
  fillAxisWalk(block, walk, inputs, out, stream);
  addon.reduce();
}

interface Job {
  readonly operation: ReductionName;
  readonly arguments: readonly ShapedArgument[];
  readonly shape: readonly number[];
  readonly dimension: number | undefined;
  readonly stream: { readonly handle: Handle; readonly given: unknown };
}

function enqueue(
  device: Device,
  state: DeviceState,
  job: Job,
  views: readonly View[],
  out: BufferState,
): void {
  const inOrder = job.operation.startsWith('arg');
  const strides = views.map((view) => broadcastStrides(view, job.shape));
  const walk = walkOf(job.shape, strides, job.dimension, inOrder);
  if (walk !== undefined) {
    launch(job.operation, walk, views, out, job.stream.handle);
    return;
  }
  // One operand after the other becomes contiguous; then the walk is short enough.
  const i = strides.findIndex(
    (of) => coalesce({ shape: job.shape, strides: [of] }).shape.length > 1,
  );
  const { buffer } = job.arguments[i]!.argument;
  const given = { buffer, stream: job.stream.given };
  withContiguous(device, state, views[i]!, job.shape, given, (copy) => {
    const replaced = views.map((view, at) => (at === i ? copy : view));
    enqueue(device, state, job, replaced, out);
  });
}

/** A reduction of one operand, or of two (a dot product). */
export function reduce(
  device: Device,
  state: DeviceState,
  operation: ReductionName,
  values: readonly unknown[],
  options: unknown,
): DeviceBuffer {
  assertDeviceOpen(state);
  const given = readOptions(options, {
    shape: undefined as unknown,
    axis: undefined as unknown,
    outDtype: undefined as unknown,
    out: undefined as unknown,
    stream: undefined as unknown,
  });
  const optionShape = readShape(given.shape);
  const axis = readAxis(given.axis);
  const wanted = readDtype(given.outDtype);
  const names = ['x', 'y'];
  const shaped = values.map((value, i) => readShaped(value, names[i]!, optionShape));

  // From here on no code of the caller's runs.
  assertDeviceOpen(state);
  const views = shaped.map((one) => checkShaped(one, state));
  const [x, y] = views as [View, View?];
  if (y !== undefined) checkSameDtype(x.buffer, y.buffer, '`x` and `y`');
  const shape = y === undefined ? x.shape : broadcastShapes([x, y], '`x` and `y`');
  const dimension = axis === undefined ? undefined : dimensionOf(axis, shape.length);
  const outGiven = given.out === undefined ? undefined : bufferArgument(given.out, 'out', state);
  const result = resultDtype(operation, x.buffer.dtype, wanted ?? outGiven?.dtype.name);
  const length = dimension === undefined ? 1 : elementsOf(shape.filter((_, d) => d !== dimension));
  checkAxisLength(
    operation,
    dimension === undefined ? elementsOf(shape) : shape[dimension]!,
    result,
  );
  const stream = { handle: streamHandle(given.stream, state), given: given.stream };
  const job: Job = { operation, arguments: shaped, shape, dimension, stream };
  if (outGiven === undefined) {
    const created = allocateState(state, result, length, false, stream.handle);
    return intoNew(device, created, (out) => enqueue(device, state, job, views, out));
  }
  checkOut(outGiven, result, length, views);
  enqueue(device, state, job, views, outGiven);
  return given.out as DeviceBuffer;
}

/** That a buffer can take a result, and is not in the way of an operand. */
export function checkOut(
  out: BufferState,
  dtype: DtypeInfo,
  length: number,
  inputs: readonly View[],
): void {
  if (out.dtype !== dtype) {
    throw typeError(`Expected the dtype ${dtype.name} for \`out\` but received ${out.dtype.name}`);
  }
  checkLength(out, length, 'out');
  const whole: View = { name: 'out', buffer: out, shape: [length], strides: [1], offset: 0 };
  for (const input of inputs) {
    if (viewsOverlap(whole, input)) throw rangeError(`\`out\` overlaps \`${input.name}\``);
  }
}
