import type { Work } from '../../bench/case';
import type { Environment } from '../../bench/environment';
import { judgeGoals } from '../../bench/goals';
import {
  EMPTY,
  ENQUEUE,
  FROM_API,
  FROM_CPP,
  IMPORT,
  LOOP_IJK,
  LOOP_IKJ,
  matmulName,
  NODECUDA,
  REQUIRE,
} from '../../bench/names';
import { alignColumns, formatNs, type Report, toMarkdown, toText } from '../../bench/report';
import { type CaseResult, toRow } from '../../bench/results';

function result(name: string, work: Work | null, medians: Record<string, number>): CaseResult {
  const rows = Object.entries(medians).map(([contender, medianNs]) =>
    toRow(
      contender,
      { medianNs, minNs: medianNs, spread: 0.1, samples: 3, timesPerSample: 1 },
      work,
    ),
  );
  return { name, work, rows, skipped: null };
}

function results(own: number, ikj: number, enqueue: number, requireNs: number): CaseResult[] {
  const work: Work = { amount: 2 * 512 ** 3, unit: 'FLOP' };
  return [
    result(matmulName(512), work, { [NODECUDA]: own, [LOOP_IJK]: 500e6, [LOOP_IKJ]: ikj }),
    result(ENQUEUE, null, { [FROM_API]: enqueue, [FROM_CPP]: 100 }),
    result(IMPORT, null, { [REQUIRE]: requireNs, [EMPTY]: 40e6 }),
  ];
}

const FACTS = { simulated: true, workers: 2, prebuiltAddonBytes: 5_000_000 };

describe('judgeGoals', () => {
  test('all met', () => {
    const goals = judgeGoals(results(50e6, 300e6, 350, 45e6), FACTS);
    expect(goals.map(({ met }) => met)).toEqual([true, true, true, true, true]);
    expect(goals.map(({ figure }) => figure)).toEqual([
      '5.37 GFLOP/s with 2 workers',
      '10.0 times i-j-k, 6.0 times i-k-j',
      '250 ns more',
      '5.0 ms more than an empty program',
      '5.00 MB',
    ]);
  });

  test('none met; the faster of the loops counts', () => {
    const facts = { ...FACTS, prebuiltAddonBytes: 8_000_000 };
    const goals = judgeGoals(results(90e6, 300e6, 401, 91e6), facts);
    expect(goals.map(({ met }) => met)).toEqual([false, false, false, false, false]);
  });

  test('what was not measured is neither', () => {
    const onGpu = { simulated: false, workers: null, prebuiltAddonBytes: null };
    const goals = judgeGoals(results(50e6, 300e6, 350, 45e6).slice(0, 1), onGpu);
    expect(goals.map(({ met }) => met)).toEqual([null, null, null, null, null]);
  });
});

test('formatNs keeps three digits in every unit', () => {
  expect(formatNs(12.345)).toBe('12.3 ns');
  expect(formatNs(999.4)).toBe('999 ns');
  expect(formatNs(999.6)).toBe('1.00 us');
  expect(formatNs(1.5e6)).toBe('1.50 ms');
  expect(formatNs(61e9)).toBe('61.0 s');
  expect(formatNs(1234e9)).toBe('1234 s');
});

test('alignColumns', () => {
  expect(
    alignColumns([
      ['a', 'bb', ''],
      ['ccc', 'd'],
    ]),
  ).toEqual(['a    bb', 'ccc  d']);
});

describe('a report', () => {
  const skipped: CaseResult = { name: 'big', work: null, rows: [], skipped: 'needs a GPU' };
  const measured = results(50e6, 300e6, 350, 45e6);
  const report: Report = {
    environment: { cpu: 'A Processor', workers: null } as Environment,
    results: [...measured, skipped],
    goals: judgeGoals(measured, FACTS),
  };

  test('as text says what was measured, skipped and reached', () => {
    const text = toText(report);
    expect(text).toMatch(/cpu +A Processor/);
    expect(text).not.toMatch(/^ *workers/m);
    expect(text).toMatch(/matmul float32 512 +nodecuda.* 50\.0 ms .* 10 % +5\.37 GFLOP\/s +1\.00 /);
    expect(text).toMatch(/JavaScript loops i-j-k +500 ms .* 10\.0 /);
    expect(text).toMatch(/big +needs a GPU/);
    expect(text).toMatch(/under 8 MB +5\.00 MB +met/);
  });

  test('as Markdown has a table for each part', () => {
    const markdown = toMarkdown(report);
    expect(markdown.match(/^## .*$/gm)).toEqual([
      '## Environment',
      '## Results',
      '## Skipped',
      '## Goals',
    ]);
    expect(markdown).toContain('| big | needs a GPU |');
  });
});
