/**
 * CUDA C++ to code, at run time, with NVRTC. What was compiled before comes from memory or from disk.
 */
import { native } from '../../addon/load.js';
import type { NativeCompilation } from '../../addon/types.js';
import { environment } from '../../base/environment.js';
import { CudaCompileError, CudaUnavailableError } from '../../base/errors.js';
import { type CompileTarget, chooseArchitecture } from './architecture.js';
import { type Asked, sameOptions } from './asked.js';
import { DiskCache } from './cache/disk.js';
import { cacheFolder } from './cache/folder.js';
import { diskKey, targetKey } from './cache/key.js';
import { MemoryCache } from './cache/memory.js';
import { byteSizeOf, type CompiledCode, type CompiledParts, compiledCode } from './compiled.js';
import { compileError, withCircumstances } from './failures.js';
import { type Library, libraryFor, lostLibrary } from './library.js';
import {
  type CompileOptions,
  type CompileRequest,
  checkSource,
  includesByPath,
  readRequest,
} from './options.js';
import { withSlot } from './slots.js';

/**
 * What became of all compilations that this thread has asked for.
 *
 * @group Own kernels
 */
export interface CompileCounts {
  /** The compiler was called. */
  readonly compiled: number;
  /** The result was in memory. */
  readonly fromMemory: number;
  /** The result was on disk. */
  readonly fromDisk: number;
  /** The same was being compiled already, for this thread or another. */
  readonly joined: number;
  /** Results that were written to disk. */
  readonly written: number;
}

const counts = { compiled: 0, fromMemory: 0, fromDisk: 0, joined: 0, written: 0 };

const MEMORY_BYTES = 64 * 2 ** 20;
const DISK_BYTES = 256 * 2 ** 20;

/** What was asked for, and for which target. */
interface Known {
  readonly options: Asked;
  readonly target: string;
}

const memory = new MemoryCache<Promise<CompiledCode>, Known>(MEMORY_BYTES);
/** What is being compiled, or looked for, by everything that it depends on. */
const running = new Map<string, Promise<CompiledCode>>();
const writing = new Set<Promise<unknown>>();

function diskLimit(): number {
  const bytes = Number(environment('NODECUDA_CACHE_BYTES') || DISK_BYTES);
  return Number.isFinite(bytes) && bytes >= 0 ? bytes : DISK_BYTES;
}

let disk: DiskCache | undefined;

// The environment may have changed, in tests at least.
function diskCache(): DiskCache | undefined {
  const folder = cacheFolder();
  if (folder === undefined) return undefined;
  const limit = diskLimit();
  if (disk?.folder !== folder || disk.limitBytes !== limit) disk = new DiskCache(folder, limit);
  return disk;
}

// Without it files in the working directory could be included, and nobody would know.
const NO_SOURCE_INCLUDE = '--no-source-include';

function callCompiler(
  { path }: Library,
  request: CompileRequest,
  options: readonly string[],
  key: string,
): Promise<NativeCompilation> {
  const { source, name, headerNames, headerSources, nameExpressions } = request;
  return native().compileProgram(
    path,
    source,
    name,
    headerNames,
    headerSources,
    options,
    nameExpressions,
    key,
  );
}

function architectureFor(
  request: CompileRequest,
  library: Library,
  target: CompileTarget | undefined,
): string {
  try {
    return chooseArchitecture(request.architecture, target, library.architectures);
  } catch (error) {
    throw error instanceof CudaCompileError
      ? withCircumstances(error.message, library, target)
      : error;
  }
}

async function compileNow(
  request: CompileRequest,
  library: Library,
  target: CompileTarget | undefined,
  /** Shared with other threads; empty: with none. */
  key: string,
): Promise<CompiledParts> {
  const architecture = architectureFor(request, library, target);
  const options = [
    `--gpu-architecture=${architecture}`,
    NO_SOURCE_INCLUDE,
    ...request.options,
    ...request.includePaths.map((path) => `--include-path=${path}`),
    ...library.options,
  ];
  const call = withSlot(() => callCompiler(library, request, options, key));
  const result = await call.catch((error: unknown) => {
    const isLost = error instanceof CudaUnavailableError && error.code === 'ERR_CUDA_UNSUPPORTED';
    throw isLost ? lostLibrary(request, library, error) : error;
  });
  if (result.shared) counts.joined++;
  else counts.compiled++;
  if (result.status !== 0) throw compileError(request, options, result, library, target);
  return {
    architecture,
    ptx: result.ptx,
    cubin: result.cubin,
    log: result.log,
    loweredNames: request.nameExpressions.map(
      (expression, i) => [expression, result.loweredNames[i]!] as const,
    ),
    nvrtcVersion: library.version,
    libraryPath: library.path,
    headerRoot: library.headerRoot,
    options,
  };
}

