// What a compilation may be asked for with: refused in words, before anything is looked for or called.
import { chooseArchitecture, versionWords } from '../../../../lib/kernels/compile/architecture.js';
import { sameOptions } from '../../../../lib/kernels/compile/asked.js';
import { compileCounts, compileCuda } from '../../../../lib/kernels/compile/compile.js';
import { type CompileOptions, readRequest } from '../../../../lib/kernels/compile/options.js';
import { ARG_RANGE, ARG_TYPE, failure, thrown } from '../../../support/errors.js';

const SOURCE = '__global__ void k() {}';
const request = (options?: CompileOptions) => readRequest(SOURCE, options);

test.each([
  [undefined, ARG_TYPE],
  [null, ARG_TYPE],
  [7, ARG_TYPE],
  ['', ARG_RANGE],
  ['a\0b', ARG_RANGE],
])('the source %p is refused', async (source, expected) => {
  const before = compileCounts();
  expect(await failure(() => compileCuda(source as string))).toMatchObject(expected);
  expect(compileCounts()).toEqual(before);
});

test.each<[unknown, object]>([
  ['text', ARG_TYPE],
  [[], ARG_TYPE],
  [{ unknown: 1 }, ARG_TYPE],
  [{ name: 7 }, ARG_TYPE],
  [{ name: '' }, ARG_RANGE],
  [{ name: 'a\0' }, ARG_RANGE],
  [{ defines: 'A=1' }, ARG_TYPE],
  [{ defines: ['A'] }, ARG_TYPE],
  [{ defines: { 'A B': 1 } }, ARG_RANGE],
  [{ defines: { 'A=1 -I/': 1 } }, ARG_RANGE],
  [{ defines: { '': 1 } }, ARG_RANGE],
  [{ defines: { A: null } }, ARG_TYPE],
  [{ defines: { A: undefined } }, ARG_TYPE],
  [{ defines: { A: Number.NaN } }, ARG_RANGE],
  [{ defines: { A: Infinity } }, ARG_RANGE],
  [{ defines: { A: 'a\nb' } }, ARG_RANGE],
  [{ defines: { A: 'a\0b' } }, ARG_RANGE],
  [{ includes: 'a.h' }, ARG_TYPE],
  [{ includes: { 'a.h': 1 } }, ARG_TYPE],
  [{ includes: { '': '' } }, ARG_RANGE],
  [{ includes: { 'a\0.h': '' } }, ARG_RANGE],
  [{ includePaths: '/usr/include' }, ARG_TYPE],
  [{ includePaths: ['include'] }, ARG_RANGE],
  [{ includePaths: [7] }, ARG_TYPE],
  [{ options: '-G' }, ARG_TYPE],
  [{ options: [''] }, ARG_RANGE],
  [{ options: [{}] }, ARG_TYPE],
  [{ options: ['--gpu-architecture=sm_90'] }, ARG_RANGE],
  [{ options: ['-arch=sm_90'] }, ARG_RANGE],
  [{ options: ['-dlto'] }, ARG_RANGE],
  [{ options: ['--dlink-time-opt'] }, ARG_RANGE],
  [{ architecture: 90 }, ARG_TYPE],
  [{ architecture: '' }, ARG_RANGE],
  [{ architecture: 'sm_9' }, ARG_RANGE],
  [{ architecture: 'sm_90b' }, ARG_RANGE],
  [{ architecture: 'lto_90' }, ARG_RANGE],
  [{ architecture: 'sm_90 --keep' }, ARG_RANGE],
  [{ nameExpressions: 'f' }, ARG_TYPE],
  [{ nameExpressions: [''] }, ARG_RANGE],
  [{ nameExpressions: ['f', 'f'] }, ARG_RANGE],
  [{ nvrtc: 'libnvrtc.so' }, ARG_RANGE],
  [{ nvrtc: 7 }, ARG_TYPE],
  [{ nvrtcRoots: ['env'] }, ARG_RANGE],
  [{ cache: 1 }, ARG_TYPE],
  [{ cacheKey: 1 }, ARG_TYPE],
])('%j is refused', async (options, expected) => {
  const before = compileCounts();
  expect(await failure(() => compileCuda(SOURCE, options as CompileOptions))).toMatchObject(
    expected,
  );
  expect(compileCounts()).toEqual(before);
});

