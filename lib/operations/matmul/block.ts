/**
 * A product's numbers in the argument block.
 */
import { Flag, Slot } from '../../abi/matmul.js';
import type { DtypeInfo } from '../../base/dtype.js';
import type { CheckedMatmul } from './options.js';

/** Fills in everything but handles. */
export function writeNumbers(
  block: Float64Array,
  call: CheckedMatmul,
  input: DtypeInfo,
  result: DtypeInfo,
): void {
  const { shape } = call;
  block[Slot.dtype] = input.index;
  block[Slot.outDtype] = result.index;
  block[Slot.precision] = call.precision;
  block[Slot.flags] =
    (shape.transposeA ? Flag.transposeA : 0) |
    (shape.transposeB ? Flag.transposeB : 0) |
    (call.biasPerRow ? Flag.biasPerRow : 0);
  block[Slot.activation] = call.activation;
  block[Slot.m] = shape.m;
  block[Slot.n] = shape.n;
  block[Slot.k] = shape.k;
  block[Slot.batches] = shape.batches;
  block[Slot.alpha] = shape.alpha;
  block[Slot.beta] = shape.beta;
  block[Slot.lda] = shape.a.stride;
  block[Slot.strideA] = shape.a.batchStride;
  block[Slot.ldb] = shape.b.stride;
  block[Slot.strideB] = shape.b.batchStride;
  block[Slot.ldc] = shape.c.stride;
  block[Slot.strideC] = shape.c.batchStride;
  block[Slot.variant] = call.variant;
  block[Slot.splits] = call.splits;
}
