/**
 * Files of source that PTX names.
 */
import { readFileSync, statSync } from 'node:fs';

const MOST_BYTES = 2 ** 22;

/**
 * The lines of a file; undefined where it is not on this machine or cannot be read. PTX may name anything: a
 * pipe would never end, and what is huge is no source.
 */
export function readLines(path: string): string[] | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > MOST_BYTES) return undefined;
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch {
    return undefined;
  }
}
