// What else goes on beside the threads, as sides of races: matrix products, copies between the blocks of
// a cluster and of tensors, cp.async.
import { cuda } from '../../../../lib/index.js';
import {
  COMMIT,
  expects,
  FILL,
  found,
  HOPPER,
  hopper,
  INIT,
  RACE,
  READ,
  READS,
  races,
  TILE,
  WRITE,
  wait,
} from './hopper.js';
import { check } from './support.js';

describe('matrix products', () => {
  const zero = (times: number) =>
    Array.from(
      { length: times },
      (_, i) => `st.shared.v4.b32 [%r17+${i * 2048}], {%r5, %r5, %r5, %r5};`,
    ).join('\n');
  const product = (before: string, after: string) => `
  .reg .b32 %a<4>;
  ${TILE}
  mad.lo.s32 %r17, %r2, 16, %r10;
  mov.b32 %r5, 0;
  setp.lt.u32 %p3, %r2, 128;
  @!%p3 bra ready;
  ${zero(4)}
  ${before}
ready:
  bar.sync 0;
  @!%p3 bra beside;
  cvt.u64.u32 %rd7, %r10;
  shr.u64 %rd7, %rd7, 4;
  add.s64 %rd7, %rd7, 0x4000004000000000;
  mov.b32 %a0, 0; mov.b32 %a1, 0; mov.b32 %a2, 0; mov.b32 %a3, 0;
  wgmma.fence.sync.aligned;
  wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%a0, %a1, %a2, %a3}, %rd7, %rd7, 1, 1, 1, 0, 0;
  wgmma.commit_group.sync.aligned;
  ${after}
  st.global.b32 [%rd4], %a0;
beside:`;
  const FENCE = 'fence.proxy.async;';
  const WAIT = 'wgmma.wait_group.sync.aligned 0;';
  const OVERWRITE = 'st.shared.b32 [%r11], %r2;';
  test.each([
    ['waited for', product(FENCE, WAIT), 128],
    [
      'overwritten after the wait and a barrier',
      product(FENCE, `${WAIT} bar.sync 1, 128; ${OVERWRITE}`),
      128,
    ],
    ['read meanwhile', product(FENCE, `ld.shared.b32 %r5, [%r11]; ${WAIT}`), 128],
    [
      'overwritten by others after a barrier',
      `${product(FENCE, `${WAIT}`)} bar.sync 0; @!%p3 st.shared.b32 [%r11+-512], %r2;`,
      256,
    ],
  ])('silent: %s', async (_, body, block) => {
    expect(await found(body, { block })).toEqual([]);
  });
  test.each([
    ['overwritten meanwhile', product(FENCE, `${OVERWRITE} ${WAIT}`), 128],
    [
      'overwritten after a barrier, before the wait',
      product(FENCE, `bar.sync 1, 128; ${OVERWRITE} ${WAIT}`),
      128,
    ],
    [
      'one group too few',
      product(FENCE, `wgmma.wait_group.sync.aligned 1; bar.sync 1, 128; ${OVERWRITE} ${WAIT}`),
      128,
    ],
    ['overwritten by others', `${product(FENCE, WAIT)} @!%p3 st.shared.b32 [%r11+-512], %r2;`, 256],
    ['operands written without a barrier', product(FENCE, WAIT).replace('bar.sync 0;', ''), 128],
  ])('a race: %s', async (_, body, block) => {
    expect(await races(body, { block })).toEqual(RACE);
  });
  test('operands that were stored need a proxy fence', async () => {
    const { findings } = await check(hopper(product('', WAIT)), true, {
      options: HOPPER,
      block: 128,
    });
    expect(findings.length).toBeGreaterThan(0);
    for (const { kind, at, other, message } of findings) {
      expect(kind).toBe('sync');
      expect(at!.mnemonic).toContain('wgmma.mma_async');
      expect(other!.mnemonic).toBe('st.shared.v4.b32');
      expect(message).toContain('fence.proxy.async');
    }
  });
  test('operands that cp.async is still to write', async () => {
    const copy = (after: string) =>
      product(`cp.async.ca.shared.global [%r17], [%rd2], 16; ${after} ${FENCE}`, WAIT);
    expect(await found(copy('cp.async.wait_all;'), { block: 128 })).toEqual([]);
    expect(await found(copy(''), { block: 128 })).toContain('sync');
  });
});

