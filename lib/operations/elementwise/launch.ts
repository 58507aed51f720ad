/**
 * The native call of the elementwise operations.
 */
import { NO_BUFFER } from '../../abi/block.js';
import {
  DIMENSION_WIDTH,
  DimensionSlot,
  OPERAND_WIDTH,
  OperandSlot,
  SCALAR_WIDTH,
  ScalarSlot,
  Slot,
} from '../../abi/elementwise.js';
import { native } from '../../addon/load.js';
import type { Handle } from '../../addon/types.js';
import type { DtypeInfo } from '../../base/dtype.js';
import type { Pattern } from '../../base/scalar.js';
import type { BufferState } from '../../memory/buffer-state.js';
import { broadcastStrides, elementsOf, type View } from '../../operands/strided.js';
import { coalesce, sortDimensions } from '../../operands/walk.js';
import type { Operation } from './operation.js';

export const ZERO: Pattern = { low: 0, high: 0 };

export const NO_SCALARS = [ZERO, ZERO] as const;

/** What is done, besides to which elements. */
export interface Job {
  readonly operation: Operation;
  readonly source: DtypeInfo;
  readonly destination: DtypeInfo;
  readonly stream: Handle;
  /** A factor or a lower limit; an upper limit, or an operand that is a number. */
  readonly scalars: readonly [Pattern, Pattern];
}

function fillScalar(block: Float64Array, at: number, { low, high }: Pattern) {
  block[at + ScalarSlot.low] = low;
  block[at + ScalarSlot.high] = high;
}

function fillJob(block: Float64Array, { operation, source, destination, stream, scalars }: Job) {
  block[Slot.family] = operation.family;
  block[Slot.operation] = operation.index;
  block[Slot.source] = source.index;
  block[Slot.destination] = destination.index;
  block[Slot.stream] = stream;
  fillScalar(block, Slot.scalars, scalars[0]);
  fillScalar(block, Slot.scalars + SCALAR_WIDTH, scalars[1]);
}

function fillOperand(block: Float64Array, i: number, buffer: BufferState | undefined, offset = 0) {
  const at = Slot.operands + OPERAND_WIDTH * i;
  block[at + OperandSlot.handle] = buffer === undefined ? NO_BUFFER : buffer.handle();
  block[at + OperandSlot.offset] = offset;
}

/** Enqueues a job over buffers of one length. */
export function launchContiguous(
  job: Job,
  out: BufferState,
  x: BufferState | undefined,
  y: BufferState | undefined,
): void {
  const addon = native();
  const block = addon.argumentBlock;
  fillJob(block, job);
  fillOperand(block, 0, out);
  fillOperand(block, 1, x);
  fillOperand(block, 2, y);
  block[Slot.length] = out.length;
  block[Slot.dimensions] = 0;
  addon.elementwise();
}

/** Enqueues a job over views, which broadcast to the shape of `out`. */
export function launchStrided(job: Job, out: View, x: View | undefined, y: View | undefined): void {
  if (elementsOf(out.shape) === 0) return;
  const operands = [out, x, y];
  const present = operands.filter((view) => view !== undefined);
  const walk = coalesce(
    sortDimensions({
      shape: out.shape,
      strides: present.map((view) => broadcastStrides(view, out.shape)),
    }),
  );
  const addon = native();
  const block = addon.argumentBlock;
  fillJob(block, job);
  for (const [i, view] of operands.entries()) fillOperand(block, i, view?.buffer, view?.offset);
  const dimensions = walk.shape.length;
  const isContiguous =
    dimensions === 0 || (dimensions === 1 && walk.strides.every(([stride]) => stride === 1));
  block[Slot.length] = dimensions === 0 ? 1 : walk.shape[0]!;
  block[Slot.dimensions] = isContiguous ? 0 : dimensions;
  for (let d = 0; d < dimensions; d++) {
    const at = Slot.shape + DIMENSION_WIDTH * d;
    block[at + DimensionSlot.extent] = walk.shape[d]!;
    let next = 0;
    for (const [i, view] of operands.entries()) {
      block[at + DimensionSlot.strides + i] = view === undefined ? 0 : walk.strides[next++]![d]!;
    }
  }
  addon.elementwise();
}
