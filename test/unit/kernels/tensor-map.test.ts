// device.tensorMap(): what it takes, and copies with what it makes.
import { cuda, type Kernel, TensorMap } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, thrown, WRONG_DEVICE } from '../../support/errors.js';
import { skipTest } from '../../support/skip.js';

const PARAMETERS = `(.param .align 64 .b8 map[128], .param .u64 p, .param .u32 x, .param .u32 y,
  .param .u32 bytes)`;
const BODY = `{
  .reg .b32 %r<16>;
  .reg .b64 %rd<8>;
  .reg .pred %p<4>;
  .shared .align 1024 .b8 tile[8192];
  .shared .align 8 .b64 barrier;
  mov.b64 %rd1, map;
  cvta.param.u64 %rd2, %rd1;
  ld.param.u64 %rd3, [p];
  ld.param.u32 %r1, [x];
  ld.param.u32 %r2, [y];
  ld.param.u32 %r3, [bytes];
  mov.u32 %r4, tile;
  mov.u32 %r5, 0;`;
/** Between p and the tile, in words of 4 bytes. */
const words = (name: string, move: string) => `
${name}:
  cvt.u64.u32 %rd4, %r5;
  add.u64 %rd4, %rd3, %rd4;
  add.u32 %r6, %r4, %r5;
  ${move}
  add.u32 %r5, %r5, 4;
  setp.lt.u32 %p1, %r5, %r3;
  @%p1 bra ${name};`;

// load(map, p, x, y, bytes): p = the box at column x, row y, as it lies in shared memory; store: the reverse.
const PTX = `.version 8.0
.target sm_90
.address_size 64
.visible .entry load${PARAMETERS}
${BODY}
  mbarrier.init.shared::cta.b64 [barrier], 1;
  fence.mbarrier_init.release.cluster;
  mbarrier.arrive.expect_tx.shared::cta.b64 _, [barrier], %r3;
  cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%r4], [%rd2, {%r1, %r2}], [barrier];
wait:
  mbarrier.try_wait.parity.shared::cta.b64 %p2, [barrier], 0, 100;
  @!%p2 bra wait;
  ${words('copy', 'ld.shared.u32 %r7, [%r6];\n  st.global.u32 [%rd4], %r7;')}
  ret;
}
.visible .entry store${PARAMETERS}
${BODY}
  ${words('copy', 'ld.global.u32 %r7, [%rd4];\n  st.shared.u32 [%r6], %r7;')}
  fence.proxy.async.shared::cta;
  cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%rd2, {%r1, %r2}], [%r4];
  cp.async.bulk.commit_group;
  cp.async.bulk.wait_group 0;
  ret;
}
`;
const SIGNATURE = ['tensorMap', 'void*', 'int32', 'int32', 'uint32'] as const;
const ONE = { grid: 1, block: 1 } as const;
const [ROWS, COLUMNS] = [6, 16];

// Known before the tests are, which depend on what it is.
const device = openTestDevice();
afterAll(() => device.dispose());
const { major } = device.computeCapability;
const code = major < 9 ? undefined : device.loadModule(PTX);
const load = code?.kernel('load', SIGNATURE) as Kernel<typeof SIGNATURE>;
const store = code?.kernel('store', SIGNATURE) as Kernel<typeof SIGNATURE>;

/** Row and column of each element as one number. */
const numbers = () => Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => i + 1);

function since9(name: string, run: () => unknown): void {
  if (major < 9) skipTest(name, `a device of capability ${major}.x`);
  else test(name, async () => void (await run()));
}

since9('a box is loaded: rows of the last dimension, zeros outside', async () => {
  using buffer = device.from(numbers());
  using out = device.alloc('float32', 8);
  const map = device.tensorMap({ buffer, shape: [ROWS, COLUMNS], box: [2, 4] });
  const at = (row: number, column: number) =>
    row < 0 || row >= ROWS || column < 0 || column >= COLUMNS ? 0 : row * COLUMNS + column + 1;
  for (const [x, y] of [
    [0, 0],
    [5, 3],
    [14, 5],
    [-2, -1],
  ] as const) {
    load.launch(ONE, map, out, x, y, 32);
    const expected = Array.from({ length: 8 }, (_, i) => at(y + Math.floor(i / 4), x + (i % 4)));
    expect([...(await out.read())]).toEqual(expected);
  }
});

since9('rows apart, and every so many elements', async () => {
  using buffer = device.from(numbers());
  using out = device.alloc('float32', 8);
  // Three rows, each two rows of the buffer apart, of which the first eight columns count.
  const map = device.tensorMap({ buffer, shape: [3, 8], strides: [2 * COLUMNS], box: [2, 4] });
  load.launch(ONE, map, out, 6, 1, 32);
  expect([...(await out.read())]).toEqual([39, 40, 0, 0, 71, 72, 0, 0]);
  const sparse = device.tensorMap({
    ...{ buffer, shape: [ROWS, COLUMNS], box: [4, 4], elementStrides: [2, 1] },
  });
  load.launch(ONE, sparse, out, 0, 1, 32);
  expect([...(await out.read())]).toEqual([17, 18, 19, 20, 49, 50, 51, 52]);
});

