/**
 * Textures and surfaces: what kernels take to read arrays and device memory by coordinates, and to write arrays.
 */
import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import {
  argumentRangeError,
  argumentTypeError,
  checkInteger,
  rangeError,
  readOptions,
  typeError,
} from '../base/checks.js';
import { INSPECT, inspected, uncloneable } from '../base/inspect.js';
import { leakRegistry } from '../base/leaks.js';
import { ChildState } from '../device/child-state.js';
import { checkSameDevice, type DeviceState } from '../device/state.js';
import { bufferArgument, isBuffer } from '../memory/buffer.js';
import { arrayArgument } from './array.js';
import { formatOf } from './format.js';
import { SAMPLING_OPTIONS, samplingOf, type TextureSampling } from './sampling.js';

/** Options of {@link TextureMethods.createTexture} for a buffer. */
export interface BufferTextureOptions extends TextureSampling {
  /** Numbers in an element. Default 1. */
  channels?: 1 | 2 | 4 | undefined;
  /** Elements in a row. Default, without `height`: all of the buffer. */
  width?: number | undefined;
  /** Rows. Default: one line, which `tex1Dfetch` reads, without a filter. */
  height?: number | undefined;
  /** Bytes from row to row, a multiple of 32. Default: rows without gaps. */
  pitch?: number | undefined;
}

/** What a Texture or a Surface is made of. */
class TextureState extends ChildState {
  constructor(
    device: DeviceState,
    handle: Handle,
    readonly isSurface: boolean,
  ) {
    super(device, handle, isSurface ? 'Surface' : 'Texture');
  }

  protected release(handle: Handle): void {
    native().closeTexture(handle);
  }
}

const textureLeaks = leakRegistry('Texture');
const surfaceLeaks = leakRegistry('Surface');
const UNCLONEABLE_TEXTURE = uncloneable('a Texture: it belongs to its thread');
const UNCLONEABLE_SURFACE = uncloneable('a Surface: it belongs to its thread');
const MOST_LINE = 2 ** 27;
const MOST_PLANE = { width: 131072, height: 65000, pitch: 2097120 };
const PITCH_ALIGNMENT = 32;
const ALIGNMENT = 512;

let makeTexture: (state: TextureState) => Texture;
let makeSurface: (state: TextureState) => Surface;
let textureState: (value: unknown) => TextureState | undefined;
let surfaceState: (value: unknown) => TextureState | undefined;

function inspectState(prototype: object, state: TextureState): object {
  return inspected(prototype, { device: state.device.label, disposed: !state.isOpen() });
}

/**
 * An array, or device memory, as kernels read it by coordinates (`cudaTextureObject_t`): an argument for a
 * parameter of type `'texture'`. Made by {@link TextureMethods.createTexture}. It holds the memory that it reads,
 * also when the array or buffer is disposed before it.
 *
 * @group Textures
 */
export class Texture {
  readonly #state: TextureState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE_TEXTURE;

  private constructor(state: TextureState) {
    if (!(state instanceof TextureState)) throw typeError('Use device.createTexture()');
    this.#state = state;
    textureLeaks.register(this, state);
  }

