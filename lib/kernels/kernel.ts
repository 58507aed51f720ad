/**
 * Kernels of a module, and how they are launched.
 */
import { native } from '../addon/load.js';
import {
  argumentTypeError,
  checkInteger,
  optionalInteger,
  readOptions,
  typeError,
} from '../base/checks.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import type { Device } from '../device/device.js';
import {
  checkLaunch,
  checkShared,
  type Extent3,
  type LaunchOptions,
  readExtents,
} from './config.js';
import type { KernelInfo } from './info.js';
import { KernelState, stageLaunch, takeConfig } from './launch.js';
import { readArguments } from './parameters/parameters.js';
import type { KernelArguments, Signature } from './parameters/signature.js';
import { type PreparedLaunch, prepareLaunch } from './prepared.js';

/** Options of {@link Kernel.suggestBlockSize}. */
export interface BlockSizeOptions {
  /** Bytes of dynamic shared memory of a block. Default 0. */
  sharedMemoryBytes?: number | undefined;
  /** Not more threads than that. Default: what device and kernel allow. */
  maxThreads?: number | undefined;
}

const leaks = leakRegistry<KernelState>('Kernel', () => false);
const UNCLONEABLE = uncloneable('a Kernel: it belongs to its thread');

/** The Module: kept, because who keeps a kernel of it has not forgotten it. */
type Owner = { readonly device: Device };

let makeKernel: (owner: Owner, state: KernelState) => Kernel<Signature | undefined>;
let stateOf: (value: unknown) => KernelState | undefined;

/**
 * A kernel of a {@link Module}, made by {@link Module.kernel}. Every launch is checked against what
 * the kernel itself says of its parameters and limits, before any CUDA call.
 *
 * Uses of buffers are ordered between streams as those of all operations are. What a parameter calls
 * `const` is read, and does not keep other readers waiting; everything else counts as written. A kernel
 * that reaches memory by addresses which are not its arguments has to be ordered by hand.
 *
 * Every method throws {@link CudaDisposedError} after `dispose()`, {@link CudaDeviceLostError} once
 * the device is lost, and `TypeError` or `RangeError` for wrong arguments, before anything is done.
 *
 * @example
 * ```ts
 * using module = device.loadModule(new URL('./saxpy.ptx', import.meta.url));
 * using saxpy = module.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);
 * saxpy.launch({ grid: Math.ceil(n / 256), block: 256 }, 2, x, y, n);
 * ```
 *
 * @group Own kernels
 */
