// Scans from expressions, compiled by NVRTC and run on the simulated device.
import type { CudaCompileError } from '../../../../lib/base/errors.js';
import { type Device, type DeviceBuffer, DTYPES, scan } from '../../../../lib/index.js';
import { ARG_RANGE, ARG_TYPE, failure } from '../../../support/errors.js';
import { decodeBfloat16, nearestBits } from '../../../support/numbers.js';
import { floats, integers, LENGTHS, numbersOf, openKeepingDevice, withNvrtc } from './fixture.js';

function reference<E>(x: readonly E[], join: (a: E, b: E) => E, identity: E, exclusive = false) {
  let before = identity;
  return x.map((each) => {
    const after = join(before, each);
    const result = exclusive ? before : after;
    before = after;
    return result;
  });
}

withNvrtc('scan', () => {
  let device: Device;
  beforeAll(() => {
    device = openKeepingDevice();
  });
  afterAll(() => device.dispose());

  const add = (a: number, b: number) => (a + b) | 0;

  test.each([false, true])('sums of any length, exclusive: %s', async (exclusive) => {
    const sums = scan('int32', 'a + b', { identity: 0, exclusive });
    for (const length of [...LENGTHS, 2048, 2049, 5000]) {
      const x = integers(length);
      const y = await sums(device.from(x));
      expect(y).toMatchObject({ dtype: 'int32', length });
      expect(await numbersOf(y)).toEqual(reference(Array.from(x), add, 0, exclusive));
    }
  });

  test('more tiles than chunks, in order', async () => {
    const length = 1024 * 1024 + 12_345;
    // So few that are not 0 that many tiles have none.
    const x = Int32Array.from({ length }, (_, i) => (i % 3001 === 77 ? i : 0));
    const y = await scan('int32', 'b != 0 ? b : a', { identity: 0 })(device.from(x));
    const host = await y.read();
    let last = 0;
    const wrong = x.findIndex((value, i) => {
      if (value !== 0) last = value;
      return host[i] !== last;
    });
    expect(wrong).toBe(-1);
  });

  // Maps x -> p x + q modulo 2^32, one after the other: associative, and not commutative.
  test.each([false, true])('joins in order, exclusive: %s', async (exclusive) => {
    const affine = scan('uint64', 'then(a, b)', {
      preamble: `__device__ uint64 then(uint64 a, uint64 b) {
        const uint32 p = a, q = a >> 32, r = b, s = b >> 32;
        return (uint64)(r * q + s) << 32 | (uint32)(p * r);
      }`,
      identity: 1,
      exclusive,
    });
    const low = (value: bigint) => BigInt.asUintN(32, value);
    const then = (a: bigint, b: bigint) => {
      const [p, q, r, s] = [low(a), a >> 32n, low(b), b >> 32n];
      return (low(r * q + s) << 32n) | low(p * r);
    };
    for (const length of [2, 33, 1025, 9001]) {
      const numbers = integers(2 * length, length);
      const x = Array.from({ length }, (_, i) =>
        BigInt.asUintN(64, (BigInt(numbers[2 * i]!) << 32n) | low(BigInt(numbers[2 * i + 1]!))),
      );
      const y = await affine(device.from(BigUint64Array.from(x)));
      expect(Array.from(await y.read())).toEqual(reference(x, then, 1n, exclusive));
    }
    // The last that is not 0 so far, by another operator.
    const last = scan('int32', 'b != 0 ? b : a', { identity: 0, exclusive });
    const x = integers(4000).map((value, i) => (i % 5 === 0 ? value : 0));
    expect(await numbersOf(await last(device.from(x)))).toEqual(
      reference(Array.from(x), (a, b) => (b !== 0 ? b : a), 0, exclusive),
    );
  });

  test('greatest so far, of floats', async () => {
    const most = scan('T', 'max(a, b)', { identity: Number.NEGATIVE_INFINITY });
    const x = floats(3000);
    const expected = reference(Array.from(x), Math.max, Number.NEGATIVE_INFINITY);
    expect(await numbersOf(await most(device.from(x)))).toEqual(expected);
  });

  test('sums of floats are close, and the same bits every time', async () => {
    const sums = scan('float32', 'a + b', { identity: 0 });
    const x = device.from(floats(70_001));
    const first = await numbersOf(await sums(x));
    const expected = reference(Array.from(floats(70_001)), (a, b) => a + b, 0);
    const off = first.map((value, i) => Math.abs(value - expected[i]!));
    expect(off.reduce((a, b) => Math.max(a, b), 0)).toBeLessThan(1e-3);
    expect(await numbersOf(await sums(x))).toEqual(first);
  });

  test('in place, and into out', async () => {
    const sums = scan('int32', 'a + b', { identity: 0 });
    const x = integers(5000);
    const buffer = device.from(x);
    expect(await sums(buffer, { out: buffer })).toBe(buffer);
    expect(await numbersOf(buffer)).toEqual(reference(Array.from(x), add, 0));
    const [a, b] = [buffer.slice(0, 100), buffer.slice(50, 150)];
    expect(await failure(() => sums(a, { out: b }))).toMatchObject(ARG_RANGE);
    expect(await failure(() => sums(5 as never, { out: a }))).toMatchObject(ARG_TYPE);
  });

  test.each(DTYPES)('%s as T', async (dtype) => {
    const sums = scan('T', 'a + b', { identity: 0, exclusive: true });
    const y: DeviceBuffer = await sums(device.alloc(dtype, 60).fill(2));
    expect(y.dtype).toBe(dtype);
    expect(await numbersOf(y)).toEqual(Array.from({ length: 60 }, (_, i) => 2 * i));
  });

  test('bfloat16 is joined in float32, and each result rounded once', async () => {
    const sums = scan('bfloat16', 'a + b', { identity: 0 });
    const x = Uint16Array.from(integers(3000), (value) => nearestBits(value % 8, 8, 7));
    const y = await sums(device.from(x, { dtype: 'bfloat16' }));
    // Whole numbers, whose sums float32 has exactly.
    const exact = reference(Array.from(x, decodeBfloat16), (a, b) => a + b, 0);
    expect(await y.read()).toEqual(Uint16Array.from(exact, (sum) => nearestBits(sum, 8, 7)));
  });

  test('errors of the compiler point at the expression', async () => {
    const f = scan('float32', 'a + q', { identity: 0 });
    const error = (await failure(() => f(device.from(floats(3))))) as CudaCompileError;
    expect(error.log).toMatch(/^expression\(1\): error: identifier "q" is undefined/);
  });
});
