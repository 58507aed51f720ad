// atom and red: one at a time, on memory that the threads do not share; what many do at once,
// test/native/exec/warp/atomic_test.cc looks at.
import { BYTES, type Form, spell } from './run.js';

const SCOPES = ['', 'cta', 'cluster', 'gpu', 'sys'];
const ORDERS = ['', 'relaxed', 'acquire', 'release', 'acq_rel'];
const SPACES = [
  '',
  'global',
  'shared',
  'shared::cta',
  'shared::cluster',
  'local',
  'const',
  'param',
];
const OPERATIONS = ['add', 'min', 'max', 'inc', 'dec', 'and', 'or', 'xor', 'exch', 'cas'];
const TYPES = [
  'b8',
  'b16',
  'b32',
  'b64',
  'b128',
  'u16',
  'u32',
  'u64',
  's16',
  's32',
  's64',
  'f16',
  'f16x2',
  'bf16',
  'bf16x2',
  'f32',
  'f64',
];
const HALVES = ['f16', 'f16x2', 'bf16', 'bf16x2'];

// Numbers of bits, as doubles and back. Sums of two halves or singles are exact in a double before they are rounded.
const view = new DataView(new ArrayBuffer(8));
export function float(bits: bigint, type: string): number {
  view.setBigUint64(0, type === 'bf16' ? bits << 16n : bits);
  if (type === 'f64') return view.getFloat64(0);
  if (type !== 'f16') return view.getFloat32(4);
  const half = Number(bits);
  const [sign, exponent, fraction] = [half >> 15 ? -1 : 1, (half >> 10) & 31, half & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}
/** To the nearest of so many bits of fraction, ties to even; `least` is the exponent of the smallest normal number. */
function rounded(value: number, digits: number, least: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), least);
  const unit = 2 ** (exponent - digits);
  const scaled = value / unit;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) * unit;
}
export function bitsOfFloat(value: number, type: string): bigint {
  if (type === 'f64') {
    if (Number.isNaN(value)) return 0xfff8000000000000n;
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  }
  if (Number.isNaN(value)) return type === 'f32' ? 0x7fffffffn : 0x7fffn;
  if (type === 'f16') {
    const near = rounded(value, 10, -14);
    const sign = near < 0 || Object.is(near, -0) ? 0x8000n : 0n;
    const size = Math.abs(near);
    if (size > 65504) return sign | 0x7c00n;
    if (size < 2 ** -14) return sign | BigInt(size * 2 ** 24);
    const exponent = Math.floor(Math.log2(size));
    return sign | (BigInt(exponent + 15) << 10n) | BigInt((size / 2 ** exponent - 1) * 1024);
  }
  view.setFloat32(0, type === 'bf16' ? rounded(value, 7, -126) : value);
  const bits = BigInt(view.getUint32(0));
  return type === 'bf16' ? bits >> 16n : bits;
}
const isSubnormal = (bits: bigint) => (bits & 0x7f800000n) === 0n;

export function applied(
  operation: string,
  type: string,
  flushes: boolean,
  a: bigint,
  b: bigint,
  c: bigint,
): bigint {
  if (type.endsWith('x2')) {
    const of = type.slice(0, -2);
    const half = (x: bigint, shift: bigint) => (x >> shift) & 0xffffn;
    const each = (shift: bigint) =>
      applied(operation, of, false, half(a, shift), half(b, shift), 0n);
    return (each(16n) << 16n) | each(0n);
  }
  const bits = Number(/\d+/.exec(type));
  if (type.includes('f')) {
    const flush = (x: bigint) => (flushes && isSubnormal(x) ? x & 0x80000000n : x);
    const [x, y] = [float(flush(a), type), float(flush(b), type)];
    if (operation === 'add') return flush(bitsOfFloat(x + y, type));
    if (Number.isNaN(x) || Number.isNaN(y)) {
      return Number.isNaN(x) && Number.isNaN(y)
        ? bitsOfFloat(Number.NaN, type)
        : Number.isNaN(x)
          ? b
          : a;
    }
    const less = x < y || (x === y && Object.is(x, -0));
    return less === (operation === 'min') ? a : b;
  }
  const read = (x: bigint) => (type[0] === 's' ? BigInt.asIntN(bits, x) : x);
  switch (operation) {
    case 'add':
      return a + b;
    case 'min':
      return read(a) < read(b) ? a : b;
    case 'max':
      return read(a) < read(b) ? b : a;
    case 'inc':
      return a >= b ? 0n : a + 1n;
    case 'dec':
      return a === 0n || a > b ? b : a - 1n;
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'exch':
      return b;
    default:
      return a === b ? c : a;
  }
}

const registerOf = (type: string, i: number) => {
  const bits = type.endsWith('x2') ? 32 : Number(/\d+/.exec(type));
  if (type === 'f32' || type === 'f64') return `%${type === 'f32' ? 'f' : 'd'}${i}`;
  return `%${bits === 128 ? 'q' : bits === 64 ? 'l' : bits === 32 ? 'r' : 'h'}${i}`;
};

/**
 * The cell is the first 16 bytes of a thread's memory, the operands the next two times 16. Every second thread compares
 * with what is there. Results: what was there, and what is.
 */
