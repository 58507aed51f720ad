/**
 * The matrix products of a Device.
 */
import type { DeviceBuffer } from './buffer.js';
import type { Device } from './device.js';
import { ElementwiseOperations } from './device-elementwise.js';
import { deviceReceiver } from './device-state.js';
import type { Dtype } from './dtype.js';
import type { MatmulShape } from './matmul-shape.js';
import { matmul } from './operations.js';
import type { Stream } from './stream.js';

/** Options of {@link Device.matmul}. */
export interface MatmulOptions<D extends Dtype = Dtype> extends MatmulShape {
  /** Where the result goes; must not overlap `a` or `b`. Default: a new buffer. */
  out?: DeviceBuffer<D>;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream;
}

/** The matrix operations of {@link Device}, which extends this class. */
export abstract class MatrixOperations extends ElementwiseOperations {
  /**
   * Multiplies matrices: `out = alpha op(a) op(b) + beta out`, all row-major. Enqueues and returns.
   *
   * @param a - op(a) is m x k: stored m x k, or k x m with `transposeA`; `float32` or `float64`
   * @param b - op(b) is k x n: stored k x n, or n x k with `transposeB`; same dtype as `a`
   * @returns `out`, or a new buffer, m x n
   * @throws `TypeError` for other dtypes, `RangeError` if a length does not fit the shape, a
   *   leading dimension is less than the columns, or `out` overlaps an input
   * @throws {@link CudaWrongDeviceError} for a buffer or stream of another device
   *
   * @example
   * ```ts
   * using c = device.matmul(a, b, { m: 2, n: 4, k: 3 });
   * device.matmul(a, b, { m: 2, n: 4, k: 3, alpha: 0.5, beta: 1, out: c }); // adds to c
   * ```
   */
  matmul<D extends 'float32' | 'float64'>(
    a: DeviceBuffer<D>,
    b: DeviceBuffer<NoInfer<D>>,
    options: MatmulOptions<NoInfer<D>>,
  ): DeviceBuffer<D> {
    return matmul(
      this as unknown as Device,
      deviceReceiver(this, 'matmul'),
      a,
      b,
      options,
    ) as DeviceBuffer<D>;
  }
}
