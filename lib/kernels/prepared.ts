/**
 * Launches that are checked once and made again and again.
 */
import { Slot } from '../abi/kernel.js';
import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import { argumentTypeError, checkInteger, typeError } from '../base/checks.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import { ChildState } from '../device/child-state.js';
import type { Device } from '../device/device.js';
import type { LaunchConfig } from './config.js';
import { type KernelState, restageLaunch, stagedLaunch, stageLaunch } from './launch.js';
import { readArgument, readArguments } from './parameters/parameters.js';
import type { KernelArguments, Signature } from './parameters/signature.js';

class PreparedState extends ChildState {
  constructor(
    readonly kernel: KernelState,
    handle: Handle,
    /** The arguments, which keeps buffers from being collected. */
    public values: readonly unknown[],
    /** The argument block that it was made of. */
    public staged: Float64Array,
  ) {
    super(kernel.device, handle, 'PreparedLaunch');
  }

  protected release(handle: Handle): void {
    native().closePrepared(handle);
  }
}

const leaks = leakRegistry<PreparedState>('PreparedLaunch', () => false);
const UNCLONEABLE = uncloneable('a PreparedLaunch: it belongs to its thread');

/** The Kernel: kept, because its kernel is closed when it is collected. */
type Owner = { readonly device: Device };

let makePrepared: (owner: Owner, state: PreparedState) => PreparedLaunch<Signature | undefined>;
let stateOf: (value: unknown) => PreparedState | undefined;

/**
 * A launch that was checked by {@link Kernel.prepare}, to be made again and again.
 *
 * Every method throws {@link CudaDisposedError} after `dispose()`, and {@link CudaDeviceLostError} once
 * the device is lost.
 *
 * @group Own kernels
 */
export class PreparedLaunch<S extends Signature | undefined = undefined> {
  readonly #owner: Owner;
  readonly #state: PreparedState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(owner: Owner, state: PreparedState) {
    if (!(state instanceof PreparedState)) throw typeError('Use kernel.prepare()');
    this.#owner = owner;
    this.#state = state;
    leaks.register(this, state);
  }

  static {
    makePrepared = (owner, state) => new PreparedLaunch<Signature | undefined>(owner, state);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** The device it runs on. */
  get device(): Device {
    receiver(this, 'device');
    return this.#owner.device;
  }

  /** True after {@link PreparedLaunch.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !receiver(this, 'disposed').isOpen();
  }

  /**
   * Enqueues the kernel and returns.
   *
   * @throws {@link CudaDisposedError} if a buffer or the stream was disposed meanwhile
   * @throws {@link CudaLaunchError} if the device refuses; it stays usable
   */
  run(): void {
    native().runPrepared(receiver(this, 'run').handle());
  }

  /**
   * Replaces an argument, for the runs that come.
   *
   * @param index - of the argument, from 0
   * @throws as {@link Kernel.launch}, and {@link CudaDisposedError} once the kernel is disposed, which
   *   {@link PreparedLaunch.run} does not need; the launch is then as it was
   */
  set<I extends number>(index: I, value: KernelArguments<S>[I]): this {
    const state = receiver(this, 'set');
    const handle = state.handle();
    const { kernel } = state;
    const at = checkInteger(index, 'index', 0, kernel.parameters.all.length - 1);
    const values = [...state.values];
    values[at] = readArgument(kernel.parameters, at, value);
    restageLaunch(kernel, state.staged, values, at);
    const staged = stagedLaunch(kernel);
    const addon = native();
    addon.argumentBlock[Slot.prepared] = handle;
    addon.prepareAgain();
    state.values = values;
    state.staged = staged;
    return this;
  }

  /** Gives it back. What was launched runs on. May be called again; never throws. */
  dispose(): void {
    receiver(this, 'dispose').close();
  }

  /** Calls {@link PreparedLaunch.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    return inspected(PreparedLaunch.prototype, {
      kernel: state.kernel.facts.name,
      device: state.device.label,
      disposed: !state.isOpen(),
    });
  }
}

function receiver(value: unknown, member: string): PreparedState {
  const state = stateOf(value);
  if (state !== undefined) return state;
  throw argumentTypeError('a PreparedLaunch', `this of PreparedLaunch.${member}`, value);
}

/** Behind `kernel.prepare`, with options that were checked. */
export function prepareLaunch(
  owner: Owner,
  kernel: KernelState,
  config: LaunchConfig,
  args: readonly unknown[],
): PreparedLaunch<Signature | undefined> {
  const values = readArguments(kernel.parameters, args);
  stageLaunch(kernel, config, values);
  const staged = stagedLaunch(kernel);
  return makePrepared(owner, new PreparedState(kernel, native().prepareLaunch(), values, staged));
}
