// Copies that run beside the thread: its own of a few bytes, bulk copies, and their hints and groups.
import { applied } from './atomics.js';
import { BYTES, type Form, type Memory, spell } from './run.js';

const SPACES = ['global', 'shared', 'shared::cta', 'shared::cluster'];
const MBARRIER = 'mbarrier::complete_tx::bytes';
const HINT = ['', 'L2::cache_hint'];
const policyOf = (mnemonic: string) => (mnemonic.includes('cache_hint') ? ', %l10' : '');

const ADDRESS = `mov.u32 %r9, shared; mad.lo.u32 %r9, %lane, ${BYTES}, %r9; mov.b64 %l10, 0;`;
/** 64 bytes, from one place to another. */
const copy = (from: string, source: string, to: string, target: string) =>
  [0, 16, 32, 48]
    .map((at) => {
      const four = '{%r31, %r32, %r33, %r34}';
      return `ld.${from}.v4.b32 ${four}, [${source}+${at}]; st.${to}.v4.b32 [${target}+${at}], ${four};`;
    })
    .join(' ');
function bytesOf({ own }: Memory, from: number, count: number): bigint {
  let value = 0n;
  for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(own.getUint8(from + i));
  return value;
}

/** Of a thread's first 16 bytes, of which it reads as many as its fifth word says, at most, or none if that is odd. */
function ownCopy(mnemonic: string, size: number, last: string): Form {
  const ignores = last.includes('%p');
  return {
    mnemonic: `${mnemonic}/${size}${last}`,
    code: `${ADDRESS} ld.global.u32 %r1, [%in+16]; and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 1; rem.u32 %r3, %r1, ${size + 1};
  mov.u32 %r4, -1; st.shared.v4.b32 [%r9], {%r4, %r4, %r4, %r4};
  ${mnemonic} [%r9], [%in], ${size}${last}${policyOf(mnemonic)}; cp.async.wait_all;
  ld.shared.v4.b32 {%r31, %r32, %r33, %r34}, [%r9]; st.global.v4.b32 [%out], {%r31, %r32, %r33, %r34};`,
    expected: (memory) => {
      const word = memory.own.getUint32(16, true);
      const ignored = ignores && word % 2 === (last.includes('!') ? 0 : 1);
      const reads = last === ', %r3' ? word % (size + 1) : last === ', 2' ? 2 : ignored ? 0 : size;
      const rest = (1n << 128n) - (1n << BigInt(8 * size));
      return [{ at: 0, bytes: 16, value: bytesOf(memory, 0, reads) | rest }];
    },
  };
}
const ownCopies = [
  ...spell(['cp.async'], ['ca', 'cg'], ['shared', 'shared::cta'], ['global']).flatMap((one) =>
    [2, 4, 8, 16, 32].flatMap((size) =>
      ['', ', %r3', ', 2', ', %p1', ', !%p1'].map((last) => ownCopy(one, size, last)),
    ),
  ),
  ...spell(['cp.async'], ['', 'ca', 'cg', 'cs'], ['', ...SPACES], ['', 'global', 'shared'], HINT, [
    '',
    'L2::64B',
    'L2::128B',
    'L2::256B',
  ]).flatMap((one) => ['', ', %r3', ', %p1'].map((last) => ownCopy(one, 16, last))),
  ...spell(['cp.async.cg.shared.global'], ['L2::64B.L2::cache_hint', 'L2::128B.L2::64B']).map(
    (one) => ownCopy(one, 16, ''),
  ),
];

const groups = spell(
  ['cp.async'],
  ['', 'bulk'],
  ['commit_group', 'wait_group', 'wait_all'],
  ['', 'read'],
).flatMap((mnemonic) =>
  ['', ' 0', ' 3', ' -1', ' %r1'].map((count) => {
    const [bulk, waits] = [mnemonic.includes('bulk'), mnemonic.includes('wait')];
    const family = bulk ? 'cp.async.bulk' : 'cp.async';
    const move = bulk
      ? `${copy('global', '%in', 'shared', '%r9')} fence.proxy.async; cp.async.bulk.global.shared::cta.bulk_group [%out], [%r9], 64;`
      : 'cp.async.ca.shared.global [%r9], [%in], 16;';
    const commit = waits ? `${family}.commit_group;` : '';
    const wait = bulk ? `${family}.wait_group 0;` : `${family}.wait_all;`;
    return {
      mnemonic: `${mnemonic}/${count}`,
      code: `${ADDRESS} ${move} ${commit} ${mnemonic}${count}; ${waits && count === ' 0' ? '' : wait}
  ${bulk ? '' : 'ld.shared.v4.b32 {%r31, %r32, %r33, %r34}, [%r9]; st.global.v4.b32 [%out], {%r31, %r32, %r33, %r34};'}`,
      expected: (memory: Memory) => {
        const bytes = bulk ? 64 : 16;
        return [{ at: 0, bytes, value: bytesOf(memory, 0, bytes) }];
      },
    };
  }),
);

// The first 32 bytes of the shared memory of a thread are copied to or from, the next are another place in it, and
// the last 8 are an mbarrier.
const AWAIT = `wait: mbarrier.try_wait.parity.shared.b64 %p3, [%r9+56], 0; @!%p3 bra wait;`;
const addressIn = (space: string, offset = 0) =>
  space === 'global' ? (offset > 0 ? '%in' : '%out') : offset > 0 ? `%r9+${offset}` : '%r9';

