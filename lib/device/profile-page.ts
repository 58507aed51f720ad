/**
 * A profile as a page that needs nothing else: no script, no file beside it.
 */
import { readLines } from '../base/source-file.js';
import type { ProfileCounts, ProfileLaunch } from './profile-data.js';
import {
  heatOf,
  launchWords,
  noteWords,
  number,
  type Place,
  placesOf,
  type Summed,
  sumLaunches,
  summaryWords,
} from './profile-sums.js';

/** Source text by the file's name in the PTX. */
export type Sources = Readonly<Record<string, string>>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
h2 { margin: 1.8em 0 .3em; font-size: 1.1em } h3 { margin: 1.2em 0 .3em; font-size: 1em }
ul { margin: .3em 0; padding-left: 1.2em } table { border-collapse: collapse }
th { text-align: right; font-weight: 600; padding: 0 .8em } th:last-child { text-align: left }
td { font: 13px/1.4 ui-monospace, monospace; padding: 0 .8em; text-align: right; white-space: pre }
td:last-child { text-align: left } .note { color: #a30000 } .gap td { color: #999 }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #161616 } .note { color: #ff8a80 } }`;

// A name in PTX may be that of any file: what is no source is nobody's business.
const SOURCE_NAME = /\.(cuh?|c|cc|cpp|cxx|h|hh|hpp|hxx|inl|ptx|[cm]?[jt]s)$/i;

function readSource(file: string, sources: Sources): string[] | undefined {
  const name = Object.keys(sources).find((end) => `/${file}`.endsWith(`/${end}`));
  if (name !== undefined) return sources[name]!.split(/\r?\n/);
  return SOURCE_NAME.test(file) ? readLines(file) : undefined;
}

const HEAD =
  '<tr><th>line<th>warp instr.<th>lanes<th>sectors<th>fewest<th>conflicts<th>source</tr>\n';

function row(line: number, text: string, counts: ProfileCounts | undefined, most: number): string {
  if (counts === undefined) {
    return `<tr><td>${line}<td><td><td><td><td><td>${escaped(text)}</tr>\n`;
  }
  const { warpInstructions, averageActiveLanes, global, shared } = counts;
  const share = heatOf(counts) / most;
  const cells = [
    line,
    number(warpInstructions),
    number(averageActiveLanes),
    global.requests === 0 ? '' : number(global.sectors),
    global.requests === 0 ? '' : number(global.fewestSectors),
    shared.requests === 0 ? '' : number(shared.bankConflicts),
  ];
  const note = noteWords(counts);
  const noted = note === '' ? '' : ` <span class="note">${escaped(note)}</span>`;
  return (
    `<tr style="background:rgba(255,120,0,${(0.5 * share).toFixed(3)})">` +
    `<td>${cells.join('<td>')}<td>${escaped(text)}${noted}</tr>\n`
  );
}

const AROUND = 4; // lines

/** The lines of a file that ran, with those around them. */
function sourceRows(places: readonly Place[], text: readonly string[], most: number): string {
  const byLine = new Map(places.map((place) => [place.line, place.counts]));
  const isNear = (line: number) => places.some((place) => Math.abs(place.line - line) <= AROUND);
  let rows = '';
  let last = 0;
  for (let line = 1; line <= text.length; line++) {
    if (!isNear(line)) continue;
    if (line !== last + 1) rows += '<tr class="gap"><td>…<td><td><td><td><td><td></tr>\n';
    rows += row(line, text[line - 1]!, byLine.get(line), most);
    last = line;
  }
  return rows;
}

function listing(summed: Summed, sources: Sources): string {
  const places = placesOf(summed).sort((a, b) => a.line - b.line);
  const most = places.reduce((most, { counts }) => Math.max(most, heatOf(counts)), 1);
  const files = [...new Set(places.map(({ file }) => file))];
  return files
    .map((file) => {
      const own = places.filter((place) => place.file === file);
      const text = file === null ? undefined : readSource(file, sources);
      const rows =
        text === undefined
          ? own.map((place) => row(place.line, place.text, place.counts, most)).join('')
          : sourceRows(own, text, most);
      return `<h3>${escaped(file ?? 'PTX')}</h3>\n<table>\n${HEAD}${rows}</table>\n`;
    })
    .join('');
}

/** Asks for the lines of PTX of kernels whose source cannot be read. */
function withReadableSource(summed: Summed, sources: Sources): Summed {
  const readable = new Map<string, boolean>();
  const canRead = (file: string) => {
    if (!readable.has(file)) readable.set(file, readSource(file, sources) !== undefined);
    return readable.get(file)!;
  };
  const launches = summed.launches.map((launch) => ({
    ...launch,
    instructions: launch.instructions.map((instruction) => {
      const file = instruction.source?.replace(/:\d+$/, '');
      return file === undefined || canRead(file) ? instruction : { ...instruction, source: null };
    }),
  }));
  return { ...summed, launches };
}

/** The page; `dropped` launches are not in it. */
export function profilePage(
  title: string,
  launches: readonly ProfileLaunch[],
  dropped: number,
  sources: Sources,
): string {
  const sections = sumLaunches(launches).map((summed) => {
    const facts = summaryWords(summed).map((words) => `<li>${escaped(words)}</li>`);
    const code = listing(withReadableSource(summed, sources), sources);
    return `<h2>${escaped(launchWords(summed))}</h2>\n<ul>${facts.join('')}</ul>\n${code}`;
  });
  const more = dropped > 0 ? `<p>${number(dropped)} more launches were not counted.</p>` : '';
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style>
<h1>${escaped(title)}</h1>
<p>Exact counts of the PTX that ran on a simulated device. No times.</p>
${sections.join('')}${more}
</html>
`;
}
