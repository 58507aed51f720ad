/**
 * Arrays: memory of a layout of the device's own, for textures and surfaces.
 */
import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import {
  argumentTypeError,
  checkBoolean,
  checkDtype,
  checkInteger,
  rangeError,
  readOptions,
  typeError,
} from '../base/checks.js';
import type { HostArray } from '../base/dtype.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import { ChildState } from '../device/child-state.js';
import type { Device } from '../device/device.js';
import { assertDeviceOpen, checkSameDevice, type DeviceState } from '../device/state.js';
import { bufferArgument, type DeviceBuffer, wrapBuffer } from '../memory/buffer.js';
import { allocateState, type BufferState } from '../memory/buffer-state.js';
import { upload } from '../memory/upload.js';
import { type Stream, streamHandle } from '../streams/stream.js';
import { type Format, formatOf, type TextureDtype } from './format.js';

/** Options of {@link TextureMethods.createTextureArray}. */
export interface TextureArrayOptions<D extends TextureDtype = TextureDtype> {
  /** Of the numbers in an element. */
  dtype: D;
  /** Numbers in an element. Default 1. */
  channels?: 1 | 2 | 4 | undefined;
  /** Elements in a row. */
  width: number;
  /** Rows. Default: one line, without a second dimension. */
  height?: number | undefined;
  /** Planes of rows. Default: no third dimension. */
  depth?: number | undefined;
  /** So many lines or planes side by side, of which an access names one. Not together with `depth`. */
  layers?: number | undefined;
  /** The six faces of a cube, or as many of each of `layers` cubes: `height` is the width. Default false. */
  cubemap?: boolean | undefined;
  /** Surfaces can be made of it. Default false. */
  surface?: boolean | undefined;
  /** Kernels can gather from it (`tex2Dgather`). Default false. */
  gather?: boolean | undefined;
  /** Set it to zero, by way of device memory of the same size. Default true. */
  zeroed?: boolean | undefined;
}

/** Options of copies from and to a {@link TextureArray}. */
export interface TextureCopyOptions {
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/** What a TextureArray is made of. */
export class ArrayState extends ChildState {
  constructor(
    device: DeviceState,
    handle: Handle,
    readonly format: Format,
    readonly shape: Shape,
  ) {
    super(device, handle, 'TextureArray');
  }

  protected release(handle: Handle): void {
    native().closeArray(handle);
  }
}

interface Shape {
  readonly width: number;
  /** 0: there is no such dimension. */
  readonly height: number;
  readonly depth: number;
  readonly layers: number;
  readonly cubemap: boolean;
  readonly surface: boolean;
  readonly gather: boolean;
  readonly elements: number;
}

const FACES = 6;
const FLAGS = { layered: 1, surface: 2, cubemap: 4, gather: 8 };
// What every capability from 7.5 on has.
const MOST = { line: 131072, rows: 65536, room: 16384, layered: 32768, layers: 2048, cubes: 341 };

const leaks = leakRegistry('TextureArray');
const UNCLONEABLE = uncloneable('a TextureArray: send what read() gives');

let makeArray: (device: Device, state: ArrayState) => TextureArray;
let stateOf: (value: unknown) => ArrayState | undefined;

/**
 * Elements in one to three dimensions, in memory of a layout of the device's own (`cudaArray_t`): what
 * textures and surfaces are made of. Host arrays and buffers have the numbers of its elements row by row, x
 * fastest, then y, then z, layers or faces.
 *
 * Made by {@link TextureMethods.createTextureArray}. The memory is freed once the array and
 * all its textures and surfaces are disposed.
 *
 * @example
 * ```ts
 * using image = device.createTextureArray({ dtype: 'uint8', channels: 4, width, height });
 * image.write(pixels); // Uint8Array of 4 * width * height
 * ```
 *
 * @group Textures
 */
export class TextureArray<D extends TextureDtype = TextureDtype> {
  readonly #device: Device;
  readonly #state: ArrayState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE;

  private constructor(device: Device, state: ArrayState) {
    if (!(state instanceof ArrayState)) throw typeError('Use device.createTextureArray()');
    this.#device = device;
    this.#state = state;
    leaks.register(this, state);
  }

