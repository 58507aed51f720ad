/**
 * Descriptions of tensors in device memory for the copies of capability 9.0 (TMA).
 */
import { native } from '../../addon/load.js';
import {
  argumentRangeError,
  argumentTypeError,
  checkBoolean,
  checkChoice,
  checkInteger,
  rangeError,
  readOptions,
  typeError,
} from '../../base/checks.js';
import { isArray } from '../../base/describe.js';
import { INSPECT, inspected, uncloneable } from '../../base/inspect.js';
import { checkSameDevice, type DeviceState } from '../../device/state.js';
import { bufferArgument, type DeviceBuffer } from '../../memory/buffer.js';
import type { BufferState } from '../../memory/buffer-state.js';
import { TENSOR_MAP_BYTES } from './layout.js';

/** Options of {@link KernelMethods.tensorMap}. Lists have an entry for each dimension, outermost first. */
export interface TensorMapOptions {
  /** Where the tensor is. It begins at a multiple of 16 bytes. */
  buffer: DeviceBuffer;
  /** Elements along each of 1 to 5 dimensions. */
  shape: readonly number[];
  /** Elements of the box that one copy moves: 1 to 256 along each dimension. */
  box: readonly number[];
  /**
   * Elements from one index to the next, along all dimensions but the innermost, where it is 1: one
   * entry less than `shape`, each a multiple of 16 bytes. Default: a tensor without gaps.
   */
  strides?: readonly number[] | undefined;
  /** Every how many elements one is copied: 1 to 8. Default 1. */
  elementStrides?: readonly number[] | undefined;
  /** How rows of the box are interleaved in shared memory, against bank conflicts. Default `'none'`. */
  swizzle?: 'none' | '32B' | '64B' | '128B' | undefined;
  /** How much is fetched into the L2 cache at a time. Default `'none'`. */
  l2Promotion?: 'none' | '64B' | '128B' | '256B' | undefined;
  /** `float32` elements are rounded to tf32 on the way. Default false. */
  tf32?: boolean | undefined;
  /** The kernels that take the map write to the tensor. Default false. */
  writes?: boolean | undefined;
}

const SWIZZLES = ['none', '32B', '64B', '128B'] as const;
const PROMOTIONS = ['none', '64B', '128B', '256B'] as const;
const MOST_DIMENSIONS = 5;

// CUtensorMapDataType, where it matters: a copy moves bits.
const DATA_TYPES: Readonly<Record<string, number>> = {
  ...{ uint8: 0, int8: 0, uint16: 1, int16: 1, uint32: 2, int32: 3, uint64: 4, int64: 5 },
  ...{ float16: 6, float32: 7, float64: 8, bfloat16: 9 },
};
const TF32 = 11;

/** What a launch needs of a map. */
export interface TensorMapState {
  /** The DeviceBuffer, so that it is not collected. */
  readonly holder: unknown;
  readonly bytes: Uint8Array;
  readonly buffer: BufferState;
  readonly isConst: boolean;
}

const UNCLONEABLE = uncloneable('a TensorMap: it has an address in it');

// Only createTensorMap has it: a map has an address in it, and is taken as it is.
const MADE = Symbol('device.tensorMap');

let makeMap: (state: TensorMapState) => TensorMap;
let stateOf: (value: unknown) => TensorMapState | undefined;

/**
 * A tensor in device memory as the tensor copies of capability 9.0 and later want it described
 * (`CUtensorMap`): an argument for a `const __grid_constant__` parameter. Made by
 * {@link KernelMethods.tensorMap}. It keeps no memory: its buffer must be open when a kernel is launched
 * with it.
 *
 * @group Own kernels
 */
export class TensorMap {
  readonly #state: TensorMapState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(state: TensorMapState, made: symbol) {
    if (made !== MADE) throw typeError('Use device.tensorMap()');
    this.#state = state;
  }

  static {
    makeMap = (state) => new TensorMap(state, MADE);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    return inspected(TensorMap.prototype, {
      dtype: state.buffer.dtype.name,
      writes: !state.isConst,
      disposed: !state.buffer.isOpen(),
    });
  }
}

/** The state of a map of a tensor on `device`, whose buffer is open. */
export function tensorMapArgument(
  value: unknown,
  name: string,
  device: DeviceState,
): TensorMapState {
  const state = stateOf(value);
  if (state === undefined) throw argumentTypeError('a TensorMap', name, value);
  state.buffer.handle(name);
  checkSameDevice(device, state.buffer.device, name);
  return state;
}

