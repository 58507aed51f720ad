// Kernels and copies of different streams, where nobody orders them: a variable of a module that
// kernels name by themselves. What they are given as arguments is ordered without being asked.
import { cuda, type Device, type Kernel, type Module } from '../../../../lib/index.js';

const PTX = `.version 8.0
.target sm_75
.address_size 64
.visible .global .align 4 .b32 table[32];
.visible .entry writes(.param .u64 p)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<6>;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd1, %r1, 4;
  mov.u64 %rd2, table;
  add.s64 %rd2, %rd2, %rd1;
  ld.param.u64 %rd3, [p];
  add.s64 %rd3, %rd3, %rd1;
  ld.global.u32 %r2, [%rd3];
  st.global.u32 [%rd2], %r2;
  ret;
}
.visible .entry reads(.param .u64 p)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<6>;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd1, %r1, 4;
  mov.u64 %rd2, table;
  add.s64 %rd2, %rd2, %rd1;
  ld.param.u64 %rd3, [p];
  add.s64 %rd3, %rd3, %rd1;
  ld.global.u32 %r2, [%rd2];
  st.global.u32 [%rd3], %r2;
  ret;
}
.visible .global .align 8 .b64 holder;
.visible .entry keeps(.param .u64 p)
{
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [p];
  st.global.u64 [holder], %rd1;
  ret;
}
.visible .entry behind(.param .u64 p)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<6>;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd1, %r1, 4;
  ld.global.u64 %rd2, [holder];
  add.s64 %rd2, %rd2, %rd1;
  ld.param.u64 %rd3, [p];
  add.s64 %rd3, %rd3, %rd1;
  ld.global.u32 %r2, [%rd2];
  st.global.u32 [%rd3], %r2;
  ret;
}
`;
const ONE = { grid: 1, block: 32 };

let device: Device;
let code: Module;
let writes: Kernel<['int32*']>;
let reads: Kernel<['int32*']>;
beforeEach(() => {
  device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: true });
  code = device.loadModule(PTX);
  writes = code.kernel('writes', ['int32*']);
  reads = code.kernel('reads', ['int32*']);
});
afterEach(() => device.dispose());

test('two kernels that share a variable of their module', async () => {
  using a = device.from(new Int32Array(32));
  using b = device.alloc('int32', 32);
  using side = device.createStream();
  // From now on `b` is at home there: to bring it there orders the streams.
  reads.launch({ ...ONE, stream: side }, b);
  await device.synchronize();
  writes.launch(ONE, a);
  reads.launch({ ...ONE, stream: side }, b);
  await device.synchronize();
  const { findings } = device.checkReport();
  expect(findings).toMatchObject([
    {
      kind: 'race',
      severity: 'error',
      message: expect.stringMatching(
        /of device memory at 0x\w+ on stream \d+ and a (read|write) on stream \d+ have no order: no event and no wait of the host/,
      ),
      count: 1,
    },
  ]);
  // Either may have run first.
  const { at, other } = findings[0]!;
  expect([at, other].map((place) => [place!.kernel, place!.mnemonic]).sort()).toEqual([
    ['reads', 'ld.global.u32'],
    ['writes', 'st.global.u32'],
  ]);
});

test('an event, and a wait, order them', async () => {
  using a = device.from(new Int32Array(32));
  using b = device.alloc('int32', 32);
  using side = device.createStream();
  using event = device.createEvent();
  await device.synchronize();
  writes.launch(ONE, a);
  event.record();
  side.waitFor(event);
  reads.launch({ ...ONE, stream: side }, b);
  await side.synchronize();
  writes.launch(ONE, a);
  await device.synchronize();
  expect(String(device.checkReport())).toBe('no findings');
});

test('buffers that are passed are ordered', async () => {
  using a = device.from(new Int32Array(32));
  using b = device.alloc('int32', 32);
  const streams = [device.defaultStream, device.createStream(), device.createStream()];
  for (let i = 0; i < 12; i++) {
    const stream = streams[i % streams.length]!;
    device.add(a, b, { out: i % 2 === 0 ? b : a, stream });
  }
  await a.read();
  using sum = device.add(a, b, { stream: streams[1]! });
  await sum.read();
  expect(String(device.checkReport())).toBe('no findings');
});

test('a variable of which there is a buffer is ordered', async () => {
  using b = device.alloc('int32', 32);
  using side = device.createStream();
  using variable = code.global('table', 'int32');
  reads.launch({ ...ONE, stream: side }, b);
  const written = variable.write(new Int32Array(32));
  reads.launch({ ...ONE, stream: side }, b);
  await written;
  await device.synchronize();
  expect(String(device.checkReport())).toBe('no findings');
});

test('a copy of what a kernel finds behind a pointer is named in words', async () => {
  using a = device.from(new Int32Array(32));
  using b = device.alloc('int32', 32);
  using side = device.createStream();
  const behind = code.kernel('behind', ['int32*']);
  code.kernel('keeps', ['int32*']).launch({ grid: 1, block: 1 }, a);
  await device.synchronize();
  behind.launch({ ...ONE, stream: side }, b);
  await device.synchronize();
  const written = a.write(new Int32Array(32));
  behind.launch({ ...ONE, stream: side }, b);
  await written;
  await device.synchronize();
  const report = device.checkReport();
  expect(report.findings).toHaveLength(1);
  const { at, other } = report.findings[0]!;
  expect([at?.kernel, other?.kernel].sort()).toEqual(['behind', undefined]);
  expect(String(report)).toMatch(/^race: .*a write by a copy.*\n {2}(and|at) kernel behind/);
});
