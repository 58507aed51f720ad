/**
 * Copies between host arrays and buffers.
 */
import { types } from 'node:util';
import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import {
  argumentTypeError,
  checkWithin,
  elementCount,
  optionalInteger,
  rangeError,
  readOptions,
  typeError,
} from '../base/checks.js';
import type { DtypeInfo } from '../base/dtype.js';
import { type Stream, streamHandle } from '../streams/stream.js';
import type { BufferState } from './buffer-state.js';

/** Options of {@link DeviceBuffer.write}. */
export interface WriteOptions {
  /** Element of the buffer at which to begin. Default 0. */
  offset?: number | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/** Options of {@link DeviceBuffer.read}. */
export interface ReadOptions {
  /** Element of the buffer at which to begin. Default 0. */
  offset?: number | undefined;
  /** Elements to read. Default: the destination's length, or else the rest of the buffer. */
  length?: number | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/** Enqueues a write. Returns the stream it was enqueued on. `mayWait`: for the device. */
export function enqueueWrite(
  state: BufferState,
  source: unknown,
  options: unknown,
  mayWait: boolean,
): Handle {
  state.handle();
  const given = readOptions(options, { offset: undefined, stream: undefined });
  const offset = optionalInteger(given.offset, 'offset', 0);

  const handle = state.handle();
  const stream = streamHandle(given.stream, state.device);
  const length = elementCount(source, state.dtype, 'source');
  checkWithin(offset, length, state.length, 'The source');
  const byteOffset = offset * state.dtype.byteSize;
  native().writeBuffer(handle, byteOffset, source as ArrayBufferView, stream, mayWait);
  return stream;
}

/** A read whose copy is enqueued, and where it is to go. */
export interface StartedRead {
  readonly read: Handle;
  readonly dtype: DtypeInfo;
  readonly length: number;
  readonly destination: ArrayBufferView;
}

/**
 * Enqueues a read: `first` may be the destination, and then `second` has the options. `mayWait`: for the
 * device.
 */
export function startRead(
  state: BufferState,
  first: unknown,
  second: unknown,
  mayWait: boolean,
): StartedRead {
  state.handle();
  const hasDestination = ArrayBuffer.isView(first) || second !== undefined;
  if (types.isAnyArrayBuffer(first)) throw argumentTypeError('a view', 'destination', first);
  const given = readOptions(hasDestination ? second : first, {
    offset: undefined,
    length: undefined,
    stream: undefined,
  });
  const offset = optionalInteger(given.offset, 'offset', 0);

  const handle = state.handle();
  const { dtype } = state;
  const stream = streamHandle(given.stream, state.device);
  const rest = Math.max(state.length - offset, 0);
  const available = hasDestination ? elementCount(first, dtype, 'destination') : rest;
  const length = optionalInteger(given.length, 'length', available);
  checkWithin(offset, length, state.length, 'The range to read');
  if (hasDestination && length !== available) {
    throw rangeError(`Expected a destination of ${length} elements but received ${available}`);
  }
  const destination = hasDestination ? (first as ArrayBufferView) : hostArray(dtype, length);
  const { byteSize } = dtype;
  const read = native().startRead(handle, offset * byteSize, length * byteSize, stream, mayWait);
  return { read, dtype, length, destination };
}

function hostArray(dtype: DtypeInfo, length: number): ArrayBufferView {
  try {
    return new dtype.HostArray(length);
  } catch {
    throw rangeError(
      `A host array cannot hold ${length} elements of ${dtype.name} here: read it in parts, ` +
        `with \`offset\` and \`length\``,
    );
  }
}

/** Copies what has been read to its destination. */
export function finishRead({ read, dtype, length, destination }: StartedRead): ArrayBufferView {
  // It may have been detached or resized while we waited.
  if (elementCount(destination, dtype, 'destination') !== length) {
    throw typeError('The destination was resized while it was being read into');
  }
  native().finishRead(read, destination);
  return destination;
}
