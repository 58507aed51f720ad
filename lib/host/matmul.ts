/**
 * Matrix products of host arrays, on the default device.
 */
import { argumentTypeError, elementCount, readOptions, typeError } from '../base/checks.js';
import { type DtypeInfo, dtypeByArray, type HostArray, typedArrayName } from '../base/dtype.js';
import { cuda } from '../cuda/cuda.js';
import { deviceArgument } from '../device/device.js';
import { type DeviceBuffer, wrapBuffer } from '../memory/buffer.js';
import { upload } from '../memory/upload.js';
import type { Device } from '../methods.js';
import {
  type CheckedMatmul,
  type MatmulPrecision,
  readMatmulOptions,
} from '../operations/matmul/options.js';
import { checkOperand, hasGaps, type MatmulShape, shapeSlots } from '../operations/matmul/shape.js';

type MatmulArray = Float32Array | Float64Array;

/** Options of {@link matmul} and {@link matmulSync}. */
export interface HostMatmulOptions<A> extends MatmulShape {
  /** Where the result goes, at the end. Default: a new array. */
  out?: A | undefined;
  /** Of products of Float32Arrays. Default `'ieee'`. */
  precision?: MatmulPrecision | undefined;
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

/** Checked options, and those to hand on with copies of the arrays. */
interface HostCall {
  readonly checked: CheckedMatmul;
  readonly options: MatmulShape & { precision?: MatmulPrecision | undefined };
  readonly out: MatmulArray | undefined;
}

function check(a: MatmulArray, b: MatmulArray, options: unknown): HostCall {
  if (options === undefined) throw typeError('Expected options with `m`, `n` and `k` for matmul');
  const slots = { ...shapeSlots(), precision: undefined, out: undefined };
  const given = readOptions(options, slots);
  const checked = readMatmulOptions(given);
  const dtype = checkArray(a, 'a');
  checkArray(b, 'b', dtype);
  checkOperand('a', checked.shape.a, elementCount(a, dtype, 'a'));
  checkOperand('b', checked.shape.b, elementCount(b, dtype, 'b'));
  const { out, ...rest } = given;
  if (out !== undefined) {
    checkArray(out, 'out', dtype);
    checkOperand('out', checked.shape.c, elementCount(out, dtype, 'out'));
  }
  return { checked, options: rest as HostCall['options'], out };
}

// Copies the inputs and enqueues the product. What is enqueued outlives the disposed buffers.
function enqueue(
  a: MatmulArray,
  b: MatmulArray,
  call: HostCall,
  mayWait: boolean,
): DeviceBuffer<'float64'> {
  const { checked, options, out } = call;
  const device = defaultDevice();
  const buffers: DeviceBuffer<'float64'>[] = [];
  // One type is as good as the other from here on: a and b have been checked to be the same.
  const put = (array: unknown): DeviceBuffer<'float64'> => {
    const state = upload(
      deviceArgument(device, 'device'),
      array as Float64Array,
      undefined,
      mayWait,
    );
    const buffer = wrapBuffer<'float64'>(device, state);
    buffers.push(buffer);
    return buffer;
  };
  try {
    const x = put(a);
    const y = put(b);
    // `out` is copied to the device if it is scaled, or if what lies between its rows must stay.
    const isRead = checked.shape.beta !== 0 || hasGaps(checked.shape.c);
    if (out === undefined || !isRead) return device.matmul(x, y, options);
    const result = device.matmul(x, y, { ...options, out: put(out) });
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
 *
 * @group Start here
 */
export async function matmul<A extends Float32Array = HostArray<'float32'>>(
  a: Float32Array,
  b: Float32Array,
  options: HostMatmulOptions<A>,
): Promise<A>;
export async function matmul<A extends Float64Array = HostArray<'float64'>>(
  a: Float64Array,
  b: Float64Array,
  options: HostMatmulOptions<A>,
): Promise<A>;
export async function matmul(
  a: MatmulArray,
  b: MatmulArray,
  options: HostMatmulOptions<MatmulArray>,
): Promise<MatmulArray> {
  const call = check(a, b, options);
  const result = enqueue(a, b, call, false);
  try {
    return await (call.out === undefined ? result.read() : result.read(call.out));
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
 *
 * @group Start here
 */
export function matmulSync<A extends Float32Array = HostArray<'float32'>>(
  a: Float32Array,
  b: Float32Array,
  options: HostMatmulOptions<A>,
): A;
export function matmulSync<A extends Float64Array = HostArray<'float64'>>(
  a: Float64Array,
  b: Float64Array,
  options: HostMatmulOptions<A>,
): A;
export function matmulSync(
  a: MatmulArray,
  b: MatmulArray,
  options: HostMatmulOptions<MatmulArray>,
): MatmulArray {
  const call = check(a, b, options);
  const result = enqueue(a, b, call, true);
  try {
    return call.out === undefined ? result.readSync() : result.readSync(call.out);
  } finally {
    result.dispose();
  }
}
