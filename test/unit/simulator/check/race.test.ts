// Races in shared and device memory, and what orders accesses.
import { check, kernel, kinds } from './support.js';

const SHARED = `
  .shared .align 4 .b8 tile[4096];
  mov.u32 %r10, tile;
  mad.lo.s32 %r11, %r2, 4, %r10;`;
// Each thread stores its number, and reads that of the one beside it.
const neighbours = (between: string) => `${SHARED}
  st.shared.u32 [%r11], %r2;
  ${between}
  xor.b32 %r4, %r2, 1;
  mad.lo.s32 %r12, %r4, 4, %r10;
  ld.shared.u32 %r5, [%r12];
  add.s64 %rd4, %rd1, %rd3;
  st.global.u32 [%rd4], %r5;`;

test.each([
  ['nothing between', '', 32, ['race']],
  ['a barrier', 'bar.sync 0;', 256, []],
  ['a barrier of the warp', 'bar.warp.sync 0xffffffff;', 32, []],
  ['a barrier of the warp is not one of the block', 'bar.warp.sync 0xffffffff;', 256, []],
  ['a collective of the warp', 'shfl.sync.bfly.b32 %r6, %r2, 1, 31, 0xffffffff;', 32, []],
  ['a fence is no barrier', 'membar.gl;', 32, ['race']],
])('neighbours in shared memory: %s', async (_, between, block, expected) => {
  expect(await kinds(kernel(neighbours(between)), ['race'], { block })).toEqual(expected);
});

test('both sides are named', async () => {
  const { findings } = await check(kernel(neighbours('')), ['race']);
  expect(findings).toHaveLength(1);
  const { at, other, message, count, address, allocation } = findings[0]!;
  expect(message).toContain('of shared memory');
  expect(at).toMatchObject({ mnemonic: 'ld.shared.u32', kernel: 'k' });
  expect(other).toMatchObject({ mnemonic: 'st.shared.u32' });
  expect(at!.ptxLine).toBeGreaterThan(other!.ptxLine);
  expect(at!.thread).not.toEqual(other!.thread);
  expect(count).toBe(32);
  expect(address).not.toBeNull();
  expect(allocation).toBeNull();
});

test('across warps a barrier of each warp does not help', async () => {
  // The one in the next warp.
  const text = kernel(neighbours('bar.warp.sync 0xffffffff;').replace('%r2, 1;', '%r2, 32;'));
  expect(await kinds(text, ['race'], { block: 64 })).toContain('race');
});

test('a read that a write overtakes is a race in any schedule', async () => {
  // Warp 0 overwrites what warp 1 is to read: ../shared/cases/ptx/schedule_race.cu.
  const text = kernel(`${SHARED}
  shr.u32 %r4, %r2, 5;
  mad.lo.s32 %r12, %r4, 4, %r10;
  add.u32 %r5, %r4, 100;
  and.b32 %r6, %r2, 31;
  setp.eq.u32 %p1, %r6, 0;
  setp.eq.u32 %p2, %r2, 0;
  @%p1 st.shared.u32 [%r12], %r5;
  bar.sync 0;
  ld.shared.u32 %r7, [%r10];
  mov.u32 %r8, 7;
  @%p2 st.shared.u32 [%r10], %r8;
  bar.sync 0;
  add.s64 %rd4, %rd1, %rd3;
  st.global.u32 [%rd4], %r7;`);
  for (const policy of ['in-order', 'reverse'] as const) {
    const options = { schedule: { policy } };
    const { findings, a } = await check(text, ['race'], { block: 64, options });
    expect(findings.map(({ kind }) => kind)).toContain('race');
    expect(a[32]).toBe(policy === 'reverse' ? 7 : 100);
  }
  const fixed = text.replace('mov.u32 %r8, 7;', 'bar.sync 0; mov.u32 %r8, 7;');
  expect(await kinds(fixed, ['race'], { block: 64 })).toEqual([]);
});

const FIRST = `
  mov.u32 %r6, 1;
  setp.eq.u32 %p1, %r2, 0;`;

