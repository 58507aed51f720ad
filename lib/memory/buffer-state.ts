import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import { rangeError, typeError } from '../base/checks.js';
import type { DtypeInfo } from '../base/dtype.js';
import { ChildState } from '../device/child-state.js';
import type { DeviceState } from '../device/state.js';

/** Memory that one or more buffers name, whole or in part. */
export interface Allocation {
  readonly byteLength: number;
  /** Buffers that are open. */
  views: number;
  /** What is not collected before the buffers are. */
  readonly owner?: object;
}

/** What a DeviceBuffer is made of: one native handle and the part of the memory it names. */
export class BufferState extends ChildState {
  readonly byteLength: number;
  readonly #isState = true;

  constructor(
    device: DeviceState,
    handle: Handle,
    readonly dtype: DtypeInfo,
    readonly length: number,
    /** The same object for all views of one allocation. */
    readonly allocation: Allocation,
    /** Where in the allocation it begins. */
    readonly byteOffset: number,
  ) {
    super(device, handle, 'DeviceBuffer');
    this.byteLength = length * dtype.byteSize;
    allocation.views++;
  }

  /** Whether a value is one. Not `instanceof`, which would run the code of a Proxy. */
  static isState(value: object): value is BufferState {
    return #isState in value && value.#isState;
  }

  /** Whether disposing it frees memory: not if there is none, or another buffer still names it. */
  holdsMemory(): boolean {
    return this.allocation.views === 1 && this.allocation.byteLength > 0;
  }

  protected release(handle: Handle): void {
    this.allocation.views--;
    native().closeBuffer(handle);
  }
}

/** Allocates device memory for `length` elements, which have been checked to be an integer. */
export function allocateState(
  device: DeviceState,
  dtype: DtypeInfo,
  length: number,
  zeroed: boolean,
  stream: Handle,
): BufferState {
  const byteLength = length * dtype.byteSize;
  if (!Number.isSafeInteger(byteLength)) {
    throw rangeError(
      `Expected at most ${Math.floor(Number.MAX_SAFE_INTEGER / dtype.byteSize)} elements of ` +
        `${dtype.name} but received ${length}`,
    );
  }
  const allocate = () => native().allocate(device.handle, byteLength, zeroed, stream);
  const handle = device.checks === undefined ? allocate() : device.checks.allocating(allocate);
  return new BufferState(device, handle, dtype, length, { byteLength, views: 0 }, 0);
}

export function checkSameDtype(expected: BufferState, other: BufferState, names: string): void {
  if (expected.dtype === other.dtype) return;
  throw typeError(
    `Expected the same dtype for ${names} but received ` +
      `${expected.dtype.name} and ${other.dtype.name}`,
  );
}

export function checkLength(state: BufferState, expected: number, name: string): void {
  if (state.length === expected) return;
  throw rangeError(
    `Expected ${expected} elements for \`${name}\` but received a DeviceBuffer of ${state.length}`,
  );
}

/** Whether two ranges, in bytes from the start of their buffers, share memory. */
export function rangesOverlap(
  a: BufferState,
  aByteOffset: number,
  b: BufferState,
  bByteOffset: number,
  byteLength: number,
): boolean {
  const aBegin = a.byteOffset + aByteOffset;
  const bBegin = b.byteOffset + bByteOffset;
  return a.allocation === b.allocation && Math.abs(aBegin - bBegin) < byteLength;
}

/** Whether two buffers are views with memory in common. */
export function buffersOverlap(a: BufferState, b: BufferState): boolean {
  return (
    a.allocation === b.allocation &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

/** Whether two buffers name the very same elements. */
export function sameRange(a: BufferState, b: BufferState): boolean {
  return (
    a.allocation === b.allocation && a.byteOffset === b.byteOffset && a.byteLength === b.byteLength
  );
}
