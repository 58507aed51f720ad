import type { Handle } from '../addon/types.js';
import { CudaDisposedError } from '../base/errors.js';
import { type Closable, creationStack } from '../base/leaks.js';
import type { DeviceState } from './state.js';

/** A native object that belongs to a device and is closed with it, if not before. */
export abstract class ChildState implements Closable {
  readonly stack = creationStack();
  #handle: Handle;

  constructor(
    readonly device: DeviceState,
    handle: Handle,
    private readonly className: string,
  ) {
    this.#handle = handle;
  }

  /** Closes the native object; called once at most, and not after the device was closed. */
  protected abstract release(handle: Handle): void;

  isOpen(): boolean {
    return this.#handle !== 0 && !this.device.closed;
  }

  close(): void {
    const handle = this.#handle;
    if (handle === 0) return;
    this.#handle = 0;
    if (!this.device.closed) this.release(handle);
  }

  /**
   * @param name - of the argument that it is, for the message
   * @throws {@link CudaDisposedError} unless it is open
   */
  handle(name?: string): Handle {
    if (!this.isOpen()) {
      const which = name === undefined ? '' : ` \`${name}\``;
      throw new CudaDisposedError(`The ${this.className}${which} is disposed`);
    }
    return this.#handle;
  }
}
