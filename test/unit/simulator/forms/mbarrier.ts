// mbarriers, of which each thread has one of its own, and what is said of clusters.
import { BYTES, type Form, type Memory, spell } from './run.js';

const ORDERED = [
  '',
  'release',
  'cta',
  'release.cta',
  'release.cluster',
  'release.gpu',
  'acquire.cta',
  'acquire.cluster',
  'relaxed.cta',
  'relaxed.cluster',
];
const SPACES = ['', 'shared', 'shared::cta', 'shared::cluster', 'global'];
const MOST = 2 ** 20 - 1;

/** What an mbarrier is, by the PTX ISA (9.7.13.15). */
class Model {
  pending: number;
  phase = 0;
  bytes = 0;
  constructor(public expected: number) {
    this.pending = expected;
  }
  /** What is returned is the state before. */
  arrive(count = 1, drop = false): number {
    const before = this.pending;
    this.pending -= count;
    if (drop) this.expected -= count;
    this.advance();
    return before;
  }
  expect(bytes: number): void {
    this.bytes += bytes;
    this.advance();
  }
  private advance(): void {
    if (this.pending > 0 || this.bytes !== 0) return;
    this.pending = this.expected;
    this.phase ^= 1;
  }
  /** The phase that is over has the other parity. */
  isOver = (parity: number) => Number(parity !== this.phase);
}

/** How many arrivals the mbarrier of a thread expects: of 4 threads one has the least and one the most. */
function countOf({ lane, own }: Memory, least: number): number {
  if (lane % 4 === 0) return least;
  return lane % 4 === 1 ? MOST : Math.max(least, own.getUint32(0, true) & MOST);
}
const bytesOf = ({ own }: Memory) => own.getUint32(4, true) & MOST;
const halfOf = (count: number) => Math.max(1, count >> 1);

// %r9 and %l9 are the address, %r1 the number of arrivals, %r2 half of it, %r3 of bytes.
const setUp = (least: number) => `mov.u32 %r9, shared; mad.lo.u32 %r9, %lane, ${BYTES}, %r9;
  cvt.u64.u32 %l9, %r9; cvta.shared.u64 %l9, %l9; ld.global.v2.u32 {%r1, %r3}, [%in];
  and.b32 %r1, %r1, ${MOST}; and.b32 %r3, %r3, ${MOST}; max.u32 %r1, %r1, ${least}; and.b32 %r4, %lane, 3;
  setp.eq.u32 %p1, %r4, 0; selp.u32 %r1, ${least}, %r1, %p1; setp.eq.u32 %p1, %r4, 1; selp.u32 %r1, ${MOST}, %r1, %p1;
  shr.u32 %r2, %r1, 1; max.u32 %r2, %r2, 1; mbarrier.init.shared.b64 [%r9], %r1;`;
const tell = (at: number, predicate: string) =>
  `selp.u32 %r5, 1, 0, ${predicate}; st.global.u32 [%out+${at}], %r5;`;
const parities = (at: number) =>
  [0, 1]
    .map(
      (parity) =>
        `mbarrier.test_wait.parity.shared.b64 %p3, [%r9], ${parity}; ${tell(at + 4 * parity, '%p3')}`,
    )
    .join(' ');
const pending = (at: number, state: string) =>
  `mbarrier.pending_count.b64 %r5, ${state}; st.global.u32 [%out+${at}], %r5;`;

/** How it stands: arrivals that lack, the rest of them, and how many the next phase expects. */
const LOOK = `${parities(0)} mbarrier.arrive.shared.b64 %l3, [%r9]; ${pending(8, '%l3')}
  sub.u32 %r5, %r5, 1; setp.ne.u32 %p3, %r5, 0; @%p3 mbarrier.arrive.shared.b64 _, [%r9], %r5;
  ${parities(12)} mbarrier.arrive.shared.b64 %l3, [%r9]; ${pending(20, '%l3')}`;
function look(model: Model): number[] {
  const seen = [model.isOver(0), model.isOver(1)];
  const lacking = model.arrive();
  if (lacking > 1) model.arrive(lacking - 1);
  return [...seen, lacking, model.isOver(0), model.isOver(1), model.arrive()];
}

const words = (values: number[]) =>
  values.map((value, i) => ({ at: 4 * i, bytes: 4, value: BigInt(value) }));
