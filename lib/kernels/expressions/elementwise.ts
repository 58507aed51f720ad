/**
 * Operations element by element, from an expression.
 */
import { readOptions } from '../../base/checks.js';
import type { Dtype } from '../../base/dtype.js';
import type { Device } from '../../device/device.js';
import { type Bound, type Call, takeCall, variantOf } from './arguments.js';
import {
  type Common,
  checkCode,
  type ExpressionCallOptions,
  type ExpressionOptions,
  readCommon,
} from './options.js';
import { readDeclaration } from './parameters.js';
import {
  BLOCK,
  codeCall,
  codeParameter,
  kernelParameter,
  kernelType,
  opening,
  statementFunction,
} from './source.js';
import type { CallOf, Readable, ResultOf, Types } from './types.js';
import { type Program, Variants, withResults } from './variants.js';

/**
 * What {@link elementwise} makes. Called with the inputs in order and options; resolves with the outputs
 * once the work is enqueued, which does not wait for the device.
 *
 * @group Own kernels
 */
export type ElementwiseKernel<I extends string, O extends string> = <
  T extends Dtype = Dtype,
  U extends Dtype = Dtype,
  V extends Dtype = Dtype,
  W extends Dtype = Dtype,
>(
  ...args: CallOf<
    I,
    Types<T, U, V, W>,
    ExpressionCallOptions<ResultOf<O, Types<T, U, V, W>>> | undefined
  >
) => Promise<ResultOf<O, Types<T, U, V, W>>>;

/** Blocks of a multiprocessor, of 256 threads each: twice what is there at one time. */
const BLOCKS_OF_PROCESSOR = 16;

function sourceOf(common: Common, expression: string, call: Call): Program {
  const bound: readonly Bound[] = [...call.inputs, ...call.outputs];
  const index = ['const int64 i', 'const int64 n'];
  const each = [...bound.map(codeParameter), ...index].join(', ');
  const parameters = [...bound.map(kernelParameter), 'const int64 nodecuda_n'].join(', ');
  const source = `${opening(common, call.types)}
${statementFunction('nodecuda_each', each, expression, 'expression')}
extern "C" __global__ void ${common.name}(${parameters}) {
  const int64 nodecuda_step = (int64)gridDim.x * blockDim.x;
  int64 nodecuda_i = (int64)blockIdx.x * blockDim.x + threadIdx.x;
  for (; nodecuda_i < nodecuda_n; nodecuda_i += nodecuda_step) {
    ${codeCall('nodecuda_each', bound, ['nodecuda_i', 'nodecuda_n'])}
  }
}
`;
  return { source, kernels: { [common.name]: [...bound.map(kernelType), 'int64'] } };
}

/** Blocks for so many elements: the threads take turns where there are more. */
function gridFor(length: number, device: Device): number {
  const most = device.multiprocessorCount * BLOCKS_OF_PROCESSOR;
  return Math.min(Math.ceil(length / BLOCK), most);
}

/**
 * Makes an operation that works element by element from statements of CUDA C++, as CuPy's
 * `ElementwiseKernel`. It is compiled with NVRTC at the first call with its dtypes on a device, and
 * cached as {@link KernelMethods.compile} does.
 *
 * `inputs` and `outputs` are lists of parameters, each a dtype and a name:
 *
 * - `float32 x` is the element at the index: of a buffer, or a number for all elements
 * - `const int32 k` is a number
 * - `raw float32 table` is a whole array of any length, to be indexed by hand: `table[k]`. A raw output
 *   has to be given as `out`
 * - `T x` is of the dtype of the first buffer that is given for a `T`; so are `U`, `V` and `W`
 *
 * In the expression outputs are assigned to; `i` is the index and `n` the number of elements, both
 * `int64`, and dtypes and variables are types. `float16` and `bfloat16` are computed in `float32` (which
 * is what `T` is then) and rounded once, to nearest even. What is assigned is converted as in C++.
 *
 * **The expression is code**, compiled and run as it is: never make it from what others send.
 *
 * @param inputs - may be empty
 * @param outputs - at least one
 * @param expression - statements, such as `'z = x * y + 1'`
 * @returns a function that takes the inputs, and options: buffers have as many elements as each other. It
 *   resolves with a new buffer, or `out`; where there are several outputs, with all of them in an array.
 *   `out` may be an input, element for element, but not overlap one otherwise.
 *
 *   It rejects with `TypeError` for what is not of the dtype, `RangeError` for lengths that differ,
 *   {@link CudaDisposedError} and {@link CudaWrongDeviceError}, all before any CUDA call;
 *   {@link CudaCompileError} for an expression with errors, which `log` counts from `expression(1)`.
 *   At the first call it compiles; later ones enqueue before they return
 * @throws `TypeError` and `RangeError` for lists that cannot be read, and names that are reserved, at once
 *
 * @example
 * ```ts
 * const fma = elementwise('float32 x, float32 y', 'float32 z', 'z = x * y + 1');
 * using z = await fma(x, y);
 * await fma(x, 2, { out: z });
 * const gather = elementwise('raw T table, int32 at', 'T z', 'z = table[at]');
 * ```
 *
 * @group Own kernels
 */
export function elementwise<const I extends string, const O extends string>(
  inputs: I & Readable<I>,
  outputs: O & Readable<O>,
  expression: string,
  options?: ExpressionOptions,
): ElementwiseKernel<I, O> {
  const declaration = readDeclaration(inputs, outputs);
  const code = checkCode(expression, 'expression');
  const slots = { name: undefined, preamble: undefined, compile: undefined };
  const common = readCommon(readOptions(options, slots), 'elementwise');
  const variants = new Variants(common.compile);

  const call = async (...args: unknown[]): Promise<unknown> => {
    const taken = takeCall(declaration, args);
    const { device, stream, length, values } = taken;
    const variant = variants.get(device, variantOf(taken), () => sourceOf(common, code, taken));
    const kernels = variant.kernels ?? (await variant.promise);
    return withResults(taken, length, (results) => {
      if (length === 0) return;
      const grid = gridFor(length, device);
      kernels[common.name]!.launch(
        { grid, block: BLOCK, stream },
        ...([...values, ...results, length] as never[]),
      );
    });
  };
  return call as ElementwiseKernel<I, O>;
}
