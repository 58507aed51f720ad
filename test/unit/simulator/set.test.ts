// Instructions that are made of others: set, setp of pairs and lop3 with a predicate.
import { cuda } from '../../../lib/index.js';
import { compare, operandsOf, run } from './lanes.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

const words = new DataView(new ArrayBuffer(8));
function float(bits: bigint, type: string): number {
  words.setBigUint64(0, BigInt.asUintN(64, bits));
  if (type === 'f64') return words.getFloat64(0);
  if (type === 'bf16') words.setUint32(4, words.getUint16(6) << 16);
  if (type !== 'f16') return words.getFloat32(4);
  const half = words.getUint16(6);
  const [sign, exponent, fraction] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}
const LEAST_NORMAL: Record<string, number> = { f16: 2 ** -14, f32: 2 ** -126 };
function numberOf(bits: bigint, type: string, ftz: boolean): number | bigint {
  if (type.includes('f')) {
    const value = float(bits, type);
    return ftz && Math.abs(value) < LEAST_NORMAL[type]! ? 0 : value;
  }
  const width = Number(type.slice(1));
  return type[0] === 's' ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits);
}
function holds(name: string, a: number | bigint, b: number | bigint): boolean {
  const unordered = Number.isNaN(Number(a)) || Number.isNaN(Number(b));
  const plain: Record<string, boolean> = {
    eq: a === b,
    ne: a !== b,
    lt: a < b,
    le: a <= b,
    gt: a > b,
    ge: a >= b,
    num: true,
    nan: false,
  };
  const ordered: Record<string, string> = { lo: 'lt', ls: 'le', hi: 'gt', hs: 'ge' };
  if (name in ordered) return plain[ordered[name]!]!;
  if (name.length === 3 && name.endsWith('u')) return unordered || plain[name.slice(0, 2)]!;
  return unordered ? name === 'nan' : plain[name]!;
}
const COMBINE: Record<string, (x: boolean, y: boolean) => boolean> = {
  '': (x) => x,
  '.and': (x, y) => x && y,
  '.or': (x, y) => x || y,
  '.xor': (x, y) => x !== y,
};
const TRUE: Record<string, bigint> = { f16: 0x3c00n, bf16: 0x3f80n, f32: 0x3f800000n };
const bitsOf = (type: string) => Number(/\d+/.exec(type)![0]);
const LETTERS: Record<number, 'h' | 'w' | 'l'> = { 16: 'h', 32: 'w', 64: 'l' };

const SIGNED = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];
const UNSIGNED = [...SIGNED, 'lo', 'ls', 'hi', 'hs'];
const FLOATING = [...SIGNED, 'equ', 'neu', 'ltu', 'leu', 'gtu', 'geu', 'num', 'nan'];
const comparisonsOf = (type: string) =>
  type.includes('f')
    ? FLOATING
    : type[0] === 'u'
      ? UNSIGNED
      : type[0] === 's'
        ? SIGNED
        : ['eq', 'ne'];
const FROM = 'b16 b32 b64 u16 u32 u64 s16 s32 s64 f16 bf16 f32 f64'.split(' ');
function targetsOf(from: string): string[] {
  const all = ['u32', 's32'];
  if (from === 'f16' || from === 'bf16') return [...all, 'u16', 's16', from];
  return [...all, 'f32', 'f16', 'bf16'];
}
const EDGES = [
  0n,
  1n,
  -1n,
  0x8000n,
  0x7fffn,
  0x3c00n,
  0x7e00n,
  0x7f80n,
  0x7fc0n,
  0x3f80n,
  0x00000001n,
  0x80000000n,
  0x3f800000n,
  0x7fc00000n,
  0xff800000n,
  0x00400000n,
  0x80400000n,
  0x3c003c00n,
  0x7e003c00n,
  0x80000001n,
  0x7ff8000000000000n,
  0x3ff0000000000000n,
  0x8000000000000000n,
];
const OPERANDS = operandsOf(256, EDGES);

describe.each(FROM)('set from %s', (from) => {
  test.each(targetsOf(from))('to %s', async (to) => {
    let i = 0;
    const flushes = from === 'f32' || from === 'f16' ? ['', '.ftz'] : [''];
    for (const name of comparisonsOf(from)) {
      for (const ftz of flushes) {
        const combine = Object.keys(COMBINE)[i++ % 4]!;
        const letter = LETTERS[bitsOf(from)]!;
        const negated = i % 2 === 0;
        const last = combine ? `, ${negated ? '!' : ''}%pc` : '';
        const result = LETTERS[bitsOf(to)]!;
        const text = `set.${name}${combine}${ftz}.${to}.${from} %${result}0, %${letter}a, %${letter}b${last};`;
        const form = { text, results: result, target: 'sm_90' };
        await compare(
          device,
          form,
          ([a, b, c]) => {
            const [x, y] = [numberOf(a!, from, ftz !== ''), numberOf(b!, from, ftz !== '')];
            const yes = COMBINE[combine]!(holds(name, x, y), ((c! & 1n) === 1n) !== negated);
            return yes ? (TRUE[to] ?? -1n) : 0n;
          },
          OPERANDS,
        );
      }
    }
  });
});

