/**
 * What a Device does element by element with two operands, with numbers, and to the dtype.
 */
import type { Dtype, FloatDtype, Scalar } from '../../base/dtype.js';
import { deviceReceiver } from '../../device/device.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import { answer } from '../../operands/result.js';
import type { Operand } from '../../operands/strided.js';
import { binary, convert, readFactor, readLimits, unary } from './elementwise.js';
import { BINARY, type Operation, UNARY } from './operation.js';
import type { ElementwiseOptions } from './options.js';

/**
 * The elementwise operations of {@link Device}: those of two operands, and those that take numbers.
 *
 * An operand is a {@link DeviceBuffer} or a {@link StridedView}. Shapes broadcast as in NumPy: they
 * are aligned at their last dimensions, and an extent of 1 is repeated. The result is a new buffer,
 * row-major, or `out`, which is returned then. `float16` and `bfloat16` are computed in `float32`
 * and rounded once, to nearest even. Everything enqueues and returns.
 *
 * One of two operands may be a number (or a bigint, for the 64-bit integers). It stands for a
 * buffer that was filled with it: see {@link DeviceBuffer.fill}.
 *
 * All throw `TypeError` for dtypes that differ or are not taken, `RangeError` for views that reach
 * beyond their buffer, shapes that do not broadcast, numbers that an integer dtype cannot hold, and
 * an `out` of another shape or in the way of an operand: it may be one, element for element, but
 * the memory from its first to its last element must not meet that of an operand otherwise.
 * {@link CudaWrongDeviceError} is thrown for a buffer or stream of another device.
 *
 * @group What Device and Stream can do
 */
export abstract class ElementwiseOperations {
  /**
   * Adds: `x[i] + y[i]`. Integers wrap around.
   *
   * @param x - any dtype
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * using z = device.add(x, y);
   * device.add(x, y, { out: x }); // in place
   * using rows = device.add({ buffer: matrix, shape: [2, 3] }, bias); // bias: 3 elements
   * ```
   *
   * @group Elementwise operations
   */
  add<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  add<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Scalar<NoInfer<D>>,
    y: Operand<D>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  add(x: unknown, y: unknown, options?: unknown): unknown {
    return apply(this, BINARY.add, x, y, options);
  }

  /**
   * Subtracts: `x[i] - y[i]`. Integers wrap around.
   *
   * @param x - any dtype
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * using z = device.sub(1, x); // 1 - x[i]
   * ```
   *
   * @group Elementwise operations
   */
  sub<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  sub<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Scalar<NoInfer<D>>,
    y: Operand<D>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  sub(x: unknown, y: unknown, options?: unknown): unknown {
    return apply(this, BINARY.sub, x, y, options);
  }

  /**
   * Multiplies: `x[i] * y[i]`. Integers wrap around.
   *
   * @param x - any dtype
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * using z = device.mul(x, 2);
   * ```
   *
   * @group Elementwise operations
   */
  mul<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  mul<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Scalar<NoInfer<D>>,
    y: Operand<D>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  mul(x: unknown, y: unknown, options?: unknown): unknown {
    return apply(this, BINARY.mul, x, y, options);
  }

  /**
   * Divides: `x[i] / y[i]`. Quotients of integers are truncated towards zero, as in C; dividing one
   * by 0 gives 0, and the least one by -1 itself. Those of floats are correctly rounded.
   *
   * @param x - any dtype
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * using z = device.div(x, y);
   * ```
   *
   * @group Elementwise operations
   */
  div<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  div<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Scalar<NoInfer<D>>,
    y: Operand<D>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  div(x: unknown, y: unknown, options?: unknown): unknown {
    return apply(this, BINARY.div, x, y, options);
  }

  /**
   * The greater of `x[i]` and `y[i]`; NaN if one of them is NaN, as in NumPy. Which zero comes out
   * of 0 and -0 is not specified.
   *
   * @param x - any dtype
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * using z = device.maximum(x, y);
   * ```
   *
   * @group Elementwise operations
   */
  maximum<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  maximum<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Scalar<NoInfer<D>>,
    y: Operand<D>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  maximum(x: unknown, y: unknown, options?: unknown): unknown {
    return apply(this, BINARY.maximum, x, y, options);
  }

