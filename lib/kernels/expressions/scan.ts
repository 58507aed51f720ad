/**
 * Prefix scans, from an expression.
 */
import { argumentTypeError, checkBoolean, readOptions } from '../../base/checks.js';
import { DTYPES, type Dtype, dtypeByName } from '../../base/dtype.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
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
  computeDtype,
  expressionFunction,
  literal,
  opening,
  storedBetween,
} from './source.js';
import { type Program, Variants, withResults } from './variants.js';

/** Options of {@link scan}. */
export interface ScanOptions extends ExpressionOptions {
  /** What changes nothing on either side: `0`, or code. An exclusive scan begins with it. */
  identity: number | bigint | string;
  /** Whether an element of the result leaves out the one at its own index. Default false. */
  exclusive?: boolean | undefined;
}

/**
 * What {@link scan} makes. Called with a buffer and options; resolves with one of as many elements once
 * the work is enqueued, which does not wait for the device.
 *
 * @group Own kernels
 */
export type ScanKernel<N extends Dtype | 'T'> = <T extends Dtype>(
  x: DeviceBuffer<N extends Dtype ? N : T>,
  options?: Omit<ExpressionCallOptions<DeviceBuffer<N extends Dtype ? N : T>>, 'length'>,
) => Promise<DeviceBuffer<N extends Dtype ? N : T>>;

/** Elements of a thread, one after the other, and of a block at a time. */
const ITEMS = 4;
const TILE = BLOCK * ITEMS;
/** As many as one block scans at a time. */
const MOST_CHUNKS = TILE;

/** How an array is cut up: a matter of the length alone, so that results are the same every time. */
function chunksFor(length: number): { readonly count: number; readonly elements: number } {
  const tiles = Math.ceil(length / TILE);
  const elements = Math.ceil(tiles / MOST_CHUNKS) * TILE;
  return { count: Math.ceil(length / elements), elements };
}

interface Expressions {
  readonly expression: string;
  readonly identity: number | bigint | string;
  readonly exclusive: boolean;
}

const NAMES = ['totals', 'offsets', 'elements'] as const;

function sourceOf(common: Common, code: Expressions, { inputs, types }: Call): Program {
  const { dtype } = inputs[0]!;
  const between = storedBetween(dtype);
  const [totals, offsets, elements] = NAMES.map((name) => `${common.name}_${name}`) as [
    string,
    string,
    string,
  ];
  const identity = literal(code.identity, computeDtype(dtype));
  const source = `${opening(common, types)}
typedef ${between} nodecuda_value;
typedef ${dtype.name} nodecuda_element;
${expressionFunction('nodecuda_value', 'nodecuda_identity', '', identity, 'identity')}
${expressionFunction(
  'nodecuda_value',
  'nodecuda_join',
  'const nodecuda_value a, const nodecuda_value b',
  code.expression,
  'expression',
)}
// What the threads before this one have, joined in order; and what all of the block have.
__device__ nodecuda_value nodecuda_before(nodecuda_value value, nodecuda_value& total) {
  __shared__ nodecuda_value warps[${BLOCK / 32}];
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  for (int distance = 1; distance < 32; distance *= 2) {
    const nodecuda_value left = __shfl_up_sync(~0u, value, distance);
    if (lane >= distance) value = nodecuda_join(left, value);
  }
  if (lane == 31) warps[warp] = value;
  __syncthreads();
  nodecuda_value before = nodecuda_identity();
  total = nodecuda_identity();
  for (int w = 0; w < ${BLOCK / 32}; w++) {
    if (w == warp) before = total;
    total = nodecuda_join(total, warps[w]);
  }
  __syncthreads(); // for who calls again
  const nodecuda_value left = __shfl_up_sync(~0u, value, 1);
  return lane == 0 ? before : nodecuda_join(before, left);
}

// The elements of this thread in a tile, and all of them joined.
__device__ nodecuda_value nodecuda_load(
    const nodecuda_element* from, int64 first, int64 end, nodecuda_value (&items)[${ITEMS}]) {
  nodecuda_value all = nodecuda_identity();
  for (int k = 0; k < ${ITEMS}; k++) {
    if (first + k < end) items[k] = from[first + k];
    else items[k] = nodecuda_identity();
    all = k == 0 ? items[0] : nodecuda_join(all, items[k]);
  }
  return all;
}

__device__ int64 nodecuda_end(int64 begin, int64 chunk, int64 n) {
  return chunk < n - begin ? begin + chunk : n;
}

// First pass: what the elements of each chunk are together.
extern "C" __global__ void ${totals}(
    const nodecuda_element* from, nodecuda_value* totals, const int64 n, const int64 chunk) {
  const int64 begin = blockIdx.x * chunk;
  const int64 end = nodecuda_end(begin, chunk, n);
  nodecuda_value all = nodecuda_identity();
  for (int64 tile = begin; tile < end; tile += ${TILE}) {
    nodecuda_value items[${ITEMS}];
    nodecuda_value total;
    nodecuda_before(nodecuda_load(from, tile + threadIdx.x * ${ITEMS}, end, items), total);
    all = nodecuda_join(all, total);
  }
  if (threadIdx.x == 0) totals[blockIdx.x] = all;
}

// Second pass, one block: what comes before each chunk, in place.
extern "C" __global__ void ${offsets}(nodecuda_value* totals, const int32 count) {
  nodecuda_value items[${ITEMS}];
  nodecuda_value all = nodecuda_identity();
  for (int k = 0; k < ${ITEMS}; k++) {
    const int at = threadIdx.x * ${ITEMS} + k;
    items[k] = nodecuda_identity();
    if (at < count) items[k] = totals[at];
    all = k == 0 ? items[0] : nodecuda_join(all, items[k]);
  }
  nodecuda_value total;
  nodecuda_value before = nodecuda_before(all, total);
  for (int k = 0; k < ${ITEMS}; k++) {
    const int at = threadIdx.x * ${ITEMS} + k;
    if (at < count) totals[at] = before;
    before = nodecuda_join(before, items[k]);
  }
}

// Third pass: the elements of each chunk, behind what comes before it.
extern "C" __global__ void ${elements}(
    const nodecuda_element* from, const nodecuda_value* offsets, nodecuda_element* to,
    const int64 n, const int64 chunk) {
  const int64 begin = blockIdx.x * chunk;
  const int64 end = nodecuda_end(begin, chunk, n);
  nodecuda_value carry = nodecuda_identity();
  if (offsets != nullptr) carry = offsets[blockIdx.x];
  for (int64 tile = begin; tile < end; tile += ${TILE}) {
    nodecuda_value items[${ITEMS}];
    nodecuda_value total;
    const int64 first = tile + threadIdx.x * ${ITEMS};
    nodecuda_value before = nodecuda_before(nodecuda_load(from, first, end, items), total);
    before = nodecuda_join(carry, before);
    for (int k = 0; k < ${ITEMS}; k++) {
      const nodecuda_value after = nodecuda_join(before, items[k]);
      if (first + k < end) to[first + k] = ${code.exclusive ? 'before' : 'after'};
      before = after;
    }
    carry = nodecuda_join(carry, total);
  }
}
`;
  return {
    source,
    kernels: {
      [totals]: [`const ${dtype.name}*`, `${between}*`, 'int64', 'int64'],
      [offsets]: [`${between}*`, 'int32'],
      [elements]: [
        ...([`const ${dtype.name}*`, `const ${between}*`, `${dtype.name}*`] as const),
        ...(['int64', 'int64'] as const),
      ],
    },
  };
}

