// What changes no value: fences, hints to caches, notes to profilers. Each is run between a store and a load.
import { type Form, spell } from './run.js';

const SCOPES = ['', 'cta', 'cluster', 'gpu', 'gl', 'sys'];

function quiet(mnemonic: string, operands = ''): Form {
  return {
    mnemonic,
    code: `ld.global.u32 %r1, [%in]; st.global.u32 [%out], %r1; mov.b64 %l9, 0; mov.u32 %r9, shared;
  ${mnemonic}${operands === '' ? '' : ` ${operands}`}; ld.global.u32 %r2, [%out]; st.global.u32 [%out+4], %r2;`,
    expected: ({ own }) =>
      [0, 4].map((at) => ({ at, bytes: 4, value: BigInt(own.getUint32(0, true)) })),
  };
}

const PROXIES = [
  'alias',
  'async',
  'async.global',
  'async.shared::cta',
  'async.shared::cluster',
  'tensormap::generic',
  'async::generic',
  'generic',
];
const RESTRICTED = [
  'sync_restrict::shared::cta',
  'sync_restrict::shared::cluster',
  'mbarrier_init',
];
const EVICT = ['L2::evict_last', 'L2::evict_normal', 'L2::evict_first', 'L2::evict_unchanged'];

export const quietForms: Form[] = [
  ...spell(['membar'], [...SCOPES, 'proxy.alias', 'proxy.async']).map((one) => quiet(one)),
  ...spell(['fence'], ['', 'sc', 'acq_rel', 'acquire', 'release'], SCOPES).map((one) => quiet(one)),
  ...spell(['fence'], ['', 'sc', 'acq_rel', 'acquire', 'release'], RESTRICTED, [
    'cluster',
    'cta',
    'sys',
    '',
  ]).map((one) => quiet(one)),
  ...spell(['fence.proxy'], PROXIES).map((one) => quiet(one)),
  ...spell(
    ['fence.proxy'],
    ['tensormap::generic', 'async::generic'],
    ['acquire', 'release', 'acq_rel'],
    SCOPES,
  ).flatMap((one) => [quiet(one), quiet(`${one}`, '[%in], 128')]),
  ...spell(['fence.proxy.async::generic'], ['acquire', 'release'], RESTRICTED, [
    'cluster',
    'cta',
  ]).map((one) => quiet(one)),
  ...spell(
    ['prefetch'],
    ['', 'global', 'local', 'shared', 'const', 'param'],
    ['', 'L1', 'L2', ...EVICT],
  ).map((one) => quiet(one, one.includes('local') ? '[local]' : '[%in]')),
  ...spell(['prefetch'], ['', 'const', 'param', 'global'], ['tensormap']).map((one) =>
    quiet(one, '[%in]'),
  ),
  ...spell(['prefetchu'], ['', 'global'], ['L1', 'L2', 'tensormap']).map((one) =>
    quiet(one, '[%in]'),
  ),
  ...spell(
    ['discard', 'applypriority'],
    ['', 'global', 'local', 'shared'],
    ['', 'L1', 'L2', ...EVICT],
  ).map((one) => quiet(one, '[%place], 128')),
  ...spell(
    ['createpolicy'],
    ['fractional'],
    EVICT,
    ['', 'L2::evict_first', 'L2::evict_unchanged', 'L2::evict_last'],
    ['b64', 'b32'],
  ).map((one) => quiet(one, '%l8, 0f3f000000')),
  ...spell(['createpolicy'], ['fractional'], EVICT, ['', 'L2::evict_unchanged'], ['b64']).map(
    (one) => quiet(one, '%l8'),
  ),
  ...spell(
    ['createpolicy'],
    ['range', 'range.global'],
    EVICT,
    ['', 'L2::evict_first', 'L2::evict_unchanged'],
    ['b64'],
  ).map((one) => quiet(one, '%l8, [%in], %r9, %r9')),
  ...spell(['createpolicy'], ['cvt.L2', 'cvt'], ['b64']).map((one) => quiet(one, '%l8, %l9')),
  ...spell(['griddepcontrol'], ['', 'wait', 'launch_dependents']).map((one) => quiet(one)),
  ...spell(['pmevent'], ['', 'mask']).map((one) => quiet(one, '3')),
  ...spell(['nanosleep'], ['', 'u32', 'b32', 'u64']).map((one) => quiet(one, '3')),
  ...spell(['setmaxnreg'], ['inc', 'dec'], ['sync', ''], ['aligned', ''], ['u32', 'b32']).map(
    (one) => quiet(one, '64'),
  ),
];
