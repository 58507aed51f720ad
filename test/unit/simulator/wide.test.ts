// Registers of 128 bits, vectors of eight, and atomics of both.
import { cuda } from '../../../lib/index.js';
import { compare, run } from './lanes.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

/** A kernel with a pointer to words, which are given and read back. */
async function onMemory(text: string, words: ArrayLike<number>, threads = 1): Promise<Uint32Array> {
  using module = device.loadModule(`.version 9.0
.target sm_90
.address_size 64
.visible .entry k(.param .u64 at)
{
  .reg .pred %p<4>;
  .reg .b16 %h<16>;
  .reg .b32 %r<32>;
  .reg .b64 %rd<8>;
  .reg .b128 %q<4>;
  ld.param.u64 %rd1, [at];
  mov.u32 %r0, %tid.x;
  ${text}
  ret;
}
`);
  using memory = device.from(Uint32Array.from(words));
  module.kernel('k', ['uint32*']).launch({ grid: 1, block: threads }, memory);
  return (await memory.read()) as Uint32Array;
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('mov.b128 joins, copies and splits', async () => {
  const text = `.reg .b128 q, r; mov.b128 q, {%la, %lb}; mov.b128 r, q; mov.b128 {%l0, %l1}, r;`;
  await compare(device, { text, results: ['l', 'l'], target: 'sm_90' }, ([a, b]) => [a!, b!]);
});

test('mov.b128 of halves that change places', async () => {
  const text = `.reg .b128 q; mov.b64 %l0, %la; mov.b64 %l1, %lb; mov.b128 q, {%l1, %l0};
  mov.b128 {%l0, %l1}, q; @%pc mov.b128 {_, %l0}, q;`;
  await compare(device, { text, results: ['l', 'l'], target: 'sm_90' }, ([a, b, c]) => [
    c! & 1n ? a! : b!,
    a!,
  ]);
});

test('loads and stores of 128 bits', async () => {
  const text = 'ld.global.b128 %q1, [%rd1]; st.global.relaxed.gpu.b128 [%rd1+16], %q1;';
  expect([...(await onMemory(text, upTo(8)))]).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
});

test('vectors of eight', async () => {
  const text = `ld.global.v8.b32 {%r1, %r2, %r3, %r4, %r5, %r6, _, %r8}, [%rd1];
  add.u32 %r7, %r1, 100;
  st.global.v8.f32 [%rd1+32], {%r8, %r7, %r6, %r5, %r4, %r3, %r2, 0f3f800000};`;
  const got = await onMemory(text, upTo(16));
  expect([...got.slice(8)]).toEqual([8, 101, 6, 5, 4, 3, 2, 0x3f800000]);
});

test('vectors of four times 64 bits into the register of their address', async () => {
  const text = `mov.u64 %rd5, %rd1; ld.global.v4.b64 {%rd1, %rd2, %rd3, %rd4}, [%rd1];
  st.global.v4.u64 [%rd5+32], {%rd4, %rd3, %rd2, %rd1};`;
  const got = await onMemory(text, upTo(16));
  expect([...got.slice(8)]).toEqual([7, 8, 5, 6, 3, 4, 1, 2]);
});

describe('alignment is that of the whole', () => {
  const misaligned = async (text: string) => {
    const own = cuda.simulatedDevice({ memoryBytes: 2 ** 22 });
    try {
      using module = own.loadModule(`.version 9.0
.target sm_90
.address_size 64
.visible .entry k(.param .u64 at)
{
  .reg .b32 %r<16>;
  .reg .b64 %rd<8>;
  .reg .b128 %q<4>;
  ld.param.u64 %rd1, [at];
  ${text}
  ret;
}
`);
      const memory = own.alloc('uint32', 64);
      module.kernel('k', ['uint32*']).launch({ grid: 1, block: 1 }, memory);
      await memory.read();
    } finally {
      own.dispose();
    }
  };
  test.each([
    'ld.global.v8.b32 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}, [%rd1+16];',
    'ld.global.b128 %q1, [%rd1+8];',
    'red.global.v4.f32.add [%rd1+8], {%r1, %r2, %r3, %r4};',
    'atom.global.exch.b128 %q1, [%rd1+8], %q2;',
  ])('%s', async (text) => {
    await expect(misaligned(text)).rejects.toThrow('isaligned');
  });
});

const float = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0]!;

