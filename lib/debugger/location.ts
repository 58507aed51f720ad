/**
 * Where a breakpoint is to be, as a user writes it.
 */
import { rangeError, typeError } from '../base/checks.js';
import { describe } from '../base/describe.js';

/** For native code. */
export interface Location {
  readonly kind: 0 | 1 | 2;
  readonly name: string;
  readonly line: number;
}

const MOST_LINES = 2 ** 30;

/** `kernel`, `file.cu:12` or `ptx:41`. */
export function parseLocation(location: unknown): Location {
  if (typeof location !== 'string') {
    throw typeError(`Expected a string for \`location\` but received ${describe(location)}`);
  }
  const text = location.trim();
  const [, file, digits] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (file !== undefined) {
    const line = Number(digits);
    if (line >= 1 && line <= MOST_LINES) {
      return file === 'ptx' ? { kind: 2, name: '', line } : { kind: 1, name: file, line };
    }
  } else if (/^[\w$%.]+$/.test(text)) {
    return { kind: 0, name: text, line: 0 };
  }
  throw rangeError(
    `Expected the name of a kernel, file.cu:12 or ptx:41 for \`location\` but received ${describe(location)}`,
  );
}