function integers(value: unknown, name: string, count: number, most: number): number[] {
  if (!isArray(value)) throw argumentTypeError('an array of integers', name, value);
  const { length } = value;
  if (length !== count) {
    throw rangeError(`Expected ${count} entries for \`${name}\` but received ${length}`);
  }
  return Array.from({ length }, (_, i) => checkInteger(value[i], `${name}[${i}]`, 1, most));
}

/** Elements without gaps from one index to the next, along all dimensions but the innermost. */
function denseStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const extent of shape.slice(1).reverse()) {
    stride *= extent;
    strides.unshift(stride);
  }
  return strides;
}

/** Behind `device.tensorMap`. */
export function createTensorMap(device: DeviceState, options: unknown): TensorMap {
  if (device.info.computeCapability.major < 9) {
    throw rangeError('Tensor maps are for devices of compute capability 9.0 and later');
  }
  if (options === undefined) throw typeError('Expected options with `buffer`, `shape` and `box`');
  const given = readOptions(options, {
    ...{ buffer: undefined, shape: undefined, box: undefined, strides: undefined },
    ...{ elementStrides: undefined, swizzle: undefined, l2Promotion: undefined },
    ...{ tf32: undefined, writes: undefined },
  } as Record<keyof TensorMapOptions, unknown>);
  const rank = isArray(given.shape) ? given.shape.length : 0;
  if (rank < 1 || rank > MOST_DIMENSIONS) {
    throw argumentRangeError(`1 to ${MOST_DIMENSIONS} extents`, 'shape', given.shape);
  }
  const shape = integers(given.shape, 'shape', rank, 2 ** 32);
  const box = integers(given.box, 'box', rank, 256);
  const strides =
    given.strides === undefined
      ? denseStrides(shape)
      : integers(given.strides, 'strides', rank - 1, 2 ** 40);
  const elementStrides =
    given.elementStrides === undefined
      ? shape.map(() => 1)
      : integers(given.elementStrides, 'elementStrides', rank, 8);
  const swizzle = checkChoice(given.swizzle, SWIZZLES, 'swizzle');
  const promotion = checkChoice(given.l2Promotion, PROMOTIONS, 'l2Promotion');
  const tf32 = checkBoolean(given.tf32, 'tf32', false);
  const writes = checkBoolean(given.writes, 'writes', false);
  const buffer = bufferArgument(given.buffer, 'buffer', device);
  const { dtype } = buffer;
  if (tf32 && dtype.name !== 'float32') throw typeError('`tf32` is for float32 elements');
  const last = shape.reduce((sum, extent, d) => sum + (extent - 1) * (strides[d] ?? 1), 0);
  if (last >= buffer.length) {
    throw rangeError(
      `Expected at least ${last + 1} elements for \`buffer\` but received a DeviceBuffer of ` +
        `${buffer.length}`,
    );
  }
  for (const [i, stride] of strides.entries()) {
    const strideBytes = stride * dtype.byteSize;
    if (strideBytes % 16 === 0 && strideBytes < 2 ** 40) continue;
    throw rangeError(
      `Expected a multiple of 16 bytes below 2^40 for \`strides[${i}]\` but received ` +
        `${stride} elements of ${dtype.name}`,
    );
  }
  const row = box[rank - 1]! * dtype.byteSize;
  const span = swizzle === 0 ? Number.POSITIVE_INFINITY : 16 << swizzle;
  if (row % 16 !== 0 || row > span) {
    const most = swizzle === 0 ? '' : `, and at most ${span},`;
    throw rangeError(
      `Expected a multiple of 16 bytes${most} for the innermost extent of \`box\` but received ` +
        `${row} bytes`,
    );
  }
  const bytes = new Uint8Array(TENSOR_MAP_BYTES);
  const numbers = [tf32 ? TF32 : DATA_TYPES[dtype.name]!, swizzle, promotion];
  // Innermost first, as CUDA has it.
  const inner = (list: readonly number[]) => [...list].reverse();
  native().encodeTensorMap(
    buffer.handle(),
    Float64Array.from([
      ...numbers,
      rank,
      ...inner(shape),
      ...inner(strides).map((stride) => stride * dtype.byteSize),
      ...inner(box),
      ...inner(elementStrides),
    ]),
    bytes,
  );
  return makeMap({ holder: given.buffer, bytes, buffer, isConst: !writes });
}
