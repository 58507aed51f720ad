/**
 * Where NVIDIA's libraries may be that are opened at run time, in the order in which the places are tried.
 */
import { readdirSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { native } from '../../addon/load.js';
import { environment } from '../../base/environment.js';
import type { LibraryKind } from './kinds.js';

/** A place, and what there is to open in it: files, or names that the loader finds. */
export interface Place {
  readonly words: string;
  readonly names: readonly string[];
}

const arch = process.arch === 'arm64' ? 'sbsa-linux' : 'x86_64-linux';
/** Folders of a root that may have it: of a toolkit, of Python packages, of a conda environment. */
const FOLDERS = [
  'lib64',
  'lib',
  `targets/${arch}/lib`,
  `lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
  '',
  'nvidia/cu13/lib',
];

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The newest first, and those without a version last: they are links to one of the others. */
function byVersion(one: string, other: string): number {
  const numbers = (name: string) => /\.so(.*)$/.exec(name)![1]!.split('.').map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  for (let i = 1; i < Math.max(a.length, b.length); i++) {
    const difference = (b[i] ?? -1) - (a[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function librariesIn(folder: string, { file }: LibraryKind): string[] {
  const isVersion = (rest: string) => /^(\.\d+)*$/.test(rest);
  const found = names(folder).filter(
    (name) => name.startsWith(file) && isVersion(name.slice(file.length)),
  );
  return found.sort(byVersion).map((name) => join(folder, name));
}

function sitePackages(root: string): string[] {
  const versions = names(join(root, 'lib')).filter((name) => /^python3(\.\d+)?$/.test(name));
  return versions.map((name) => join(root, 'lib', name, 'site-packages'));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // not there, or not for us to see
  }
}

/** The libraries below a root, or the one that is named. */
function under(kind: LibraryKind, path: string, deep = false): string[] {
  if (!isFolder(path)) return [path];
  const roots = deep ? [path, ...sitePackages(path)] : [path];
  const folders = [...FOLDERS, kind.packageFolder];
  return roots.flatMap((root) => folders.flatMap((each) => librariesIn(join(root, each), kind)));
}

function rootPlace(kind: LibraryKind, words: string, path: string, deep = false): Place {
  return { words, names: isFolder(path) ? under(kind, path, deep) : [] };
}

function fromEnvironment(kind: LibraryKind, name: string): Place[] {
  const root = environment(name);
  return root ? [rootPlace(kind, `${name}=${root}`, root)] : [];
}

function loadedPlace({ file }: LibraryKind): Place {
  const path = native().loadedLibrary(file);
  return { words: 'what the process has loaded already', names: path === null ? [] : [path] };
}

// A wish is followed or refused, never passed over.
function wished(kind: LibraryKind, option: string | undefined): Place | undefined {
  if (option !== undefined) {
    return { words: `the option ${kind.option}: ${option}`, names: under(kind, option, true) };
  }
  const variable = environment(kind.variable);
  if (!variable) return undefined;
  const words = `${kind.variable}=${variable}`;
  return isAbsolute(variable)
    ? { words, names: under(kind, variable, true) }
    : { words: `${words}, which is no absolute path`, names: [] };
}

/** The places, with what is in them now. */
export function places(
  kind: LibraryKind,
  option: string | undefined,
  roots: readonly string[],
): Place[] {
  const wish = wished(kind, option);
  if (wish !== undefined) return [wish];
  const listed = environment(`${kind.variable}_ROOTS`)?.split(delimiter).filter(isAbsolute) ?? [];
  const loader = [kind.file, `${kind.file}.13`, `${kind.file}.12`];
  return [
    loadedPlace(kind),
    { words: `the loader's ${loader.join(', ')}`, names: loader },
    ...fromEnvironment(kind, 'CUDA_PATH'),
    ...fromEnvironment(kind, 'CUDA_HOME'),
    rootPlace(kind, '/usr/local/cuda', '/usr/local/cuda'),
    ...[...roots, ...listed].map((root) => rootPlace(kind, root, root, true)),
  ];
}

/** What to say where none of the places has it. */
export function notFoundWords(
  kind: LibraryKind,
  looked: readonly Place[],
  failures: readonly string[],
): string {
  const lines = [];
  let at = 0;
  for (const { words, names } of looked) {
    lines.push(`\n  ${words}${names.length === 0 ? ': nothing there' : ''}`);
    for (const _ of names) lines.push(`\n    ${failures[at++]}`);
  }
  return (
    `${kind.name}, which ${kind.purpose}, was not found. ${kind.remedy}. ` +
    `Looked at:${lines.join('')}`
  );
}

/** What decides about the places besides their contents: the same text, the same places. */
export function placesKey(
  { variable }: LibraryKind,
  option: string | undefined,
  roots: readonly string[],
): string {
  const variables = [variable, `${variable}_ROOTS`, 'CUDA_PATH', 'CUDA_HOME'];
  return [option ?? '', ...roots, '', ...variables.map((name) => environment(name) ?? '')].join(
    '\0',
  );
}
