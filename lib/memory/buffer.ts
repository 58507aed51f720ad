import { native } from '../addon/load.js';
import {
  argumentTypeError,
  checkInteger,
  checkWithin,
  optionalInteger,
  rangeError,
  readOptions,
  typeError,
} from '../base/checks.js';
import type { Dtype, DtypeOf, HostArray, Scalar } from '../base/dtype.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import { scalarPattern } from '../base/scalar.js';
import { type Device, deviceArgument } from '../device/device.js';
import { checkSameDevice, type DeviceState } from '../device/state.js';
import { type Stream, streamHandle } from '../streams/stream.js';
import { BufferState, checkSameDtype, rangesOverlap } from './buffer-state.js';
import {
  enqueueWrite,
  finishRead,
  type ReadOptions,
  startRead,
  type WriteOptions,
} from './transfer.js';
import { type FromOptions, upload } from './upload.js';

/** Options of {@link DeviceBuffer.fill}. */
export interface FillOptions {
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/** Options of {@link DeviceBuffer.copyFrom}. Offsets and length count elements. */
export interface CopyOptions {
  /** Where in this buffer to begin. Default 0. */
  offset?: number | undefined;
  /** Where in the other buffer to begin. Default 0. */
  sourceOffset?: number | undefined;
  /** Elements to copy. Default: the rest of the other buffer. */
  length?: number | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

const leaks = leakRegistry<BufferState>('DeviceBuffer', (state) => state.holdsMemory());
const UNCLONEABLE = uncloneable('a DeviceBuffer: send what read() gives');

let makeBuffer: (device: Device, state: BufferState) => DeviceBuffer;
let stateOf: (value: unknown) => BufferState | undefined;

/**
 * A one-dimensional array of numbers in device memory.
 *
 * Made by {@link Device.alloc}, {@link Device.from} and the operations. The memory is freed by
 * `dispose()` or at the end of a `using` block; what is already enqueued still completes.
 *
 * Methods that enqueue work return at once; the work runs in the order of its stream. Where host
 * memory is copied from, its bytes are those at the time of the call.
 *
 * A buffer belongs to the thread that made it: `structuredClone` and `postMessage` throw a
 * `DataCloneError`. Send what {@link DeviceBuffer.read} gives.
 *
 * Every method throws {@link CudaDisposedError} after `dispose()`, {@link CudaDeviceLostError} once
 * the device is lost, and `TypeError` or `RangeError` for wrong arguments, before anything is done.
 *
 * @example
 * ```ts
 * using x = device.alloc('float32', 1000);
 * x.fill(0.5);
 * const host = await x.read(); // Float32Array
 * ```
 *
 * @group Start here
 */
export class DeviceBuffer<D extends Dtype = Dtype> {
  readonly #device: Device;
  readonly #state: BufferState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(device: Device, state: BufferState) {
    if (!(state instanceof BufferState)) throw typeError('Use device.alloc() or device.from()');
    this.#device = device;
    this.#state = state;
    leaks.register(this, state);
  }

