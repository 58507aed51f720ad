// Results of single instructions that PTX defines to the bit, and that were wrong once.
import { cuda } from '../../../lib/index.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

/** What so many threads store of %rd2 at %rd1; %r1 and %r2 are numbers that no compiler knows. */
async function runAll(text: string, threads: number, a = 0, b = 0): Promise<BigUint64Array> {
  using module = device.loadModule(`.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 out, .param .u32 a, .param .u32 b)
{
  .reg .pred %p<4>;
  .reg .b16 %h<4>;
  .reg .b32 %r<8>;
  .reg .f32 %f<4>;
  .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [a];
  ld.param.u32 %r2, [b];
  mov.u64 %rd2, 0;
  ${text}
  st.global.u64 [%rd1], %rd2;
  ret;
}
`);
  using out = device.alloc('uint64', threads);
  const kernel = module.kernel('k', ['uint64*', 'uint32', 'uint32']);
  kernel.launch({ grid: 1, block: threads }, out, a, b);
  return await out.read();
}

const run = async (text: string, a = 0, b = 0) => (await runAll(text, 1, a, b))[0]!;

const [WORD, HALF] = ['cvt.u64.u32 %rd2, %r3;', 'cvt.u64.u16 %rd2, %h1;'];
const VALUE = 0x29acd4ef6510c1c4n;

test.each([
  [1, 2, 0n],
  [2, 1, 1n],
  [3, 3, 1n],
  [0, 0xffffffff, 0n],
])('the carry of %i - %i says that nothing was borrowed', async (a, b, carry) => {
  expect(await run(`sub.cc.u32 %r3, %r1, %r2; addc.u32 %r3, 0, 0; ${WORD}`, a, b)).toBe(carry);
});

test('a carry of a sum, or none, is what a difference takes', async () => {
  const text = `add.cc.u32 %r3, %r1, %r2; subc.u32 %r3, 10, 3; ${WORD}`;
  expect(await run(text, 1, 1)).toBe(6n);
  expect(await run(text, 0xffffffff, 1)).toBe(7n);
});

test.each([
  [0, 8, VALUE & 0xffn],
  [60, 8, VALUE >> 60n],
  [64, 8, 0n],
  [256, 8, 0n],
  [0, 256, VALUE],
  [4, 0xffffffff, VALUE >> 4n],
])('bfe.u64 looks at all of position %i and length %i', async (position, length, expected) => {
  expect(await run(`mov.u64 %rd2, ${VALUE}; bfe.u64 %rd2, %rd2, %r1, %r2;`, position, length)).toBe(
    expected,
  );
});

test.each([
  [256, 8, 0x1111111111111111n],
  [56, 8, 0xff11111111111111n],
  [0, 256, 0xffffffffffffffffn],
])('bfi.b64 looks at all of position %i and length %i', async (position, length, expected) => {
  const text = 'mov.u64 %rd2, 0x1111111111111111; bfi.b64 %rd2, -1, %rd2, %r1, %r2;';
  expect(await run(text, position, length)).toBe(expected);
});

test('the forms of 32 bits look at 8 bits of them', async () => {
  expect(await run(`bfe.u32 %r3, 0xabcd, %r1, %r2; ${WORD}`, 256, 8)).toBe(0xcdn);
  expect(await run(`bfi.b32 %r3, -1, 0, %r1, %r2; ${WORD}`, 260, 4)).toBe(0xf0n);
});

test.each([
  ['rm', 0x800009b1, 0x8001n],
  ['rp', 0x800009b1, 0x8000n],
  ['rp', 0x000009b1, 0x0001n],
  ['rn', 0x800009b1, 0x8000n],
])('cvt.%s.ftz.f16.f32 of a subnormal number keeps it', async (round, bits, expected) => {
  const text = `mov.b32 %f1, %r1; cvt.${round}.ftz.f16.f32 %h1, %f1; ${HALF}`;
  expect(await run(text, bits)).toBe(expected);
});

test.each([
  [0xc19385fe, 0x7f5eff90, 0x80000000n],
  [0x3f800000, 0x7e800000, 0x00800000n], // 2^126 itself divides
  [0x3f800000, 0x7e800001, 0n],
  [0x3f800000, 0xfe800001, 0x80000000n],
  [0x7f800000, 0x7f000000, 0x7fffffffn], // infinity: NaN
  [0x3f800000, 0x7f800000, 0n],
])('div.approx.f32 of %p by %p', async (a, b, expected) => {
  const text = `mov.b32 %f1, %r1; mov.b32 %f2, %r2; div.approx.f32 %f3, %f1, %f2; mov.b32 %r3, %f3; ${WORD}`;
  expect(await run(text, a, b)).toBe(expected);
});

test.each([
  ['normal', 0, 1n],
  ['normal', 0x80000000, 1n],
  ['normal', 1, 0n],
  ['subnormal', 0, 0n],
  ['subnormal', 1, 1n],
])('testp.%s of %p', async (kind, bits, expected) => {
  const text = `mov.b32 %f1, %r1; testp.${kind}.f32 %p1, %f1; selp.u32 %r3, 1, 0, %p1; ${WORD}`;
  expect(await run(text, bits)).toBe(expected);
});

test('members come to shfl.sync at two places', async () => {
  const text = `mov.u32 %r3, %laneid; setp.lt.u32 %p1, %r3, 16; @%p1 bra other;
  shfl.sync.bfly.b32 %r4, %r3, 31, 31, -1;
  bra join;
other:
  shfl.sync.bfly.b32 %r4, %r3, 31, 31, -1;
join:
  cvt.u64.u32 %rd2, %r4; mul.wide.u32 %rd3, %r4, 8; add.u64 %rd1, %rd1, %rd3;`;
  const all = await runAll(text, 32);
  expect([...all]).toEqual(Array.from({ length: 32 }, (_, i) => BigInt(i)));
});

// ptxas takes all of these.
test.each(['vote.ballot.sync.b32', 'vote.sync.ballot.b32'])('%s', async (name) => {
  expect(await run(`setp.eq.u32 %p1, %r1, 0; ${name} %r3, %p1, 1; ${WORD}`)).toBe(1n);
});
test.each([
  ['shfl.bfly.sync.b32 %r3, %r1, 0, 31, 1;', 5n],
  ['redux.add.sync.u32 %r3, %r1, 1;', 5n],
  ['match.sync.any.b32 %r3, %r1, 1;', 1n],
])('%s', async (text, expected) => {
  expect(await run(`${text} ${WORD}`, 5)).toBe(expected);
});

// As ptxas does; of other floats the registers of integers may be wider.
test.each(['cvt.rn.bf16.u16 %h1, %r1;', 'cvt.rn.bf16.s8 %h1, %r1;', 'cvt.rzi.u32.bf16 %rd2, %h1;'])(
  'refuses %s',
  async (text) => {
    await expect(run(`mov.b16 %h1, 0; ${text} ${HALF}`)).rejects.toThrow('does not fit its type');
  },
);
test('cvt.rn.bf16.u16, .u32 and .f16.u16 take the registers that they should', async () => {
  expect(await run(`mov.b16 %h1, 3; cvt.rn.bf16.u16 %h1, %h1; ${HALF}`)).toBe(0x4040n);
  expect(await run(`cvt.rn.bf16.u32 %h1, %r1; ${HALF}`, 3)).toBe(0x4040n);
  expect(await run(`cvt.rn.f16.u16 %h1, %r1; ${HALF}`, 0x10003)).toBe(0x4200n);
});
