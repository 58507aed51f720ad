/**
 * The transposition of a Device.
 */
import type { Dtype } from '../../base/dtype.js';
import { deviceReceiver } from '../../device/device.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import { answer } from '../../operands/result.js';
import type { Stream } from '../../streams/stream.js';
import { transpose } from './transpose.js';

/** Options of {@link TransposeOperations.transpose}. */
export interface TransposeOptions<D extends Dtype = Dtype> {
  /** Rows of `x`, columns of the result. */
  rows: number;
  /** Columns of `x`, rows of the result. */
  columns: number;
  /** Matrices that follow each other, each transposed by itself. Default 1. */
  batches?: number | undefined;
  /** Where the result goes: as long as `x`, not overlapping it. Default: a new buffer. */
  out?: DeviceBuffer<D> | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/**
 * The transposition of {@link Device}.
 *
 * @group What Device and Stream can do
 */
export abstract class TransposeOperations {
  /**
   * Transposes matrices: `out[j][i] = x[i][j]`, all row-major. Out of place; nothing but the
   * element size matters, so NaNs keep their bits.
   *
   * @param x - any dtype, `batches * rows * columns` elements
   * @throws `RangeError` if the length does not fit, or `out` overlaps `x`
   *
   * @example
   * ```ts
   * using transposed = device.transpose(x, { rows: 2, columns: 3 });
   * ```
   *
   * @group Along an axis
   */
  transpose<D extends Dtype>(
    x: DeviceBuffer<D>,
    options: TransposeOptions<NoInfer<D>>,
  ): DeviceBuffer<D> {
    const state = deviceReceiver(this, 'transpose');
    return answer(this, transpose(state, x, options)) as DeviceBuffer<D>;
  }
}
