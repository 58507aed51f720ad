/**
 * The reductions behind the methods of Device: checks, the result buffer, the native call.
 */
import { REDUCTIONS, Slot } from '../../abi/reduce.js';
import { native } from '../../addon/load.js';
import type { Handle } from '../../addon/types.js';
import { argumentTypeError, rangeError, readOptions, typeError } from '../../base/checks.js';
import { type Dtype, type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { bufferArgument, type DeviceBuffer } from '../../memory/buffer.js';
import {
  allocateState,
  type BufferState,
  checkLength,
  checkSameDtype,
} from '../../memory/buffer-state.js';
import { checkShaped, dimensionOf, readAxis, readShape, readShaped } from '../../operands/axis.js';
import { intoNew, type Result } from '../../operands/result.js';
import {
  broadcastShapes,
  broadcastStrides,
  elementsOf,
  type View,
  viewsOverlap,
} from '../../operands/strided.js';
import { coalesce } from '../../operands/walk.js';
import { streamHandle } from '../../streams/stream.js';
import { withContiguous } from '../elementwise/contiguous.js';
import { type ReductionName, resultDtype } from './dtypes.js';
import { type AxisWalk, axisWalkOf, fillAxisWalk } from './walk.js';

const MOST_INT32 = 2 ** 31 - 1;

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

function launch(
  operation: ReductionName,
  walk: AxisWalk,
  inputs: readonly View[],
  out: BufferState,
  stream: Handle,
): void {
  const addon = native();
  const block = addon.argumentBlock;
  block[Slot.operation] = REDUCTIONS.indexOf(operation);
  fillAxisWalk(block, walk, inputs, out, stream);
  addon.reduce();
}

interface Job {
  readonly operation: ReductionName;
  readonly shape: readonly number[];
  readonly dimension: number | undefined;
  /** What the operands' elements are taken as. */
  readonly dtype: DtypeInfo;
  readonly stream: Handle;
}

/** float64 sums of narrower floats are taken of copies; for integers there are kernels. */
function dtypeOfOperands(dtype: DtypeInfo, result: DtypeInfo): DtypeInfo {
  return dtype.kind === 'float' && result.name === 'float64' ? result : dtype;
}

function enqueue(state: DeviceState, job: Job, views: readonly View[], out: BufferState): void {
  const replace = (i: number) =>
    withContiguous(state, views[i]!, job.shape, job.dtype, job.stream, (copy) => {
      const replaced = views.map((view, at) => (at === i ? copy : view));
      enqueue(state, job, replaced, out);
    });
  const other = views.findIndex(({ buffer }) => buffer.dtype !== job.dtype);
  if (other >= 0) {
    replace(other);
    return;
  }
  const inOrder = job.operation.startsWith('arg');
  const strides = views.map((view) => broadcastStrides(view, job.shape));
  const walk = axisWalkOf(job.shape, strides, job.dimension, inOrder);
  if (walk !== undefined) {
    launch(job.operation, walk, views, out, job.stream);
    return;
  }
  // One operand after the other becomes contiguous; then the walk is short enough.
  replace(
    strides.findIndex((of) => coalesce({ shape: job.shape, strides: [of] }).shape.length > 1),
  );
}

/** A reduction of one operand, or of two (a dot product). */
export function reduce(
  state: DeviceState,
  operation: ReductionName,
  values: readonly unknown[],
  options: unknown,
): Result {
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
  const stream = streamHandle(given.stream, state);
  const dtype = dtypeOfOperands(x.buffer.dtype, result);
  const job: Job = { operation, shape, dimension, dtype, stream };
  if (outGiven === undefined) {
    const created = allocateState(state, result, length, false, stream);
    return intoNew(created, (out) => enqueue(state, job, views, out));
  }
  checkOut(outGiven, result, length, views);
  enqueue(state, job, views, outGiven);
  return given.out as DeviceBuffer;
}

/** That a buffer can take a result, and is not in the way of an operand. */
function checkOut(
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
