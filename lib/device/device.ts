import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import {
  argumentTypeError,
  checkBoolean,
  checkInteger,
  elementCount,
  readOptions,
  typedArrayName,
  typeError,
} from '../base/checks.js';
import {
  DTYPES,
  type Dtype,
  type DtypeInfo,
  type DtypeOf,
  dtypeByArray,
  dtypeByName,
} from '../base/dtype.js';
import type { CudaDeviceLostError } from '../base/errors.js';
import { leakRegistry } from '../base/leaks.js';
import { allocateState, type DeviceBuffer, setIsDevice, wrapBuffer } from '../memory/buffer.js';
import { MatrixOperations } from '../operations/matmul/methods.js';
import { type CudaEvent, createEvent, type EventOptions } from '../streams/event.js';
import {
  createStream,
  type Stream,
  type StreamOptions,
  streamHandle,
  wrapDefaultStream,
} from '../streams/stream.js';
import { type ComputeCapability, type DeviceProperties, deviceInfo } from './info.js';
import {
  assertDeviceOpen,
  DeviceState,
  deviceReceiver as receiver,
  setDeviceStateOf,
} from './state.js';

/** Options of {@link Device.alloc}. */
export interface AllocOptions {
  /** Do not zero the memory, which then holds whatever was there. Default false. */
  uninitialized?: boolean;
  /** Stream on which the memory is made ready. Default: the device's default stream. */
  stream?: Stream;
}

/** Options of {@link Device.from}. */
export interface FromOptions {
  /** Default: the dtype of the typed array. A DataView has none. */
  dtype?: Dtype;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream;
}

/** Memory of a device in bytes, whoever uses it. */
export interface MemoryInfo {
  readonly free: number;
  readonly total: number;
}

/** What the buffers of one Device object use. */
export interface MemoryStats {
  /** Bytes in use now. */
  readonly current: number;
  /** The most bytes in use at one time. */
  readonly peak: number;
  /** Allocations in use now. */
  readonly currentCount: number;
  /** Allocations made so far. */
  readonly totalCount: number;
}

const leaks = leakRegistry('Device');

let makeDevice: (state: DeviceState) => Device;

/**
 * A GPU, or a simulated one. Made by {@link Cuda.device} and {@link Cuda.simulatedDevice}.
 *
 * Every method throws {@link CudaDisposedError} after `dispose()`, {@link CudaDeviceLostError} once
 * the device is lost, and `TypeError` or `RangeError` for wrong arguments, before anything is done.
 *
 * @example
 * ```ts
 * using device = cuda.device();
 * using x = device.from(new Float32Array([1, 2, 3]));
 * using y = device.from(new Float32Array([4, 5, 6]));
 * using z = device.add(x, y);
 * console.log(await z.read()); // Float32Array [5, 7, 9]
 * ```
 */
export class Device extends MatrixOperations {
  /** What `cuda.device` took; 0 for `cuda.simulatedDevice()`. */
  readonly index: number;
  /** Such as `NVIDIA H100 80GB HBM3`. */
  readonly name: string;
  /** As nvidia-smi prints it: `GPU-` and five groups of hexadecimal digits. */
  readonly uuid: string;
  readonly computeCapability: ComputeCapability;
  /** Bytes of device memory. */
  readonly totalMemory: number;
  readonly multiprocessorCount: number;
  /** True if this library simulates the device on the host. */
  readonly isSimulated: boolean;
  /** Limits and figures, as CUDA gives them. */
  readonly properties: DeviceProperties;
  readonly #state: DeviceState;
  #defaultStream: Stream | undefined;
  #lost: Promise<CudaDeviceLostError> | undefined;

  private constructor(state: DeviceState) {
    if (!(state instanceof DeviceState)) {
      throw typeError('Use cuda.device() or cuda.simulatedDevice()');
    }
    super();
    const info = deviceInfo(state.index, native().deviceProperties(state.runtime, state.index));
    this.index = info.index;
    this.name = info.name;
    this.uuid = info.uuid;
    this.computeCapability = info.computeCapability;
    this.totalMemory = info.totalMemory;
    this.multiprocessorCount = info.multiprocessorCount;
    this.isSimulated = info.isSimulated;
    this.properties = info.properties;
    this.#state = state;
    leaks.register(this, state);
  }

