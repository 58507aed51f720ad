// mma and mma.sp: fragments by the tables of the PTX ISA (9.7.15.5), numbers whose sums are exact. What is rounded, and
// metadata that are not alike everywhere, test/native/exec/matrix looks at.
import { bitsOfFloat, float } from './atomics.js';
import { BYTES, type Form, type Memory, spell } from './run.js';

/** What is left of the bits of an element of each type, so that it is a small number; what makes it none. */
interface Factor {
  bits: number;
  keep: bigint;
  set: bigint;
  spoil: bigint;
  read: (bits: bigint) => number;
}
const whole = (bits: number, signed: boolean): Factor => ({
  bits,
  keep: (1n << BigInt(bits)) - 1n,
  set: 0n,
  spoil: 0n,
  read: (x) => Number(signed ? BigInt.asIntN(bits, x) : x),
});
/** E4M3 has no infinity, and one NaN. */
const e4m3 = (x: bigint) => (x & 0x7fn) === 0x7fn;
function small(x: bigint, exponentBits: number, fractionBits: number): number {
  const exponent = Number((x >> BigInt(fractionBits)) & ((1n << BigInt(exponentBits)) - 1n));
  const fraction = Number(x & ((1n << BigInt(fractionBits)) - 1n)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const size =
    exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return x >> BigInt(exponentBits + fractionBits) ? -size : size;
}
const FACTORS: Record<string, Factor> = {
  f16: { bits: 16, keep: 0x8600n, set: 0x3800n, spoil: 0x7c00n, read: (x) => float(x, 'f16') },
  bf16: { bits: 16, keep: 0x80c0n, set: 0x3f00n, spoil: 0x7f80n, read: (x) => float(x, 'bf16') },
  tf32: {
    bits: 32,
    keep: 0x80c01fffn,
    set: 0x3f000000n,
    spoil: 0x7f800000n,
    read: (x) => float(x & 0xffffe000n, 'f32'),
  },
  f32: { bits: 32, keep: 0x80c00000n, set: 0x3f000000n, spoil: 0n, read: (x) => float(x, 'f32') },
  f64: {
    bits: 64,
    keep: 0x8018n << 48n,
    set: 0x3fe0n << 48n,
    spoil: 0x7ff0n << 48n,
    read: (x) => float(x, 'f64'),
  },
  e4m3: {
    bits: 8,
    keep: 0x8cn,
    set: 0x30n,
    spoil: 0x7fn,
    read: (x) => (e4m3(x) ? NaN : small(x, 4, 3)),
  },
  e5m2: { bits: 8, keep: 0x86n, set: 0x38n, spoil: 0x7cn, read: (x) => float(x << 8n, 'f16') },
  s8: whole(8, true),
  u8: whole(8, false),
  s4: whole(4, true),
  u4: whole(4, false),
  b1: whole(1, false),
  s32: whole(32, true),
};
/** A thread whose factors are infinite or NaN, and one whose are zero. */
const [SPOILT, ZERO] = [5, 9];

interface Fragment {
  type: string;
  registers: number;
  perRegister: number;
  /** The first of its registers, of 32 bits or of 64, among all that are read. */
  from: number;
}
const registerBits = (fragment: Fragment) => (fragment.type === 'f64' ? 64 : 32);
const fragmentOf = (type: string, elements: number, from: number): Fragment => {
  const perRegister = Math.max(1, 32 / FACTORS[type]!.bits);
  return { type, perRegister, from, registers: elements / 32 / perRegister };
};

/** Register i of those that are read, of a lane: it lies in memory of that lane or one further on. */
function placeOf(lane: number, i: number, bits: number): number {
  const at = (i * bits) / 8;
  return ((lane + Math.floor(at / BYTES)) % 32) * BYTES + (at % BYTES);
}
/** The bits of a register of which every element is kept or set so. */
const everywhere = (bits: bigint, { type, perRegister }: Fragment) =>
  Array.from({ length: perRegister }, (_, i) => bits << BigInt(i * FACTORS[type]!.bits)).reduce(
    (all, one) => all | one,
  );
function numberOf(memory: Memory, lane: number, fragment: Fragment, element: number): number {
  const { bits, keep, set, spoil, read } = FACTORS[fragment.type]!;
  const width = registerBits(fragment);
  const at = placeOf(lane, fragment.from + Math.floor(element / fragment.perRegister), width);
  const word =
    width === 64 ? memory.all.getBigUint64(at, true) : BigInt(memory.all.getUint32(at, true));
  const raw =
    (word >> BigInt((element % fragment.perRegister) * bits)) & ((1n << BigInt(bits)) - 1n);
  const value = (raw & keep) | set;
  if (spoil === 0n) return read(value);
  if (lane === ZERO) return 0;
  return read(lane === SPOILT ? (value & keptBeside(fragment)) | spoil : value);
}
/** What a tf32 has below its fraction does not count; in an infinity it is not there. */
const keptBeside = ({ type }: Fragment) =>
  type === 'tf32' ? 0xffffe000n : (1n << BigInt(FACTORS[type]!.bits)) - 1n;

const listOf = (kind: string, from: number, count: number) =>
  `{${Array.from({ length: count }, (_, i) => `%${kind}${from + i}`).join(', ')}}`;

/** Loads a fragment into registers from `to` on. */
function loading(fragment: Fragment, to: number): string {
  const { keep, set, spoil } = FACTORS[fragment.type]!;
  const width = registerBits(fragment);
  return Array.from({ length: fragment.registers }, (_, i) => {
    const at = ((fragment.from + i) * width) / 8;
    const raw = width === 64 ? '%l1' : `%r${to + i}`;
    const operate = (what: string, bits: bigint) => `${what}.b${width} ${raw}, ${raw}, ${bits};`;
    return [
      `add.u32 %r39, %lane, ${Math.floor(at / BYTES)}; and.b32 %r39, %r39, 31; mad.wide.u32 %l2, %r39, ${BYTES}, %l3;`,
      `ld.global.b${width} ${raw}, [%l2+${at % BYTES}];`,
      operate('and', everywhere(keep, fragment)),
      operate('or', everywhere(set, fragment)),
      spoil === 0n
        ? ''
        : `@%p8 ${operate('and', everywhere(keptBeside(fragment), fragment))} @%p8 ${operate('or', everywhere(spoil, fragment))} @%p9 mov.b${width} ${raw}, 0;`,
      width === 64 ? `mov.b64 %d${to + i}, %l1;` : '',
    ].join(' ');
  }).join(' ');
}

interface Product {
  mnemonic: string;
  shape: [m: number, n: number, k: number];
  types: [d: string, a: string, b: string, c: string];
  /** Of a sparse A: the indices, which are alike everywhere, and the selector. */
  metadata?: number;
  selector?: number;
}
function mma({ mnemonic, shape: [m, n, k], types, metadata, selector }: Product): Form {
  const [dType, aType, bType, cType] = types;
  const stored = metadata === undefined ? k : k / 2;
  const a = fragmentOf(aType, m * stored, 0);
  const b = fragmentOf(bType, k * n, a.registers);
  const c = fragmentOf(cType, m * n, a.registers + b.registers);
  const d = fragmentOf(dType, m * n, 0);
  const kind = aType === 'f64' ? 'd' : 'r';
  const [atB, atC] = [a.registers, a.registers + b.registers];
  const atD = atC + c.registers;
  const sparse = metadata === undefined ? '' : `, %r38, ${selector}`;
  const bits = registerBits(d);
  const stores = Array.from(
    { length: d.registers },
    (_, i) =>
      `st.global.${bits === 64 ? 'f64' : 'b32'} [%out+${(i * bits) / 8}], %${kind}${atD + i};`,
  );
  // Of the elements of a register one is behind the other in k, in registers come rows and then k again.
  const rowOf = (lane: number, reg: number) => (lane >> 2) + (m === 16 ? 8 * (reg & 1) : 0);
  const alongK = (lane: number, reg: number, j: number, perRegister: number) =>
    4 * perRegister * reg + (lane & 3) * perRegister + j;
  const factors = (memory: Memory) => {
    const left = Array.from({ length: m }, () => new Array<number>(k).fill(0));
    const right = Array.from({ length: k }, () => new Array<number>(n).fill(0));
    const isStored = Array.from({ length: m }, () => new Array<boolean>(k).fill(false));
    for (let lane = 0; lane < 32; lane++) {
      for (let i = 0; i < a.registers * a.perRegister; i++) {
        const reg = Math.floor(i / a.perRegister);
        const column = alongK(lane, m === 16 ? reg >> 1 : reg, i % a.perRegister, a.perRegister);
        const place = metadata === undefined ? column : placeInRow(column, aType, metadata);
        left[rowOf(lane, reg)]![place] = numberOf(memory, lane, a, i);
        isStored[rowOf(lane, reg)]![place] = true;
      }
      for (let i = 0; i < b.registers * b.perRegister; i++) {
        const row = alongK(lane, Math.floor(i / b.perRegister), i % b.perRegister, b.perRegister);
        right[row]![lane >> 2] = numberOf(memory, lane, b, i);
      }
    }
    return { left, right, isStored };
  };
  let last: { of: DataView; factors: ReturnType<typeof factors> } | undefined;
  const operate = mnemonic.includes('xor')
    ? (x: number, y: number) => x ^ y
    : (x: number, y: number) => x * y;
  return {
    mnemonic: `${mnemonic}${metadata === undefined ? '' : `/${metadata.toString(16)}, ${selector}`}`,
    code: `setp.eq.u32 %p8, %lane, ${SPOILT}; setp.eq.u32 %p9, %lane, ${ZERO}; mul.wide.u32 %l3, %lane, ${BYTES}; sub.u64 %l3, %in, %l3;
  mov.b32 %r38, ${metadata ?? 0}; ${loading(a, 0)} ${loading(b, atB)} ${loading(c, atC)}
  ${mnemonic} ${listOf(kind, atD, d.registers)}, ${listOf(kind, 0, a.registers)}, ${listOf(kind, atB, b.registers)}, ${listOf(kind, atC, c.registers)}${sparse};
  ${stores.join(' ')}`,
    expected: (memory) => {
      if (last?.of !== memory.all) last = { of: memory.all, factors: factors(memory) };
      const { left, right, isStored } = last.factors;
      return Array.from({ length: d.registers * d.perRegister }, (_, i) => {
        const row = (memory.lane >> 2) + 8 * (i >> 1);
        const column = 2 * (memory.lane & 3) + (i & 1);
        let sum = numberOf(memory, memory.lane, c, i);
        for (let at = 0; at < k; at++)
          if (isStored[row]![at]) sum += operate(left[row]![at]!, right[at]![column]!);
        const bytes = FACTORS[dType]!.bits / 8;
        return { at: i * bytes, bytes, value: result(sum, dType, mnemonic.includes('satfinite')) };
      });
    },
  };
}
/** Where in its row an element of a sparse matrix is that is stored at `column`: the first or the second half of each group. */
function placeInRow(column: number, type: string, metadata: number): number {
  const group = type === 'tf32' ? 1 : FACTORS[type]!.bits === 4 ? 4 : 2;
  const second = (metadata & 15) === 0xe ? group : 0;
  return 2 * group * Math.floor(column / group) + second + (column % group);
}
function result(sum: number, type: string, saturates: boolean): bigint {
  if (type !== 's32') return bitsOfFloat(sum, type);
  const held = saturates ? Math.min(Math.max(sum, -(2 ** 31)), 2 ** 31 - 1) : sum;
  return BigInt.asUintN(32, BigInt(held));
}

const SHAPES: Product['shape'][] = [4, 8, 16, 32, 64, 128, 256].flatMap((k) =>
  [8, 16].map((m): Product['shape'] => [m, 8, k]),
);
const PAIRS = [
  ...['f16', 'bf16', 'tf32', 'f64'].map((type) => [type, type]),
  ...[
    ['s8', 'u8'],
    ['s4', 'u4'],
    ['e4m3', 'e5m2'],
  ].flatMap((two) => two.flatMap((a) => two.map((b) => [a, b]))),
  ['b1', 'b1'],
  ['f16', 'bf16'],
  ['s8', 'e4m3'],
] as [string, string][];
const ORDERED = PAIRS.filter(([a, b]) => a === b || a === 'e5m2' || b === 'u8');
const METADATA = [
  [0x44444444, 0],
  [0x44444444, 1],
  [0x44444444, 2],
  [0xeeeeeeee, 3],
  [0xeeeeeeee, 0],
] as const;
const RESULTS = ['f32.f32', 'f16.f16', 'f16.f32', 'f32.f16', 's32.s32', 'f64.f64'];

/** Those whose factors fill registers, and not too many. */
function products(kind: string, layouts: string, after: string[], pairs = PAIRS): Product[] {
  const sparse = kind.startsWith('sp');
  return SHAPES.flatMap((shape) =>
    pairs.flatMap(([a, b]) =>
      RESULTS.flatMap((dc) => {
        const [d, c] = dc.split('.') as [string, string];
        const [m, n, k] = shape;
        const bits = m * (sparse ? k / 2 : k) * FACTORS[a]!.bits;
        const rows = Math.max(FACTORS[a]!.bits, 32) * 32 * (m / 8);
        const numbers =
          (dc === 'f64.f64') === (a === 'f64') && (dc === 's32.s32') === (FACTORS[a]!.set === 0n);
        const mixed = c !== d && (a !== 'f16' || layouts !== 'row.col');
        if (bits % rows !== 0 || bits > (a === 'f64' ? 8 : 4) * rows || !numbers || mixed)
          return [];
        const shapeName = `m${m}n${n}k${k}`;
        const tails = a === 'b1' ? ['.xor.popc', '.and.popc', ''] : [''];
        return after.flatMap((word) =>
          tails.flatMap((tail) => {
            const words = ['mma', kind, 'sync.aligned', shapeName, layouts, word, d, a, b, c];
            const product: Product = {
              mnemonic: words.filter((one) => one !== '').join('.') + tail,
              shape,
              types: [d, a, b, c],
            };
            if (!sparse) return [product];
            return METADATA.filter(([, selector]) => word === '' || selector === 0).map(
              ([metadata, selector]) => ({ ...product, metadata, selector }),
            );
          }),
        );
      }),
    ),
  );
}

// m8n8k4 of f16, whose fragments are others, is looked at in ../volta-mma.test.ts.
const isVolta = ({ shape: [m, , k], types: [, a] }: Product) => m === 8 && k === 4 && a !== 'f64';
// One register stands in braces too.
const bare = products(
  '',
  'row.col',
  [''],
  [
    ['s8', 's8'],
    ['tf32', 'tf32'],
  ],
).map((one) => {
  const form = mma(one);
  return {
    ...form,
    mnemonic: `${form.mnemonic}/bare`,
    code: form.code.replace(/\{(%r\d+)\}/g, '$1'),
  };
});

export const mmaForms: Form[] = [
  ...products('', 'row.col', ['', 'satfinite', 'rn', 'kind::f8f6f4']),
  ...products('sp', 'row.col', ['', 'satfinite', 'kind::f8f6f4']),
  ...products('sp::ordered_metadata', 'row.col', ['', 'satfinite', 'kind::f8f6f4'], ORDERED),
  ...spell(['row', 'col'], ['row', 'col'])
    .filter((layouts) => layouts !== 'row.col')
    .flatMap((layouts) =>
      products(
        '',
        layouts,
        [''],
        [
          ['f16', 'f16'],
          ['f64', 'f64'],
          ['s8', 's8'],
        ],
      ),
    ),
]
  .filter((one) => !isVolta(one))
  .map(mma)
  .concat(bare);
