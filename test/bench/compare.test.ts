import type { CaseResult } from '../../bench/measure/results';
import { changeWords, compareReports } from '../../bench/report/compare';
import type { Report } from '../../bench/report/report';
import { toText } from '../../bench/report/tables';
import { caseResult, gpuReport } from './fixture';

function reportOf(results: CaseResult[]): Report {
  return { ...gpuReport(), results };
}

function withSpread(result: CaseResult, spread: number): CaseResult {
  return { ...result, rows: result.rows.map((row) => ({ ...row, spread })) };
}

test('tells what is outside the spread from what is noise', () => {
  const before = caseResult('add', { us: 1000, them: 1000 });
  const after = caseResult('add', { us: 900, them: 1010 });
  const { changes } = compareReports(reportOf([before]), reportOf([after]));
  expect(changes).toMatchObject([
    { name: 'add', contender: 'us', oldNs: 1000, newNs: 900, ratio: 0.9, isOutsideSpread: true },
    // The spreads are 2 %: half of each is 20 ns together.
    { contender: 'them', ratio: 1.01, isOutsideSpread: false },
  ]);
  const noisy = compareReports(
    reportOf([withSpread(before, 0.12)]),
    reportOf([withSpread(after, 0.12)]),
  );
  expect(noisy.changes.map(({ isOutsideSpread }) => isOutsideSpread)).toEqual([false, false]);
});

test('in words', () => {
  const [change] = compareReports(
    reportOf([caseResult('add', { us: 1000 })]),
    reportOf([caseResult('add', { us: 500 })]),
  ).changes;
  expect(changeWords(change!)).toBe('2.00 times faster');
  expect(changeWords({ ...change!, ratio: 1.1 })).toBe('10.0 % slower');
  expect(changeWords({ ...change!, ratio: 1.01, isOutsideSpread: false })).toBe(
    '1.0 % slower, within the spread',
  );
});

test('names what was measured only before or only now, and what else is different', () => {
  const old = reportOf([caseResult('add', { us: 1, CUB: 1 })]);
  const now = reportOf([caseResult('add', { us: 1 }), caseResult('mul', { us: 1 })]);
  const gpu = { ...now.environment.gpu!, driver: '1.0' };
  const environment = { ...now.environment, gpu, date: '2001-01-01' };
  const comparison = compareReports(old, { ...now, environment });
  expect(comparison.gone).toEqual(['add, CUB']);
  expect(comparison.added).toEqual(['mul, us']);
  expect(comparison.environment).toEqual(['gpu.driver: 0.0, now 1.0']);
});

test('a report shows the largest changes first, and counts the others', () => {
  const old = reportOf([caseResult('a', { us: 100 }), caseResult('b', { us: 100, them: 100 })]);
  const now = reportOf([caseResult('a', { us: 90 }), caseResult('b', { us: 200, them: 100 })]);
  const text = toText({ ...now, comparison: compareReports(old, now) });
  expect(text).toMatch(/b +us +100 ns +200 ns +2\.00 times slower\n +a +us .* 11\.1 % faster/);
  expect(text).toMatch(/1 others +within the spread/);
});

test('reads reports of the first format, without subjects', () => {
  const old = require('../../bench/results/simulated/intel-xeon-2-cores.json') as Report;
  const { changes } = compareReports(old, old);
  expect(changes.length).toBeGreaterThan(20);
  expect(changes.every(({ ratio }) => ratio === 1)).toBe(true);
});
