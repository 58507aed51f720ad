// ld, ldu and st.
import { BYTES, type Form, type Memory, patternByte, spell } from './run.js';

const SCOPES = ['cta', 'cluster', 'gpu', 'sys'];
const ordered = (orders: string[]) =>
  orders.flatMap((order) => SCOPES.map((scope) => `${order}.${scope}`));
const LOAD_ORDERS = ['', 'weak', 'volatile', ...ordered(['relaxed', 'acquire', 'mmio.relaxed'])];
const STORE_ORDERS = ['', 'weak', 'volatile', ...ordered(['relaxed', 'release', 'mmio.relaxed'])];
const L1 = [
  '',
  'L1::evict_normal',
  'L1::evict_unchanged',
  'L1::evict_first',
  'L1::evict_last',
  'L1::no_allocate',
];
const L2 = ['', 'L2::evict_normal', 'L2::evict_first', 'L2::evict_last'];
const PREFETCH = ['', 'L2::64B', 'L2::128B', 'L2::256B'];
const HINT = ['', 'L2::cache_hint'];
const TYPES = [
  'b8',
  'b16',
  'b32',
  'b64',
  'u8',
  'u16',
  'u32',
  'u64',
  's8',
  's16',
  's32',
  's64',
  'f32',
  'f64',
  'b128',
  'f16',
  'bf16',
  'pred',
];
const VECTORS = ['', 'v2', 'v4', 'v8'];
const LOAD_SPACES = [
  '',
  'global',
  'shared',
  'shared::cta',
  'shared::cluster',
  'local',
  'const',
  'param',
  'param::entry',
];
const STORE_SPACES = [
  '',
  'global',
  'shared',
  'shared::cta',
  'shared::cluster',
  'local',
  'const',
  'param',
];

const bitsOf = (type: string) => Number(/\d+/.exec(type) ?? 1);
const has = (mnemonic: string, word: string) => mnemonic.split('.').includes(word);

interface Access {
  space: string;
  type: string;
  count: number;
  policy: string;
}
function accessOf(mnemonic: string): Access {
  const words = mnemonic.split('.');
  const space = words.find((word) => LOAD_SPACES.slice(1).includes(word)) ?? '';
  const vector = words.find((word) => VECTORS.slice(1).includes(word));
  return {
    space,
    type: words.at(-1)!,
    count: Number(vector?.[1] ?? 1),
    policy: has(mnemonic, 'L2::cache_hint') ? ', %place' : '',
  };
}

/** The name of the i-th register of a value, as wide as it is. */
function registerOf(type: string, i: number): string {
  if (type === 'pred') return `%p${i}`;
  if (type === 'f32' || type === 'f64') return `%${type === 'f32' ? 'f' : 'd'}${i}`;
  const bits = bitsOf(type);
  return `%${bits === 128 ? 'q' : bits === 64 ? 'l' : bits === 32 ? 'r' : 'h'}${i}`;
}
const listOf = (names: string[]) => (names.length === 1 ? names[0]! : `{${names.join(', ')}}`);

const SHARED = `mov.u32 %r30, shared; mad.lo.u32 %r30, %lane, ${BYTES}, %r30;`;
/** Copies 64 bytes: of each space, and where they are in it. */
const copy = (to: string, target: string, from: string, source: string) =>
  [0, 16, 32, 48]
    .map((at) => {
      const four = '{%r31, %r32, %r33, %r34}';
      return `ld.${from}.v4.b32 ${four}, [${source}+${at}]; st.${to}.v4.b32 [${target}+${at}], ${four};`;
    })
    .join(' ');
/** Copies the thread's memory to where an access of the space finds it, and says what address it has. */
function staged(space: string): [code: string, address: string] {
  if (space.startsWith('shared'))
    return [`${SHARED} ${copy('shared', '%r30', 'global', '%in')}`, '%r30'];
  if (space === 'local') return [copy('local', 'local', 'global', '%in'), 'local'];
  if (space === 'const') return ['', 'constant'];
  return ['', space.startsWith('param') ? 'parameter' : '%in'];
}
const isConstant = (space: string) => space === 'const' || space.startsWith('param');

function bytesAt({ own }: Memory, space: string, at: number, bytes: number): bigint {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) {
    value = (value << 8n) | BigInt(isConstant(space) ? patternByte(at + i) : own.getUint8(at + i));
  }
  return value;
}

