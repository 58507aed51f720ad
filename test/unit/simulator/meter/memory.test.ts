// What accesses to memory cost: sectors, lines and bank conflicts, counted by hand.
import { countsOf, kernel, launchOf } from './support.js';

/** Lane i reads at `stride * i + offset` bytes. */
const load = (form: string, stride: number, offset = 0) =>
  kernel(`
  mul.wide.u32 %rd4, %r2, ${stride};
  add.s64 %rd5, %rd1, %rd4;
  ${form.replace('@', `[%rd5+${offset}]`)};`);

test.each([
  // form, stride, offset: bytes, sectors, fewest, lines
  ['ld.global.u32 %r4, @', 4, 0, 128, 4, 4, 1],
  ['ld.global.u32 %r4, @', 4, 4, 128, 5, 4, 2],
  ['ld.global.u32 %r4, @', 8, 0, 128, 8, 4, 2],
  ['ld.global.u32 %r4, @', 32, 0, 128, 32, 4, 8],
  ['ld.global.u32 %r4, @', 128, 0, 128, 32, 4, 32],
  ['ld.global.u32 %r4, @', 0, 0, 128, 1, 1, 1],
  ['ld.global.u8 %r4, @', 1, 0, 32, 1, 1, 1],
  ['ld.global.u64 %rd6, @', 8, 0, 256, 8, 8, 2],
  ['ld.global.v2.u32 {%r4, %r5}, @', 16, 0, 256, 16, 8, 4],
  ['ld.global.v4.u32 {%r4, %r5, %r6, %r7}, @', 16, 0, 512, 16, 16, 4],
  ['ld.u32 %r4, @', 4, 0, 128, 4, 4, 1],
  ['st.global.u32 @, %r2', 4, 0, 128, 4, 4, 1],
])('%s by %d bytes from %d on', async (form, stride, offset, bytes, sectors, fewest, lines) => {
  const { global, local, shared } = await countsOf(load(form, stride, offset));
  expect(global).toEqual({
    requests: 1,
    bytes,
    sectors,
    fewestSectors: fewest,
    lines,
    efficiency: fewest / sectors,
  });
  expect([local.requests, shared.requests]).toEqual([0, 0]);
});

test('lanes that a guard leaves out ask for nothing', async () => {
  const text = load('ld.global.u32 %r4, @', 4).replace(
    'ld.global',
    'and.b32 %r5, %r2, 1; setp.eq.u32 %p1, %r5, 0; @%p1 ld.global',
  );
  expect((await countsOf(text)).global).toMatchObject({
    requests: 1,
    bytes: 64,
    sectors: 4,
    fewestSectors: 2,
    efficiency: 0.5,
  });
});

test('every warp, every time round', async () => {
  const text = load('ld.global.u32 %r4, @', 4).replace(
    '  ld.global',
    '  mov.u32 %r5, 0;\nagain:\n  add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, 3;\n  ld.global',
  );
  const loop = text.replace('ret;', '@%p1 bra again;\n  ret;');
  const { global } = await countsOf(loop, { grid: 2, block: 64 });
  expect(global).toMatchObject({ requests: 12, bytes: 12 * 128, sectors: 48, efficiency: 1 });
});

test('local memory lies as hardware lays it out', async () => {
  const text = kernel(`
  .local .align 8 .b8 own[64];
  st.local.u32 [own], %r2;
  ld.local.u32 %r4, [own+8];
  st.local.u64 [own+16], %rd1;
  mul.lo.u32 %r5, %r2, 4;
  and.b32 %r5, %r5, 31;
  mov.u32 %r6, own;
  add.u32 %r6, %r6, %r5;
  ld.local.u32 %r4, [%r6];`);
  const { local, global } = await countsOf(text);
  expect(global.requests).toBe(0);
  // Coalesced; the last lane by lane elsewhere: eight rows of four sectors, in each of which one word.
  expect(local).toMatchObject({ requests: 4, bytes: 128 + 128 + 256 + 128 });
  expect(local.sectors).toBe(4 + 4 + 8 + 32);
  expect(local.fewestSectors).toBe(4 + 4 + 8 + 4);
});

