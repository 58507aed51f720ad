// PTX of targets and versions that are gone.
import { cuda } from '../../../lib/index.js';
import { compare, operandsOf } from './lanes.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

const bytes = new DataView(new ArrayBuffer(4));
const toFloat = (bits: bigint) => {
  bytes.setUint32(0, Number(BigInt.asUintN(32, bits)));
  return bytes.getFloat32(0);
};
const toBits = (value: number) => {
  if (Number.isNaN(value)) return 0x7fffffffn;
  bytes.setFloat32(0, value);
  return BigInt(bytes.getUint32(0));
};
const flush = (x: number) => (Math.abs(x) < 2 ** -126 ? (Object.is(x, -0) || x < 0 ? -0 : 0) : x);
const EDGES = [
  0n,
  0x80000000n,
  1n,
  0x80000001n,
  0x007fffffn,
  0x00800000n,
  0x80800000n,
  0x3f800000n,
  0x3f800001n,
  0x7f800000n,
  0x7fc00000n,
  0xc0490fdbn,
  0x00800001n,
];
const OPERANDS = operandsOf(256, EDGES);

// ptxas encodes .ftz for each of these under .target sm_10 and sm_13, and none under sm_20.
describe.each([
  ['sm_10', '1.4', true],
  ['sm_13', '2.0', true],
  ['sm_20', '2.3', false],
])('.target %s', (target, version, flushes) => {
  const read = (bits: bigint) => (flushes ? flush(toFloat(bits)) : toFloat(bits));
  const write = (value: number) => toBits(flushes ? flush(Math.fround(value)) : Math.fround(value));
  test.each<[string, (a: number, b: number) => number]>([
    ['add.f32', (a, b) => a + b],
    ['add.rn.f32', (a, b) => a + b],
    ['sub.f32', (a, b) => a - b],
    ['mul.f32', (a, b) => a * b],
  ])('%s', async (name, operate) => {
    await compare(
      device,
      { text: `${name} %w0, %wa, %wb;`, results: 'w', version, target },
      ([a, b]) => write(operate(read(a!), read(b!))),
      OPERANDS,
    );
  });
  test('setp and set', async () => {
    await compare(
      device,
      {
        text: 'setp.ne.f32 %p0, %wa, %wb; set.lt.u32.f32 %w1, %wa, %wb;',
        results: ['p', 'w'],
        version,
        target,
      },
      ([a, b]) => {
        const [x, y] = [read(a!), read(b!)];
        const ordered = !Number.isNaN(x) && !Number.isNaN(y);
        return [ordered && x !== y ? 1n : 0n, x < y ? -1n : 0n];
      },
      OPERANDS,
    );
  });
});

test('mad.f32 of sm_1x is fma', async () => {
  const text =
    'mad.f32 %w0, %wa, %wb, %wc; fma.rn.ftz.f32 %w1, %wa, %wb, %wc; sub.u32 %w0, %w0, %w1;';
  const form = { text, results: ['w', 'w'] as ['w', 'w'], version: '1.4', target: 'sm_10' };
  await compare(device, { ...form, text: `${text} mov.u32 %w1, 0;` }, () => [0n, 0n], OPERANDS);
});

const load = (text: string) => {
  using module = device.loadModule(text);
  module.kernel('k', []);
};

test('map_f64_to_f32, as long as there is no f64', () => {
  const module = (register: string) =>
    `.version 1.4\n.target sm_10, map_f64_to_f32\n.entry k ()\n{ .reg ${register} %x; exit; }`;
  expect(() => load(module('.f32'))).not.toThrow();
  expect(() => load(module('.f64'))).toThrow('map_f64_to_f32');
});

test('.alias gives a function another name', async () => {
  using module = device.loadModule(`.version 6.3
.target sm_30
.address_size 64
.func (.param .u32 r) other (.param .u32 x);
.func (.param .u32 r) twice (.param .u32 x)
{ .reg .u32 %r<3>; ld.param.u32 %r1, [x]; add.u32 %r2, %r1, %r1; st.param.u32 [r], %r2; ret; }
.alias other, twice;
.visible .entry k (.param .u64 out)
{
  .reg .u32 %r<3>; .reg .u64 %rd;
  ld.param.u64 %rd, [out];
  { .param .u32 a; .param .u32 b; st.param.u32 [a], 21; call.uni (b), other, (a); ld.param.u32 %r1, [b]; }
  st.global.u32 [%rd], %r1;
  ret;
}
`);
  using out = device.alloc('uint32', 1);
  module.kernel('k', ['uint32*']).launch({ grid: 1, block: 1 }, out);
  expect([...(await out.read())]).toEqual([42]);
});

