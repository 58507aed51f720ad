// Barriers, masks, and copies that are not waited for.
import { check, kernel, kinds } from './support.js';

const SHARED = `
  .shared .align 16 .b8 tile[4096];
  mov.u32 %r10, tile;
  mad.lo.s32 %r11, %r2, 4, %r10;
  add.s64 %rd4, %rd1, %rd3;`;

test('lanes of a warp that come to a barrier at different instructions', async () => {
  const text = kernel(`
  setp.lt.u32 %p1, %r2, 16;
  @%p1 bra low;
  bar.sync 0;
  bra done;
low:
  bar.sync 0;
done:`);
  const { findings } = await check(text, ['sync']);
  const errors = findings.filter(({ severity }) => severity === 'error');
  expect(errors).toMatchObject([
    { kind: 'sync', at: { mnemonic: 'bar.sync' }, other: { mnemonic: 'bar.sync' } },
  ]);
  expect(errors[0]!.message).toContain('lanes of one warp come to barrier 0 at different');
  // Warps may.
  expect(await kinds(text.replace('%r2, 16', '%r2, 32'), ['sync'], { block: 64 })).toEqual([]);
  // And barriers that are not aligned.
  expect(await kinds(text.replaceAll('bar.sync', 'barrier.sync'), ['sync'])).toEqual([]);
});

test('lanes that leave a long loop one after the other come to a barrier together', async () => {
  const text = kernel(`
  mov.u32 %r4, 0;
  mul.lo.u32 %r5, %r2, 300;
again:
  add.u32 %r4, %r4, 1;
  setp.lt.u32 %p1, %r4, %r5;
  @%p1 bra again;
  bar.sync 0;`);
  expect(await kinds(text, true, { block: 64 })).toEqual([]);
});

test('a barrier for different numbers of threads', async () => {
  const text = kernel(`
  setp.lt.u32 %p1, %r2, 32;
  @%p1 bra low;
  bar.sync 1, 64;
  bra done;
low:
  bar.arrive 1, 96;
done:`);
  const found = await kinds(text, ['sync'], { block: 64 });
  expect(found).toContain('sync');
  expect(await kinds(text.replace('96', '64'), ['sync'], { block: 64 })).toEqual([]);
});

test('a deadlock is told with who waits where', async () => {
  const text = kernel(`
  setp.lt.u32 %p1, %r2, 32;
  @%p1 bar.sync 1, 64;`);
  const { findings, error } = await check(text, ['sync'], { block: 64 });
  expect(error).toMatchObject({ name: 'CudaKernelFaultError' });
  expect(findings).toMatchObject([
    { kind: 'sync', at: { mnemonic: 'bar.sync', thread: [0, 0, 0] } },
  ]);
  expect(findings[0]!.message).toContain('deadlock');
});

test.each([
  ['bar.warp.sync', 'bar.warp.sync %r4;'],
  ['shfl.sync', 'shfl.sync.idx.b32 %r5, %r2, 0, 31, %r4;'],
])('a lane that is not in its own mask: %s', async (_, body) => {
  const masked = (mask: string) => kernel(`mov.u32 %r4, ${mask}; ${body}`);
  expect(await kinds(masked('0xffff'), ['sync'])).toEqual(['sync']);
  expect(await kinds(masked('0xffffffff'), ['sync'])).toEqual([]);
});

describe('cp.async', () => {
  const copy = (wait: string, block = 32) =>
    [
      kernel(`${SHARED}
  add.s64 %rd5, %rd2, %rd3;
  cp.async.ca.shared.global [%r11], [%rd5], 4;
  cp.async.commit_group;
  ${wait}
  ld.shared.u32 %r5, [%r11];
  st.global.u32 [%rd4], %r5;`),
      true as const,
      { block },
    ] as const;

  test.each([
    ['waited for', 'cp.async.wait_group 0;', []],
    ['waited for, all', 'cp.async.wait_all;', []],
    ['not waited for', '', ['sync']],
    ['one group too few', 'cp.async.wait_group 1;', ['sync']],
  ])('%s', async (_, wait, expected) => {
    const [text, checks, run] = copy(wait);
    expect(await kinds(text, checks, run)).toEqual(expected);
  });

  test('what another thread has waited for needs a barrier', async () => {
    const other = (between: string) => {
      const [text] = copy(between);
      return text.replace(
        'ld.shared.u32 %r5, [%r11]',
        'xor.b32 %r6, %r2, 32; mad.lo.s32 %r12, %r6, 4, %r10; ld.shared.u32 %r5, [%r12]',
      );
    };
    const run = { block: 64 };
    expect(await kinds(other('cp.async.wait_group 0; bar.sync 0;'), true, run)).toEqual([]);
    expect(await kinds(other('cp.async.wait_group 0;'), ['race'], run)).toContain('race');
    expect(await kinds(other('bar.sync 0; cp.async.wait_group 0;'), ['race'], run)).toContain(
      'race',
    );
  });
});

describe('bulk copies from shared memory', () => {
  const store = (fence: string) =>
    kernel(
      `${SHARED}
  st.shared.u32 [%r11], %r2;
  ${fence}
  bar.sync 0;
  setp.ne.u32 %p1, %r2, 0;
  @%p1 bra done;
  cp.async.bulk.global.shared::cta.bulk_group [%rd1], [%r10], 128;
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;
done:`,
      { target: 'sm_90' },
    );
  const run = { options: { computeCapability: { major: 9, minor: 0 } } };
  test('need a fence after ordinary stores', async () => {
    expect(await kinds(store('fence.proxy.async;'), true, run)).toEqual([]);
    const { findings } = await check(store(''), true, run);
    expect(findings).toMatchObject([{ kind: 'sync', other: { mnemonic: 'st.shared.u32' } }]);
    expect(findings[0]!.message).toContain('fence.proxy.async');
  });
});

test('a barrier before which nothing happened is advice', async () => {
  const text = kernel(`${SHARED}
  st.shared.u32 [%r11], %r2;
  bar.sync 0;
  bar.sync 0;
  ld.shared.u32 %r5, [%r10];
  st.global.u32 [%rd4], %r5;`);
  const { findings } = await check(text, true, { block: 64 });
  expect(findings).toMatchObject([{ kind: 'sync', severity: 'advice' }]);
  const once = text.replace('bar.sync 0;\n  bar.sync 0;', 'bar.sync 0;');
  expect((await check(once, true, { block: 64 })).findings).toEqual([]);
});

test('an mbarrier orders those who arrive before those who wait', async () => {
  const text = (order: string) =>
    kernel(`
  .shared .align 8 .b64 bar;
  ${SHARED}
  setp.eq.u32 %p1, %r2, 0;
  @!%p1 bra ready;
  mbarrier.init.shared.b64 [bar], 64;
ready:
  bar.sync 0;
  st.shared.u32 [%r11], %r2;
  mbarrier.arrive.shared.b64 %rd7, [bar];
  ${order}
  xor.b32 %r6, %r2, 32;
  mad.lo.s32 %r12, %r6, 4, %r10;
  ld.shared.u32 %r5, [%r12];
  st.global.u32 [%rd4], %r5;`);
  const wait = `again:
  mbarrier.test_wait.shared.b64 %p2, [bar], %rd7;
  @!%p2 bra again;`;
  expect(await kinds(text(wait), true, { block: 64 })).toEqual([]);
  expect(await kinds(text(''), ['race'], { block: 64 })).toContain('race');
});
