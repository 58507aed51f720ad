// The registers of asynchronous matrix products: fences before them, waits behind them.
import { check, kernel } from './support.js';

const run = { block: 128, options: { computeCapability: { major: 9, minor: 0 } } };

/** Products into %a0 to %a3: `before`, one or two products, `after`, and the results are stored. */
const text = (before: string, products: string, after: string) =>
  kernel(
    `
  .reg .b32 %a<4>, %b<4>, %c<4>;
  .shared .align 1024 .b8 tile[8192];
  add.s64 %rd4, %rd1, %rd3;
  mov.u32 %r10, tile;
  mad.lo.s32 %r11, %r2, 16, %r10;
  mov.b32 %r5, 0;
  st.shared.v4.b32 [%r11], {%r5, %r5, %r5, %r5};
  st.shared.v4.b32 [%r11+2048], {%r5, %r5, %r5, %r5};
  st.shared.v4.b32 [%r11+4096], {%r5, %r5, %r5, %r5};
  st.shared.v4.b32 [%r11+6144], {%r5, %r5, %r5, %r5};
  fence.proxy.async;
  bar.sync 0;
  cvt.u64.u32 %rd7, %r10;
  shr.u64 %rd7, %rd7, 4;
  add.s64 %rd7, %rd7, 0x4000004000000000;
  mov.b32 %a0, 0;
  mov.b32 %a1, 0;
  mov.b32 %a2, 0;
  mov.b32 %a3, 0;
  cvt.rn.f32.u32 %b0, %r2;
  mov.b32 %b1, %b0;
  mov.b32 %b2, %b0;
  mov.b32 %b3, %b0;
  ${before}
  ${products}
  ${after}
  st.global.b32 [%rd4], %a0;`,
    { target: 'sm_90a' },
  );
const FENCE = 'wgmma.fence.sync.aligned;';
const PRODUCT =
  'wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%a0, %a1, %a2, %a3}, %rd7, %rd7, 1, 1, 1, 0, 0;';
const FROM_REGISTERS =
  'wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%a0, %a1, %a2, %a3}, {%b0, %b1, %b2, %b3}, %rd7, 1, 1, 1, 0;';
const METADATA = 'add.u32 %r12, %r5, 0x44444444;';
const SPARSE =
  'wgmma.mma_async.sp.sync.aligned.m64n8k32.f32.bf16.bf16 {%a0, %a1, %a2, %a3}, {%b0, %b1, %b2, %b3}, %rd7, %r12, 0, 1, 1, 1, 0;';
const COMMIT = 'wgmma.commit_group.sync.aligned;';
const WAIT = 'wgmma.wait_group.sync.aligned 0;';
const TAIL = `${COMMIT} ${WAIT}`;

async function findings(...parts: [string, string, string]) {
  const { findings: all, error } = await check(text(...parts), ['sync'], run);
  expect(error).toBeUndefined();
  return all.map(({ message, other }) => [message, other?.mnemonic]);
}

test.each([
  ['a fence, products, a wait', FENCE, `${PRODUCT} ${PRODUCT}`, TAIL],
  ['A in registers', FENCE, FROM_REGISTERS, TAIL],
  [
    'moves of accumulators in flight',
    FENCE,
    PRODUCT,
    `mov.b32 %c0, %a0; ${TAIL} mov.b32 %a0, %c0;`,
  ],
  ['a group that may be pending, and another', FENCE, `${PRODUCT} ${COMMIT}`, TAIL],
  [
    'results that are scaled between products, with a fence',
    FENCE,
    `${PRODUCT} ${TAIL} mul.f32 %a0, %a0, 0f40000000; ${FENCE} ${PRODUCT}`,
    TAIL,
  ],
  [
    'the metadata of a sparse A, written behind the fence',
    FENCE,
    `${METADATA} ${SPARSE} add.u32 %r12, %r12, %r12; ${SPARSE}`,
    TAIL,
  ],
  ['an operand that is used twice', FENCE, `${FROM_REGISTERS} ${FROM_REGISTERS}`, TAIL],
])('nothing is said of %s', async (_name, ...parts) => {
  expect(await findings(...(parts as [string, string, string]))).toEqual([]);
});

test('a fence is missing', async () => {
  const written = 'uses a register that was written, and no wgmma.fence has come since';
  expect(await findings('', PRODUCT, TAIL)).toEqual([
    ['no wgmma.fence comes before the first product', undefined],
    [written, 'mov.b32'],
    ...Array(3).fill([written, 'mov.b32']),
  ]);
  expect(await findings(FENCE, `add.f32 %b1, %b1, %b0; ${FROM_REGISTERS}`, TAIL)).toEqual([
    [written, 'add.f32'],
  ]);
  expect(await findings(FENCE, `add.f32 %b1, %b1, %b0; ${METADATA} ${SPARSE}`, TAIL)).toEqual([
    [written, 'add.f32'],
  ]);
  expect(
    await findings(FENCE, `${PRODUCT} ${TAIL} mul.f32 %a0, %a0, 0f40000000; ${PRODUCT}`, TAIL),
  ).toEqual([[written, 'mul.f32']]);
});

test('a wait is missing', async () => {
  const reads = 'reads the result of a product that was not waited for (wgmma.wait_group)';
  const writes = 'writes a register of a product that was not waited for (wgmma.wait_group)';
  const product = PRODUCT.split(' ')[0];
  // Whose guard no lane passes does nothing.
  const skipped = `setp.ne.u32 %p7, %r2, %r2; @%p7 ${COMMIT} @%p7 ${WAIT}`;
  expect(await findings(FENCE, `${PRODUCT} ${COMMIT}`, skipped)).toEqual([[reads, product]]);
  expect(await findings(FENCE, PRODUCT, COMMIT)).toEqual([[reads, product]]);
  expect(await findings(FENCE, PRODUCT, `${COMMIT} wgmma.wait_group.sync.aligned 1;`)).toEqual([
    [reads, product],
  ]);
  // Not committed: no wait is for it.
  expect(await findings(FENCE, PRODUCT, WAIT)).toEqual([[reads, product]]);
  expect(await findings(FENCE, FROM_REGISTERS, `add.s32 %b2, %r2, 1; ${TAIL}`)).toEqual([
    [writes, product],
  ]);
  expect(
    await findings(FENCE, PRODUCT, `mov.b32 %c0, %a1; ${COMMIT} add.f32 %c1, %c0, %c0; ${WAIT}`),
  ).toEqual([[reads, product]]);
});
