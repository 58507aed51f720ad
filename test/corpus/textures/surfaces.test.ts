// Surfaces: what kernels write to arrays and read back, and what happens beyond their ends.
import {
  cuda,
  type Surface,
  type TextureArray,
  type TextureArrayOptions,
} from '../../../lib/index.js';
import { failure } from '../../support/errors.js';
import { blocks, device, load, range, seeded } from '../support.js';

const kernels = load('textures/surfaces');

const made: { dispose(): void }[] = [];
afterEach(() => {
  for (const each of made.splice(0).reverse()) each.dispose();
});
function kept<T extends { dispose(): void }>(object: T): T {
  made.push(object);
  return object;
}

function withSurface(options: TextureArrayOptions): { array: TextureArray; surface: Surface } {
  const array = kept(device.createTextureArray({ ...options, surface: true }));
  return { array, surface: kept(device.createSurface(array)) };
}

test('an array is zero before it is written', async () => {
  const { array } = withSurface({ dtype: 'int32', channels: 2, width: 5, height: 3 });
  expect(await array.read()).toEqual(new Int32Array(30));
});

test('what is painted can be read, by the host and as a texture', async () => {
  const [width, height] = [20, 13];
  const { array, surface } = withSurface({ dtype: 'float32', width, height });
  using paint = kernels.kernel('paint', ['surface', 'int32', 'int32']);
  paint.launch({ grid: [2, 2], block: [16, 8] }, surface, width, height);
  const expected = Float32Array.from(
    { length: width * height },
    (_, i) => 100 * Math.floor(i / width) + (i % width),
  );
  expect(await array.read()).toEqual(expected);
  using plane = load('textures/reading').kernel('plane', [
    'texture',
    'const float32*',
    'float32*',
    'int32',
  ]);
  const at = Float32Array.of(3, 7, 0, 0);
  const out = device.alloc('float32', 4);
  plane.launch({ grid: 1, block: 1 }, kept(device.createTexture(array)), device.from(at), out, 1);
  expect((await out.read())[0]).toBe(703);
});

test('bytes, from one array to another', async () => {
  const [width, height] = [33, 9];
  const options = { dtype: 'uint8', channels: 4, width, height } as const;
  const from = withSurface(options);
  const to = withSurface(options);
  const pixels = seeded(1).bytes(4 * width * height);
  from.array.write(pixels);
  using invert = kernels.kernel('invert', ['surface', 'surface', 'int32', 'int32']);
  invert.launch({ grid: [5, 3], block: [8, 4] }, from.surface, to.surface, width, height);
  expect(await to.array.read()).toEqual(pixels.map((byte, i) => (i % 4 === 3 ? byte : 255 - byte)));
});

test('three dimensions', async () => {
  const [width, height, depth] = [5, 3, 4];
  const { array, surface } = withSurface({ dtype: 'int16', width, height, depth });
  using fill = kernels.kernel('fill_room', ['surface', 'int32', 'int32', 'int32']);
  fill.launch({ grid: 2, block: 32 }, surface, width, height, depth);
  expect(await array.read()).toEqual(Int16Array.from(range(60)));
});

test('layers', async () => {
  const [width, height, layers] = [6, 2, 3];
  const line = withSurface({ dtype: 'uint8', width, layers });
  const plane = withSurface({ dtype: 'int32', channels: 2, width, height, layers });
  using fill = kernels.kernel('fill_layers', ['surface', 'surface', 'int32', 'int32', 'int32']);
  fill.launch({ grid: 2, block: 32 }, line.surface, plane.surface, width, height, layers);
  expect(await plane.array.read()).toEqual(Int32Array.from(range(36).flatMap((i) => [i, -i])));
  expect(await line.array.read()).toEqual(
    Uint8Array.from(range(18).map((i) => (i % 6) + Math.floor(i / 6))),
  );
});

