// Linking machine code: nvJitLink is found, called and believed. The double's devices run PTX alone, so
// that what the stand-in calls a cubin is PTX.
import { join } from 'node:path';
import { native } from '../../lib/addon/load.js';
import { type CudaModuleError, cuda, type Device, type LinkOptions } from '../../lib/index.js';
import { compileCuda } from '../../lib/kernels/compile/compile.js';
import { ARG_RANGE, failure } from '../support/errors.js';
import { half, halfText, idle, LIBRARY, ptx, STORE } from '../support/kernels.js';
import {
  makeFakeLinker,
  realLinker,
  realNvrtc,
  removeFolders,
  temporaryFolder,
} from '../support/nvrtc.js';
import { skipTest } from '../support/skip.js';

const folder = temporaryFolder();
const fake = makeFakeLinker(join(folder, 'new'), ['MAJOR=13', 'MINOR=2']);
let device: Device;
beforeAll(() => {
  device = cuda.device();
});
afterAll(() => {
  device.dispose();
  removeFolders();
});

const PROGRAM = half('program.cubin');
const linkWith = (nvJitLink: string, sources: string[], options: LinkOptions = {}) =>
  device.link(sources, { nvJitLink, ...options });

async function refusal(
  nvJitLink: string,
  sources: string[],
  options?: LinkOptions,
): Promise<CudaModuleError> {
  return (await failure(() => linkWith(nvJitLink, sources, options))) as CudaModuleError;
}

test('machine code is linked by nvJitLink, and what that makes is loaded', async () => {
  const made = [`-fake-ptx=${ptx(STORE)}`];
  const module = await linkWith(fake, [PROGRAM, LIBRARY], { options: made });
  expect(module.kernels.map(({ name }) => name)).toEqual(['store']);
  const store = module.kernel('store', ['uint32*', 'uint32']);
  const x = device.alloc('uint32', 4);
  store.launch({ grid: 1, block: 4 }, x, 7);
  expect(await x.read()).toEqual(Uint32Array.of(7, 7, 7, 7));
  for (const each of [store, x, module]) each.dispose();
});

