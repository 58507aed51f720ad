/** Results as tables: aligned for a terminal, Markdown for a file. */
import type { Goal } from '../goals/goal';
import { busyWords } from '../machine/load';
import type { CaseResult, Row } from '../measure/results';
import { changeWords } from './compare';
import type { Comparison, Report } from './report';

export const HEADINGS = [
  'case',
  'how',
  'clock',
  'median',
  'min',
  'spread',
  'rate',
  'time / nodecuda',
  'error',
  'samples',
];

/** Three digits and a unit: `1.23 us`. */
export function formatNs(ns: number): string {
  const units = ['ns', 'us', 'ms', 's'] as const;
  let value = ns;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${digits(value)} ${units[unit]}`;
}

export function digits(value: number): string {
  return value.toPrecision(3).includes('e') ? value.toFixed(0) : value.toPrecision(3);
}

function formatRate(row: Row, result: CaseResult): string {
  if (row.rate === null) return '';
  return `${digits(row.rate)} ${result.work?.unit === 'FLOP' ? 'GFLOP/s' : 'GB/s'}`;
}

/** A line of cells per contender; one column compares it with nodecuda. */
export function resultCells(results: readonly CaseResult[]): string[][] {
  return results.flatMap((result) => {
    const own = result.rows[0]?.medianNs;
    return result.rows.map((row, index) => [
      index === 0 ? result.name : '',
      row.contender,
      row.clock,
      formatNs(row.medianNs),
      formatNs(row.minNs),
      `${(100 * row.spread).toFixed(0)} %`,
      formatRate(row, result),
      own === undefined ? '' : digits(row.medianNs / own),
      row.relativeError ? row.relativeError.toExponential(1) : '',
      `${row.samples} x ${row.timesPerSample}`,
    ]);
  });
}

/** What is known, what is in parts with the name of the whole before it. */
export function environmentCells(environment: object, prefix = ''): string[][] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (value === null) return [];
    if (typeof value === 'object') return environmentCells(value as object, `${name}: `);
    return [[prefix + name, String(value)]];
  });
}

const MOST_NAMES = 4;

/** Cases that were not measured, by reason; the JSON names them all. */
export function skippedCells(results: readonly CaseResult[]): string[][] {
  const byReason = new Map<string, string[]>();
  for (const { name, skipped } of results) {
    if (skipped !== null) byReason.set(skipped, [...(byReason.get(skipped) ?? []), name]);
  }
  return [...byReason].map(([reason, names]) => {
    // The first word of a name is the operation.
    const operations = [...new Set(names.map((name) => name.split(' ')[0]))];
    const isFew = names.length <= MOST_NAMES;
    return [isFew ? names.join('; ') : `${names.length} of ${operations.join(', ')}`, reason];
  });
}

/** Contenders that were not, in cases that were. */
export function leftOutCells(results: readonly CaseResult[]): string[][] {
  return results.flatMap(({ name, leftOut }) =>
    leftOut.map(({ contender, reason }) => [name, contender, reason]),
  );
}

function failedCells(results: readonly CaseResult[]): string[][] {
  return results.flatMap(({ name, failed }) => (failed === null ? [] : [[name, failed]]));
}

/** Changes, the largest first; those within the spread only as a number of them. */
export function changeCells({ changes, gone, added, environment }: Comparison): string[][] {
  const distinct = changes.filter(({ isOutsideSpread }) => isOutsideSpread);
  const size = ({ ratio }: { ratio: number }) => Math.abs(Math.log(ratio));
  return [
    ...distinct
      .sort((a, b) => size(b) - size(a))
      .map((change) => [
        change.name,
        change.contender,
        formatNs(change.oldNs),
        formatNs(change.newNs),
        changeWords(change),
      ]),
    [`${changes.length - distinct.length} others`, '', '', '', 'within the spread'],
    ...gone.map((name) => [name, '', '', '', 'no longer measured']),
    ...added.map((name) => [name, '', '', '', 'not measured before']),
    ...environment.map((fact) => [`environment, ${fact}`, '', '', '', '']),
  ];
}

export function goalCells(goals: readonly Goal[]): string[][] {
  return goals.map(({ goal, figure, met }) => [
    goal,
    figure,
    met === null ? '-' : met ? 'met' : 'NOT MET',
  ]);
}

export interface Section {
  readonly title: string;
  readonly headings: readonly string[];
  readonly cells: readonly (readonly string[])[];
}

/** The parts of a report, as tables. */
export function sections(report: Report): Section[] {
  return [
    { title: 'Environment', headings: ['', ''], cells: environmentCells(report.environment) },
    { title: 'Results', headings: HEADINGS, cells: resultCells(report.results) },
    { title: 'Failed', headings: ['case', 'why'], cells: failedCells(report.results) },
    { title: 'Skipped', headings: ['cases', 'why'], cells: skippedCells(report.results) },
    {
      title: 'Left out',
      headings: ['case', 'contender', 'why'],
      cells: leftOutCells(report.results),
    },
    {
      title: 'Changes',
      headings: ['case', 'how', 'before', 'now', ''],
      cells: report.comparison === undefined ? [] : changeCells(report.comparison),
    },
    { title: 'Goals', headings: ['goal', 'figure', ''], cells: goalCells(report.goals) },
  ].filter(({ cells }) => cells.length > 0);
}

export function alignColumns(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const line of lines) {
    line.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

/** For a terminal. */
export function toText(report: Report): string {
  const warning = busyWords(report.environment);
  const parts = sections(report).map(({ title, headings, cells }) => {
    const lines = alignColumns(headings.some(Boolean) ? [headings, ...cells] : cells);
    return [title, ...lines.map((line) => `  ${line}`), ''].join('\n');
  });
  return [...(warning === undefined ? [] : [`WARNING: ${warning}\n`]), ...parts].join('\n');
}

/** For a file beside the JSON. */
export function toMarkdown(report: Report): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const body = sections(report).flatMap(({ title, headings, cells }) => [
    `## ${title}`,
    '',
    line(headings),
    line(headings.map(() => '---')),
    ...cells.map(line),
    '',
  ]);
  const warning = busyWords(report.environment);
  const first = warning === undefined ? [] : [`**${warning}**`, ''];
  return ['# Bench results', '', ...first, ...body].join('\n');
}
