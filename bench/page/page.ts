/** A report as one HTML page that needs nothing else: no script, no font, no network. */
import { busyWords } from '../machine/load';
import type { Report } from '../report/report';
import { type Section, sections } from '../report/tables';
import {
  copyPlots,
  copyRatePlot,
  cublasPlot,
  hostPlots,
  launchPlots,
  matmulPlots,
  memoryPlots,
  rooflinePlot,
} from './charts';
import { escapeText } from './plot';
import { STYLE } from './style';

interface Chapter {
  readonly title: string;
  readonly words: string;
  readonly plots: readonly string[];
}

function chapters(report: Report): Chapter[] {
  return [
    {
      title: 'Matrix products',
      words:
        'In device memory, square and row-major; medians. Small ones are bound by the launch, ' +
        'large ones by arithmetic.',
      plots: [...cublasPlot(report), ...matmulPlots(report)],
    },
    {
      title: 'Operations bound by memory',
      words: 'Bytes are those of operands and result, each counted once.',
      plots: [...copyRatePlot(report), ...memoryPlots(report)],
    },
    { title: 'Roofline', words: '', plots: rooflinePlot(report) },
    {
      title: 'Host to host',
      words: 'From typed arrays to a typed array: allocation, both copies and the kernel.',
      plots: hostPlots(report),
    },
    {
      title: 'Copies',
      words: 'Between host and device a byte is counted once; on the device, read and written.',
      plots: copyPlots(report),
    },
    {
      title: 'Launch cost',
      words: 'Until the work is enqueued, not until it is done.',
      plots: launchPlots(report),
    },
  ].filter(({ plots }) => plots.length > 0);
}

function cell(text: string): string {
  const isNumber = /^-?[\d.]+( |$)/.test(text);
  const verdict = text === 'met' ? ' good' : text === 'NOT MET' ? ' bad' : '';
  const name = `${isNumber ? 'number' : ''}${verdict}`.trim();
  return `<td${name === '' ? '' : ` class="${name}"`}>${escapeText(text)}</td>`;
}

function table({ headings, cells }: Section): string {
  const head = headings.some(Boolean)
    ? `<thead><tr>${headings.map((text) => `<th>${escapeText(text)}</th>`).join('')}</tr></thead>`
    : '';
  const rows = cells.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<div class="table"><table>${head}<tbody>${rows.join('')}</tbody></table></div>`;
}

/** What went wrong first, then what is hoped for. */
const FIRST = ['Failed', 'Goals', 'Changes'];

function order({ title }: Section): number {
  return (FIRST.indexOf(title) + FIRST.length + 1) % (FIRST.length + 1);
}

/** What is long, or only looked up, is closed at first. */
const CLOSED = new Set(['Environment', 'Results', 'Skipped', 'Left out']);

function tableSection(section: Section): string {
  const body = table(section);
  return CLOSED.has(section.title)
    ? `<details><summary>${section.title} (${section.cells.length})</summary>${body}</details>`
    : `<h2>${section.title}</h2>${body}`;
}

export function toHtml(report: Report): string {
  const { device, date, package: version, commit, node } = report.environment;
  const warning = busyWords(report.environment);
  const tables = [...sections(report)].sort((a, b) => order(a) - order(b));
  const open = tables.filter(({ title }) => !CLOSED.has(title));
  const closed = tables.filter(({ title }) => CLOSED.has(title));
  const plots = chapters(report).map(
    ({ title, words, plots: figures }) =>
      `<h2>${title}</h2>${words === '' ? '' : `<p>${words}</p>`}` +
      `<div class="plots">${figures.join('')}</div>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>nodecuda bench: ${escapeText(device)}</title>`,
    `<style>${STYLE}</style></head><body><main>`,
    `<h1>${escapeText(device)}</h1>`,
    `<p class="facts">${escapeText(`${version} (${commit}), Node ${node}, ${date}`)}</p>`,
    ...(warning === undefined ? [] : [`<p class="warning">${escapeText(warning)}</p>`]),
    ...open.map(tableSection),
    ...plots,
    '<h2>Tables</h2>',
    ...closed.map(tableSection),
    '</main></body></html>',
    '',
  ].join('\n');
}
