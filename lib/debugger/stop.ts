/**
 * What the debugger shows of a stopped kernel.
 */
import type {
  NativeCodePlace,
  NativeLaneGroup,
  NativeRegister,
  NativeStop,
} from '../addon/types.js';

/** Why a kernel is stopped. */
export type StopReason = 'breakpoint' | 'step' | 'pause' | 'fault' | 'deadlock';

/** An instruction of a kernel. */
export interface CodePlace {
  /** The kernel, or the function that it has called. */
  readonly function: string;
  /** `file:line` of the source, where the PTX tells (`nvcc -lineinfo`); or null. */
  readonly source: string | null;
  /** Line of the PTX. */
  readonly ptxLine: number;
  /** Such as `ld.global.f32`. */
  readonly mnemonic: string;
}

/** A kernel that is stopped, before the instruction at that place. */
export interface KernelStop extends CodePlace {
  readonly reason: StopReason;
  /** The number of the breakpoint, or null. */
  readonly breakpoint: number | null;
  /** What went wrong, at a fault or deadlock, or with the condition of the breakpoint; or null. */
  readonly message: string | null;
  readonly kernel: string;
  /** Blocks of the grid: x, y and z. */
  readonly gridSize: readonly [number, number, number];
  /** Threads of a block: x, y and z. */
  readonly blockSize: readonly [number, number, number];
  /** x, y and z. */
  readonly block: readonly [number, number, number];
  /** x, y and z. Of the lanes that are stopped there, the first that the reason is about. */
  readonly thread: readonly [number, number, number];
}

/** Lanes of a warp that stand at one instruction. */
export interface LaneGroup extends CodePlace {
  /** Its number in the block. */
  readonly warp: number;
  /** Bit i: lane i. */
  readonly lanes: number;
  /** `running` for those that are stopped, `ready`, or what they wait at: `at a barrier`. */
  readonly state: string;
}

/** A thread. What is left out is that of the stop. */
export interface ThreadPlace {
  /** x, y and z. */
  block?: readonly [number, number, number] | undefined;
  /** x, y and z. */
  thread?: readonly [number, number, number] | undefined;
}

/** A register of a thread. */
export interface RegisterValue {
  /** As PTX has it: `%r1`. */
  readonly name: string;
  /** As it is declared: `f32`, `u64`, `pred`, ... */
  readonly type: string;
  readonly bits: bigint;
  /**
   * Of that type: a boolean for a predicate, a bigint for integers and bits of 64 bits and more, else a
   * number. Bits of no type (`b32`) are an unsigned number.
   */
  readonly value: number | bigint | boolean;
}

export function publicPlace(place: NativeCodePlace): CodePlace {
  const { function: name, source, ptxLine, mnemonic } = place;
  return { function: name, source: source === '' ? null : source, ptxLine, mnemonic };
}

export function publicStop(stop: NativeStop): KernelStop {
  const { reason, breakpoint, message, kernel, gridSize, blockSize, block, thread } = stop;
  return {
    reason,
    breakpoint: breakpoint === 0 ? null : breakpoint,
    message: message === '' ? null : message,
    kernel,
    gridSize,
    blockSize,
    block,
    thread,
    ...publicPlace(stop),
  };
}

export function publicGroup(group: NativeLaneGroup): LaneGroup {
  const { warp, lanes, state } = group;
  return { warp, lanes, state, ...publicPlace(group) };
}

export function publicRegister({ name, type, bits }: NativeRegister): RegisterValue {
  const number = BigInt(bits);
  return { name, type, bits: number, value: typedValue(type, number) };
}

function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const view = new DataView(new ArrayBuffer(8));

function fromFloat32(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

function fromFloat64(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** What the bits are as a value of a PTX type. */
export function typedValue(type: string, bits: bigint): number | bigint | boolean {
  switch (type) {
    case 'pred':
      return bits !== 0n;
    case 'f16':
      return fromFloat16(Number(bits));
    case 'bf16':
      return fromFloat32(Number(bits) * 2 ** 16);
    case 'f32':
    case 'tf32':
      return fromFloat32(Number(bits));
    case 'f64':
      return fromFloat64(bits);
  }
  // f16x2 and its like are bits: of b32, b64.
  const size = type === 'f32x2' ? 64 : type.endsWith('x2') ? 32 : Number(type.slice(1));
  const signed = type.startsWith('s') ? BigInt.asIntN(size, bits) : bits;
  return size > 32 ? signed : Number(signed);
}
