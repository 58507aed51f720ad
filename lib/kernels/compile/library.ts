/**
 * NVRTC, found and opened, and the headers of its toolkit.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { native } from '../../addon/load.js';
import { CudaCompileError } from '../../base/errors.js';
import type { DiskCache } from './cache/disk.js';
import { type LibraryNote, noteName, readNote } from './cache/note.js';
import { NVRTC } from './kinds.js';
import type { CompileRequest } from './options.js';
import { notFoundWords, type Place, places, placesKey } from './places.js';

export interface Library {
  readonly path: string;
  /** Such as `12.4`. */
  readonly version: string;
  /** The other half of the library; empty if it is not beside it. */
  readonly builtins: string;
  readonly architectures: readonly number[];
  readonly headerRoot: string | null;
  /** Options of every compilation with it. */
  readonly options: readonly string[];
  /** What tells it from other builds: part of the key of a cached result. */
  readonly identity: string;
}

function notFound(looked: readonly Place[], failures: readonly string[]): CudaCompileError {
  return new CudaCompileError(notFoundWords(NVRTC, looked, failures), {
    code: 'ERR_CUDA_NO_COMPILER',
    operation: 'dlopen',
  });
}

/** A header that every toolkit has where its headers are. */
const A_HEADER = 'cuda_fp16.h';

// Never those of another toolkit: mixed ones fail in ways that nobody understands.
function headerRootOf(path: string): string | null {
  const folder = dirname(path);
  const roots = [
    join(folder, '../include'), // lib64, targets/x86_64-linux/lib, conda, nvidia/cu13/lib
    join(folder, '../../include'), // lib/x86_64-linux-gnu
    join(folder, '../../cuda_runtime/include'), // Python packages of CUDA 12
  ];
  return roots.find((root) => existsSync(join(root, A_HEADER))) ?? null;
}

function includeOptions(root: string | null): string[] {
  if (root === null) return [];
  const libcudacxx = join(root, 'cccl'); // <cuda/std/...>, since CUDA 13
  const roots = existsSync(libcudacxx) ? [root, libcudacxx] : [root];
  return roots.map((each) => `--include-path=${each}`);
}

function identityOf(path: string, headerRoot: string | null): string {
  let build = path;
  try {
    const { size, mtimeMs } = statSync(path);
    // Not where it is: installed elsewhere it is the same.
    build = [basename(path), size, mtimeMs].join('\0');
  } catch {
    // removed since it was loaded
  }
  return `${build}\0${headerRoot ?? ''}`;
}

function libraryOf(note: LibraryNote): Library {
  const headerRoot = headerRootOf(note.path);
  return { ...note, headerRoot, options: includeOptions(headerRoot) };
}

const identityNow = (path: string) => identityOf(path, headerRootOf(path));

async function open(looked: readonly Place[]): Promise<LibraryNote> {
  const search = await native().openCompiler(looked.flatMap((place) => place.names));
  const { path, major, minor, builtins, architectures } = search;
  if (path === null) throw notFound(looked, search.failures);
  const version = `${major}.${minor}`;
  return { path, version, builtins, architectures, identity: identityNow(path) };
}

async function find(request: CompileRequest, cache: DiskCache | undefined): Promise<Library> {
  const looked = places(NVRTC, request.nvrtc, request.nvrtcRoots);
  if (cache === undefined) return libraryOf(await open(looked));
  const name = noteName(looked);
  const known = readNote(cache, name, identityNow);
  if (known !== undefined) return libraryOf(known);
  const note = await open(looked);
  // Nobody waits for it.
  void cache.writeNote(name, JSON.stringify(note));
  return libraryOf(note);
}

/** The error for a library that was found and cannot be opened. Who asks next looks again. */
export function lostLibrary(
  { nvrtc, nvrtcRoots }: CompileRequest,
  { path }: Library,
  cause: Error,
): CudaCompileError {
  found.delete(placesKey(NVRTC, nvrtc, nvrtcRoots));
  return new CudaCompileError(
    `NVRTC was found, and cannot be opened: ${cause.message}. ${NVRTC.remedy}`,
    { code: 'ERR_CUDA_NO_COMPILER', operation: 'dlopen', libraryPath: path, cause },
  );
}

// Once found it stays, as it does in the process. Where it was not found it may be later.
const found = new Map<string, Promise<Library>>();

/**
 * The library for a request, opened, or known from a cache: it is opened when it is to compile. Rejects
 * with {@link CudaCompileError} `ERR_CUDA_NO_COMPILER`.
 */
export function libraryFor(
  request: CompileRequest,
  cache: DiskCache | undefined,
): Promise<Library> {
  const key = placesKey(NVRTC, request.nvrtc, request.nvrtcRoots);
  let library = found.get(key);
  if (library === undefined) {
    library = find(request, cache);
    found.set(key, library);
    library.catch(() => found.delete(key));
  }
  return library;
}
