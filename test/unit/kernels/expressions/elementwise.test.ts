// Elementwise operations from expressions, compiled by NVRTC and run on the simulated device.
import type { CudaCompileError } from '../../../../lib/base/errors.js';
import { cuda, type Device, DTYPES, type Dtype, elementwise } from '../../../../lib/index.js';
import { compileCounts } from '../../../../lib/kernels/compile/compile.js';
import { runChild } from '../../../support/child.js';
import { closeFaultyDevices, openFaultyDevice, openTestDevice } from '../../../support/devices.js';
import { failure } from '../../../support/errors.js';
import { decodeFloat16, nearestBits, randomNumbers } from '../../../support/numbers.js';
import { floats, integers, LENGTHS, numbersOf, openKeepingDevice, withNvrtc } from './fixture.js';

withNvrtc('elementwise', () => {
  let device: Device;
  beforeAll(() => {
    device = openKeepingDevice();
  });
  afterAll(() => device.dispose());

  test('of any length, into a new buffer', async () => {
    const f = elementwise('float32 x, float32 y', 'float32 z', 'z = x * y + 1');
    for (const length of LENGTHS) {
      const x = floats(length, 1);
      const y = floats(length, 2);
      const z = await f(device.from(x), device.from(y));
      expect(z.dtype).toBe('float32');
      // Fused or not: the compiler may.
      const host = await z.read();
      expect(host).toHaveLength(length);
      const off = host.map((value, i) => Math.abs(value - (x[i]! * y[i]! + 1)));
      expect(off.reduce((a, b) => Math.max(a, b), 0)).toBeLessThan(2 ** -22);
    }
  });

  test('numbers stand for buffers, and const for numbers only', async () => {
    const f = elementwise('int32 x, int32 y, const int32 k', 'int32 z', 'z = k * (x - y) + i');
    const x = integers(300);
    const reference = (a: (i: number) => number, b: (i: number) => number, k: number) =>
      Array.from(x, (_, i) => k * (a(i) - b(i)) + i);
    const at = (i: number) => x[i]!;
    const buffer = device.from(x);
    expect(await numbersOf(await f(buffer, 7, -3))).toEqual(reference(at, () => 7, -3));
    expect(await numbersOf(await f(7, buffer, 2))).toEqual(reference(() => 7, at, 2));
    const out = device.alloc('int32', 300);
    expect(await f(1, 2, 3, { out })).toBe(out);
    expect(await numbersOf(out)).toEqual(
      reference(
        () => 1,
        () => 2,
        3,
      ),
    );
  });

  test('several outputs, which may be read, in place', async () => {
    const f = elementwise('float32 x', 'float32 s, int8 sign', 's += x; sign = x < 0 ? -1 : 1');
    const x = floats(1000);
    const sum = device.from(x);
    const sign = device.alloc('int8', 1000);
    const [first, second] = await f(device.from(x), { out: [sum, sign] });
    expect([first, second]).toEqual([sum, sign]);
    expect(await sum.read()).toEqual(x.map((value) => 2 * value));
    expect(await numbersOf(sign)).toEqual(Array.from(x, (value) => (value < 0 ? -1 : 1)));
    const twice = elementwise('float32 x', 'float32 z', 'z = 2 * x');
    expect(await twice(sum, { out: sum })).toBe(sum);
    expect(await sum.read()).toEqual(x.map((value) => 4 * value));
    const both = await elementwise('T x', 'T a, T b', 'a = x; b = -x')(sum);
    expect(await both[1].read()).toEqual(x.map((value) => -4 * value));
  });

  test('raw arrays, by hand, in and out', async () => {
    const table = integers(77);
    const at = Int32Array.from({ length: 500 }, (_, i) => (i * 31) % 77);
    const gather = elementwise('raw T table, int32 at', 'T z', 'z = table[at]');
    const taken = await gather(device.from(table), device.from(at));
    expect(await taken.read()).toEqual(at.map((k) => table[k]!));

    const count = elementwise('int32 at', 'raw uint32 bins', 'atomicAdd(&bins[at % 10], 1u)');
    const bins = device.alloc('uint32', 10);
    await count(device.from(at), { out: bins });
    const expected = new Uint32Array(10);
    for (const k of at) expected[k % 10]!++;
    expect(await bins.read()).toEqual(expected);

    const reversed = elementwise('raw int32 x', 'int32 z', 'z = x[n - 1 - i]');
    const all = await reversed(device.from(table), { length: 77 });
    expect(await all.read()).toEqual(table.slice().reverse());
    expect(await reversed(device.from(table), { length: 0 })).toMatchObject({ length: 0 });
  });

  test('without inputs', async () => {
    const out = device.alloc('int64', 1030);
    await elementwise('', 'T z', 'z = i * i - n')({ out });
    expect(await out.read()).toEqual(
      BigInt64Array.from({ length: 1030 }, (_, i) => BigInt(i * i - 1030)),
    );
  });

  test.each(DTYPES)('%s as T, by buffer and by number', async (dtype) => {
    const f = elementwise('T x, U y', 'T z', 'T twice = x + x; z = twice + y');
    const one = device.alloc(dtype, 40).fill(3);
    const z = await f(one, 1 as never, { out: device.alloc(dtype, 40) }).catch((error) => error);
    expect(z).toMatchObject({ message: expect.stringContaining('Nothing says what U of `y` is') });
    const g = elementwise('T x, T y', 'T z', 'T twice = x + x; z = twice + y');
    expect(await numbersOf(await g(one, 1))).toEqual(new Array(40).fill(7));
    expect(await numbersOf(await g(1, one))).toEqual(new Array(40).fill(5));
    const h = elementwise('T x, U y', 'float64 z', 'z = x * y');
    const two = device.alloc('uint8', 40).fill(2);
    expect(await numbersOf(await h(one, two))).toEqual(new Array(40).fill(6));
  });

  test('float16 is computed in float32 and rounded once', async () => {
    const f = elementwise('float16 x, float16 y', 'float16 z', 'z = x > y ? x * y + 1 : 0.1f');
    const x = Uint16Array.from(floats(500, 3), (value) => nearestBits(value, 5, 10));
    const y = Uint16Array.from(floats(500, 4), (value) => nearestBits(value, 5, 10));
    const z = await f(device.from(x, { dtype: 'float16' }), device.from(y, { dtype: 'float16' }));
    const reference = x.map((bits, i) => {
      const [a, b] = [decodeFloat16(bits), decodeFloat16(y[i]!)];
      return nearestBits(a > b ? Math.fround(a * b + 1) : Math.fround(0.1), 5, 10);
    });
    expect(await z.read()).toEqual(reference);
  });

  test.each(['float16', 'bfloat16'] as const)('%s in raw arrays', async (dtype) => {
    const code = 'z[i] = x[i] > 1 ? x[i] * 0.5f : x[i]';
    const f = elementwise('raw T x', 'raw T z', code);
    const x = device.alloc(dtype, 100).fill(3);
    x.slice(0, 50).fill(0.3);
    const out = device.alloc(dtype, 100);
    await f(x, { out, length: 100 });
    const source = await numbersOf(x);
    expect(await numbersOf(out)).toEqual(source.map((value) => (value > 1 ? value / 2 : value)));
  });

  test('bfloat16 rounds to nearest even, and keeps NaN and infinities', async () => {
    const f = elementwise('float32 x', 'bfloat16 z', 'z = x');
    const x = Float32Array.of(
      1,
      -0,
      1 + 2 ** -8,
      1 + 3 * 2 ** -8,
      3.4e38,
      Infinity,
      -Infinity,
      0.1,
    );
    const z = await f(device.from(x));
    expect(await z.read()).toEqual(Uint16Array.from(x, (value) => nearestBits(value, 8, 7)));
    expect(await numbersOf(await f(device.from(Float32Array.of(Number.NaN))))).toEqual([
      Number.NaN,
    ]);
  });

  test('a preamble, a name, options of the compiler, and return', async () => {
    const f = elementwise('int32 x', 'int32 z', 'z = 0; if (x < 0) return; z = root(x) + BASE;', {
      name: 'rooted',
      preamble: '__device__ int root(int x) { return sqrtf(x); }',
      compile: { defines: { BASE: 100 } },
    });
    const x = Int32Array.from({ length: 70_000 }, (_, i) => i - 100);
    const z = await f(device.from(x));
    expect(await z.read()).toEqual(x.map((k) => (k < 0 ? 0 : Math.floor(Math.sqrt(k)) + 100)));
  });

  test('errors of the compiler point at the expression', async () => {
    const log = async (expression: string, preamble?: string) => {
      const f = elementwise('float32 x', 'float32 z', expression, { preamble });
      const error = (await failure(() => f(device.from(floats(3))))) as CudaCompileError;
      expect(error).toMatchObject({ name: 'CudaCompileError', code: 'ERR_CUDA_COMPILE' });
      return error.log;
    };
    expect(await log('z = q')).toMatch(/^expression\(1\): error: identifier "q" is undefined/);
    expect(await log('z = 1;\nz = x + q')).toMatch(/^expression\(2\): error/);
    expect(await log('z = 1', '\nint f() { return q; }')).toMatch(/^preamble\(2\): error/);
    expect(await log('z = x + \\')).toMatch(/^expression\(\d\): error/);
    expect(await log('z = n; n = 3')).toMatch(/^expression\(1\): error/);
  });

  test('is compiled once for each set of dtypes and device, by all who call at once', async () => {
    const f = elementwise('T x', 'T z', 'z = x + 41');
    const x = device.from(floats(10));
    const before = compileCounts();
    await Promise.all([f(x), f(x), f(x)]);
    await f(x);
    expect(compileCounts()).toMatchObject({ compiled: before.compiled + 1 });
    await f(device.from(integers(10)));
    expect(compileCounts()).toMatchObject({ compiled: before.compiled + 2 });
    // Another of the same text finds it in memory, and so does another device.
    await elementwise('T x', 'T z', 'z = x + 41')(x);
    const other = openTestDevice();
    await f(other.from(floats(10)));
    other.dispose();
    expect(compileCounts()).toMatchObject({
      compiled: before.compiled + 2,
      fromMemory: before.fromMemory + 2,
    });
  });

  test('once compiled, it is enqueued before the call returns', async () => {
    const f = elementwise('float32 x', 'float32 z', 'z = x + 1');
    const x = device.from(floats(10));
    const out = device.alloc('float32', 10);
    await f(x);
    void f(x, { out });
    x.fill(0);
    expect(await out.read()).toEqual(floats(10).map((value) => value + 1));
  });

  test('on a stream', async () => {
    const stream = device.createStream();
    const f = elementwise('float32 x', 'float32 z', 'z = x + 1');
    const z = await f(device.from(floats(10)), { stream });
    expect(await z.read({ stream })).toEqual(floats(10).map((value) => value + 1));
    stream.dispose();
    expect(await failure(() => f(z, { stream }))).toMatchObject({ name: 'CudaDisposedError' });
  });

  test('what is disposed while it compiles', async () => {
    const f = elementwise('float32 x', 'float32 z', 'z = x + 12345');
    const x = device.from(floats(10));
    const pending = failure(() => f(x));
    x.dispose();
    expect(await pending).toMatchObject({ name: 'CudaDisposedError' });
    const mine = cuda.simulatedDevice({ memoryBytes: 2 ** 22 });
    const lost = failure(() => elementwise('T x', 'T z', 'z = x + 54321')(mine.alloc('int8', 3)));
    mine.dispose();
    expect(await lost).toMatchObject({ name: 'CudaDisposedError' });
  });

  test('all dtypes at once, as written in C', async () => {
    const list = DTYPES.map((dtype, i) => `${dtype} x${i}`).join(', ');
    const sum = DTYPES.map((_, i) => `x${i}`).join(' + ');
    const f = elementwise(list as string, 'float64 z', `z = ${sum}`);
    const buffers = DTYPES.map((dtype: Dtype, i) => device.alloc(dtype, 33).fill(i));
    const z = await f(...buffers);
    expect(await numbersOf(z as never)).toEqual(new Array(33).fill(66));
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('parameters of all kinds in any order: %s', async (seed) => {
    const random = randomNumbers(100, seed).map((value) => Math.abs(value));
    const below = (limit: number) => Math.floor(random.pop()! * limit);
    const length = 1 + below(600);
    const parameters = Array.from({ length: 1 + below(9) }, (_, k) => {
      const dtype = DTYPES[below(DTYPES.length)]!;
      const kind = (['each', 'number', 'const', 'raw'] as const)[k === 0 ? 0 : below(4)]!;
      const qualifier = kind === 'const' || kind === 'raw' ? `${kind} ` : '';
      const value = below(100);
      const isNumber = kind === 'number' || kind === 'const';
      return {
        declared: `${qualifier}${dtype} p${k}`,
        argument: isNumber ? value : device.alloc(dtype, length).fill(value),
        term: `${k + 1} * (float64)${kind === 'raw' ? `p${k}[n - 1 - i]` : `p${k}`}`,
        value,
      };
    });
    const list = parameters.map(({ declared }) => declared).join(', ');
    const code = `z = ${parameters.map(({ term }) => term).join(' + ')}`;
    const f = elementwise(list, 'float64 z', code);
    const z = await f(...parameters.map(({ argument }) => argument));
    const expected = parameters.reduce((sum, { value }, k) => sum + (k + 1) * value, 0);
    expect(await numbersOf(z)).toEqual(new Array(length).fill(expected));
  });

  test('results that were made are given back when the launch fails', async () => {
    const faulty = openFaultyDevice();
    const f = elementwise('float32 x', 'float32 z', 'z = x + 1');
    const x = faulty.device.from(floats(10));
    await f(x).then((z) => z.dispose());
    const { current } = faulty.device.memoryStats();
    faulty.fail('LaunchKernelExC', 1, 701);
    expect(await failure(() => f(x))).toMatchObject({ code: 'ERR_CUDA_LAUNCH' });
    expect(faulty.device.memoryStats().current).toBe(current);
    expect(await (await f(x)).read()).toEqual(floats(10).map((value) => value + 1));
    closeFaultyDevices();
  });

  test('what could not be compiled can be asked for again', async () => {
    const f = elementwise('float32 x', 'float32 z', 'z = x + 99');
    const x = device.from(floats(10));
    const compile = jest.spyOn(device, 'compile').mockRejectedValueOnce(new Error('not now'));
    expect(await failure(() => f(x))).toMatchObject({ message: 'not now' });
    compile.mockRestore();
    expect(await f(x)).toMatchObject({ length: 10 });
  });

  test('kernels close with their device, or when nobody can call them, without a word', async () => {
    const ending = await runChild(
      `const { cuda, elementwise, reduction, scan } = require('nodecuda');
       const sum = { map: 'x', reduce: 'a + b', identity: 0 };
       async function use(device) {
         const x = device.alloc('float32', 5000);
         const made = await Promise.all([
           elementwise('T x', 'T z', 'z = x + 1')(x),
           reduction('T x', 'T y', sum)(x),
           scan('T', 'a + b', { identity: 0 })(x),
         ]);
         for (const each of [x, ...made]) each.dispose();
       }
       async function collect() {
         for (let i = 0; i < 5; i++) {
           gc();
           await new Promise((resolve) => setTimeout(resolve, 10));
         }
       }
       async function main() {
         const device = cuda.simulatedDevice();
         await use(device);
         await collect(); // the operations, while the device is open
         await use(device);
         device.dispose();
         await collect();
         console.log('done');
       }
       main();`,
      { args: ['--expose-gc'] },
    );
    expect(ending).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' });
  });
});
