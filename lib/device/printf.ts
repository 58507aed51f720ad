/**
 * What the kernels of simulated devices print, on its way to listeners or to stdout.
 */
import { EventEmitter } from 'node:events';
import { native, onFatal, onWaited } from '../addon/load.js';
import type { Handle } from '../addon/types.js';

/**
 * The events of a {@link Device}, and what their listeners get.
 */
export interface DeviceEvents {
  /**
   * What kernels have printed since the last time, call by call: a call of `printf` is never cut in two.
   * What is not UTF-8 has become U+FFFD.
   */
  printf: [text: string];
}

/** Outlives its device while that has work: who waits for it is to see what it prints. */
export class PrintfOutput {
  // Private, so that the types of the package do not name Node's.
  readonly #emitter = new EventEmitter();
  readonly #handle: Handle;

  constructor(device: Handle) {
    this.#handle = native().openPrintf(device);
    outputs.add(this);
  }

  on(listener: (text: string) => void): void {
    this.#emitter.on('printf', listener);
  }

  off(listener: (text: string) => void): void {
    this.#emitter.off('printf', listener);
  }

  /** Never throws. */
  deliver(): void {
    const text = native().takePrintf(this.#handle);
    if (text === null) outputs.delete(this);
    if (!text) return;
    try {
      if (!this.#emitter.emit('printf', text)) process.stdout.write(text);
    } catch (error) {
      // Not the business of whoever waits.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

const outputs = new Set<PrintfOutput>();

/**
 * Delivers what was printed. That of all devices: a wait for one may be one for the kernels of another,
 * whose buffer was used.
 */
export function deliverPrintf(): void {
  for (const output of outputs) output.deliver();
}

onWaited(deliverPrintf);
onFatal(deliverPrintf);
