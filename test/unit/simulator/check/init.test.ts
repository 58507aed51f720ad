// Registers and bytes that are read and were never written.
import { cuda } from '../../../../lib/index.js';
import { check, kernel, kinds } from './support.js';

const SHARED = `
  .shared .align 4 .b8 tile[4096];
  mov.u32 %r10, tile;
  mad.lo.s32 %r11, %r2, 4, %r10;`;
const OUT = 'add.s64 %rd4, %rd1, %rd3; st.global.u32 [%rd4], %r5; done:';

describe('registers', () => {
  test.each([
    ['never set', 'add.u32 %r5, %r20, 1;', ['init']],
    ['set', 'mov.u32 %r20, 3; add.u32 %r5, %r20, 1;', []],
    [
      'set by some lanes',
      'setp.lt.u32 %p1, %r2, 16; @%p1 mov.u32 %r20, 3; add.u32 %r5, %r20, 1;',
      ['init'],
    ],
    [
      'set by others',
      'setp.lt.u32 %p1, %r2, 16; @%p1 mov.u32 %r20, 3; @!%p1 mov.u32 %r20, 4; add.u32 %r5, %r20, 1;',
      [],
    ],
    ['a guard', 'mov.u32 %r5, 1; @%p5 mov.u32 %r5, 2;', ['init']],
    ['moved, and used', 'mov.u32 %r21, %r20; add.u32 %r5, %r21, 1;', ['init']],
    [
      'loaded, and not used',
      '.shared .b32 s; ld.shared.u32 %r21, [s]; mov.u32 %r22, %r21; mov.u32 %r5, 1;',
      [],
    ],
    ['not chosen', 'setp.eq.u32 %p1, %r2, 40; selp.b32 %r5, %r20, %r2, %p1;', []],
    ['chosen', 'setp.ne.u32 %p1, %r2, 40; selp.b32 %r5, %r20, %r2, %p1;', ['init']],
    [
      'combined with false',
      'setp.eq.u32 %p1, %r2, 40; and.pred %p2, %p1, %p6; mov.u32 %r5, 1; @%p2 bra done;',
      [],
    ],
    [
      'combined with true',
      'setp.ne.u32 %p1, %r2, 40; and.pred %p2, %p1, %p6; mov.u32 %r5, 1; @%p2 bra done;',
      ['init'],
    ],
    ['moved, and not used', 'mov.u32 %r21, %r20; mov.u32 %r5, 1;', []],
    ['stored', 'mov.u32 %r5, %r20;', ['init']],
    ['the carry of an addition', 'add.cc.u32 %r5, %r2, 1; addc.u32 %r6, 0, 0;', []],
  ])('%s', async (_, body, expected) => {
    expect(await kinds(kernel(body + OUT), ['init'])).toEqual(expected);
  });

  test('each lane is counted', async () => {
    const text = kernel(
      `setp.lt.u32 %p1, %r2, 20; @%p1 mov.u32 %r20, 3; add.u32 %r5, %r20, 1;${OUT}`,
    );
    const { findings } = await check(text, ['init']);
    expect(findings).toMatchObject([{ count: 12, at: { thread: [20, 0, 0] } }]);
  });
});

describe('ldmatrix of bytes', () => {
  // Rows 0 to 15 are written, but for row 5: lanes 1, 5, 9 and so on have it.
  const text = (use: string) =>
    kernel(
      `${SHARED}
  mad.lo.s32 %r12, %r2, 16, %r10;
  setp.lt.u32 %p1, %r2, 16; setp.ne.and.u32 %p1, %r2, 5, %p1;
  mov.u32 %r13, 0;
  @%p1 st.shared.v4.u32 [%r12], {%r13, %r13, %r13, %r13};
  bar.sync 0;
  ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r14, %r15}, [%r12];
  and.b32 %r16, %r2, 3; setp.eq.u32 %p2, %r16, 1;
  mov.u32 %r5, 0;
  ${use} add.u32 %r5, %r15, 1;
  ${OUT}`,
      { target: 'sm_100a' },
    );
  const run = { options: { computeCapability: { major: 10, minor: 0 } } };
  test.each([
    ['@%p2', 8],
    ['@!%p2', 0],
  ])('what a row that is not written goes to: %s', async (use, count) => {
    const { findings } = await check(text(use), ['init'], run);
    expect(findings.reduce((sum, finding) => sum + finding.count, 0)).toBe(count);
  });
});

