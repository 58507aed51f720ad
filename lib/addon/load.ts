/**
 * The only file that loads the native addon: at its first use, so that importing the package never
 * fails and costs nothing.
 */
import { totalmem } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { CudaError, CudaUnavailableError } from '../base/errors.js';
import { type FailedAttempt, findAddon } from './attempts.js';
import { publicError } from './failures.js';
import { platform, platformWords } from './platform.js';
import { remedy } from './remedy.js';
import type { NativeAddon, NativeFailure } from './types.js';

type NativeFunction = (...args: unknown[]) => unknown;

const RETURNS_PROMISE: ReadonlySet<string> = new Set([
  'compileProgram',
  'debuggerStopped',
  'linkCode',
  'linkPtx',
  'openCompiler',
  'openLinker',
  'preload',
]);

/** What returns a promise for the end of work of a device. */
const WAITS: ReadonlySet<string> = new Set([
  'deviceReclaim',
  'deviceSynchronize',
  'eventSynchronize',
  'streamSynchronize',
  'waitRead',
]);

/** What blocks until then. */
const BLOCKS: ReadonlySet<string> = new Set([
  'deviceSynchronizeSync',
  'eventSynchronizeSync',
  'streamSynchronizeSync',
  'waitReadSync',
]);

const fatalListeners: (() => void)[] = [];
const waitListeners: (() => void)[] = [];

/** Calls `listener` whenever a fatal error passes from native code to the caller. */
export function onFatal(listener: () => void): void {
  fatalListeners.push(listener);
}

/** Calls `listener` whenever a wait for a device is over, however it ended, and before the caller knows. */
export function onWaited(listener: () => void): void {
  waitListeners.push(listener);
}

const waitCheckers: (() => Error | undefined)[] = [];

/** Has waits that ended well fail with what `check` gives, if that is an error. */
export function onWaitFailure(check: () => Error | undefined): void {
  waitCheckers.push(check);
}

const blockCheckers: (() => Error | undefined)[] = [];

/** Has what would block fail with what `check` gives, if that is an error, before it does. */
export function onBlock(check: () => Error | undefined): void {
  blockCheckers.push(check);
}

function announceWaited(): void {
  for (const listener of waitListeners) listener();
}

function throwFirst(checks: readonly (() => Error | undefined)[]): void {
  for (const check of checks) {
    const failure = check();
    if (failure !== undefined) throw failure;
  }
}

/** The public error for whatever native code threw. */
export function translate(error: unknown): unknown {
  const failure = error as Partial<NativeFailure> | null | undefined;
  if (failure?.nodecuda === undefined) return error;
  const translated = publicError(failure.message ?? '', failure.nodecuda);
  if (translated instanceof CudaError && translated.fatal) {
    for (const listener of fatalListeners) listener();
  }
  return translated;
}

function rethrow(error: unknown): never {
  throw translate(error);
}

function guard(native: NativeFunction): NativeFunction {
  return (...args) => {
    try {
      return native(...args);
    } catch (error) {
      return rethrow(error);
    }
  };
}

function guardAsync(native: NativeFunction): NativeFunction {
  const call = guard(native);
  return (...args) => (call(...args) as Promise<unknown>).then(undefined, rethrow);
}

function guardWait(native: NativeFunction): NativeFunction {
  const call = guard(native);
  const resolve = (value: unknown) => {
    announceWaited();
    throwFirst(waitCheckers);
    return value;
  };
  const reject = (error: unknown) => {
    announceWaited();
    return rethrow(error);
  };
  return (...args) => (call(...args) as Promise<unknown>).then(resolve, reject);
}

function guardBlocking(native: NativeFunction): NativeFunction {
  const call = guard(native);
  return (...args) => {
    throwFirst(blockCheckers);
    let value: unknown;
    try {
      value = call(...args);
    } finally {
      announceWaited();
    }
    throwFirst(waitCheckers);
    return value;
  };
}

function guardOf(name: string): (native: NativeFunction) => NativeFunction {
  if (WAITS.has(name)) return guardWait;
  if (BLOCKS.has(name)) return guardBlocking;
  return RETURNS_PROMISE.has(name) ? guardAsync : guard;
}

/** The addon with every function wrapped, so that what it throws are the public errors. */
export function wrapAddon(addon: NativeAddon): NativeAddon {
  const { argumentBlock, ...functions } = addon;
  const wrapped: Record<string, unknown> = { argumentBlock };
  for (const [name, native] of Object.entries(functions as Record<string, NativeFunction>)) {
    wrapped[name] = guardOf(name)(native);
  }
  return wrapped as unknown as NativeAddon;
}

function firstLine(error: unknown): string {
  return String((error as Partial<Error> | null)?.message ?? error).split('\n', 1)[0]!;
}

/** The error for an addon that none of the attempts could load. */
export function loadError(failures: readonly FailedAttempt[], root: string | undefined): Error {
  const where = platform();
  const tried = failures.map(({ name, error }) => `\n  ${name}: ${firstLine(error)}`);
  return new CudaUnavailableError(
    `The native addon of nodecuda cannot be loaded (${platformWords(where)}, ` +
      `Node.js ${process.version}). ${remedy(failures, root, where)}${tried.join('')}`,
    {
      code: 'ERR_CUDA_ADDON_LOAD',
      operation: 'dlopen',
      cause: failures[0]?.error,
    },
  );
}

/**
 * Tells the binary when the process exits: once, however often this module is loaded anew (Jest and
 * whoever clears `require.cache` do that). The binary itself stays what it is, and its answer to
 * `beginShutdown` is for the whole process.
 */
function announceExit({ addon, path }: Loaded): void {
  // A worker's exit is not the process's: there the addon's own cleanup hook does the work.
  if (!isMainThread) return;
  const mark = Symbol.for(`nodecuda.exit:${path}`);
  const marked = process as unknown as Record<symbol, boolean | undefined>;
  if (marked[mark]) return;
  marked[mark] = true;
  process.once('exit', () => addon.beginShutdown());
}

/**
 * Copies may hold a quarter of the memory that the process may have; a container may have less than the
 * machine. Where neither can be asked, as in Deno, the addon's own limit stays.
 */
function limitStaging(addon: NativeAddon): void {
  let bytes: number;
  try {
    const constrained = process.constrainedMemory?.() ?? 0;
    bytes = Math.min(totalmem(), constrained > 0 ? constrained : Infinity);
  } catch {
    return;
  }
  addon.limitStaging(Math.floor(bytes / 4));
}

interface Loaded {
  readonly addon: NativeAddon;
  readonly path: string;
}

let loaded: Loaded | undefined;

// A failure is not remembered: having no file descriptor left, for one, passes.
function load(): Loaded {
  const { root, found, failures } = findAddon();
  if (found === undefined) throw loadError(failures, root);
  announceExit(found);
  limitStaging(found.addon);
  loaded = { addon: wrapAddon(found.addon), path: found.path };
  return loaded;
}

/**
 * The native addon.
 *
 * @throws {@link CudaUnavailableError} `ERR_CUDA_ADDON_LOAD`
 */
export function native(): NativeAddon {
  return loaded === undefined ? load().addon : loaded.addon;
}

/** Where the addon was loaded from. Throws as `native` does. */
export function addonPath(): string {
  return loaded === undefined ? load().path : loaded.path;
}