describe.each(['f16', 'bf16'])('pairs of %s', (half) => {
  const flushes = half === 'f16' ? ['', '.ftz'] : [''];
  const parts = (x: bigint) => [x & 0xffffn, (x >> 16n) & 0xffffn];
  const both = (name: string, combine: string, ftz: string) => (row: bigint[]) => {
    const [a, b] = [parts(row[0]!), parts(row[1]!)];
    return [0, 1].map((i) =>
      COMBINE[combine]!(
        holds(name, numberOf(a[i]!, half, ftz !== ''), numberOf(b[i]!, half, ftz !== '')),
        (row[2]! & 1n) === 1n,
      ),
    );
  };
  test.each(FLOATING)('setp.%s and set', async (name) => {
    for (const combine of Object.keys(COMBINE)) {
      for (const ftz of flushes) {
        const reference = both(name, combine, ftz);
        const last = combine ? ', %pc' : '';
        const spelling = `${name}${combine}${ftz}`;
        await compare(
          device,
          {
            text: `setp.${spelling}.${half}x2 %p0|%p1, %wa, %wb${last};`,
            results: ['p', 'p'],
            target: 'sm_90',
          },
          (row) => reference(row).map((yes) => (yes ? 1n : 0n)) as [bigint, bigint],
          OPERANDS,
        );
        for (const to of [`${half}x2`, 'u32', 's32']) {
          const yes = TRUE[half]!;
          await compare(
            device,
            {
              text: `set.${spelling}.${to}.${half}x2 %w0, %wa, %wb${last};`,
              results: 'w',
              target: 'sm_90',
            },
            (row) => {
              const [low, high] = reference(row);
              const one = to.endsWith('x2') ? yes : 0xffffn;
              return (low ? one : 0n) | (high ? one << 16n : 0n);
            },
            OPERANDS,
          );
        }
      }
    }
  });
});

test('a guard among the results of a pair is written last', async () => {
  const text = 'mov.pred %p0, %pc; mov.pred %p1, %pd; @%p0 setp.lt.f16x2 %p0|%p1, %wa, %wb;';
  const [one, two] = [0x3c003c00n, 0x40004000n];
  const rows = [
    [one, two, 1n, 0n],
    [two, one, 1n, 1n],
    [one, two, 0n, 1n],
  ];
  const got = await run(device, { text, results: ['p', 'p'], target: 'sm_90' }, rows);
  expect(got).toEqual([
    [1n, 1n],
    [0n, 0n],
    [0n, 1n],
  ]);
});

describe.each(['and', 'or', 'xor'])('lop3.%s', (combine) => {
  test.each([0x00, 0x3f, 0x80, 0xc0, 0xfe])('with table %i', async (table) => {
    const text = `lop3.${combine}.b32 %w0|%p1, %wa, %wb, %wc, ${table}, %pd;`;
    await compare(device, { text, results: ['w', 'p'], target: 'sm_90' }, ([a, b, c, d]) => {
      let result = 0n;
      for (let bit = 0n; bit < 32n; ++bit) {
        const [x, y, z] = [a!, b!, c!].map((word) => Number((word >> bit) & 1n));
        if ((table >> (4 * x! + 2 * y! + z!)) & 1) result |= 1n << bit;
      }
      const yes = COMBINE[`.${combine}`]!(result !== 0n, (d! & 1n) === 1n);
      return [result, yes ? 1n : 0n];
    });
  });
  test('of which only the predicate is wanted', async () => {
    const text = `lop3.${combine}.b32 _|%p0, %wa, %wb, %wc, 0x80, !%pd;`;
    await compare(device, { text, results: 'p', target: 'sm_90' }, ([a, b, c, d]) => {
      const any = BigInt.asUintN(32, a! & b! & c!) !== 0n;
      return COMBINE[`.${combine}`]!(any, (d! & 1n) === 0n) ? 1n : 0n;
    });
  });
});

test.each([
  'set.lt.f32.f16 %w0, %ha, %hb;',
  'set.lt.u16.f32 %h0, %wa, %wb;',
  'set.lt.u64.f32 %l0, %wa, %wb;',
  'set.lt.u32.b32 %w0, %wa, %wb;',
  'set.lt.ftz.u32.s32 %w0, %wa, %wb;',
  'set.lt.f16x2.bf16x2 %w0, %wa, %wb;',
  'set.u32.s32 %w0, %wa, %wb;',
  'set.lt.u32.s32 %w0, %wa;',
  'setp.lt.f16x2 %p0, %wa, %wb;',
  'setp.lt.ftz.bf16x2 %p0|%p1, %wa, %wb;',
  'lop3.nand.b32 %w0|%p0, %wa, %wb, %wc, 1, %pd;',
  'lop3.or.b32 %w0, %wa, %wb, %wc, 1, %pd;',
  'lop3.or.b32 %w0|%p0, %wa, %wb, %wc, 1;',
])('refuses %s', async (text) => {
  await expect(run(device, { text, results: 'w' }, [[0n]])).rejects.toThrow('PTX line');
});