test('beyond its ends are zeros, or the last elements', async () => {
  const { array, surface } = withSurface({ dtype: 'float32', width: 6 });
  array.write(Float32Array.of(1, 2, 3, 4, 5, 6));
  const [zero, clamp] = [device.alloc('float32', 10), device.alloc('float32', 10)];
  using beyond = kernels.kernel('beyond', ['surface', 'float32*', 'float32*', 'int32']);
  beyond.launch({ grid: 1, block: 32 }, surface, zero, clamp, 6);
  expect([...(await zero.read())]).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 0, 0]);
  expect([...(await clamp.read())]).toEqual([1, 1, 1, 2, 3, 4, 5, 6, 6, 6]);
});

test('a write beyond its ends is dropped, or goes to the last element', async () => {
  const { array, surface } = withSurface({ dtype: 'float32', width: 2, height: 2 });
  using write = kernels.kernel('write_beyond', ['surface', 'int32', 'int32', 'int32']);
  const ONE = { grid: 1, block: 1 };
  write.launch(ONE, surface, 2, 0, 0);
  write.launch(ONE, surface, 0, -1, 0);
  expect([...(await array.read())]).toEqual([0, 0, 0, 0]);
  write.launch(ONE, surface, 7, 1, 1);
  expect([...(await array.read())]).toEqual([0, 0, 0, 2]);
});

test('reductions', async () => {
  const { array, surface } = withSurface({ dtype: 'int32', width: 4, height: 1 });
  array.write(Int32Array.of(5, 100, -100, 0));
  const values = seeded(3).integers(300, -1000, 1000);
  using reduce = kernels.kernel('reduce', ['surface', 'const int32*', 'int32']);
  reduce.launch({ grid: blocks(300, 128), block: 128 }, surface, device.from(values), 300);
  expect([...(await array.read())]).toEqual([
    values.reduce((a, b) => a + b, 5),
    Math.min(...values, 100),
    Math.max(...values, -100),
    values.reduce((a, b) => a | b, 0),
  ]);
});

test('sizes can be asked for', async () => {
  const { surface } = withSurface({ dtype: 'uint8', channels: 4, width: 7, height: 3 });
  const out = device.alloc('uint32', 2);
  using sizes = kernels.kernel('sizes', ['surface', 'uint32*']);
  sizes.launch({ grid: 1, block: 1 }, surface, out);
  expect([...(await out.read())]).toEqual([7, 3]);
});

// What follows ends a device's use.
describe('faults', () => {
  const faultOf = async (run: (own: typeof device, array: TextureArray) => void) => {
    using own = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    using array = own.createTextureArray({ dtype: 'float32', width: 2, height: 2, surface: true });
    run(own, array);
    const error = await failure(() => own.synchronize());
    return (error as Error).message;
  };
  const text = () => new URL('./surfaces.ptx', `file://${__dirname}/`);

  test('a write beyond its ends that traps', async () => {
    const message = await faultOf((own, array) => {
      const write = own
        .loadModule(text())
        .kernel('write_beyond', ['surface', 'int32', 'int32', 'int32']);
      write.launch({ grid: 1, block: 1 }, own.createSurface(array), 2, 0, 2);
    });
    expect(message).toContain('access of 4 bytes at x 8, y 0, z 0 outside the surface');
  });

  test('x that is no multiple of the access', async () => {
    const message = await faultOf((own, array) => {
      own
        .loadModule(text())
        .kernel('misaligned', ['surface'])
        .launch({ grid: 1, block: 1 }, own.createSurface(array));
    });
    expect(message).toContain(
      'x is 2 in a surface, and must be a multiple of the 4 bytes of the access',
    );
  });

  test('a number that is no surface, and another number of dimensions', async () => {
    const unknown = await faultOf((own) => {
      own.loadModule(text()).kernel('misaligned', ['uint64']).launch({ grid: 1, block: 1 }, 12345n);
    });
    expect(unknown).toContain('0x3039 is no surface object of this device');
    const other = await faultOf((own, array) => {
      const fill = own
        .loadModule(text())
        .kernel('fill_room', ['surface', 'int32', 'int32', 'int32']);
      fill.launch({ grid: 1, block: 1 }, own.createSurface(array), 1, 1, 1);
    });
    expect(other).toContain('the surface has another number of dimensions than the instruction');
  });
});
