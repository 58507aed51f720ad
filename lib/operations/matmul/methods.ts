/**
 * The matrix products of a Device.
 */
import type { FloatDtype } from '../../base/dtype.js';
import { deviceReceiver } from '../../device/device.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import { answer } from '../../operands/result.js';
import { matmul } from './matmul.js';
import type {
  MatmulDefaultDtype,
  MatmulDtype,
  MatmulOptions,
  MatmulPrecision,
  MatmulResultDtype,
  MatmulTuning,
} from './options.js';
import { type MatmulPlan, planMatmul } from './plan.js';
import type { MatmulShape } from './shape.js';

/** Options of {@link MatrixOperations.planMatmul}. */
export interface PlanMatmulOptions<D extends MatmulDtype = MatmulDtype>
  extends MatmulShape,
    MatmulTuning {
  /** Element type of `a` and `b`. */
  dtype: D;
  /** Element type of the result. Default: as in {@link MatrixOperations.matmul}. */
  outDtype?: MatmulResultDtype<D> | undefined;
  /** Of `float32` products. Default `'ieee'`. */
  precision?: MatmulPrecision | undefined;
  /**
   * Whether `a` and `b` begin at a multiple of 16 bytes, as whole buffers do and views need not.
   * Default true.
   */
  aligned?: boolean | undefined;
}

/**
 * The matrix products of {@link Device}.
 *
 * @group What Device and Stream can do
 */
export abstract class MatrixOperations {
  /**
   * Multiplies matrices: `out = alpha op(a) op(b) + beta out`, all row-major, one or a stack of
   * them, and on the way what {@link MatmulEpilogue} names. Enqueues and returns.
   *
   * Products of `float16` and `bfloat16` are summed in float32 and rounded once; those of `int8` are
   * summed in int32, which wraps around; a 16-bit result of theirs is `alpha` times the exact sum in
   * float32, rounded (once, if `alpha` is a power of 2 and nothing else is added).
   *
   * @param a - op(a) is m x k: stored m x k, or k x m with `transposeA`
   * @param b - op(b) is k x n: stored k x n, or n x k with `transposeB`; same dtype as `a`
   * @returns `out`, or a new buffer, m x n (`batches` of them)
   * @throws `TypeError` for other dtypes or options that do not go with them, `RangeError` if a
   *   length does not fit the shape, a leading dimension is less than the columns, `out` overlaps
   *   an input, or the `variant` asked for cannot compute the product
   * @throws {@link CudaWrongDeviceError} for a buffer or stream of another device
   * @throws {@link CudaOutOfMemoryError} if there is not enough memory; the device stays usable
   *
   * @example
   * ```ts
   * using c = device.matmul(a, b, { m: 2, n: 4, k: 3 });
   * device.matmul(a, b, { m: 2, n: 4, k: 3, alpha: 0.5, beta: 1, out: c }); // adds to c
   * using y = device.matmul(x, weights, { m, n, k, transposeB: true, bias, activation: 'gelu' });
   * ```
   *
   * @group Matrix products
   */
  matmul<D extends FloatDtype, R extends MatmulResultDtype<D> | D = D>(
    a: DeviceBuffer<D>,
    b: DeviceBuffer<NoInfer<D>>,
    options: MatmulOptions<NoInfer<D>, R>,
  ): DeviceBuffer<R>;
  matmul<
    D extends MatmulDtype,
    R extends MatmulResultDtype<D> | MatmulDefaultDtype<D> = MatmulDefaultDtype<D>,
  >(
    a: DeviceBuffer<D>,
    b: DeviceBuffer<NoInfer<D>>,
    options: MatmulOptions<NoInfer<D>, R>,
  ): DeviceBuffer<R>;
  matmul(a: DeviceBuffer, b: DeviceBuffer, options: MatmulOptions): DeviceBuffer {
    const state = deviceReceiver(this, 'matmul');
    return answer(this, matmul(state, a, b, options)) as DeviceBuffer;
  }

  /**
   * Tells how {@link MatrixOperations.matmul} would compute a product on this device, and why: the
   * kernel variant, its tile, the split of k, and what the others are modelled to take. Computes
   * nothing.
   *
   * @throws `TypeError` or `RangeError` as `matmul`, and for an empty product
   *
   * @example
   * ```ts
   * const plan = device.planMatmul({ dtype: 'bfloat16', m: 4096, n: 4096, k: 4096 });
   * console.log(plan.variant, plan.reason);
   * ```
   *
   * @group Matrix products
   */
  planMatmul<D extends MatmulDtype>(options: PlanMatmulOptions<D>): MatmulPlan {
    return planMatmul(deviceReceiver(this, 'planMatmul'), options);
  }
}
