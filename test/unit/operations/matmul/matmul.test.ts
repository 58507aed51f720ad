import { type Device, matmul, matmulSync } from '../../../../lib/index.js';
import { root, runChild } from '../../../support/child.js';
import { openTestDevice } from '../../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, failure, thrown } from '../../../support/errors.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

// (2, 3) and (3, 2), row-major, and their product.
const a = new Float32Array([1, 2, 3, 4, 5, 6]);
const b = new Float32Array([7, 8, 9, 10, 11, 12]);
const ab = new Float32Array([58, 64, 139, 154]);
const shape = { m: 2, n: 2, k: 3 };

describe.each([Float32Array, Float64Array])('%p', (HostArray) => {
  const make = (values: ArrayLike<number>) => device.from(new HostArray(values) as Float32Array);
  const read = async (buffer: { read(): Promise<ArrayLike<number>> }) =>
    Array.from(await buffer.read());

  test('a product', async () => {
    expect(await read(device.matmul(make(a), make(b), shape))).toEqual([...ab]);
  });

  test('of matrices that are stored transposed', async () => {
    const at = make([1, 4, 2, 5, 3, 6]);
    const bt = make([7, 9, 11, 8, 10, 12]);
    const { matmul: multiply } = { matmul: device.matmul.bind(device) };
    expect(await read(multiply(at, make(b), { ...shape, transposeA: true }))).toEqual([...ab]);
    expect(await read(multiply(make(a), bt, { ...shape, transposeB: true }))).toEqual([...ab]);
    expect(await read(multiply(at, bt, { ...shape, transposeA: true, transposeB: true }))).toEqual([
      ...ab,
    ]);
  });

  test('alpha and beta', async () => {
    const out = make([1, 2, 3, 4]);
    const result = device.matmul(make(a), make(b), { ...shape, alpha: 2, beta: -1, out });
    expect(result).toBe(out);
    expect(await read(out)).toEqual([115, 126, 275, 304]);
  });

  test('beta 0 does not read out, alpha 0 leaves beta', async () => {
    const out = make([Number.NaN, Number.POSITIVE_INFINITY, 1, 1]);
    device.matmul(make(a), make(b), { ...shape, out });
    expect(await read(out)).toEqual([...ab]);
    device.matmul(make(a), make(b), { ...shape, alpha: 0, beta: 2, out });
    expect(await read(out)).toEqual([...ab].map((value) => 2 * value));
  });

  test('rows that are apart', async () => {
    const wideA = make([1, 2, 3, -1, 4, 5, 6]); // the last row needs no gap
    const wideB = make([7, 8, -1, -1, 9, 10, -1, -1, 11, 12, -1, -1]);
    const out = make([0, 0, 5, 0, 0]);
    device.matmul(wideA, wideB, { ...shape, lda: 4, ldb: 4, ldc: 3, out });
    expect(await read(out)).toEqual([58, 64, 5, 139, 154]);
    const fresh = device.matmul(make(a), make(b), { ...shape, ldc: 3 });
    expect(await read(fresh)).toEqual([58, 64, 0, 139, 154]);
  });

  test('k = 0 is zero, or what beta leaves', async () => {
    const empty = make([]);
    expect(await read(device.matmul(empty, empty, { m: 2, n: 2, k: 0 }))).toEqual([0, 0, 0, 0]);
    const out = make([1, 2, 3, 4]);
    device.matmul(empty, empty, { m: 2, n: 2, k: 0, beta: 3, out });
    expect(await read(out)).toEqual([3, 6, 9, 12]);
  });
});

test('a matrix times itself, and slices of one buffer', async () => {
  using x = device.from(new Float32Array([1, 2, 3, 4]));
  using square = device.matmul(x, x, { m: 2, n: 2, k: 2 });
  expect(await square.read()).toEqual(new Float32Array([7, 10, 15, 22]));
  using both = device.from(new Float32Array([...a, ...b]));
  using product = device.matmul(both.slice(0, 6), both.slice(6), shape);
  expect(await product.read()).toEqual(ab);
});

