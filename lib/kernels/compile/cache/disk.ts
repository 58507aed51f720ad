/**
 * What was compiled, on disk, for other processes and later ones. It never fails: what cannot be read is
 * not there, and what cannot be written is not kept.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  openSync,
  readSync,
  read as readWithCallback,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CompiledParts } from '../compiled.js';
import { decodeEntry, encodeEntry } from './entry.js';
import { evict, totalBytes } from './evict.js';
import { whyUnusable } from './folder.js';

const SUFFIX = '.nvrtc';
const TEMPORARY = '.tmp';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
// No link is followed, and no pipe waited for.
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const WRITE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
const WRITABLE_BY_OTHERS = 0o022;
const MOST_BYTES = 2 ** 30;
const AT_ONCE_BYTES = 2 ** 18;

const readAsync = promisify(readWithCallback);

/** When it was last read is written down no more often than this: it is for eviction only. */
const TOUCH_AFTER_MS = 60_000;

const isOurs = (stats: Stats) =>
  stats.isFile() &&
  stats.uid === process.geteuid?.() &&
  (stats.mode & WRITABLE_BY_OTHERS) === 0 &&
  stats.size <= MOST_BYTES;

async function quietly(action: Promise<unknown>): Promise<boolean> {
  try {
    await action;
    return true;
  } catch {
    return false;
  }
}

function touch(file: number, { mtimeMs }: Stats): void {
  const now = Date.now();
  if (Math.abs(now - mtimeMs) <= TOUCH_AFTER_MS) return;
  try {
    futimesSync(file, now / 1000, now / 1000);
  } catch {
    // on a disk that is read-only
  }
}

function readAtOnce(file: number, bytes: Buffer): Buffer {
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } catch {
    return bytes.subarray(0, 0); // a folder, for one
  } finally {
    closeSync(file);
  }
}

async function readSlowly(file: number, bytes: Buffer): Promise<number> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await readAsync(file, bytes, at, bytes.length - at, at);
    if (bytesRead === 0) break; // cut short meanwhile
    at += bytesRead;
  }
  return at;
}

async function writeAll(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, WRITE, 0o600);
  try {
    await handle.writeFile(bytes);
    // The name must not be there before the bytes are: a crash would leave an entry of zeros.
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

export class DiskCache {
  /** Bytes of the entries, as far as this process knows; undefined before it has looked. */
  #bytes: number | undefined;
  #unusable: string | undefined;
  #checked = false;

  constructor(
    readonly folder: string,
    readonly limitBytes: number,
  ) {}

  /** Why it is not used; undefined if it is. */
  get unusable(): string | undefined {
    if (!this.#checked) {
      this.#checked = true;
      this.#unusable = whyUnusable(this.folder);
    }
    return this.#unusable;
  }

  /**
   * The parts, if they are there. What is small is read at once: on a thread of the pool, the four calls
   * would take ten times as long as here.
   */
  read(key: Buffer): CompiledParts | undefined | Promise<CompiledParts | undefined> {
    const opened = this.#open(this.#pathOf(key));
    if (opened === undefined) return undefined;
    const { file, bytes } = opened;
    return bytes.length > AT_ONCE_BYTES
      ? this.#readLarge(key, file, bytes)
      : this.#decode(key, readAtOnce(file, bytes));
  }

  async #readLarge(key: Buffer, file: number, bytes: Buffer): Promise<CompiledParts | undefined> {
    try {
      return this.#decode(key, bytes.subarray(0, await readSlowly(file, bytes)));
    } catch {
      return undefined;
    } finally {
      closeSync(file);
    }
  }

  /** True if it is kept now. */
  async write(key: Buffer, parts: CompiledParts): Promise<boolean> {
    const bytes = encodeEntry(key, parts);
    if (!(await this.#replace(this.#pathOf(key), bytes))) return false;
    await quietly(this.#makeRoom(bytes.length));
    return true;
  }

  /** What is written down besides entries, by name: short, and never evicted. */
  readNote(name: string): string | undefined {
    const opened = this.#open(join(this.folder, name));
    if (opened === undefined) return undefined;
    const { file, bytes } = opened;
    return readAtOnce(file, bytes.subarray(0, AT_ONCE_BYTES)).toString('utf8');
  }

  async writeNote(name: string, text: string): Promise<boolean> {
    return this.#replace(join(this.folder, name), Buffer.from(text, 'utf8'));
  }

  /** A file to be read, and the room for what is in it: none, if it is not to be trusted. */
  #open(path: string): { file: number; bytes: Buffer } | undefined {
    if (this.unusable !== undefined) return undefined;
    let file: number | undefined;
    try {
      file = openSync(path, READ);
      const stats = fstatSync(file);
      const ours = isOurs(stats);
      if (ours) touch(file, stats);
      return { file, bytes: Buffer.allocUnsafe(ours ? stats.size : 0) };
    } catch {
      if (file !== undefined) closeSync(file);
      return undefined; // not there, or a link
    }
  }

  #decode(key: Buffer, bytes: Buffer): CompiledParts | undefined {
    const parts = decodeEntry(key, bytes);
    if (parts !== undefined) return parts;
    try {
      // Another process may have put a good one in its place just now: it will be compiled once more.
      unlinkSync(this.#pathOf(key));
    } catch {
      // gone already, or a folder
    }
    return undefined;
  }

  /** The file has these bytes then, or those it had. True if it has these. */
  async #replace(path: string, bytes: Buffer): Promise<boolean> {
    if (this.unusable !== undefined) return false;
    if (bytes.length > Math.min(this.limitBytes, MOST_BYTES)) return false;
    const temporary = `${path}.${process.pid}.${randomBytes(8).toString('hex')}${TEMPORARY}`;
    const written =
      (await quietly(this.#writeAgain(temporary, bytes))) &&
      (await quietly(rename(temporary, path)));
    if (!written) await quietly(unlink(temporary));
    return written;
  }

  // Somebody may have removed the folder since it was looked at.
  async #writeAgain(path: string, bytes: Buffer): Promise<void> {
    try {
      await writeAll(path, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#checked = false;
      if (this.unusable === undefined) await writeAll(path, bytes);
      else throw error;
    }
  }

  async #makeRoom(added: number): Promise<void> {
    this.#bytes = this.#bytes === undefined ? await totalBytes(this.folder) : this.#bytes + added;
    if (this.#bytes > this.limitBytes) this.#bytes = await evict(this.folder, this.limitBytes);
  }

  #pathOf(key: Buffer): string {
    return join(this.folder, key.toString('hex') + SUFFIX);
  }
}
