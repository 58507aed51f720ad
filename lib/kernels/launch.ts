/**
 * What a launch is made of: the kernel with its limits, and the argument block filled in.
 */
import { Flag, Slot } from '../abi/kernel.js';
import { native } from '../addon/load.js';
import type { Handle, NativeKernelFacts } from '../addon/types.js';
import { typeError } from '../base/checks.js';
import { ChildState } from '../device/child-state.js';
import type { DeviceState } from '../device/state.js';
import { isBuffer } from '../memory/buffer.js';
import { streamHandle } from '../streams/stream.js';
import {
  checkCooperative,
  checkLaunch,
  type LaunchConfig,
  type LaunchLimits,
  launchLimits,
  readLaunchOptions,
} from './config.js';
import { type KernelInfo, kernelInfo } from './info.js';
import { parameterBlock } from './parameters/pack.js';
import {
  addressMask,
  type Parameters,
  pointersFor,
  rewriteArgument,
  writeArguments,
} from './parameters/parameters.js';

/** What a Kernel is made of. */
export class KernelState extends ChildState {
  readonly info: KernelInfo;
  readonly limits: LaunchLimits;
  // Without a signature it depends on the arguments what are addresses: a native kernel for each case.
  readonly #others = new Map<number | string, Handle>();

  constructor(
    device: DeviceState,
    handle: Handle,
    readonly facts: NativeKernelFacts,
    readonly parameters: Parameters,
  ) {
    super(device, handle, 'Kernel');
    const attributes = native().kernelAttributes(this.handle());
    this.info = kernelInfo(facts, attributes);
    this.limits = launchLimits(facts, attributes, device.info);
  }

  /** The native kernel for arguments that have been read. */
  handleFor(values: readonly unknown[]): Handle {
    const handle = this.handle();
    if (this.parameters.open.length === 0) return handle;
    const mask = addressMask(this.parameters, values);
    if (mask === 0) return handle;
    let other = this.#others.get(mask);
    if (other === undefined) {
      other = native().reopenKernel(handle, pointersFor(this.parameters, values));
      this.#others.set(mask, other);
    }
    return other;
  }

  protected release(handle: Handle): void {
    native().closeKernel(handle);
    for (const other of this.#others.values()) native().closeKernel(other);
  }
}

function readConfig(options: unknown): LaunchConfig {
  try {
    return readLaunchOptions(options);
  } catch (error) {
    if (!isBuffer(options)) throw error;
    throw typeError('Expected `{ grid, block }` before the arguments but received a DeviceBuffer');
  }
}

/** Reads and checks the options of a launch. */
export function takeConfig(state: KernelState, options: unknown): LaunchConfig {
  const handle = state.handle();
  const config = readConfig(options);
  checkLaunch(config, state.limits);
  if (config.cooperative) {
    const [x, y, z] = config.block;
    const blocks = native().kernelOccupancy(handle, x * y * z, config.sharedMemoryBytes);
    checkCooperative(config, blocks, state.device.info);
  }
  return config;
}

/** Leaves a launch in the argument block, of arguments that were read. None of the caller's code runs here. */
export function stageLaunch(
  state: KernelState,
  config: LaunchConfig,
  values: readonly unknown[],
): void {
  const block = parameterBlock();
  const stream = streamHandle(config.stream, state.device);
  writeArguments(block, state.parameters, values, state.device);
  const kernel = state.handleFor(values);
  const { numbers } = block;
  const { grid, block: threads, cluster } = config;
  numbers[Slot.kernel] = kernel;
  numbers[Slot.stream] = stream;
  numbers[Slot.gridX] = grid[0];
  numbers[Slot.gridY] = grid[1];
  numbers[Slot.gridZ] = grid[2];
  numbers[Slot.blockX] = threads[0];
  numbers[Slot.blockY] = threads[1];
  numbers[Slot.blockZ] = threads[2];
  numbers[Slot.clusterX] = cluster[0];
  numbers[Slot.clusterY] = cluster[1];
  numbers[Slot.clusterZ] = cluster[2];
  numbers[Slot.sharedBytes] = config.sharedMemoryBytes;
  numbers[Slot.flags] =
    (config.cooperative ? Flag.cooperative : 0) | (config.programmatic ? Flag.programmatic : 0);
}

/** A copy of what {@link stageLaunch} left. */
export function stagedLaunch({ parameters }: KernelState): Float64Array {
  return parameterBlock().numbers.slice(0, Slot.parameters + Math.ceil(parameters.byteLength / 8));
}

/** Leaves a launch again that was staged before, with another argument in one place. */
export function restageLaunch(
  state: KernelState,
  staged: Float64Array,
  values: readonly unknown[],
  at: number,
): void {
  const block = parameterBlock();
  block.numbers.set(staged);
  rewriteArgument(block, state.parameters, at, values[at], state.device);
  block.numbers[Slot.kernel] = state.handleFor(values);
}