const addressOf = (mnemonic: string) => (mnemonic.includes('shared') ? '%r9' : '%l9');

interface Case {
  mnemonic: string;
  operands: string;
  least?: number;
  before?: string;
  after?: string;
  /** What it does, and what it returns, if that is looked at. */
  does: (model: Model, memory: Memory) => number | undefined;
}
function changing({ mnemonic, operands, least = 1, before, after, does }: Case): Form {
  const returns = operands.startsWith('%l2');
  return {
    mnemonic: `${mnemonic}/${operands}`,
    code: `${setUp(least)} ${before ?? ''} ${mnemonic} ${operands}; ${after ?? ''}
  ${LOOK} ${returns ? pending(24, '%l2') : ''}`,
    expected: (memory) => {
      const model = new Model(countOf(memory, least));
      const result = does(model, memory);
      return words([...look(model), ...(returns ? [result!] : [])]);
    },
  };
}

const inits = spell(['mbarrier'], ['init', 'inval'], ['', 'relaxed.cta'], SPACES, [
  'b64',
  'u64',
  'b32',
  '',
]).map((mnemonic) => {
  const operands = `[${addressOf(mnemonic)}]`;
  const begins = mnemonic.includes('init');
  return changing({
    mnemonic,
    operands: begins ? `${operands}, %r1` : operands,
    before: begins ? 'mbarrier.arrive.shared.b64 _, [%r9]; mbarrier.inval.shared.b64 [%r9];' : '',
    after: begins ? '' : 'mbarrier.init.shared.b64 [%r9], %r1;',
    does: () => undefined,
  });
});

const transactions = spell(['mbarrier'], ['expect_tx', 'complete_tx'], ORDERED, SPACES, [
  'b64',
  'b32',
]).map((mnemonic) => {
  const expects = mnemonic.includes('expect');
  const last =
    'mbarrier.arrive.shared.b64 _, [%r9], %r1; mbarrier.complete_tx.shared.b64 [%r9], %r3;';
  return changing({
    mnemonic,
    operands: `[${addressOf(mnemonic)}], %r3`,
    before: expects
      ? ''
      : 'mbarrier.expect_tx.shared.b64 [%r9], %r3; mbarrier.arrive.shared.b64 _, [%r9], %r1;',
    after: expects ? last : '',
    does: (model, memory) => {
      model.expect(bytesOf(memory));
      model.arrive(model.expected);
      model.expect(-bytesOf(memory));
      return undefined;
    },
  });
});

function arrival(mnemonic: string, to: string, count: string): Form {
  const drop = mnemonic.includes('drop');
  const expects = mnemonic.includes('expect');
  return changing({
    mnemonic,
    operands: `${to}[${addressOf(mnemonic)}]${expects && count === ', %r2' ? ', %r3' : count}`,
    least: drop || mnemonic.includes('noComplete') ? 2 : 1,
    after: expects
      ? `mbarrier.complete_tx.shared.b64 [%r9], ${count === ', 1' ? '1' : '%r3'};`
      : undefined,
    does: (model, memory) => {
      if (!expects)
        return model.arrive(count === ', %r2' ? halfOf(model.expected) : undefined, drop);
      const bytes = count === ', 1' ? 1 : bytesOf(memory);
      model.expect(bytes);
      const before = model.arrive(1, drop);
      model.expect(-bytes);
      return before;
    },
  });
}
const ARRIVALS = ['arrive', 'arrive_drop'];
const arrivals = [
  ...spell(['mbarrier'], ARRIVALS, ['', 'expect_tx', 'noComplete'], ORDERED, SPACES, [
    'b64',
  ]).flatMap((mnemonic) =>
    ['%l2, ', '_, '].flatMap((to) => ['', ', %r2'].map((count) => arrival(mnemonic, to, count))),
  ),
  ...spell(
    ['mbarrier'],
    ARRIVALS,
    ['', 'expect_tx', 'parity'],
    ['', 'shared'],
    ['b64', 'b32', ''],
  ).flatMap((mnemonic) => [arrival(mnemonic, '', ', %r2'), arrival(mnemonic, '%l2, ', ', 1')]),
];

