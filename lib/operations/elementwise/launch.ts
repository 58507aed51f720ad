/**
 * The native call of the elementwise operations.
 */
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

// Slots of the argument block: those of native/binding/elementwise_binding.cc.
const OPERANDS = 9;
const LENGTH = 15;
const DIMENSIONS = 17;
const SHAPE = 18;
const SLOTS_PER_DIMENSION = 4;

function fillJob(block: Float64Array, { operation, source, destination, stream, scalars }: Job) {
  block[0] = operation.family;
  block[1] = operation.index;
  block[2] = source.index;
  block[3] = destination.index;
  block[4] = stream;
  block[5] = scalars[0].low;
  block[6] = scalars[0].high;
  block[7] = scalars[1].low;
  block[8] = scalars[1].high;
}

function fillOperand(block: Float64Array, i: number, buffer: BufferState | undefined, offset = 0) {
  block[OPERANDS + 2 * i] = buffer === undefined ? 0 : buffer.handle();
  block[OPERANDS + 2 * i + 1] = offset;
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
  block[LENGTH] = out.length;
  block[DIMENSIONS] = 0;
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
  block[LENGTH] = dimensions === 0 ? 1 : walk.shape[0]!;
  block[DIMENSIONS] = isContiguous ? 0 : dimensions;
  for (let d = 0; d < dimensions; d++) {
    const at = SHAPE + SLOTS_PER_DIMENSION * d;
    block[at] = walk.shape[d]!;
    let next = 0;
    for (const [i, view] of operands.entries()) {
      block[at + 1 + i] = view === undefined ? 0 : walk.strides[next++]![d]!;
    }
  }
  addon.elementwise();
}
