/**
 * Keeps the cache's folder below its limit: the least recently read entries go. Other processes do the same,
 * so whatever is listed may be gone already.
 */
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const ENTRY = /^[0-9a-f]{64}\.nvrtc$/;
const LEFT_OVER = /^[0-9a-f]{64}\.(nvrtc|library)\.\d+\.[0-9a-f]{16}\.tmp$/;

/** So much is left after an eviction, so that the next does not come with the next entry. */
const FILLED = 0.9;
/** What a process writes is complete or given up by then. */
const ABANDONED_MS = 60 * 60_000;
/** A time so far ahead was written while the clock was wrong. */
const AHEAD_MS = 24 * 60 * 60_000;

interface Listed {
  readonly path: string;
  readonly bytes: number;
  readonly readAtMs: number;
}

/** Whether a time says nothing, because the clock has jumped since. */
function isTooFarOff(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + AHEAD_MS;
}

async function drop(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

async function list(folder: string): Promise<Listed[]> {
  const now = Date.now();
  const entries: Listed[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const isEntry = ENTRY.test(name);
    if (!isEntry && !LEFT_OVER.test(name)) continue; // not ours
    try {
      const { size, mtimeMs } = await lstat(path);
      const wrong = isTooFarOff(mtimeMs, now);
      if (isEntry) entries.push({ path, bytes: size, readAtMs: wrong ? 0 : mtimeMs });
      else if (wrong || now - mtimeMs > ABANDONED_MS) await drop(path);
    } catch {
      // gone
    }
  }
  return entries;
}

const sum = (entries: readonly Listed[]) => entries.reduce((bytes, each) => bytes + each.bytes, 0);

/** Bytes of all entries. What crashed processes have left is removed on the way. */
export async function totalBytes(folder: string): Promise<number> {
  return sum(await list(folder));
}

/** Removes entries until they are well below the limit. How many bytes are left. */
export async function evict(folder: string, limitBytes: number): Promise<number> {
  const entries = (await list(folder)).sort((a, b) => a.readAtMs - b.readAtMs);
  let bytes = sum(entries);
  for (const entry of entries) {
    if (bytes <= FILLED * limitBytes) break;
    if (await drop(entry.path)) bytes -= entry.bytes;
  }
  return bytes;
}