test('red.v2.f32 adds each element of all threads', async () => {
  const text =
    'cvt.rn.f32.u32 %r1, %r0; neg.f32 %r2, %r1; red.global.v2.f32.add [%rd1], {%r1, %r2};';
  const got = await onMemory(text, [float(1), float(2)], 32);
  expect([...got]).toEqual([float(497), float(-494)]);
});

test('atom.v4.f32 gives what was there, also into its own operands', async () => {
  const text = `mov.b32 %r1, ${float(10)}; mov.b32 %r2, ${float(20)};
  atom.global.v4.f32.add {%r2, %r1, %r3, _}, [%rd1], {%r1, %r2, %r1, %r2};
  st.global.v4.b32 [%rd1+16], {%r2, %r1, %r3, %r3};`;
  const got = await onMemory(text, [1, 2, 3, 4, 0, 0, 0, 0].map(float));
  expect([...got]).toEqual([11, 22, 13, 24, 1, 2, 3, 3].map(float));
});

test('f32 flushes subnormal numbers', async () => {
  const got = await onMemory(
    'mov.b32 %r1, 0; red.global.v2.f32.add [%rd1], {%r1, %r1};',
    [1, 0x80000001],
  );
  expect([...got]).toEqual([0, 0]);
});

// f16 1 is 3c00, 2 is 4000, 3 is 4200; bf16 1 is 3f80, 2 is 4000, 3 is 4040; 7e00 and 7fc0 are NaN.
test.each([
  ['f16', 'add', 0x3c00, 0x4000, 0x4200],
  ['f16', 'min', 0x3c00, 0x4000, 0x3c00],
  ['f16', 'max', 0x3c00, 0x4000, 0x4000],
  ['f16', 'min', 0x0000, 0x8000, 0x8000],
  ['f16', 'max', 0x8000, 0x0000, 0x0000],
  ['f16', 'max', 0x7e00, 0x4000, 0x4000],
  ['f16', 'min', 0x3c00, 0x7e00, 0x3c00],
  ['f16', 'add', 0x7e00, 0x4000, 0x7fff],
  ['bf16', 'add', 0x3f80, 0x4000, 0x4040],
  ['bf16', 'min', 0x3f80, 0x4000, 0x3f80],
  ['bf16', 'max', 0x3f80, 0x4000, 0x4000],
  ['bf16', 'max', 0x7fc0, 0x4000, 0x4000],
  ['bf16', 'min', 0x7fc0, 0x7fc0, 0x7fff],
])('red and atom of vectors of %s: %s of %p and %p', async (type, operation, a, b, expected) => {
  const both = (x: number) => (x | (x << 16)) >>> 0;
  const set = `mov.b32 %r1, ${both(b)}; mov.b16 %h1, ${b};`;
  for (const [n, elements] of [
    [2, '%h1, %h1'],
    [4, '%h1, %h1, %h1, %h1'],
    [8, '%h1, %h1, %h1, %h1, %h1, %h1, %h1, %h1'],
  ] as const) {
    const text = `${set} red.relaxed.gpu.global.v${n}.${type}.${operation}.noftz [%rd1], {${elements}};`;
    const got = await onMemory(text, Array(4).fill(both(a)));
    expect([...got]).toEqual(upTo(4).map((i) => both(i <= n / 2 ? expected : a)));
  }
  for (const [n, elements] of [
    [2, '%r1, %r1'],
    [4, '%r1, %r1, %r1, %r1'],
  ] as const) {
    const results = elements.replaceAll('%r1', '_');
    const text = `${set} atom.global.v${n}.${type}x2.${operation}.noftz {${results}}, [%rd1], {${elements}};`;
    const got = await onMemory(text, Array(4).fill(both(a)));
    expect([...got]).toEqual(upTo(4).map((i) => both(i <= n ? expected : a)));
  }
});

