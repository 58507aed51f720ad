// What is refused, and what is generated: all that needs no compiler.
import { DTYPES, elementwise, reduction, scan } from '../../../../lib/index.js';
import { readDeclaration } from '../../../../lib/kernels/expressions/parameters.js';
import { openTestDevice } from '../../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, failure, thrown } from '../../../support/errors.js';

/** As callers without types do. */
const loose = elementwise as unknown as (...args: unknown[]) => (...args: unknown[]) => unknown;
const looseReduction = reduction as unknown as typeof loose;
const looseScan = scan as unknown as typeof loose;

const SUM = { map: 'x', reduce: 'a + b', identity: 0 };

describe('lists of parameters', () => {
  test('are read with any white space', () => {
    const { inputs, outputs } = readDeclaration(
      ' float32 x,\n\tconst   int32 k , raw T\ttable,uint8 y',
      'raw float64 z',
    );
    expect(inputs).toEqual([
      { name: 'x', kind: 'each', type: 'float32', isOutput: false },
      { name: 'k', kind: 'const', type: 'int32', isOutput: false },
      { name: 'table', kind: 'raw', type: 'T', isOutput: false },
      { name: 'y', kind: 'each', type: 'uint8', isOutput: false },
    ]);
    expect(outputs).toEqual([{ name: 'z', kind: 'raw', type: 'float64', isOutput: true }]);
    expect(readDeclaration(' ', 'T z').inputs).toEqual([]);
    expect(DTYPES.map((dtype) => readDeclaration('', `${dtype} z`).outputs[0]!.type)).toEqual(
      DTYPES,
    );
  });

  test.each([
    ['float x', /Expected one of float32, .* or T, U, V, W, as the type of `x` but found "float"/],
    ['X x', /as the type of `x` but found "X"/],
    ['float32* x', /as the type of `x` but found "float32\*"/],
    ['float32', /Expected a type and a name, such as float32 x, in `inputs` but found "float32"/],
    ['float32 x y', /Expected a type and a name/],
    ['float32 x,', /Expected a type and a name, .* but found ""/],
    ['raw const float32 x', /found "raw const float32 x"/],
  ])('%s', (list, message) => {
    expect(thrown(() => loose(list, 'float32 z', 'z = 1'))).toMatchObject({
      ...ARG_TYPE,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['float32 2x', 'A parameter may not be called `2x`: that is no identifier of C'],
    ['float32 größe', 'that is no identifier of C'],
    ['float32 x;int', 'that is no identifier of C'],
    ['float32 x){}//', 'that is no identifier of C'],
    ['float32 class', 'that is a reserved word'],
    ['float32 and', 'that is a reserved word'],
    ['float32 threadIdx', 'that is a reserved word'],
    ['float32 T', 'that is a type'],
    ['float32 float16', 'that is a type'],
    ['float32 i', 'that is the index of the element'],
    ['int32 n', 'that is the number of elements'],
    ['float32 _x', 'are reserved'],
    ['float32 x__y', 'are reserved'],
    ['float32 nodecuda_i', 'are reserved'],
    [`float32 ${'x'.repeat(101)}`, 'that has 101 characters'],
    ['float32 z', 'Two parameters are called `z`'],
    ['float32 x, int8 x', 'Two parameters are called `x`'],
    [
      Array.from({ length: 256 }, (_, i) => `int8 x${i}`).join(),
      'There are 257 parameters, more than 256',
    ],
  ])('%s is refused', (list, message) => {
    expect(thrown(() => loose(list, 'float32 z', 'z = 1'))).toMatchObject({
      ...ARG_RANGE,
      message: expect.stringContaining(message),
    });
  });

  test('outputs', () => {
    for (const list of ['', 'const float32 z']) {
      expect(thrown(() => loose('float32 x', list, 'z = x'))).toMatchObject(ARG_TYPE);
    }
    expect(thrown(() => loose('float32 x', 5, 'z = x'))).toMatchObject(ARG_TYPE);
  });
});

describe('definitions', () => {
  test('what is no code, and options that there are not', () => {
    const define = (code: unknown, options?: unknown) => () =>
      loose('float32 x', 'float32 z', code, options);
    expect(thrown(define(5))).toMatchObject(ARG_TYPE);
    expect(thrown(define(' '))).toMatchObject(ARG_RANGE);
    expect(thrown(define('z = 1\0'))).toMatchObject(ARG_RANGE);
    expect(thrown(define('z = 1', { nam: 'x' }))).toMatchObject(ARG_TYPE);
    expect(thrown(define('z = 1', { name: 5 }))).toMatchObject(ARG_TYPE);
    expect(thrown(define('z = 1', { name: 'a b' }))).toMatchObject(ARG_RANGE);
    expect(thrown(define('z = 1', { name: 'int' }))).toMatchObject(ARG_RANGE);
    expect(thrown(define('z = 1', { preamble: 5 }))).toMatchObject(ARG_TYPE);
    expect(thrown(define('z = 1', { compile: [] }))).toMatchObject(ARG_TYPE);
  });

  test('reductions', () => {
    const define = (code: unknown, inputs = 'float32 x', output = 'int8 y') =>
      thrown(() => looseReduction(inputs, output, code));
    expect(define(undefined)).toMatchObject(ARG_TYPE);
    expect(define({ ...SUM, map: undefined })).toMatchObject(ARG_TYPE);
    expect(define({ ...SUM, reduce: '' })).toMatchObject(ARG_RANGE);
    expect(define({ ...SUM, identity: undefined })).toMatchObject(ARG_TYPE);
    expect(define({ ...SUM, identity: 128 })).toMatchObject({
      ...ARG_RANGE,
      message:
        'Expected an integer from -128 to 127 (int8) for `identity` but received 128 of type number',
    });
    expect(define(SUM, 'float32 a')).toMatchObject(ARG_RANGE);
    expect(define(SUM, 'float32 x', 'float32 y, float32 z')).toMatchObject(ARG_TYPE);
    expect(define(SUM, 'float32 x', 'raw float32 y')).toMatchObject(ARG_TYPE);
  });

  test('scans', () => {
    const define = (...args: unknown[]) => thrown(() => looseScan(...args));
    expect(define('U', 'a + b', { identity: 0 })).toMatchObject(ARG_TYPE);
    expect(define('float32 x, int8', 'a + b', { identity: 0 })).toMatchObject(ARG_TYPE);
    expect(define('float32', 5, { identity: 0 })).toMatchObject(ARG_TYPE);
    expect(define('float32', 'a + b')).toMatchObject(ARG_TYPE);
    expect(define('uint8', 'a + b', { identity: -1 })).toMatchObject(ARG_RANGE);
    expect(define('uint8', 'a + b', { identity: 0, exclusive: 1 })).toMatchObject(ARG_TYPE);
  });
});

describe('generated source', () => {
  async function sourceFor(operation: (...args: never[]) => unknown, ...args: unknown[]) {
    const device = openTestDevice();
    const compile = jest.spyOn(device, 'compile').mockRejectedValue(new Error('not now'));
    const given = args.map((arg) =>
      typeof arg === 'string' ? device.alloc(arg as never, 3) : arg,
    );
    await failure(() => operation(...(given as never[])));
    device.dispose();
    return compile.mock.calls[0]!;
  }

  test('has the expression on a line of its own, and parameters as they are called', async () => {
    const f = elementwise('float32 x, const int64 k, raw T table', 'T z', 'z = x * k', {
      name: 'mine',
      preamble: '// above',
      compile: { options: ['--use_fast_math'] },
    });
    const [source, options] = await sourceFor(f, 2, 3n, 'uint8', { length: 3 });
    expect(options).toEqual({ options: ['--use_fast_math'], name: 'mine' });
    expect(source).toContain('typedef uint8 T;');
    expect(source).toContain('#line 1 "preamble"\n// above\n');
    expect(source).toContain('#line 1 "expression"\nz = x * k\n');
    expect(source).toContain(
      'extern "C" __global__ void mine(const float32 nodecuda_x, const int64 nodecuda_k, ' +
        'const uint8* nodecuda_table, uint8* nodecuda_z, const int64 nodecuda_n)',
    );
    const [other] = await sourceFor(f, 'float32', 3, 'float16');
    expect(other).toContain('const float32* nodecuda_x');
    expect(other).toContain('typedef float32 T;');
    expect(other).toContain('float32 wide_z = nodecuda_z[nodecuda_i];');
  });

  test('has numbers exactly', async () => {
    const identity = async (dtype: string, value: number | bigint | string) => {
      const f = scan('T', 'a + b', { identity: value });
      const [source] = await sourceFor(f, dtype);
      return /#line 1 "identity"\n(.*)\n/.exec(source)?.[1];
    };
    expect(await identity('float32', 0.1)).toBe('__uint_as_float(0x3dcccccdu)');
    expect(await identity('float16', -Infinity)).toBe('__uint_as_float(0xff800000u)');
    expect(await identity('float64', 0.1)).toBe(
      '__longlong_as_double((int64)0x3fb999999999999aull)',
    );
    expect(await identity('int8', -1)).toBe('static_cast<int8>(0xffffffffffffffffull)');
    expect(await identity('uint64', 2n ** 64n - 1n)).toBe(
      'static_cast<uint64>(0xffffffffffffffffull)',
    );
    expect(await identity('int32', 'INT_MIN')).toBe('INT_MIN');
  });

  test('does not depend on what is only called otherwise', async () => {
    const f = elementwise('T x', 'T z', 'z = x');
    const [one] = await sourceFor(f, 'int32');
    const [two] = await sourceFor(f, 'int32');
    expect(one).toBe(two);
  });
});