  static {
    makeArray = (device, state) => new TextureArray(device, state);
    stateOf = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** Of the numbers in an element. */
  get dtype(): D {
    return receiver(this, 'dtype').format.dtype.name as D;
  }

  /** Numbers in an element. */
  get channels(): number {
    return receiver(this, 'channels').format.channels;
  }

  /** Numbers in all elements: the length of a host array. */
  get length(): number {
    return lengthOf(receiver(this, 'length'));
  }

  /** The device whose memory it is in. */
  get device(): Device {
    receiver(this, 'device');
    return this.#device;
  }

  /** True after {@link TextureArray.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !receiver(this, 'disposed').isOpen();
  }

  /**
   * Copies a host array of {@link TextureArray.length} numbers to it, by way of device memory of the same
   * size. Enqueues and returns; the bytes are those at the time of the call.
   *
   * @returns this array
   *
   * @example
   * ```ts
   * image.write(new Float32Array(width * height));
   * ```
   */
  write(source: ArrayBufferView, options?: TextureCopyOptions): this {
    const state = receiver(this, 'write');
    state.handle();
    const { stream } = readOptions(options, { stream: undefined });
    const { dtype } = state.format;
    const staged = upload(state.device, source, { dtype: dtype.name, stream });
    try {
      copy(state, staged, 'source', true, stream);
    } finally {
      staged.close();
    }
    return this;
  }

  /**
   * Copies it to a new host array, by way of device memory of the same size. Does not block.
   *
   * @example
   * ```ts
   * const numbers = await image.read();
   * ```
   */
  async read(options?: TextureCopyOptions): Promise<HostArray<D>> {
    const { buffer, stream } = this.#toRead('read', options);
    try {
      return await buffer.read({ stream });
    } finally {
      buffer.dispose();
    }
  }

  /**
   * {@link TextureArray.read}, blocking until the numbers are there.
   *
   * @example
   * ```ts
   * const numbers = image.readSync();
   * ```
   */
  readSync(options?: TextureCopyOptions): HostArray<D> {
    const { buffer, stream } = this.#toRead('readSync', options);
    try {
      return buffer.readSync({ stream });
    } finally {
      buffer.dispose();
    }
  }

  #toRead(
    member: string,
    options: unknown,
  ): { buffer: DeviceBuffer<D>; stream: Stream | undefined } {
    const state = receiver(this, member);
    state.handle();
    const { stream } = readOptions(options, { stream: undefined });
    const on = streamHandle(stream, state.device);
    const taken = allocateState(state.device, state.format.dtype, lengthOf(state), false, on);
    const buffer = wrapBuffer<D>(this.#device, taken);
    try {
      copy(state, taken, 'buffer', false, stream);
    } catch (error) {
      buffer.dispose();
      throw error;
    }
    return { buffer, stream };
  }

  /**
   * Copies all of a buffer of the same dtype and {@link TextureArray.length} to it. Enqueues and returns.
   *
   * @returns this array
   *
   * @example
   * ```ts
   * image.copyFrom(buffer);
   * ```
   */
  copyFrom(buffer: DeviceBuffer<D>, options?: TextureCopyOptions): this {
    const state = receiver(this, 'copyFrom');
    copyBuffer(state, buffer, true, options);
    return this;
  }

  /**
   * Copies all of it to a buffer of the same dtype and {@link TextureArray.length}. Enqueues and returns.
   *
   * @returns this array
   *
   * @example
   * ```ts
   * image.copyTo(buffer);
   * ```
   */
  copyTo(buffer: DeviceBuffer<D>, options?: TextureCopyOptions): this {
    const state = receiver(this, 'copyTo');
    copyBuffer(state, buffer, false, options);
    return this;
  }

  /**
   * Gives the memory back, as soon as what is enqueued and its textures and surfaces no longer need it. May be
   * called again; never throws.
   *
   * @example
   * ```ts
   * image.dispose();
   * ```
   */
  dispose(): void {
    receiver(this, 'dispose').close();
  }

  /** Calls {@link TextureArray.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose').close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = stateOf(this);
    if (state === undefined) return this;
    const { width, height, depth, layers, cubemap } = state.shape;
    return inspected(TextureArray.prototype, {
      dtype: state.format.dtype.name,
      channels: state.format.channels,
      width,
      ...(height > 0 && { height }),
      ...(depth > 0 && { depth }),
      ...(layers > 0 && { layers }),
      ...(cubemap && { cubemap }),
      device: state.device.label,
      disposed: !state.isOpen(),
    });
  }
}

function lengthOf({ shape, format }: ArrayState): number {
  return shape.elements * format.channels;
}

function receiver(value: unknown, member: string): ArrayState {
  const state = stateOf(value);
  if (state === undefined) {
    throw argumentTypeError('a TextureArray', `this of TextureArray.${member}`, value);
  }
  return state;
}

/** The state of an array on `device`, if it is one. */
export function arrayArgument(
  value: unknown,
  name: string,
  device: DeviceState,
): ArrayState | undefined {
  const state = stateOf(value);
  if (state === undefined) return undefined;
  state.handle(name);
  checkSameDevice(device, state.device, name);
  return state;
}

function copyBuffer(state: ArrayState, value: unknown, toArray: boolean, options: unknown): void {
  state.handle();
  const { stream } = readOptions(options, { stream: undefined });
  const buffer = bufferArgument(value, 'buffer', state.device);
  const { dtype } = state.format;
  if (buffer.dtype !== dtype) {
    throw typeError(
      `Expected a DeviceBuffer of ${dtype.name} for \`buffer\` but received one of ` +
        `${buffer.dtype.name}`,
    );
  }
  copy(state, buffer, 'buffer', toArray, stream);
}

function copy(
  state: ArrayState,
  buffer: BufferState,
  name: string,
  toArray: boolean,
  stream: unknown,
): void {
  const length = lengthOf(state);
  if (buffer.length !== length) {
    throw rangeError(`Expected ${length} elements for \`${name}\` but received ${buffer.length}`);
  }
  const on = streamHandle(stream, state.device);
  native().copyArray(state.handle(), buffer.handle(), toArray, on);
}

type Given = Record<keyof TextureArrayOptions, unknown>;

function shapeOf(given: Given): Shape {
  const surface = checkBoolean(given.surface, 'surface', false);
  const gather = checkBoolean(given.gather, 'gather', false);
  const cubemap = checkBoolean(given.cubemap, 'cubemap', false);
  const hasLayers = given.layers !== undefined;
  if (given.depth !== undefined && (hasLayers || cubemap)) {
    throw rangeError('An array with `depth` has neither layers nor faces');
  }
  const isPlane = given.height !== undefined || cubemap;
  if (given.depth !== undefined && !isPlane)
    throw rangeError('An array with `depth` needs `height`');
  if (gather && (!isPlane || given.depth !== undefined || hasLayers || cubemap)) {
    throw rangeError('`gather` is for arrays of two dimensions');
  }
  const isWide = given.depth === undefined && !hasLayers && !cubemap && !gather;
  const side = given.depth === undefined ? MOST.layered : MOST.room;
  const width = checkInteger(given.width, 'width', 1, isWide ? MOST.line : side);
  const height = !isPlane
    ? 0
    : given.height === undefined
      ? width
      : checkInteger(given.height, 'height', 1, isWide ? MOST.rows : side);
  if (cubemap && height !== width) throw rangeError('The faces of a cubemap are squares');
  const depth = given.depth === undefined ? 0 : checkInteger(given.depth, 'depth', 1, MOST.room);
  const mostLayers = cubemap ? MOST.cubes : MOST.layers;
  const layers = hasLayers ? checkInteger(given.layers, 'layers', 1, mostLayers) : 0;
  const slices = Math.max(depth, layers, 1) * (cubemap ? FACES : 1);
  const elements = width * Math.max(height, 1) * slices;
  return { width, height, depth, layers, cubemap, surface, gather, elements };
}

/** CUDA has no call for that. Closes the array where it fails. */
function clear(array: ArrayState, stream: Handle): void {
  let zeros: BufferState | undefined;
  try {
    zeros = allocateState(array.device, array.format.dtype, lengthOf(array), true, stream);
    copy(array, zeros, 'zeros', true, undefined);
  } catch (error) {
    array.close();
    throw error;
  } finally {
    zeros?.close();
  }
}

/** Behind `device.createTextureArray`. */
export function createArray(device: object, state: DeviceState, options: unknown): TextureArray {
  if (options === undefined) throw typeError('Expected options with `dtype` and `width`');
  const given = readOptions(options, {
    ...{ dtype: undefined, channels: undefined, width: undefined, height: undefined },
    ...{ depth: undefined, layers: undefined, cubemap: undefined, surface: undefined },
    ...{ gather: undefined, zeroed: undefined },
  } as Given);
  const format = formatOf(checkDtype(given.dtype), given.channels);
  const shape = shapeOf(given);
  const zeroed = checkBoolean(given.zeroed, 'zeroed', true);
  assertDeviceOpen(state);
  const slices = shape.cubemap ? FACES * Math.max(shape.layers, 1) : shape.depth + shape.layers;
  const flags =
    (shape.layers > 0 ? FLAGS.layered : 0) |
    (shape.surface ? FLAGS.surface : 0) |
    (shape.cubemap ? FLAGS.cubemap : 0) |
    (shape.gather ? FLAGS.gather : 0);
  const stream = streamHandle(undefined, state);
  const handle = native().createArray(
    state.handle,
    Float64Array.from([...format.numbers, shape.width, shape.height, slices, flags]),
    stream,
  );
  const array = new ArrayState(state, handle, format, shape);
  if (zeroed) clear(array, stream);
  return makeArray(device as Device, array);
}