describe('device memory', () => {
  test.each([
    [
      'blocks that add',
      'ld.global.u32 %r4, [%rd1]; add.u32 %r4, %r4, 1; st.global.u32 [%rd1], %r4;',
    ],
    ['blocks that write', 'st.global.u32 [%rd1], %r3;'],
  ])('%s', async (_, body) => {
    const found = await kinds(kernel(body), ['race'], { grid: 2, block: 1 });
    expect(new Set(found)).toEqual(new Set(['race']));
  });

  test('atomics do not race', async () => {
    const text = kernel('red.global.add.u32 [%rd1], 1;');
    expect(await kinds(text, ['race'], { grid: 4, block: 64 })).toEqual([]);
  });

  test('atomics of a block race with those of another', async () => {
    const text = kernel('red.cta.global.add.u32 [%rd1], 1;');
    expect(await kinds(text, ['race'], { grid: 1, block: 64 })).toEqual([]);
    expect(await kinds(text, ['race'], { grid: 2, block: 64 })).toEqual(['race']);
  });

  test('an atomic races with a plain access', async () => {
    const text = kernel(
      'red.global.add.u32 [%rd1], 1; ld.global.u32 %r4, [%rd1]; st.global.u32 [%rd2], %r4;',
    );
    expect(new Set(await kinds(text, ['race'], { grid: 1, block: 32 }))).toEqual(new Set(['race']));
  });

  // The last block adds what all have left.
  const last = (fence: string) => `${FIRST}
  mul.wide.u32 %rd5, %r3, 4;
  add.s64 %rd5, %rd1, %rd5;
  @!%p1 bra done;
  st.global.u32 [%rd5+4], %r6;
  ${fence}
  atom.global.add.u32 %r7, [%rd2], 1;
  ${fence}
  setp.ne.u32 %p2, %r7, 3;
  @%p2 bra done;
  ld.global.u32 %r8, [%rd1+4];
  ld.global.u32 %r9, [%rd1+8];
  add.u32 %r8, %r8, %r9;
  st.global.u32 [%rd1], %r8;
done:`;
  test.each([
    ['no fence', '', true],
    ['a fence', 'membar.gl;', false],
    ['a fence for the block', 'membar.cta;', true],
  ])('the last block: %s', async (_, fence, races) => {
    const found = await kinds(kernel(last(fence)), ['race'], { grid: 4, block: 32 });
    expect(found.length > 0).toBe(races);
  });

  test('acquire and release order as well', async () => {
    const text = kernel(last('').replace('atom.global', 'atom.acq_rel.gpu.global'));
    expect(await kinds(text, ['race'], { grid: 4, block: 32 })).toEqual([]);
  });

  test('a flag: only with release and acquire', async () => {
    const flag = (release: string, acquire: string) =>
      kernel(`${FIRST}
  setp.eq.u32 %p2, %r3, 0;
  mov.u32 %r7, 42;
  @%p2 bra first;
wait:
  ld.${acquire}.gpu.global.u32 %r8, [%rd2];
  setp.eq.u32 %p3, %r8, 0;
  @%p3 bra wait;
  ld.global.u32 %r9, [%rd1];
  st.global.u32 [%rd1+4], %r9;
  bra done;
first:
  st.global.u32 [%rd1], %r7;
  st.${release}.gpu.global.u32 [%rd2], %r6;
done:`);
    const run = { grid: 2, block: 1 };
    expect(await kinds(flag('release', 'acquire'), ['race'], run)).toEqual([]);
    expect(await kinds(flag('relaxed', 'acquire'), ['race'], run)).toEqual(['race']);
    expect(await kinds(flag('release', 'relaxed'), ['race'], run)).toEqual(['race']);
  });

  test('launches that follow each other are in order', async () => {
    const { device, findings } = await check(kernel('st.global.u32 [%rd1], %r1;'), ['race'], {
      block: 1,
    });
    expect(device.disposed).toBe(true);
    expect(findings).toEqual([]);
  });
});

describe('lanes of a warp that store to one word', () => {
  const store = (value: string) => kernel(`st.global.u32 [%rd1], ${value};`);
  test('different values', async () => {
    const { findings } = await check(store('%r2'), ['race']);
    expect(findings).toMatchObject([{ kind: 'race', severity: 'error' }]);
  });
  test('the same value is mere advice, also across warps', async () => {
    const { findings } = await check(store('%r1'), ['race'], { block: 64 });
    expect(findings.map(({ severity }) => severity)).toEqual(['advice', 'advice']);
  });
});

test('bytes of a word do not race with each other', async () => {
  const text = kernel(`${SHARED}
  add.u32 %r12, %r10, %r2;
  cvt.u16.u32 %h1, %r2;
  st.shared.u8 [%r12], %h1;
  ld.shared.u8 %h2, [%r12];
  cvt.u32.u16 %r5, %h2;
  add.s64 %rd4, %rd1, %rd3;
  st.global.u32 [%rd4], %r5;`);
  expect(await kinds(text, ['race'], { block: 64 })).toEqual([]);
  expect(
    await kinds(text.replace('ld.shared.u8 %h2, [%r12]', 'ld.shared.u8 %h2, [%r10]'), ['race']),
  ).toEqual(['race']);
});