since9('a swizzled box', async () => {
  using buffer = device.from(Float32Array.from({ length: 8 * 32 }, (_, i) => i));
  using out = device.alloc('float32', 8 * 32);
  const map = device.tensorMap({ buffer, shape: [8, 32], box: [8, 32], swizzle: '128B' });
  load.launch(ONE, map, out, 0, 0, 1024);
  // Units of 16 bytes change places by the row's number.
  const expected = Array.from({ length: 256 }, (_, i) => {
    const [row, unit, element] = [i >> 5, (i >> 2) & 7, i & 3];
    return 32 * row + 4 * (unit ^ row) + element;
  });
  expect([...(await out.read())]).toEqual(expected);
});

since9('a box is stored, and nothing outside', async () => {
  using buffer = device.from(numbers());
  using from = device.from(new Float32Array(8).fill(-1));
  const map = device.tensorMap({ buffer, shape: [ROWS, COLUMNS], box: [2, 4], writes: true });
  store.launch(ONE, map, from, 14, 5, 32);
  const expected = numbers();
  expected.fill(-1, ROWS * COLUMNS - 2);
  expect(await buffer.read()).toEqual(expected);
});

since9('a view, and other dtypes', async () => {
  using buffer = device.from(Uint8Array.from({ length: 256 }, (_, i) => i));
  using view = buffer.slice(64);
  using out = device.alloc('uint8', 32);
  const map = device.tensorMap({ buffer: view, shape: [4, 16], box: [2, 16] });
  load.launch(ONE, map, out, 0, 1, 32);
  expect([...(await out.read())]).toEqual(Array.from({ length: 32 }, (_, i) => 80 + i));
});

since9('what CUDA does not allow is refused in words', () => {
  using buffer = device.alloc('float32', 1024);
  using bytes = device.alloc('uint8', 1024);
  using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  const gone = device.alloc('float32', 64);
  gone.dispose();
  const good = { buffer, shape: [8, 16], box: [4, 8] };
  const wrong: [unknown, object, RegExp][] = [
    [undefined, ARG_TYPE, /^Expected options with `buffer`, `shape` and `box`/],
    [null, ARG_TYPE, /an options object/],
    [{ ...good, bocks: [4, 8] }, ARG_TYPE, /^Unknown option `bocks`/],
    [{ ...good, buffer: new Float32Array(64) }, ARG_TYPE, /a DeviceBuffer for `buffer`/],
    [{ ...good, buffer: gone }, DISPOSED, /`buffer` is disposed/],
    [{ ...good, buffer: other.alloc('float32', 1024) }, WRONG_DEVICE, /buffer/],
    [{ ...good, shape: undefined }, ARG_RANGE, /1 to 5 extents for `shape`/],
    [{ ...good, shape: [] }, ARG_RANGE, /1 to 5 extents for `shape`/],
    [{ ...good, shape: [1, 1, 1, 1, 1, 1] }, ARG_RANGE, /1 to 5 extents for `shape`/],
    [{ ...good, shape: [8, 0] }, ARG_RANGE, /`shape\[1\]`/],
    [{ ...good, shape: [64, 17] }, ARG_RANGE, /at least 1088 elements for `buffer`/],
    [{ ...good, box: [4] }, ARG_RANGE, /2 entries for `box` but received 1/],
    [{ ...good, box: [4, 257] }, ARG_RANGE, /`box\[1\]`/],
    [{ ...good, box: 4 }, ARG_TYPE, /an array of integers for `box`/],
    [{ ...good, box: [4, 3] }, ARG_RANGE, /a multiple of 16 bytes for the innermost extent/],
    [{ ...good, box: [4, 16], swizzle: '32B' }, ARG_RANGE, /and at most 32, for the innermost/],
    [{ ...good, strides: [] }, ARG_RANGE, /1 entries for `strides` but received 0/],
    [
      { ...good, strides: [18] },
      ARG_RANGE,
      /a multiple of 16 bytes below 2\^40 for `strides\[0\]`/,
    ],
    [{ ...good, strides: [256] }, ARG_RANGE, /at least 1808 elements/],
    [{ ...good, elementStrides: [1, 9] }, ARG_RANGE, /`elementStrides\[1\]`/],
    [{ ...good, swizzle: '16B' }, ARG_TYPE, /one of none, 32B, 64B, 128B for `swizzle`/],
    [{ ...good, l2Promotion: 64 }, ARG_TYPE, /one of none, 64B, 128B, 256B for `l2Promotion`/],
    [{ ...good, tf32: 1 }, ARG_TYPE, /`tf32`/],
    [{ buffer: bytes, shape: [8, 16], box: [4, 16], tf32: true }, ARG_TYPE, /float32 elements/],
    [{ ...good, writes: 'yes' }, ARG_TYPE, /`writes`/],
  ];
  for (const [options, error, message] of wrong) {
    expect(thrown(() => device.tensorMap(options as never))).toMatchObject({
      ...error,
      message: expect.stringMatching(message),
    });
  }
  using view = buffer.slice(1);
  expect(() => device.tensorMap({ ...good, buffer: view })).toThrow(/16/);
  expect(thrown(() => Reflect.construct(TensorMap, [{}]))).toMatchObject(ARG_TYPE);
});

test('devices before 9.0 have none', () => {
  using old = cuda.simulatedDevice({
    ...{ memoryBytes: 2 ** 24, computeCapability: { major: 8, minor: 0 } },
  });
  const buffer = old.alloc('float32', 64);
  expect(thrown(() => old.tensorMap({ buffer, shape: [8, 8], box: [8, 8] }))).toMatchObject({
    ...ARG_RANGE,
    message: 'Tensor maps are for devices of compute capability 9.0 and later',
  });
});
