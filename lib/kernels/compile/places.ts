/**
 * Where NVRTC may be, in the order in which the places are tried.
 */
import { readdirSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { native } from '../../addon/load.js';
import { environment } from '../../base/environment.js';

/** A place, and what there is to open in it: files, or names that the loader finds. */
export interface Place {
  readonly words: string;
  readonly names: readonly string[];
}

const LOADER_NAMES = ['libnvrtc.so', 'libnvrtc.so.13', 'libnvrtc.so.12'];
const FILE = /^libnvrtc\.so((?:\.\d+)*)$/;

const arch = process.arch === 'arm64' ? 'sbsa-linux' : 'x86_64-linux';
/** Folders of a root that may have it: of a toolkit, of Python packages, of a conda environment. */
const FOLDERS = [
  'lib64',
  'lib',
  `targets/${arch}/lib`,
  `lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`,
  '',
  'nvidia/cu13/lib',
  'nvidia/cuda_nvrtc/lib',
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
  const numbers = (name: string) => FILE.exec(name)![1]!.split('.').map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  for (let i = 1; i < Math.max(a.length, b.length); i++) {
    const difference = (b[i] ?? -1) - (a[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function librariesIn(folder: string): string[] {
  const found = names(folder).filter((name) => FILE.test(name));
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
function under(path: string, deep = false): string[] {
  if (!isFolder(path)) return [path];
  const roots = deep ? [path, ...sitePackages(path)] : [path];
  return roots.flatMap((root) => FOLDERS.flatMap((folder) => librariesIn(join(root, folder))));
}

function rootPlace(words: string, path: string, deep = false): Place {
  return { words, names: isFolder(path) ? under(path, deep) : [] };
}

function fromEnvironment(name: string): Place[] {
  const root = environment(name);
  return root ? [rootPlace(`${name}=${root}`, root)] : [];
}

function loadedPlace(): Place {
  const path = native().loadedCompiler();
  return { words: 'what the process has loaded already', names: path === null ? [] : [path] };
}

// A wish is followed or refused, never passed over.
function wished(option: string | undefined): Place | undefined {
  if (option !== undefined)
    return { words: `the option nvrtc: ${option}`, names: under(option, true) };
  const variable = environment('NODECUDA_NVRTC');
  if (!variable) return undefined;
  const words = `NODECUDA_NVRTC=${variable}`;
  return isAbsolute(variable)
    ? { words, names: under(variable, true) }
    : { words: `${words}, which is no absolute path`, names: [] };
}

/** The places, with what is in them now. */
export function places(option: string | undefined, roots: readonly string[]): Place[] {
  const wish = wished(option);
  if (wish !== undefined) return [wish];
  const listed = environment('NODECUDA_NVRTC_ROOTS')?.split(delimiter).filter(isAbsolute) ?? [];
  return [
    loadedPlace(),
    { words: `the loader's ${LOADER_NAMES.join(', ')}`, names: LOADER_NAMES },
    ...fromEnvironment('CUDA_PATH'),
    ...fromEnvironment('CUDA_HOME'),
    rootPlace('/usr/local/cuda', '/usr/local/cuda'),
    ...[...roots, ...listed].map((root) => rootPlace(root, root, true)),
  ];
}

/** What decides about the places besides their contents: the same text, the same places. */
export function placesKey(option: string | undefined, roots: readonly string[]): string {
  const variables = ['NODECUDA_NVRTC', 'NODECUDA_NVRTC_ROOTS', 'CUDA_PATH', 'CUDA_HOME'];
  return [option ?? '', ...roots, '', ...variables.map((name) => environment(name) ?? '')].join(
    '\0',
  );
}
