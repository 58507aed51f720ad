// Textures in all the ways in which they can be read, against formulas in plain TypeScript.
import type { AddressMode, Kernel, Texture, TextureArray } from '../../../lib/index.js';
import { blocks, device, load, range, seeded } from '../support.js';
import { type Source, sampled } from './reference.js';

const kernels = load('textures/reading');
const POINTS = 400;
const SAMPLED = ['texture', 'const float32*', 'float32*', 'int32'] as const;

const made: { dispose(): void }[] = [];
afterEach(() => {
  for (const each of made.splice(0).reverse()) each.dispose();
});
function kept<T extends { dispose(): void }>(object: T): T {
  made.push(object);
  return object;
}

/** Four floats a place, at `coordinates` of four floats each. */
async function read(name: string, texture: Texture, at: Float32Array, results = 1) {
  const n = at.length / 4;
  const out = device.alloc('float32', 4 * n * results);
  const kernel: Kernel<typeof SAMPLED> = kernels.kernel(name, SAMPLED);
  const grid = blocks(n, 128);
  kernel.launch({ grid, block: 128 }, texture, device.from(at), out, n);
  kernel.dispose();
  return out.read();
}

/** Coordinates from before the first to beyond the last element, some of them exactly on and between elements. */
function places(extents: readonly number[], normalized: boolean, seed: number): Float32Array {
  const random = seeded(seed);
  return Float32Array.from({ length: 4 * POINTS }, (_, i) => {
    const extent = extents[i % 4] ?? 1;
    const x = random.integer(-extent * 256, 2 * extent * 256) / 256;
    const place = i < 200 ? Math.round(2 * x) / 2 : x;
    // Powers of two as extents, so that this is exact.
    return normalized ? place / extent : place;
  });
}

/** Of values below 16: the sums are in another order. */
function expectClose(result: Float32Array, expected: Float32Array) {
  const errors = expected.map((value, i) => Math.abs(result[i]! - value));
  expect(Math.max(...errors)).toBeLessThanOrEqual(2 ** -19);
}

/** The first channel. */
const firsts = (result: Float32Array) => result.filter((_, i) => i % 4 === 0);

const sampledAt = (source: Source, at: Float32Array) =>
  Float32Array.from({ length: at.length / 4 }, (_, i) =>
    sampled(source, [...at.subarray(4 * i, 4 * i + 3)]),
  );

const SHAPES = [
  ['line', [16]],
  ['plane', [8, 4]],
  ['room', [4, 8, 2]],
] as const;
const MODES: readonly (readonly [AddressMode, boolean])[] = [
  ...(['clamp', 'border'] as const).flatMap((mode) => [
    [mode, false] as const,
    [mode, true] as const,
  ]),
  ['wrap', true],
  ['mirror', true],
];

function floatArray(extents: readonly number[], channels: 1 | 2 | 4, values: Float32Array) {
  const [width, height, depth] = extents as [number, number?, number?];
  const array = kept(
    device.createTextureArray({ dtype: 'float32', channels, width, height, depth }),
  );
  return array.write(values);
}

describe.each(SHAPES)('%s of float32', (kernel, extents) => {
  const count = extents.reduce((a, b) => a * b, 1);

  describe.each(['point', 'linear'] as const)('%s', (filter) => {
    test.each(MODES)('%s, normalized: %s', async (address, normalizedCoordinates) => {
      const values = seeded(count).floats(4 * count, -8, 8);
      const array = floatArray(extents, 4, values);
      const border = [1, -2, 0.5, 3];
      const texture = kept(
        device.createTexture(array, { filter, address, normalizedCoordinates, border }),
      );
      const at = places(extents, normalizedCoordinates, 7);
      const result = await read(kernel, texture, at);
      const channel = (c: number): Source => ({
        ...{ values: values.filter((_, i) => i % 4 === c), extents, linear: filter === 'linear' },
        ...{ modes: [address, address, address], normalized: normalizedCoordinates },
        border: border[c]!,
      });
      const sources = range(4).map(channel);
      const expected = Float32Array.from({ length: 4 * POINTS }, (_, i) =>
        sampled(sources[i % 4]!, [...at.subarray(i - (i % 4), i - (i % 4) + 3)]),
      );
      expectClose(result, expected);
    });
  });
});

test('each axis has its own mode', async () => {
  const values = seeded(3).floats(32);
  const array = floatArray([8, 4], 1, values);
  const modes = ['mirror', 'border'] as const;
  const texture = kept(
    device.createTexture(array, { address: modes, normalizedCoordinates: true, border: [9] }),
  );
  const at = places([8, 4], true, 8);
  const result = await read('plane', texture, at);
  const source = { values, extents: [8, 4], linear: false, modes, normalized: true, border: 9 };
  expectClose(firsts(result), sampledAt(source, at));
});

