/** Results as tables: aligned for a terminal, Markdown for a file. */
import type { Environment } from './environment';
import type { Goal } from './goals';
import type { CaseResult, Row } from './results';

export interface Report {
  readonly environment: Environment;
  readonly results: readonly CaseResult[];
  readonly goals: readonly Goal[];
}

const HEADINGS = ['case', 'how', 'median', 'min', 'spread', 'rate', 'time / nodecuda', 'samples'];

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

function digits(value: number): string {
  return value.toPrecision(3).includes('e') ? value.toFixed(0) : value.toPrecision(3);
}

function formatRate(row: Row, result: CaseResult): string {
  if (row.rate === null) return '';
  return `${digits(row.rate)} ${result.work?.unit === 'FLOP' ? 'GFLOP/s' : 'GB/s'}`;
}

/** A line of cells per contender; the last but one column compares it with nodecuda. */
export function resultCells(results: readonly CaseResult[]): string[][] {
  return results.flatMap((result) => {
    const own = result.rows[0]?.medianNs;
    return result.rows.map((row, index) => [
      index === 0 ? result.name : '',
      row.contender,
      formatNs(row.medianNs),
      formatNs(row.minNs),
      `${(100 * row.spread).toFixed(0)} %`,
      formatRate(row, result),
      own === undefined ? '' : digits(row.medianNs / own),
      `${row.samples} x ${row.timesPerSample}`,
    ]);
  });
}

function environmentCells(environment: Environment): string[][] {
  return Object.entries(environment)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, String(value)]);
}

function skippedCells(results: readonly CaseResult[]): string[][] {
  return results.flatMap(({ name, skipped }) => (skipped === null ? [] : [[name, skipped]]));
}

function goalCells(goals: readonly Goal[]): string[][] {
  return goals.map(({ goal, figure, met }) => [
    goal,
    figure,
    met === null ? '-' : met ? 'met' : 'NOT MET',
  ]);
}

/** The parts of a report: a title, headings, and lines of cells. */
function sections(report: Report): { title: string; headings: string[]; cells: string[][] }[] {
  return [
    { title: 'Environment', headings: ['', ''], cells: environmentCells(report.environment) },
    { title: 'Results', headings: HEADINGS, cells: resultCells(report.results) },
    { title: 'Skipped', headings: ['case', 'why'], cells: skippedCells(report.results) },
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
  return sections(report)
    .map(({ title, headings, cells }) => {
      const lines = alignColumns(headings.some(Boolean) ? [headings, ...cells] : cells);
      return [title, ...lines.map((line) => `  ${line}`), ''].join('\n');
    })
    .join('\n');
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
  return ['# Bench results', '', ...body].join('\n');
}