  static {
    makeTexture = (state) => new Texture(state);
    textureState = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** True after {@link Texture.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !receiver(this, 'disposed', false).isOpen();
  }

  /**
   * Gives the texture back, as soon as what is enqueued no longer needs it. May be called again; never throws.
   *
   * @example
   * ```ts
   * texture.dispose();
   * ```
   */
  dispose(): void {
    receiver(this, 'dispose', false).close();
  }

  /** Calls {@link Texture.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose', false).close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = textureState(this);
    return state === undefined ? this : inspectState(Texture.prototype, state);
  }
}

/**
 * An array as kernels read and write it by coordinates (`cudaSurfaceObject_t`): an argument for a parameter of
 * type `'surface'`. Made by {@link TextureMethods.createSurface}. It holds the array's memory.
 *
 * @group Textures
 */
export class Surface {
  readonly #state: TextureState;
  /** @internal */
  readonly uncloneable = UNCLONEABLE_SURFACE;

  private constructor(state: TextureState) {
    if (!(state instanceof TextureState)) throw typeError('Use device.createSurface()');
    this.#state = state;
    surfaceLeaks.register(this, state);
  }

  static {
    makeSurface = (state) => new Surface(state);
    surfaceState = (value) =>
      typeof value === 'object' && value !== null && #state in value ? value.#state : undefined;
  }

  /** True after {@link Surface.dispose}, or after its device was disposed. */
  get disposed(): boolean {
    return !receiver(this, 'disposed', true).isOpen();
  }

  /**
   * Gives the surface back, as soon as what is enqueued no longer needs it. May be called again; never throws.
   *
   * @example
   * ```ts
   * surface.dispose();
   * ```
   */
  dispose(): void {
    receiver(this, 'dispose', true).close();
  }

  /** Calls {@link Surface.dispose}, for `using`. */
  [Symbol.dispose](): void {
    receiver(this, 'dispose', true).close();
  }

  /** @internal */
  [INSPECT](): object {
    const state = surfaceState(this);
    return state === undefined ? this : inspectState(Surface.prototype, state);
  }
}

function receiver(value: unknown, member: string, isSurface: boolean): TextureState {
  const state = (isSurface ? surfaceState : textureState)(value);
  if (state !== undefined) return state;
  const name = isSurface ? 'Surface' : 'Texture';
  throw argumentTypeError(`a ${name}`, `this of ${name}.${member}`, value);
}

/** Whether a value is a Texture or a Surface, open or not. */
export function isTexture(value: unknown): boolean {
  return textureState(value) !== undefined || surfaceState(value) !== undefined;
}

/** The native object of a Texture, or of a Surface, that is open and on `device`. */
export function textureArgument(
  value: unknown,
  name: string,
  device: DeviceState,
  isSurface: boolean,
): Handle {
  const state = (isSurface ? surfaceState : textureState)(value);
  if (state === undefined) {
    throw argumentTypeError(isSurface ? 'a Surface' : 'a Texture', name, value);
  }
  const handle = state.handle(name);
  checkSameDevice(device, state.device, name);
  return handle;
}

function ofBuffer(device: DeviceState, source: unknown, options: unknown): Handle {
  const given = readOptions(options, {
    ...SAMPLING_OPTIONS,
    ...{ channels: undefined, width: undefined, height: undefined, pitch: undefined },
  } as Record<keyof BufferTextureOptions, unknown>);
  const buffer = bufferArgument(source, 'source', device);
  const format = formatOf(buffer.dtype, given.channels);
  const sampling = samplingOf(given, format, false);
  const isLine = given.height === undefined;
  if (isLine && given.width === undefined && buffer.length % format.channels !== 0) {
    throw rangeError(`The buffer has no whole number of elements of ${format.channels} channels`);
  }
  const all = buffer.length / format.channels;
  const width =
    isLine && given.width === undefined
      ? checkInteger(all, 'width', 1, MOST_LINE)
      : checkInteger(given.width, 'width', 1, isLine ? MOST_LINE : MOST_PLANE.width);
  const row = width * format.byteSize;
  const height = isLine ? 0 : checkInteger(given.height, 'height', 1, MOST_PLANE.height);
  if (isLine && given.pitch !== undefined)
    throw rangeError('A texture with `pitch` needs `height`');
  const pitch = given.pitch === undefined ? row : given.pitch;
  const isPitch =
    typeof pitch === 'number' &&
    pitch % PITCH_ALIGNMENT === 0 &&
    pitch >= row &&
    pitch <= MOST_PLANE.pitch;
  if (!isLine && !isPitch) {
    throw argumentRangeError(
      `a multiple of ${PITCH_ALIGNMENT} bytes from ${row} on, the length of a row,`,
      'pitch',
      pitch,
    );
  }
  if (isLine && given.filter === 'linear') {
    throw rangeError('A texture of one line of a buffer has no filter: copy it to an array');
  }
  if (isLine && given.normalizedCoordinates === true) {
    throw rangeError('A texture of one line of a buffer is read by index: copy it to an array');
  }
  const bytes = isLine ? row : (height - 1) * Number(pitch) + row;
  if (bytes > buffer.byteLength) {
    throw rangeError(
      `Expected at least ${bytes} bytes for \`source\` but received a DeviceBuffer of ` +
        `${buffer.byteLength}`,
    );
  }
  if (buffer.byteOffset % ALIGNMENT !== 0) {
    throw rangeError(
      `A view whose texture is made begins at a multiple of ${ALIGNMENT} bytes, not at ` +
        `${buffer.byteOffset}`,
    );
  }
  return native().createBufferTexture(
    buffer.handle(),
    Float64Array.from([...format.numbers, width, height, isLine ? 0 : Number(pitch)]),
    sampling,
  );
}

function ofArray(device: DeviceState, source: unknown, options: unknown): Handle {
  const given = readOptions(options, { ...SAMPLING_OPTIONS });
  const array = arrayArgument(source, 'source', device);
  if (array === undefined) {
    throw argumentTypeError('a TextureArray or a DeviceBuffer', 'source', source);
  }
  const sampling = samplingOf(given, array.format, array.shape.cubemap);
  return native().createArrayTexture(array.handle(), sampling);
}

/** Behind `device.createTexture`. */
export function createTexture(state: DeviceState, source: unknown, options: unknown): Texture {
  const make = isBuffer(source) ? ofBuffer : ofArray;
  return makeTexture(new TextureState(state, make(state, source, options), false));
}

/** Behind `device.createSurface`. */
export function createSurface(state: DeviceState, source: unknown): Surface {
  const array = arrayArgument(source, 'array', state);
  if (array === undefined) throw argumentTypeError('a TextureArray', 'array', source);
  if (!array.shape.surface) {
    throw rangeError('Surfaces are of arrays that were made with `surface: true`');
  }
  return makeSurface(new TextureState(state, native().createSurface(array.handle()), true));
}