describe('shared memory', () => {
  /** Lane i at `stride * i` bytes. */
  const shared = (form: string, stride: number) =>
    kernel(`
  .shared .align 16 .b8 tile[4352];
  mov.u32 %r10, tile;
  mad.lo.u32 %r11, %r2, ${stride}, %r10;
  ${form.replace('@', '[%r11]')};`);

  test.each([
    // form, stride: wavefronts, fewest
    ['ld.shared.u32 %r4, @', 4, 1, 1],
    ['ld.shared.u32 %r4, @', 8, 2, 1],
    ['ld.shared.u32 %r4, @', 16, 4, 1],
    ['ld.shared.u32 %r4, @', 128, 32, 1],
    ['ld.shared.u32 %r4, @', 132, 1, 1],
    ['ld.shared.u32 %r4, @', 0, 1, 1],
    ['st.shared.u32 @, %r2', 128, 32, 1],
    ['ld.shared.u8 %r4, @', 1, 1, 1],
    ['ld.shared.u64 %rd4, @', 8, 2, 2],
    ['ld.shared.v2.u32 {%r4, %r5}, @', 8, 2, 2],
    ['ld.shared.u64 %rd4, @', 16, 4, 2],
    ['ld.shared.u64 %rd4, @', 0, 2, 2],
    ['ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, @', 16, 4, 4],
    ['ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, @', 32, 8, 4],
    ['ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, @', 128, 32, 4],
  ])('%s by %d bytes', async (form, stride, wavefronts, fewest) => {
    const { shared: found, global } = await countsOf(shared(form, stride));
    expect(found).toMatchObject({
      requests: 1,
      wavefronts,
      fewestWavefronts: fewest,
      bankConflicts: wavefronts - fewest,
    });
    expect(global.requests).toBe(0);
  });

  test('by a generic address', async () => {
    const text = kernel(`
  .shared .align 4 .b8 tile[128];
  mov.u64 %rd4, tile;
  cvta.shared.u64 %rd4, %rd4;
  add.s64 %rd5, %rd4, %rd3;
  st.u32 [%rd5], %r2;
  setp.lt.u32 %p1, %r2, 16;
  add.s64 %rd6, %rd1, %rd3;
  selp.b64 %rd7, %rd5, %rd6, %p1;
  ld.u32 %r4, [%rd7];`);
    // The load is of half a warp each.
    const { shared: found, global } = await countsOf(text);
    expect(found).toMatchObject({ requests: 2, bytes: 192, wavefronts: 2, bankConflicts: 0 });
    expect(global).toMatchObject({ requests: 1, bytes: 64, sectors: 2, efficiency: 1 });
  });

  test('ldmatrix: a wavefront for each matrix whose rows lie side by side', async () => {
    const matrices = (stride: number) =>
      shared('ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r4, %r5, %r6, %r7}, @', stride);
    expect((await countsOf(matrices(16))).shared).toMatchObject({
      requests: 1,
      bytes: 512,
      wavefronts: 4,
      bankConflicts: 0,
    });
    expect((await countsOf(matrices(128))).shared).toMatchObject({
      wavefronts: 32,
      fewestWavefronts: 4,
      bankConflicts: 28,
    });
  });

  test('ldmatrix of bytes: two for each matrix', async () => {
    const text = shared(
      'ldmatrix.sync.aligned.m16n16.x2.trans.shared.b8 {%r4, %r5, %r6, %r7}, @',
      16,
    );
    expect((await countsOf(text)).shared).toMatchObject({
      requests: 1,
      bytes: 512,
      wavefronts: 4,
      bankConflicts: 0,
    });
  });

  test('of another block of the cluster', async () => {
    const text = kernel(
      `
  .shared .align 4 .b8 tile[4096];
  mov.u32 %r10, tile;
  mad.lo.u32 %r11, %r2, 128, %r10;
  mov.u32 %r4, %cluster_ctarank;
  xor.b32 %r4, %r4, 1;
  mapa.shared::cluster.u32 %r12, %r11, %r4;
  barrier.cluster.arrive;
  barrier.cluster.wait;
  ld.shared::cluster.u32 %r5, [%r12];
  barrier.cluster.arrive;
  barrier.cluster.wait;`,
      { target: 'sm_90' },
    );
    const counts = await countsOf(text, {
      grid: 2,
      launch: { cluster: 2 },
      options: { computeCapability: { major: 9, minor: 0 } },
    });
    expect(counts.shared).toMatchObject({ requests: 2, wavefronts: 64, bankConflicts: 62 });
    expect(counts.barriers).toBe(8); // those that arrive, and those that wait
  });

  test('cp.async reads device memory and writes shared memory', async () => {
    const copy = kernel(`
  .shared .align 16 .b8 tile[512];
  mov.u32 %r10, tile;
  mad.lo.u32 %r11, %r2, 16, %r10;
  mul.wide.u32 %rd4, %r2, 16;
  add.s64 %rd5, %rd1, %rd4;
  cp.async.ca.shared.global [%r11], [%rd5], 16;
  cp.async.wait_all;`);
    const counts = await countsOf(copy);
    expect(counts.global).toMatchObject({ requests: 1, bytes: 512, sectors: 16, efficiency: 1 });
    expect(counts.shared).toMatchObject({ requests: 1, bytes: 512, wavefronts: 4 });
    expect(counts.shared.bankConflicts).toBe(0);
  });
});

