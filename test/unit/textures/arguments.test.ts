// What arrays, textures and surfaces are made of, and what is refused, in words and before any CUDA call.
import { cuda, Surface, Texture, TextureArray } from '../../../lib/index.js';
import { ARG_RANGE, ARG_TYPE, thrown, WRONG_DEVICE } from '../../support/errors.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
const other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => {
  device.dispose();
  other.dispose();
});

const array = (options: object) => device.createTextureArray(options as never);
const plane = device.createTextureArray({ dtype: 'float32', width: 8, height: 4 });
const bytes = device.createTextureArray({ dtype: 'uint8', width: 8 });
const words = device.createTextureArray({ dtype: 'int32', width: 8 });
const cube = device.createTextureArray({ dtype: 'float32', width: 8, cubemap: true });
const buffer = device.alloc('float32', 1024);

test.each([
  [{ dtype: 'float32', width: 131072 }, 131072],
  [{ dtype: 'float32', width: 1, channels: 4 }, 4],
  [{ dtype: 'int16', channels: 2, width: 3, height: 5 }, 30],
  [{ dtype: 'uint8', width: 3, height: 1, depth: 1 }, 3],
  [{ dtype: 'uint8', width: 3, layers: 2048 }, 6144],
  [{ dtype: 'float16', width: 4, height: 4, cubemap: true, layers: 2 }, 192],
  [{ dtype: 'uint32', width: 4, height: 3, gather: true, surface: true }, 12],
])('%j', (options, length) => {
  using made = array(options);
  expect([made.length, made.dtype, made.channels, made.disposed]).toEqual([
    ...[length, options.dtype, (options as { channels?: number }).channels ?? 1, false],
  ]);
  expect(made.device).toBe(device);
});

test.each<[object | undefined, object, string]>([
  [undefined, ARG_TYPE, 'Expected options with `dtype` and `width`'],
  [{ dtype: 'float32' }, ARG_TYPE, 'Expected an integer for `width` but received undefined'],
  [{ dtype: 'float64', width: 4 }, ARG_TYPE, 'Expected one of uint8, int8,'],
  [{ dtype: 'bfloat16', width: 4 }, ARG_TYPE, 'for `dtype` but received "bfloat16"'],
  [{ dtype: 'float32', width: 0 }, ARG_RANGE, 'Expected an integer from 1 to 131072 for `width`'],
  [{ dtype: 'float32', width: 131073 }, ARG_RANGE, 'from 1 to 131072'],
  [{ dtype: 'float32', width: 4, height: 65537 }, ARG_RANGE, 'from 1 to 65536 for `height`'],
  [
    { dtype: 'float32', width: 4, height: 4, depth: 16385 },
    ARG_RANGE,
    'from 1 to 16384 for `depth`',
  ],
  [{ dtype: 'float32', width: 4, layers: 2049 }, ARG_RANGE, 'from 1 to 2048 for `layers`'],
  [{ dtype: 'float32', width: 4, cubemap: true, layers: 342 }, ARG_RANGE, 'from 1 to 341'],
  [{ dtype: 'float32', width: 4, channels: 3 }, ARG_RANGE, 'Expected 1, 2 or 4 for `channels`'],
  [{ dtype: 'float32', width: 4, depth: 4 }, ARG_RANGE, 'An array with `depth` needs `height`'],
  [
    { dtype: 'float32', width: 4, height: 4, depth: 4, layers: 2 },
    ...([ARG_RANGE, 'An array with `depth` has neither layers nor faces'] as const),
  ],
  [
    { dtype: 'float32', width: 4, height: 5, cubemap: true },
    ...([ARG_RANGE, 'The faces of a cubemap are squares'] as const),
  ],
  [
    { dtype: 'float32', width: 4, gather: true },
    ...([ARG_RANGE, '`gather` is for arrays of two dimensions'] as const),
  ],
  [{ dtype: 'float32', width: 4, surfaces: true }, ARG_TYPE, 'Unknown option `surfaces`'],
])('no array of %j', (options, kind, message) => {
  const error = thrown(() => array(options as never));
  expect(error).toMatchObject(kind);
  expect(error.message).toContain(message);
});