  static {
    makeDevice = (state) => new Device(state);
    const stateOf = (value: unknown) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
    setDeviceStateOf(stateOf);
    setIsDevice((value) => stateOf(value) !== undefined);
  }

  /** True after {@link Device.dispose}. */
  get disposed(): boolean {
    return receiver(this, 'disposed').closed;
  }

  /**
   * The stream on which work is enqueued that names no other. It lives as long as the device.
   */
  get defaultStream(): Stream {
    const state = receiver(this, 'defaultStream');
    this.#defaultStream ??= wrapDefaultStream(this, state);
    return this.#defaultStream;
  }

  /** The range of `priority` in {@link Device.createStream}: smaller is more urgent. */
  get streamPriorities(): { readonly least: number; readonly greatest: number } {
    const state = receiver(this, 'streamPriorities');
    assertDeviceOpen(state);
    const [least, greatest] = native().devicePriorityRange(state.handle);
    return { least, greatest };
  }

  /**
   * Resolves with the first fatal error of the device, when a call or a wait notices it. Stays
   * pending otherwise; it does not keep the process alive.
   *
   * @example
   * ```ts
   * device.lost.then((error) => {
   *   console.error(error);
   *   process.exit(1);
   * });
   * ```
   */
  get lost(): Promise<CudaDeviceLostError> {
    const state = receiver(this, 'lost');
    this.#lost ??= state.lost();
    return this.#lost;
  }

  /**
   * Bytes of device memory that are free and that there are, for all users of the device together.
   *
   * @example
   * ```ts
   * const { free, total } = device.memoryInfo();
   * ```
   */
  memoryInfo(): MemoryInfo {
    const state = receiver(this, 'memoryInfo');
    assertDeviceOpen(state);
    const { free, total } = native().deviceMemoryInfo(state.handle);
    return { free, total };
  }

  /**
   * Bytes and counts of the buffers made through this object.
   *
   * @example
   * ```ts
   * console.log(`${device.memoryStats().peak / 2 ** 20} MiB at most`);
   * ```
   */
  memoryStats(): MemoryStats {
    const state = receiver(this, 'memoryStats');
    assertDeviceOpen(state);
    const { currentBytes, peakBytes, currentCount, totalCount } = native().deviceMemoryStats(
      state.handle,
    );
    return { current: currentBytes, peak: peakBytes, currentCount, totalCount };
  }

  /**
   * Gives memory that is kept for later buffers back to the system. It is done for you when memory
   * runs out; this is for the sake of other programs.
   *
   * @example
   * ```ts
   * device.trim();
   * ```
   */
  trim(): void {
    const state = receiver(this, 'trim');
    assertDeviceOpen(state);
    native().deviceTrim(state.handle);
  }

  /**
   * Allocates device memory, zeroed unless told otherwise. Does not wait for the device.
   *
   * @param dtype - element type
   * @param length - number of elements, from 0 up
   * @throws {@link CudaOutOfMemoryError} if there is not enough memory; the device stays usable
   *
   * @example
   * ```ts
   * using x = device.alloc('float32', 1_000_000);
   * ```
   */
  alloc<D extends Dtype>(dtype: D, length: number, options?: AllocOptions): DeviceBuffer<D> {
    const state = receiver(this, 'alloc');
    assertDeviceOpen(state);
    const info = checkDtype(dtype);
    const count = checkInteger(length, 'length');
    const given = readOptions(options, { uninitialized: undefined, stream: undefined });
    const uninitialized = checkBoolean(given.uninitialized, 'uninitialized', false);
    assertDeviceOpen(state);
    const stream = streamHandle(given.stream, state);
    return wrapBuffer(this, allocateState(state, info, count, !uninitialized, stream));
  }

