/**
 * What a Device does about its memory.
 */
import { native } from '../addon/load.js';
import { checkBoolean, checkDtype, checkInteger, readOptions } from '../base/checks.js';
import type { Dtype, DtypeOf } from '../base/dtype.js';
import { CudaOutOfMemoryError } from '../base/errors.js';
import { deviceReceiver } from '../device/device.js';
import { assertDeviceOpen, type DeviceState } from '../device/state.js';
import { type Stream, streamHandle } from '../streams/stream.js';
import { type DeviceBuffer, wrapBuffer } from './buffer.js';
import { allocateState, type BufferState } from './buffer-state.js';
import { type FromOptions, upload } from './upload.js';

/** Options of {@link Device.alloc} and {@link Device.allocAsync}. */
export interface AllocOptions {
  /** Do not zero the memory, which then holds whatever was there. Default false. */
  uninitialized?: boolean | undefined;
  /** Stream on which the memory is made ready. Default: the device's default stream. */
  stream?: Stream | undefined;
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

/** Reads and checks the arguments of an allocation. What is returned makes it, any number of times. */
function allocation(device: DeviceState, dtype: unknown, length: unknown, options: unknown) {
  assertDeviceOpen(device);
  const info = checkDtype(dtype);
  const count = checkInteger(length, 'length');
  const given = readOptions(options, { uninitialized: undefined, stream: undefined });
  const uninitialized = checkBoolean(given.uninitialized, 'uninitialized', false);
  return (): BufferState => {
    assertDeviceOpen(device);
    const stream = streamHandle(given.stream, device);
    return allocateState(device, info, count, !uninitialized, stream);
  };
}

/** Whether memory that was not there can be there later: not if the device has less, or the host none. */
function mayCome({ requested, total }: CudaOutOfMemoryError): boolean {
  return requested !== null && total !== null && requested <= total;
}

/**
 * The methods of {@link Device} that make buffers and tell of memory.
 *
 * @group What Device and Stream can do
 */
export abstract class MemoryMethods {
  /**
   * Allocates device memory, zeroed unless told otherwise. Does not wait for the device, so that memory
   * which work still uses can be too little memory: {@link Device.allocAsync} waits for it.
   *
   * @param dtype - element type
   * @param length - number of elements, from 0 up
   * @throws {@link CudaOutOfMemoryError} if there is not enough memory; the device stays usable
   *
   * @example
   * ```ts
   * using x = device.alloc('float32', 1_000_000);
   * ```
   *
   * @group Memory
   */
  alloc<D extends Dtype>(dtype: D, length: number, options?: AllocOptions): DeviceBuffer<D> {
    return wrapBuffer(this, allocation(deviceReceiver(this, 'alloc'), dtype, length, options)());
  }

  /**
   * {@link Device.alloc}, which waits, off the JavaScript thread, if there is not enough memory: for what
   * was enqueued through this object so far, and for disposed buffers that other users of the device have
   * left to it. Then it tries once more: of several that wait, the first take what there is. The buffer is
   * made, and zeroed in the order of the stream, when the promise resolves.
   *
   * @param dtype - element type
   * @param length - number of elements, from 0 up
   * @throws {@link CudaOutOfMemoryError} if there is not enough memory even then; the device stays usable
   * @throws {@link CudaKernelFaultError} if a kernel that it waited for has failed
   *
   * @example
   * ```ts
   * using x = await device.allocAsync('float32', 1_000_000);
   * await x.write(samples);
   * ```
   *
   * @group Memory
   */
  async allocAsync<D extends Dtype>(
    dtype: D,
    length: number,
    options?: AllocOptions,
  ): Promise<DeviceBuffer<D>> {
    const state = deviceReceiver(this, 'allocAsync');
    const allocate = allocation(state, dtype, length, options);
    try {
      return wrapBuffer(this, allocate());
    } catch (error) {
      if (!(error instanceof CudaOutOfMemoryError) || !mayCome(error)) throw error;
    }
    await native().deviceReclaim(state.handle);
    return wrapBuffer(this, allocate());
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
   *
   * @group Memory
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
    return wrapBuffer(this, upload(deviceReceiver(this, 'from'), source, options));
  }

  /**
   * Bytes of device memory that are free and that there are, for all users of the device together.
   *
   * @example
   * ```ts
   * const { free, total } = device.memoryInfo();
   * ```
   *
   * @group Memory
   */
  memoryInfo(): MemoryInfo {
    const state = deviceReceiver(this, 'memoryInfo');
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
   *
   * @group Memory
   */
  memoryStats(): MemoryStats {
    const state = deviceReceiver(this, 'memoryStats');
    assertDeviceOpen(state);
    const { currentBytes, peakBytes, currentCount, totalCount } = native().deviceMemoryStats(
      state.handle,
    );
    return { current: currentBytes, peak: peakBytes, currentCount, totalCount };
  }

  /**
   * Gives memory that is kept for later buffers back to the system. It is done for you when memory
   * runs out; this is for the sake of other programs. CUDA may wait for the device before it frees memory
   * of the host: call this when there is no work.
   *
   * @example
   * ```ts
   * device.trim();
   * ```
   *
   * @group Memory
   */
  trim(): void {
    const state = deviceReceiver(this, 'trim');
    assertDeviceOpen(state);
    native().deviceTrim(state.handle);
  }
}