test('a weight has eight bits', async () => {
  const texture = kept(
    device.createTexture(floatArray([2], 1, Float32Array.of(0, 256)), { filter: 'linear' }),
  );
  const offsets = [0, 1 / 256, 1.4 / 256, 1.6 / 256, 0.5, 255.4 / 256, 255.6 / 256];
  const at = Float32Array.from(offsets.flatMap((offset) => [0.5 + offset, 0, 0, 0]));
  const result = await read('line', texture, at);
  expect(offsets.map((_, i) => result[4 * i])).toEqual([0, 1, 1, 2, 128, 255, 256]);
});

test('coordinates that are no numbers, or beyond all bounds', async () => {
  const values = Float32Array.of(1, 2, 3, 4);
  const array = floatArray([4], 1, values);
  const at = Float32Array.from(
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38, -0].flatMap(
      (x) => [x, 0, 0, 0],
    ),
  );
  for (const filter of ['point', 'linear'] as const) {
    const clamped = await read('line', kept(device.createTexture(array, { filter })), at);
    expect(range(6).map((i) => clamped[4 * i])).toEqual([1, 4, 1, 4, 1, 1]);
    for (const address of ['wrap', 'mirror'] as const) {
      const texture = kept(
        device.createTexture(array, { filter, address, normalizedCoordinates: true }),
      );
      for (const value of await read('line', texture, at))
        expect(Number.isFinite(value)).toBe(true);
    }
  }
});

const FORMATS = [
  ['uint8', Uint8Array, 255],
  ['int8', Int8Array, 127],
  ['uint16', Uint16Array, 65535],
  ['int16', Int16Array, 32767],
] as const;

test.each(FORMATS)('%s read as normalized floats, filtered', async (dtype, Numbers, most) => {
  const integers = Numbers.from(seeded(5).integers(2 * 32, -most - 1, most + 1));
  integers.set([-most - 1, most]); // at least one of each that is clamped
  const array = kept(device.createTextureArray({ dtype, channels: 2, width: 8, height: 4 }));
  array.write(integers);
  const at = places([8, 4], false, 6);
  for (const filter of ['point', 'linear'] as const) {
    const texture = kept(device.createTexture(array, { filter, readAs: 'normalized' }));
    const result = await read('plane', texture, at);
    for (const c of [0, 1]) {
      const source: Source = {
        values: range(32).map((j) => Math.max(-1, integers[2 * j + c]! / most)),
        ...{ extents: [8, 4], linear: filter === 'linear', modes: ['clamp', 'clamp'] },
        ...{ normalized: false, border: 0 },
      };
      expectClose(firsts(result.subarray(c)), sampledAt(source, at));
    }
  }
});

test.each([
  ...FORMATS,
  ['uint32', Uint32Array, 2 ** 32 - 1],
  ['int32', Int32Array, 2 ** 31 - 1],
] as const)('%s read as integers', async (dtype, Numbers, most) => {
  const integers = Numbers.from(range(4 * 32).map((i) => (i % 3 === 0 ? -1 - i : most - i)));
  const array = kept(device.createTextureArray({ dtype, channels: 4, width: 8, height: 4 }));
  array.write(integers);
  const kernel = kernels.kernel('integers', ['texture', 'const float32*', 'int32*', 'int32']);
  const at = Float32Array.from({ length: 4 * 32 }, (_, i) => [(i >> 2) % 8, i >> 5, 0, 0][i % 4]!);
  const out = device.alloc('int32', 4 * 32);
  kernel.launch(
    { grid: 1, block: 32 },
    kept(device.createTexture(array)),
    device.from(at),
    out,
    32,
  );
  expect(await out.read()).toEqual(Int32Array.from(integers));
  kernel.dispose();
});

test('float16', async () => {
  // 1, -2, the largest, the smallest subnormal, infinity, 0.
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 1, 0x7c00, 0x8000, 0x3555, 0x03ff);
  const array = kept(device.createTextureArray({ dtype: 'float16', width: 8 })).write(bits);
  const at = Float32Array.from({ length: 32 }, (_, i) => (i % 4 === 0 ? i / 4 : 0));
  const result = await read('line', kept(device.createTexture(array)), at);
  expect(range(8).map((i) => result[4 * i])).toEqual([
    ...[1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY, -0, 0x555 / 2 ** 12, 0x3ff / 2 ** 24],
  ]);
});