test('atom.exch.b128 and atom.cas.b128', async () => {
  const text = `ld.global.b128 %q1, [%rd1]; ld.global.b128 %q2, [%rd1+16];
  atom.global.cas.b128 %q3, [%rd1], %q2, %q2;
  st.global.b128 [%rd1+32], %q3;
  atom.global.acq_rel.gpu.cas.b128 _, [%rd1], %q1, %q2;
  atom.global.exch.b128 %q2, [%rd1], %q1;
  st.global.b128 [%rd1+48], %q2;`;
  const got = await onMemory(text, upTo(16));
  expect([...got]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test('atom.shared::cluster', async () => {
  const text = `.shared .align 4 .b32 s; mov.u32 %r1, s; st.shared.u32 [%r1], 5;
  atom.shared::cluster.add.u32 %r2, [%r1], 7; ld.shared.u32 %r3, [%r1]; st.global.v2.u32 [%rd1], {%r2, %r3};`;
  expect([...(await onMemory(text, [0, 0]))]).toEqual([5, 12]);
});

test('pmevent does nothing', async () => {
  expect([...(await onMemory('pmevent 3; pmevent.mask 7; st.global.u32 [%rd1], 3;', [0]))]).toEqual(
    [3],
  );
});

test('brkpt is a fault without a debugger', async () => {
  const own = cuda.simulatedDevice({ memoryBytes: 2 ** 22 });
  try {
    using module = own.loadModule(
      '.version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k() { brkpt; ret; }',
    );
    module.kernel('k', []).launch({ grid: 1, block: 1 });
    await expect(own.synchronize()).rejects.toThrow('brkpt, and there is no debugger');
  } finally {
    own.dispose();
  }
});

test.each([
  'add.u64 %q1, %q1, %q2;',
  'mov.b64 %rd1, %q1;',
  'mov.b128 %q1, %rd1;',
  'mov.b128 %q1, {%rd1, %q2};',
  'mov.b128 {%rd1, %rd2}, {%rd3, %rd4};',
  'ld.global.b64 %q1, [%rd1];',
  'ld.global.v2.b128 {%q1, %q2}, [%rd1];',
  'st.global.b128 [%q1], %q2;',
  'atom.global.add.b128 %q1, [%rd1], %q2;',
  'atom.global.cas.b128 %q1, [%rd1], %q2;',
  'atom.local.exch.b128 %q1, [%rd1], %q2;',
  'atom.global.exch.b128 %rd2, [%rd1], %q2;',
  'ld.global.v8.b64 {%rd1, %rd2, %rd3, %rd4, %rd5, %rd6, %rd7, %rd7}, [%rd1];',
  'ld.global.v8.b32 {%r1, %r2, %r3, %r4}, [%rd1];',
  'red.global.v8.f32.add [%rd1], {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8};',
  'red.global.v2.f32.min [%rd1], {%r1, %r2};',
  'red.shared.v2.f32.add [%r1], {%r1, %r2};',
  'red.global.v2.f16.add [%rd1], {%h1, %h2};',
  'red.global.v4.f32.add [%rd1], {%r1, %r2};',
  'atom.global.v2.f32.add %r1, [%rd1], {%r1, %r2};',
  'pmevent;',
  'pmevent.all 3;',
])('refuses %s', async (text) => {
  await expect(onMemory(text, [0])).rejects.toThrow('PTX line');
});
test('a register of 128 bits in an operand list', async () => {
  await expect(
    run(device, { text: '.reg .b128 q; shl.b64 %l0, q, %wa;', results: 'l' }, [[0n]]),
  ).rejects.toThrow('a register of 128 bits cannot stand here');
});
