// Reductions from expressions, compiled by NVRTC and run on the simulated device.
import type { CudaCompileError } from '../../../../lib/base/errors.js';
import { type Device, DTYPES, reduction } from '../../../../lib/index.js';
import { failure } from '../../../support/errors.js';
import { decodeFloat16, nearestBits } from '../../../support/numbers.js';
import { floats, integers, LENGTHS, numbersOf, openKeepingDevice, withNvrtc } from './fixture.js';

withNvrtc('reduction', () => {
  let device: Device;
  beforeAll(() => {
    device = openKeepingDevice();
  });
  afterAll(() => device.dispose());

  test('sums of any length, exact in integers', async () => {
    const sum = reduction('int32 x', 'int64 y', { map: 'x', reduce: 'a + b', identity: 0 });
    for (const length of [...LENGTHS, 2048, 2049, 600_001, 2_200_001]) {
      const x = integers(length);
      const y = await sum(device.from(x));
      expect(y).toMatchObject({ dtype: 'int64', length: 1 });
      expect(await numbersOf(y)).toEqual([x.reduce((a, b) => a + b, 0)]);
    }
  });

  test('norms of floats, close, and the same bits every time', async () => {
    const norm = reduction('T x', 'T y', {
      map: 'x * x',
      reduce: 'a + b',
      post: 'y = sqrt(a)',
      identity: 0,
    });
    const x = floats(70_001);
    const buffer = device.from(x);
    const expected = Math.hypot(...Array.from(x));
    const first = await numbersOf(await norm(buffer));
    expect(Math.abs(first[0]! / expected - 1)).toBeLessThan(1e-6);
    for (let k = 0; k < 3; k++) expect(await numbersOf(await norm(buffer))).toEqual(first);
    const doubles = device.from(Float64Array.from(x));
    expect((await numbersOf(await norm(doubles)))[0]).toBeCloseTo(expected, 10);
  });

  test('what other operations have no name for', async () => {
    const x = integers(5000, 1);
    const y = integers(5000, 2);
    const [bx, by] = [device.from(x), device.from(y)];
    const equal = reduction('int32 x, int32 y', 'uint32 c', {
      map: 'x == y',
      reduce: 'a + b',
      identity: 0,
    });
    const same = x.reduce((count, value, i) => count + Number(value === y[i]), 0);
    expect(await numbersOf(await equal(bx, by))).toEqual([same]);
    expect(await numbersOf(await equal(bx, x[7]!))).toEqual([
      x.filter((value) => value === x[7]).length,
    ]);
    const most = reduction('float32 x', 'float32 y', {
      map: 'x',
      reduce: 'fmaxf(a, b)',
      identity: Number.NEGATIVE_INFINITY,
    });
    const z = floats(777);
    expect(await numbersOf(await most(device.from(z)))).toEqual([Math.max(...z)]);
    expect(await numbersOf(await most(device.alloc('float32', 0)))).toEqual([-Infinity]);
    // Where the least element is, packed with it.
    const argmin = reduction('int32 x', 'int64 at', {
      map: '(int64)x << 32 | i',
      reduce: 'min(a, b)',
      post: 'at = a & 0xffffffff',
      identity: 2n ** 63n - 1n,
    });
    expect(await numbersOf(await argmin(bx))).toEqual([x.indexOf(Math.min(...x))]);
  });

  test('const and raw inputs, n and i', async () => {
    const mean = reduction('raw float32 x, const int32 every, const float32 scale', 'float64 y', {
      map: 'i % every == 0 ? x[i] : 0.0f',
      reduce: 'a + b',
      post: 'y = a * scale / n',
      identity: '0',
    });
    const x = floats(1000);
    const expected = x.reduce((sum, value, i) => sum + (i % 3 === 0 ? value : 0), 0) / 500;
    const y = await mean(device.from(x), 3, 2, { length: 1000 });
    expect((await numbersOf(y))[0]).toBeCloseTo(expected, 10);
    const empty = await mean(device.from(x), 3, 2, { length: 0 });
    expect(await numbersOf(empty)).toEqual([Number.NaN]);
  });

  test('into out, which may be an input', async () => {
    const sum = reduction('int32 x', 'int32 y', { map: 'x', reduce: 'a + b', identity: 0 });
    const x = device.from(integers(3000));
    const total = integers(3000).reduce((a, b) => a + b);
    const out = x.slice(5, 6);
    expect(await sum(x, { out })).toBe(out);
    expect(await numbersOf(out)).toEqual([total]);
    expect(await failure(() => sum(x, { out: x }))).toMatchObject({
      name: 'RangeError',
      message: 'Expected 1 elements for `out` but received a DeviceBuffer of 3000',
    });
  });

  test.each(DTYPES)('%s as T', async (dtype) => {
    const sum = reduction('T x', 'T y', { map: 'x', reduce: 'a + b', identity: 0 });
    const x = device.alloc(dtype, 40).fill(3);
    expect(await numbersOf(await sum(x))).toEqual([120]);
    const product = reduction('T x', 'T y', { map: 'x', reduce: 'a * b', identity: 1 });
    expect(await numbersOf(await product(x.slice(0, 4)))).toEqual([81]);
  });

  test('float16 is reduced in float32 and rounded once', async () => {
    const sum = reduction('float16 x', 'float16 y', {
      map: 'x',
      reduce: 'a + b',
      identity: 0,
    });
    const x = Uint16Array.from(floats(4000, 3), (v) => nearestBits(Math.abs(v) / 8, 5, 10));
    const exact = x.reduce((total, bits) => total + decodeFloat16(bits), 0);
    const y = await sum(device.from(x, { dtype: 'float16' }));
    expect(Math.abs((await numbersOf(y))[0]! / exact - 1)).toBeLessThan(2 ** -11 + 1e-6);
  });

  test('errors of the compiler point at their expression', async () => {
    const log = async (code: object) => {
      const expressions = { map: 'x', reduce: 'a + b', post: 'y = a', identity: 0, ...code };
      const f = reduction('float32 x', 'float32 y', expressions);
      return ((await failure(() => f(device.from(floats(3))))) as CudaCompileError).log;
    };
    expect(await log({ map: 'q' })).toMatch(/^map\(1\): error: identifier "q" is undefined/);
    expect(await log({ reduce: 'a +\nq' })).toMatch(/^reduce\(2\): error/);
    expect(await log({ post: 'y = q' })).toMatch(/^post\(1\): error/);
    expect(await log({ identity: 'q' })).toMatch(/^identity\(1\): error/);
    expect(await log({ map: 'x *' })).toMatch(/^map\(\d\): error/);
  });
});
