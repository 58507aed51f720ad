// st.bulk: zeros in shared memory.
import { cuda } from '../../../lib/index.js';
import { check, kernel } from './check/support.js';

const device = cuda.simulatedDevice({
  memoryBytes: 2 ** 24,
  computeCapability: { major: 10, minor: 0 },
});
afterAll(() => device.dispose());

/** What is left of 16 words that all were -1, from the first thread of `threads`. */
async function left(text: string, threads = 1): Promise<number[]> {
  using module = device.loadModule(`.version 8.6
.target sm_100
.address_size 64
.visible .entry k(.param .u64 out)
{
  .reg .pred %p<3>;
  .reg .b32 %r<12>;
  .reg .b64 %rd<8>;
  .shared .align 16 .b8 data[64];
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, data;
  cvt.u64.u32 %rd2, %r2;
  cvta.shared.u64 %rd2, %rd2;
  setp.eq.u32 %p1, %r1, 0;
  @!%p1 bra MEET;
  mov.u32 %r3, -1;
  st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3};
  st.shared.v4.u32 [%r2+16], {%r3, %r3, %r3, %r3};
  st.shared.v4.u32 [%r2+32], {%r3, %r3, %r3, %r3};
  st.shared.v4.u32 [%r2+48], {%r3, %r3, %r3, %r3};
MEET:
  bar.sync 0;
  mov.u32 %r4, 24;
  mov.u64 %rd3, 40;
  ${text}
  bar.sync 0;
  @!%p1 bra END;
  mov.u32 %r5, 0;
COPY:
  add.u32 %r6, %r2, %r5;
  ld.shared.s32 %r7, [%r6];
  cvt.u64.u32 %rd4, %r5;
  add.s64 %rd4, %rd1, %rd4;
  st.global.s32 [%rd4], %r7;
  add.u32 %r5, %r5, 4;
  setp.lt.u32 %p2, %r5, 64;
  @%p2 bra COPY;
END:
  ret;
}
`);
  using out = device.alloc('int32', 16);
  module.kernel('k', ['int32*']).launch({ grid: 1, block: threads }, out);
  return [...(await out.read())];
}
const words = (first: number, count: number) =>
  Array.from({ length: 16 }, (_, i) => (i >= first && i < first + count ? 0 : -1));

test.each([
  ['st.bulk.weak.shared::cta [%r2], %rd3, 0;', words(0, 10)],
  ['st.bulk.shared::cta [%r2+8], %r4, 0;', words(2, 6)],
  ['st.bulk [%rd2+48], 16, 0;', words(12, 4)],
  ['st.bulk.weak [%rd2], 0, 0;', words(0, 0)],
  ['@!%p1 st.bulk.shared::cta [%r2], 64, 0;', words(0, 0)],
])('%s', async (text, expected) => {
  expect(await left(text)).toEqual(expected);
});

test('each thread fills its own', async () => {
  const text = 'shl.b32 %r8, %r1, 4; add.u32 %r8, %r8, %r2; st.bulk.shared::cta [%r8], 8, 0;';
  expect(await left(text, 4)).toEqual(words(0, 16).map((_, i) => (i % 4 < 2 ? 0 : -1)));
});

test.each([
  ['st.bulk.shared::cta [%r2], %rd3, 1;', 'only be filled with 0'],
  ['st.bulk.shared::cta [%r2], %rd3;', 'three operands'],
  ['st.bulk.global [%rd1], %rd3, 0;', 'unsupported modifier .global'],
])('refuses %s', async (text, words) => {
  await expect(left(text)).rejects.toThrow(words);
});

test.each([
  ['st.bulk.shared::cta [%r2], 72, 0;', 'outside the 64 bytes of shared'],
  ['st.bulk.shared::cta [%r2+4], 8, 0;', 'misaligned'],
  ['st.bulk.shared::cta [%r2], 12, 0;', 'multiple of 8'],
  ['st.bulk [%rd1], 16, 0;', 'none of shared memory'],
])('%s is a fault', async (text, words) => {
  using own = cuda.simulatedDevice({
    memoryBytes: 2 ** 24,
    computeCapability: { major: 10, minor: 0 },
  });
  using module = own.loadModule(`.version 8.6
.target sm_100
.address_size 64
.visible .entry k(.param .u64 out)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  .shared .align 16 .b8 data[64];
  ld.param.u64 %rd1, [out];
  mov.u32 %r2, data;
  ${text}
  ret;
}
`);
  using out = own.alloc('int32', 16);
  module.kernel('k', ['int32*']).launch({ grid: 1, block: 1 }, out);
  await expect(out.read()).rejects.toThrow(words);
});

test('the checker takes it for writes', async () => {
  const text = (fill: string, between: string) =>
    kernel(
      `.shared .align 16 .b8 tile[256];
  mov.u32 %r10, tile;
  setp.eq.u32 %p1, %r2, 0;
  ${fill}
  ${between}
  mad.lo.s32 %r11, %r2, 4, %r10;
  ld.shared.u32 %r5, [%r11];
  add.s64 %rd4, %rd1, %rd3;
  st.global.u32 [%rd4], %r5;`,
      { target: 'sm_100' },
    );
  const run = { block: 64, options: { computeCapability: { major: 10, minor: 0 } } };
  const kinds = async (fill: string, between: string) => {
    const { findings } = await check(text(fill, between), ['race', 'init'], run);
    return [...new Set(findings.map(({ kind }) => kind))];
  };
  expect(await kinds('@%p1 st.bulk.shared::cta [%r10], 256, 0;', 'bar.sync 0;')).toEqual([]);
  expect(await kinds('@%p1 st.bulk.shared::cta [%r10], 256, 0;', '')).toContain('race');
  expect(await kinds('@%p1 st.bulk.shared::cta [%r10], 128, 0;', 'bar.sync 0;')).toEqual(['init']);
});