describe('memory', () => {
  test.each([
    ['shared', `${SHARED} ld.shared.u32 %r5, [%r11];`, ['init']],
    [
      'shared, written before',
      `${SHARED} st.shared.u32 [%r11], %r2; ld.shared.u32 %r5, [%r11];`,
      [],
    ],
    [
      'shared, written in part',
      `${SHARED} cvt.u16.u32 %h1, %r2; st.shared.u16 [%r11], %h1; ld.shared.u32 %r5, [%r11];`,
      ['init'],
    ],
    ['shared, by an atomic', `${SHARED} atom.shared.add.u32 %r5, [%r11], 1;`, ['init']],
    [
      'local',
      '.local .align 4 .b8 l[16]; st.local.u32 [l], %r2; ld.local.u32 %r5, [l+4];',
      ['init'],
    ],
    [
      'local, written before',
      '.local .align 4 .b8 l[16]; st.local.u32 [l+4], %r2; ld.local.u32 %r5, [l+4];',
      [],
    ],
  ])('%s', async (_, body, expected) => {
    expect(await kinds(kernel(body + OUT), ['init'])).toEqual(expected);
  });

  const copy = kernel(`add.s64 %rd5, %rd2, %rd3; ld.global.u32 %r5, [%rd5];${OUT}`);
  test('of the device', async () => {
    const { findings } = await check(copy, ['init'], { uninitialized: true });
    expect(findings).toMatchObject([
      { kind: 'init', count: 32, allocation: { bytes: 4096 }, at: { mnemonic: 'ld.global.u32' } },
    ]);
    expect(findings[0]!.message).toContain('reads 4 bytes of device memory');
  });
  test('of the device, filled with zeros', async () => {
    expect(await kinds(copy, ['init'])).toEqual([]);
  });
  test('copies of what was not written are not written', async () => {
    using device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: ['init'] });
    using module = device.loadModule(copy);
    using a = device.alloc('int32', 64);
    using half = device.alloc('int32', 64, { uninitialized: true });
    using b = device.alloc('int32', 64, { uninitialized: true });
    half.copyFrom(a, { length: 24 });
    b.copyFrom(half);
    module.kernel('k', ['int32*', 'int32*', 'uint32']).launch({ grid: 1, block: 32 }, a, b, 0);
    await device.synchronize();
    expect(device.checkReport().findings).toMatchObject([{ count: 8 }]);
  });
  test('what a kernel has written another may read', async () => {
    using device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: true });
    using module = device.loadModule(copy);
    using a = device.alloc('int32', 32, { uninitialized: true });
    using b = device.from(new Int32Array(32));
    using c = device.alloc('int32', 32, { uninitialized: true });
    const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
    k.launch({ grid: 1, block: 32 }, a, b, 0);
    k.launch({ grid: 1, block: 32 }, c, a, 0);
    await device.synchronize();
    expect(device.checkReport().findings).toEqual([]);
  });
  test('variables of a module have their values', async () => {
    const text = kernel(
      `mov.u64 %rd6, v; add.s64 %rd6, %rd6, %rd3; ld.global.u32 %r5, [%rd6];${OUT}`,
      {
        before: '.global .align 4 .u32 v[32];',
      },
    );
    expect(await kinds(text, true)).toEqual([]);
  });
});

test('what functions are passed and give has a value', async () => {
  const before = `
.func (.param .b32 out) twice(.param .b32 x)
{
  .reg .b32 %q<4>;
  .local .align 4 .b8 pad[16];
  ld.param.u32 %q1, [x];
  st.local.u32 [pad], %q1;
  ld.local.u32 %q2, [pad];
  add.u32 %q2, %q2, %q1;
  st.param.b32 [out], %q2;
  ret;
}
.func (.param .b32 out) depth(.param .b32 x)
{
  .reg .pred %p<2>;
  .reg .b32 %q<4>;
  ld.param.u32 %q1, [x];
  mov.u32 %q2, 0;
  setp.eq.u32 %p1, %q1, 0;
  @%p1 bra done;
  sub.u32 %q3, %q1, 1;
  { .param .b32 px; .param .b32 po;
  st.param.b32 [px], %q3;
  call (po), depth, (px);
  ld.param.b32 %q2, [po]; }
  add.u32 %q2, %q2, %q1;
done:
  st.param.b32 [out], %q2;
  ret;
}`;
  const call = (name: string) => `{ .param .b32 px; .param .b32 po;
  st.param.b32 [px], %r2;
  call (po), ${name}, (px);
  ld.param.b32 %r5, [po]; }`;
  for (const name of ['twice', 'depth']) {
    const { findings, a } = await check(kernel(call(name) + OUT, { before }), true);
    expect(findings).toEqual([]);
    expect(a[3]).toBe(6);
  }
});

test('each thread is told with the address that it read', async () => {
  const text = kernel(`
  .shared .align 4 .b32 tile[64];
  mov.u32 %r10, tile;
  mad.lo.s32 %r11, %r2, 4, %r10;
  setp.ge.u32 %p1, %r2, 20;
  @!%p1 st.shared.u32 [%r11], %r2;
  bar.sync 0;
  ld.shared.u32 %r5, [%r11];
  add.s32 %r6, %r5, 1;
  add.s64 %rd4, %rd1, %rd3;
  st.global.u32 [%rd4], %r6;`);
  const { findings } = await check(text, ['init']);
  expect(findings[0]).toMatchObject({ at: { thread: [20, 0, 0] }, address: 80n, count: 12 });
});

// nvcc -G keeps structs in local memory and copies them word by word, through generic addresses.
describe('copies within local memory', () => {
  const padded = (rest: string) =>
    kernel(`
  .local .align 8 .b8 frame[16];
  mov.u32 %r10, 1;
  mov.u64 %rd10, frame;
  cvta.local.u64 %rd11, %rd10;
  st.u8 [%rd11], %r10;
  ld.u32 %r11, [%rd11];
  st.u32 [%rd11+8], %r11;
  ${rest}
  add.s64 %rd4, %rd1, %rd3;
  st.u32 [%rd4], %r5;`);
  test.each([
    ['of padding', 'ld.u8 %r5, [%rd11+8];', []],
    [
      'of padding, given to a bit field',
      'and.b32 %r12, %r11, -8; st.u32 [%rd11], %r12; ld.u8 %r5, [%rd11];',
      [],
    ],
    ['that goes to memory that others read', 'mov.u32 %r5, %r11;', ['init']],
    [
      'that a jump depends on',
      'setp.gt.u32 %p1, %r11, 9; mov.u32 %r5, 1; @%p1 mov.u32 %r5, 2; @%p1 bra on; on:',
      ['init'],
    ],
  ])('%s', async (_name, rest, expected) => {
    expect(await kinds(padded(rest), ['init'])).toEqual(expected);
  });
});