/** As many as 32 bytes, to what is in memory already if they are reduced there. */
function bulk(mnemonic: string): Form {
  const words = mnemonic.split('.');
  const [to, from] = words.filter((word) => SPACES.includes(word)) as [string, string];
  const tells = words.includes(MBARRIER);
  const group = words.includes('bulk_group') || !tells;
  const reduces = words[1] === 'reduce';
  const operation = words.find((word) => OPERATIONS.includes(word)) ?? '';
  const type = words.at(-1)!;
  const size = Number(/\d+/.exec(type) ?? 8) / 8;
  const operands = [
    `[${addressIn(to)}], [${addressIn(from, 32)}], %r8`,
    ...(tells ? ['[%r9+56]'] : []),
    ...(words.includes('multicast::cluster') ? ['%h1'] : []),
  ];
  // What is copied are the first 16 bytes, or 32 of them unless the mbarrier would be in the way.
  const bytes = reduces && tells ? 16 : from === 'global' || !tells ? 32 : 16;
  const halves =
    from === 'global'
      ? ''
      : 'ld.global.v4.b32 {%r31, %r32, %r33, %r34}, [%in]; st.shared.v4.b32 [%r9+32], {%r31, %r32, %r33, %r34}; ld.global.v4.b32 {%r31, %r32, %r33, %r34}, [%in+16]; st.shared.v4.b32 [%r9+48], {%r31, %r32, %r33, %r34};';
  const before = [
    'ld.global.v4.b32 {%r31, %r32, %r33, %r34}, [%in+32];',
    'ld.global.v4.b32 {%r35, %r36, %r37, %r38}, [%in+48];',
  ];
  const place = to === 'global' ? ['global', '%out'] : ['shared', '%r9'];
  return {
    mnemonic,
    code: `${ADDRESS} ${halves} ${before.join(' ')}
  st.${place[0]}.v4.b32 [${place[1]}], {%r31, %r32, %r33, %r34}; st.${place[0]}.v4.b32 [${place[1]}+16], {%r35, %r36, %r37, %r38};
  mov.u32 %r8, ${bytes}; mov.b16 %h1, 1; ${tells ? 'mbarrier.init.shared.b64 [%r9+56], 1; mbarrier.arrive.expect_tx.shared.b64 _, [%r9+56], %r8;' : ''}
  fence.proxy.async; ${mnemonic} ${operands.join(', ')}${policyOf(mnemonic)}; ${group ? 'cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;' : ''} ${tells ? AWAIT : ''}
  ${to === 'global' ? '' : 'ld.shared.v4.b32 {%r31, %r32, %r33, %r34}, [%r9]; st.global.v4.b32 [%out], {%r31, %r32, %r33, %r34}; ld.shared.v4.b32 {%r31, %r32, %r33, %r34}, [%r9+16]; st.global.v4.b32 [%out+16], {%r31, %r32, %r33, %r34};'}`,
    expected: (memory) => {
      if (!reduces) {
        return [
          { at: 0, bytes: 32, value: bytesOf(memory, 32, 32) },
          { at: 0, bytes, value: bytesOf(memory, 0, bytes) },
        ];
      }
      const results = [{ at: 0, bytes: 32, value: bytesOf(memory, 32, 32) }];
      for (let at = 0; at < bytes; at += size) {
        const [a, b] = [bytesOf(memory, 32 + at, size), bytesOf(memory, at, size)];
        const value = applied(operation, type, type === 'f32', a, b, 0n);
        results.push({ at, bytes: size, value: BigInt.asUintN(8 * size, value) });
      }
      return results;
    },
  };
}
const OPERATIONS = ['add', 'min', 'max', 'inc', 'dec', 'and', 'or', 'xor', 'exch'];
const TYPES = ['u32', 's32', 'u64', 's64', 'b32', 'b64', 'f16', 'bf16', 'f32', 'f64', 'f16x2'];
const ENDS = ['bulk_group', MBARRIER];

const bulkCopies = [
  ...spell(
    ['cp.async.bulk'],
    SPACES,
    SPACES,
    ['', ...ENDS, ENDS.join('.')],
    ['', 'multicast::cluster'],
    ['', 'L2::cache_hint', 'tile'],
  ),
  ...spell(['cp.reduce.async.bulk'], SPACES, SPACES, ENDS, HINT, ['add.u32', 'and.b32']),
  ...[
    ['global', 'bulk_group'],
    ['shared::cluster', MBARRIER],
  ].flatMap(([to, end]) =>
    spell(
      ['cp.reduce.async.bulk'],
      [to!],
      ['shared::cta'],
      [end!],
      ['', 'multicast::cluster'],
      OPERATIONS,
      ['', 'noftz'],
      TYPES,
    ),
  ),
].map(bulk);

const prefetches = spell(
  ['cp.async.bulk.prefetch'],
  ['', 'L1', 'L2'],
  ['', ...SPACES],
  ['', 'tile', 'L2::cache_hint', 'L2::cache_hint.L2'],
).flatMap((mnemonic) =>
  ['', ', %r8', ', 32', ', %l9'].map((size) => ({
    mnemonic: `${mnemonic}/${size}`,
    code: `${ADDRESS} mov.u32 %r8, 32; mov.b64 %l9, 32; ${mnemonic} [%in]${size}${policyOf(mnemonic)}; ld.global.u32 %r1, [%in]; st.global.u32 [%out], %r1;`,
    expected: (memory: Memory) => [{ at: 0, bytes: 4, value: bytesOf(memory, 0, 4) }],
  })),
);

export const copyForms: Form[] = [...ownCopies, ...groups, ...bulkCopies, ...prefetches];
