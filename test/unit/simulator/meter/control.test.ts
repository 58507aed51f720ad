// How often instructions are counted: by warps and by lanes, whatever way these take.
import { AROUND, countsOf, executed, kernel, launchOf, openDevice } from './support.js';

test('every instruction of the PTX counts, for each warp and each lane', async () => {
  const launch = await launchOf(kernel(''), { grid: 2, block: 48 });
  expect(launch.counts).toMatchObject({
    warpInstructions: 2 * 2 * AROUND,
    threadInstructions: 2 * 48 * AROUND,
    averageActiveLanes: 24,
    branches: 0,
    barriers: 0,
  });
  expect(launch.instructions.map(({ text }) => text)).toEqual([
    'ld.param.u64 %rd1, [a]',
    'ld.param.u64 %rd2, [b]',
    'ld.param.u32 %r1, [n]',
    'mov.u32 %r2, %tid.x',
    'mov.u32 %r3, %ctaid.x',
    'mul.wide.u32 %rd3, %r2, 4',
    'ret',
  ]);
  expect(launch.counts.global.requests).toBe(0);
});

test('what the decoder makes several instructions of counts once', async () => {
  const launch = await launchOf(
    kernel(`
  setp.eq.u32 %p1, %r2, 0;
  set.eq.u32.u32 %r4, %r2, 3;
  vote.sync.any.pred %p2, !%p1, 0xffffffff;
  mov.u64 %rd4, %clock64;
  mov.b32 {%h1, %h2}, %r2;`),
  );
  expect(launch.counts.warpInstructions).toBe(AROUND + 5);
  expect(launch.counts.threadInstructions).toBe(32 * (AROUND + 5));
});

test('a guard leaves lanes out', async () => {
  const launch = await launchOf(
    kernel(`
  setp.lt.u32 %p1, %r2, 5;
  @%p1 add.u32 %r4, %r4, 1;
  @!%p1 add.u32 %r5, %r5, 1;
  setp.gt.u32 %p2, %r2, 99;
  @%p2 ld.global.u32 %r6, [%rd1];`),
  );
  expect(executed(launch, '@%p1 add.u32 %r4, %r4, 1')).toEqual([1, 5]);
  expect(executed(launch, '@!%p1 add.u32 %r5, %r5, 1')).toEqual([1, 27]);
  expect(executed(launch, '@%p2 ld.global.u32 %r6, [%rd1]')).toEqual([1, 0]);
  expect(launch.counts.global.requests).toBe(0);
});

describe('branches', () => {
  const branch = (condition: string) =>
    kernel(`
  and.b32 %r4, %r2, 1;
  setp.eq.u32 %p1, ${condition}, 0;
  @%p1 bra even;
  add.u32 %r5, %r5, 1;
even:
  add.u32 %r6, %r6, 1;`);

  test('that lanes take apart', async () => {
    const launch = await launchOf(branch('%r4'));
    expect(launch.counts).toMatchObject({ branches: 1, divergentBranches: 1 });
    expect(executed(launch, '@%p1 bra even')).toEqual([1, 16]);
    expect(executed(launch, 'add.u32 %r5, %r5, 1')).toEqual([1, 16]);
    expect(executed(launch, 'add.u32 %r6, %r6, 1')).toEqual([1, 32]); // together again
    expect(launch.counts.averageActiveLanes).toBeCloseTo((32 * 10 + 16 * 2) / 12);
  });

  test('that all lanes of a warp take, or none', async () => {
    const counts = await countsOf(branch('%r3'), { grid: 4 });
    expect(counts).toMatchObject({ branches: 4, divergentBranches: 0 });
  });

  test('of a loop', async () => {
    const loop = (limit: string) =>
      kernel(`
  add.u32 %r4, %r2, 1;
  mov.u32 %r5, 0;
again:
  add.u32 %r5, %r5, 1;
  setp.lt.u32 %p1, %r5, ${limit};
  @%p1 bra again;`);
    const uniform = await launchOf(loop('10'));
    expect(uniform.counts).toMatchObject({ branches: 10, divergentBranches: 0 });
    expect(executed(uniform, 'add.u32 %r5, %r5, 1')).toEqual([10, 320]);
    // Lane i goes round i + 1 times.
    const uneven = await launchOf(loop('%r4'));
    expect(uneven.counts).toMatchObject({ branches: 32, divergentBranches: 31 });
    expect(executed(uneven, 'add.u32 %r5, %r5, 1')).toEqual([32, (32 * 33) / 2]);
  });

  test.each([
    ['%r4', 1],
    ['%r3', 0],
  ])('brx.idx by %s', async (index, divergent) => {
    const text = kernel(`
  and.b32 %r4, %r2, 3;
  brx.idx ${index}, targets;
targets: .branchtargets one, two, one;
one:
  add.u32 %r5, %r5, 1;
  bra done;
two:
  add.u32 %r6, %r6, 1;
done:
  add.u32 %r7, %r7, 1;`);
    const launch = await launchOf(text);
    // Of the other two, `bra done` is one.
    expect(launch.counts.branches).toBe(2);
    expect(launch.counts.divergentBranches).toBe(divergent);
    expect(executed(launch, `brx.idx ${index}, targets`)).toEqual([1, 32]);
    expect(executed(launch, 'add.u32 %r7, %r7, 1')).toEqual([1, 32]);
  });
});

