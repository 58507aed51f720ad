/**
 * Softmax behind the method of Device: checks, the result buffer, the native call.
 */
import { Slot } from '../../abi/softmax.js';
import { native } from '../../addon/load.js';
import type { Handle } from '../../addon/types.js';
import { checkBoolean, readOptions, typeError } from '../../base/checks.js';
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
import { checkInPlace, elementsOf, rowMajorStrides, type View } from '../../operands/strided.js';
import { coalesce } from '../../operands/walk.js';
import { streamHandle } from '../../streams/stream.js';
import { withContiguous } from '../elementwise/contiguous.js';
import { type AxisWalk, fillAxisWalk } from '../reduce/walk.js';

// The dimensions before the axis as one, and those after it; undefined if they are not one.
function walkOf(view: View, dimension: number): AxisWalk | undefined {
  const group = (from: number, to?: number) =>
    coalesce({ shape: view.shape.slice(from, to), strides: [view.strides.slice(from, to)] });
  const outer = group(0, dimension);
  const inner = group(dimension + 1);
  if (outer.shape.length > 1 || inner.shape.length > 1) return undefined;
  return {
    extents: [outer.shape[0] ?? 1, view.shape[dimension]!, inner.shape[0] ?? 1],
    strides: [[outer.strides[0]![0] ?? 0, view.strides[dimension]!, inner.strides[0]![0] ?? 0]],
  };
}

interface Job {
  readonly dimension: number;
  readonly log: boolean;
  readonly stream: Handle;
}

function launch(state: DeviceState, job: Job, x: View, out: BufferState): void {
  if (elementsOf(x.shape) === 0) return;
  const walk = walkOf(x, job.dimension);
  if (walk === undefined) {
    const { dtype } = x.buffer;
    withContiguous(state, x, x.shape, dtype, job.stream, (copy) => launch(state, job, copy, out));
    return;
  }
  const addon = native();
  const block = addon.argumentBlock;
  block[Slot.log] = job.log ? 1 : 0;
  fillAxisWalk(block, walk, [x], out, job.stream);
  addon.softmax();
}

export function softmax(state: DeviceState, value: unknown, options: unknown): Result {
  assertDeviceOpen(state);
  const given = readOptions(options, {
    shape: undefined as unknown,
    axis: undefined as unknown,
    log: undefined as unknown,
    out: undefined as unknown,
    stream: undefined as unknown,
  });
  const axis = readAxis(given.axis);
  const log = checkBoolean(given.log, 'log', false);
  const shaped = readShaped(value, 'x', readShape(given.shape));

  assertDeviceOpen(state);
  const whole = checkShaped(shaped, state);
  // A number is a row of one.
  const isNumber = axis === undefined && whole.shape.length === 0;
  const x: View = isNumber ? { ...whole, shape: [1], strides: [1] } : whole;
  const { dtype } = x.buffer;
  if (dtype.kind !== 'float') {
    throw typeError(`device.softmax takes floats but received ${dtype.name}`);
  }
  const dimension = dimensionOf(axis ?? -1, x.shape.length);
  const length = elementsOf(x.shape);
  const stream = streamHandle(given.stream, state);
  const job: Job = { dimension, log, stream };
  if (given.out === undefined) {
    const created = allocateState(state, dtype, length, false, stream);
    return intoNew(created, (out) => launch(state, job, x, out));
  }
  const out = bufferArgument(given.out, 'out', state);
  checkSameDtype(x.buffer, out, '`x` and `out`');
  checkLength(out, length, 'out');
  const strides = rowMajorStrides(x.shape);
  checkInPlace({ name: 'out', buffer: out, shape: x.shape, strides, offset: 0 }, x);
  launch(state, job, x, out);
  return given.out as DeviceBuffer;
}
