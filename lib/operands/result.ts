/** What the operations of Device have in common. */

import type { Device } from '../device/device.js';
import { type DeviceBuffer, wrapBuffer } from '../memory/buffer.js';
import type { BufferState } from '../memory/buffer-state.js';

/** Enqueues into a new buffer, which is given back if that fails. */
export function intoNew(
  device: Device,
  result: BufferState,
  enqueue: (out: BufferState) => void,
): DeviceBuffer {
  try {
    enqueue(result);
  } catch (error) {
    result.close();
    throw error;
  }
  return wrapBuffer(device, result);
}
