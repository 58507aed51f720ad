import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import { argumentTypeError, typeError } from '../base/checks.js';
import type { CudaDeviceLostError } from '../base/errors.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import type { CheckLog } from './check.js';
import type { ComputeCapability, DeviceProperties } from './info.js';
import { assertDeviceOpen, DeviceState } from './state.js';

const leaks = leakRegistry('Device');
const UNCLONEABLE = uncloneable('a Device: open it in each thread');

let makeDevice: (state: DeviceState) => Device;
let stateOf: (value: unknown) => DeviceState | undefined;

/**
 * A GPU, or a simulated one. Made by {@link Cuda.device} and {@link Cuda.simulatedDevice}.
 *
 * A device belongs to the thread that opened it: `structuredClone` and `postMessage` throw a
 * `DataCloneError`. Open it in each thread; memory is not shared.
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
 *
 * @group Start here
 */
export class Device {
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
  /** @internal */
  readonly uncloneable = UNCLONEABLE;
  readonly #state: DeviceState;
  #lost: Promise<CudaDeviceLostError> | undefined;

  private constructor(state: DeviceState) {
    if (!(state instanceof DeviceState)) {
      throw typeError('Use cuda.device() or cuda.simulatedDevice()');
    }
    const { info } = state;
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
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /**
   * True after {@link Device.dispose}.
   *
   * @group Lifetime
   */
  get disposed(): boolean {
    return deviceReceiver(this, 'disposed').closed;
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
   *
   * @group Lifetime
   */
  get lost(): Promise<CudaDeviceLostError> {
    const state = deviceReceiver(this, 'lost');
    this.#lost ??= state.lost();
    return this.#lost;
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
   *
   * @group Streams
   */
  async synchronize(): Promise<void> {
    const state = deviceReceiver(this, 'synchronize');
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
   *
   * @group Streams
   */
  synchronizeSync(): void {
    const state = deviceReceiver(this, 'synchronizeSync');
    assertDeviceOpen(state);
    native().deviceSynchronizeSync(state.handle);
  }

  /**
   * Disposes the buffers, streams and events made through this object and gives the device back.
   * Work that is enqueued still completes, and promises that wait for it settle with its outcome. May
   * be called again; never throws; other Device objects of the same GPU are not touched.
   *
   * @example
   * ```ts
   * device.dispose();
   * ```
   *
   * @group Lifetime
   */
  dispose(): void {
    deviceReceiver(this, 'dispose').close();
  }

  /**
   * Calls {@link Device.dispose}, for `using`.
   *
   * @group Lifetime
   */
  [Symbol.dispose](): void {
    deviceReceiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    const { properties: _, ...info } = state.info;
    return inspected(Device.prototype, { ...info, disposed: state.closed });
  }
}

/** Opens a device of a native runtime; `ownsRuntime` closes the runtime with it. */
export function openDevice(
  runtime: Handle,
  index: number,
  ownsRuntime: boolean,
  checks?: CheckLog,
): Device {
  const state = new DeviceState(runtime, index, ownsRuntime, checks);
  try {
    return makeDevice(state);
  } catch (error) {
    state.close();
    throw error;
  }
}

/** The state of the Device on which `member` was called; TypeError if it is none. */
export function deviceReceiver(value: unknown, member: string): DeviceState {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a Device', `this of Device.${member}`, value);
  return state;
}

/** The state of a Device that is an argument. */
export function deviceArgument(value: unknown, name: string): DeviceState {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a Device', name, value);
  return state;
}
