/**
 * Reductions of whole arrays, from expressions.
 */
import { argumentTypeError, isRecord, readOptions, typeError } from '../../base/checks.js';
import type { Dtype } from '../../base/dtype.js';
import { dtypeByName } from '../../base/dtype.js';
import { type Call, takeCall, variantOf } from './arguments.js';
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
  checkIdentity,
  codeArgument,
  codeCall,
  codeParameter,
  computeDtype,
  expressionFunction,
  kernelParameter,
  kernelType,
  literal,
  opening,
  statementFunction,
  storedBetween,
} from './source.js';
import type { CallOf, Readable, ResultOf, Types } from './types.js';
import { type Program, Variants, withResults } from './variants.js';

/**
 * The expressions of a {@link reduction}.
 *
 * @group Own kernels
 */
export interface ReductionExpressions extends ExpressionOptions {
  /** What is reduced, from the inputs at an index: `'x * x'`. */
  map: string;
  /** How two become one: `'a + b'`. Associative and commutative, up to rounding. */
  reduce: string;
  /**
   * Statements that make the result of what all became, `a`: `'y = sqrt(a)'`. There are `n` and the
   * `const` inputs. Default: `'y = a'`, by the name of the output.
   */
  post?: string | undefined;
  /** What changes nothing when it is reduced with, and the result of no elements: `0`, or code. */
  identity: number | bigint | string;
}

/**
 * What {@link reduction} makes. Called with the inputs in order and options; resolves with a buffer of
 * one element once the work is enqueued, which does not wait for the device.
 *
 * @group Own kernels
 */
export type ReductionKernel<I extends string, O extends string> = <
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

/** A thread of the first pass takes at least so many elements, unless there are too few. */
const ELEMENTS_OF_THREAD = 8;
const MOST_BLOCKS = 1024;

interface Expressions {
  readonly map: string;
  readonly reduce: string;
  readonly post: string;
  readonly identity: number | bigint | string;
}

/** Blocks of the first pass: a matter of the length alone, so that results are the same every time. */
function blocksFor(length: number): number {
  return Math.min(Math.ceil(length / (BLOCK * ELEMENTS_OF_THREAD)), MOST_BLOCKS);
}

function sourceOf(common: Common, expressions: Expressions, call: Call): Program {
  const { inputs, outputs, types } = call;
  const output = outputs[0]!;
  const between = storedBetween(output.dtype);
  const first = `${common.name}_partial`;
  const last = `${common.name}_finish`;
  const constants = inputs.filter(({ parameter }) => parameter.kind === 'const');
  const list = (...parts: readonly string[]) => parts.join(', ');
  const mapped = list(...inputs.map(codeParameter), 'const int64 i', 'const int64 n');
  const posted = list(
    `const ${between} a`,
    codeParameter(output),
    ...constants.map(codeParameter),
    'const int64 n',
  );
  const identity = literal(expressions.identity, computeDtype(output.dtype));
  const source = `${opening(common, types)}
typedef ${between} nodecuda_value;
${expressionFunction('nodecuda_value', 'nodecuda_identity', '', identity, 'identity')}
${expressionFunction('nodecuda_value', 'nodecuda_map', mapped, expressions.map, 'map')}
${expressionFunction(
  'nodecuda_value',
  'nodecuda_reduce',
  'const nodecuda_value a, const nodecuda_value b',
  expressions.reduce,
  'reduce',
)}
${statementFunction('nodecuda_post', posted, expressions.post, 'post')}
// What all threads of a block have, in thread 0: a tree, the same every time.
__device__ nodecuda_value nodecuda_reduce_block(nodecuda_value value) {
  __shared__ nodecuda_value values[${BLOCK}];
  values[threadIdx.x] = value;
  for (int width = ${BLOCK} / 2; width > 0; width /= 2) {
    __syncthreads();
    if (threadIdx.x < width) {
      value = nodecuda_reduce(value, values[threadIdx.x + width]);
      values[threadIdx.x] = value;
    }
  }
  return value;
}

extern "C" __global__ void ${first}(${list(
    ...inputs.map(kernelParameter),
    'nodecuda_value* nodecuda_partials',
    'const int64 nodecuda_n',
  )}) {
  const int64 nodecuda_step = (int64)gridDim.x * blockDim.x;
  nodecuda_value nodecuda_all = nodecuda_identity();
  int64 nodecuda_i = (int64)blockIdx.x * blockDim.x + threadIdx.x;
  for (; nodecuda_i < nodecuda_n; nodecuda_i += nodecuda_step) {
    nodecuda_all = nodecuda_reduce(nodecuda_all, nodecuda_map(${list(
      ...inputs.map(codeArgument),
      'nodecuda_i',
      'nodecuda_n',
    )}));
  }
  nodecuda_all = nodecuda_reduce_block(nodecuda_all);
  if (threadIdx.x == 0) nodecuda_partials[blockIdx.x] = nodecuda_all;
}

extern "C" __global__ void ${last}(${list(
    'const nodecuda_value* nodecuda_partials',
    'const int32 nodecuda_count',
    kernelParameter(output),
    ...constants.map(kernelParameter),
    'const int64 nodecuda_n',
  )}) {
  nodecuda_value nodecuda_all = nodecuda_identity();
  for (int32 k = threadIdx.x; k < nodecuda_count; k += blockDim.x) {
    nodecuda_all = nodecuda_reduce(nodecuda_all, nodecuda_partials[k]);
  }
  nodecuda_all = nodecuda_reduce_block(nodecuda_all);
  if (threadIdx.x == 0) {
    const int64 nodecuda_i = 0;
    ${codeCall('nodecuda_post', [output, ...constants], ['nodecuda_n'], ['nodecuda_all'])}
  }
}
`;
  return {
    source,
    kernels: {
      [first]: [...inputs.map(kernelType), `${between}*`, 'int64'],
      [last]: [
        ...[`const ${between}*` as const, 'int32' as const, kernelType(output)],
        ...constants.map(kernelType),
        'int64',
      ],
    },
  };
}

