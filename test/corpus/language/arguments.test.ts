// Arguments of every kind, variables of modules, grids of three dimensions.
import { blocks, device, expectClose, load, ROUNDING, range, SIZES, seeded } from '../support.js';

const kernels = load('language/arguments');

test.each(SIZES)('saxpy of %i', async (n) => {
  const saxpy = kernels.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);
  const x = seeded(n).floats(n);
  const y = seeded(n + 1).floats(n);
  const result = device.from(y);
  saxpy.launch({ grid: blocks(n, 128), block: 128 }, 1.5, device.from(x), result, n);
  // Fused or not: at most a rounding of 1.5 x and one of the sum.
  const expected = x.map((value, i) => 1.5 * value + y[i]!);
  expectClose(await result.read(), expected, { absolute: 4 * ROUNDING });
});

test('scalars of every size, with gaps between them', async () => {
  const scalars = kernels.kernel('scalars', [
    'int8',
    'int64',
    'uint8',
    'float64',
    'uint16',
    'float16',
    'int32',
    'uint64',
    'float32',
    'int16',
    'float64*',
  ]);
  const out = device.alloc('float64', 10);
  const big = 2n ** 63n;
  scalars.launch(
    { grid: 1, block: 32 },
    -1,
    -big,
    255,
    Math.PI,
    65535,
    0.333,
    -5,
    big,
    1.25,
    -2,
    out,
  );
  // 0.333 as a float16 is 0x3554.
  const half = 2 ** -2 * (1 + 0x154 / 1024);
  expect([...(await out.read())]).toEqual([
    -1,
    -(2 ** 63),
    255,
    Math.PI,
    65535,
    -5,
    2 ** 63,
    half,
    1.25,
    -2,
  ]);
  scalars.launch(
    { grid: 1, block: 32 },
    127,
    -1,
    0,
    -0.5,
    1,
    65504,
    2 ** 31 - 1,
    7,
    -0.1,
    32767,
    out,
  );
  expect([...(await out.read())]).toEqual([
    127,
    -1,
    0,
    -0.5,
    1,
    2 ** 31 - 1,
    7,
    65504,
    Math.fround(-0.1),
    32767,
  ]);
});

const coefficients = { struct: { c: 'float32[4]' } } as const;

test.each(SIZES)('an array in a struct, by value: a polynomial at %i places', async (n) => {
  const horner = kernels.kernel('horner', [coefficients, 'const float32*', 'float32*', 'int32']);
  const x = seeded(n).floats(n);
  const c = [0.5, -1, 0.25, 2];
  const y = device.alloc('float32', n);
  horner.launch({ grid: blocks(n, 64), block: 64 }, { c }, device.from(x), y, n);
  // Three steps of two roundings, of numbers below 4.
  const expected = x.map((v) => ((c[3]! * v + c[2]!) * v + c[1]!) * v + c[0]!);
  expectClose(await y.read(), expected, { absolute: 6 * 4 * ROUNDING });
});

test('an array by value, with an index of the thread', async () => {
  const pick = kernels.kernel('pick', ['float32[4]', 'const int32*', 'float32*', 'int32']);
  const which = seeded(3).integers(77, 0, 4);
  const out = device.alloc('float32', 77);
  pick.launch({ grid: 3, block: 32 }, [10, 20, 30, 40], device.from(which), out, 77);
  expect(await out.read()).toEqual(Float32Array.from(which, (k) => 10 * (k + 1)));
});

test.each(SIZES)('a struct of numbers, an array and pointers: %i bodies', async (n) => {
  const integrate = kernels.kernel('integrate', [
    {
      struct: {
        dt: 'float32',
        n: 'int32',
        gravity: 'float64[3]',
        bounce: 'uint8',
        mass: 'const float32*',
        position: 'float32*',
        velocity: 'float32*',
      },
    },
  ]);
  const mass = Float32Array.from(range(n), (i) => i % 3);
  const x = seeded(n).floats(3 * n, 0, 1);
  const v = seeded(n + 1).floats(3 * n);
  const position = device.from(x);
  const velocity = device.from(v);
  const gravity = [0, -9.75, 0.5]; // exact in float32, as is dt
  integrate.launch(
    { grid: blocks(n, 32), block: 32 },
    { dt: 0.25, n, gravity, bounce: 1, mass: device.from(mass), position, velocity },
  );
  const after = range(3 * n).map((i) => {
    if (mass[Math.floor(i / 3)] === 0) return [x[i]!, v[i]!] as const;
    const moved = v[i]! + gravity[i % 3]! * 0.25;
    const at = x[i]! + moved * 0.25;
    return at < 0 ? ([-at, -moved] as const) : ([at, moved] as const);
  });
  const tolerance = { absolute: 8 * ROUNDING }; // two roundings of numbers below 4
  expectClose(
    await position.read(),
    after.map(([at]) => at),
    tolerance,
  );
  expectClose(
    await velocity.read(),
    after.map(([, speed]) => speed),
    tolerance,
  );
});