test('macros are written as C has them, in one order', () => {
  const defines = { B: 'a + "b c"', A: 32, D: true, E: false, C: -0.5, F: 5n, _g: '' };
  expect(request({ defines }).options).toEqual([
    '--define-macro=A=32',
    '--define-macro=B=a + "b c"',
    '--define-macro=C=-0.5',
    '--define-macro=D=1',
    '--define-macro=F=5',
    '--define-macro=_g=',
  ]);
});

test('every option is read once, and its own value counts', () => {
  let reads = 0;
  const options = Object.create(
    { name: 'inherited', unknown: 1 },
    {
      architecture: {
        enumerable: true,
        get() {
          reads++;
          return 'sm_90';
        },
      },
    },
  );
  expect(request(options)).toMatchObject({ architecture: 'sm_90', name: 'kernel.cu' });
  expect(reads).toBe(1);
});

test('a getter that throws passes on what it throws', () => {
  const defines = {
    get A(): number {
      throw new Error('mine');
    },
  };
  expect(thrown(() => request({ defines })).message).toBe('mine');
});

describe('the key', () => {
  // Each differs from the others in one thing, some so that only the borders between texts tell.
  const different: (CompileOptions | undefined)[] = [
    undefined,
    { name: 'other.cu' },
    { defines: { A: 1 } },
    { defines: { A: 12 } },
    { defines: { A: 1, B: 2 } },
    { options: ['--define-macro=A=1'] },
    { options: ['-a', '-b'] },
    { options: ['-a'], nameExpressions: ['-b'] },
    { options: ['-a-b'] },
    { nameExpressions: ['f', 'g'] },
    { nameExpressions: ['g', 'f'] },
    { includes: { a: 'b' } },
    { includes: { ab: '' } },
    { includes: { a: '', b: '' } },
    { includes: { a: 'b', c: '' } },
    { architecture: 'sm_90' },
    { architecture: 'sm_90a' },
    { architecture: 'compute_90' },
    { nvrtc: '/a' },
    { nvrtcRoots: ['/a'] },
    { includePaths: ['/a'], cacheKey: '' },
    { includePaths: ['/a'], cacheKey: '1' },
    { cacheKey: '' },
  ];

  test('tells all requests apart', () => {
    const keys = different.map((options) => request(options).key);
    expect(new Set(keys).size).toBe(different.length);
  });

  test('does not depend on the order of macros, or on objects', () => {
    const key = (options: CompileOptions) => request(options).key;
    expect(key({ defines: { A: 1, B: 2 } })).toBe(key({ defines: { B: 2, A: '1' } }));
    expect(key({ options: ['-a'] })).toBe(key({ options: ['-a'] }));
    expect(key({})).toBe(request().key);
  });
});

test.each<[CompileOptions, boolean]>([
  [{ includePaths: ['/include'] }, false],
  [{ includePaths: ['/include'], cacheKey: 'v1' }, true],
  [{ options: ['-I/include'] }, false],
  [{ options: ['--include-path=/include'] }, false],
  [{ options: ['--pre-include=a.h'] }, false],
  [{ options: ['-include=a.h'] }, false],
  [{ options: ['--pch'] }, false],
  [{ options: ['--options-file=a'] }, false],
  [{ options: ['--create-pch=a'] }, false],
  [{ options: ['--use-pch=a'] }, false],
  [{ options: ['--time=a.csv'] }, false],
  [{ options: ['--fdevice-time-trace=a'] }, false],
  [{ options: ['--use_fast_math', '--std=c++17', '-G'] }, true],
  [{ includes: { 'a.h': '' } }, true],
])('%j may be remembered: %p', (options, expected) => {
  expect(request(options).cacheable).toBe(expected);
});