const SLOTS = {
  ...{ identity: undefined, exclusive: undefined },
  ...{ name: undefined, preamble: undefined, compile: undefined },
};

/**
 * Makes a prefix scan from an expression of CUDA C++, as PyCUDA's `InclusiveScanKernel` and
 * `ExclusiveScanKernel`: element `i` of the result is all elements up to `i` joined by the expression, in
 * order, with or without element `i` itself. Compiled and cached as {@link elementwise}.
 *
 * The expression has to be associative, and need not be commutative: `a` comes before `b`. `float16` and
 * `bfloat16` are joined in `float32`, and each result is rounded once. How the elements are grouped depends
 * on their number alone, so that the same elements give the same bits every time; floats are not added in
 * the order of a loop.
 *
 * **The expression is code**, compiled and run as it is: never make it from what others send.
 *
 * @param dtype - or `'T'`, for that of the buffer
 * @param expression - of `a` and `b`, such as `'a + b'` or `'max(a, b)'`
 * @returns a function that takes a buffer, and options, and resolves with a new buffer or `out`, which may
 *   be the buffer itself. It rejects as what {@link elementwise} returns
 * @throws `TypeError` and `RangeError` for what it cannot take, at once
 *
 * @example
 * ```ts
 * const cumsum = scan('float32', 'a + b', { identity: 0 });
 * using sums = await cumsum(x);
 * const starts = scan('T', 'a + b', { identity: 0, exclusive: true });
 * ```
 *
 * @group Own kernels
 */
export function scan<const N extends Dtype | 'T'>(
  dtype: N,
  expression: string,
  options: ScanOptions,
): ScanKernel<N> {
  const named = dtypeByName(dtype);
  if (named === undefined && dtype !== 'T') {
    throw argumentTypeError(`one of ${DTYPES.join(', ')} or T`, 'dtype', dtype);
  }
  const declaration = readDeclaration(`${dtype} x`, `${dtype} y`);
  const given = readOptions<Record<keyof typeof SLOTS, unknown>>(options, { ...SLOTS });
  const code: Expressions = {
    expression: checkCode(expression, 'expression'),
    identity: checkIdentity(given.identity, checkCode),
    exclusive: checkBoolean(given.exclusive, 'exclusive', false),
  };
  if (named !== undefined) literal(code.identity, computeDtype(named)); // refuses what does not fit
  const common = readCommon(given, 'scan');
  const variants = new Variants(common.compile);

  const call = async (...args: unknown[]): Promise<unknown> => {
    const taken = takeCall(declaration, args);
    const { device, stream, length, values } = taken;
    if (taken.inputs[0]!.isNumber) throw argumentTypeError('a DeviceBuffer', 'x', values[0]);
    const variant = variants.get(device, variantOf(taken), () => sourceOf(common, code, taken));
    const kernels = variant.kernels ?? (await variant.promise);
    const [totals, offsets, elements] = NAMES.map((name) => kernels[`${common.name}_${name}`]!);
    return withResults(taken, length, ([out]) => {
      if (length === 0) return;
      const { count, elements: chunk } = chunksFor(length);
      const launch = { grid: count, block: BLOCK, stream };
      const [from] = values;
      if (count === 1) {
        elements!.launch(launch, ...([from, null, out, length, chunk] as never[]));
        return;
      }
      const between = storedBetween(taken.inputs[0]!.dtype);
      const before = device.alloc(between, count, { uninitialized: true, stream });
      try {
        totals!.launch(launch, ...([from, before, length, chunk] as never[]));
        offsets!.launch({ ...launch, grid: 1 }, ...([before, count] as never[]));
        elements!.launch(launch, ...([from, before, out, length, chunk] as never[]));
      } finally {
        before.dispose();
      }
    });
  };
  return call as ScanKernel<N>;
}