describe('of host arrays', () => {
  // The default device is that of the environment: here, where it has to be a simulated one, it is
  // asked for in a process of its own; the rest needs none.
  test('on the default device', async () => {
    const { stdout, stderr, code } = await runChild(
      `const { matmul, matmulSync } = require('nodecuda');
       (async () => {
         const [m, n, k] = [2, 2, 3];
         const a = [1, 2, 3, 4, 5, 6], b = [7, 8, 9, 10, 11, 12];
         const log = (value) => console.log(value.constructor.name, ...value);
         log(await matmul(new Float32Array(a), new Float32Array(b), { m, n, k }));
         log(matmulSync(new Float64Array(a), new Float64Array(b), { m, n, k, alpha: 2 }));
         const out = new Float32Array([1, 1, 1, 1]);
         const x = new Float32Array(a);
         const promise = matmul(x, new Float32Array(b), { m, n, k, beta: 1, out });
         x.fill(0);
         console.log(await promise === out, ...out);
         const gaps = new Float32Array([0, 0, 9, 0, 0]);
         matmulSync(new Float32Array(a), new Float32Array(b), { m, n, k, ldc: 3, out: gaps });
         log(gaps);
         const many = await Promise.all(Array.from({ length: 50 }, (_, i) =>
           matmul(new Float32Array([i]), new Float32Array([2]), { m: 1, n: 1, k: 1 })));
         console.log(many.every(([value], i) => value === 2 * i));
       })();`,
      { env: { NODECUDA_SIMULATE: '1' } },
    );
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'Float32Array 58 64 139 154',
      'Float64Array 116 128 278 308',
      'true 59 65 140 155',
      'Float32Array 58 64 9 139 154',
      'true',
    ]);
    expect(code).toBe(0);
    expect(root).toBeTruthy();
  });

  const wrong: [string, object, unknown[]][] = [
    ['other arrays', ARG_TYPE, [new Int32Array(6), new Int32Array(6), shape]],
    ['plain arrays', ARG_TYPE, [[1], [2], { m: 1, n: 1, k: 1 }]],
    ['two kinds', ARG_TYPE, [a, new Float64Array(6), shape]],
    ['no options', ARG_TYPE, [a, b]],
    ['a stream', ARG_TYPE, [a, b, { ...shape, stream: 1 }]],
    ['a short a', ARG_RANGE, [a.subarray(1), b, shape]],
    ['a long b', ARG_RANGE, [a, new Float32Array(7), shape]],
    ['out of another kind', ARG_TYPE, [a, b, { ...shape, out: new Float64Array(4) }]],
    ['out of another length', ARG_RANGE, [a, b, { ...shape, out: new Float32Array(5) }]],
    ['a negative size', ARG_RANGE, [a, b, { ...shape, m: -2 }]],
    ['beta without out', ARG_TYPE, [a, b, { ...shape, beta: 1 }]],
  ];

  test.each(wrong)('%s are refused before a device is looked for', async (_, expected, args) => {
    const call = (f: unknown) => () => (f as (...args: unknown[]) => unknown)(...args);
    expect(await failure(call(matmul))).toMatchObject(expected);
    expect(thrown(call(matmulSync))).toMatchObject(expected);
  });

  test('without a GPU the error says why', async () => {
    const { stdout } = await runChild(
      `require('nodecuda').matmul(new Float32Array(1), new Float32Array(1), { m: 1, n: 1, k: 1 })
         .catch((error) => console.log(error.name, error.code))`,
      { env: { NODECUDA_SIMULATE: '', CUDA_VISIBLE_DEVICES: '' } },
    );
    expect(stdout).toMatch(
      /^CudaUnavailableError ERR_CUDA_(NO_DRIVER|NO_DEVICE|NOT_BUILT|DRIVER_TOO_OLD)\n$/,
    );
  });
});
