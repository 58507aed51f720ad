/**
 * Operands with a shape: checks, and broadcasting as in NumPy.
 */
import { MAX_DIMENSIONS } from '../abi/elementwise.js';
import {
  argumentTypeError,
  checkInteger,
  isRecord,
  rangeError,
  typeError,
} from '../base/checks.js';
import { describeKey, isArray } from '../base/describe.js';
import type { Dtype } from '../base/dtype.js';
import type { DeviceState } from '../device/state.js';
import { bufferArgument, type DeviceBuffer, isBuffer } from '../memory/buffer.js';
import { type BufferState, buffersOverlap } from '../memory/buffer-state.js';

/**
 * Elements of a buffer as an array of up to eight dimensions. A plain object; nothing is copied.
 *
 * @example
 * ```ts
 * // The transpose of a row-major 2 x 3 matrix, and its second row for every row of a matrix.
 * const transposed = { buffer, shape: [3, 2], strides: [1, 3] };
 * const repeated = { buffer, shape: [4, 3], strides: [0, 1], offset: 3 };
 * ```
 */
export interface StridedView<D extends Dtype = Dtype> {
  readonly buffer: DeviceBuffer<D>;
  /** The extent of each dimension, outermost first. `[]` is one element. */
  readonly shape: readonly number[];
  /**
   * Elements from one index to the next, by dimension. Negative ones go backwards, 0 repeats.
   * Default: row-major, without gaps.
   */
  readonly strides?: readonly number[] | undefined;
  /** The element of the buffer at index 0, 0, ... Default 0. */
  readonly offset?: number | undefined;
}

/** What an operation reads: a buffer, which has one dimension, or a view of one. */
export type Operand<D extends Dtype = Dtype> = DeviceBuffer<D> | StridedView<D>;

/** Where elements are in a buffer: as many strides as extents. */
export interface Layout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** An operand whose properties have been read and checked, its buffer not yet. */
export interface ViewArgument {
  readonly name: string;
  readonly buffer: unknown;
  /** Undefined for a plain buffer. */
  readonly layout: Layout | undefined;
}

/** A checked operand: every index is within the buffer. */
export interface View extends Layout {
  readonly name: string;
  readonly buffer: BufferState;
}

/** The product of the extents. @throws RangeError if that is no safe integer */
export function elementsOf(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const extent of shape) count *= extent;
  if (!Number.isSafeInteger(count)) {
    throw rangeError(`The shape [${shape.join(', ')}] has too many elements`);
  }
  return count;
}

/** The strides of a row-major array without gaps. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d]!;
  }
  return strides;
}

/** An array of at most eight integers, copied. May run code of the caller's. */
export function readIntegers(value: unknown, name: string, least: number): number[] {
  if (!isArray(value)) throw argumentTypeError('an array of integers', name, value);
  const length = checkInteger(value.length, `${name}.length`);
  if (length > MAX_DIMENSIONS) {
    throw rangeError(
      `Expected at most ${MAX_DIMENSIONS} dimensions for \`${name}\` but received ${length}`,
    );
  }
  return Array.from({ length }, (_, i) => checkInteger(value[i], `${name}[${i}]`, least));
}

const FIELDS = ['buffer', 'shape', 'strides', 'offset'] as const;

function readFields(value: unknown, name: string): Record<(typeof FIELDS)[number], unknown> {
  if (!isRecord(value)) {
    throw argumentTypeError('a DeviceBuffer or a StridedView', name, value);
  }
  const fields = { buffer: undefined, shape: undefined, strides: undefined, offset: undefined };
  let given = 0;
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(fields, key)) {
      const unknown = `${name}.${describeKey(key)}`;
      throw typeError(`Unknown property \`${unknown}\`: expected one of ${FIELDS.join(', ')}`);
    }
    fields[key as keyof typeof fields] = (value as typeof fields)[key as keyof typeof fields];
    given++;
  }
  if (given === 0) throw argumentTypeError('a DeviceBuffer or a StridedView', name, value);
  return fields;
}

/**
 * Reads an operand's properties, each once. This may run getters of the caller's, which may dispose
 * anything, so it comes before `checkView` of any operand.
 */
export function readView(value: unknown, name: string): ViewArgument {
  if (isBuffer(value)) return { name, buffer: value, layout: undefined };
  const {
    buffer,
    shape: givenShape,
    strides: givenStrides,
    offset: givenOffset,
  } = readFields(value, name);
  const shape = readIntegers(givenShape, `${name}.shape`, 0);
  const strides =
    givenStrides === undefined
      ? rowMajorStrides(shape)
      : readIntegers(givenStrides, `${name}.strides`, Number.MIN_SAFE_INTEGER);
  if (strides.length !== shape.length) {
    throw rangeError(
      `Expected ${shape.length} strides for \`${name}.strides\`, one for each dimension, ` +
        `but received ${strides.length}`,
    );
  }
  const offset = givenOffset === undefined ? 0 : checkInteger(givenOffset, `${name}.offset`);
  elementsOf(shape);
  return { name, buffer, layout: { shape, strides, offset } };
}

/** The least and the greatest element that a layout reaches; undefined if it has no elements. */
export function reach(layout: Layout): { first: number; last: number } | undefined {
  let first = layout.offset;
  let last = layout.offset;
  for (const [d, extent] of layout.shape.entries()) {
    if (extent === 0) return undefined;
    // What is beyond 2^53 is rounded, and too large all the same.
    const distance = (extent - 1) * layout.strides[d]!;
    if (distance < 0) first += distance;
    else last += distance;
  }
  return { first, last };
}