test.each([
  '.alias f, g;',
  '.func f; .alias f, g;',
  '.func f; .func g; .alias f, g;',
  '.func f; .func g (.param .u32 x) { ret; } .alias f, g;',
  '.func f { ret; } .func g { ret; } .alias f, g;',
])('refuses %s', (text) => {
  expect(() => load(`.version 6.3\n.target sm_75\n.address_size 64\n${text}\n`)).toThrow(
    "'.alias'",
  );
});

// ptxas encodes the same for them as for .approx and .rn, and from .version 1.4 on refuses them.
test('before PTX 1.4 some modifiers go without saying', async () => {
  const old = { version: '1.3', target: 'sm_13' };
  for (const [plain, full] of [
    ['div.f32 %w0, %wa, %wb;', 'div.approx.f32 %w1, %wa, %wb;'],
    ['sqrt.f32 %w0, %wa;', 'sqrt.approx.f32 %w1, %wa;'],
    ['rcp.f32 %w0, %wa;', 'rcp.approx.f32 %w1, %wa;'],
    ['rsqrt.f32 %w0, %wa;', 'rsqrt.approx.f32 %w1, %wa;'],
    ['sin.f32 %w0, %wa;', 'sin.approx.f32 %w1, %wa;'],
    ['cos.f32 %w0, %wa;', 'cos.approx.f32 %w1, %wa;'],
    ['lg2.f32 %w0, %wa;', 'lg2.approx.f32 %w1, %wa;'],
    ['ex2.f32 %w0, %wa;', 'ex2.approx.f32 %w1, %wa;'],
  ]) {
    const text = `${plain} ${full} sub.u32 %w0, %w0, %w1; mov.u32 %w1, 0;`;
    await compare(device, { text, results: ['w', 'w'], ...old }, () => [0n, 0n], OPERANDS);
  }
  const load13 = (text: string, version: string) =>
    load(`.version ${version}\n.target sm_13\n.entry k ()\n{ .reg .f64 %d<5>; ${text} exit; }`);
  for (const text of [
    'div.f64 %d1, %d2, %d3;',
    'sqrt.f64 %d1, %d2;',
    'rsqrt.f64 %d1, %d2;',
    'mad.f64 %d1, %d2, %d3, %d4;',
  ]) {
    expect(() => load13(text, '1.3')).not.toThrow();
    expect(() => load13(text, '1.4')).toThrow();
  }
});

test('shfl and vote without .sync are among the lanes that are there', async () => {
  using module = device.loadModule(`.version 4.3
.target sm_30
.address_size 64
.visible .entry k (.param .u64 out)
{
  .reg .pred %p<6>;
  .reg .b32 %r<12>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd2, %r1, 32;
  add.s64 %rd1, %rd1, %rd2;
  setp.lt.u32 %p1, %r1, 24;
  setp.lt.u32 %p2, %r1, 5;
  @!%p1 bra DONE;
  shfl.down.b32 %r2|%p3, %r1, 3, 31;
  shfl.idx.b32 %r3, %r1, 7, 31;
  shfl.up.b32 %r4, %r1, 1, 0;
  shfl.bfly.b32 %r5, %r1, 4, 31;
  vote.ballot.b32 %r6, %p2;
  vote.all.pred %p4, %p1;
  vote.any.pred %p5, !%p1;
  selp.u32 %r7, 1, 0, %p4;
  selp.u32 %r8, 1, 0, %p5;
  vote.uni.pred %p4, %p2;
  selp.u32 %r9, 1, 0, %p4;
  st.global.v4.u32 [%rd1], {%r2, %r3, %r4, %r5};
  st.global.v4.u32 [%rd1+16], {%r6, %r7, %r8, %r9};
DONE:
  ret;
}
`);
  using out = device.alloc('uint32', 256);
  module.kernel('k', ['uint32*']).launch({ grid: 1, block: 32 }, out);
  const words = await out.read();
  for (let lane = 0; lane < 21; ++lane) {
    const up = lane === 0 ? 0 : lane - 1;
    expect([...words.subarray(8 * lane, 8 * lane + 8)]).toEqual([
      lane + 3,
      7,
      up,
      lane ^ 4,
      31,
      1,
      0,
      0,
    ]);
  }
});