describe('between the blocks of a cluster', () => {
  // Of two blocks the second copies, or stores, what the first reads.
  const passed = (write: string, order: string, body: string, after = '') => `${TILE}
  .reg .b32 %q<4>;
  mov.u32 %q0, %cluster_ctarank;
  setp.eq.u32 %p3, %q0, 0;
  mapa.shared::cluster.u32 %q1, %r10, 0;
  mapa.shared::cluster.u32 %q2, %r12, 0;
  @%p1 mbarrier.init.shared.b64 [full], 1;
  ${WRITE} fence.proxy.async;
  ${write}
  @!%p1 bra ready;
  @%p3 mbarrier.arrive.expect_tx.shared.b64 %rd7, [full], 256;
ready:
  ${order}
  @%p3 bra waits;
  ${body}
  bra done;
waits:
  ${wait()}
  ${READ}
done:
  ${after}
  barrier.cluster.arrive.aligned;
  barrier.cluster.wait.aligned;`;
  const MEET = 'barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;';
  const COPY =
    '@%p1 cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%q1], [%r10], 256, [%q2];';
  const STORES = `@!%p1 bra done;
    mov.u32 %r20, 0;
  more:
    add.u32 %r21, %q1, %r20;
    st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.u32 [%r21], %r20, [%q2];
    add.u32 %r20, %r20, 4;
    setp.lt.u32 %p4, %r20, 256;
    @%p4 bra more;`;
  const run = { grid: 2, cluster: 2 };
  test.each([
    ['a copy', COPY],
    ['st.async', STORES],
  ])('%s', async (_, body) => {
    expect(await found(passed('', MEET, body), run)).toEqual([]);
  });
  test.each([
    ['its source is written to meanwhile', passed('', MEET, `${COPY} ${WRITE}`)],
    ['the other block reads meanwhile', passed('', `${MEET} ld.shared.u32 %r5, [%r11];`, COPY)],
    ['the other block writes meanwhile', passed('', `${MEET} @%p3 ${WRITE}`, COPY)],
  ])('a copy: %s', async (_, body) => {
    expect(await races(body, run)).toEqual(RACE);
  });
});

describe('tensor copies', () => {
  const text = (body: string) => `.version 8.0
.target sm_90a
.address_size 64
.visible .entry k(.param .align 64 .b8 map[128], .param .u64 p)
{
  .reg .pred %p<8>;
  .reg .b32 %r<24>;
  .reg .b64 %rd<10>;
  mov.b64 %rd6, map;
  cvta.param.u64 %rd2, %rd6;
  ld.param.u64 %rd1, [p];
  mov.u32 %r2, %tid.x;
  mov.u32 %r3, %ctaid.x;
  mul.wide.u32 %rd3, %r2, 4;
  mov.u32 %r1, 0;
  ${body}
  ret;
}
`;
  /** Of a matrix of 16 x 64 bytes, boxes of 8 x 32 bytes. */
  const moved = async (body: string, grid = 1) => {
    using device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: true, ...HOPPER });
    using module = device.loadModule(text(body));
    using matrix = device.alloc('int32', 16 * 16);
    const map = device.tensorMap({ buffer: matrix, shape: [16, 16], box: [8, 8] });
    module.kernel('k', ['tensorMap', 'void*']).launch({ grid, block: 64 }, map, matrix);
    await device.synchronize();
    const { findings } = device.checkReport();
    return findings.map(({ kind, at, other }) => [kind, at!.mnemonic, other?.mnemonic]);
  };
  const BOX = `${expects(256)}
    @%p1 cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%r10], [%rd2, {%r1, %r3}], [full];`;
  const PUT = `@%p1 cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%rd2, {%r1, %r3}], [%r10]; ${COMMIT}`;
  const load = 'cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes';
  const put = 'cp.async.bulk.tensor.2d.global.shared::cta.bulk_group';

  test('silent', async () => {
    expect(await moved(`${INIT} ${BOX} ${wait()} ${READ}`)).toEqual([]);
    expect(await moved(`${FILL} ${PUT} ${READS} bar.sync 0; ${WRITE}`)).toEqual([]);
    // Rows 8 and on of one, the first 8 of the other.
    expect(await moved(`${FILL} shl.b32 %r3, %r3, 3; ${PUT} ${READS}`, 2)).toEqual([]);
    // What lies beside the box is nobody's.
    expect(await moved(`${INIT} ${BOX} @%p1 st.global.u32 [%rd1+32], %r2; ${wait()}`)).toEqual([]);
  });
  test('a race', async () => {
    const st = 'st.shared.u32';
    expect(await moved(`${INIT} ${BOX} ${WRITE} ${wait()}`)).toEqual([['race', load, st]]);
    expect(await moved(`${FILL} ${PUT} bar.sync 0; ${WRITE} ${READS}`)).toContainEqual([
      'race',
      put,
      st,
    ]);
    // Boxes that have rows in common.
    expect(await moved(`${FILL} shl.b32 %r3, %r3, 2; ${PUT} ${READS}`, 2)).toEqual([
      ['race', put, put],
    ]);
    expect(
      await moved(`${INIT} ${BOX} @!%p2 st.global.u32 [%rd1+448], %r2; ${wait()}`),
    ).toContainEqual(['race', load, 'st.global.u32']);
  });
});

describe('cp.async', () => {
  // Each thread copies to where another one has read.
  const copied = (between: string) => `${TILE}
  ${WRITE}
  bar.sync 0;
  xor.b32 %r6, %r2, 32;
  mad.lo.s32 %r15, %r6, 4, %r10;
  ld.shared.u32 %r5, [%r15];
  st.global.u32 [%rd4], %r5;
  ${between}
  add.s64 %rd5, %rd2, %rd3;
  cp.async.ca.shared.global [%r11], [%rd5], 4;
  bar.sync 0;
  cp.async.wait_all;`;
  test('comes after what was done before it began, not before it is waited for', async () => {
    expect(await found(copied('bar.sync 0;'), {})).toEqual([]);
    expect(await races(copied(''), {})).toEqual(RACE);
  });
});
