/**
 * What a Device does along an axis.
 */
import type { Dtype, FloatDtype } from '../../base/dtype.js';
import { deviceReceiver } from '../../device/device.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import { answer } from '../../operands/result.js';
import type { Operand } from '../../operands/strided.js';
import type { Stream } from '../../streams/stream.js';
import type { MeanDtype, ReductionName, SumDtype, SumResultDtype } from './dtypes.js';
import { reduce } from './reduce.js';

/** Options of the reductions; `R` is the element type of the result. */
export interface ReductionOptions<R extends Dtype = Dtype> {
  /** The shape of an operand that is a buffer, all of it. Default: one dimension. */
  shape?: readonly number[] | undefined;
  /** The dimension that is reduced, from the end if it is negative. Default: all of them. */
  axis?: number | undefined;
  /** Element type of the result. Default: that of `out`, else as the operation says. */
  outDtype?: R | undefined;
  /**
   * Where the result goes: as many elements as are left when the axis is removed (1 if there is
   * none), row-major. It must not overlap an operand. Default: a new buffer.
   */
  out?: DeviceBuffer<R> | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/**
 * The reductions of {@link Device}.
 *
 * An operand is a {@link DeviceBuffer}, with the option `shape` if it has more than one dimension,
 * or a {@link StridedView}. The result is a new buffer without the axis, row-major, or `out`, which
 * is returned then. Everything enqueues and returns.
 *
 * Views of buffers are read in place if, along the axis and along what is left of the others, they
 * are evenly spaced; other views are copied first (see {@link ElementwiseOperations.convert}).
 *
 * The same operands on the same device give the same bits every time. What is added up (multiplied)
 * in, the result's dtype decides, as in NumPy: float64 results are those of float64, of narrower
 * floats by way of a copy, which takes device memory while the operation runs; other results of
 * floats are those of float32, of float64 elements of float64; integer results are exact modulo
 * 2^64. Floats are added in trees: of up to 2^31 elements a sum is within `160 u sum(|x|)` of the
 * true one, where u is half the distance from 1 to the next number of that type; most are much
 * closer. Then it is rounded to the result's dtype, once. Reductions of a long axis to few results
 * use a little device memory while they run.
 *
 * All throw `TypeError` for dtypes that are not taken, `RangeError` for shapes and axes that do not
 * fit, views that reach beyond their buffer, and an `out` of another length or in the way of an
 * operand, {@link CudaWrongDeviceError} for a buffer or stream of another device,
 * {@link CudaOutOfMemoryError} if there is not enough memory; the device stays usable.
 *
 * @group What Device and Stream can do
 */
export abstract class ReductionOperations {
  /**
   * Adds up. Of integers the result is `int64` or `uint64`, as in NumPy; `outDtype` may ask for 32 bits
   * (modulo 2^32) or for `float64`: of up to 32 bits (and 2^31 elements) the exact sum, rounded, of 64
   * bits a sum in float64. The sum of no elements is 0.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using total = device.sum(x);
   * using perColumn = device.sum(x, { shape: [rows, columns], axis: 0 });
   * ```
   *
   * @group Along an axis
   */
  sum<D extends FloatDtype, R extends FloatDtype = D>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  sum<D extends Dtype, R extends SumResultDtype<D> | SumDtype<D> = SumDtype<D>>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  sum(x: Operand, options?: ReductionOptions): DeviceBuffer {
    return apply(this, 'sum', [x], options);
  }

  /**
   * Multiplies. Dtypes are as in {@link ReductionOperations.sum}; a product that is `float64` is taken
   * in float64. The product of no elements is 1.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using product = device.prod(x);
   * ```
   *
   * @group Along an axis
   */
  prod<D extends FloatDtype, R extends FloatDtype = D>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  prod<D extends Dtype, R extends SumResultDtype<D> | SumDtype<D> = SumDtype<D>>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  prod(x: Operand, options?: ReductionOptions): DeviceBuffer {
    return apply(this, 'prod', [x], options);
  }

  /**
   * Arithmetic means: sums divided by the length of the axis. Of integers the result is `float64`;
   * sums of up to 32 bits (and 2^31 elements) are exact before the division, those of 64 bits are
   * taken in float64. The mean of no elements is NaN.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using centre = device.mean(x, { shape: [points, 3], axis: 0 });
   * ```
   *
   * @group Along an axis
   */
  mean<D extends FloatDtype, R extends FloatDtype = D>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  mean<D extends Dtype, R extends FloatDtype = MeanDtype<D>>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  mean(x: Operand, options?: ReductionOptions): DeviceBuffer {
    return apply(this, 'mean', [x], options);
  }

