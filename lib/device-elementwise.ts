/**
 * What a Device does element by element.
 */
import type { DeviceBuffer } from './buffer.js';
import type { Device } from './device.js';
import { deviceReceiver } from './device-state.js';
import type { Dtype } from './dtype.js';
import { add } from './operations.js';
import type { Stream } from './stream.js';

/** Options of {@link Device.add}. */
export interface AddOptions<D extends Dtype = Dtype> {
  /** Where the sums go; may be `x` or `y`. Default: a new buffer. */
  out?: DeviceBuffer<D>;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream;
}

/** The elementwise operations of {@link Device}, which extends this class. */
export abstract class ElementwiseOperations {
  /**
   * Adds element by element: `x[i] + y[i]`. Integers wrap around; `float16` and `bfloat16` are
   * added in `float32` and rounded once, to nearest even. Enqueues and returns.
   *
   * @param x - any dtype
   * @param y - same dtype and length as `x`
   * @returns `out`, or a new buffer
   * @throws `TypeError` if dtypes differ, `RangeError` if lengths differ or `out` overlaps an input
   *   in part
   * @throws {@link CudaWrongDeviceError} for a buffer or stream of another device
   *
   * @example
   * ```ts
   * using z = device.add(x, y);
   * device.add(x, y, { out: x }); // in place
   * ```
   */
  add<D extends Dtype>(
    x: DeviceBuffer<D>,
    y: DeviceBuffer<NoInfer<D>>,
    options?: AddOptions<NoInfer<D>>,
  ): DeviceBuffer<D> {
    return add(
      this as unknown as Device,
      deviceReceiver(this, 'add'),
      x,
      y,
      options,
    ) as DeviceBuffer<D>;
  }
}
