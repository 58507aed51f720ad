// How a launch is configured: grid, block, streams, dynamic shared memory, occupancy. For what is refused see
// limits.test.ts.
import type { Device, LaunchOptions, Module } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { DYNAMIC, idle, ptx, SAXPY } from '../../support/kernels.js';
import { skipTest } from '../../support/skip.js';

// shape(p): p[0..5] = blocks and threads along x, y and z; p[6] += 1 by each thread.
const along = (register: string, index: number) => `
  mov.u32 %r1, %${register};
  st.global.u32 [%rd1+${4 * index}], %r1;`;
const SHAPE = `.visible .entry shape(.param .u64 p)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  ${['nctaid', 'ntid'].map((name, i) => ['x', 'y', 'z'].map((axis, j) => along(`${name}.${axis}`, 3 * i + j)).join('')).join('')}
  red.global.add.u32 [%rd1+24], 1;
  ret;
}
`;

// ranks(p): p[block] = its rank in its cluster. successor(p): p[0] = p[1] * 2, once the predecessor has ended.
const SINCE_9 = `.version 8.0
.target sm_90
.address_size 64
.visible .entry ranks(.param .u64 p)
{
  .reg .b32 %r<7>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ctaid.y;
  mov.u32 %r3, %nctaid.x;
  mad.lo.u32 %r4, %r2, %r3, %r1;
  mul.wide.u32 %rd2, %r4, 4;
  add.u64 %rd2, %rd1, %rd2;
  mov.u32 %r5, %cluster_ctarank;
  st.global.u32 [%rd2], %r5;
  ret;
}
.visible .entry predecessor(.param .u64 p)
{
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  griddepcontrol.launch_dependents;
  st.global.u32 [%rd1+4], 21;
  ret;
}
.visible .entry successor(.param .u64 p)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  griddepcontrol.wait;
  ld.global.u32 %r1, [%rd1+4];
  shl.b32 %r2, %r1, 1;
  st.global.u32 [%rd1], %r2;
  ret;
}
`;

describe('runs', () => {
  let device: Device;
  let code: Module;
  beforeAll(() => {
    device = openTestDevice();
    code = device.loadModule(ptx(SHAPE, DYNAMIC, SAXPY, idle('nop')));
  });
  afterAll(() => device.dispose());

  const shapes: [LaunchOptions['grid'], LaunchOptions['block'], number[]][] = [
    [1, 1, [1, 1, 1, 1, 1, 1]],
    [2, 3, [2, 1, 1, 3, 1, 1]],
    [2n as never, 3n as never, [2, 1, 1, 3, 1, 1]],
    [[3], [4], [3, 1, 1, 4, 1, 1]],
    [
      [2, 3],
      [4, 5],
      [2, 3, 1, 4, 5, 1],
    ],
    [
      [2, 3, 4],
      [2, 3, 5],
      [2, 3, 4, 2, 3, 5],
    ],
    [
      [1, 1, 2],
      [1, 1, 64],
      [1, 1, 2, 1, 1, 64],
    ],
    [1, 1024, [1, 1, 1, 1024, 1, 1]],
  ];
  test.each(shapes)('grid %j, block %j', async (grid, block, expected) => {
    using out = device.alloc('uint32', 7);
    code.kernel('shape', ['uint32*']).launch({ grid, block }, out);
    const threads = expected.reduce((product, extent) => product * extent, 1);
    expect(await out.read()).toEqual(new Uint32Array([...expected, threads]));
  });

  test('on a stream, and in order with what is there', async () => {
    using stream = device.createStream();
    using x = device.alloc('float32', 1000).fill(1, { stream });
    using y = device.alloc('float32', 1000).fill(2, { stream });
    using saxpy = code.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);
    for (let i = 0; i < 10; i++) saxpy.launch({ grid: 4, block: 256, stream }, 3, x, y, 1000);
    expect(await y.read()).toEqual(new Float32Array(1000).fill(32));
  });

  test('with all shared memory there is, from any Kernel object of the kernel', async () => {
    const most = device.properties.sharedMemoryPerBlockOptin;
    using out = device.alloc('uint32', 1);
    const kernels = [0, 1].map(() => code.kernel('dynamic', ['uint32*', 'uint32']));
    for (const sharedMemoryBytes of [1024, 48 * 1024, 48 * 1024 + 4, most, 64 * 1024, 4]) {
      for (const kernel of kernels) {
        kernel.launch({ grid: 1, block: 1, sharedMemoryBytes }, out, sharedMemoryBytes - 4);
        expect((await out.read())[0]).toBe(sharedMemoryBytes - 4);
      }
    }
    // A third, made after the limit was raised, and one that is gone.
    kernels[0]!.dispose();
    using last = code.kernel('dynamic', ['uint32*', 'uint32']);
    last.launch({ grid: 1, block: 1, sharedMemoryBytes: most }, out, most - 4);
    expect((await out.read())[0]).toBe(most - 4);
  });

  test('occupancy and the suggested block', () => {
    using nop = code.kernel('nop');
    const { maxThreadsPerMultiprocessor, maxThreadsPerBlock } = device.properties;
    expect(nop.occupancy(maxThreadsPerBlock) * maxThreadsPerBlock).toBeLessThanOrEqual(
      maxThreadsPerMultiprocessor,
    );
    expect(nop.occupancy([8, 8, 2])).toBe(nop.occupancy(128));
    const size = nop.suggestBlockSize();
    expect(size % 32).toBe(0);
    expect(nop.occupancy(size) * size).toBe(maxThreadsPerMultiprocessor);
    expect(nop.suggestBlockSize({ maxThreads: 100 })).toBeLessThanOrEqual(96);
    expect(nop.suggestBlockSize({ maxThreads: 5 })).toBe(5);
    const { sharedMemoryPerBlockOptin: most } = device.properties;
    expect(nop.occupancy(32, most)).toBe(1);
    expect(nop.suggestBlockSize({ sharedMemoryBytes: most })).toBe(1024);
  });
});

describe('since 9.0', () => {
  // Known before the tests are, which depend on what it is.
  const device = openTestDevice();
  afterAll(() => device.dispose());
  const { major } = device.computeCapability;
  const load = () => device.loadModule(SINCE_9);
  const since9 = (name: string, run: () => Promise<void>) => {
    if (major < 9) skipTest(name, `a device of capability ${major}.x`);
    else test(name, run);
  };

  since9('clusters, along one and two dimensions', async () => {
    using code = load();
    const ranks = code.kernel('ranks', ['uint32*']);
    using out = device.alloc('uint32', 8);
    ranks.launch({ grid: [4, 2], block: 1, cluster: 2 }, out);
    expect([...(await out.read())]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    ranks.launch({ grid: [4, 2], block: 1, cluster: [2, 2] }, out);
    expect([...(await out.read())]).toEqual([0, 1, 0, 1, 2, 3, 2, 3]);
    ranks.launch({ grid: [4, 2], block: 1 }, out);
    expect([...(await out.read())]).toEqual(new Array(8).fill(0));
  });

  since9('a launch that may begin before its predecessor has ended', async () => {
    using code = load();
    const [before, after] = [code.kernel('predecessor'), code.kernel('successor', ['uint32*'])];
    using out = device.alloc('uint32', 2);
    const prepared = after.prepare({ grid: 1, block: 1, programmatic: true }, out);
    for (let i = 0; i < 3; i++) {
      out.fill(0);
      before.launch({ grid: 1, block: 1 }, out);
      prepared.run();
      expect([...(await out.read())]).toEqual([42, 21]);
    }
  });
});
