/** What the operations of Device have in common. */
import { wrapBuffer } from '../memory/buffer.js';
import { BufferState } from '../memory/buffer-state.js';
import type { Operand } from './strided.js';

/** What an operation leaves: the state of a new buffer, or `out` as the caller gave it. */
export type Result = BufferState | Operand;

/** Enqueues into a new buffer, which is given back if that fails. */
export function intoNew(result: BufferState, enqueue: (out: BufferState) => void): BufferState {
  try {
    enqueue(result);
  } catch (error) {
    result.close();
    throw error;
  }
  return result;
}

/** A result as the methods of Device return it. */
export function answer(device: object, result: Result): unknown {
  return BufferState.isState(result) ? wrapBuffer(device, result) : result;
}