test('each source as what it is, for the device, and what fails is told whole', async () => {
  const text = ptx(idle('other'));
  const sources = [PROGRAM, half('library.fatbin'), text];
  const error = await refusal(fake, sources, { options: ['-fake-status=6'] });
  expect(error).toMatchObject({
    name: 'CudaModuleError',
    code: 'ERR_CUDA_MODULE',
    operation: 'nvJitLinkComplete',
    options: ['-arch=sm_90', '-fake-status=6'],
    linkerVersion: '13.2',
    libraryPath: fake,
  });
  // Of a fatbin the machine code, if it has any for the device: 1 is a cubin, 2 PTX.
  expect(error.log).toMatch(
    new RegExp(
      `^-arch=sm_90;-fake-status=6;1 source 0 \\(${PROGRAM}\\) \\d+ 7f;` +
        `1 source 1 \\(\\S+library.fatbin\\) \\d+ 7f;2 source 2 ${text.length} 2e;$`,
    ),
  );
  expect(error.message).toMatch(/failed with NVJITLINK_ERROR_INTERNAL\n.*nvJitLink 13\.2, \//s);
  expect(await refusal(fake, sources, { options: ['-fake-unknown'] })).toMatchObject({
    operation: 'nvJitLinkCreate',
    message: expect.stringContaining('NVJITLINK_ERROR_UNRECOGNIZED_OPTION'),
  });
  expect((await refusal(fake, sources, { options: ['-fake-status=99'] })).message).toContain(
    'failed with status 99',
  );
});

test('a library from before 12.3, which has other names', async () => {
  const old = makeFakeLinker(join(folder, 'old'), ['OLD']);
  const error = await refusal(old, [PROGRAM], { options: ['-fake-status=14'] });
  expect(error).toMatchObject({ linkerVersion: '12.1', libraryPath: old });
  expect(error.message).toMatch(/newer than this nvJitLink/);
});

test('what is defined twice is refused, which nvJitLink 13 does not', async () => {
  const twice = await refusal(fake, [PROGRAM, LIBRARY, PROGRAM], { names: ['a', 'b', 'c'] });
  expect(twice).toMatchObject({ code: 'ERR_CUDA_MODULE', operation: 'link' });
  expect(twice.log).toBe("source 0 (a) and source 2 (c) both define 'run'");
  const mixed = await refusal(fake, [ptx(idle('run')), half('library.cubin'), PROGRAM]);
  expect(mixed.log).toMatch(/^source 0 and source 2 \(.*program.cubin\) both define 'run'$/);
});

test('PTX is linked without it', async () => {
  const [program, library] = [halfText('program.ptx'), halfText('library.ptx')];
  (await linkWith('/nowhere/libnvJitLink.so', [program, library])).dispose();
});

test('where there is none, the message says where it was looked for and how to get it', async () => {
  const error = await refusal('/nowhere/libnvJitLink.so', [PROGRAM]);
  expect(error).toMatchObject({ name: 'CudaModuleError', code: 'ERR_CUDA_NO_LINKER' });
  expect(error.message).toMatch(/^nvJitLink, which links machine code at run time, was not found/);
  expect(error.message).toMatch(/Debian `libnvjitlink12`.*the option nvJitLink: \/nowhere/s);
  const foreign = await refusal(process.execPath, [PROGRAM]);
  expect(foreign.code).toBe('ERR_CUDA_NO_LINKER');
  expect(await failure(() => linkWith('relative', [PROGRAM]))).toMatchObject(ARG_RANGE);
});

test('machine code for another device is refused before the linker is looked for', async () => {
  const { major, minor } = device.computeCapability;
  expect([major, minor]).toEqual([9, 0]);
  const other = Buffer.from(new Uint8Array(64));
  other.write('\x7fELF\x02', 'latin1');
  other.writeUInt16LE(190, 18);
  other.writeUInt16LE(1, 16);
  const error = await failure(() => device.link([other], { nvJitLink: '/nowhere' }));
  expect(error).toMatchObject({ code: 'ERR_CUDA_MODULE' });
});

const nvrtc = realNvrtc();
const linker = nvrtc && realLinker(nvrtc);
if (linker === undefined) {
  skipTest('nvJitLink itself', 'it cannot be had here: scripts/unpack-nvrtc.mjs');
} else {
  const compile = (source: string) =>
    compileCuda(source, {
      ...{ nvrtc, architecture: 'sm_90', cache: false },
      options: ['--relocatable-device-code=true'],
    });
  const CALLER =
    'extern __device__ int f(int); extern "C" __global__ void k(int* x) { *x = f(*x); }';
  const CALLED = '__device__ int f(int x) { return x + 1; }';

  /** What nvJitLink makes of machine code; the double could not load it. */
  async function link(sources: string[]) {
    const cubins = await Promise.all(sources.map(async (each) => (await compile(each)).cubin!));
    const names = cubins.map((_, i) => `source ${i}`);
    const addon = native();
    const { path, failures } = await addon.openLinker([linker!]);
    expect(failures).toEqual([]);
    const handle = addon.openDevice(addon.cudaRuntime(), 0);
    try {
      const { needsLinker, architecture } = await addon.linkPtx(handle, cubins, names);
      expect({ needsLinker, architecture }).toEqual({ needsLinker: true, architecture: 'sm_90' });
      return await addon.linkCode(handle, cubins, names, path!, [`-arch=${architecture}`]);
    } finally {
      addon.closeDevice(handle);
    }
  }

  test('nvJitLink itself links what NVRTC compiled', async () => {
    const { status, log, cubin } = await link([CALLER, CALLED]);
    expect({ status, log }).toEqual({ status: 0, log: '' });
    const bytes = Buffer.from(cubin);
    expect(bytes.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(bytes.readUInt16LE(16)).toBe(2); // no longer relocatable
    expect(bytes.includes('.text.k')).toBe(true);
  });

  test('nvJitLink itself refuses what is not defined', async () => {
    // 12.4 tells stderr what that is, 13 its log.
    const { status, operation, log } = await link([CALLER]);
    expect(status).not.toBe(0);
    expect(operation).toBe('nvJitLinkComplete');
    expect(log).not.toBe('');
  });
}