describe('device memory', () => {
  test('is read by index, and is 0 beyond its ends', async () => {
    const kernel = kernels.kernel('fetch_floats', ['texture', 'float32*', 'int32', 'int32']);
    const values = seeded(1).floats(300);
    const buffer = device.from(values);
    const texture = kept(device.createTexture(buffer, { width: 290 }));
    const out = device.alloc('float32', 310);
    kernel.launch({ grid: 3, block: 128 }, texture, out, -5, 310);
    const expected = Float32Array.from({ length: 310 }, (_, i) =>
      i < 5 || i >= 295 ? 0 : values[i - 5]!,
    );
    expect(await out.read()).toEqual(expected);
    // What it holds now, not what it held.
    buffer.fill(3);
    kernel.launch({ grid: 1, block: 32 }, texture, out, 0, 32);
    expect([...(await out.read({ length: 32 }))]).toEqual(range(32).map(() => 3));
    kernel.dispose();
  });

  test('has elements of several channels, and of views', async () => {
    const kernel = kernels.kernel('fetch_bytes', ['texture', 'uint8*', 'int32', 'int32']);
    const bytes = seeded(2).bytes(1024);
    const buffer = device.from(bytes);
    const view = kept(buffer.slice(512));
    const texture = kept(device.createTexture(view, { channels: 4 }));
    const out = device.alloc('uint8', 512);
    kernel.launch({ grid: 1, block: 128 }, texture, out, 0, 128);
    expect(await out.read()).toEqual(bytes.subarray(512));
    kernel.dispose();
  });

  test('is read by some lanes of a warp', async () => {
    const kernel = kernels.kernel('odd', ['texture', 'float32*', 'int32']);
    const values = seeded(3).floats(70);
    const texture = kept(device.createTexture(device.from(values)));
    const out = device.alloc('float32', 70);
    kernel.launch({ grid: 3, block: 32 }, texture, out, 70);
    expect(await out.read()).toEqual(values.map((value, i) => (i % 2 === 1 ? value : 0)));
    kernel.dispose();
  });

  test.each([32, 64])('has rows %i bytes apart', async (pitch) => {
    const values = seeded(4).floats((pitch / 4) * 4);
    const texture = kept(
      device.createTexture(device.from(values), { width: 8, height: 4, pitch, filter: 'linear' }),
    );
    const at = places([8, 4], false, 9);
    const result = await read('plane', texture, at);
    const inRows = values.filter((_, i) => i % (pitch / 4) < 8);
    const modes = ['clamp', 'clamp'] as const;
    const source = {
      values: inRows,
      extents: [8, 4],
      linear: true,
      modes,
      normalized: false,
      border: 0,
    };
    expectClose(firsts(result), sampledAt(source, at));
  });
});

describe('layers', () => {
  const LAYERS = 3;
  const layerOf = (i: number) => [-1, 0, 1, 2, 3][i % 5]!;

  test.each([
    ['line_layer', [8]],
    ['plane_layer', [8, 4]],
  ] as const)('%s', async (kernel, extents) => {
    const count = extents.reduce((a, b) => a * b, 1);
    const values = seeded(11).floats(LAYERS * count);
    const [width, height] = extents as readonly number[] as [number, number?];
    const array = kept(
      device.createTextureArray({ dtype: 'float32', width, height, layers: LAYERS }),
    );
    array.write(values);
    const at = places(extents, false, 12).map((x, i) => (i % 4 === 3 ? layerOf(i >> 2) : x));
    const result = await read(kernel, kept(device.createTexture(array, { filter: 'linear' })), at);
    const sources = range(LAYERS).map(
      (layer): Source => ({
        values: values.subarray(layer * count, (layer + 1) * count),
        ...{ extents, linear: true, modes: ['clamp', 'clamp'], normalized: false, border: 0 },
      }),
    );
    const expected = Float32Array.from({ length: POINTS }, (_, i) => {
      const layer = Math.min(Math.max(layerOf(i), 0), LAYERS - 1);
      return sampled(sources[layer]!, [...at.subarray(4 * i, 4 * i + 2)]);
    });
    expectClose(firsts(result), expected);
  });
});