  /**
   * Euclidean norms: square roots of sums of squares. They overflow, or vanish, only where the norm
   * itself does: large and small squares are scaled and added up apart (J. L. Blue, ACM TOMS 4, 1978,
   * as in LAPACK's nrm2). Of integers the result is `float64`.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using lengths = device.norm(x, { shape: [points, 3], axis: 1 });
   * ```
   *
   * @group Along an axis
   */
  norm<D extends FloatDtype, R extends FloatDtype = D>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  norm<D extends Dtype, R extends FloatDtype = MeanDtype<D>>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  norm(x: Operand, options?: ReductionOptions): DeviceBuffer {
    return apply(this, 'norm', [x], options);
  }

  /**
   * Dot products: sums of `x[i] * y[i]`. Shapes broadcast as in {@link ElementwiseOperations.add};
   * the option `shape` is that of both. Dtypes are as in {@link ReductionOperations.sum}, but products
   * of integers from 32 bits up are added up in float64 where the result is.
   *
   * @param x - any dtype
   * @param y - same dtype as `x`
   *
   * @example
   * ```ts
   * using product = device.dot(x, y);
   * using perRow = device.dot({ buffer: matrix, shape: [4, 3] }, vector, { axis: 1 });
   * ```
   *
   * @group Along an axis
   */
  dot<D extends FloatDtype, R extends FloatDtype = D>(
    x: Operand<D>,
    y: Operand<NoInfer<D>>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  dot<D extends Dtype, R extends SumResultDtype<D> | SumDtype<D> = SumDtype<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R>;
  dot(x: Operand, y: Operand, options?: ReductionOptions): DeviceBuffer {
    return apply(this, 'dot', [x, y], options);
  }

  /**
   * Largest elements. If there is a NaN, the result is NaN; +0 counts as more than -0.
   *
   * @param x - any dtype
   * @throws `RangeError` if the axis has length 0
   *
   * @example
   * ```ts
   * using peak = device.max(x);
   * ```
   *
   * @group Along an axis
   */
  max<D extends Dtype>(x: Operand<D>, options?: ReductionOptions<NoInfer<D>>): DeviceBuffer<D> {
    return apply(this, 'max', [x], options) as DeviceBuffer<D>;
  }

  /**
   * Smallest elements. If there is a NaN, the result is NaN; -0 counts as less than +0.
   *
   * @param x - any dtype
   * @throws `RangeError` if the axis has length 0
   *
   * @example
   * ```ts
   * using least = device.min(x);
   * ```
   *
   * @group Along an axis
   */
  min<D extends Dtype>(x: Operand<D>, options?: ReductionOptions<NoInfer<D>>): DeviceBuffer<D> {
    return apply(this, 'min', [x], options) as DeviceBuffer<D>;
  }

  /**
   * Indices of the largest elements along the axis, the first of equal ones. A NaN counts as the
   * largest. Without an axis the index is that of the element in row-major order.
   *
   * The result is `int32`, which JavaScript reads as numbers, unless `outDtype` asks for `int64`.
   *
   * @param x - any dtype
   * @throws `RangeError` if the axis has length 0, or is too long for `int32`
   *
   * @example
   * ```ts
   * using classes = device.argmax(logits, { shape: [images, 10], axis: 1 });
   * ```
   *
   * @group Along an axis
   */
  argmax<D extends Dtype, R extends 'int32' | 'int64' = 'int32'>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R> {
    return apply(this, 'argmax', [x], options) as DeviceBuffer<R>;
  }

  /**
   * Indices of the smallest elements along the axis, the first of equal ones. A NaN counts as the
   * smallest. Otherwise as {@link ReductionOperations.argmax}.
   *
   * @param x - any dtype
   * @throws `RangeError` if the axis has length 0, or is too long for `int32`
   *
   * @example
   * ```ts
   * using nearest = device.argmin(distances, { shape: [queries, points], axis: 1 });
   * ```
   *
   * @group Along an axis
   */
  argmin<D extends Dtype, R extends 'int32' | 'int64' = 'int32'>(
    x: Operand<D>,
    options?: ReductionOptions<R>,
  ): DeviceBuffer<R> {
    return apply(this, 'argmin', [x], options) as DeviceBuffer<R>;
  }
}

function apply(
  self: object,
  operation: ReductionName,
  operands: readonly unknown[],
  options: unknown,
): DeviceBuffer {
  const state = deviceReceiver(self, operation);
  return answer(self, reduce(state, operation, operands, options)) as DeviceBuffer;
}