function atomic(mnemonic: string): Form {
  const words = mnemonic.split('.');
  const reduces = words[0] === 'red';
  const space = words.find((word) => SPACES.slice(1).includes(word)) ?? '';
  const operation = words.find((word) => OPERATIONS.includes(word))!;
  const type = words.find((word) => TYPES.includes(word))!;
  const count = Number(words.find((word) => /^v[248]$/.test(word))?.[1] ?? 1);
  const policy = words.includes('L2::cache_hint') ? ', %l10' : '';
  const bits = type.endsWith('x2') ? 32 : Number(/\d+/.exec(type));
  const bytes = bits / 8;
  const list = (from: number) => {
    const names = Array.from({ length: count }, (_, i) => registerOf(type, from + i));
    return { names, text: count === 1 ? names[0]! : `{${names.join(', ')}}` };
  };
  const [d, b, c] = bits === 128 ? [list(0), list(1), list(2)] : [list(0), list(8), list(16)];
  const isShared = space.startsWith('shared');
  const access = bits === 128 ? 'b128' : `b${bits}`;
  const cell = isShared ? '%r38' : '%in';
  const compares = operation === 'cas';
  const code = [
    'mov.b64 %l10, 0;',
    `mov.u32 %r38, shared; mad.lo.u32 %r38, %lane, ${BYTES}, %r38;`,
    'ld.global.v4.b32 {%r31, %r32, %r33, %r34}, [%in]; st.shared.v4.b32 [%r38], {%r31, %r32, %r33, %r34};',
    ...b.names.map((name, i) => `ld.global.${access} ${name}, [%in+${16 + bytes * i}];`),
    // The comparison's operand is in the cell of even lanes.
    compares
      ? `ld.global.${access} ${c.names[0]}, [%in+32]; and.b32 %r35, %lane, 1; setp.eq.u32 %p1, %r35, 0;`
      : '',
    compares ? `@%p1 ld.global.${access} ${b.names[0]}, [%in];` : '',
    `${mnemonic} ${reduces ? '' : `${d.text}, `}[${cell}], ${b.text}${compares ? `, ${c.text}` : ''}${policy};`,
    ...(reduces
      ? []
      : d.names.map((name, i) => `st.global.${access} [%out+${bytes * i}], ${name};`)),
    `ld.${isShared ? 'shared' : 'global'}.v4.b32 {%r31, %r32, %r33, %r34}, [${cell}]; st.global.v4.b32 [%out+16], {%r31, %r32, %r33, %r34};`,
  ];
  return {
    mnemonic,
    code: code.join(' '),
    expected: ({ lane, own }) => {
      const at = (from: number, length: number) => {
        let value = 0n;
        for (let i = length - 1; i >= 0; i--)
          value = (value << 8n) | BigInt(own.getUint8(from + i));
        return value;
      };
      const results = [{ at: 16, bytes: 16, value: at(0, 16) }];
      for (let i = 0; i < count; i++) {
        const old = at(bytes * i, bytes);
        const operand = compares && lane % 2 === 0 ? old : at(16 + bytes * i, bytes);
        const value = applied(
          operation,
          type,
          type === 'f32' && !isShared,
          old,
          operand,
          at(32, bytes),
        );
        results.push({ at: 16 + bytes * i, bytes, value: BigInt.asUintN(bits, value) });
        if (!reduces) results.push({ at: bytes * i, bytes, value: old });
      }
      return results;
    },
  };
}

const FLOATS = TYPES.filter((type) => type.includes('f'));
const KINDS = ['atom', 'red'];
export const atomicForms: Form[] = [
  ...spell(KINDS, ['', 'global', 'shared'], OPERATIONS, TYPES),
  ...spell(KINDS, ['', 'shared'], ['add', 'min', 'exch'], ['noftz'], FLOATS),
  ...spell(KINDS, SPACES, OPERATIONS, ['b32', 'u32']),
  ...spell(
    KINDS,
    ORDERS,
    SCOPES,
    ['', 'global', 'shared::cta', 'shared::cluster'],
    ['add.u32', 'cas.b32'],
  ),
  ...spell(KINDS, ['', 'acq_rel.gpu'], SPACES, [
    'exch.b128',
    'cas.b128',
    'add.noftz.f16',
    'add.f32',
  ]),
  ...spell(
    KINDS,
    ['', 'relaxed.sys'],
    ['', 'global', 'shared'],
    ['add.L2::cache_hint.u32', 'cas.L2::cache_hint.b64'],
  ),
  ...spell(
    KINDS,
    ['', 'global', 'shared'],
    ['v2', 'v4', 'v8'],
    FLOATS,
    ['add', 'min', 'max'],
    ['', 'noftz'],
  ),
  ...spell(
    KINDS,
    ['global'],
    ['v2', 'v4'],
    ['add', 'max'],
    ['', 'noftz'],
    ['', 'L2::cache_hint'],
    [...HALVES, 'f32'],
  ),
  ...spell(KINDS, ['global'], ['gpu.gpu', 'relaxed.relaxed.gpu', 'global'], ['add.u32']),
].map(atomic);