  /**
   * The lesser of `x[i]` and `y[i]`; NaN if one of them is NaN, as in NumPy. Which zero comes out
   * of 0 and -0 is not specified.
   *
   * @param x - any dtype
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * using z = device.minimum(x, y);
   * ```
   *
   * @group Elementwise operations
   */
  minimum<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  minimum<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Scalar<NoInfer<D>>,
    y: Operand<D>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  minimum(x: unknown, y: unknown, options?: unknown): unknown {
    return apply(this, BINARY.minimum, x, y, options);
  }

  /**
   * Powers: `x[i]` to the `y[i]`, with the special cases of C: NaN for a negative base and an
   * exponent that is no integer, 1 for an exponent of 0 or a base of 1 even with NaN.
   *
   * @param x - floats
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * using z = device.pow(x, 3);
   * ```
   *
   * @group Elementwise operations
   */
  pow<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  pow<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Scalar<NoInfer<D>>,
    y: Operand<D>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O;
  pow(x: unknown, y: unknown, options?: unknown): unknown {
    return apply(this, BINARY.pow, x, y, options);
  }

  /**
   * `alpha * x[i] + y[i]`, in floats with one rounding (fused); integers wrap around.
   *
   * @param alpha - a number; for integers one that the dtype can hold
   * @param x - any dtype
   * @param y - same dtype as `x`, or a number if `x` is none
   *
   * @example
   * ```ts
   * device.axpy(0.5, x, y, { out: y }); // y += 0.5 x
   * ```
   *
   * @group Elementwise operations
   */
  axpy<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    alpha: Scalar<NoInfer<D>>,
    x: Operand<D>,
    y: Operand<NoInfer<D>> | Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O {
    const state = deviceReceiver(this, 'axpy');
    return answer(this, binary(state, BINARY.axpy, x, y, options, readFactor(alpha))) as O;
  }

  /**
   * `alpha * x[i]`. For `float16` and `bfloat16`, alpha is rounded to `float32` only: that is where
   * this differs from {@link ElementwiseOperations.mul}. Integers wrap around.
   *
   * @param x - any dtype
   * @param alpha - a number; for integers one that the dtype can hold
   *
   * @example
   * ```ts
   * device.scale(x, 1 / 3, { out: x });
   * ```
   *
   * @group Elementwise operations
   */
  scale<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    alpha: Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O {
    const state = deviceReceiver(this, 'scale');
    return answer(this, unary(state, UNARY.scale, x, options, readFactor(alpha))) as O;
  }

  /**
   * Limits elements to `min` ... `max`; NaN stays NaN.
   *
   * @param x - any dtype
   * @param min - a number, at most `max`; for integers one that the dtype can hold
   * @param max - likewise
   * @throws `RangeError` if `min` is greater than `max` or one of them is NaN
   *
   * @example
   * ```ts
   * using y = device.clamp(x, 0, 1);
   * ```
   *
   * @group Elementwise operations
   */
  clamp<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    min: Scalar<NoInfer<D>>,
    max: Scalar<NoInfer<D>>,
    options?: ElementwiseOptions<NoInfer<D>, O>,
  ): O {
    const state = deviceReceiver(this, 'clamp');
    return answer(this, unary(state, UNARY.clamp, x, options, readLimits(min, max))) as O;
  }

  /**
   * Converts to another dtype, or copies if it is the same.
   *
   * A float becomes an integer truncated towards zero and limited to what the dtype holds; NaN
   * becomes 0. An integer becomes a float rounded to nearest even, and an integer of another dtype
   * by its low bits, as in a typed array. Between floats it is rounded once, to nearest even; what
   * is too large becomes infinite.
   *
   * @param x - any dtype
   * @param dtype - any dtype
   *
   * @example
   * ```ts
   * using half = device.convert(x, 'float16');
   * ```
   *
   * @group Elementwise operations
   */
  convert<T extends Dtype, O extends Operand<T> = DeviceBuffer<T>>(
    x: Operand,
    dtype: T,
    options?: ElementwiseOptions<NoInfer<T>, O>,
  ): O {
    const state = deviceReceiver(this, 'convert');
    return answer(this, convert(state, x, dtype, options)) as O;
  }
}

function apply(
  self: object,
  operation: Operation,
  x: unknown,
  y: unknown,
  options: unknown,
): unknown {
  const state = deviceReceiver(self, operation.name);
  return answer(self, binary(state, operation, x, y, options));
}
