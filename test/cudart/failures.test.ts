// Every CUDA call that a program makes fails in turn, under the real cuda_runtime.cc: nothing crashes,
// every error is one of ours, and the next program works, or is refused if the device is lost.
import { join } from 'node:path';
import { runChild } from '../support/child.js';

interface Failure {
  readonly step: string;
  readonly typed: boolean;
  readonly code: string;
  readonly status: number | null;
  readonly fatal: boolean;
}
interface Run {
  readonly errors: Failure[];
  readonly callsOfDispose: number;
  readonly calls: number;
  readonly call: string;
  readonly mode: string;
  readonly afterwards: Failure[];
}
interface Report {
  readonly runs: Run[];
  readonly counts: Record<string, number>;
}

const control = require(join(process.env.NODECUDA_PREBUILD!, 'control.node')) as {
  calls(): string;
};

/** Not made by what JavaScript can do before the process ends; rules.test.ts has them, or nothing does. */
const UNREACHED = [
  'DestroySurfaceObject',
  'DestroyTextureObject',
  'DeviceSynchronize',
  'FreeArray',
  'FreeHost',
  'GetDevice',
  'LibraryUnload',
  'MemPoolDestroy',
  'StreamQuery',
];
/** Made once in a process: to open the device, or to load kernels. */
const ONCE = [
  ...['HostAlloc', 'MemPoolCreate', 'MemPoolSetAttribute', 'LibraryLoadData', 'LibraryGetKernel'],
  ...['GetDriverEntryPointByVersion'],
].map((name) => `cuda${name}`);
const calls = control
  .calls()
  .split(' ')
  .filter((name) => !UNREACHED.includes(name.replace('cuda', '')));
const others = calls.filter((name) => !ONCE.includes(name));

async function scenario(env: NodeJS.ProcessEnv): Promise<Report> {
  const ending = await runChild(`require('./test/cudart/scenario.cjs')`, { env });
  expect(ending).toMatchObject({ code: 0, signal: null, stderr: '' });
  return JSON.parse(ending.stdout) as Report;
}

function expectTyped(errors: readonly Failure[]) {
  expect(errors.filter(({ typed, code }) => !typed || !/^ERR_CUDA_/.test(code))).toEqual([]);
}

test.each([
  [2, 'ERR_CUDA_OOM'],
  [1, 'ERR_CUDA_DRIVER'],
])(
  'status %i of each call that is made again and again, once and for good',
  async (status, code) => {
    const { runs, counts } = await scenario({ SCENARIO: [status, ...others].join(' ') });
    expect(calls.filter((call) => counts[call] === 0)).toEqual([]);
    expect(runs.length).toBe(2 * others.length);
    for (const run of runs) {
      expectTyped(run.errors);
      // Without devices to count there is none to use; everything else says what CUDA said.
      const codes = run.errors
        .map((error) => error.code)
        .filter((each) => !/_(NO_\w+|DRIVER\w*)$/.test(each));
      expect([run.call, ...new Set(codes)].length).toBeLessThanOrEqual(2);
      expect([run.call, run.mode, run.afterwards]).toEqual([run.call, run.mode, []]);
    }
    // Those that nothing can hide.
    for (const call of ['cudaMemcpyAsync', 'cudaLaunchKernelExC', 'cuTensorMapEncodeTiled']) {
      const found = runs.filter((run) => run.call === call).flatMap((run) => run.errors);
      expect(found.map((error) => error.code)).toContain(code);
    }
  },
);

test.concurrent.each(ONCE)('%s fails the first time, and not the next', async (call) => {
  const { runs } = await scenario({ NODECUDA_DOUBLE_FAIL: `${call}:1:2:once` });
  expectTyped(runs[0]!.errors);
  expect(runs[0]!.errors[0]).toMatchObject({ code: 'ERR_CUDA_OOM', status: 2 });
  expect(runs[1]!.errors).toEqual([]);
});

// cudaGetLastError is called after other failures only, or while something is not ready yet.
const showing = calls.filter((name) => name !== 'cudaGetLastError');

test.concurrent.each(showing)('a fault that shows at %s is the last', async (call) => {
  const { runs } = await scenario({ NODECUDA_DOUBLE_FAIL: `${call}:1:700:sticky` });
  const [first, second] = runs as [Run, Run];
  expectTyped(first.errors);
  expect(first.errors.length).toBeGreaterThan(0);
  if (first.errors[0]!.step !== 'open') {
    expect(first.errors.filter(({ fatal, status }) => !fatal || status !== 700)).toEqual([]);
    expect(first.callsOfDispose).toBe(0);
  }
  // The device cannot be had again.
  expect(second.errors.map(({ step }) => step)).toEqual(['open']);
});
