/**
 * Operands as (outer, axis, inner), which is what the kernels of reductions and of softmax walk over.
 */
import { NO_BUFFER } from '../../abi/block.js';
import { OperandSlot, Slot } from '../../abi/reduce.js';
import type { Handle } from '../../addon/types.js';
import type { BufferState } from '../../memory/buffer-state.js';
import { coalesce, sortDimensions } from '../../operands/walk.js';

/** Elements as (outer, axis, inner) for each operand: with an extent and a stride of each. */
export interface AxisWalk {
  readonly extents: readonly [outer: number, axis: number, inner: number];
  readonly strides: readonly (readonly [outer: number, axis: number, inner: number])[];
}

// Not with `set`, which somebody may have replaced: the block is nobody else's to have.
function write(block: Float64Array, numbers: readonly number[], at: number): void {
  for (let i = 0; i < numbers.length; i++) block[at + i] = numbers[i]!;
}

/** Fills in what reductions and softmax share. Runs no code of the caller's. */
export function fillAxisWalk(
  block: Float64Array,
  walk: AxisWalk,
  inputs: readonly { readonly buffer: BufferState; readonly offset: number }[],
  out: BufferState,
  stream: Handle,
): void {
  block[Slot.dtype] = inputs[0]!.buffer.dtype.index;
  block[Slot.outDtype] = out.dtype.index;
  block[Slot.stream] = stream;
  block[Slot.out] = out.handle();
  block[Slot.outOffset] = 0;
  write(block, walk.extents, Slot.outer);
  block[Slot.y] = NO_BUFFER;
  for (const [i, input] of inputs.entries()) {
    const at = i === 0 ? Slot.x : Slot.y;
    block[at + OperandSlot.handle] = input.buffer.handle();
    block[at + OperandSlot.offset] = input.offset;
    write(block, walk.strides[i]!, at + OperandSlot.outerStride);
  }
}

/**
 * What the operands have along the reduced axis and along the others, if that takes no more than one
 * and two dimensions; undefined if it takes more.
 */
export function axisWalkOf(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  dimension: number | undefined,
  inOrder: boolean,
): AxisWalk | undefined {
  if (dimension !== undefined) {
    const others = (values: readonly number[]) => values.filter((_, d) => d !== dimension);
    const free = coalesce({ shape: others(shape), strides: strides.map(others) });
    if (free.shape.length > 2) return undefined;
    const [outer = 1, inner = 1] = free.shape;
    return {
      extents: [outer, shape[dimension]!, inner],
      strides: strides.map((of, i) => [
        free.strides[i]![0] ?? 0,
        of[dimension]!,
        free.strides[i]![1] ?? 0,
      ]),
    };
  }
  // For all that counts, elements may be taken in any order, but for their indices.
  const walk = { shape, strides };
  const all = coalesce(inOrder ? walk : sortDimensions(walk));
  if (all.shape.length > 1) return undefined;
  return {
    extents: [1, all.shape[0] ?? 1, 1],
    strides: all.strides.map(([stride = 1]) => [0, stride, 0]),
  };
}
