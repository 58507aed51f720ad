// The double of the CUDA runtime: that it is what is under test, that its rules hold, and what
// cuda_runtime.cc does that only a look at its calls can show. Run by scripts/cudart.mjs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cuda } from '../../lib/index.js';
import { root, runChild } from '../support/child.js';

const double = process.env.NODECUDA_PREBUILD!;
const control = require(join(double, 'control.node')) as {
  calls(): string;
  count(call: string): number;
  live(kind: string): number;
};

function probe(name: string, env: NodeJS.ProcessEnv = {}) {
  return spawnSync(join(root, 'build/native-tests/nodecuda_cudart_probe'), [name], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

test('the addon under test is the one on the double', () => {
  expect(cuda.diagnose().addonPath).toBe(join(double, 'build/Release/nodecuda.node'));
  expect(cuda.devices()).toMatchObject([{ computeCapability: { major: 9, minor: 0 } }]);
});

test('the double has the calls that cuda_runtime.cc makes, and no others', () => {
  const source = readFileSync(join(root, 'native/runtime/cuda_runtime.cc'), 'utf8');
  const functions = source.slice(source.indexOf('Status Checked(')).matchAll(/\b(cuda[A-Z]\w+)\b/g);
  const calls = control.calls().split(' ');
  const header = readFileSync('/usr/local/cuda/include/cuda_runtime_api.h', 'utf8');
  const declared = (name: string) => header.includes(` CUDARTAPI ${name}(`);
  const made = new Set([...functions].map(([, name]) => name!).filter(declared));
  expect([...made].sort()).toEqual(calls.filter((name) => name.startsWith('cuda')).sort());
  expect(made.size).toBe(48);
});

test.each([
  ['no device', 'cudaHostAlloc: no device was set on this thread'],
  ['destroyed stream', 'cudaStreamQuery: this stream was never made, or is gone'],
  ['destroyed event', 'cudaEventDestroy: this event was never made, or is gone'],
  ['freed memory', 'cudaMemsetAsync: not inside one live allocation of device memory'],
  ['beyond memory', 'cudaMemsetAsync: not inside one live allocation of device memory'],
  ['unloaded library', 'cudaLaunchKernelExC: this kernel was never made, or is gone'],
  ['cluster', 'cudaLaunchKernelExC: a launch attribute that 9.0 is the first to have'],
  ['last error', 'cudaGetDeviceCount: the last error, of cudaSetDevice, was not cleared'],
])('a mistake ends the process: %s', (name, message) => {
  const { signal, stderr } = probe(name, { NODECUDA_DOUBLE_CAPABILITY: '80' });
  expect(stderr).toBe(`cudart double: ${message}\n`);
  expect(signal).toBe('SIGABRT');
});

test.each([
  ['load', 'cudaSuccess'],
  ['load the highest', 'cudaSuccess'],
  ['load none that fits', 'cudaErrorNoKernelImageForDevice'],
  ['load a NUL', 'cudaErrorInvalidPtx the PTX is damaged, or contains a NUL character'],
  ['load damaged gzip', 'cudaErrorInvalidPtx the PTX is damaged, or contains a NUL character'],
  ['load nonsense', "cudaErrorInvalidPtx PTX line 4: unknown directive '.nonsense'"],
])('cuda_runtime.cc and PTX: %s', (name, answer) => {
  const { status, stdout, stderr } = probe(name);
  expect([status, stdout.trim(), stderr]).toEqual([0, answer, '']);
});

test.each([
  ['cudaGetDevice', 'cudaErrorMemoryAllocation'],
  ['cudaDeviceGetAttribute', 'cudaErrorMemoryAllocation'],
  ['cudaLibraryLoadData', 'cudaErrorMemoryAllocation'],
  ['cudaLibraryGetKernel', 'cudaErrorMemoryAllocation'],
  ['cudaLibraryUnload', 'cudaSuccess'],
])('%s fails while PTX is loaded', (call, answer) => {
  const { status, stdout } = probe('load', { NODECUDA_DOUBLE_FAIL: `${call}:1:2:persistent` });
  expect([status, stdout.trim()]).toEqual([0, answer]);
});

test('textures, surfaces and arrays are given back', async () => {
  using device = cuda.device();
  const array = device.createTextureArray({ dtype: 'float32', width: 8, height: 4, surface: true });
  const all = [device.createTexture(array), device.createSurface(array), array];
  const live = () => ['texture', 'surface', 'array'].map(control.live);
  expect(live()).toEqual([1, 1, 1]);
  for (const each of all) each.dispose();
  // Each behind its uses, in any order: an object is a descriptor, and may outlive its array.
  for (let i = 0; i < 1000 && live().some((count) => count > 0); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(live()).toEqual([0, 0, 0]);
});

test('the encoder of tensor maps is looked up once', () => {
  using device = cuda.device();
  using a = device.alloc('float16', 64 * 64);
  const multiply = () =>
    device.matmul(a, a, { m: 64, n: 64, k: 64, variant: 'wgmma_float16_128x64' }).dispose();
  multiply();
  multiply();
  expect(control.count('cuTensorMapEncodeTiled')).toBe(4);
  expect(control.count('cudaGetDriverEntryPointByVersion')).toBe(1);
});

test('what kernels print is written by the driver, and cannot be listened to', async () => {
  const { code, stdout, stderr } = await runChild(
    `const { cuda } = require('nodecuda');
     const device = cuda.device();
     for (const name of ['on', 'off']) {
       try {
         device[name]('printf', () => {});
       } catch ({ name, code, message }) {
         console.log(name, code, message);
       }
     }
     const text = require('node:fs').readFileSync('test/corpus/functions/printing.ptx', 'utf8');
     const out = device.alloc('int32', 2);
     device.loadModule(text).kernel('hello', ['int32*']).launch({ grid: 1, block: 2 }, out);
     out.read().then((results) => {
       console.log('results', ...results);
       device.dispose();
     });`,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const refused =
    'CudaUnavailableError ERR_CUDA_UNSUPPORTED The driver of a GPU writes what kernels print to stdout ' +
    'by itself: only simulated devices (`device.isSimulated`) have the event';
  expect(stdout.split('\n')).toEqual([
    ...[refused, refused],
    ...['hello from thread 0 of block 0', 'hello from thread 1 of block 0', 'results 2 2', ''],
  ]);
});
