import type { Dtype } from '../../base/dtype.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import type { Operand } from '../../operands/strided.js';
import type { Stream } from '../../streams/stream.js';

/** Options of the elementwise operations. */
export interface ElementwiseOptions<
  D extends Dtype = Dtype,
  O extends Operand<D> = DeviceBuffer<D>,
> {
  /**
   * Where the results go: of the dtype and the shape of the result, no element twice. It may be an
   * operand, element for element; it must not overlap one otherwise. Default: a new buffer.
   */
  out?: O | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}