const SLOTS = {
  ...{ map: undefined, reduce: undefined, post: undefined, identity: undefined },
  ...{ name: undefined, preamble: undefined, compile: undefined },
};

/**
 * Makes a reduction of whole arrays to one element from expressions of CUDA C++, as CuPy's
 * `ReductionKernel`: `map` of the elements at each index, `reduce` of any two until one is left, `post` to
 * make the result of it. Compiled and cached as {@link elementwise}, whose lists of parameters it takes.
 *
 * Everything is reduced in the dtype of the output, or `float32` where that is `float16` or `bfloat16`:
 * for a sum of `float32` in `float64`, declare the output so. The order depends on the number of elements
 * alone, so that the same elements give the same bits every time.
 *
 * **The expressions are code**, compiled and run as they are: never make them from what others send.
 *
 * @param inputs - as {@link elementwise} has them
 * @param output - one, not raw
 * @returns a function as {@link elementwise} returns, whose result has one element. `log` of a
 *   {@link CudaCompileError} counts lines from `map(1)`, `reduce(1)`, `post(1)` and `identity(1)`
 * @throws `TypeError` and `RangeError` for lists that cannot be read, and names that are reserved, at once
 *
 * @example
 * ```ts
 * const norm = reduction('T x', 'T y', {
 *   map: 'x * x',
 *   reduce: 'a + b',
 *   post: 'y = sqrt(a)',
 *   identity: 0,
 * });
 * using length = await norm(x);
 * ```
 *
 * @group Own kernels
 */
export function reduction<const I extends string, const O extends string>(
  inputs: I & Readable<I>,
  output: O & Readable<O>,
  expressions: ReductionExpressions,
): ReductionKernel<I, O> {
  const names = { a: 'what is reduced', b: 'what is reduced' };
  const declaration = readDeclaration(inputs, output, names);
  const [result, ...others] = declaration.outputs;
  if (others.length > 0) throw typeError('A reduction has one output');
  if (result!.kind === 'raw') throw typeError('The output of a reduction cannot be raw');
  if (!isRecord(expressions)) throw argumentTypeError('an object', 'expressions', expressions);
  const given = readOptions<Record<keyof typeof SLOTS, unknown>>(expressions, { ...SLOTS });
  const code: Expressions = {
    map: checkCode(given.map, 'map'),
    reduce: checkCode(given.reduce, 'reduce'),
    post: given.post === undefined ? `${result!.name} = a` : checkCode(given.post, 'post'),
    identity: checkIdentity(given.identity, checkCode),
  };
  const dtype = dtypeByName(result!.type);
  if (dtype !== undefined) literal(code.identity, computeDtype(dtype)); // refuses what does not fit
  const common = readCommon(given, 'reduction');
  const variants = new Variants(common.compile);

  const call = async (...args: unknown[]): Promise<unknown> => {
    const taken = takeCall(declaration, args, true);
    const { device, stream, length, inputs, values } = taken;
    const variant = variants.get(device, variantOf(taken), () => sourceOf(common, code, taken));
    const kernels = variant.kernels ?? (await variant.promise);
    const grid = blocksFor(length);
    const constants = values.filter((_, i) => inputs[i]!.parameter.kind === 'const');
    return withResults(taken, 1, ([out]) => {
      const between = storedBetween(taken.outputs[0]!.dtype);
      const partials = device.alloc(between, grid, { uninitialized: true, stream });
      try {
        if (grid > 0) {
          kernels[`${common.name}_partial`]!.launch(
            { grid, block: BLOCK, stream },
            ...([...values, partials, length] as never[]),
          );
        }
        kernels[`${common.name}_finish`]!.launch(
          { grid: 1, block: BLOCK, stream },
          ...([partials, grid, out, ...constants, length] as never[]),
        );
      } finally {
        partials.dispose();
      }
    });
  };
  return call as ReductionKernel<I, O>;
}
