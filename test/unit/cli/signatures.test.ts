// What `nodecuda compile --types` finds out of source and PTX.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declaredKernels } from '../../../lib/cli/declarations.js';
import { readKernels } from '../../../lib/cli/kernels.js';
import { findNvcc } from '../../../lib/cli/nvcc.js';
import { parameterType } from '../../../lib/kernels/parameters/c-types.js';
import { root } from '../../support/child.js';
import { removeFolders, temporaryFolder } from '../../support/nvrtc.js';
import { skipTest } from '../../support/skip.js';

afterAll(removeFolders);

describe('the type of a parameter', () => {
  test.each([
    ['float a', 'float32'],
    ['const float* x', 'const float32*'],
    ['float const *x', 'const float32*'],
    ['float *const x', 'float32*'],
    ['const float* __restrict__ x', 'const float32*'],
    ['unsigned long long int n', 'uint64'],
    ['std::uint8_t flag', 'uint8'],
    ['size_t', 'uint64'],
    ['unsigned', 'uint32'],
    ['int n = 3', 'int32'],
    ['const double x[]', 'const float64*'],
    ['float4 v', 'float32x4'],
    ['uchar3 c', 'uint8x3'],
    ['ulonglong2 p', 'uint64x2'],
    ['float4* out', 'void*'],
    ['const struct Particle *p', 'const void*'],
    ['bool* flags', 'void*'],
    ['const float **rows', 'void*'],
    ['float * const *rows', 'const void*'],
    ['const float *rows[4]', 'void*'],
    ['bool b', 'bool'],
    ['__half h', 'float16'],
    ['const __nv_bfloat16 *b', 'const bfloat16*'],
    ['const __grid_constant__ CUtensorMap map', 'tensorMap'],
    ['cudaTextureObject_t image', 'texture'],
    ['const cudaSurfaceObject_t out', 'surface'],
    ['const cudaTextureObject_t* images', 'const void*'],
    ['Particle p', undefined],
    ['T x', undefined],
  ])('%s', (declaration, type) => {
    expect(parameterType(declaration)).toBe(type);
  });
});

const SOURCE = `
// __global__ void commented(int a);
#include "x.h"
struct P { float a; int n; };
extern "C" __global__ void __launch_bounds__(256, 2) scale(
    float *y, const float *x, /* how much */ float by, const int n) {}
__global__ void mixed(P p, long long at, unsigned char *out) { const char *s = "__global__ void no(int)"; }
`;

// As nvcc makes it of that source.
const PTX = `
.version 7.8
.target sm_75
.address_size 64
.visible .entry scale(.param .u64 a, .param .u64 b, .param .f32 c, .param .u32 d) { ret; }
.visible .entry _Z5mixed1PxPh(.param .align 4 .b8 a[8], .param .u64 b, .param .u64 c) { ret; }
.visible .entry other(.param .u64 a, .param .s16 b, .param .f64 c) { ret; }
`;

test('kernels of source', () => {
  expect([...declaredKernels(SOURCE)]).toEqual([
    ['scale', ['float32*', 'const float32*', 'float32', 'int32']],
    ['mixed', [undefined, 'int64', 'uint8*']],
  ]);
});

test('of PTX, with what only the source says', () => {
  expect(readKernels(PTX, SOURCE)).toEqual([
    { name: 'scale', parameters: ['float32*', 'const float32*', 'float32', 'int32'] },
    { name: '_Z5mixed1PxPh', parameters: ['uint8[8]', 'int64', 'uint8*'] },
    { name: 'other', parameters: ['void*', 'int16', 'float64'] },
  ]);
});

test('what the preprocessor or another name of a type decides is not known', () => {
  const both =
    '#ifdef D\n__global__ void k(double* x) {}\n#else\n__global__ void k(float* x) {}\n#endif';
  expect([...declaredKernels(both)]).toEqual([['k', []]]);
  expect([...declaredKernels('__global__ void k(int* x);\n__global__ void k(int* x) {}')]).toEqual([
    ['k', ['int32*']],
  ]);
  for (const line of ['#define float double', 'typedef double float;', 'using float = double;']) {
    expect([...declaredKernels(`${line}\n__global__ void k(float* x, int n) {}`)]).toEqual([
      ['k', [undefined, 'int32']],
    ]);
  }
});

test.each([
  ['short int s', 'int16'],
  ['long unsigned int n', 'uint64'],
  ['unsigned char* x', 'uint8*'],
  ['int unsigned n', 'uint32'],
  ['const long long int* x', 'const int64*'],
  ['ulonglong2 v', 'uint64x2'],
])('words of a type in any order: %s', (declaration, type) => {
  expect(parameterType(declaration)).toBe(type);
});

test('source that PTX contradicts does not count', () => {
  const [scale] = readKernels(
    PTX,
    'extern "C" __global__ void scale(int a, int b, int c, float d);',
  );
  expect(scale!.parameters).toEqual(['void*', 'void*', 'float32', 'uint32']);
});

const NAME = 'the command writes a module that TypeScript reads';
if (findNvcc() === undefined) skipTest(NAME, 'no nvcc');
else if (process.env.LD_PRELOAD) skipTest(NAME, 'nvcc does not run under sanitizers');
else if (spawnSync('g++', ['--version']).status !== 0) skipTest(NAME, 'no g++, which nvcc needs');
else {
  test(NAME, () => {
    const folder = temporaryFolder();
    const [source, ptx, types] = ['k.cu', 'k.ptx', 'k.ts'].map((name) => join(folder, name));
    writeFileSync(source!, SOURCE.replace('#include "x.h"', ''));
    const args = [source!, '-o', ptx!, '--types', types!, '--compiler', 'nvcc'];
    const run = spawnSync(process.execPath, [join(root, 'dist/cli.js'), 'compile', ...args], {
      encoding: 'utf8',
    });
    expect(run.status).toBe(0);
    expect(readFileSync(types!, 'utf8')).toContain(
      "  'scale': ['float32*', 'const float32*', 'float32', 'int32'],",
    );
  });
}