  static {
    makeBuffer = (device, state) => new DeviceBuffer(device, state);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /**
   * The same as {@link Device.from}.
   *
   * @example
   * ```ts
   * using x = DeviceBuffer.from(device, new Float32Array([1, 2, 3]));
   * ```
   */
  static from<A extends ArrayBufferView>(
    device: Device,
    source: A,
    options?: FromOptions & { dtype?: undefined },
  ): DeviceBuffer<DtypeOf<A>>;
  static from<T extends Dtype>(
    device: Device,
    source: ArrayBufferView,
    options: FromOptions & { dtype: T },
  ): DeviceBuffer<T>;
  static from<A extends ArrayBufferView>(
    device: Device,
    source: A,
    options?: FromOptions,
  ): DeviceBuffer {
    return wrapBuffer(device, upload(deviceArgument(device, 'device'), source, options));
  }

  /** Element type. */
  get dtype(): D {
    return bufferReceiver(this, 'dtype').dtype.name as D;
  }

  /** Number of elements. */
  get length(): number {
    return bufferReceiver(this, 'length').length;
  }

  /** Size in bytes. */
  get byteLength(): number {
    return bufferReceiver(this, 'byteLength').byteLength;
  }

  /** The device whose memory it is in. */
  get device(): Device {
    bufferReceiver(this, 'device');
    return this.#device;
  }

  /** True after {@link DeviceBuffer.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !bufferReceiver(this, 'disposed').isOpen();
  }

  /**
   * Copies host memory into the buffer. The source's bytes are taken before the call returns, which
   * does not wait for the device; the promise resolves when they, and all work enqueued on the stream
   * before, have arrived. Until then the host holds a copy of them: await a write before the next, if
   * there are many.
   *
   * @param source - a typed array of the buffer's dtype, or a DataView or Node.js Buffer that holds
   *   a whole number of elements as bytes. Shared and resizable memory is fine.
   * @throws `TypeError` for another kind of array, or one that is detached or out of bounds
   * @throws `RangeError` if it does not fit
   * @throws {@link CudaOutOfMemoryError} if copies that have not ended hold a quarter of the memory
   *   that the process may have: then nothing is written. If the host has no more memory to lock, a part
   *   may have been.
   *
   * @example
   * ```ts
   * await buffer.write(new Float32Array([1, 2, 3]), { offset: 10 });
   * ```
   */
  async write(source: ArrayBufferView, options?: WriteOptions): Promise<void> {
    const stream = enqueueWrite(bufferReceiver(this, 'write'), source, options, false);
    await native().streamSynchronize(stream);
  }

  /**
   * {@link DeviceBuffer.write}, blocking until the bytes are in device memory.
   *
   * @throws as {@link DeviceBuffer.write}
   *
   * @example
   * ```ts
   * buffer.writeSync(new Float32Array([1, 2, 3]));
   * ```
   */
  writeSync(source: ArrayBufferView, options?: WriteOptions): void {
    const stream = enqueueWrite(bufferReceiver(this, 'writeSync'), source, options, true);
    native().streamSynchronizeSync(stream);
  }

  /**
   * Copies the buffer, as it is at this point of the stream, into host memory.
   *
   * Without a destination a new array is made: the typed array of the dtype, or a `Uint16Array`
   * of bits for `float16` and `bfloat16`. With one, as many elements as it has are read; it may be
   * a typed array of the dtype, a DataView or a Node.js Buffer, and is written to when the promise
   * resolves, not before.
   *
   * @returns the destination, or the new array
   * @throws `TypeError` for another kind of array, or one that is or becomes detached or too small
   * @throws `RangeError` if the range is not within the buffer or no host array can be that long
   * @throws {@link CudaKernelFaultError} if a kernel enqueued before has failed
   *
   * @example
   * ```ts
   * const all = await buffer.read();
   * const some = await buffer.read({ offset: 10, length: 5 });
   * await buffer.read(destination, { offset: 10 });
   * ```
   */
  async read(options?: ReadOptions): Promise<HostArray<D>>;
  async read<A extends ArrayBufferView>(destination: A, options?: ReadOptions): Promise<A>;
  async read(first?: unknown, second?: unknown): Promise<ArrayBufferView> {
    const started = startRead(bufferReceiver(this, 'read'), first, second, false);
    try {
      await native().waitRead(started.read);
      return finishRead(started);
    } catch (error) {
      native().closeRead(started.read);
      throw error;
    }
  }

  /**
   * {@link DeviceBuffer.read}, blocking until the elements are there.
   *
   * @throws as {@link DeviceBuffer.read}
   *
   * @example
   * ```ts
   * const all = buffer.readSync();
   * ```
   */
  readSync(options?: ReadOptions): HostArray<D>;
  readSync<A extends ArrayBufferView>(destination: A, options?: ReadOptions): A;
  readSync(first?: unknown, second?: unknown): ArrayBufferView {
    const started = startRead(bufferReceiver(this, 'readSync'), first, second, true);
    try {
      native().waitReadSync(started.read);
      return finishRead(started);
    } catch (error) {
      native().closeRead(started.read);
      throw error;
    }
  }

  /**
   * Sets every element to `value`. Enqueues and returns.
   *
   * @param value - a number for float dtypes (rounded to nearest even; NaN and infinities are
   *   fine), an integer in range for the others; `int64` and `uint64` take a bigint too
   * @returns this buffer
   * @throws `TypeError` if it is no number, `RangeError` if the dtype cannot hold it
   *
   * @example
   * ```ts
   * device.alloc('int32', 100).fill(-1);
   * ```
   */
  fill(value: Scalar<D>, options?: FillOptions): this {
    const state = bufferReceiver(this, 'fill');
    state.handle();
    const given = readOptions(options, { stream: undefined });
    const { low, high } = scalarPattern(state.dtype, value);
    const handle = state.handle();
    const stream = streamHandle(given.stream, state.device);
    native().fillBuffer(handle, state.dtype.byteSize, low, high, stream);
    return this;
  }

  /**
   * Copies elements of another buffer of the same device and dtype into this one. Enqueues and
   * returns. The two ranges must not overlap.
   *
   * @returns this buffer
   * @throws `TypeError` for another dtype, `RangeError` if a range does not fit or they overlap
   * @throws {@link CudaWrongDeviceError} for a buffer of another device
   *
   * @example
   * ```ts
   * target.copyFrom(source, { offset: 100, sourceOffset: 10, length: 20 });
   * ```
   */
  copyFrom(other: DeviceBuffer<D>, options?: CopyOptions): this {
    const state = bufferReceiver(this, 'copyFrom');
    state.handle();
    const given = readOptions(options, {
      offset: undefined,
      sourceOffset: undefined,
      length: undefined,
      stream: undefined,
    });
    const offset = optionalInteger(given.offset, 'offset', 0);
    const sourceOffset = optionalInteger(given.sourceOffset, 'sourceOffset', 0);

    const handle = state.handle();
    const source = bufferArgument(other, 'other', state.device);
    checkSameDtype(state, source, '`this` and `other`');
    const rest = Math.max(source.length - sourceOffset, 0);
    const length = optionalInteger(given.length, 'length', rest);
    checkWithin(sourceOffset, length, source.length, 'The range to copy from');
    checkWithin(offset, length, state.length, 'The range to copy to');
    const { byteSize } = state.dtype;
    const at = offset * byteSize;
    const from = sourceOffset * byteSize;
    if (rangesOverlap(state, at, source, from, length * byteSize)) {
      throw rangeError('The ranges to copy from and to overlap');
    }
    const stream = streamHandle(given.stream, state.device);
    native().copyBuffer(handle, at, source.handle(), from, length * byteSize, stream);
    return this;
  }

  /**
   * A view of elements `begin` (included) to `end` (excluded): it shares the memory, as
   * `TypedArray.subarray` does. Negative positions count from the end and positions outside are
   * clamped. The memory is freed when the buffer and all its views are disposed, in any order.
   *
   * @param begin - integer, default 0
   * @param end - integer, default the length
   * @throws `TypeError` or `RangeError` if they are no integers
   *
   * @example
   * ```ts
   * using lastTen = buffer.slice(-10);
   * ```
   */
  slice(begin?: number, end?: number): DeviceBuffer<D> {
    const state = bufferReceiver(this, 'slice');
    const handle = state.handle();
    const { length } = state;
    const from = begin === undefined ? 0 : clampPosition(begin, 'begin', length);
    const to = end === undefined ? length : clampPosition(end, 'end', length);
    const count = Math.max(to - from, 0);
    const { byteSize } = state.dtype;
    const view = native().sliceBuffer(handle, from * byteSize, count * byteSize);
    return wrapBuffer(
      this.#device,
      new BufferState(
        state.device,
        view,
        state.dtype,
        count,
        state.allocation,
        state.byteOffset + from * byteSize,
      ),
    );
  }

  /**
   * Gives the memory back, as soon as what is enqueued no longer needs it. Returns at once, may be
   * called again, never throws, also when the device is lost.
   *
   * @example
   * ```ts
   * buffer.dispose();
   * ```
   */
  dispose(): void {
    bufferReceiver(this, 'dispose').close();
  }

  /** Calls {@link DeviceBuffer.dispose}, for `using`. */
  [Symbol.dispose](): void {
    bufferReceiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    return inspected(DeviceBuffer.prototype, {
      dtype: state.dtype.name,
      length: state.length,
      device: state.device.label,
      disposed: !state.isOpen(),
    });
  }
}

function clampPosition(value: unknown, name: string, length: number): number {
  const position = checkInteger(value, name, Number.MIN_SAFE_INTEGER);
  return position < 0 ? Math.max(length + position, 0) : Math.min(position, length);
}

/** The buffer of a state; `device` is the Device that it was made from. */
export function wrapBuffer<D extends Dtype>(device: object, state: BufferState): DeviceBuffer<D> {
  return makeBuffer(device as Device, state) as DeviceBuffer<D>;
}

/** Whether a value is a DeviceBuffer, open or not. */
export function isBuffer(value: unknown): boolean {
  return stateOf(value) !== undefined;
}

function bufferReceiver(value: unknown, member: string): BufferState {
  const state = stateOf(value);
  if (state === undefined) {
    throw argumentTypeError('a DeviceBuffer', `this of DeviceBuffer.${member}`, value);
  }
  return state;
}

/** The state of a buffer that is not disposed and lies on `device`. */
export function bufferArgument(value: unknown, name: string, device: DeviceState): BufferState {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a DeviceBuffer', name, value);
  state.handle(name);
  checkSameDevice(device, state.device, name);
  return state;
}
