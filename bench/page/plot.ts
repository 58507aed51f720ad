/** Line plots and bars as SVG, in the colours of the page's style sheet. */

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Said when pointed at. */
  readonly label: string;
}

export interface Series {
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
  readonly points: readonly Point[];
  /** Points that are not steps of one curve. */
  readonly isScattered?: boolean;
  /** A limit rather than a measurement: dashed, without marks. */
  readonly isLimit?: boolean;
}

export interface Axis {
  readonly label: string;
  readonly isLog: boolean;
  format(value: number): string;
  /** Of a linear axis: where it begins, unless there are smaller values. Default 0. */
  readonly from?: number;
  /** Default: round values in the range. */
  readonly ticks?: readonly number[];
  /** Horizontal lines with a name, in the range of this axis. */
  readonly marks?: readonly { readonly value: number; readonly label: string }[];
}

const WIDTH = 520;
const HEIGHT = 300;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 42;
/** For the label of the y axis, which stands upright; and of a character of its ticks, at most. */
const UPRIGHT = 26;
const CHARACTER = 7;

/** Where a plot begins: right of what is written beside its y axis. */
function leftOf(y: Axis, ticks: readonly number[]): number {
  const longest = Math.max(0, ...ticks.map((tick) => y.format(tick).length));
  return UPRIGHT + CHARACTER * longest + 6;
}

export function escapeText(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}

/** 1, 2 or 5 times a power of ten, about `count` of them from `least` to `most`. */
export function roundTicks(least: number, most: number, count = 5): number[] {
  const rough = (most - least) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(least / step); i * step <= most * (1 + 1e-9); ++i) ticks.push(i * step);
  return ticks;
}