export class Kernel<S extends Signature | undefined = undefined> {
  readonly #owner: Owner;
  readonly #state: KernelState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(owner: Owner, state: KernelState) {
    if (!(state instanceof KernelState)) throw typeError('Use module.kernel()');
    this.#owner = owner;
    this.#state = state;
    leaks.register(this, state);
  }

  static {
    makeKernel = (owner, state) => new Kernel<Signature | undefined>(owner, state);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** The device it runs on. */
  get device(): Device {
    receiver(this, 'device');
    return this.#owner.device;
  }

  /** Its name in the module. */
  get name(): string {
    return receiver(this, 'name').facts.name;
  }

  /** Its parameters, limits, and what a launch takes, compiled for this device. */
  get info(): KernelInfo {
    return receiver(this, 'info').info;
  }

  /** True after {@link Kernel.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !receiver(this, 'disposed').isOpen();
  }

  /**
   * Enqueues the kernel and returns. Arguments are copied; memory that is disposed afterwards is
   * freed behind the kernel.
   *
   * @param options - grid, block and what else there is
   * @param args - one for each parameter
   * @throws `TypeError` for an argument of another type or dtype than the signature's, `RangeError`
   *   for a wrong number of arguments, or a grid, block or shared memory beyond a limit, which is named
   * @throws {@link CudaDisposedError} for a buffer that is disposed
   * @throws {@link CudaWrongDeviceError} for a buffer or stream of another device
   * @throws {@link CudaLaunchError} if the device refuses; it stays usable
   *
   * @example
   * ```ts
   * kernel.launch({ grid: [8, 8], block: [16, 16], sharedMemoryBytes: 64 * 1024 }, x, y, 1024);
   * ```
   */
  launch(options: LaunchOptions, ...args: KernelArguments<S>): void {
    const state = receiver(this, 'launch');
    const config = takeConfig(state, options);
    stageLaunch(state, config, readArguments(state.parameters, args));
    native().launchKernel();
  }

  /**
   * Checks a launch once, to be made again and again for less. The buffers must be open each time.
   *
   * @throws as {@link Kernel.launch}
   *
   * @example
   * ```ts
   * using step = kernel.prepare({ grid: 64, block: 256 }, current, next, n);
   * for (let i = 0; i < 1000; i++) step.run();
   * ```
   */
  prepare(options: LaunchOptions, ...args: KernelArguments<S>): PreparedLaunch<S> {
    const state = receiver(this, 'prepare');
    return prepareLaunch(this, state, takeConfig(state, options), args) as PreparedLaunch<S>;
  }

  /**
   * How many blocks of `block` threads are on a multiprocessor at one time
   * (`cudaOccupancyMaxActiveBlocksPerMultiprocessor`). The simulated device does not know registers and
   * leaves them out.
   *
   * @param block - threads of a block, as in {@link Kernel.launch}
   * @param sharedMemoryBytes - bytes of dynamic shared memory of a block. Default 0
   * @throws `RangeError` for a block or shared memory beyond a limit of device or kernel
   */
  occupancy(block: Extent3, sharedMemoryBytes?: number): number {
    const state = receiver(this, 'occupancy');
    const handle = state.handle();
    const [x, y, z] = readExtents(block, 'block');
    const bytes = optionalInteger(sharedMemoryBytes, 'sharedMemoryBytes', 0);
    checkLaunch(
      {
        ...{ grid: [1, 1, 1], block: [x, y, z], cluster: [0, 0, 0], sharedMemoryBytes: bytes },
        ...{ cooperative: false, programmatic: false, stream: undefined },
      },
      { ...state.limits, requiredCluster: [0, 0, 0] },
    );
    return native().kernelOccupancy(handle, x * y * z, bytes);
  }

  /**
   * The number of threads of a block with which the most threads are on a multiprocessor at one time;
   * of several the largest. Where the kernel was compiled for one size it is that.
   *
   * @throws `RangeError` for more shared memory than a block can have
   */
  suggestBlockSize(options?: BlockSizeOptions): number {
    const state = receiver(this, 'suggestBlockSize');
    const handle = state.handle();
    const given = readOptions(options, { sharedMemoryBytes: undefined, maxThreads: undefined });
    const bytes = optionalInteger(given.sharedMemoryBytes, 'sharedMemoryBytes', 0);
    checkShared(bytes, state.limits);
    const { warpSize } = state.device.info.properties;
    const limit = state.limits.kernelThreads;
    const most =
      given.maxThreads === undefined
        ? limit
        : Math.min(checkInteger(given.maxThreads, 'maxThreads', 1), limit);
    const [x, y, z] = state.limits.requiredBlock;
    if (x !== 0) return x * y * z;
    let best = { size: Math.min(most, warpSize), threads: 0 };
    for (let size = warpSize; size <= most; size += warpSize) {
      const threads = size * native().kernelOccupancy(handle, size, bytes);
      if (threads >= best.threads && threads > 0) best = { size, threads };
    }
    return best.size;
  }

  /**
   * Gives the kernel back. What was launched runs on. May be called again; never throws.
   */
  dispose(): void {
    receiver(this, 'dispose').close();
  }

  /** Calls {@link Kernel.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    return inspected(Kernel.prototype, {
      name: state.facts.name,
      device: state.device.label,
      disposed: !state.isOpen(),
    });
  }
}

/** The kernel of a state; `owner` is the Module that has it. */
export function wrapKernel(owner: Owner, state: KernelState): Kernel<Signature | undefined> {
  return makeKernel(owner, state);
}

function receiver(value: unknown, member: string): KernelState {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a Kernel', `this of Kernel.${member}`, value);
  return state;
}
