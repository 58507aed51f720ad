/**
 * The softmax of a Device.
 */
import type { Dtype, FloatDtype } from '../../base/dtype.js';
import { deviceReceiver } from '../../device/device.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import { answer } from '../../operands/result.js';
import type { Operand } from '../../operands/strided.js';
import type { Stream } from '../../streams/stream.js';
import { softmax } from './softmax.js';

/** Options of {@link SoftmaxOperations.softmax}. */
export interface SoftmaxOptions<D extends Dtype = Dtype> {
  /** The shape of `x` if it is a buffer, all of it. Default: one dimension. */
  shape?: readonly number[] | undefined;
  /**
   * The dimension along which exponentials add up to 1, from the end if negative. Default -1; of a
   * view without dimensions, which is 1 then, there is none.
   */
  axis?: number | undefined;
  /** Whether the logarithm of the softmax is wanted, computed without overflow. Default false. */
  log?: boolean | undefined;
  /** Where the result goes: as long as `x`, row-major. It may be `x`. Default: a new buffer. */
  out?: DeviceBuffer<D> | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/**
 * The softmax of {@link Device}.
 *
 * @group What Device and Stream can do
 */
export abstract class SoftmaxOperations {
  /**
   * Softmax: `exp(x - max) / sum(exp(x - max))` along an axis, or its logarithm. 16-bit floats are
   * computed in float32. Rows with a NaN or +Infinity, and rows of -Infinity alone, become NaN.
   *
   * @param x - `float16`, `bfloat16`, `float32` or `float64`
   * @throws `TypeError` for other dtypes, `RangeError` if `out` overlaps `x` without being the same
   *   elements
   *
   * @example
   * ```ts
   * using probabilities = device.softmax(logits, { shape: [images, 10] });
   * device.softmax(scores, { log: true, out: scores }); // in place
   * ```
   *
   * @group Along an axis
   */
  softmax<D extends FloatDtype>(
    x: Operand<D>,
    options?: SoftmaxOptions<NoInfer<D>>,
  ): DeviceBuffer<D> {
    const state = deviceReceiver(this, 'softmax');
    return answer(this, softmax(state, x, options)) as DeviceBuffer<D>;
  }
}