  /**
   * Copies host memory into a new buffer of the same length. The source's bytes are taken before
   * the call returns; nothing is waited for.
   *
   * @param source - a typed array, whose dtype the buffer has; or, with `dtype`, a typed array that
   *   carries that dtype, a DataView or a Node.js Buffer of a whole number of elements
   * @throws `TypeError` for another kind of array, or one that is detached or out of bounds
   * @throws {@link CudaOutOfMemoryError} if there is not enough memory; the device stays usable
   *
   * @example
   * ```ts
   * using x = device.from(new Float32Array([1, 2, 3]));
   * using h = device.from(new Uint16Array([0x3c00]), { dtype: 'float16' }); // 1.0
   * ```
   */
  from<A extends ArrayBufferView>(
    source: A,
    options?: FromOptions & { dtype?: undefined },
  ): DeviceBuffer<DtypeOf<A>>;
  from<D extends Dtype>(
    source: ArrayBufferView,
    options: FromOptions & { dtype: D },
  ): DeviceBuffer<D>;
  from(source: ArrayBufferView, options?: FromOptions): DeviceBuffer {
    const state = receiver(this, 'from');
    assertDeviceOpen(state);
    const given = readOptions(options, { dtype: undefined, stream: undefined });
    assertDeviceOpen(state);
    const stream = streamHandle(given.stream, state);
    const dtype = given.dtype === undefined ? dtypeOfSource(source) : checkDtype(given.dtype);
    const length = elementCount(source, dtype, 'source');
    return wrapBuffer(this, upload(state, dtype, source, length, stream));
  }

  /**
   * Makes a stream: a queue of work that runs beside the others.
   *
   * @throws `RangeError` for a priority outside of {@link Device.streamPriorities}
   *
   * @example
   * ```ts
   * using stream = device.createStream();
   * ```
   */
  createStream(options?: StreamOptions): Stream {
    const state = receiver(this, 'createStream');
    assertDeviceOpen(state);
    return createStream(this, state, options);
  }

  /**
   * Makes an event: a mark to record in a stream, to wait for and to take times with.
   *
   * @example
   * ```ts
   * using event = device.createEvent();
   * ```
   */
  createEvent(options?: EventOptions): CudaEvent {
    const state = receiver(this, 'createEvent');
    assertDeviceOpen(state);
    return createEvent(this, state, options);
  }

  /**
   * Resolves when everything enqueued through this object so far, on all its streams, is done.
   *
   * @throws {@link CudaKernelFaultError} if a kernel enqueued before has failed
   *
   * @example
   * ```ts
   * await device.synchronize();
   * ```
   */
  async synchronize(): Promise<void> {
    const state = receiver(this, 'synchronize');
    assertDeviceOpen(state);
    await native().deviceSynchronize(state.handle);
  }

  /**
   * {@link Device.synchronize}, blocking.
   *
   * @throws as {@link Device.synchronize}
   *
   * @example
   * ```ts
   * device.synchronizeSync();
   * ```
   */
  synchronizeSync(): void {
    const state = receiver(this, 'synchronizeSync');
    assertDeviceOpen(state);
    native().deviceSynchronizeSync(state.handle);
  }

  /**
   * Disposes the buffers, streams and events made through this object and gives the device back.
   * Work that is enqueued still completes. May be called again; never throws; other Device objects
   * of the same GPU are not touched.
   *
   * @example
   * ```ts
   * device.dispose();
   * ```
   */
  dispose(): void {
    receiver(this, 'dispose').close();
  }

  /** Calls {@link Device.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose').close();
  }
}

/** Opens a device of a native runtime; `ownsRuntime` closes the runtime with it. */
export function openDevice(runtime: Handle, index: number, ownsRuntime: boolean): Device {
  const state = new DeviceState(runtime, index, ownsRuntime);
  try {
    return makeDevice(state);
  } catch (error) {
    state.close();
    throw error;
  }
}

function checkDtype(value: unknown): DtypeInfo {
  const dtype = dtypeByName(value);
  if (dtype === undefined) {
    throw argumentTypeError(`one of ${DTYPES.join(', ')}`, 'dtype', value);
  }
  return dtype;
}

function dtypeOfSource(source: unknown): DtypeInfo {
  const dtype = dtypeByArray(typedArrayName(source));
  if (dtype === undefined) {
    const expected = ArrayBuffer.isView(source) ? 'a typed array, or `dtype`,' : 'a typed array';
    throw argumentTypeError(expected, 'source', source);
  }
  return dtype;
}

function upload(
  device: DeviceState,
  dtype: DtypeInfo,
  source: ArrayBufferView,
  length: number,
  stream: Handle,
) {
  const state = allocateState(device, dtype, length, false, stream);
  try {
    native().writeBuffer(state.handle(), 0, source, stream);
    return state;
  } catch (error) {
    state.close();
    throw error;
  }
}
