// Barriers, votes, shuffles and the like, by a whole warp, and addresses.
import { type Form, type Memory, patternByte, spell } from './run.js';

/** The first word of a lane's memory. */
const wordOf = ({ all }: Memory, lane: number) => all.getUint32(64 * lane, true);
const others = <T>(of: (lane: number) => T): T[] =>
  Array.from({ length: 32 }, (_, lane) => of(lane));
const bit = (memory: Memory, lane: number) => wordOf(memory, lane) & 1;
const words = (...values: (number | bigint)[]) =>
  values.map((value, i) => ({ at: 4 * i, bytes: 4, value: BigInt.asUintN(32, BigInt(value)) }));

const INPUT =
  'ld.global.u32 %r1, [%in]; and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 1; ld.global.b64 %l1, [%in];';
const counted = (memory: Memory) =>
  others((lane) => bit(memory, lane)).filter((one) => one === 1).length;

function barrier(mnemonic: string, operands: string, result: 'none' | 'p' | 'r'): Form {
  const kind = mnemonic.split('.').find((word) => ['and', 'or', 'popc'].includes(word));
  const store = {
    none: '',
    p: 'selp.u32 %r3, 1, 0, %p2; st.global.u32 [%out+4], %r3;',
    r: 'st.global.u32 [%out+4], %r3;',
  };
  return {
    mnemonic: `${mnemonic}/${operands}`,
    code: `${INPUT} mov.u32 %r9, shared; shl.b32 %r4, %lane, 2; add.u32 %r9, %r9, %r4; st.shared.u32 [%r9], %r1;
  ${mnemonic} ${operands}; xor.b32 %r4, %r4, 4; mov.u32 %r9, shared; add.u32 %r9, %r9, %r4;
  ld.shared.u32 %r5, [%r9]; st.global.u32 [%out], %r5; ${store[result]}`,
    expected: (memory) => {
      const count = counted(memory);
      const value = kind === 'popc' ? count : Number(kind === 'and' ? count === 32 : count > 0);
      return words(wordOf(memory, memory.lane ^ 1), ...(result === 'none' ? [] : [value]));
    },
  };
}
const KINDS = ['', 'cta', 'aligned', 'cta.aligned', 'warp'];
const barriers: Form[] = [
  ...spell(['bar', 'barrier'], KINDS, ['sync', 'arrive'], ['', 'aligned']).flatMap((one) => {
    if (one.includes('warp')) return [barrier(one, '-1', 'none')];
    return one.includes('arrive') ? [] : [barrier(one, '0', 'none'), barrier(one, '3, 32', 'none')];
  }),
  ...spell(
    ['bar', 'barrier'],
    KINDS,
    ['red'],
    ['', 'aligned'],
    ['and', 'or', 'popc'],
    ['', 'aligned'],
    ['pred', 'u32', 's32', 'b32'],
  ).flatMap((one) => {
    const result = one.endsWith('pred') ? 'p' : 'r';
    return [
      barrier(one, `%${result}${result === 'p' ? 2 : 3}, 0, %p1`, result),
      barrier(one, `%${result}${result === 'p' ? 2 : 3}, 3, 32, %p1`, result),
    ];
  }),
  ...spell(['bar', 'barrier'], KINDS, ['arrive'], ['', 'aligned']).map((one) =>
    barrier(`@%p0 ${one}`, '2, 64', 'none'),
  ),
];

function collective(
  mnemonic: string,
  operands: string,
  results: string,
  expected: Form['expected'],
): Form {
  return {
    mnemonic: `${mnemonic}/${operands}`,
    code: `${INPUT} ${mnemonic} ${operands}; ${results}`,
    expected,
  };
}
const STORE = 'st.global.u32 [%out], %r3;';
const STORE_P = 'selp.u32 %r4, 1, 0, %p2; st.global.u32 [%out], %r4;';
const STORE_BOTH =
  'selp.u32 %r4, 1, 0, %p2; st.global.u32 [%out], %r3; st.global.u32 [%out+4], %r4;';

