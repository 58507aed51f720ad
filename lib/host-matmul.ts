/**
 * Matrix products of host arrays, on the default device.
 */
import type { DeviceBuffer } from './buffer.js';
import { argumentTypeError, elementCount, typedArrayName, typeError } from './checks.js';
import { cuda } from './cuda.js';
import type { Device } from './device.js';
import { type DtypeInfo, dtypeByArray } from './dtype.js';
import {
  checkOperand,
  type MatmulPlan,
  type MatmulShape,
  readMatmulOptions,
} from './matmul-shape.js';

type MatmulArray = Float32Array | Float64Array;

/** Options of {@link matmul} and {@link matmulSync}. */
export interface HostMatmulOptions<A> extends MatmulShape {
  /** Where the result goes, at the end. Default: a new array. */
  out?: A;
}

let shared: Device | undefined;

// Opened at the first use and kept: it goes with the process or worker.
function defaultDevice(): Device {
  shared ??= cuda.device();
  return shared;
}

function checkArray(value: unknown, name: string, like?: DtypeInfo): DtypeInfo {
  const array = typedArrayName(value);
  if (array !== 'Float32Array' && array !== 'Float64Array') {
    throw argumentTypeError('a Float32Array or Float64Array', name, value);
  }
  const dtype = dtypeByArray(array)!;
  if (like !== undefined && dtype !== like) {
    throw typeError(
      `Expected the same dtype for \`a\` and \`${name}\` but received ${like.name} and ${dtype.name}`,
    );
  }
  return dtype;
}

function check(a: MatmulArray, b: MatmulArray, options: unknown): MatmulPlan {
  const plan = readMatmulOptions(options);
  if (plan.stream !== undefined) throw typeError('A matrix product of host arrays has no `stream`');
  const dtype = checkArray(a, 'a');
  checkArray(b, 'b', dtype);
  checkOperand('a', plan.a, elementCount(a, dtype, 'a'));
  checkOperand('b', plan.b, elementCount(b, dtype, 'b'));
  if (plan.out !== undefined) {
    checkArray(plan.out, 'out', dtype);
    checkOperand('out', plan.c, elementCount(plan.out, dtype, 'out'));
  }
  return plan;
}

function shapeOf({
  m,
  n,
  k,
  transposeA,
  transposeB,
  a,
  b,
  c,
  alpha,
  beta,
}: MatmulPlan): MatmulShape {
  const strides = { lda: a.stride, ldb: b.stride, ldc: c.stride };
  return { m, n, k, transposeA, transposeB, ...strides, alpha, beta };
}

// Copies the inputs and enqueues the product. What is enqueued outlives the disposed buffers.
function enqueue(a: MatmulArray, b: MatmulArray, plan: MatmulPlan): DeviceBuffer<'float64'> {
  const device = defaultDevice();
  const buffers: DeviceBuffer<'float64'>[] = [];
  // One type is as good as the other from here on: a and b have been checked to be the same.
  const upload = (array: unknown): DeviceBuffer<'float64'> => {
    const buffer = device.from(array as Float64Array);
    buffers.push(buffer);
    return buffer;
  };
  try {
    const x = upload(a);
    const y = upload(b);
    // `out` is copied to the device if it is scaled, or if what lies between its rows must stay.
    const isRead = plan.beta !== 0 || plan.c.stride > plan.n;
    if (plan.out === undefined || !isRead) return device.matmul(x, y, shapeOf(plan));
    const result = device.matmul(x, y, { ...shapeOf(plan), out: upload(plan.out) });
    buffers.pop();
    return result;
  } finally {
    for (const buffer of buffers) buffer.dispose();
  }
}

/**
 * Multiplies matrices in host memory: `alpha op(a) op(b) + beta out`, all row-major, on
 * `cuda.device()`. The inputs are copied before the call returns; the event loop is not blocked.
 *
 * For many products keep the matrices on the device with {@link Device.matmul}: copying them there
 * and back takes longer than a small product.
 *
 * @param a - op(a) is m x k: stored m x k, or k x m with `transposeA`
 * @param b - op(b) is k x n: stored k x n, or n x k with `transposeB`
 * @returns `out`, or a new array, m x n
 * @throws {@link CudaUnavailableError} without a usable GPU (see NODECUDA_SIMULATE)
 * @throws `TypeError` if the arrays are not of one kind, `RangeError` if a length does not fit
 *
 * @example
 * ```ts
 * const c = await matmul(a, b, { m: 2, n: 4, k: 3 });
 * ```
 */
export async function matmul(
  a: Float32Array,
  b: Float32Array,
  options: HostMatmulOptions<Float32Array>,
): Promise<Float32Array>;
export async function matmul(
  a: Float64Array,
  b: Float64Array,
  options: HostMatmulOptions<Float64Array>,
): Promise<Float64Array>;
export async function matmul(
  a: MatmulArray,
  b: MatmulArray,
  options: HostMatmulOptions<MatmulArray>,
): Promise<MatmulArray> {
  const plan = check(a, b, options);
  const result = enqueue(a, b, plan);
  try {
    return await (plan.out === undefined ? result.read() : result.read(plan.out as MatmulArray));
  } finally {
    result.dispose();
  }
}

/**
 * {@link matmul}, blocking until the product is there.
 *
 * @throws as {@link matmul}
 *
 * @example
 * ```ts
 * const c = matmulSync(a, b, { m: 2, n: 4, k: 3 });
 * ```
 */
export function matmulSync(
  a: Float32Array,
  b: Float32Array,
  options: HostMatmulOptions<Float32Array>,
): Float32Array;
export function matmulSync(
  a: Float64Array,
  b: Float64Array,
  options: HostMatmulOptions<Float64Array>,
): Float64Array;
export function matmulSync(
  a: MatmulArray,
  b: MatmulArray,
  options: HostMatmulOptions<MatmulArray>,
): MatmulArray {
  const plan = check(a, b, options);
  const result = enqueue(a, b, plan);
  try {
    return plan.out === undefined ? result.readSync() : result.readSync(plan.out as MatmulArray);
  } finally {
    result.dispose();
  }
}