describe('cubes', () => {
  // The middle of each face, and a place beside it whose s and t differ.
  const DIRECTIONS: readonly (readonly [number, readonly number[], number, number])[] = [
    [0, [1, 0, 0], 0.5, 0.5],
    [0, [2, -0.5, -1], 0.75, 0.625],
    [1, [-2, -0.5, -1], 0.25, 0.625],
    [2, [1, 2, 0.5], 0.75, 0.625],
    [3, [1, -2, 0.5], 0.75, 0.375],
    [4, [1, -0.5, 2], 0.75, 0.625],
    [5, [1, -0.5, -2], 0.25, 0.625],
  ];
  const WIDTH = 4;

  test.each(['point', 'linear'] as const)('%s', async (filter) => {
    const count = WIDTH * WIDTH;
    const values = seeded(13).floats(2 * 6 * count);
    const one = kept(device.createTextureArray({ dtype: 'float32', width: WIDTH, cubemap: true }));
    one.write(values.subarray(0, 6 * count));
    const two = kept(
      device.createTextureArray({
        dtype: 'float32',
        width: WIDTH,
        height: WIDTH,
        cubemap: true,
        layers: 2,
      }),
    );
    two.write(values);
    const at = Float32Array.from(DIRECTIONS.flatMap(([, direction]) => [...direction, 1]));
    const single = await read('cube', kept(device.createTexture(one, { filter })), at);
    const layered = await read('cube_layer', kept(device.createTexture(two, { filter })), at);
    DIRECTIONS.forEach(([face, , s, t], i) => {
      const faceOf = (cube: number): Source => ({
        values: values.subarray((6 * cube + face) * count, (6 * cube + face + 1) * count),
        ...{ extents: [WIDTH, WIDTH], linear: filter === 'linear', modes: ['clamp', 'clamp'] },
        ...{ normalized: true, border: 0 },
      });
      expect([i, single[4 * i]]).toEqual([i, sampled(faceOf(0), [s, t])]);
      expect([i, layered[4 * i]]).toEqual([i, sampled(faceOf(1), [s, t])]);
    });
  });
});

test('a level and gradients change nothing', async () => {
  const values = seeded(14).floats(32);
  const texture = kept(device.createTexture(floatArray([8, 4], 1, values), { filter: 'linear' }));
  const at = places([8, 4], false, 15);
  const plain = await read('plane', texture, at);
  const others = await read('levels', texture, at, 2);
  for (let i = 0; i < POINTS; i++) {
    expect([others[8 * i], others[8 * i + 4]]).toEqual([plain[4 * i], plain[4 * i]]);
  }
});

test('all is resident', async () => {
  const values = seeded(17).floats(32, 0, 1);
  const texture = kept(device.createTexture(floatArray([8, 4], 1, values)));
  const at = places([8, 4], false, 18);
  expect(firsts(await read('resident', texture, at))).toEqual(
    firsts(await read('plane', texture, at)),
  );
});

test('the four elements around, one channel of them', async () => {
  const values = seeded(16).floats(64);
  const array = kept(
    device.createTextureArray({ dtype: 'float32', channels: 2, width: 8, height: 4, gather: true }),
  ).write(values);
  const at = Float32Array.of(3.2, 1.9, 0, 0, 0, 0, 0, 0, 8, 4, 0, 0);
  const result = await read('gather', kept(device.createTexture(array)), at, 2);
  const element = (x: number, y: number, c: number) => {
    const within = [Math.min(Math.max(x, 0), 7), Math.min(Math.max(y, 0), 3)] as const;
    return values[2 * (8 * within[1] + within[0]) + c]!;
  };
  [
    [2, 1],
    [-1, -1],
    [7, 3],
  ].forEach(([x, y], i) => {
    for (const c of [0, 1]) {
      const from = 4 * (2 * i + c);
      expect([...result.subarray(from, from + 4)]).toEqual([
        ...[element(x!, y! + 1, c), element(x! + 1, y! + 1, c)],
        ...[element(x! + 1, y!, c), element(x!, y!, c)],
      ]);
    }
  });
});

test('sizes can be asked for', async () => {
  const kernel = kernels.kernel('query', ['texture', 'uint32*']);
  const array: TextureArray = floatArray([4, 8, 2], 1, new Float32Array(64));
  const out = device.alloc('uint32', 4);
  const texture = kept(device.createTexture(array, { normalizedCoordinates: true }));
  kernel.launch({ grid: 1, block: 1 }, texture, out);
  expect([...(await out.read())]).toEqual([4, 8, 2, 1]);
  kernel.dispose();
});

test('textures in a struct, and two in one warp', async () => {
  const textures = {
    struct: { weight: 'float32', textures: { array: 'texture', length: 2 } },
  } as const;
  const kernel = kernels.kernel('blend', [textures, 'const float32*', 'float32*', 'int32']);
  const arrays = [0, 1].map((i) => floatArray([8, 4], 1, seeded(20 + i).floats(32)));
  const [a, b] = arrays.map((array) => kept(device.createTexture(array)));
  const at = Float32Array.from({ length: 4 * 32 }, (_, i) => [(i >> 2) % 8, i >> 5, 0, 0][i % 4]!);
  const out = device.alloc('float32', 32);
  kernel.launch(
    { grid: 1, block: 32 },
    { weight: 2, textures: [a!, b!] },
    device.from(at),
    out,
    32,
  );
  const both = await Promise.all(arrays.map((array) => array.read()));
  expect(await out.read()).toEqual(
    Float32Array.from({ length: 32 }, (_, i) => 2 * both[i % 2]![i]!),
  );
  kernel.dispose();
});