test.each(SIZES)('templates behind names in C: axpby of %i', async (n) => {
  const config = { grid: 2, block: 96 };
  const random = seeded(n);
  const x = random.doubles(n);
  const y = random.doubles(n);
  const expected = x.map((value, i) => 3 * value - 2 * y[i]!);

  const single = device.from(Float32Array.from(y));
  kernels
    .kernel('axpby_float', ['float32', 'const float32*', 'float32', 'float32*', 'int32'])
    .launch(config, 3, device.from(Float32Array.from(x)), -2, single, n);
  expectClose(await single.read(), expected, { absolute: 16 * ROUNDING });

  const double = device.from(y);
  kernels
    .kernel('axpby_double', ['float64', 'const float64*', 'float64', 'float64*', 'int32'])
    .launch(config, 3, device.from(x), -2, double, n);
  expectClose(await double.read(), expected, { absolute: 16 * 2 ** -53 });

  const a = BigInt64Array.from(
    random.words(n),
    (word, i) => (BigInt(word) * (i % 2 ? -1n : 1n)) << 31n,
  );
  const b = a.slice().reverse();
  const integer = device.from(b);
  kernels
    .kernel('axpby_int64', ['int64', 'const int64*', 'int64', 'int64*', 'int32'])
    .launch(config, 5n, device.from(a), -(2n ** 40n), integer, n);
  expect(await integer.read()).toEqual(
    a.map((v, i) => BigInt.asIntN(64, 5n * v - 2n ** 40n * b[i]!)),
  );
});

test('constants and variables of the module, written and read', async () => {
  const lookup = kernels.kernel('lookup', ['const uint8*', 'float32', 'float32*', 'int32']);
  const table = Int16Array.from(range(256), (i) => 32767 * Math.sin((i * Math.PI) / 128));
  await kernels.global('sine_table', 'int16').write(table);
  const lookups = kernels.global('lookups', 'uint64');
  expect(await lookups.read()).toEqual(BigUint64Array.of(7n)); // as the source initialises it

  const phase = seeded(1).bytes(300);
  const out = device.alloc('float32', 300);
  lookup.launch({ grid: 3, block: 128 }, device.from(phase), 0.5, out, 300);
  expect(await out.read()).toEqual(Float32Array.from(phase, (p) => table[p]! / 2));
  expect(await lookups.read()).toEqual(BigUint64Array.of(307n));
  expect(await kernels.global('last_scale', 'float32').read()).toEqual(Float32Array.of(0.5));
});

test.each([
  [1, 1, 1],
  [5, 7, 3],
  [33, 2, 9],
])('grids and blocks of three dimensions: %i x %i x %i', async (x, y, z) => {
  // dim3 is three numbers in a struct.
  const extent = { struct: { x: 'uint32', y: 'uint32', z: 'uint32' } } as const;
  const coordinates = kernels.kernel('coordinates', ['uint32*', extent]);
  const out = device.alloc('uint32', x * y * z);
  const grid = [blocks(x, 8), blocks(y, 4), blocks(z, 2)] as const;
  coordinates.launch({ grid, block: [8, 4, 2] }, out, { x, y, z });
  const expected = range(x * y * z).map(
    (i) => (Math.floor(i / (x * y)) << 20) | ((Math.floor(i / x) % y) << 10) | (i % x),
  );
  expect([...(await out.read())]).toEqual(expected);
});

test.each([4, 124, 1012])('vectors of four: copies %i', async (n) => {
  const copy = kernels.kernel('copy_float4', ['const float32*', 'float32*', 'int32']);
  const x = seeded(n).floats(n);
  const y = device.alloc('float32', n);
  copy.launch({ grid: blocks(n / 4, 128), block: 128 }, device.from(x), y, n / 4);
  expect(await y.read()).toEqual(x);
});
