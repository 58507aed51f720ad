// Every form (opcode and modifiers) of these families that the decoder takes is run, and held against what PTX says
// that it does; and it takes what ptxas takes, which is the oracle of what there is. Candidates are all ways to
// join what may stand in a mnemonic, so most of them are none. Arithmetic is counted in test/native/exec/arithmetic.
import { readFileSync } from 'node:fs';
import { cuda } from '../../../../lib/index.js';
import { atomicForms } from './atomics.js';
import { copyForms } from './copies.js';
import { mbarrierForms } from './mbarrier.js';
import { memoryForms } from './memory.js';
import { mmaForms } from './mma.js';
import { moveForms } from './moves.js';
import { quietForms } from './quiet.js';
import { type Form, type Outcome, ptxasRefuses, runForms, withPtxas } from './run.js';
import { warpForms } from './warp.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
afterAll(() => device.dispose());

// How many forms there are is written down, so that a new one, or one that is gone, is looked at.
const FAMILIES: [name: string, forms: Form[], count: number][] = [
  ['memory', memoryForms, 1679],
  ['atomics', atomicForms, 689],
  ['quiet', quietForms, 104],
  ['warp', warpForms, 140],
  ['copies', copyForms, 190],
  ['mbarrier', mbarrierForms, 415],
  ['mma', mmaForms, 317],
  ['moves of matrices', moveForms, 37],
];
const outcomes = new Map<string, Promise<Outcome>>();
const outcomeOf = (name: string, forms: Form[]) => {
  if (!outcomes.has(name)) outcomes.set(name, runForms(device, forms));
  return outcomes.get(name)!;
};

// ptxas takes these, the manual does not have them, and nvcc does not write them.
const WITHOUT_MANUAL = [
  /\.v8\.(?!([bus]32|f32)$)/, // of elements of other sizes
  /^barrier(\.cta)?\.aligned\.sync/,
  /\.sync\.\w+\.sync\./,
  /^mma\.sync\.aligned\.m16n8k16\.row\.col\.f32\.tf32/,
  /^mma\.sp.*m16n8k32.*f16\.f32\/\w+, [23]$/, // a selector of 0 or 1
  / -1$/, // groups of copies that may be left
  /^(mapa|getctarank)\.(u32|.*s64)$/, // a generic address is of 64 bits, and none has a sign
];

describe.each(FAMILIES)('%s', (name, forms, count) => {
  test('each form that is taken does what PTX says', async () => {
    const { right, wrong } = await outcomeOf(name, forms);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(new Set(right).size).toBe(count);
  }, 30_000);

  withPtxas()(
    'the forms that are taken are those that ptxas takes',
    async () => {
      const { refused } = await outcomeOf(name, forms);
      const none = ptxasRefuses(forms, ['sm_120a', 'sm_90a', 'sm_100a']);
      const all = forms.map(({ mnemonic }) => mnemonic);
      const lax = all.filter((one) => none.has(one) && !refused.has(one));
      expect(lax.map((one) => `${one}: ${none.get(one)}`)).toEqual([]);
      const strict = all.filter((one) => !none.has(one) && refused.has(one));
      const odd = (one: string) => WITHOUT_MANUAL.some((pattern) => pattern.test(one));
      expect(strict.filter((one) => !odd(one)).map((one) => `${one}: ${refused.get(one)}`)).toEqual(
        [],
      );
    },
    60_000,
  );
});

// A word that no form has that is taken has not been tried.
test.each([
  ['decode/memory_syntax.cc', ['param::func', 'to']],
  [
    'decode/system.cc',
    [
      'param::func',
      'idx',
      'uni',
      'v4',
      'u16',
      'x',
      'y',
      'z',
      'w',
      'brx',
      'mov',
      'setp',
      'lt',
      'eq',
      'sub',
      's64',
    ],
  ],
  ['decode/async/mbarrier.cc', []],
  ['decode/async/async.cc', ['wgmma']],
  ['warp/atomics.cc', []],
  ['isa/exchange.cc', []],
])('each word of %s stands in a form that is taken', async (file, others: string[]) => {
  const all = await Promise.all(FAMILIES.map(([name, forms]) => outcomeOf(name, forms)));
  const taken = new Set(all.flatMap(({ right }) => right).flatMap((one) => one.split(/[./]/)));
  const code = readFileSync(`native/simulator/exec/${file}`, 'utf8')
    .replace(/^\s*(#include|\/\/).*$/gm, '')
    .replace(/Fail\([^;]*;|return "[^;]*;|wrong = "[^;]*;|\*why = [^;]*;/g, '');
  const words = [...code.matchAll(/"([\w:.]+)"/g)].flatMap(([, text]) => text!.split('.'));
  const untried = new Set(
    words.filter((word) => word && !taken.has(word) && !others.includes(word)),
  );
  expect([...untried]).toEqual([]);
});
