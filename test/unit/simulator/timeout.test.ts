// launchTimeoutMs: kernels that never end, and those that do.
import { CudaKernelFaultError, cuda } from '../../../lib/index.js';

const PTX = `
.version 7.8
.target sm_75
.address_size 64
.visible .entry spin(.param .u64 flag) {
  .reg .pred %p1;
  .reg .b32 %r<3>;
  .reg .b64 %rd1;
  ld.param.u64 %rd1, [flag];
  mov.u32 %r2, %tid.x;
  setp.ge.u32 %p1, %r2, 40;
  @%p1 bra WAIT;
AGAIN:
  ld.volatile.global.u32 %r1, [%rd1];
  setp.eq.u32 %p1, %r1, 0;
  @%p1 bra AGAIN;
WAIT:
  bar.sync 0;
  ret;
}
.visible .entry count(.param .u64 out, .param .u32 n) {
  .reg .pred %p1;
  .reg .b32 %r<3>;
  .reg .b64 %rd1;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r2, [n];
  mov.u32 %r1, 0;
AGAIN:
  add.u32 %r1, %r1, 1;
  setp.lt.u32 %p1, %r1, %r2;
  @%p1 bra AGAIN;
  st.global.u32 [%rd1], %r1;
  ret;
}
`;

const small = { memoryBytes: 2 ** 24 };

test.each([
  ['on one thread', { workers: 1 }, 1],
  ['on several threads', { workers: 3 }, 7],
  ['with the checker', { check: ['memory'] as const }, 1],
])(
  'a kernel that waits for what never comes ends, and says where it stands: %s',
  async (_name, options, grid) => {
    using device = cuda.simulatedDevice({ ...small, ...options, launchTimeoutMs: 50 });
    using module = device.loadModule(PTX);
    using flag = device.alloc('uint32', 1);
    module.kernel('spin', ['const uint32*']).launch({ grid, block: 64 }, flag);
    const error = await device.synchronize().catch((each) => each);
    expect(error).toBeInstanceOf(CudaKernelFaultError);
    expect(error.message).toContain('cudaErrorLaunchTimeout (702)');
    expect(error.message).toMatch(
      /kernel spin, block \(\d,0,0\): not done after 50 ms, its threads are:\n {2}warp 0, lanes 0xffffffff, at PTX line 1[456] \(\w+/,
    );
    expect(error.message).toMatch(
      /warp 1, lanes 0xffffff00, at PTX line 18 \(bar.sync\): barrier 0/,
    );
    expect(error.message).toMatch(/warp 1, lanes 0x000000ff, at PTX line 1[456] \(\w+/);
  },
);

test('the checker lists it', async () => {
  using device = cuda.simulatedDevice({ ...small, check: ['sync'], launchTimeoutMs: 50 });
  using module = device.loadModule(PTX);
  using flag = device.alloc('uint32', 1);
  module.kernel('spin', ['const uint32*']).launch({ grid: 1, block: 64 }, flag);
  await expect(device.synchronize()).rejects.toThrow(CudaKernelFaultError);
  expect(device.checkReport().findings).toMatchObject([
    { kind: 'sync', message: expect.stringContaining('not done after 50 ms') },
  ]);
});

test('one of too many short blocks tells how many have begun', async () => {
  using device = cuda.simulatedDevice({ ...small, launchTimeoutMs: 50 });
  using module = device.loadModule(PTX);
  using out = device.alloc('uint32', 1);
  module.kernel('count', ['uint32*', 'uint32']).launch({ grid: 2 ** 31 - 1, block: 32 }, out, 1);
  await expect(device.synchronize()).rejects.toThrow(
    /not done after 50 ms, (and only \d+ of its 2147483647 blocks have begun|its threads are:\n {2}warp 0)/,
  );
});

test('one that ends in time is not touched, and neither is one without a limit', async () => {
  for (const options of [{ launchTimeoutMs: 60_000 }, {}]) {
    using device = cuda.simulatedDevice({ ...small, ...options });
    using module = device.loadModule(PTX);
    using out = device.alloc('uint32', 1);
    module.kernel('count', ['uint32*', 'uint32']).launch({ grid: 1, block: 32 }, out, 100_000);
    expect(await out.read()).toEqual(new Uint32Array([100_000]));
  }
});

test('bad limits are refused', () => {
  for (const launchTimeoutMs of [0, -1, 0.5, NaN, 2 ** 31, '50', null]) {
    const open = () =>
      cuda.simulatedDevice({ ...small, launchTimeoutMs: launchTimeoutMs as number });
    expect(open).toThrow(/launchTimeoutMs/);
  }
});
