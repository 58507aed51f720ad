/** What the demo knows of terminals. */

const isTerminal = process.stdout.isTTY === true;
// https://no-color.org: any value but the empty one switches colour off.
const hasColor = isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

const STYLES = { bold: 1, red: 31, green: 32 } as const;

export function paint(style: keyof typeof STYLES, text: string): string {
  return hasColor ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}

// `npm run demo | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const BAR_CELLS = 30;

/** `[=====     ]` of width `cells`. */
export function progressBar(fraction: number, cells = BAR_CELLS): string {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * cells);
  return `[${'='.repeat(filled)}${' '.repeat(cells - filled)}]`;
}

/** A bar that is drawn over itself in a terminal; elsewhere a line per second. */
export class Progress {
  readonly #title: string;
  readonly #total: number;
  #lastMs = performance.now();

  constructor(title: string, total: number) {
    this.#title = title;
    this.#total = total;
    this.update(0);
  }

  update(done: number): void {
    if (isTerminal) {
      process.stdout.write(`\r${this.#title} ${progressBar(done / this.#total)} ${done}`);
    } else if (performance.now() - this.#lastMs >= 1000) {
      print(`${this.#title} ${done} of ${this.#total}`);
      this.#lastMs = performance.now();
    }
  }

  /** Takes the bar away again. */
  finish(): void {
    if (isTerminal) process.stdout.write('\r\x1b[K');
  }
}