/** Powers of ten from `least` to `most`; where there are few of them, 2 and 5 times these too. */
export function logTicks(least: number, most: number): number[] {
  const factors = most / least < 200 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); ++power) {
    for (const factor of factors) {
      const tick = factor * 10 ** power;
      if (tick >= least * 0.999 && tick <= most * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

class Scale {
  readonly ticks: readonly number[];
  readonly #least: number;
  readonly #most: number;
  readonly #isLog: boolean;
  readonly #from: number;
  readonly #to: number;

  constructor(axis: Axis, values: readonly number[], [from, to]: readonly number[]) {
    const all = [...values, ...(axis.marks ?? []).map(({ value }) => value)];
    const most = Math.max(...all);
    const least = Math.min(...all);
    this.#isLog = axis.isLog;
    if (axis.isLog) {
      const margin = (most / least) ** 0.04 || 1;
      this.#least = least === most ? least / 2 : least / margin;
      this.#most = least === most ? most * 2 : most * margin;
    } else {
      this.#least = Math.min(axis.from ?? 0, least);
      this.#most = most * 1.06 || 1;
    }
    const rounded = axis.isLog ? logTicks : roundTicks;
    this.ticks = axis.ticks ?? rounded(this.#least, this.#most);
    this.#from = from!;
    this.#to = to!;
  }

  at(value: number): number {
    const position = this.#isLog
      ? Math.log(value / this.#least) / Math.log(this.#most / this.#least)
      : (value - this.#least) / (this.#most - this.#least);
    return Number((this.#from + position * (this.#to - this.#from)).toFixed(1));
  }
}

/** Small shapes, so that series can be told apart without their colours. */
const SHAPES: readonly ((x: number, y: number) => string)[] = [
  (x, y) => `<circle cx="${x}" cy="${y}" r="4"/>`,
  (x, y) => `<rect x="${x - 3.6}" y="${y - 3.6}" width="7.2" height="7.2"/>`,
  (x, y) => `<path d="M${x} ${y - 5}l4.6 8.4h-9.2z"/>`,
  (x, y) => `<path d="M${x} ${y - 5.2}l5.2 5.2l-5.2 5.2l-5.2-5.2z"/>`,
  (x, y) => `<path d="M${x} ${y + 5}l4.6-8.4h-9.2z"/>`,
];

function shape(index: number, x: number, y: number): string {
  return SHAPES[index % SHAPES.length]!(x, y);
}

function axes(x: Axis, y: Axis, xScale: Scale, yScale: Scale, left: number): string {
  const bottom = HEIGHT - BOTTOM;
  const right = WIDTH - RIGHT;
  const parts = [`<line class="axis" x1="${left}" y1="${bottom}" x2="${right}" y2="${bottom}"/>`];
  for (const tick of yScale.ticks) {
    const at = yScale.at(tick);
    parts.push(`<line class="grid" x1="${left}" y1="${at}" x2="${right}" y2="${at}"/>`);
    parts.push(`<text x="${left - 6}" y="${at + 4}" text-anchor="end">${y.format(tick)}</text>`);
  }
  for (const tick of xScale.ticks) {
    const at = xScale.at(tick);
    parts.push(`<line class="axis" x1="${at}" y1="${bottom}" x2="${at}" y2="${bottom + 4}"/>`);
    parts.push(`<text x="${at}" y="${bottom + 17}" text-anchor="middle">${x.format(tick)}</text>`);
  }
  for (const { value, label } of y.marks ?? []) {
    const at = yScale.at(value);
    parts.push(`<line class="mark" x1="${left}" y1="${at}" x2="${right}" y2="${at}"/>`);
    parts.push(
      `<text class="mark" x="${right}" y="${at - 4}" text-anchor="end">${escapeText(label)}</text>`,
    );
  }
  const middle = (left + right) / 2;
  const across = `x="${middle}" y="${HEIGHT - 6}" text-anchor="middle"`;
  const up = `transform="translate(13 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle"`;
  parts.push(`<text class="label" ${across}>${escapeText(x.label)}</text>`);
  parts.push(`<text class="label" ${up}>${escapeText(y.label)}</text>`);
  return parts.join('');
}

function curve(series: Series, index: number, xScale: Scale, yScale: Scale): string {
  const { name, colour, points, isScattered, isLimit } = series;
  const path = points
    .map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${xScale.at(x)} ${yScale.at(y)}`)
    .join('');
  const line = isScattered ? '' : `<path class="${isLimit ? 'limit' : 'line'}" d="${path}"/>`;
  const marks = isLimit
    ? ''
    : points
        .map(({ x, y, label }) => {
          const title = escapeText(`${name}: ${label}`);
          return `<g>${shape(index, xScale.at(x), yScale.at(y))}<title>${title}</title></g>`;
        })
        .join('');
  return `<g style="stroke:${colour};fill:${colour}">${line}${marks}</g>`;
}

function svg(width: number, height: number, title: string, body: string): string {
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">` +
    `${body}</svg>`
  );
}

function legend(series: readonly Series[]): string {
  const entries = series
    .filter(({ isLimit }) => !isLimit)
    .map(({ name, colour }, i) => {
      const mark = `<g style="fill:${colour}">${shape(i, 7, 7)}</g>`;
      return `<li><svg viewBox="0 0 14 14">${mark}</svg>${escapeText(name)}</li>`;
    });
  return entries.length < 2 ? '' : `<ul class="legend">${entries.join('')}</ul>`;
}

/** Lines, or scattered points, with a legend above. */
export function linePlot(
  title: string,
  x: Axis,
  y: Axis,
  series: readonly Series[],
  /** More words below. */
  note = '',
): string {
  const points = series.flatMap((one) => one.points);
  const xValues = points.map((point) => point.x);
  const yValues = points.map((point) => point.y);
  const yScale = new Scale(y, yValues, [HEIGHT - BOTTOM, TOP]);
  const left = leftOf(y, yScale.ticks);
  const xScale = new Scale(x, xValues, [left + 10, WIDTH - RIGHT - 10]);
  const body =
    axes(x, y, xScale, yScale, left) +
    series.map((one, i) => curve(one, i, xScale, yScale)).join('');
  return figure(title, legend(series) + svg(WIDTH, HEIGHT, title, body), note);
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value in words. */
  readonly text: string;
  readonly colour: string;
}

const ROW = 26;
const BAR_LEFT = 230;
const BAR_MOST = 210;

/** Horizontal bars from zero. `mark`: a line across them. */
export function barPlot(
  title: string,
  bars: readonly Bar[],
  mark?: { readonly value: number; readonly label: string },
  note = '',
): string {
  const most = Math.max(...bars.map(({ value }) => value), mark?.value ?? 0);
  const width = (value: number) => Number(((BAR_MOST * value) / most).toFixed(1));
  const height = ROW * bars.length + (mark === undefined ? 4 : 20);
  const parts = bars.map(({ label, value, text, colour }, i) => {
    const y = ROW * i + (mark === undefined ? 2 : 18);
    return (
      `<text x="${BAR_LEFT - 8}" y="${y + 15}" text-anchor="end">${escapeText(label)}</text>` +
      `<rect x="${BAR_LEFT}" y="${y + 3}" width="${width(value)}" height="16" rx="2" ` +
      `style="fill:${colour}"><title>${escapeText(`${label}: ${text}`)}</title></rect>` +
      `<text class="value" x="${BAR_LEFT + width(value) + 6}" y="${y + 15}">${escapeText(text)}</text>`
    );
  });
  if (mark !== undefined) {
    const x = BAR_LEFT + width(mark.value);
    parts.push(`<line class="mark" x1="${x}" y1="14" x2="${x}" y2="${height}"/>`);
    parts.push(
      `<text class="mark" x="${x}" y="10" text-anchor="middle">${escapeText(mark.label)}</text>`,
    );
  }
  return figure(title, svg(WIDTH, height, title, parts.join('')), note);
}

function figure(title: string, body: string, note: string): string {
  const words = note === '' ? '' : `<p class="note">${escapeText(note)}</p>`;
  return `<figure><figcaption>${escapeText(title)}</figcaption>${body}${words}</figure>`;
}
