import { ACTIVATIONS, MOST_SPLITS, PRECISIONS } from '../../abi/matmul.js';
import { native } from '../../addon/load.js';
import {
  argumentTypeError,
  checkChoice,
  optionalInteger,
  readOptions,
  typeError,
} from '../../base/checks.js';
import { type Dtype, type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import type { Stream } from '../../streams/stream.js';
import { type CheckedShape, checkBeta, checkShape, type MatmulShape, shapeSlots } from './shape.js';

/** Element types that matrix products are made for. */
export type MatmulDtype = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int8';

/** Element types that the product of matrices of dtype `D` can have; the first is the default. */
export type MatmulResultDtype<D extends Dtype> = D extends 'int8'
  ? 'int32' | 'float32' | 'float16' | 'bfloat16'
  : D extends 'float16' | 'bfloat16'
    ? D | 'float32'
    : D;

/** The element type of a product of matrices of dtype `D`, unless told otherwise. */
export type MatmulDefaultDtype<D extends Dtype> = D extends 'int8' ? 'int32' : D;

/**
 * What a product of `float32` matrices may give up for speed.
 *
 * - `'ieee'`: nothing. Products and sums are those of IEEE float32. The default.
 * - `'tf32'`: the inputs are rounded to 11 significant bits (float32 has 24), sums are float32.
 * - `'fp32-fast'`: each input is taken as the sum of two such numbers, which gives errors like
 *   those of float32, from tensor cores: 2^-20 of each product, and 2^-136 of each of its inputs,
 *   which is more only where the other is below 2^-116 (1e-35). Overflow, infinities and NaN are as
 *   in IEEE arithmetic, but an input below 2^-137 counts as 0, also beside infinity.
 *
 * Where there is no kernel for less, IEEE arithmetic serves.
 */
export type MatmulPrecision = 'ieee' | 'tf32' | 'fp32-fast';

/** What is applied to a sum before it is rounded: see {@link MatmulEpilogue.activation}. */
export type MatmulActivation = 'relu' | 'gelu' | 'gelu-tanh';

/**
 * What is done to the product before it is stored, in the same kernel:
 * `out = activation(alpha rowScale[i] columnScale[j] op(a) op(b) + bias + beta out)`. All of it is
 * in the precision of the sums. In an `int32` result there can only be a bias and `'relu'`.
 */
export interface MatmulEpilogue<R extends Dtype = Dtype> {
  /** Added to each row of the result (n elements), or with `biasAxis: 'row'` to each column (m). */
  bias?: DeviceBuffer<R> | undefined;
  /** What `bias` has an element for: every `'column'` of the result, the default, or every `'row'`. */
  biasAxis?: 'column' | 'row' | undefined;
  /** m factors, one for each row. `float64` for float64 products, else `float32`. */
  rowScale?: DeviceBuffer<'float32' | 'float64'> | undefined;
  /** n factors, one for each column. `float64` for float64 products, else `float32`. */
  columnScale?: DeviceBuffer<'float32' | 'float64'> | undefined;
  /**
   * `'relu'`: max(x, 0); `'gelu'`: x Phi(x) with the error function; `'gelu-tanh'`: its
   * approximation with tanh (Hendrycks and Gimpel, arXiv 1606.08415). NaN stays NaN.
   */
  activation?: MatmulActivation | undefined;
}

/** Overrides of the choice among kernels, for measuring: see {@link MatrixOperations.planMatmul}. */
export interface MatmulTuning {
  /** Name of the variant to use. RangeError if it cannot compute the product. */
  variant?: string | undefined;
  /** Into how many parts k is split, if the variant can do that. */
  splits?: number | undefined;
}

/** Options of {@link Device.matmul}. */
export interface MatmulOptions<D extends Dtype = Dtype, R extends Dtype = MatmulDefaultDtype<D>>
  extends MatmulShape,
    MatmulEpilogue<R>,
    MatmulTuning {
  /** Element type of the result. Default: that of `out`, else of the inputs (`int32` for `int8`). */
  outDtype?: R | undefined;
  /** Of `float32` products. Default `'ieee'`. */
  precision?: MatmulPrecision | undefined;
  /** Where the result goes; must not overlap an input. Default: a new buffer. */
  out?: DeviceBuffer<R> | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

const INPUTS: readonly unknown[] = ['float32', 'float64', 'float16', 'bfloat16', 'int8'];

const BIAS_AXES = ['column', 'row'] as const;

/** That the dtype is one that matrix products are made for. */
export function checkMatmulDtype(dtype: DtypeInfo): void {
  if (INPUTS.includes(dtype.name)) return;
  throw typeError(
    `Expected ${INPUTS.slice(0, -1).join(', ')} or int8 for a matrix product ` +
      `but received ${dtype.name}`,
  );
}

/** The dtype of the result: what is asked for, if it goes with the inputs. */
export function resultDtype(input: DtypeInfo, asked: unknown): DtypeInfo {
  if ((asked === undefined || asked === input.name) && input.name !== 'int8') return input;
  const natural = input.name === 'int8' ? 'int32' : input.name;
  const possible =
    input.name === 'int8'
      ? ['int32', 'float32', 'float16', 'bfloat16']
      : input.name === 'float32' || input.name === 'float64'
        ? [natural]
        : [natural, 'float32'];
  const result = dtypeByName(asked ?? natural);
  if (result !== undefined && possible.includes(result.name)) return result;
  throw argumentTypeError(`${possible.join(', ')} (for ${input.name} inputs)`, 'outDtype', asked);
}

/** Checked options, but for what only the buffers decide. Whatever is unknown is not checked. */
export interface CheckedMatmul {
  readonly shape: CheckedShape;
  readonly precision: number;
  readonly activation: number;
  readonly biasPerRow: boolean;
  /** Index of the variant, or -1. */
  readonly variant: number;
  readonly splits: number;
  readonly outDtype: unknown;
  readonly bias: unknown;
  readonly rowScale: unknown;
  readonly columnScale: unknown;
  readonly out: unknown;
  readonly stream: unknown;
}

// Written out: with the slots of the shape spread into it, making this takes 15 us (V8 11.3).
function matmulSlots(): Record<keyof MatmulOptions, unknown> {
  return {
    m: undefined,
    n: undefined,
    k: undefined,
    transposeA: undefined,
    transposeB: undefined,
    lda: undefined,
    ldb: undefined,
    ldc: undefined,
    batches: undefined,
    strideA: undefined,
    strideB: undefined,
    strideC: undefined,
    alpha: undefined,
    beta: undefined,
    precision: undefined,
    bias: undefined,
    biasAxis: undefined,
    rowScale: undefined,
    columnScale: undefined,
    activation: undefined,
    variant: undefined,
    splits: undefined,
    outDtype: undefined,
    out: undefined,
    stream: undefined,
  };
}

function takeMatmulOption(
  slots: Record<keyof MatmulOptions, unknown>,
  key: string,
  value: unknown,
): boolean {
  const name = key as keyof MatmulOptions;
  switch (name) {
    case 'm':
      slots.m = value;
      return true;
    case 'n':
      slots.n = value;
      return true;
    case 'k':
      slots.k = value;
      return true;
    case 'transposeA':
      slots.transposeA = value;
      return true;
    case 'transposeB':
      slots.transposeB = value;
      return true;
    case 'lda':
      slots.lda = value;
      return true;
    case 'ldb':
      slots.ldb = value;
      return true;
    case 'ldc':
      slots.ldc = value;
      return true;
    case 'batches':
      slots.batches = value;
      return true;
    case 'strideA':
      slots.strideA = value;
      return true;
    case 'strideB':
      slots.strideB = value;
      return true;
    case 'strideC':
      slots.strideC = value;
      return true;
    case 'alpha':
      slots.alpha = value;
      return true;
    case 'beta':
      slots.beta = value;
      return true;
    case 'precision':
      slots.precision = value;
      return true;
    case 'bias':
      slots.bias = value;
      return true;
    case 'biasAxis':
      slots.biasAxis = value;
      return true;
    case 'rowScale':
      slots.rowScale = value;
      return true;
    case 'columnScale':
      slots.columnScale = value;
      return true;
    case 'activation':
      slots.activation = value;
      return true;
    case 'variant':
      slots.variant = value;
      return true;
    case 'splits':
      slots.splits = value;
      return true;
    case 'outDtype':
      slots.outDtype = value;
      return true;
    case 'out':
      slots.out = value;
      return true;
    case 'stream':
      slots.stream = value;
      return true;
    default:
      name satisfies never;
      return false;
  }
}

function checkVariant(value: unknown): number {
  if (value === undefined) return -1;
  return checkChoice(value, native().matmulVariants(), 'variant');
}

/** Reads and checks the options of a product. Runs the getters of `options`, each once. */
export function readMatmulOptions(options: unknown): CheckedMatmul {
  if (options === undefined) throw typeError('Expected options with `m`, `n` and `k` for matmul');
  const given = readOptions(options, matmulSlots(), takeMatmulOption);
  const shape = checkShape(given);
  checkBeta(shape, given.out);
  return {
    shape,
    precision: checkChoice(given.precision, PRECISIONS, 'precision'),
    activation: checkChoice(given.activation, ACTIVATIONS, 'activation'),
    biasPerRow: checkChoice(given.biasAxis, BIAS_AXES, 'biasAxis') === 1,
    variant: checkVariant(given.variant),
    splits: optionalInteger(given.splits, 'splits', 0, 1, MOST_SPLITS),
    outDtype: given.outDtype,
    bias: given.bias,
    rowScale: given.rowScale,
    columnScale: given.columnScale,
    out: given.out,
    stream: given.stream,
  };
}

const INT32_LIMIT = 2 ** 31;

/** What depends on the dtypes: a precision is float32's, and integers are not scaled. */
export function checkMatmulKind(call: CheckedMatmul, input: DtypeInfo, result: DtypeInfo): void {
  if (call.precision !== 0 && input.name !== 'float32') {
    throw typeError(`\`precision\` is for float32 products, not for those of ${input.name}`);
  }
  if (result.name !== 'int32') return;
  for (const name of ['alpha', 'beta'] as const) {
    const factor = call.shape[name];
    if (Number.isInteger(factor) && Math.abs(factor) < INT32_LIMIT) continue;
    throw typeError(`Expected a 32-bit integer for \`${name}\` of an int32 result, not ${factor}`);
  }
  if (call.rowScale !== undefined || call.columnScale !== undefined || call.activation > 1) {
    throw typeError('An int32 result cannot be scaled per row or column, nor be an input of GELU');
  }
}

/** Reads and checks the options of a plan: those of a product without its buffers. */
export function readPlanOptions(options: unknown): {
  readonly call: CheckedMatmul;
  readonly input: DtypeInfo;
  readonly result: DtypeInfo;
  readonly aligned: boolean;
} {
  if (options === undefined) {
    throw typeError('Expected options with `dtype`, `m`, `n` and `k` for planMatmul');
  }
  const slots = { dtype: undefined, aligned: undefined as unknown };
  const own = { ...shapeSlots(), precision: undefined, variant: undefined, splits: undefined };
  const given = readOptions(options, { ...own, outDtype: undefined, ...slots });
  const { dtype, aligned, ...rest } = given;
  const input = dtypeByName(dtype);
  if (input === undefined) {
    throw argumentTypeError(`one of ${INPUTS.join(', ')}`, 'dtype', dtype);
  }
  checkMatmulDtype(input);
  if (aligned !== undefined && typeof aligned !== 'boolean') {
    throw argumentTypeError('a boolean', 'aligned', aligned);
  }
  // A plan has no `out` that beta could scale.
  const call = readMatmulOptions({ ...rest, beta: 0 });
  for (const name of ['m', 'n', 'batches'] as const) {
    if (call.shape[name] === 0) throw typeError(`Nothing is computed with \`${name}\` 0`);
  }
  const result = resultDtype(input, rest.outDtype);
  checkMatmulKind(call, input, result);
  return { call, input, result, aligned: aligned ?? true };
}
