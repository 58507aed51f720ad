// Spellings of loads, stores, atomics and fences that do here what the plain ones do.
import { cuda } from '../../../lib/index.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

async function wordsAfter(text: string): Promise<number[]> {
  using module = device.loadModule(`.version 9.0
.target sm_90
.address_size 64
.visible .entry k(.param .u64 at, .param .u32 word)
{
  .reg .pred %p<4>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  .shared .align 16 .b8 shared[64];
  ld.param.u64 %rd1, [at];
  mov.u64 %rd2, 0;
  mov.u32 %r1, 5;
  mov.u32 %r2, shared;
  ${text}
  ret;
}
`);
  using memory = device.from(Uint32Array.of(7, 8));
  module.kernel('k', ['uint32*', 'uint32']).launch({ grid: 1, block: 1 }, memory, 9);
  return [...((await memory.read()) as Uint32Array)];
}

test.each([
  'ld.global.ca.u32 %r3, [%rd1];',
  'ld.global.cg.u32 %r3, [%rd1];',
  'ld.global.cs.u32 %r3, [%rd1];',
  'ld.global.lu.u32 %r3, [%rd1];',
  'ld.global.cv.u32 %r3, [%rd1];',
  'ld.weak.global.u32 %r3, [%rd1];',
  'ld.volatile.global.u32 %r3, [%rd1];',
  'ld.relaxed.cta.global.u32 %r3, [%rd1];',
  'ld.acquire.sys.global.u32 %r3, [%rd1];',
  'ld.mmio.relaxed.sys.global.u32 %r3, [%rd1];',
  'ld.global.nc.L1::evict_last.L2::256B.u32 %r3, [%rd1];',
  'ld.global.L1::no_allocate.L2::cache_hint.u32 %r3, [%rd1], %rd2;',
  'ldu.global.u32 %r3, [%rd1];',
])('%s', async (text) => {
  expect(await wordsAfter(`${text} st.global.u32 [%rd1+4], %r3;`)).toEqual([7, 7]);
});

test.each([
  'st.global.wb.u32 [%rd1+4], %r1;',
  'st.global.cg.u32 [%rd1+4], %r1;',
  'st.global.cs.u32 [%rd1+4], %r1;',
  'st.global.wt.u32 [%rd1+4], %r1;',
  'st.weak.global.u32 [%rd1+4], %r1;',
  'st.volatile.global.u32 [%rd1+4], %r1;',
  'st.relaxed.gpu.global.u32 [%rd1+4], %r1;',
  'st.release.cluster.global.u32 [%rd1+4], %r1;',
  'st.mmio.relaxed.sys.global.u32 [%rd1+4], %r1;',
  'st.global.L2::cache_hint.u32 [%rd1+4], %r1, %rd2;',
  'red.relaxed.sys.global.max.u32 [%rd1+4], %r1; st.global.u32 [%rd1+4], %r1;',
])('%s', async (text) => {
  expect(await wordsAfter(text)).toEqual([7, 5]);
});

test('ld.param::entry', async () => {
  expect(await wordsAfter('ld.param::entry.u32 %r3, [word]; st.global.u32 [%rd1], %r3;')).toEqual([
    9, 8,
  ]);
});
test('ld.param::func and st.param::func', async () => {
  const text = `{ .param .b32 p; st.param::func.b32 [p], %r1; ld.param::func.b32 %r3, [p]; }
  st.global.u32 [%rd1], %r3;`;
  expect(await wordsAfter(text)).toEqual([5, 8]);
});
test('shared::cta and shared::cluster', async () => {
  const text = `st.shared::cta.u32 [%r2], %r1; ld.shared::cluster.u32 %r3, [%r2];
  st.shared::cluster.u32 [%r2+4], %r3; ld.shared.u32 %r4, [%r2+4]; st.global.u32 [%rd1], %r4;`;
  expect(await wordsAfter(text)).toEqual([5, 8]);
});

test.each([
  'fence.acquire.sync_restrict::shared::cluster.cluster;',
  'fence.release.sync_restrict::shared::cta.cluster;',
  'fence.proxy.async;',
  'fence.proxy.async.global;',
  'fence.proxy.async.shared::cluster;',
  'fence.proxy.async::generic.acquire.sync_restrict::shared::cluster.cluster;',
  'fence.proxy.async::generic.release.sync_restrict::shared::cta.cluster;',
  'fence.proxy.tensormap::generic.release.gpu;',
  'fence.proxy.tensormap::generic.acquire.gpu [%rd1], 128;',
  'membar.proxy.alias;',
])('%s', async (text) => {
  expect(await wordsAfter(`${text} st.global.u32 [%rd1], %r1;`)).toEqual([5, 8]);
});
