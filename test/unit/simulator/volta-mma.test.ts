// mma.m8n8k4: fragments as the tables of the PTX ISA (9.7.14.5.1) place them, against plain products.
import { cuda } from '../../../lib/index.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

type Layout = 'row' | 'col';
type Type = 'f16' | 'f32';
const float = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0]!;
const real = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0]!;
// Whole numbers up to 2048 as f16, and back.
function half(x: number): number {
  if (x === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  return (
    (x < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | ((Math.abs(x) / 2 ** exponent - 1) * 1024)
  );
}
function whole(bits: number): number {
  const size = bits & 0x7fff;
  const value = size ? (1 + (size & 1023) / 1024) * 2 ** ((size >> 10) - 15) : 0;
  return bits & 0x8000 ? -value : value;
}
const placeOfC = (type: Type, lane: number, i: number): [number, number] => {
  const lower = lane < 16 ? 0 : 4;
  if (type === 'f16') return [(lane % 4) + lower, i];
  return [(lane & 1) + (i & 2) + lower, (i & 4) + (lane & 2) + (i & 1)];
};

test.each<[Layout, Layout, Type, Type]>([
  ['row', 'col', 'f32', 'f32'],
  ['row', 'row', 'f32', 'f16'],
  ['col', 'col', 'f16', 'f16'],
  ['col', 'row', 'f32', 'f32'],
])('m8n8k4.%s.%s.%s.f16.f16.%s', async (aLayout, bLayout, dType, cType) => {
  const value = (i: number) => ((i * 37 + 11) % 9) - 4;
  const matrices = Array.from({ length: 4 }, (_, q) => ({
    a: Array.from({ length: 8 }, (_, r) =>
      Array.from({ length: 4 }, (_, k) => value(q + 4 * r + k)),
    ),
    b: Array.from({ length: 4 }, (_, k) =>
      Array.from({ length: 8 }, (_, n) => value(3 * q + 8 * k + n)),
    ),
    c: Array.from({ length: 8 }, (_, r) =>
      Array.from({ length: 8 }, (_, n) => value(5 * q + 8 * r + n)),
    ),
  }));
  const [cCount, dCount] = [cType, dType].map((type) => (type === 'f16' ? 4 : 8)) as [
    number,
    number,
  ];
  const words = new Uint32Array(32 * 12);
  for (let lane = 0; lane < 32; ++lane) {
    const { a, b, c } = matrices[(lane >> 2) & 3]!;
    const at = 12 * lane;
    const lower = lane < 16 ? 0 : 4;
    for (let i = 0; i < 4; ++i) {
      const x = aLayout === 'row' ? a[(lane % 4) + lower]![i]! : a[i + lower]![lane % 4]!;
      const y = bLayout === 'row' ? b[lane % 4]![i + lower]! : b[i]![(lane % 4) + lower]!;
      words[at + (i >> 1)]! |= half(x) << (16 * (i & 1));
      words[at + 2 + (i >> 1)]! |= half(y) << (16 * (i & 1));
    }
    for (let i = 0; i < 8; ++i) {
      const [row, column] = placeOfC(cType, lane, i);
      const z = c[row]![column]!;
      if (cType === 'f32') words[at + 4 + i] = float(z);
      else words[at + 4 + (i >> 1)]! |= half(z) << (16 * (i & 1));
    }
  }
  const list = (prefix: string, count: number) =>
    `{${Array.from({ length: count }, (_, i) => `${prefix}${i}`).join(', ')}}`;
  using module = device.loadModule(`.version 7.0
.target sm_70
.address_size 64
.visible .entry k(.param .u64 in, .param .u64 out)
{
  .reg .b32 %r, a<2>, b<2>, c<8>, d<8>; .reg .b64 %in, %out;
  ld.param.u64 %in, [in]; ld.param.u64 %out, [out];
  mov.u32 %r, %tid.x; mad.wide.u32 %in, %r, 48, %in; mad.wide.u32 %out, %r, 32, %out;
  ld.global.v2.b32 {a0, a1}, [%in]; ld.global.v2.b32 {b0, b1}, [%in+8];
  ${Array.from({ length: 8 }, (_, i) => `ld.global.b32 c${i}, [%in+${16 + 4 * i}];`).join(' ')}
  mma.sync.aligned.m8n8k4.${aLayout}.${bLayout}.${dType}.f16.f16.${cType} ${list('d', dCount)}, {a0, a1}, {b0, b1}, ${list('c', cCount)};
  ${Array.from({ length: dCount }, (_, i) => `st.global.b32 [%out+${4 * i}], d${i};`).join(' ')}
  ret;
}
`);
  using from = device.from(words);
  using to = device.alloc('uint32', 32 * 8);
  module.kernel('k', ['uint32*', 'uint32*']).launch({ grid: 1, block: 32 }, from, to);
  const got = await to.read();
  for (let lane = 0; lane < 32; ++lane) {
    const { a, b, c } = matrices[(lane >> 2) & 3]!;
    for (let i = 0; i < 8; ++i) {
      const [row, column] = placeOfC(dType, lane, i);
      const wanted = a[row]!.reduce((sum, x, k) => sum + x * b[k]![column]!, c[row]![column]!);
      const word =
        dType === 'f32' ? got[8 * lane + i]! : got[8 * lane + (i >> 1)]! >> (16 * (i & 1));
      expect([lane, i, dType === 'f32' ? real(word) : whole(word & 0xffff)]).toEqual([
        lane,
        i,
        wanted,
      ]);
    }
  }
});

test('f32 does not become f16', () => {
  using module = device.loadModule(`.version 7.0
.target sm_70
.visible .entry k() { .reg .b32 r<8>;
  mma.sync.aligned.m8n8k4.row.col.f16.f16.f16.f32 {r0, r1, r2, r3}, {r0, r1}, {r0, r1}, {r0, r1, r2, r3, r4, r5, r6, r7};
}`);
  expect(() => module.kernel('k', [])).toThrow('this shape is not supported');
});
