// NVRTC itself, where it can be had: what the stand-in cannot tell.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chdir, cwd } from 'node:process';
import type { CudaCompileError } from '../../../../lib/base/errors.js';
import { cuda } from '../../../../lib/index.js';
import { cacheWritten, compileCuda } from '../../../../lib/kernels/compile/compile.js';
import type { CompileOptions } from '../../../../lib/kernels/compile/options.js';
import { root, runChild } from '../../../support/child.js';
import { failure } from '../../../support/errors.js';
import { realNvrtc, removeFolders, temporaryFolder } from '../../../support/nvrtc.js';
import { skipTest } from '../../../support/skip.js';

const nvrtc = realNvrtc();

if (nvrtc === undefined) {
  skipTest('compiling with NVRTC itself', 'it cannot be had here: scripts/unpack-nvrtc.mjs');
} else {
  const folder = temporaryFolder();
  beforeAll(() => {
    process.env.NODECUDA_CACHE_DIR = join(folder, 'cache');
  });
  afterAll(async () => {
    await cacheWritten();
    delete process.env.NODECUDA_CACHE_DIR;
    removeFolders();
  });

  const compile = (source: string, options?: CompileOptions) =>
    compileCuda(source, { nvrtc, ...options });
  const failed = (source: string, options?: CompileOptions) =>
    failure(() => compile(source, options)) as Promise<CudaCompileError>;
  const kernel = (body: string) => `extern "C" __global__ void k(float* x, int n) { ${body} }`;

  test('a header by a path of its own is not remembered: nobody tells when it changes', async () => {
    const header = join(folder, 'number.h');
    const source = `#include "${header}"\nextern "C" __global__ void k(int* x) { *x = NUMBER; }`;
    writeFileSync(header, '#define NUMBER 1111');
    expect((await compile(source)).ptx).toContain('1111');
    writeFileSync(header, '#define NUMBER 2222');
    expect((await compile(source)).ptx).toContain('2222');
  });

  test('programs to warm up with that are none are told, and leave no promise alone', async () => {
    const device = cuda.simulatedDevice();
    const nothing = [{ source: 'nonsense', options: { nvrtc, cache: false } }, null];
    expect(await failure(() => device.warm(nothing as never))).toMatchObject({
      code: 'ERR_CUDA_COMPILE',
    });
    expect(await failure(() => device.warm([null] as never))).toMatchObject({
      code: 'ERR_CUDA_ARG_TYPE',
    });
    device.dispose();
  });

  test('PTX, and machine code with PTX beside it', async () => {
    const source = kernel('if (threadIdx.x < n) x[threadIdx.x] *= 2;');
    const ptx = await compile(source);
    expect(ptx).toMatchObject({ kind: 'ptx', architecture: 'compute_75', log: '', cubin: null });
    expect(ptx.ptx).toMatch(/^\.target sm_75$/m);
    expect(ptx.ptx).toMatch(/\.visible \.entry k\(/);
    const machine = await compile(source, { architecture: 'sm_80' });
    expect(machine.kind).toBe('cubin');
    expect(Buffer.from(machine.cubin!.subarray(0, 4)).toString('latin1')).toBe('\x7fELF');
    expect(machine.ptx).toMatch(/^\.target sm_80$/m);
    expect(machine.nvrtcVersion).toMatch(/^1[2-9]\.\d+$/);
  });

  test('a device that is newer than NVRTC gets PTX, a known one machine code', async () => {
    const device = (major: number) => ({
      ...{ major, minor: 0, ptxOnly: false },
      driverVersion: () => '13.0',
    });
    const source = kernel('x[0] = n;');
    expect(await compileCuda(source, { nvrtc }, device(99))).toMatchObject({ kind: 'ptx' });
    expect(await compileCuda(source, { nvrtc }, device(8))).toMatchObject({
      kind: 'cubin',
      architecture: 'sm_80',
    });
    const error = await failure(() => compileCuda(source, { nvrtc }, device(3)));
    expect(error.message).toMatch(/device is older \(sm_30\).*\n\(NVRTC 1.*driver for CUDA 13\.0/);
  });

  test('templates by name expression', async () => {
    const source = `template <class T, int N> __global__ void scale(T* x) { x[threadIdx.x] *= N; }
      namespace mine { __global__ void plain(int* x) { *x = 1; } __constant__ float table[4]; }`;
    const nameExpressions = ['scale<float, 2>', 'scale<int, 3>', 'mine::plain', '&mine::table'];
    const code = await compile(source, { nameExpressions });
    expect([...code.loweredNames.keys()]).toEqual(nameExpressions);
    for (const name of code.loweredNames.values()) expect(code.ptx).toContain(name);
    expect(code.loweredName('mine::plain')).toBe('_ZN4mine5plainEPi');
    expect(await failed(source, { nameExpressions: ['scale<none>'] })).toMatchObject({
      log: expect.stringContaining('none'),
    });
  });

  test('macros, whatever is in them, and headers by name', async () => {
    const code = await compile(
      `#include "mine.h"
       #include <sub/other.h>
       extern "C" __constant__ char text[] = TEXT;
       ${kernel('x[n] = SUM * HALF * mine() * OTHER; if (FLAG) x[0] = 1;')}`,
      {
        defines: { SUM: '(2.0f + n)', HALF: 0.5, FLAG: true, OFF: false, TEXT: '"a b, \'c\'"' },
        includes: {
          'mine.h': '#ifdef OFF\n#error OFF\n#endif\n__device__ float mine() { return 3; }',
          'sub/other.h': '#define OTHER 7',
        },
      },
    );
    const bytes = [...Buffer.from("a b, 'c'")].join(', ');
    expect(code.ptx).toContain(`text[9] = {${bytes}}`);
  });

  test('warnings are told, and errors with their lines', async () => {
    const { log } = await compile(kernel('int unused;'), { name: 'mine.cu' });
    expect(log).toMatch(/mine\.cu\(1\): warning .*"unused" was declared but never referenced/);
    const error = await failed(`\n\n${kernel('x[0] = y;')}`, { name: 'mine.cu' });
    expect(error).toMatchObject({ name: 'CudaCompileError', code: 'ERR_CUDA_COMPILE' });
    expect(error.log).toMatch(/mine\.cu\(3\): error: identifier "y" is undefined/);
    expect(error.message).toContain(error.log.trimEnd());
    expect(await failed(kernel(''), { options: ['--no-such'] })).toMatchObject({
      log: expect.stringMatching(/unrecognized option --no-such/),
    });
  });

  test('nothing in the working directory is included by chance', async () => {
    const before = cwd();
    chdir(folder);
    try {
      writeFileSync('here.h', '');
      const source = `#include "here.h"\n${kernel('')}`;
      const error = await failed(source);
      expect(error.message).toMatch(/Give "here.h" in `includes`, or its folder in `includePaths`/);
      expect(await compile(source, { includePaths: [folder] })).toMatchObject({ kind: 'ptx' });
    } finally {
      chdir(before);
    }
  });

  test('headers that only a toolkit has are explained', async () => {
    const error = await failed(`#include <cuda_fp16.h>\n${kernel('')}`);
    expect(error.message).toMatch(/"cuda_fp16.h" belongs to the CUDA toolkit/);
  });

  test('many at once', async () => {
    const codes = await Promise.all(
      Array.from({ length: 8 }, (_, i) => compile(kernel(`x[0] = ${i}.5f;`), { cache: false })),
    );
    expect(new Set(codes.map(({ ptx }) => ptx)).size).toBe(8);
  });

  // Some seconds of work for it.
  const LONG = `template <int N> struct Sum {
      static __device__ float of(float x) { return Sum<N - 1>::of(x * 1.1f) * x + sinf(x + N); } };
    template <> struct Sum<0> { static __device__ float of(float x) { return x; } };
    ${kernel('x[n] = Sum<190>::of(x[n]) + Sum<180>::of(x[n]) + Sum<170>::of(x[n]);')}`;

  test.each([
    ['process.exit(7)', 7],
    ['throw new Error("mine")', 1],
  ])('%s while it compiles', async (act, code) => {
    const ending = await runChild(
      `const { compileCuda } = require('${root}/dist/kernels/compile/compile.js');
       compileCuda(${JSON.stringify(LONG)}, { nvrtc: '${nvrtc}', cache: false, architecture: 'sm_80' })
         .then(() => console.log('compiled'), () => {});
       setTimeout(() => { ${act} }, 300);`,
    );
    expect(ending).toMatchObject({ code, signal: null, stdout: '' });
  });
}