test.each<[unknown, object | undefined, object, string]>([
  [7, undefined, ARG_TYPE, 'Expected a TextureArray or a DeviceBuffer for `source` but received 7'],
  [plane, { filter: 'cubic' }, ARG_TYPE, 'Expected one of point, linear for `filter`'],
  [plane, { width: 4 }, ARG_TYPE, 'Unknown option `width`'],
  [plane, { address: 'repeat' }, ARG_TYPE, 'Expected one of clamp, border, wrap, mirror'],
  [plane, { address: ['clamp', 7] }, ARG_TYPE, 'for `address[1]` but received 7'],
  [plane, { address: [] }, ARG_RANGE, 'Expected 1 to 3 entries for `address` but received 0'],
  [plane, { address: 'wrap' }, ARG_RANGE, "'wrap' and 'mirror' need `normalizedCoordinates: true`"],
  [plane, { border: 1 }, ARG_TYPE, 'Expected an array of numbers for `border`'],
  [plane, { border: [1, 2, 3, 4, 5] }, ARG_RANGE, 'Expected 1 to 4 entries for `border`'],
  [plane, { readAs: 'normalized' }, ARG_RANGE, 'is for integers of 8 or 16 bits, not float32'],
  [words, { readAs: 'normalized' }, ARG_RANGE, 'is for integers of 8 or 16 bits, not int32'],
  [bytes, { filter: 'linear' }, ARG_RANGE, "uint8 needs `readAs: 'normalized'`"],
  [bytes, { border: [1] }, ARG_RANGE, 'The border of uint8 elements is 0'],
  [
    cube,
    { normalizedCoordinates: false },
    ARG_RANGE,
    'The coordinates of a cubemap are a direction',
  ],
  [buffer, { filter: 'linear' }, ARG_RANGE, 'A texture of one line of a buffer has no filter'],
  [buffer, { normalizedCoordinates: true }, ARG_RANGE, 'of a buffer is read by index'],
  [buffer, { width: 1025 }, ARG_RANGE, 'Expected at least 4100 bytes for `source`'],
  [buffer, { width: 4, pitch: 32 }, ARG_RANGE, 'A texture with `pitch` needs `height`'],
  [buffer, { height: 4 }, ARG_TYPE, 'Expected an integer for `width` but received undefined'],
  [buffer, { width: 9, height: 4 }, ARG_RANGE, 'Expected a multiple of 32 bytes from 36 on'],
  [buffer, { width: 9, height: 4, pitch: 48 }, ARG_RANGE, 'for `pitch` but received 48'],
  [buffer, { width: 9, height: 4, pitch: 32 }, ARG_RANGE, 'for `pitch` but received 32'],
  [buffer, { width: 8, height: 4, pitch: 2048 }, ARG_RANGE, 'Expected at least 6176 bytes'],
  [device.alloc('float32', 6), { channels: 4 }, ARG_RANGE, 'no whole number of elements of 4'],
  [device.alloc('float64', 6), undefined, ARG_TYPE, 'Expected one of uint8, int8,'],
  [buffer.slice(1), undefined, ARG_RANGE, 'begins at a multiple of 512 bytes, not at 4'],
  [other.alloc('float32', 6), undefined, WRONG_DEVICE, 'source'],
])('no texture of %s with %j', (source, options, kind, message) => {
  const error = thrown(() => device.createTexture(source as never, options as never));
  expect(error).toMatchObject(kind);
  expect(error.message).toContain(message);
});

