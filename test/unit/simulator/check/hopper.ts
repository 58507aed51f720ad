// What kernels of compute capability 9.0 are put together from, to see what the checker finds in them.
import { kernel, kinds, type Run } from './support.js';

export const HOPPER = { computeCapability: { major: 9, minor: 0 } };
export const hopper = (body: string) => kernel(body, { target: 'sm_90a' });
export const found = (body: string, run: Run) =>
  kinds(hopper(body), true, { options: HOPPER, block: 64, ...run });
export const races = async (body: string, run: Run) =>
  new Set(await kinds(hopper(body), ['race'], { options: HOPPER, block: 64, ...run }));
export const RACE = new Set(['race']);

export const TILE = `
  .shared .align 1024 .b8 tile[8192];
  .shared .align 8 .b64 full;
  .shared .align 8 .b64 empty;
  mov.u32 %r10, tile;
  mov.u32 %r12, full;
  mov.u32 %r13, empty;
  mad.lo.s32 %r11, %r2, 4, %r10;
  add.s64 %rd4, %rd1, %rd3;
  setp.eq.u32 %p1, %r2, 0;
  setp.lt.u32 %p2, %r2, 32;`;
export const INIT = `${TILE}
  @%p1 mbarrier.init.shared.b64 [full], 1;
  @%p1 mbarrier.init.shared.b64 [empty], 1;
  bar.sync 0;`;
export const expects = (bytes: number, barrier = 'full') =>
  `@%p1 mbarrier.arrive.expect_tx.shared.b64 %rd7, [${barrier}], ${bytes};`;
export const LOAD = `${expects(256)}
  @%p1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r10], [%rd2], 256, [%r12];`;
let labels = 0;
export const wait = (barrier = 'full', parity = '0', guard = '') => {
  const label = `wait${labels++}`;
  return `${guard === '' ? '' : `@!${guard} bra ${label}end;`}
${label}:
  mbarrier.try_wait.parity.shared.b64 %p7, [${barrier}], ${parity};
  @!%p7 bra ${label};
${label}end:`;
};
export const READ = 'ld.shared.u32 %r5, [%r11]; st.global.u32 [%rd4], %r5;';
export const WRITE = 'st.shared.u32 [%r11], %r2;';

export const COMMIT = '@%p1 cp.async.bulk.commit_group;';
export const STORE = `@%p1 cp.async.bulk.global.shared::cta.bulk_group [%rd1], [%r10], 256; ${COMMIT}`;
export const FILL = `${TILE} ${WRITE} fence.proxy.async; bar.sync 0;`;
export const READS = '@%p1 cp.async.bulk.wait_group.read 0;';
export const ALL = '@%p1 cp.async.bulk.wait_group 0;';
export const LOADED = 'ld.global.u32 %r5, [%rd4]; st.shared.u32 [%r11+4096], %r5;';
