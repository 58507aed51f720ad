/**
 * The folder of the cache, and whether it may be trusted: code in it is run, so nobody else may be able
 * to write to it or to put another in its place.
 */
import { lstatSync, mkdirSync, readlinkSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { environment } from '../../../base/environment.js';

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const MOST_LINKS = 40;

const OFF = /^(0|off|false|no)$/i;

/** Where the cache is to be; undefined if it is switched off or there is no place for it. */
export function cacheFolder(): string | undefined {
  if (OFF.test(environment('NODECUDA_CACHE') ?? '')) return undefined;
  const wished = environment('NODECUDA_CACHE_DIR');
  if (wished) return isAbsolute(wished) ? resolve(wished) : undefined;
  const base = environment('XDG_CACHE_HOME');
  if (base && isAbsolute(base)) return join(base, 'nodecuda/kernels');
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, '.cache/nodecuda/kernels') : undefined;
  } catch {
    return undefined; // a user without a home, or Deno without the permission
  }
}

/** Ours, or the administrator's, who may do anything anyhow. */
function isTrusted(stats: Stats, user: number): boolean {
  return stats.uid === user || stats.uid === 0;
}

// In a folder with the sticky bit, such as /tmp, only the owner of an entry can replace it.
function mayReplaceEntries(stats: Stats): boolean {
  return (stats.mode & WRITABLE_BY_OTHERS) !== 0 && (stats.mode & STICKY) === 0;
}

/** Why a folder above the cache cannot be trusted, following links. */
function distrustAbove(path: string, user: number, links: number): string | undefined {
  if (links > MOST_LINKS) return `${path} has too many links`;
  const stats = lstatSync(path);
  const parent = dirname(path);
  if (parent !== path) {
    const why = distrustAbove(parent, user, links);
    if (why !== undefined) return why;
  }
  if (!isTrusted(stats, user)) return `${path} belongs to another user`;
  if (stats.isSymbolicLink()) {
    return distrustAbove(resolve(parent, readlinkSync(path)), user, links + 1);
  }
  if (!stats.isDirectory()) return `${path} is no folder`;
  return mayReplaceEntries(stats) ? `others may write to ${path}` : undefined;
}

function distrust(folder: string, user: number): string | undefined {
  const stats = lstatSync(folder);
  if (!stats.isDirectory()) return `${folder} is no folder`;
  if (stats.uid !== user) return `${folder} belongs to another user`;
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) return `others may write to ${folder}`;
  return distrustAbove(dirname(folder), user, 0);
}

/**
 * Makes the folder where there is none. Why it cannot be used, or undefined if it can. Without users, as
 * on Windows, there is nothing to check by, so it is not used.
 */
export function whyUnusable(folder: string): string | undefined {
  const user = process.geteuid?.();
  if (user === undefined) return 'this system has no owners of files';
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return distrust(folder, user);
  } catch (error) {
    return (error as Error).message;
  }
}