const SHUFFLES: Record<string, (lane: number) => number> = {
  up: (lane) => lane - 3,
  down: (lane) => lane + 3,
  bfly: (lane) => lane ^ 3,
  idx: () => 3,
};
const shuffles = spell(
  ['shfl'],
  ['', 'sync'],
  ['', ...Object.keys(SHUFFLES)],
  ['', 'sync'],
  ['b32', 'u32', 's32', 'f32', 'b64'],
).flatMap((one) => {
  const mode = one.split('.').find((word) => word in SHUFFLES);
  const clamp = mode === 'up' ? 0 : 31;
  const members = one.includes('sync') ? ', -1' : '';
  const source = (lane: number) => SHUFFLES[mode ?? 'idx']!(lane);
  const inside = (lane: number) => source(lane) >= 0 && source(lane) < 32;
  const expected = (memory: Memory) =>
    wordOf(memory, inside(memory.lane) ? source(memory.lane) : memory.lane);
  return [
    collective(one, `%r3, %r1, 3, ${clamp}${members}`, STORE, (memory) => words(expected(memory))),
    collective(one, `%r3|%p2, %r1, 3, ${clamp}${members}`, STORE_BOTH, (memory) =>
      words(expected(memory), Number(inside(memory.lane))),
    ),
  ];
});

const ballotOf = (memory: Memory) =>
  others((lane) => BigInt(bit(memory, lane)) << BigInt(lane)).reduce((a, b) => a | b, 0n);
const votes = spell(
  ['vote'],
  ['', 'sync'],
  ['', 'all', 'any', 'uni', 'ballot', 'none'],
  ['', 'sync'],
  ['pred', 'b32', 'u32'],
).map((one) => {
  const mode = one.split('.').find((word) => ['all', 'any', 'uni', 'ballot'].includes(word));
  const isPredicate = one.endsWith('pred');
  const members = one.includes('sync') ? ', -1' : '';
  return collective(
    one,
    `${isPredicate ? '%p2' : '%r3'}, %p1${members}`,
    isPredicate ? STORE_P : STORE,
    (memory) => {
      const count = counted(memory);
      if (mode === 'ballot') return words(ballotOf(memory));
      return words(
        Number(
          mode === 'all' ? count === 32 : mode === 'any' ? count > 0 : count === 0 || count === 32,
        ),
      );
    },
  );
});

const matches = spell(['match'], ['', 'any', 'all'], ['', 'sync'], ['b32', 'b64', 'u32']).flatMap(
  (one) => {
    const wide = one.endsWith('b64');
    const value = (memory: Memory, lane: number) =>
      memory.all.getBigUint64(64 * lane, true) & (wide ? 0xffff0003n : 3n);
    const mask = wide ? 'and.b64 %l1, %l1, 0xffff0003;' : 'and.b32 %r1, %r1, 3;';
    const text = (operands: string, results: string, expected: Form['expected']) => {
      const form = collective(one, operands, results, expected);
      return { ...form, code: form.code.replace(INPUT, `${INPUT} ${mask}`) };
    };
    const source = wide ? '%l1' : '%r1';
    const same = (memory: Memory) =>
      others((lane) =>
        value(memory, lane) === value(memory, memory.lane) ? 1n << BigInt(lane) : 0n,
      ).reduce((a, b) => a | b, 0n);
    const result = (memory: Memory) =>
      one.includes('all') ? (same(memory) === 0xffffffffn ? 0xffffffffn : 0n) : same(memory);
    return [
      text(`%r3, ${source}, -1`, STORE, (memory) => words(result(memory))),
      text(`%r3|%p2, ${source}, -1`, STORE_BOTH, (memory) =>
        words(result(memory), Number(same(memory) === 0xffffffffn)),
      ),
    ];
  },
);

/** Of those that are numbers, unless .NaN wants to know of others. */
function reducedFloats(mnemonic: string, operation: string, values: number[]): number {
  const sizes = mnemonic.includes('.abs') ? values.map(Math.abs) : values;
  const numbers = sizes.filter((value) => !Number.isNaN(value));
  const spoiled = mnemonic.includes('.NaN') && numbers.length < sizes.length;
  if (spoiled || numbers.length === 0) return 0x7fffffff;
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, operation === 'min' ? Math.min(...numbers) : Math.max(...numbers));
  return view.getUint32(0);
}

