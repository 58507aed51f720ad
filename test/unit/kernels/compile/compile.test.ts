// Compiling with a stand-in for NVRTC (test/support/fake-nvrtc.c), which tells what it was called with.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CudaCompileError } from '../../../../lib/base/errors.js';
import {
  cacheWritten,
  clearMemoryCache,
  compileCounts,
  compileCuda,
} from '../../../../lib/kernels/compile/compile.js';
import { imageOf } from '../../../../lib/kernels/compile/compiled.js';
import type { CompileOptions } from '../../../../lib/kernels/compile/options.js';
import { failure } from '../../../support/errors.js';
import {
  hasCompiler,
  makeFake,
  makeFakeBuiltins,
  removeFolders,
  temporaryFolder,
} from '../../../support/nvrtc.js';
import { skipTest } from '../../../support/skip.js';

const gpu = { major: 9, minor: 0, ptxOnly: false, driverVersion: () => '12.2' };
const simulated = { major: 9, minor: 0, ptxOnly: true, driverVersion: () => null };

if (!hasCompiler) {
  skipTest('compiling with a stand-in for NVRTC', 'no cc');
} else {
  let fake: string;
  const folder = temporaryFolder();
  beforeAll(() => {
    fake = makeFake(join(folder, 'lib'));
    process.env.NODECUDA_CACHE = 'off';
  });
  afterAll(() => {
    delete process.env.NODECUDA_CACHE;
    removeFolders();
  });

  let sources = 0;
  /** A source that nobody has compiled before. */
  const fresh = (text = '') => `// ${++sources}\n${text}`;
  const compile = (
    source: string,
    options?: CompileOptions,
    target: typeof gpu | typeof simulated = gpu,
  ) => compileCuda(source, { nvrtc: fake, ...options }, target as typeof gpu);
  const failed = (source: string, options?: CompileOptions) =>
    failure(() => compile(source, options)) as Promise<CudaCompileError>;
  const told = (ptx: string, what: string) =>
    [...ptx.matchAll(new RegExp(`^// ${what}: (.*)$`, 'gm'))].map(([, words]) => words);
  const since = (before: ReturnType<typeof compileCounts>) => {
    const now = compileCounts();
    const keys = Object.keys(now) as (keyof typeof now)[];
    return Object.fromEntries(keys.map((key) => [key, now[key] - before[key]]));
  };

  test('calls NVRTC with everything that was asked for, and tells what came of it', async () => {
    const code = await compile(fresh('FAKE_LOG=a warning'), {
      name: 'mine.cu',
      defines: { TILE: 32 },
      includes: { 'a.h': 'A', 'b/c.h': 'C' },
      options: ['--use_fast_math'],
      nameExpressions: ['f<int>', '&g'],
    });
    expect(told(code.ptx, 'name')).toEqual(['mine.cu']);
    expect(told(code.ptx, 'headers')).toEqual(['a.h=A;b/c.h=C;']);
    expect(told(code.ptx, 'names')).toEqual(['f<int>;&g;']);
    const options = [
      '--gpu-architecture=sm_90',
      '--no-source-include',
      '--define-macro=TILE=32',
      '--use_fast_math',
    ];
    expect(told(code.ptx, 'option')).toEqual(options);
    expect(code).toMatchObject({
      kind: 'cubin',
      architecture: 'sm_90',
      log: 'a warning',
      nvrtcVersion: '12.4',
      libraryPath: fake,
      headerRoot: null,
      options,
    });
    expect(Buffer.from(code.cubin!).toString('latin1')).toBe('\x7fELFfake');
    expect(code.loweredName('f<int>')).toBe('_Z_f<int>');
    expect(code.loweredName('h')).toBeUndefined();
    expect([...code.loweredNames]).toEqual([
      ['f<int>', '_Z_f<int>'],
      ['&g', '_Z_&g'],
    ]);
    expect(code.ptx).not.toContain('\0');
  });

  test('a simulated device gets PTX, and nothing that was compiled can be changed', async () => {
    const ptx = await compile(fresh(), {}, simulated);
    expect(ptx).toMatchObject({ kind: 'ptx', architecture: 'compute_90', cubin: null });
    expect(imageOf(ptx, false)).toBe(ptx.ptx);
    const machine = await compile(fresh());
    expect(imageOf(machine, true)).toBe(machine.ptx);
    machine.cubin!.fill(0);
    expect(machine.cubin![0]).toBe(0x7f);
    expect(imageOf(machine, false)).toHaveLength(8);
    expect(() => Object.assign(machine, { log: 'mine' })).toThrow(/only a getter/);
    expect(Object.isFrozen(machine.options)).toBe(true);
  });

  test('a failure carries log, options, versions and paths, in its message too', async () => {
    const error = await failed(fresh('FAKE_STATUS=6 FAKE_LOG=kernel.cu(1): error: no'), {
      name: 'mine.cu',
    });
    expect(error).toMatchObject({
      name: 'CudaCompileError',
      code: 'ERR_CUDA_COMPILE',
      operation: 'nvrtcCompileProgram',
      log: 'kernel.cu(1): error: no',
      options: ['--gpu-architecture=sm_90', '--no-source-include'],
      nvrtcVersion: '12.4',
      libraryPath: fake,
      headerRoot: null,
      driverVersion: '12.2',
      fatal: false,
      retryable: false,
      status: null,
    });
    expect(error.message.split('\n')).toEqual([
      'mine.cu was not compiled: nvrtcCompileProgram failed with NVRTC_ERROR_COMPILATION',
      'kernel.cu(1): error: no',
      `(NVRTC 12.4, ${fake}; headers: none beside it; driver for CUDA 12.2)`,
    ]);
  });

  test('a long log is whole in the error, and not in its message', async () => {
    const error = await failed(fresh(`FAKE_STATUS=6 FAKE_LOG=${'x'.repeat(100_000)}`));
    expect(error.log).toHaveLength(100_000);
    expect(error.message.length).toBeLessThan(5000);
    expect(error.message).toMatch(/96000 more characters/);
  });

  test.each([
    ['cuda_runtime.h', /belongs to the CUDA toolkit, and no headers are beside this NVRTC/],
    ['vector_types.h', /nvidia-cuda-runtime/],
    ['stdint.h', /is of the host’s compiler/],
    ['mine.h', /Give "mine.h" in `includes`, or its folder in `includePaths`/],
  ])('a header that is missing, %s, is explained', async (header, words) => {
    const log = `kernel.cu(1): catastrophic error: could not open source file "${header}" (no`;
    const error = await failed(fresh(`FAKE_STATUS=6 FAKE_LOG=${log}`));
    expect(error.message).toMatch(words);
  });

  test('an option, an expression or an architecture that NVRTC refuses', async () => {
    expect(await failed(fresh(), { options: ['--unknown'] })).toMatchObject({
      code: 'ERR_CUDA_COMPILE',
      log: 'unrecognized option --unknown',
    });
    expect(await failed(fresh(), { nameExpressions: ['refused'] })).toMatchObject({
      operation: 'nvrtcAddNameExpression',
    });
    const error = await failed(fresh(), { architecture: 'sm_120' });
    expect(error.message).toMatch(/^This NVRTC does not compile for sm_120: it knows sm_75, /);
    expect(error).toMatchObject({ nvrtcVersion: '12.4', driverVersion: '12.2' });
  });

  test('the headers of the library’s own root are there, and no others', async () => {
    const root = join(folder, 'toolkit');
    const library = makeFake(join(root, 'lib64'));
    for (const header of ['include/cuda_fp16.h', 'include/cccl/cuda/std/cmath']) {
      mkdirSync(dirname(join(root, header)), { recursive: true });
      writeFileSync(join(root, header), '');
    }
    const code = await compile(fresh(), { nvrtc: root, includePaths: ['/mine'] });
    expect(code).toMatchObject({ libraryPath: library, headerRoot: join(root, 'include') });
    expect(code.options.slice(2)).toEqual([
      '--include-path=/mine',
      `--include-path=${root}/include`,
      `--include-path=${root}/include/cccl`,
    ]);
  });

  test('the other half of the library is taken from its folder, or its absence explained', async () => {
    const without = makeFake(join(folder, 'half'), {
      version: [12, 7],
      macros: ['NEEDS_BUILTINS'],
    });
    const error = await failed(fresh(), { nvrtc: without });
    expect(error.message).toMatch(/libnvrtc-builtins\.so\.12\.7, is not beside it/);
    const library = makeFake(join(folder, 'whole'), {
      version: [12, 8],
      macros: ['NEEDS_BUILTINS'],
    });
    makeFakeBuiltins(join(folder, 'whole'), [12, 8]);
    expect(await compile(fresh(), { nvrtc: library })).toMatchObject({ nvrtcVersion: '12.8' });
  });

  test('a function that the library lacks fails when it is needed', async () => {
    const library = makeFake(join(folder, 'lacking'), { macros: ['WITHOUT_CUBIN'] });
    expect(await compile(fresh(), { nvrtc: library }, simulated)).toMatchObject({ kind: 'ptx' });
    expect(await failed(fresh(), { nvrtc: library })).toMatchObject({
      operation: 'nvrtcGetCUBIN',
      message: expect.stringMatching(/lacking.* does not have it/),
    });
  });

  test('compiles off the JavaScript thread, as many at once as there are processors', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const codes = await Promise.all(
      Array.from({ length: 6 }, () => compile(fresh('FAKE_SLEEP_MS=50'))),
    );
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
    const beside = codes.map(({ ptx }) => Number(told(ptx, 'beside')[0]));
    expect(Math.max(...beside)).toBeLessThan(require('node:os').availableParallelism());
  });

  describe('what was compiled before', () => {
    test('is the same object, without a call', async () => {
      const source = fresh();
      const first = await compile(source, { defines: { A: 1 } });
      const before = compileCounts();
      expect(await compile(source, { defines: { A: '1' } })).toBe(first);
      expect(since(before)).toMatchObject({ compiled: 0, fromMemory: 1 });
      expect(await compile(source, { defines: { A: 2 } })).not.toBe(first);
      expect(await compile(source, { defines: { A: 1 } }, simulated)).not.toBe(first);
      expect(since(before)).toMatchObject({ compiled: 2, fromMemory: 1 });
    });

    test('is shared by all devices if the architecture is named', async () => {
      const source = fresh();
      const first = await compile(source, { architecture: 'compute_80' });
      expect(await compile(source, { architecture: 'compute_80' }, simulated)).toBe(first);
    });

    test('and is being compiled, is waited for: one call for all who ask', async () => {
      const source = fresh('FAKE_SLEEP_MS=50');
      const before = compileCounts();
      const codes = await Promise.all(Array.from({ length: 20 }, () => compile(source)));
      expect(new Set(codes).size).toBe(1);
      expect(since(before)).toMatchObject({ compiled: 1, joined: 19 });
    });

    test('and failed, fails for all who wait, and is tried again by who comes later', async () => {
      const source = fresh('FAKE_SLEEP_MS=20 FAKE_STATUS=6');
      const before = compileCounts();
      const endings = await Promise.allSettled([compile(source), compile(source)]);
      expect(endings.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(since(before)).toMatchObject({ compiled: 1 });
      await failed(source);
      expect(since(before)).toMatchObject({ compiled: 2 });
    });

    test.each<[CompileOptions]>([
      [{ cache: false }],
      [{ includePaths: ['/include'] }],
      [{ options: ['--pch'] }],
    ])('with %j is compiled again', async (options) => {
      const source = fresh();
      const before = compileCounts();
      await compile(source, options);
      await compile(source, options);
      expect(since(before)).toMatchObject({ compiled: 2, fromMemory: 0, joined: 0 });
    });

    test('comes from disk in a later process, the object for all who ask', async () => {
      process.env.NODECUDA_CACHE = '';
      process.env.NODECUDA_CACHE_DIR = join(folder, 'cache');
      try {
        const source = fresh('FAKE_LOG=a warning');
        const options = { nameExpressions: ['f'] };
        const first = await compile(source, options);
        await cacheWritten();
        const before = compileCounts();
        clearMemoryCache();
        const [one, other] = await Promise.all([
          compile(source, options),
          compile(source, options),
        ]);
        expect(other).toBe(one);
        expect(since(before)).toMatchObject({ compiled: 0, fromDisk: 1, joined: 1 });
        for (const name of ['kind', 'architecture', 'ptx', 'cubin', 'log', 'options'] as const) {
          expect(one![name]).toEqual(first[name]);
        }
        expect(one!.loweredName('f')).toBe('_Z_f');
      } finally {
        process.env.NODECUDA_CACHE = 'off';
        delete process.env.NODECUDA_CACHE_DIR;
      }
    });
  });
}
