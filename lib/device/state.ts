import { publicError } from '../addon/failures.js';
import { native, onFatal } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import {
  type CudaDeviceLostError,
  CudaDisposedError,
  CudaWrongDeviceError,
} from '../base/errors.js';
import { type Closable, creationStack } from '../base/leaks.js';
import type { CheckLog } from './check.js';
import { type DeviceInfo, deviceInfo } from './info.js';
import { deliverPrintf, PrintfOutput } from './printf.js';

/**
 * What a Device and everything made from it share. Buffers, streams and events hold this, not each
 * other, and it holds none of them.
 */
export class DeviceState implements Closable {
  readonly stack = creationStack();
  readonly info: DeviceInfo;
  readonly handle: Handle;
  readonly defaultStream: Handle;
  /** What kernels print; undefined on a GPU. */
  readonly printf: PrintfOutput | undefined;
  #closed = false;
  #lost: CudaDeviceLostError | undefined;
  #waiting: ((error: CudaDeviceLostError) => void)[] = [];

  constructor(
    readonly runtime: Handle,
    readonly index: number,
    /** The runtime was made for this device alone and goes with it. */
    readonly ownsRuntime: boolean,
    /** What it is checked for; undefined for nothing. */
    readonly checks: CheckLog | undefined,
  ) {
    this.info = deviceInfo(index, native().deviceProperties(runtime, index));
    this.handle = native().openDevice(runtime, index);
    this.defaultStream = native().defaultStream(this.handle);
    this.printf = this.info.isSimulated ? new PrintfOutput(this.handle) : undefined;
    open.add(this);
  }

  /** What tells it from other devices, for messages. */
  get label(): { readonly index: number; readonly name: string } {
    return { index: this.info.index, name: this.info.name };
  }

  get closed(): boolean {
    return this.#closed;
  }

  isOpen(): boolean {
    return !this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    open.delete(this);
    this.checks?.findLeaks();
    native().closeDevice(this.handle);
    if (this.ownsRuntime) native().closeRuntime(this.runtime);
    deliverPrintf();
  }

  /** Resolves with the first fatal error, once it is noticed. */
  lost(): Promise<CudaDeviceLostError> {
    this.noticeFault();
    return new Promise((resolve) => {
      if (this.#lost === undefined) this.#waiting.push(resolve);
      else resolve(this.#lost);
    });
  }

  noticeFault(): void {
    if (this.#lost !== undefined || this.#closed) return;
    const fault = native().deviceFault(this.handle);
    if (fault === null) return;
    this.#lost = publicError(fault.message, fault.nodecuda) as CudaDeviceLostError;
    for (const resolve of this.#waiting.splice(0)) resolve(this.#lost);
  }
}

// Only while open: a dropped Device is closed by the leak registry, through its state.
const open = new Set<DeviceState>();

onFatal(() => {
  for (const device of open) device.noticeFault();
});

export function assertDeviceOpen(device: DeviceState): void {
  if (device.closed)
    throw new CudaDisposedError('The Device is disposed', { device: device.index });
}

/** Two Device objects of one physical device may share buffers and streams. */
export function checkSameDevice(device: DeviceState, other: DeviceState, name: string): void {
  if (device.index === other.index && device.runtime === other.runtime) return;
  throw new CudaWrongDeviceError(
    `\`${name}\` belongs to another device (index ${other.index}) than the one in use ` +
      `(index ${device.index})`,
    { device: device.index },
  );
}
