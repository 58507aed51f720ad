/**
 * Softmax and transposition behind the methods of Device: checks, the result buffer, the native
 * call.
 */

import { native } from '../../addon/load.js';
import type { Handle } from '../../addon/types.js';
import {
  checkBoolean,
  checkInteger,
  optionalInteger,
  rangeError,
  readOptions,
  typeError,
} from '../../base/checks.js';
import type { Device } from '../../device/device.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { allocateState, type DeviceBuffer } from '../../memory/buffer.js';
import {
  type BufferState,
  bufferArgument,
  buffersOverlap,
  checkLength,
  checkSameDtype,
} from '../../memory/buffer-state.js';
import { intoNew } from '../../operands/result.js';
import {
  checkInPlace,
  coalesce,
  elementsOf,
  rowMajorStrides,
  type View,
} from '../../operands/strided.js';
import { streamHandle } from '../../streams/stream.js';
import {
  type AxisWalk,
  checkShaped,
  dimensionOf,
  fillAxisWalk,
  readAxis,
  readShape,
  readShaped,
  withContiguous,
} from '../reduce/reduce.js';

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

interface SoftmaxJob {
  readonly dimension: number;
  readonly log: boolean;
  readonly buffer: unknown;
  readonly stream: { readonly handle: Handle; readonly given: unknown };
}

function launchSoftmax(
  device: Device,
  state: DeviceState,
  job: SoftmaxJob,
  x: View,
  out: BufferState,
): void {
  const walk = walkOf(x, job.dimension);
  if (walk === undefined) {
    const given = { buffer: job.buffer, stream: job.stream.given };
    withContiguous(device, state, x, x.shape, given, (copy) =>
      launchSoftmax(device, state, job, copy, out),
    );
    return;
  }
  const addon = native();
  const block = addon.argumentBlock;
  block[0] = job.log ? 1 : 0;
  fillAxisWalk(block, walk, [x], out, job.stream.handle);
  addon.softmax();
}

export function softmax(
  device: Device,
  state: DeviceState,
  value: unknown,
  options: unknown,
): DeviceBuffer {
  assertDeviceOpen(state);
  const given = readOptions(options, {
    shape: undefined as unknown,
    axis: undefined as unknown,
    log: undefined as unknown,
    out: undefined as unknown,
    stream: undefined as unknown,
  });
  const axis = readAxis(given.axis) ?? -1;
  const log = checkBoolean(given.log, 'log', false);
  const shaped = readShaped(value, 'x', readShape(given.shape));

  assertDeviceOpen(state);
  const x = checkShaped(shaped, state);
  const { dtype } = x.buffer;
  if (dtype.kind !== 'float') {
    throw typeError(`device.softmax takes floats but received ${dtype.name}`);
  }
  const dimension = dimensionOf(axis, x.shape.length);
  const length = elementsOf(x.shape);
  const stream = { handle: streamHandle(given.stream, state), given: given.stream };
  const job: SoftmaxJob = { dimension, log, buffer: shaped.argument.buffer, stream };
  if (given.out === undefined) {
    const created = allocateState(state, dtype, length, false, stream.handle);
    return intoNew(device, created, (out) => launchSoftmax(device, state, job, x, out));
  }
  const out = bufferArgument(given.out, 'out', state);
  checkSameDtype(x.buffer, out, '`x` and `out`');
  checkLength(out, length, 'out');
  const strides = rowMajorStrides(x.shape);
  checkInPlace({ name: 'out', buffer: out, shape: x.shape, strides, offset: 0 }, x);
  launchSoftmax(device, state, job, x, out);
  return given.out as DeviceBuffer;
}

/** Where the numbers are in the argument block: TransposeSlot in reduce_binding.cc. */
enum TransposeSlot {
  elementBytes,
  batches,
  rows,
  columns,
  x,
  out,
  stream,
}

export function transpose(
  device: Device,
  state: DeviceState,
  value: unknown,
  options: unknown,
): DeviceBuffer {
  assertDeviceOpen(state);
  const given = readOptions(options, {
    rows: undefined as unknown,
    columns: undefined as unknown,
    batches: undefined as unknown,
    out: undefined as unknown,
    stream: undefined as unknown,
  });
  const rows = checkInteger(given.rows, 'rows');
  const columns = checkInteger(given.columns, 'columns');
  const batches = optionalInteger(given.batches, 'batches', 1);
  const length = elementsOf([batches, rows, columns]);

  assertDeviceOpen(state);
  const x = bufferArgument(value, 'x', state);
  checkLength(x, length, 'x');
  const stream = streamHandle(given.stream, state);
  const launch = (out: BufferState) => {
    const addon = native();
    const block = addon.argumentBlock;
    block[TransposeSlot.elementBytes] = x.dtype.byteSize;
    block[TransposeSlot.batches] = batches;
    block[TransposeSlot.rows] = rows;
    block[TransposeSlot.columns] = columns;
    block[TransposeSlot.x] = x.handle();
    block[TransposeSlot.out] = out.handle();
    block[TransposeSlot.stream] = stream;
    addon.transpose();
  };
  if (given.out === undefined) {
    return intoNew(device, allocateState(state, x.dtype, length, false, stream), launch);
  }
  const out = bufferArgument(given.out, 'out', state);
  checkSameDtype(x, out, '`x` and `out`');
  checkLength(out, length, 'out');
  if (buffersOverlap(out, x)) throw rangeError('`out` overlaps `x`');
  launch(out);
  return given.out as DeviceBuffer;
}