describe('the architecture', () => {
  const known = [75, 80, 90];
  const device = (major: number, minor: number, ptxOnly = false) => ({
    major,
    minor,
    ptxOnly,
    driverVersion: () => null,
  });

  test.each([
    [undefined, undefined, 'compute_75'],
    [undefined, device(9, 0), 'sm_90'],
    [undefined, device(8, 0), 'sm_80'],
    [undefined, device(8, 9), 'compute_80'],
    [undefined, device(12, 0), 'compute_90'],
    [undefined, device(9, 0, true), 'compute_90'],
    [undefined, device(12, 0, true), 'compute_90'],
    ['sm_80', device(9, 0, true), 'sm_80'],
    ['sm_90a', undefined, 'sm_90a'],
    ['compute_75', device(9, 0), 'compute_75'],
  ])('%p for %j is %s', (asked, target, expected) => {
    expect(chooseArchitecture(asked, target, known)).toBe(expected);
  });

  test.each([
    [device(7, 0), /older \(sm_70\): use an older NVRTC/],
    [device(5, 2, true), /sm_75, sm_80, sm_90 only/],
  ])('of %j is too old', (target, words) => {
    expect(thrown(() => chooseArchitecture(undefined, target, known))).toMatchObject({
      code: 'ERR_CUDA_COMPILE',
      message: expect.stringMatching(words),
    });
  });

  test('that NVRTC does not know is refused', () => {
    expect(thrown(() => chooseArchitecture('sm_120', undefined, known)).message).toMatch(
      /does not compile for sm_120: it knows sm_75, sm_80, sm_90/,
    );
  });

  test.each([
    [12040, '12.4'],
    [13000, '13.0'],
    [11080, '11.8'],
  ])('%i is CUDA %s', (version, words) => {
    expect(versionWords(version)).toBe(words);
  });
});

test('options that were asked for before are known again, and no others', () => {
  const defines: Record<string, number> = { TILE: 32, N: 1 };
  const given = {
    ...{ name: 'a.cu', defines, includes: { 'h.h': '' }, options: ['--use_fast_math'] },
    ...{ nameExpressions: ['f<int>'], architecture: undefined },
  };
  const { asked } = request(given);
  const is = (options: unknown) => sameOptions(asked!, options);
  expect(is(structuredClone(given))).toBe(true);
  expect(is({ ...given, architecture: undefined, cacheKey: undefined })).toBe(true);
  for (const other of [
    ...[undefined, null, 7, 'text', [], {}],
    ...[
      { ...given, name: undefined },
      { ...given, name: 'b.cu' },
      { ...given, unknown: undefined },
    ],
    ...[
      { ...given, unknown: 1 },
      { ...given, toString: 1 },
      { ...given, architecture: 'sm_80' },
    ],
    ...[
      { ...given, defines: { TILE: 32 } },
      { ...given, defines: { TILE: 32, N: '1' } },
    ],
    ...[
      { ...given, defines: { TILE: 32, N: 1, M: undefined } },
      { ...given, defines: [] },
    ],
    ...[
      { ...given, options: [] },
      { ...given, options: ['--use_fast_math', '-w'] },
    ],
    ...[
      { ...given, options: '--use_fast_math' },
      { ...given, includes: { 'h.h': ' ' } },
    ],
    Object.create(given),
  ]) {
    expect([other, is(other)]).toEqual([other, false]);
  }
  // A copy: what the caller does to his own afterwards is another request.
  defines.TILE = 16;
  given.options.push('-w');
  expect(is(given)).toBe(false);
  expect(is({ ...given, defines: { TILE: 32, N: 1 }, options: ['--use_fast_math'] })).toBe(true);
  expect(sameOptions(request().asked!, undefined)).toBe(true);
  expect(sameOptions(request({}).asked!, { name: undefined })).toBe(true);
  expect(readRequest(SOURCE, given, ['--more']).asked).toBeUndefined();
});
