import type { Subject } from '../../bench/measure/case';
import type { CaseResult } from '../../bench/measure/results';
import { breakEvenWords, sizeFormat } from '../../bench/page/charts';
import { toHtml } from '../../bench/page/page';
import { linePlot, logTicks, roundTicks } from '../../bench/page/plot';
import { compareReports } from '../../bench/report/compare';
import { caseResult, gpuReport } from './fixture';

const VOID = new Set(['meta', 'line', 'circle', 'rect', 'path']);

/** Opens and closes every element in order, as a browser that forgives nothing would want it. */
function checkNesting(html: string): void {
  const open: string[] = [];
  for (const [, slash, name, rest] of html.matchAll(/<(\/?)([a-z0-9]+)([^<>]*)>/gi)) {
    if (slash) expect(open.pop()).toBe(name);
    else if (!rest!.endsWith('/') && name !== 'meta') open.push(name!);
    else expect(VOID).toContain(name);
  }
  expect(open).toEqual([]);
}

const report = { ...gpuReport(), comparison: compareReports(gpuReport(0.9), gpuReport()) };
const html = toHtml(report);

describe('the page', () => {
  test('is well formed, and shows what the report says as text', () => {
    checkNesting(html.replace('<!doctype html>', ''));
    expect(html).toContain('CuPy');
    expect(html).toContain('not there: &lt;no module&gt;');
    expect(html).toContain('element 3 &amp; &quot;more&quot;');
    expect(html).not.toContain('<no module>');
  });

  test('needs nothing from elsewhere, and runs nothing', () => {
    expect(html).not.toMatch(
      /https?:|\/\/[a-z]|<script|<link|<img|<iframe|@import|url\(|\son\w+=/i,
    );
    expect(html).not.toMatch(/\s(src|href)=/);
  });

  test('has a plot of each kind', () => {
    const titles = [...html.matchAll(/<figcaption>([^<]*)/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'nodecuda, in percent of cuBLAS',
      'matmul bfloat16',
      'matmul float16',
      'matmul float32 tf32',
      'matmul float32',
      'matmul float32 fp32-fast',
      'matmul float64',
      'nodecuda, in percent of the copy rate measured beside it',
      'add float32',
      'Roofline: nodecuda below the best measured rates',
      'matmul float32, from host to host memory',
      'copy host to device',
      "enqueue add: the host's time for one",
    ]);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('of a run that measured next to nothing has no plots, but its tables', () => {
    const empty = toHtml({ ...gpuReport(), results: [caseResult('import', { node: 5 })] });
    checkNesting(empty.replace('<!doctype html>', ''));
    expect(empty).not.toContain('<figure');
    expect(empty).toContain('Results (1)');
  });
});

describe('plots', () => {
  test('a larger value is further up and to the right', () => {
    const axis = { label: '', isLog: false, format: String };
    const points = [1, 2, 4].map((x) => ({ x, y: x, label: `at ${x}` }));
    const plot = linePlot('t', axis, axis, [{ name: 'n', colour: 'red', points }]);
    const circles = [...plot.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    expect(circles).toHaveLength(3);
    const [a, b, c] = circles as [number[], number[], number[]];
    expect(c[0]! - b[0]!).toBeCloseTo(2 * (b[0]! - a[0]!), 0);
    expect(b[1]! - c[1]!).toBeCloseTo(2 * (a[1]! - b[1]!), 0);
    expect(c[1]!).toBeLessThan(a[1]!);
    expect(plot).toContain('<title>n: at 4</title>');
  });

  test('ticks', () => {
    expect(roundTicks(0, 790)).toEqual([0, 200, 400, 600]);
    expect(roundTicks(50, 104)).toEqual([60, 80, 100]);
    expect(logTicks(3, 150)).toEqual([5, 10, 20, 50, 100]);
    expect(logTicks(0.5, 20_000)).toEqual([1, 10, 100, 1000, 10_000]);
  });

  test('the labels of an axis are of one kind', () => {
    const labels = (...sizes: number[]) => sizes.map(sizeFormat(sizes));
    expect(labels(64, 4096, 2 ** 20)).toEqual(['2^6', '2^12', '2^20']);
    expect(labels(512, 8192)).toEqual(['512', '8192']);
    expect(labels(1000, 30_000)).toEqual(['1000', '30000']);
    expect(html).toMatch(/>100 us<\/text>/);
  });

  test('no two curves of a plot have a colour in common', () => {
    const names = ['JavaScript loops i-j-k', 'JavaScript loops i-k-j', 'tfjs wasm', 'who?', 'else'];
    const medians = Object.fromEntries(names.map((name, i) => [name, 1e4 * (i + 1)]));
    const work = { amount: 1e6, unit: 'FLOP' } as const;
    const results = [64, 128].map((size) => {
      const subject = { operation: 'matmul', type: 'float32', variant: 'host to host', size };
      return caseResult(`matmul ${size}`, medians, work, subject);
    });
    const page = toHtml({ ...gpuReport(), results });
    const colours = [...page.matchAll(/<li><svg[^>]*><g style="fill:([^"]+)"/g)].map(([, c]) => c);
    expect(colours).toHaveLength(5);
    expect(new Set(colours).size).toBe(5);
  });

  test('what is written beside an axis is clear of its label', () => {
    const long = { label: 'y', isLog: true, format: (value: number) => `${value} long words` };
    const axis = { label: 'x', isLog: true, format: String };
    const points = [1, 10].map((x) => ({ x, y: x, label: '' }));
    const plot = linePlot('t', axis, long, [{ name: 'n', colour: 'red', points }]);
    const ticks = [...plot.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="end">([^<]*)/g)];
    expect(ticks.length).toBeGreaterThan(1);
    // The label is 12 high, around x = 13; a character at that size is at most 7 wide.
    for (const [, x, text] of ticks) expect(Number(x) - 7 * text!.length).toBeGreaterThan(20);
  });

  test('break-even is the size from which on nothing on the CPU is faster', () => {
    const of = (size: number, own: number, numpy: number) =>
      caseResult('', { own, NumPy: numpy, PyTorch: 1 }, null, {
        size,
      } as Subject) as CaseResult & { subject: Subject };
    const words = (...cases: ReturnType<typeof of>[]) => breakEvenWords('add', cases);
    expect(words(of(512, 5, 9), of(64, 5, 9), of(128, 9, 5))).toContain('from size 512 on');
    expect(words(of(64, 5, 9))).toContain('from size 64 on');
    expect(words(of(64, 9, 5))).toContain('in no measured size');
  });
});
