/** Which plots a report is worth. A plot of which nothing was measured is not drawn. */
import type { Subject } from '../measure/case';
import {
  COPY,
  CUB,
  CUBLAS,
  CUPY,
  ENQUEUE,
  ENQUEUE_GPU,
  ENQUEUE_GPU_MATMUL,
  ENQUEUE_MATMUL,
  FROM_CPP,
  LAUNCH,
  NODECUDA,
  NUMPY,
  PYTORCH,
  TFJS,
} from '../measure/names';
import type { CaseResult, Row } from '../measure/results';
import type { Report } from '../report/report';
import { digits, formatNs } from '../report/tables';
import { type Axis, type Bar, barPlot, linePlot, type Point, type Series } from './plot';

/** A result with its subject. */
type Measured = CaseResult & { readonly subject: Subject };

/** The same contender has the same colour in every plot. */
const COLOURS: readonly (readonly [start: string, colour: string])[] = [
  ['nodecuda', 'var(--blue)'],
  ['device.', 'var(--blue)'],
  [CUBLAS, 'var(--orange)'],
  ['CUDA C++', 'var(--orange)'],
  [FROM_CPP, 'var(--orange)'],
  [CUB, 'var(--yellow)'],
  [PYTORCH, 'var(--aqua)'],
  [CUPY, 'var(--violet)'],
  [NUMPY, 'var(--red)'],
  [TFJS, 'var(--green)'],
  ['JavaScript', 'var(--magenta)'],
];

function colourOf(contender: string): string {
  const known = COLOURS.find(([start]) => contender.startsWith(start));
  return known?.[1] ?? 'var(--muted)';
}

/** A colour for each name of one plot: its own, or one that no other has, while there are some. */
function coloursOf(names: readonly string[]): string[] {
  const taken = new Set<string>();
  const free = BY_ORDER.map((_, i) => colourByOrder(i));
  return names.map((name) => {
    const own = colourOf(name);
    const others = names.map(colourOf);
    const colour = taken.has(own)
      ? free.find((each) => !taken.has(each) && !others.includes(each))
      : own;
    taken.add(colour ?? own);
    return colour ?? own;
  });
}

const BY_ORDER = ['blue', 'orange', 'aqua', 'red', 'violet', 'yellow', 'green', 'magenta'];

function colourByOrder(index: number): string {
  return `var(--${BY_ORDER[index % BY_ORDER.length]})`;
}

