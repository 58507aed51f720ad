// Bulk copies, which go on beside the threads, as sides of races.
import {
  ALL,
  COMMIT,
  expects,
  FILL,
  found,
  HOPPER,
  hopper,
  INIT,
  LOAD,
  LOADED,
  RACE,
  READ,
  READS,
  races,
  STORE,
  TILE,
  WRITE,
  wait,
} from './hopper.js';
import { check } from './support.js';

describe('bulk copies to shared memory', () => {
  test.each([
    ['waited for by all', `${LOAD} ${wait()} ${READ}`],
    ['waited for by one, and a barrier', `${LOAD} ${wait('full', '0', '%p1')} bar.sync 0; ${READ}`],
    ['written to before, and a barrier', `${WRITE} bar.sync 0; ${LOAD} ${wait()} ${READ}`],
    ['read before, and a barrier', `${WRITE} ${READ} bar.sync 0; ${LOAD} ${wait()} ${READ}`],
    ['written to after', `${LOAD} ${wait()} ${WRITE} ${READ}`],
    [
      'two that follow each other',
      `${LOAD} ${wait()} ${READ} bar.sync 0; ${LOAD} ${wait('full', '1')} ${READ}`,
    ],
  ])('silent: %s', async (_, body) => {
    expect(await found(INIT + body, {})).toEqual([]);
  });

  test.each([
    ['written to meanwhile', `${LOAD} ${WRITE} ${wait()} ${READ}`],
    ['written to meanwhile by another warp', `${LOAD} @!%p2 ${WRITE} ${wait()} ${READ}`],
    ['written to meanwhile by its own thread', `${LOAD} @%p1 ${WRITE} ${wait()} ${READ}`],
    ['read meanwhile', `${LOAD} ld.shared.u32 %r5, [%r11]; ${wait()} ${READ}`],
    ['waited for by one alone', `${LOAD} ${wait('full', '0', '%p1')} ${READ}`],
    ['not waited for', `${LOAD} ${READ} ${wait()}`],
    ['written to before, no barrier', `${WRITE} ${LOAD} ${wait()} ${READ}`],
    ['read before, no barrier', `${WRITE} ${READ} ${LOAD} ${wait()} ${READ}`],
    [
      'a second one to the same bytes',
      `${LOAD} ${expects(256, 'empty')}
       @%p1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r10], [%rd2], 256, [%r13];
       ${wait()} ${wait('empty')} ${READ}`,
    ],
    [
      'waited for at another barrier',
      `${LOAD} ${expects(256, 'empty')}
       add.u32 %r14, %r10, 256;
       @%p1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r14], [%rd2], 256, [%r13];
       ${wait('empty')} ${READ}`,
    ],
  ])('a race: %s', async (_, body) => {
    expect(await races(INIT + body, {})).toEqual(RACE);
  });

  test('both sides are named, once a copy', async () => {
    const { findings } = await check(hopper(`${INIT} ${LOAD} @!%p2 ${WRITE} ${wait()}`), ['race'], {
      options: HOPPER,
      block: 64,
    });
    expect(findings).toMatchObject([
      {
        message: expect.stringMatching(
          /^a write by an asynchronous copy of 256 bytes of shared memory at 0x\w+ and a write by another thread have no order$/,
        ),
        at: { mnemonic: expect.stringContaining('cp.async.bulk.'), thread: [0, 0, 0] },
        other: { mnemonic: 'st.shared.u32', thread: [32, 0, 0] },
        count: 1,
      },
    ]);
  });

  // A producer, and a warp of consumers that tells when a stage is free.
  const ring = (producer: string, consumer: string) => `${INIT}
  mov.u32 %r20, 0;
  mov.u32 %r21, 1;
  @!%p2 bra consume;
  @!%p1 bra done;
produce:
  ${producer}
  xor.b32 %r21, %r21, 1;
  add.u32 %r20, %r20, 1;
  setp.lt.u32 %p3, %r20, 6;
  @%p3 bra produce;
  bra done;
consume:
  xor.b32 %r21, %r21, 1;
  ${wait('full', '%r21')}
  ${consumer}
  add.u32 %r20, %r20, 1;
  setp.lt.u32 %p3, %r20, 6;
  @%p3 bra consume;
done:`;
  const read = 'add.u32 %r15, %r11, -128; ld.shared.u32 %r5, [%r15]; st.global.u32 [%rd4], %r5;';
  const free = `bar.warp.sync 0xffffffff;
  setp.eq.u32 %p4, %r2, 32;
  @%p4 mbarrier.arrive.shared.b64 %rd8, [empty];`;
  test('a ring of one stage', async () => {
    expect(await found(ring(`${wait('empty', '%r21')} ${LOAD}`, `${read} ${free}`), {})).toEqual(
      [],
    );
  });
  test.each([
    [
      'the producer waits for its bytes alone',
      `${LOAD} xor.b32 %r22, %r21, 1; ${wait('full', '%r22')}`,
      `${read} ${free}`,
    ],
    ['a stage is given free too early', `${wait('empty', '%r21')} ${LOAD}`, `${free} ${read}`],
    [
      'one lane gives it free for others',
      `${wait('empty', '%r21')} ${LOAD}`,
      `${read} ${free.replace('bar.warp.sync 0xffffffff;', '')}`,
    ],
  ])('a ring: %s', async (_, producer, consumer) => {
    // It may be lost after that.
    const { findings } = await check(hopper(ring(producer, consumer)), ['race'], {
      options: { ...HOPPER, launchTimeoutMs: 2000 },
      block: 64,
    });
    expect(findings.map(({ kind }) => kind)).toContain('race');
  });
});