/** Each element is stored as 8 bytes, of which a signed one fills all. */
function load(mnemonic: string): Form {
  const { space, type, count, policy } = accessOf(mnemonic);
  const bits = bitsOf(type);
  const [stage, address] = staged(space);
  // Integers are loaded into registers of 64 bits: also what extends them is seen.
  const widens =
    'bus'.includes(type[0]!) && type !== 'pred' && bits < 64 && type !== 'bf16' && count < 8;
  const registers = Array.from({ length: count }, (_, i) =>
    widens ? `%l${i}` : registerOf(type, i),
  );
  const stride = bits === 128 ? 16 : 8;
  const stores = registers.map((name, i) =>
    type === 'pred' ? '' : `st.global.b${widens ? 64 : bits} [%out+${stride * i}], ${name};`,
  );
  return {
    mnemonic,
    code: `${stage} ${mnemonic} ${listOf(registers)}, [${address}]${policy}; ${stores.join(' ')}`,
    expected: (memory) =>
      registers.map((_, i) => {
        const value = bytesAt(memory, space, (i * bits) / 8, bits / 8);
        const wide =
          type[0] === 's' && widens ? BigInt.asUintN(64, BigInt.asIntN(bits, value)) : value;
        return { at: stride * i, bytes: widens ? 8 : bits / 8, value: wide };
      }),
  };
}

/** From registers of 64 bits if it is an integer, so that cutting is seen, and back as it lies in memory. */
function store(mnemonic: string): Form {
  const { space, type, count, policy } = accessOf(mnemonic);
  const bits = bitsOf(type);
  const cuts =
    'bus'.includes(type[0]!) && type !== 'pred' && bits < 64 && type !== 'bf16' && count < 8;
  const registers = Array.from({ length: count }, (_, i) =>
    cuts ? `%l${i}` : registerOf(type, i),
  );
  const stride = bits === 128 ? 16 : 8;
  const loads = registers.map((name, i) =>
    type === 'pred' ? '' : `ld.global.b${cuts ? 64 : bits} ${name}, [%in+${stride * i}];`,
  );
  const shared = space.startsWith('shared');
  const address = shared
    ? '%r30'
    : space === 'local'
      ? 'local'
      : space === 'const'
        ? 'constant'
        : space === 'param'
          ? 'parameter'
          : '%out';
  const zero =
    shared || space === 'local'
      ? [0, 16, 32, 48]
          .map((at) => `st.${space}.v4.b32 [${address}+${at}], {0, 0, 0, 0};`)
          .join(' ')
      : '';
  const back = shared || space === 'local' ? copy('global', '%out', space, address) : '';
  return {
    mnemonic,
    code: `${SHARED} ${zero} ${loads.join(' ')} ${mnemonic} [${address}], ${listOf(registers)}${policy}; ${back}`,
    expected: (memory) =>
      registers.map((_, i) => ({
        at: (i * bits) / 8,
        bytes: bits / 8,
        value: bytesAt(memory, '', stride * i, bits / 8),
      })),
  };
}

const [SOME_L1, SOME_L2] = [
  ['', 'L1::evict_last', 'L1::no_allocate'],
  ['', 'L2::evict_first'],
];
const LOAD_CACHES = ['', 'ca', 'cg', 'cs', 'lu', 'cv'];
const STORE_CACHES = ['', 'wb', 'cg', 'cs', 'wt'];
const NEAR = ['', 'global', 'shared'];

// What is moved is joined with all spaces, and what says how with all spaces and one type: the two do not meet in
// the simulator. Hints to caches change nothing: all of them with each other for accesses of 32 bytes, some for others.
export const memoryForms: Form[] = [
  ...[
    ...spell(['ld', 'ldu'], LOAD_SPACES, VECTORS, TYPES),
    ...spell(['ld'], LOAD_ORDERS, LOAD_SPACES, LOAD_CACHES, ['u32']),
    ...spell(['ld'], ['', 'weak', 'relaxed.gpu', 'volatile'], NEAR, ['nc'], LOAD_CACHES, SOME_L1, [
      'u32',
    ]),
    ...spell(['ld'], NEAR, LOAD_CACHES, L1, ['u32']),
    ...spell(
      ['ld'],
      ['', 'volatile', 'acquire.sys'],
      NEAR,
      ['', 'nc'],
      SOME_L1,
      SOME_L2,
      HINT,
      PREFETCH,
      ['u32'],
    ),
    ...spell(['ld.global'], ['', 'nc'], L1, L2, HINT, ['', 'L2::128B'], ['v8.f32', 'v4.u64']),
  ].map(load),
  ...[
    ...spell(['st'], STORE_SPACES, VECTORS, TYPES),
    ...spell(['st'], STORE_ORDERS, STORE_SPACES, STORE_CACHES, ['u32']),
    ...spell(
      ['st'],
      ['', 'weak', 'release.sys', 'volatile'],
      NEAR,
      ['', 'cg'],
      SOME_L1,
      SOME_L2,
      HINT,
      ['u32'],
    ),
    ...spell(['st.global'], ['', 'relaxed.gpu'], L1, L2, HINT, ['v8.f32', 'v4.u64']),
    ...spell(
      ['ld', 'st'],
      ['global'],
      ['ca.ca', 'cg.cg', 'weak.weak', 'relaxed.gpu.gpu', 'global', 'shared'],
      ['u32'],
    ),
  ].map((one) => (one.startsWith('ld') ? load(one) : store(one))),
];