test('a call, its function, and nothing for what is passed', async () => {
  const twice = `.func (.param .b32 result) twice(.param .b32 x)
{
  .reg .b32 %t<2>;
  ld.param.u32 %t0, [x];
  add.u32 %t1, %t0, %t0;
  st.param.b32 [result], %t1;
  ret;
}`;
  const call = 'call.uni (r0), twice, (p0)';
  const launch = await launchOf(
    kernel(
      `{ .param .b32 p0; .param .b32 r0;
  st.param.b32 [p0], %r2;
  ${call};
  ld.param.b32 %r4, [r0]; }`,
      { before: twice },
    ),
    { block: 64 },
  );
  expect(executed(launch, call)).toEqual([2, 64]);
  expect(executed(launch, 'add.u32 %t1, %t0, %t0')).toEqual([2, 64]);
  expect(launch.counts.warpInstructions).toBe(2 * (AROUND + 3 + 4));
  expect(launch.counts.local.requests).toBe(0);
});

describe('waiting', () => {
  test('at a barrier is one instruction a warp', async () => {
    const launch = await launchOf(kernel('bar.sync 0; bar.warp.sync 0xffffffff;'), { block: 96 });
    expect(launch.counts.barriers).toBe(3);
    expect(executed(launch, 'bar.sync 0')).toEqual([3, 96]);
    expect(executed(launch, 'bar.warp.sync 0xffffffff')).toEqual([3, 96]);
  });

  test('at a collective that lanes come to apart', async () => {
    const shuffle = 'shfl.sync.idx.b32 %r5, %r2, 0, 31, 0xffffffff';
    const launch = await launchOf(
      kernel(`
  setp.lt.u32 %p1, %r2, 8;
  @%p1 bra few;
  ${shuffle};
  bra done;
few:
  ${shuffle};
done:
  add.u32 %r6, %r6, 1;`),
    );
    expect(executed(launch, shuffle)).toEqual([2, 32]);
    expect(executed(launch, 'add.u32 %r6, %r6, 1')).toEqual([1, 32]);
  });

  test('at one instruction, in turns', async () => {
    // Whoever does not come at once has gone round a loop first.
    const launch = await launchOf(
      kernel(`
  setp.lt.u32 %p1, %r2, 8;
  @%p1 bra later;
meet:
  vote.sync.any.pred %p2, %p1, 0xffffffff;
  bra done;
later:
  add.u32 %r6, %r6, 1;
  bra meet;
done:
  add.u32 %r7, %r7, 1;`),
    );
    expect(executed(launch, 'vote.sync.any.pred %p2, %p1, 0xffffffff')).toEqual([2, 32]);
    expect(executed(launch, 'add.u32 %r7, %r7, 1')).toEqual([1, 32]);
  });
});

test('any number of threads counts the same', async () => {
  const text = kernel(`
  bar.sync 0;
  mad.lo.u32 %r4, %r3, 64, %r2;
  mul.wide.u32 %rd4, %r4, 4;
  add.s64 %rd5, %rd1, %rd4;
  ld.global.u32 %r5, [%rd5];
  red.global.add.u32 [%rd2], 1;`);
  const run = { grid: 64, block: 64 };
  const alone = await launchOf(text, { ...run, options: { workers: 1 } });
  const together = await launchOf(text, { ...run, options: { workers: 4 } });
  expect(together).toEqual(alone);
  const inTurns = { ...run, grid: 8, launch: { cooperative: true } };
  expect(await countsOf(text, inTurns)).toEqual(await countsOf(text, { ...run, grid: 8 }));
  expect(alone.counts).toMatchObject({ barriers: 128, atomics: { requests: 128 } });
});

test('a kernel is the same kernel when it is metered, and after', async () => {
  using device = openDevice();
  using module = device.loadModule(
    kernel(
      `ld.global.u32 %r4, [state];
  add.u32 %r4, %r4, 1;
  st.global.u32 [state], %r4;
  st.global.u32 [%rd1], %r4;`,
      { before: '.global .u32 state = 40;' },
    ),
  );
  using a = device.alloc('int32', 1);
  const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
  const run = () => k.launch({ grid: 1, block: 1 }, a, a, 0);
  run();
  const { launches } = await device.profile(run);
  run();
  expect(launches).toHaveLength(1);
  expect(launches[0]!.counts).toMatchObject({ warpInstructions: AROUND + 4 });
  expect((await a.read())[0]).toBe(43);
});