function writeLater(cache: DiskCache, key: Buffer, parts: CompiledParts): void {
  const write = cache.write(key, parts).then((kept) => {
    if (kept) counts.written++;
    writing.delete(write);
  });
  writing.add(write);
}

async function findOrCompile(
  request: CompileRequest,
  target: CompileTarget | undefined,
  mayCache: boolean,
): Promise<CompiledCode> {
  checkSource(request);
  const cache = mayCache ? diskCache() : undefined;
  const library = await libraryFor(request, cache);
  if (!mayCache) return compiledCode(await compileNow(request, library, target, ''));
  const key = diskKey(request, target, library);
  const kept = await cache?.read(key);
  if (kept !== undefined) {
    counts.fromDisk++;
    return compiledCode(kept);
  }
  const parts = await compileNow(request, library, target, key.toString('hex'));
  if (cache !== undefined) writeLater(cache, key, parts);
  return compiledCode(parts);
}

/**
 * Compiles CUDA C++, on a thread of its own. The same request gives the same object, from memory, or one
 * from disk; who asks for what is being compiled waits for that.
 *
 * @throws TypeError, RangeError and {@link CudaCompileError}, as rejections
 */
export function compileCuda(
  source: string,
  options?: CompileOptions,
  target?: CompileTarget,
): Promise<CompiledCode> {
  let request: CompileRequest;
  try {
    const forTarget = targetKey(target);
    const known = memory.find(
      source,
      (asked) =>
        (asked.target === forTarget || asked.options.architecture !== undefined) &&
        sameOptions(asked.options, options),
    );
    if (known !== undefined) {
      counts.fromMemory++;
      return known;
    }
    request = readRequest(source, options);
  } catch (error) {
    return Promise.reject(error);
  }
  return compileRequest(request, target);
}

/** As {@link compileCuda}, for what was checked already. */
export function compileRequest(
  request: CompileRequest,
  target: CompileTarget | undefined,
): Promise<CompiledCode> {
  if (!request.cache || !request.cacheable) {
    return findOrCompile(request, target, false);
  }
  const key =
    request.architecture === undefined ? `${targetKey(target)}${request.key}` : request.key;
  const known = memory.get(request.source, key);
  if (known !== undefined) {
    counts.fromMemory++;
    return known;
  }
  // Asked only now: results from memory are to stay cheap, and none of these gets there.
  if (request.cacheKey === undefined && includesByPath(request)) {
    return findOrCompile(request, target, false);
  }
  return compileOnce(request, target, key);
}

function compileOnce(
  request: CompileRequest,
  target: CompileTarget | undefined,
  key: string,
): Promise<CompiledCode> {
  const whole = `${key}\0${request.source}`;
  let promise = running.get(whole);
  if (promise !== undefined) {
    counts.joined++;
    return promise;
  }
  promise = findOrCompile(request, target, true);
  running.set(whole, promise);
  const over = () => running.delete(whole);
  promise.then((code) => {
    over();
    const known = request.asked && { options: request.asked, target: targetKey(target) };
    memory.set(request.source, key, promise, byteSizeOf(code), known);
  }, over);
  return promise;
}

/** What became of the compilations so far. */
export function compileCounts(): CompileCounts {
  return { ...counts };
}

/** Forgets what is in memory. */
export function clearMemoryCache(): void {
  memory.clear();
}

/** Waits until everything that was compiled is on disk, or cannot be. */
export async function cacheWritten(): Promise<void> {
  while (writing.size > 0) await Promise.all(writing);
}

/**
 * What became of the compilations that this thread has asked for, and where results are kept.
 *
 * @group Own kernels
 */
export interface CompileStatus extends CompileCounts {
  /** The folder of the cache on disk; null if there is none. */
  readonly cacheFolder: string | null;
  /** Why nothing is read from it or written to it; null if all is well. */
  readonly cacheUnusable: string | null;
}

/**
 * What became of the compilations that this thread has asked for with {@link KernelMethods.compile} and
 * {@link KernelMethods.warm}: for tests that want none, and to learn why a cache is not used. Never throws.
 *
 * @group Own kernels
 */
export function compileStatus(): CompileStatus {
  const { folder, unusable } = cacheStatus();
  return { ...counts, cacheFolder: folder, cacheUnusable: unusable };
}

/** Where results are kept on disk, and why not, if they are not. */
export function cacheStatus(): { folder: string | null; unusable: string | null } {
  const cache = diskCache();
  if (cache === undefined) return { folder: null, unusable: 'it is switched off, or has no place' };
  return { folder: cache.folder, unusable: cache.unusable ?? null };
}