/** Checks the buffer of an operand, and that all indices are within it. */
export function checkView(argument: ViewArgument, device: DeviceState): View {
  const { name, layout } = argument;
  const buffer = bufferArgument(
    argument.buffer,
    layout === undefined ? name : `${name}.buffer`,
    device,
  );
  if (layout === undefined) {
    return { name, buffer, shape: [buffer.length], strides: [1], offset: 0 };
  }
  const { first, last } = reach(layout) ?? { first: layout.offset, last: layout.offset - 1 };
  if (first < 0 || last >= buffer.length || layout.offset > buffer.length) {
    throw rangeError(
      `\`${name}\` reaches from element ${first} to ${last}, outside of the ${buffer.length} ` +
        'elements of its buffer',
    );
  }
  return { name, buffer, ...layout };
}

/** The shape that operands have together, as in NumPy. @throws RangeError naming the operands */
export function broadcastShapes(views: readonly Layout[], names: string): number[] {
  const dimensions = Math.max(0, ...views.map(({ shape }) => shape.length));
  const shape = new Array<number>(dimensions).fill(1);
  for (const view of views) {
    const skipped = dimensions - view.shape.length;
    for (const [d, extent] of view.shape.entries()) {
      const common = shape[skipped + d]!;
      if (extent === 1 || extent === common) continue;
      if (common !== 1) {
        const shapes = views.map((each) => `[${each.shape.join(', ')}]`).join(' and ');
        throw rangeError(`The shapes of ${names} do not broadcast: ${shapes}`);
      }
      shape[skipped + d] = extent;
    }
  }
  elementsOf(shape);
  return shape;
}

/**
 * The strides with which an operand is read as an array of `shape`, which it broadcasts to. Where
 * there is nothing to read they are all 0, so that no walk finds an order in them.
 */
export function broadcastStrides(view: Layout, shape: readonly number[]): number[] {
  if (shape.includes(0)) return shape.map(() => 0);
  const skipped = shape.length - view.shape.length;
  return shape.map((_, d) =>
    d < skipped || view.shape[d - skipped] === 1 ? 0 : view.strides[d - skipped]!,
  );
}

/** Whether two indices of a layout may be the same element. Says yes for some that interleave. */
function mayRepeat({ shape, strides }: Layout): boolean {
  if (shape.includes(0)) return false;
  const dimensions = shape
    .map((extent, d) => ({ extent, stride: Math.abs(strides[d]!) }))
    .filter(({ extent }) => extent > 1)
    .sort((a, b) => a.stride - b.stride);
  let covered = 0; // distance from the first to the last element of the dimensions so far
  for (const { extent, stride } of dimensions) {
    if (stride <= covered) return true;
    covered += (extent - 1) * stride;
  }
  return false;
}

/** That a view to be written has the shape of the result, and each element once. */
export function checkOutView(out: View, shape: readonly number[]): void {
  if (out.shape.length !== shape.length || out.shape.some((extent, d) => extent !== shape[d])) {
    throw rangeError(
      `Expected the shape [${shape.join(', ')}] for \`${out.name}\` ` +
        `but received [${out.shape.join(', ')}]`,
    );
  }
  if (mayRepeat(out)) {
    throw rangeError(
      `\`${out.name}\` must not have an element twice: its strides ` +
        `[${out.strides.join(', ')}] are 0 or too small for the shape [${shape.join(', ')}]`,
    );
  }
}

function byteRange(view: View): { begin: number; end: number } | undefined {
  const range = reach(view);
  if (range === undefined) return undefined;
  const { byteSize } = view.buffer.dtype;
  return {
    begin: view.buffer.byteOffset + range.first * byteSize,
    end: view.buffer.byteOffset + (range.last + 1) * byteSize,
  };
}

/** Whether the memory from a view's first to its last element meets that of another. */
export function viewsOverlap(a: View, b: View): boolean {
  if (!buffersOverlap(a.buffer, b.buffer)) return false;
  const rangeA = byteRange(a);
  const rangeB = byteRange(b);
  if (rangeA === undefined || rangeB === undefined) return false;
  return rangeA.begin < rangeB.end && rangeB.begin < rangeA.end;
}

/** Whether `input`, broadcast to the shape of `out`, has the same element at each index. */
function sameElements(out: View, input: View): boolean {
  const { byteSize } = out.buffer.dtype;
  const strides = broadcastStrides(input, out.shape);
  return (
    out.buffer.allocation === input.buffer.allocation &&
    out.buffer.dtype === input.buffer.dtype &&
    out.buffer.byteOffset + out.offset * byteSize ===
      input.buffer.byteOffset + input.offset * byteSize &&
    out.shape.every((extent, d) => extent === 1 || out.strides[d] === strides[d])
  );
}

/**
 * That writing `out` does not change what is still to be read: both are the same, or apart. The
 * input broadcasts to the shape of `out`.
 */
export function checkInPlace(out: View, input: View): void {
  if (viewsOverlap(out, input) && !sameElements(out, input)) {
    throw rangeError(
      `\`${out.name}\` overlaps \`${input.name}\` in part: use the same elements or others`,
    );
  }
}
