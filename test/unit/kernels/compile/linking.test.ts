// CUDA C++ among what is linked, compiled by NVRTC itself where it can be had.
import { join } from 'node:path';
import {
  type CudaModuleError,
  compileStatus,
  cuda,
  type LinkSource,
} from '../../../../lib/index.js';
import { cacheWritten } from '../../../../lib/kernels/compile/compile.js';
import { failure } from '../../../support/errors.js';
import { LIBRARY } from '../../../support/kernels.js';
import { realNvrtc, removeFolders, temporaryFolder } from '../../../support/nvrtc.js';
import { skipTest } from '../../../support/skip.js';

const nvrtc = realNvrtc();

if (nvrtc === undefined) {
  skipTest('linking CUDA C++', 'NVRTC cannot be had here: scripts/unpack-nvrtc.mjs');
} else {
  const folder = temporaryFolder();
  const device = cuda.simulatedDevice();
  beforeAll(() => {
    process.env.NODECUDA_CACHE_DIR = join(folder, 'cache');
  });
  afterAll(async () => {
    device.dispose();
    await cacheWritten();
    delete process.env.NODECUDA_CACHE_DIR;
    removeFolders();
  });

  const program = (source: string, options: object = {}): LinkSource => ({
    source,
    options: { nvrtc, ...options },
  });
  const SCALE = `
    extern __constant__ float factors[2];
    extern __device__ float add(float x, float y);
    template <typename T> __global__ void scale(T* x) {
      x[threadIdx.x] = add(x[threadIdx.x] * factors[0], factors[1]); }`;
  const ADD = `
    __constant__ float factors[2] = {3, 10};
    __device__ __noinline__ float add(float x, float y) { return x + y; }`;

  test('a function and a constant of another program, and a kernel by its name expression', async () => {
    const nameExpressions = ['scale<float>'];
    const sources = [program(SCALE, { nameExpressions, name: 'scale.cu' }), program(ADD)];
    const module = await device.link(sources);
    const scale = module.kernel('scale<float>', ['float32*']);
    const factors = module.global('factors', 'float32');
    const x = device.from(Float32Array.of(1, 2));
    scale.launch({ grid: 1, block: 2 }, x);
    expect(await x.read()).toEqual(Float32Array.of(13, 16));
    await factors.write(Float32Array.of(0, 5));
    scale.launch({ grid: 1, block: 2 }, x);
    expect(await x.read()).toEqual(Float32Array.of(5, 5));
    for (const each of [scale, factors, x, module]) each.dispose();
    // What is compiled to be linked is remembered as well.
    const { compiled } = compileStatus();
    (await device.link(sources)).dispose();
    expect(compileStatus().compiled).toBe(compiled);
  });

  test('with PTX, and with what was compiled before', async () => {
    const source = `extern "C" __device__ int twice(int);
      extern "C" __global__ void k(int* x) { *x = twice(*x); }`;
    const other = await device.compile('extern "C" __global__ void other() {}', { nvrtc });
    const linked = await device.link([LIBRARY, program(source), other.code!]);
    other.dispose();
    expect(linked.kernels.map(({ name }) => name).sort()).toEqual(['k', 'other']);
    const k = linked.kernel('k', ['int32*']);
    const x = device.from(Int32Array.of(21));
    k.launch({ grid: 1, block: 1 }, x);
    expect(await x.read()).toEqual(Int32Array.of(42));
    for (const each of [k, x, linked]) each.dispose();
  });

  test('what is not compiled is a CudaCompileError, what is not defined names the program', async () => {
    const broken = await failure(() => device.link([program('nonsense'), program(ADD)]));
    expect(broken).toMatchObject({ name: 'CudaCompileError', code: 'ERR_CUDA_COMPILE' });
    const source = 'extern __device__ int f(); extern "C" __global__ void k(int* x) { *x = f(); }';
    const missing = (await failure(() =>
      device.link([program(source, { name: 'mine.cu' })]),
    )) as CudaModuleError;
    expect(missing.log).toBe("source 0 (mine.cu) uses '_Z1fv', which nothing defines");
  });
}
