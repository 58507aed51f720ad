// st.async and red.async: what they write, and that an mbarrier counts the bytes.
import { cuda } from '../../../lib/index.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

/** Of two blocks of a cluster the second writes to the first, which waits for `bytes` and tells 4 words. */
async function received(bytes: number, text: string): Promise<number[]> {
  using module = device.loadModule(`.version 9.0
.target sm_90
.address_size 64
.visible .entry k(.param .u64 out)
{
  .reg .pred %p<4>;
  .reg .b32 %r<16>;
  .reg .b64 %rd<8>;
  .shared .align 16 .b8 data[16];
  .shared .align 8 .b8 bar[8];
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, bar;
  mov.u32 %r2, data;
  mov.u32 %r3, %cluster_ctarank;
  setp.eq.u32 %p1, %r3, 0;
  @!%p1 bra MEET;
  st.shared.v4.u32 [%r2], {10, 20, 30, 40};
  mbarrier.init.shared.b64 [%r1], 1;
  mbarrier.arrive.expect_tx.shared.b64 %rd2, [%r1], ${bytes};
MEET:
  barrier.cluster.arrive.aligned;
  barrier.cluster.wait.aligned;
  @%p1 bra WAIT;
  mapa.shared::cluster.u32 %r4, %r2, 0;
  mapa.shared::cluster.u32 %r5, %r1, 0;
  mov.u32 %r6, 1; mov.u32 %r7, 2; mov.u32 %r8, -3; mov.u32 %r9, 4;
  mov.u64 %rd3, 0x500000006;
  ${text}
  bra END;
WAIT:
  mbarrier.try_wait.parity.shared.b64 %p2, [%r1], 0;
  @!%p2 bra WAIT;
  ld.shared.v4.u32 {%r6, %r7, %r8, %r9}, [%r2];
  st.global.v4.u32 [%rd1], {%r6, %r7, %r8, %r9};
END:
  barrier.cluster.arrive.aligned;
  barrier.cluster.wait.aligned;
  ret;
}
`);
  using out = device.alloc('int32', 4);
  module.kernel('k', ['int32*']).launch({ grid: 2, block: 1, cluster: 2 }, out);
  return [...(await out.read())];
}
const ST = 'st.async.weak.shared::cluster.mbarrier::complete_tx::bytes';
const RED = 'red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes';

test.each([
  [4, `${ST}.u32 [%r4+4], %r6, [%r5];`, [10, 1, 30, 40]],
  [16, `${ST}.v4.b32 [%r4], {%r6, %r7, %r8, %r9}, [%r5];`, [1, 2, -3, 4]],
  [8, `${ST}.v2.s32 [%r4+8], {%r6, %r7}, [%r5];`, [10, 20, 1, 2]],
  [8, `${ST}.b64 [%r4], %rd3, [%r5];`, [6, 5, 30, 40]],
  [12, `${ST}.f32 [%r4], %r6, [%r5]; ${ST}.f64 [%r4+8], %rd3, [%r5];`, [1, 20, 6, 5]],
  [4, `${RED}.add.u32 [%r4], %r6, [%r5];`, [11, 20, 30, 40]],
  [4, `${RED}.min.s32 [%r4], %r8, [%r5];`, [-3, 20, 30, 40]],
  [4, `${RED}.max.u32 [%r4], %r8, [%r5];`, [-3, 20, 30, 40]],
  [4, `${RED}.inc.u32 [%r4], %r8, [%r5];`, [11, 20, 30, 40]],
  [4, `${RED}.dec.u32 [%r4], %r8, [%r5];`, [9, 20, 30, 40]],
  [4, `${RED}.and.b32 [%r4], %r7, [%r5];`, [2, 20, 30, 40]],
  [4, `${RED}.or.b32 [%r4], %r6, [%r5];`, [11, 20, 30, 40]],
  [4, `${RED}.xor.b32 [%r4], %r7, [%r5];`, [8, 20, 30, 40]],
  [8, `${RED}.add.u64 [%r4], %rd3, [%r5];`, [16, 25, 30, 40]],
  [8, `${RED}.add.s64 [%r4], %rd3, [%r5];`, [16, 25, 30, 40]],
])('%i bytes: %s', async (bytes, text, expected) => {
  expect(await received(bytes, text)).toEqual(expected);
});

test.each([
  'st.async.weak.shared::cluster.u32 [%r4], %r6, [%r5];',
  `${ST}.u16 [%r4], %r6, [%r5];`,
  `${ST}.add.u32 [%r4], %r6, [%r5];`,
  `${ST}.u32 [%r4], %r6;`,
  `${RED}.add.f32 [%r4], %r6, [%r5];`,
  `${RED}.min.u64 [%r4], %rd3, [%r5];`,
  `${RED}.add.v2.u32 [%r4], {%r6, %r7}, [%r5];`,
  `${RED}.u32 [%r4], %r6, [%r5];`,
  'st.async.mmio.release.sys.global.u32 [%rd1], %r6;',
])('refuses %s', async (text) => {
  await expect(received(4, text)).rejects.toThrow('PTX line');
});
