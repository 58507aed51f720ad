import { judgeGoals } from '../../bench/goals/goals';
import type { Work } from '../../bench/measure/case';
import {
  EMPTY,
  ENQUEUE,
  FROM_API,
  FROM_LAUNCH,
  FROM_NATIVE,
  FROM_PREPARED,
  hostMatmulName,
  IMPORT,
  LAUNCH,
  LOOP_IJK,
  LOOP_IKJ,
  matmulName,
  NODECUDA,
  REQUIRE,
} from '../../bench/measure/names';
import { type CaseResult, toSkipped } from '../../bench/measure/results';
import { toHtml } from '../../bench/page/page';
import { alignColumns, formatNs, toMarkdown, toText } from '../../bench/report/tables';
import { caseResult, gpuReport } from './fixture';

function results(own: number, ikj: number, enqueue: number, requireNs: number): CaseResult[] {
  const work: Work = { amount: 2 * 512 ** 3, unit: 'FLOP' };
  return [
    caseResult(matmulName(512), { [NODECUDA]: own }, work),
    caseResult(hostMatmulName(512), { [LOOP_IJK]: 500e6, [LOOP_IKJ]: ikj }, work),
    caseResult(ENQUEUE, { [FROM_API]: enqueue, [FROM_NATIVE]: 100 }),
    caseResult(LAUNCH, {
      [FROM_API]: 200,
      [FROM_LAUNCH]: 1.2 * enqueue,
      [FROM_PREPARED]: enqueue / 2,
    }),
    caseResult(IMPORT, { [REQUIRE]: requireNs, [EMPTY]: 40e6 }),
  ];
}

const FACTS = {
  device: 'simulated',
  simulated: true,
  workers: 2,
  prebuiltAddonBytes: 5e6,
  loadBefore: 0.5,
  cores: 2,
};

describe('judgeGoals', () => {
  test('all met', () => {
    const goals = judgeGoals(results(50e6, 300e6, 250, 45e6), FACTS);
    expect(goals.map(({ met }) => met)).toEqual(Array(6).fill(true));
    expect(goals.map(({ figure }) => figure)).toEqual([
      '10.0 times i-j-k, 6.0 times i-k-j; 5.37 GFLOP/s with 2 workers',
      '2.50 times: 250 ns and 100 ns',
      '1.50 times: 300 ns and 200 ns',
      '0.63 times: 125 ns and 200 ns',
      '1.13 times: 45.0 ms and 40.0 ms',
      '5.00 MB',
    ]);
  });

  test('none met; the faster of the loops counts', () => {
    const facts = { ...FACTS, prebuiltAddonBytes: 17_000_000 };
    const goals = judgeGoals(results(90e6, 300e6, 401, 91e6), facts);
    expect(goals.map(({ met }) => met)).toEqual(Array(6).fill(false));
  });

  test('on a busy machine only what takes no time is missed; what is reached is reached', () => {
    const facts = { ...FACTS, prebuiltAddonBytes: 17_000_000, loadBefore: 2.1 };
    const goals = judgeGoals(results(90e6, 300e6, 250, 91e6), facts);
    expect(goals.map(({ met }) => met)).toEqual([null, true, true, true, null, false]);
    expect(goals[0]!.figure).toMatch(/; the machine was busy$/);
  });

  test('what was not measured is neither', () => {
    const goals = judgeGoals([], { ...FACTS, prebuiltAddonBytes: null });
    expect(goals.map(({ met }) => met)).toEqual(Array(6).fill(null));
  });

  describe('of an H200', () => {
    const { environment } = gpuReport();
    const goalOf = (report: ReturnType<typeof gpuReport>, text: string) =>
      report.goals.find(({ goal }) => goal.includes(text))!;

    test('are judged by the worst of the sizes', () => {
      const bfloat16 = goalOf(gpuReport(), 'bfloat16');
      expect(bfloat16).toMatchObject({ figure: '97.0 %; the aim is 100.0 %', met: true });
      expect(goalOf(gpuReport(0.97), 'bfloat16').met).toBe(false);
      expect(goalOf(gpuReport(1.1), 'bfloat16').figure).toBe('106.7 %; reaches the aim too');
      expect(goalOf(gpuReport(), 'fp32-fast, error').figure).toContain('1.50 times');
      expect(goalOf(gpuReport(), 'of the copy rate').figure).toContain('90.4 %');
      expect(goalOf(gpuReport(), 'of the cost of PyTorch').figure).toContain('29.3 %');
    });

    test('are open where a size is missing, and missed where one is below', () => {
      const goals = (ofCublas: number) => {
        const { results } = gpuReport(ofCublas);
        const kept = results.filter(({ name }) => name !== matmulName(8192, 'bfloat16'));
        return judgeGoals(kept, environment).find(({ goal }) => goal.includes('bfloat16'))!;
      };
      expect(goals(1)).toMatchObject({ met: null });
      expect(goals(1).figure).toContain('3 of 4 measured');
      expect(goals(0.9).met).toBe(false);
    });

    test('are not spoken of on other hardware', () => {
      const goals = judgeGoals(gpuReport().results, { ...environment, device: 'NVIDIA A100' });
      expect(goals.filter(({ goal }) => goal.includes('cuBLAS'))).toEqual([]);
    });
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
  const text = toText(gpuReport());

  test('as text says what was measured, skipped and reached', () => {
    expect(text).toMatch(/cpu +An Invented Processor/);
    expect(text).not.toMatch(/^ *workers/m);
    expect(text).toMatch(/gpu: power +100 W/);
    expect(text).toMatch(/matmul float32 512 +nodecuda.* device .* 2 % .* 1\.00 +3\.0e-7 /);
    expect(text).toMatch(/softmax +device\.softmax is not in this version/);
    expect(text).toMatch(/batched +CuPy +the result is wrong/);
    expect(text).toMatch(/at least 95\.0 % +97\.0 %; the aim is 100\.0 % +met/);
  });

  test('gathers what was skipped for the same reason', () => {
    const reason = 'needs a GPU';
    const names = ['add a', 'add b', 'mul c', 'mul d', 'copy e'];
    const skipped = names.map((name) => toSkipped(name, null, null, reason));
    const report = { ...gpuReport(), results: skipped };
    expect(toText(report)).toMatch(/5 of add, mul, copy +needs a GPU/);
    expect(toText({ ...report, results: skipped.slice(0, 2) })).toMatch(
      /add a; add b +needs a GPU/,
    );
  });

  test('says what failed', () => {
    const failed = { ...toSkipped('big', null, null, ''), skipped: null, failed: 'it is wrong' };
    expect(toText({ ...gpuReport(), results: [failed] })).toMatch(/Failed\n.*\n +big +it is wrong/);
  });

  test('says first that the machine was busy', () => {
    const { environment } = gpuReport();
    const busy = { ...gpuReport(), environment: { ...environment, loadBefore: 9, cores: 4 } };
    expect(toText(busy)).toMatch(/^WARNING: The machine was busy: 9 threads wanted its 4 cores/);
    expect(toMarkdown(busy)).toContain('**The machine was busy');
    expect(toHtml(busy)).toContain('<p class="warning">The machine was busy');
    for (const make of [toText, toMarkdown, toHtml]) expect(make(gpuReport())).not.toMatch('busy');
  });

  test('as Markdown has a table for each part', () => {
    const markdown = toMarkdown(gpuReport());
    expect(markdown.match(/^## .*$/gm)).toEqual([
      '## Environment',
      '## Results',
      '## Skipped',
      '## Left out',
      '## Goals',
    ]);
    expect(markdown).toContain('| batched | CuPy | the result is wrong');
  });
});
