// Blocks that wait for what a later block does: it begins, too, as it would where both are resident.
import { cuda, type SimulatedDeviceOptions } from '../../../lib/index.js';

// Each block waits for a flag of the next one (`wait_later`) or of the one before it, and sets its own.
const waiting = (name: string, step: 1 | -1, inLoop: string) => `
.visible .entry ${name}(.param .u64 flags) {
  .reg .pred %p<4>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [flags];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %nctaid.x;
  mov.u32 %r5, %tid.x;
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd3, %rd1, %rd2;
  add.s32 %r3, %r1, ${step};
  setp.ge.u32 %p1, %r3, %r2;
  @%p1 bra READY;
AGAIN:
  ${inLoop}
  ld.volatile.global.u32 %r4, [%rd3+${4 * step}];
  setp.eq.u32 %p2, %r4, 0;
  @%p2 bra AGAIN;
READY:
  setp.ne.u32 %p3, %r5, 0;
  @%p3 ret;
  membar.gl;
  st.volatile.global.u32 [%rd3], 1;
  ret;
}`;

const PTX = `
.version 7.8
.target sm_75
.address_size 64
${waiting('wait_later', 1, '')}
${waiting('wait_earlier', -1, '')}
${waiting('sleep', 1, 'nanosleep.u32 100;')}
${waiting('meet', 1, 'bar.sync 0;')}
`;

const run = async (options: SimulatedDeviceOptions, kernel: string, grid: number) => {
  using device = cuda.simulatedDevice({
    memoryBytes: 2 ** 24,
    launchTimeoutMs: 60_000,
    ...options,
  });
  using module = device.loadModule(PTX);
  using flags = device.from(new Uint32Array(grid));
  module.kernel(kernel, ['uint32*']).launch({ grid, block: 64 }, flags);
  return flags.read();
};

const ones = (count: number) => new Uint32Array(count).fill(1);

test.each<[string, SimulatedDeviceOptions, number]>([
  ['one worker', { workers: 1 }, 7],
  ['several workers', { workers: 3 }, 7],
  ['the checker', { check: ['memory', 'race'] }, 3],
  ['another order', { workers: 1, schedule: { seed: 3 } }, 7],
])('a block waits for the next one: %s', async (_name, options, grid) => {
  for (const kernel of ['wait_later', 'sleep', 'meet'])
    expect(await run(options, kernel, grid)).toEqual(ones(grid));
});

test('a block that waits for the one before runs in any order', async () => {
  for (const schedule of [{ policy: 'reverse' }, { seed: 1 }, { seed: 2 }] as const)
    expect(await run({ workers: 1, schedule }, 'wait_earlier', 9)).toEqual(ones(9));
});

test('no more blocks begin than the device holds', async () => {
  // Four multiprocessors of 32 blocks each: what the last of them waits for does not begin.
  expect(await run({ workers: 1 }, 'wait_later', 128)).toEqual(ones(128));
  await expect(run({ workers: 1, launchTimeoutMs: 300 }, 'wait_later', 129)).rejects.toThrow(
    'not done after 300 ms',
  );
});