const copies = spell(['cp.async.mbarrier.arrive'], ['', 'noinc', 'release.cta'], SPACES, [
  'b64',
  'u64',
  '',
]).map((mnemonic) =>
  changing({
    mnemonic,
    operands: `[${addressOf(mnemonic)}]`,
    before: 'cp.async.ca.shared.global [%r9+16], [%in], 16;',
    after: `cp.async.wait_all; ld.shared.u32 %r5, [%r9+20]; and.b32 %r5, %r5, ${MOST}; setp.ne.u32 %p3, %r5, %r3; @%p3 trap;`,
    does: (model) => (mnemonic.includes('noinc') ? model.arrive() : undefined),
  }),
);

/** Threads 0 to 7 and 16 to 23 end the phase, and of each half the first wait for its end, or for one of parity 0. */
const waits = spell(['mbarrier'], ['test_wait', 'try_wait'], ['', 'parity'], ORDERED, SPACES, [
  'b64',
]).flatMap((mnemonic) =>
  ['', ', %r3', ', 5'].map((limit) => {
    const parity = mnemonic.includes('parity');
    return {
      mnemonic: `${mnemonic}/${limit}`,
      code: `${setUp(2)} and.b32 %r4, %lane, 8; setp.eq.u32 %p2, %r4, 0; selp.u32 %r6, %r1, %r2, %p2; shr.u32 %r7, %lane, 4;
  mbarrier.arrive.shared.b64 %l2, [%r9], %r6; ${mnemonic} %p1, [${addressOf(mnemonic)}], ${parity ? '%r7' : '%l2'}${limit}; ${tell(0, '%p1')}`,
      expected: ({ lane }: Memory) => {
        const ended = (lane & 8) === 0;
        return words([Number(parity ? lane >> 4 !== Number(ended) : ended)]);
      },
    };
  }),
);

const counts = spell(
  ['mbarrier.pending_count'],
  ['', 'relaxed.cta'],
  ['', 'shared'],
  ['b64', 'u64', 'b32'],
).map((mnemonic) => ({
  mnemonic,
  code: `${setUp(1)} mbarrier.arrive.shared.b64 %l2, [%r9], %r2; ${mnemonic} %r5, %l2; st.global.u32 [%out], %r5;`,
  expected: (memory: Memory) => words([countOf(memory, 1)]),
}));

// Of a cluster of one block.
const others = spell(
  ['mapa', 'getctarank'],
  ['', 'shared', 'shared::cta', 'shared::cluster', 'global'],
  ['u32', 'u64', 'b32', 's64'],
).map((mnemonic) => {
  const maps = mnemonic.startsWith('mapa');
  const wide = mnemonic.endsWith('64');
  const from = mnemonic.includes('::cluster') ? (wide ? '%l8' : '%r9') : wide ? '%l9' : '%r9';
  const to = maps ? (wide ? '%l2' : '%r5') : '%r5';
  const address = mnemonic.includes('::cluster')
    ? `ld.shared::cluster.u32 %r5, [${to}];`
    : `ld.u32 %r5, [${to}];`;
  return {
    mnemonic,
    code: `${setUp(1)} cvt.u64.u32 %l8, %r9; st.shared.u32 [%r9], %r3; mov.u32 %r6, 0;
  ${mnemonic} ${to}, ${from}${maps ? ', %r6' : ''}; ${maps ? address : ''} st.global.u32 [%out], %r5;`,
    expected: (memory: Memory) => words([maps ? bytesOf(memory) : 0]),
  };
});

const clusters = spell(
  ['barrier.cluster'],
  ['arrive', 'wait', 'sync'],
  ['', 'release', 'acquire', 'relaxed'],
  ['', 'aligned'],
).map((mnemonic) => {
  const [before, after] = mnemonic.includes('wait')
    ? ['barrier.cluster.arrive;', '']
    : ['', 'barrier.cluster.wait;'];
  return {
    mnemonic,
    code: `${setUp(1)} ${before} ${mnemonic}; ${after} st.global.u32 [%out], %r3;`,
    expected: (memory: Memory) => words([bytesOf(memory)]),
  };
});

export const mbarrierForms: Form[] = [
  ...inits,
  ...transactions,
  ...arrivals,
  ...copies,
  ...waits,
  ...counts,
  ...others,
  ...clusters,
];