function measuredOf({ results }: Report): Measured[] {
  return results.filter((result): result is Measured => {
    return Boolean(result.subject) && result.rows.length > 0;
  });
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

function short(value: number): string {
  const digits = (part: number) => String(Number(part.toPrecision(3)));
  if (value >= 1e6) return `${digits(value / 1e6)}M`;
  return value >= 10_000 ? `${digits(value / 1000)}k` : digits(value);
}

/** Of round times: `100 us`. */
function shortTime(ns: number): string {
  const [value, unit] = formatNs(ns).split(' ');
  return `${Number(value)} ${unit}`;
}

/** Sizes of one axis, all in one way: as powers of two, where they are that and some are large. */
export function sizeFormat(sizes: readonly number[]): (size: number) => string {
  const arePowers = sizes.every((size) => Number.isInteger(Math.log2(size)));
  return arePowers && Math.max(...sizes) > 8192 ? (size) => `2^${Math.log2(size)}` : String;
}

/** Ticks at sizes that were measured, as many as there is room for. */
function sizeAxis(label: string, points: readonly Point[]): Axis {
  const sizes = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const every = Math.ceil(sizes.length / 8);
  const format = sizeFormat(sizes);
  return { label, isLog: true, format, ticks: sizes.filter((_, i) => i % every === 0) };
}

/** One curve per contender over the size of the cases. */
function curves(
  cases: readonly Measured[],
  y: (row: Row, result: Measured) => number,
  label: (row: Row, result: Measured) => string,
): Series[] {
  const names = [...new Set(cases.flatMap(({ rows }) => rows.map((row) => row.contender)))];
  const sorted = [...cases].sort((a, b) => a.subject.size - b.subject.size);
  const colours = coloursOf(names);
  return names.map((name, i) => ({
    name,
    colour: colours[i]!,
    points: sorted.flatMap((result) => {
      const row = result.rows.find(({ contender }) => contender === name);
      if (row === undefined) return [];
      return [{ x: result.subject.size, y: y(row, result), label: label(row, result) }];
    }),
  }));
}

/** Rates in the unit that suits the largest. */
function rateAxis(series: readonly Series[], unit: 'FLOP' | 'B'): { axis: Axis; divisor: number } {
  const values = series.flatMap(({ points }) => points.map(({ y }) => y));
  const isLarge = Math.max(...values) >= 1000;
  const name = `${isLarge ? 'T' : 'G'}${unit === 'FLOP' ? 'FLOP' : 'B'}/s`;
  const isLog = Math.max(...values) / Math.min(...values) > 50;
  return { axis: { label: name, isLog, format: short }, divisor: isLarge ? 1000 : 1 };
}

function rateText(row: Row, { name, work }: Measured): string {
  const unit = work?.unit === 'FLOP' ? 'GFLOP/s' : 'GB/s';
  return `${digits(row.rate!)} ${unit}, ${formatNs(row.medianNs)}, ${name}`;
}

function rateOverSize(title: string, xLabel: string, cases: readonly Measured[]): string {
  const series = curves(cases, (row) => row.rate!, rateText);
  const { axis, divisor } = rateAxis(series, cases[0]!.work!.unit);
  const scaled = series.map((one) => ({
    ...one,
    points: one.points.map((point) => ({ ...point, y: point.y / divisor })),
  }));
  const points = scaled.flatMap((one) => one.points);
  return linePlot(title, sizeAxis(xLabel, points), axis, scaled);
}

/** A plot per kind, if there are two sizes of it. */
function ratePlots(cases: readonly Measured[], xLabel: string, keep: (s: Subject) => boolean) {
  const kinds = groupBy(
    cases.filter(({ subject, work }) => work !== null && keep(subject)),
    ({ subject }) => [subject.operation, subject.type, subject.variant].filter(Boolean).join(' '),
  );
  return [...kinds]
    .filter(([, group]) => new Set(group.map(({ subject }) => subject.size)).size > 1)
    .map(([kind, group]) => rateOverSize(kind, xLabel, group));
}

export function matmulPlots(report: Report): string[] {
  return ratePlots(measuredOf(report), 'm = n = k', ({ operation, variant }) => {
    return operation === 'matmul' && variant === '';
  });
}

export function memoryPlots(report: Report): string[] {
  return ratePlots(measuredOf(report), 'elements', ({ operation, variant }) => {
    return operation !== 'matmul' && operation !== 'copy' && variant === '';
  });
}

export function copyPlots(report: Report): string[] {
  return ratePlots(measuredOf(report), 'bytes', ({ operation }) => operation === 'copy');
}

export function hostPlots(report: Report): string[] {
  const cases = measuredOf(report).filter(({ subject }) => subject.variant === 'host to host');
  return [...groupBy(cases, ({ subject }) => subject.operation)]
    .filter(([, group]) => group.length > 1)
    .map(([operation, group]) => {
      const series = curves(group, (row) => row.medianNs, rateText);
      const x = sizeAxis(operation === 'matmul' ? 'm = n = k' : 'elements', series[0]!.points);
      const y: Axis = { label: 'time', isLog: true, format: shortTime };
      const note = breakEvenWords(operation, group);
      return linePlot(`${operation} float32, from host to host memory`, x, y, series, note);
    });
}

/** From which size on nodecuda is faster than anything that computes on the CPU. */
export function breakEvenWords(operation: string, cases: readonly Measured[]): string {
  const isOnCpu = ({ contender }: Row) =>
    [TFJS, NUMPY].includes(contender) || contender.startsWith('JavaScript');
  const wins = (result: Measured) => {
    const fastest = Math.min(...result.rows.filter(isOnCpu).map((row) => row.medianNs));
    return result.rows[0]!.medianNs < fastest;
  };
  const sorted = [...cases].sort((a, b) => a.subject.size - b.subject.size);
  const first = sorted.find((_, i) => sorted.slice(i).every(wins));
  const format = sizeFormat(sorted.map(({ subject }) => subject.size));
  return first === undefined
    ? `${operation}: in no measured size faster than the fastest on the CPU.`
    : `${operation}: faster than the fastest on the CPU from size ${format(first.subject.size)} on.`;
}

/** How fast nodecuda is, cuBLAS being 100 percent. */
export function cublasPlot(report: Report): string[] {
  const cases = measuredOf(report).filter(({ subject, rows }) => {
    const isSquare = subject.operation === 'matmul' && subject.variant === '';
    // That one is compared with another precision of cuBLAS, and off the scale of the others.
    if (subject.type.endsWith('fp32-fast')) return false;
    return isSquare && rows.some(({ contender }) => contender === CUBLAS);
  });
  const types = [...groupBy(cases, ({ subject }) => subject.type)];
  const series = types.map(([name, group], index): Series => {
    const sorted = [...group].sort((a, b) => a.subject.size - b.subject.size);
    const points = sorted.map((result) => {
      const cublas = result.rows.find(({ contender }) => contender === CUBLAS)!;
      const y = (100 * cublas.medianNs) / result.rows[0]!.medianNs;
      return { x: result.subject.size, y, label: `${y.toFixed(1)} %, ${result.name}` };
    });
    return { name, colour: colourByOrder(index), points };
  });
  if (series.length === 0) return [];
  const x = sizeAxis(
    'm = n = k',
    series.flatMap(({ points }) => points),
  );
  const marks = [{ value: 100, label: 'cuBLAS' }];
  const y: Axis = { label: 'percent of cuBLAS', isLog: false, format: short, marks, from: 50 };
  return [linePlot('nodecuda, in percent of cuBLAS', x, y, series)];
}

/** Rate over operations per byte, below what memory and arithmetic were seen to give. */
export function rooflinePlot(report: Report): string[] {
  const cases = measuredOf(report).filter(
    ({ subject, rows }) => subject.flop && subject.bytes && rows[0]!.contender === NODECUDA,
  );
  const bandwidth = Math.max(
    ...cases.flatMap(({ subject, rows, work }) => {
      return rows
        .filter(({ contender }) => work?.unit === 'B' || contender === COPY)
        .map((row) => subject.bytes! / row.medianNs);
    }),
  );
  if (cases.length < 2 || !Number.isFinite(bandwidth)) return [];
  const intensity = ({ subject }: Measured) => subject.flop! / subject.bytes!;
  const most = Math.max(...cases.map(intensity));
  const least = Math.min(...cases.map(intensity));
  const types = [...groupBy(cases, ({ subject }) => subject.type)];
  const fastest = Math.max(...cases.map((one) => one.subject.flop! / one.rows[0]!.medianNs));
  const [unit, divisor] = fastest >= 1000 ? ['TFLOP/s', 1000] : ['GFLOP/s', 1];
  const points = types.map(([name, group], index): Series => {
    return {
      name,
      colour: colourByOrder(index),
      isScattered: true,
      points: group.map((result) => {
        const rate = result.subject.flop! / result.rows[0]!.medianNs;
        const label = `${digits(rate)} GFLOP/s, ${result.name}`;
        return { x: intensity(result), y: rate / divisor, label };
      }),
    };
  });
  const roofs = types.map(([name, group], index): Series => {
    const peak = Math.max(
      ...group.flatMap(({ subject, rows }) => {
        // A copy beside it does none of the arithmetic.
        const computing = rows.filter(({ contender }) => contender !== COPY);
        return computing.map((row) => subject.flop! / row.medianNs);
      }),
    );
    const ridge = Math.min(Math.max(peak / bandwidth, least), most);
    const roof = [least, ridge, most].map((x) => ({
      x,
      y: Math.min(peak, x * bandwidth) / divisor,
      label: name,
    }));
    return { name, colour: colourByOrder(index), isLimit: true, points: roof };
  });
  const x: Axis = { label: 'operations per byte', isLog: true, format: short };
  const y: Axis = { label: unit, isLog: true, format: short };
  const note =
    `Dashed: the best that anyone reached in this run, ${digits(bandwidth)} GB/s of memory ` +
    'and the highest rate of each type.';
  return [
    linePlot('Roofline: nodecuda below the best measured rates', x, y, [...points, ...roofs], note),
  ];
}

/** Operations bound by memory, as a part of what a copy of as many bytes reaches. */
export function copyRatePlot(report: Report): string[] {
  const bars = measuredOf(report).flatMap((result): Bar[] => {
    const copy = result.rows.find(({ contender }) => contender === COPY);
    if (copy === undefined) return [];
    const value = (100 * copy.medianNs) / result.rows[0]!.medianNs;
    const colour = colourOf(NODECUDA);
    return [{ label: result.name, value, text: `${value.toFixed(0)} %`, colour }];
  });
  const mark = { value: 100, label: 'a copy of as many bytes' };
  return bars.length === 0
    ? []
    : [barPlot('nodecuda, in percent of the copy rate measured beside it', bars, mark)];
}

export function launchPlots(report: Report): string[] {
  return [ENQUEUE_GPU, ENQUEUE_GPU_MATMUL, ENQUEUE, ENQUEUE_MATMUL, LAUNCH].flatMap((name) => {
    const rows = report.results.find((result) => result.name === name)?.rows ?? [];
    const bars = rows.map(({ contender, medianNs }) => ({
      label: contender,
      value: medianNs,
      text: formatNs(medianNs),
      colour: colourOf(contender),
    }));
    return bars.length === 0 ? [] : [barPlot(`${name}: the host's time for one`, bars)];
  });
}