const REDUCTIONS: Record<string, (a: bigint, b: bigint) => bigint> = {
  add: (a, b) => a + b,
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};
const reductions = spell(
  ['redux'],
  ['', 'sync'],
  Object.keys(REDUCTIONS),
  ['', 'abs'],
  ['', 'NaN'],
  ['u32', 's32', 'b32', 'f32', 'u64'],
).map((one) => {
  const operation = one.split('.').find((word) => word in REDUCTIONS)!;
  if (one.endsWith('f32')) {
    return collective(one, '%r3, %r1, -1', STORE, (memory) =>
      words(
        reducedFloats(
          one,
          operation,
          others((lane) => memory.all.getFloat32(64 * lane, true)),
        ),
      ),
    );
  }
  const read = (word: number) =>
    one.endsWith('s32') ? BigInt.asIntN(32, BigInt(word)) : BigInt(word);
  return collective(one, '%r3, %r1, -1', STORE, (memory) =>
    words(others((lane) => read(wordOf(memory, lane))).reduce(REDUCTIONS[operation]!)),
  );
});

const WINDOWED = [
  'global',
  'shared',
  'shared::cta',
  'shared::cluster',
  'local',
  'const',
  'param',
  'param::entry',
  'param::func',
];
/** A variable of each space, by its address there. */
const VARIABLES: Record<string, string> = {
  global: '%in',
  local: 'local',
  const: 'constant',
  param: 'parameter',
  shared: 'shared',
};
const kindOf = (space: string) => space.split('::')[0]!;
const isShared = (space: string) => space.startsWith('shared');

/** To a generic address, by which the variable is read, and back. */
const conversions = spell(['cvta'], ['', 'to'], WINDOWED, ['u32', 'u64', 's64', 'b64']).map(
  (one) => {
    const space = one.split('.').find((word) => WINDOWED.includes(word))!;
    const variable = VARIABLES[kindOf(space)]!;
    const fill =
      isShared(space) || space === 'local'
        ? `mov.u32 %r9, 77; st.${space}.b32 [${variable}], %r9;`
        : '';
    const plain = `cvta.${space}.u64`;
    const code = one.includes('.to.')
      ? `mov.u64 %l2, ${variable}; ${plain} %l3, %l2; ${one} %l4, %l3; setp.eq.u64 %p2, %l2, %l4;`
      : `mov.u64 %l2, ${variable}; ${one} %l3, %l2; setp.eq.u64 %p2, 0, 0;`;
    return {
      mnemonic: one,
      code: `${fill} ${code} ld.b32 %r3, [%l3]; ${STORE_BOTH}`,
      expected: (memory: Memory) => {
        const pattern = [3, 2, 1, 0].reduce((word, i) => word * 256 + patternByte(i), 0);
        const filled = isShared(space) || space === 'local' ? 77 : pattern;
        return words(space === 'global' ? wordOf(memory, memory.lane) : filled, 1);
      },
    };
  },
);

/** Of an address in each space, as a generic one. */
const questions = spell(['isspacep'], [...WINDOWED, '']).map((one) => {
  const asked = one.split('.')[1] ?? '';
  const spaces = ['global', 'shared', 'local', 'param'];
  return {
    mnemonic: one,
    code: spaces
      .map(
        (space, i) =>
          `mov.u64 %l2, ${VARIABLES[space]}; cvta.${space}.u64 %l3, %l2; ${one} %p2, %l3; selp.u32 %r3, 1, 0, %p2; st.global.u32 [%out+${4 * i}], %r3;`,
      )
      .join(' '),
    expected: () => words(...spaces.map((space) => Number(space === kindOf(asked)))),
  };
});

export const warpForms: Form[] = [
  ...barriers,
  ...shuffles,
  ...votes,
  ...matches,
  ...reductions,
  ...conversions,
  ...questions,
  collective('elect.sync', '%r3|%p2, -1', STORE_BOTH, ({ lane }) => words(0, Number(lane === 0))),
  collective('activemask.b32', '%r3', STORE, () => words(-1)),
];