describe('atomics', () => {
  test('on one word of device memory', async () => {
    const counts = await countsOf(kernel('red.global.add.u32 [%rd1], 1;'), { grid: 2 });
    expect(counts.atomics).toEqual({ requests: 2, operations: 64, addresses: 2 });
    expect(counts.global).toMatchObject({ requests: 2, bytes: 256, sectors: 2 });
  });

  test('on eight words of shared memory', async () => {
    const text = kernel(`
  .shared .align 4 .b8 bins[32];
  and.b32 %r4, %r2, 7;
  mov.u32 %r10, bins;
  mad.lo.u32 %r11, %r4, 4, %r10;
  atom.shared.add.u32 %r5, [%r11], 1;`);
    const counts = await countsOf(text);
    expect(counts.atomics).toEqual({ requests: 1, operations: 32, addresses: 8 });
    expect(counts.shared).toMatchObject({ requests: 1, bytes: 128, wavefronts: 1 });
    expect(counts.global.requests).toBe(0);
  });
});

describe('occupancy', () => {
  const occupancy = async (text: string, block: number) =>
    (await launchOf(text, { block, options: { computeCapability: { major: 9, minor: 0 } } }))
      .occupancy;

  test.each([
    [1024, { blocks: 2, warps: 64, limitedBy: ['threads'] }],
    [32, { blocks: 32, warps: 32, limitedBy: ['blocks'] }],
    [64, { blocks: 32, warps: 64, limitedBy: ['threads', 'blocks'] }],
    [48, { blocks: 32, warps: 64, limitedBy: ['threads', 'blocks'] }],
  ])('of blocks of %d threads', async (block, expected) => {
    const found = await occupancy(kernel(''), block);
    expect(found).toMatchObject({ ...expected, mostWarps: 64 });
    expect(found.limits.registers).toBeNull();
  });

  test('shared memory, with what CUDA takes of each block', async () => {
    const found = await occupancy(kernel('.shared .b8 tile[40000];\n mov.u32 %r4, tile;'), 128);
    const blocks = Math.floor((228 * 1024) / (40000 + 1024));
    expect(found).toMatchObject({ blocks, warps: 4 * blocks, limitedBy: ['sharedMemory'] });
  });

  test('.maxnreg', async () => {
    const text = kernel('').replace(')\n{', ') .maxnreg 128\n{');
    const found = await occupancy(text, 256);
    expect(found).toMatchObject({ blocks: 2, warps: 16, limitedBy: ['registers'] });
    expect(found.limits).toMatchObject({ registers: 2, threads: 8 });
  });
});
