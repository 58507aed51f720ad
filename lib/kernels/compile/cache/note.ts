/**
 * Which library was found, written down beside what it has compiled: a process for which everything is in the
 * cache has no need to open it, which takes longer than all the rest.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { environment } from '../../../base/environment.js';
import type { Place } from '../places.js';
import type { DiskCache } from './disk.js';
import { SCHEMA } from './entry.js';

/** What has to be asked of an open library. */
export interface LibraryNote {
  readonly path: string;
  readonly version: string;
  readonly builtins: string;
  readonly architectures: readonly number[];
  /** As it was then: another build is another library. */
  readonly identity: string;
}

function stateOf(path: string): string {
  try {
    const { size, mtimeMs } = statSync(path);
    return `${path}\0${size}\0${mtimeMs}`;
  } catch {
    return path;
  }
}

/** What decides what the loader finds. */
function loaderState(names: readonly string[]): string[] {
  const path = environment('LD_LIBRARY_PATH') ?? '';
  const folders = path.split(delimiter).filter(isAbsolute);
  const files = folders.flatMap((folder) => names.map((name) => stateOf(join(folder, name))));
  return [path, stateOf('/etc/ld.so.cache'), ...files];
}

/** The name of the note about what is found in these places, as they are now. */
export function noteName(places: readonly Place[]): string {
  const hash = createHash('sha256').update(`nodecuda ${SCHEMA}`);
  for (const { names } of places) {
    const files = names.filter(isAbsolute).map(stateOf);
    const others = names.filter((name) => !isAbsolute(name));
    const states = others.length > 0 ? [...others, ...loaderState(others)] : [];
    for (const state of [...files, ...states]) hash.update(`\0${state}\0`);
    hash.update('\0\0');
  }
  return `${hash.digest('hex')}.library`;
}

function isNote(value: unknown): value is LibraryNote {
  const note = value as Partial<Record<keyof LibraryNote, unknown>> | null;
  return (
    typeof note === 'object' &&
    note !== null &&
    typeof note.path === 'string' &&
    isAbsolute(note.path) &&
    typeof note.version === 'string' &&
    typeof note.builtins === 'string' &&
    typeof note.identity === 'string' &&
    Array.isArray(note.architectures) &&
    note.architectures.every(Number.isSafeInteger)
  );
}

/** The note, unless there is none, or what it says is no longer true: `identityNow` tells. */
export function readNote(
  cache: DiskCache,
  name: string,
  identityNow: (path: string) => string,
): LibraryNote | undefined {
  const text = cache.readNote(name);
  if (text === undefined) return undefined;
  try {
    const note: unknown = JSON.parse(text);
    return isNote(note) && note.identity === identityNow(note.path) ? note : undefined;
  } catch {
    return undefined; // damaged
  }
}