describe('bulk copies to device memory', () => {
  test.each([
    ['waited for', `${FILL} ${STORE} ${READS} bar.sync 0; ${WRITE}`],
    ['read meanwhile', `${FILL} ${STORE} ld.shared.u32 %r5, [%r11]; ${READS}`],
    ['read back', `${FILL} ${STORE} ${ALL} bar.sync 0; ${LOADED}`],
    [
      'one group may be pending',
      `${TILE} st.shared.u32 [%r11+2048], %r2; ${FILL.replace(TILE, '')} add.u32 %r14, %r10, 2048; ${STORE}
       @%p1 cp.async.bulk.global.shared::cta.bulk_group [%rd1+1024], [%r14], 256;
       ${COMMIT} @%p1 cp.async.bulk.wait_group.read 1; bar.sync 0; ${WRITE} ${READS}`,
    ],
    [
      'sums of one block and another',
      `${FILL} @%p1 cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 [%rd1], [%r10], 256;
       ${COMMIT} ${READS}`,
      2,
    ],
  ])('silent: %s', async (_, body, grid = 1) => {
    expect(await found(body, { grid })).toEqual([]);
  });

  test.each([
    ['waited for too late', `${FILL} ${STORE} bar.sync 0; ${WRITE} ${READS}`],
    ['written to by its own thread', `${FILL} ${STORE} @%p1 ${WRITE} ${READS}`],
    ['no barrier after the wait', `${FILL} ${STORE} ${READS} ${WRITE}`],
    [
      'not committed',
      `${FILL} ${STORE.replace(COMMIT, '')} ${READS} bar.sync 0; ${WRITE} ${COMMIT} ${READS}`,
    ],
    [
      'one group too few',
      `${FILL} ${STORE} @%p1 cp.async.bulk.wait_group.read 1; bar.sync 0; ${WRITE} ${READS}`,
    ],
    [
      'another thread waits',
      `${FILL} ${STORE} @!%p1 cp.async.bulk.wait_group.read 0; @!%p1 ${WRITE} ${READS}`,
    ],
    ['read back, only the sources waited for', `${FILL} ${STORE} ${READS} bar.sync 0; ${LOADED}`],
    ['read back at once', `${FILL} ${STORE} ${LOADED} ${READS}`],
    ['written without a barrier', `${TILE} ${WRITE} fence.proxy.async; ${STORE} ${READS}`],
    ['of one block and another', `${FILL} ${STORE} ${READS}`, 2],
    [
      'sums, and another block writes',
      `${FILL} setp.eq.u32 %p3, %r3, 0; @%p3 st.global.u32 [%rd4], %r2;
       @%p1 cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 [%rd1], [%r10], 256;
       ${COMMIT} ${READS}`,
      2,
    ],
  ])('a race: %s', async (_, body, grid = 1) => {
    expect(await races(body, { grid })).toEqual(RACE);
  });

  // One block stores, another reads, in either order; with a flag, or not.
  const handed = (first: number, over: string) => `${FILL}
  mov.u32 %r6, 1;
  setp.eq.u32 %p3, %r3, ${first};
  @%p3 bra writes;
  ${over === '' ? '' : 'again: ld.acquire.gpu.global.u32 %r8, [%rd2]; setp.eq.u32 %p4, %r8, 0; @%p4 bra again;'}
  ${LOADED}
  bra done;
writes:
  ${STORE}
  ${over}
  @%p1 st.release.gpu.global.u32 [%rd2], %r6;
  ${READS}
done:`;
  test.each([0, 1])('block %i hands its bytes to another', async (first) => {
    const run = { grid: 2 };
    expect(await races(handed(first, ''), run)).toEqual(RACE);
    if (first === 1) return; // a block that waits for one that comes later
    expect(await found(handed(first, ALL), run)).toEqual([]);
    expect(await races(handed(first, READS), run)).toEqual(RACE);
  });
});