test('no surface of what is none', () => {
  expect(thrown(() => device.createSurface(plane))).toMatchObject({
    ...ARG_RANGE,
    message: 'Surfaces are of arrays that were made with `surface: true`',
  });
  expect(thrown(() => device.createSurface(buffer as never))).toMatchObject(ARG_TYPE);
  const foreign = other.createTextureArray({ dtype: 'float32', width: 4, surface: true });
  expect(thrown(() => device.createSurface(foreign))).toMatchObject(WRONG_DEVICE);
});

test('copies are of all of an array', async () => {
  using small = device.createTextureArray({ dtype: 'int16', channels: 2, width: 3 });
  const numbers = Int16Array.of(1, 2, 3, 4, 5, 6);
  expect(small.write(numbers)).toBe(small);
  expect(small.readSync()).toEqual(numbers);
  using copy = device.alloc('int16', 6);
  expect(small.copyTo(copy)).toBe(small);
  expect(await copy.read()).toEqual(numbers);
  small.copyFrom(copy.fill(7));
  expect(await small.read()).toEqual(new Int16Array(6).fill(7));
  for (const [action, kind, message] of [
    [() => small.write(new Int16Array(5)), ARG_RANGE, 'Expected 6 elements for `source`'],
    [() => small.write(new Float32Array(6)), ARG_TYPE, 'Int16Array'],
    [() => small.copyFrom(device.alloc('int16', 7)), ARG_RANGE, 'for `buffer` but received 7'],
    [() => small.copyTo(device.alloc('uint16', 6) as never), ARG_TYPE, 'DeviceBuffer of int16'],
    [() => small.copyTo(other.alloc('int16', 6)), WRONG_DEVICE, 'buffer'],
    [() => small.write(numbers, { offset: 1 } as never), ARG_TYPE, 'Unknown option `offset`'],
  ] as const) {
    const error = thrown(action);
    expect(error).toMatchObject(kind);
    expect(error.message).toContain(message);
  }
});

test('only a device makes them', () => {
  for (const Class of [TextureArray, Texture, Surface]) {
    const make = () => new (Class as unknown as new (state: object) => object)({});
    expect(thrown(make)).toMatchObject(ARG_TYPE);
    const { disposed } = Object.getOwnPropertyDescriptors(Class.prototype);
    expect(thrown(() => disposed.get!.call({}))).toMatchObject(ARG_TYPE);
  }
});

describe('as arguments', () => {
  const module = device.loadModule(`.version 8.0
.target sm_75
.address_size 64
.visible .entry k(.param .u64 t) { ret; }
.visible .entry small(.param .u32 t) { ret; }`);
  const ONE = { grid: 1, block: 1 };

  test('a texture and a surface are not the same, and are no buffer', () => {
    const made = device.createTextureArray({ dtype: 'float32', width: 4, surface: true });
    const texture = device.createTexture(made);
    const surface = device.createSurface(made);
    const ofTexture = module.kernel('k', ['texture']);
    const ofSurface = module.kernel('k', ['surface']);
    ofTexture.launch(ONE, texture);
    ofSurface.launch(ONE, surface);
    for (const [action, message] of [
      [() => ofTexture.launch(ONE, surface as never), 'Expected a Texture for `arguments[0]`'],
      [() => ofSurface.launch(ONE, texture as never), 'Expected a Surface for `arguments[0]`'],
      [() => ofTexture.launch(ONE, buffer as never), 'Expected a Texture for `arguments[0]`'],
      [() => ofTexture.launch(ONE, null as never), 'but received null'],
      [
        () => module.kernel('k').launch(ONE, texture as never),
        "A signature is needed for `arguments[0]`, with 'texture' or 'surface' there",
      ],
      [() => module.kernel('small', ['texture']), 'signature[0] is texture, 8 bytes aligned to 8'],
    ] as const) {
      const error = thrown(action);
      expect(error).toMatchObject(ARG_TYPE);
      expect(error.message).toContain(message);
    }
    const foreign = other.createTexture(other.alloc('float32', 4));
    expect(thrown(() => ofTexture.launch(ONE, foreign))).toMatchObject(WRONG_DEVICE);
  });
});
