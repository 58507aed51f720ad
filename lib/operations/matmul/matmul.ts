/**
 * Matrix products of device buffers: checks, the result buffer, the native call.
 */

import { native } from '../../addon/load.js';
import type { NativeAddon, NativeMatmulPlan } from '../../addon/types.js';
import { rangeError, typeError } from '../../base/checks.js';
import { type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import type { Device } from '../../device/device.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { allocateState, type DeviceBuffer } from '../../memory/buffer.js';
import {
  type BufferState,
  bufferArgument,
  buffersOverlap,
  checkLength,
  checkSameDtype,
} from '../../memory/buffer-state.js';
import { intoNew } from '../../operands/result.js';
import { streamHandle } from '../../streams/stream.js';
import {
  type CheckedMatmul,
  checkMatmulDtype,
  checkMatmulKind,
  readMatmulOptions,
  readPlanOptions,
  resultDtype,
} from './options.js';
import { checkOperand, hasGaps, storedLength } from './shape.js';

/** Where the numbers of a product are in the argument block: Slot in matmul_binding.cc. */
enum Slot {
  dtype,
  outDtype,
  precision,
  flags,
  activation,
  m,
  n,
  k,
  batches,
  alpha,
  beta,
  a,
  lda,
  strideA,
  b,
  ldb,
  strideB,
  out,
  ldc,
  strideC,
  bias,
  rowScale,
  columnScale,
  variant,
  splits,
  stream,
  device,
}

enum Flag {
  transposeA = 1,
  transposeB = 2,
  biasPerRow = 4,
  unaligned = 8,
}

const NO_BUFFER = 0;

// Everything but handles.
function writeNumbers(
  block: Float64Array,
  call: CheckedMatmul,
  input: DtypeInfo,
  result: DtypeInfo,
): void {
  const { shape } = call;
  block[Slot.dtype] = input.index;
  block[Slot.outDtype] = result.index;
  block[Slot.precision] = call.precision;
  block[Slot.flags] =
    (shape.transposeA ? Flag.transposeA : 0) |
    (shape.transposeB ? Flag.transposeB : 0) |
    (call.biasPerRow ? Flag.biasPerRow : 0);
  block[Slot.activation] = call.activation;
  block[Slot.m] = shape.m;
  block[Slot.n] = shape.n;
  block[Slot.k] = shape.k;
  block[Slot.batches] = shape.batches;
  block[Slot.alpha] = shape.alpha;
  block[Slot.beta] = shape.beta;
  block[Slot.lda] = shape.a.stride;
  block[Slot.strideA] = shape.a.batchStride;
  block[Slot.ldb] = shape.b.stride;
  block[Slot.strideB] = shape.b.batchStride;
  block[Slot.ldc] = shape.c.stride;
  block[Slot.strideC] = shape.c.batchStride;
  block[Slot.variant] = call.variant;
  block[Slot.splits] = call.splits;
}

// A vector of the epilogue, if it is given.
function vectorArgument(
  value: unknown,
  name: string,
  device: DeviceState,
  dtype: DtypeInfo,
  length: number,
): BufferState | undefined {
  if (value === undefined) return undefined;
  const vector = bufferArgument(value, name, device);
  if (vector.dtype !== dtype) {
    throw typeError(`Expected ${dtype.name} for \`${name}\` but received ${vector.dtype.name}`);
  }
  checkLength(vector, length, name);
  return vector;
}

function checkApart(out: BufferState, input: BufferState | undefined, name: string): void {
  if (input !== undefined && buffersOverlap(out, input)) {
    throw rangeError(`\`out\` overlaps \`${name}\``);
  }
}

export function matmul(
  device: Device,
  state: DeviceState,
  first: unknown,
  second: unknown,
  options: unknown,
): DeviceBuffer {
  assertDeviceOpen(state);
  const call = readMatmulOptions(options);

  assertDeviceOpen(state);
  const a = bufferArgument(first, 'a', state);
  const b = bufferArgument(second, 'b', state);
  checkMatmulDtype(a.dtype);
  checkSameDtype(a, b, '`a` and `b`');
  const given = call.out === undefined ? undefined : bufferArgument(call.out, 'out', state);
  const result = resultDtype(a.dtype, call.outDtype ?? given?.dtype.name);
  if (given !== undefined && given.dtype !== result) {
    throw typeError(`Expected ${result.name} for \`out\` but received ${given.dtype.name}`);
  }
  checkMatmulKind(call, a.dtype, result);
  checkOperand('a', call.shape.a, a.length);
  checkOperand('b', call.shape.b, b.length);
  const factor = dtypeByName(a.dtype.name === 'float64' ? 'float64' : 'float32')!;
  const { m, n } = call.shape;
  const bias = vectorArgument(call.bias, 'bias', state, result, call.biasPerRow ? m : n);
  const rowScale = vectorArgument(call.rowScale, 'rowScale', state, factor, m);
  const columnScale = vectorArgument(call.columnScale, 'columnScale', state, factor, n);
  const stream = streamHandle(call.stream, state);

  const launch = (out: BufferState) => {
    const addon: NativeAddon = native();
    const block = addon.argumentBlock;
    writeNumbers(block, call, a.dtype, result);
    block[Slot.a] = a.handle();
    block[Slot.b] = b.handle();
    block[Slot.out] = out.handle();
    block[Slot.bias] = bias?.handle() ?? NO_BUFFER;
    block[Slot.rowScale] = rowScale?.handle() ?? NO_BUFFER;
    block[Slot.columnScale] = columnScale?.handle() ?? NO_BUFFER;
    block[Slot.stream] = stream;
    addon.matmul();
  };
  if (given === undefined) {
    // The kernel writes every element, except in gaps.
    const zeroed = hasGaps(call.shape.c);
    const fresh = allocateState(state, result, storedLength(call.shape.c), zeroed, stream);
    return intoNew(device, fresh, launch);
  }
  checkOperand('out', call.shape.c, given.length);
  checkApart(given, a, 'a');
  checkApart(given, b, 'b');
  checkApart(given, bias, 'bias');
  checkApart(given, rowScale, 'rowScale');
  checkApart(given, columnScale, 'columnScale');
  launch(given);
  return call.out as DeviceBuffer;
}

/** One way to compute a matrix product, and what it is modelled to take. */
export interface MatmulCandidate {
  /** Name of the variant. */
  readonly variant: string;
  /** Why it is not to be used here; null if it can be. */
  readonly rejected: string | null;
  /** Parts of k, summed up by a kernel of their own if there are several. */
  readonly splits: number;
  /**
   * Microseconds by the model in docs/kernels.md: for comparing variants. It is not a forecast.
   */
  readonly modelledUs: number;
}

/** How {@link MatrixOperations.planMatmul} would have a product computed. */
export interface MatmulPlan extends MatmulCandidate {
  /** What one block computes: m x n elements of the result, in steps of k. */
  readonly tile: { readonly m: number; readonly n: number; readonly k: number };
  readonly threads: number;
  readonly dynamicSharedBytes: number;
  readonly blocksPerMultiprocessor: number;
  /** Blocks in all: tiles of all batches and splits. */
  readonly blocks: number;
  /** How often the device is filled with blocks. */
  readonly waves: number;
  /** Device memory that is allocated while the product is computed. */
  readonly workspaceBytes: number;
  /** False: checked on the simulated device only, and used on no GPU unless asked for. */
  readonly proven: boolean;
  /** In words. */
  readonly reason: string;
  /** All variants of the dtype, those that can be used first, the fastest first. */
  readonly candidates: readonly MatmulCandidate[];
}

function toCandidate(plan: NativeMatmulPlan): MatmulCandidate {
  const { variant, rejected, splits, modelledSeconds } = plan;
  return { variant, rejected, splits, modelledUs: modelledSeconds * 1e6 };
}

function reasonOf(best: NativeMatmulPlan, usable: readonly NativeMatmulPlan[]): string {
  const us = (plan: NativeMatmulPlan) => `${(plan.modelledSeconds * 1e6).toFixed(1)} us`;
  const next = usable[1];
  if (next === undefined) return `the only variant that can be used, modelled ${us(best)}`;
  return (
    `the shortest modelled time of ${usable.length} variants: ${us(best)}, ` +
    `before ${next.variant} with ${us(next)}`
  );
}

export function planMatmul(state: DeviceState, options: unknown): MatmulPlan {
  assertDeviceOpen(state);
  const { call, input, result, aligned } = readPlanOptions(options);
  assertDeviceOpen(state);
  const addon = native();
  const block = addon.argumentBlock;
  writeNumbers(block, call, input, result);
  if (!aligned) block[Slot.flags]! |= Flag.unaligned;
  block[Slot.device] = state.handle;
  const plans = addon.planMatmul();
  const usable = plans.filter(({ rejected }) => rejected === null);
  usable.sort((x, y) => x.modelledSeconds - y.modelledSeconds);
  const best = usable[0];
  if (best === undefined) {
    const why = plans.map(({ variant, rejected }) => `${variant} ${rejected}`).join('; ');
    throw rangeError(`No variant can compute this product: ${why}`);
  }
  const [m, n, k] = best.tile;
  const blocks = best.tiles * best.splits * call.shape.batches;
  const room =
    best.blocksPerMultiprocessor *
    addon.deviceProperties(state.runtime, state.index).multiprocessorCount;
  return {
    ...toCandidate(best),
    tile: { m, n, k },
    threads: best.threads,
    dynamicSharedBytes: best.dynamicSharedBytes,
    blocksPerMultiprocessor: best.blocksPerMultiprocessor,
    blocks,
    waves: Math.ceil(blocks / room),
    workspaceBytes: best.workspaceBytes,
    proven: best.proven,
    reason: reasonOf(best, usable),
    candidates: [...usable, ...plans.filter(({ rejected }) => rejected !== null)].map(toCandidate),
  };
}
