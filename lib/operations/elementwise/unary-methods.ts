/**
 * What a Device does with the elements of one operand.
 */
import type { Dtype, FloatDtype } from '../../base/dtype.js';
import { deviceReceiver } from '../../device/device.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import { answer } from '../../operands/result.js';
import type { Operand } from '../../operands/strided.js';
import { unary } from './elementwise.js';
import { type Operation, UNARY } from './operation.js';
import type { ElementwiseOptions } from './options.js';

/**
 * The elementwise operations of one operand, of {@link Device}.
 *
 * An operand is a {@link DeviceBuffer} or a {@link StridedView}, and the result has its shape: a
 * new buffer, row-major, or `out`, which is returned then. `float16` and `bfloat16` are computed in
 * `float32` and rounded once, to nearest even. Everything enqueues and returns.
 *
 * All throw `TypeError` for a dtype that they do not take or an `out` of another one, `RangeError`
 * for views that reach beyond their buffer and for an `out` of another shape or in the way of an
 * operand, {@link CudaWrongDeviceError} for a buffer or stream of another device.
 *
 * @group What Device and Stream can do
 */
export abstract class UnaryOperations {
  /**
   * Changes signs: `-x[i]`. Integers wrap around, unsigned ones too.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using y = device.neg(x);
   * ```
   *
   * @group Elementwise operations
   */
  neg<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.neg, x, options) as O;
  }

  /**
   * Absolute values. The least integer of a signed dtype stays as it is.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using y = device.abs(x);
   * ```
   *
   * @group Elementwise operations
   */
  abs<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.abs, x, options) as O;
  }

  /**
   * Squares: `x[i] * x[i]`. Integers wrap around.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using y = device.square(x);
   * ```
   *
   * @group Elementwise operations
   */
  square<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.square, x, options) as O;
  }

  /**
   * Rectifies: 0 where `x[i]` is negative or -0, else `x[i]`; NaN stays NaN.
   *
   * @param x - any dtype
   *
   * @example
   * ```ts
   * using y = device.relu(x);
   * ```
   *
   * @group Elementwise operations
   */
  relu<D extends Dtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.relu, x, options) as O;
  }

  /**
   * Square roots, correctly rounded; NaN for negative numbers.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.sqrt(x);
   * ```
   *
   * @group Elementwise operations
   */
  sqrt<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.sqrt, x, options) as O;
  }

  /**
   * Reciprocal square roots, to 2 units in the last place.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.rsqrt(x);
   * ```
   *
   * @group Elementwise operations
   */
  rsqrt<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.rsqrt, x, options) as O;
  }

  /**
   * Reciprocals, `1 / x[i]`, correctly rounded.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.reciprocal(x);
   * ```
   *
   * @group Elementwise operations
   */
  reciprocal<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.reciprocal, x, options) as O;
  }

  /**
   * The exponential function, to 2 units in the last place.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.exp(x);
   * ```
   *
   * @group Elementwise operations
   */
  exp<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.exp, x, options) as O;
  }

  /**
   * Natural logarithms, to 2 units in the last place.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.log(x);
   * ```
   *
   * @group Elementwise operations
   */
  log<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.log, x, options) as O;
  }

  /**
   * Sines of angles in radians, to 2 units in the last place, of however large angles.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.sin(x);
   * ```
   *
   * @group Elementwise operations
   */
  sin<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.sin, x, options) as O;
  }

  /**
   * Cosines of angles in radians, to 2 units in the last place, of however large angles.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.cos(x);
   * ```
   *
   * @group Elementwise operations
   */
  cos<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.cos, x, options) as O;
  }

  /**
   * Hyperbolic tangents, to 2 units in the last place.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.tanh(x);
   * ```
   *
   * @group Elementwise operations
   */
  tanh<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.tanh, x, options) as O;
  }

  /**
   * The logistic function, `1 / (1 + exp(-x[i]))`.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.sigmoid(x);
   * ```
   *
   * @group Elementwise operations
   */
  sigmoid<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.sigmoid, x, options) as O;
  }

  /**
   * `x[i] * sigmoid(x[i])`; -0 in the limit of -Infinity.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.silu(x);
   * ```
   *
   * @group Elementwise operations
   */
  silu<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.silu, x, options) as O;
  }

  /**
   * `x[i]` times the normal distribution function of it, by erfc: the exact GELU, not the tanh
   * approximation; -0 in the limit of -Infinity.
   *
   * @param x - floats
   *
   * @example
   * ```ts
   * using y = device.gelu(x);
   * ```
   *
   * @group Elementwise operations
   */
  gelu<D extends FloatDtype, O extends Operand<D> = DeviceBuffer<D>>(
    x: Operand<D>,
    options?: ElementwiseOptions<D, O>,
  ): O {
    return apply(this, UNARY.gelu, x, options) as O;
  }
}

function apply(self: object, operation: Operation, x: unknown, options: unknown): unknown {
  const state = deviceReceiver(self, operation.name);
  return answer(self, unary(state, operation, x, options));
}
