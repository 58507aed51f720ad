/**
 * The only file that loads the native addon: at its first use, so that importing the package never
 * fails and costs nothing.
 */
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { CudaError, CudaOutOfMemoryError, CudaUnavailableError } from '../base/errors.js';
import { publicError } from './failures.js';
import { platform, platformWords } from './platform.js';
import type { NativeAddon, NativeFailure } from './types.js';

type NativeFunction = (...args: unknown[]) => unknown;
type Loader = ((directory: string) => unknown) & { resolve(directory: string): string };

// lib/addon/ and dist/addon/ are both two below the root.
const root = join(__dirname, '..', '..');

const RETURNS_PROMISE: ReadonlySet<string> = new Set([
  'deviceSynchronize',
  'eventSynchronize',
  'streamSynchronize',
  'waitRead',
]);

const fatalListeners: (() => void)[] = [];

/** Calls `listener` whenever a fatal error passes from native code to the caller. */
export function onFatal(listener: () => void): void {
  fatalListeners.push(listener);
}

/** The public error for whatever native code threw. */
export function translate(error: unknown): unknown {
  const failure = error as Partial<NativeFailure> | null | undefined;
  if (failure?.nodecuda === undefined) {
    // The only error of native code without details: there is no memory left to make them.
    const isMemory = failure?.message === 'out of host memory';
    return isMemory ? new CudaOutOfMemoryError('Out of host memory') : error;
  }
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

/** The addon with every function wrapped, so that what it throws are the public errors. */
export function wrapAddon(addon: NativeAddon): NativeAddon {
  const { argumentBlock, ...functions } = addon;
  const wrapped: Record<string, unknown> = { argumentBlock };
  for (const [name, native] of Object.entries(functions as Record<string, NativeFunction>)) {
    wrapped[name] = RETURNS_PROMISE.has(name) ? guardAsync(native) : guard(native);
  }
  return wrapped as unknown as NativeAddon;
}

// In the order in which they are tried. `bindings` knows a debug build in a checkout.
const ATTEMPTS: readonly { readonly name: string; load(): [addon: unknown, path: string] }[] = [
  {
    name: 'node-gyp-build',
    load() {
      const load = require('node-gyp-build') as Loader;
      return [load(root), load.resolve(root)];
    },
  },
  {
    name: 'bindings',
    load() {
      const bindings = require('bindings') as (options: object) => unknown;
      const options = { bindings: 'nodecuda', module_root: root };
      const path = bindings({ ...options, path: true }) as string;
      return [bindings(options), path];
    },
  },
];

function firstLine(error: unknown): string {
  return String((error as Partial<Error> | null)?.message ?? error).split('\n', 1)[0]!;
}

/** The error for an addon that none of the attempts could load. */
export function loadError(failures: readonly { name: string; error: unknown }[]): Error {
  const where = platform();
  const remedy =
    where.platform === 'linux' && where.arch === 'x64' && where.glibc !== null
      ? 'Reinstall the package; in a checkout run `npm run build`.'
      : 'There is no prebuilt binary for this platform: build it from a checkout with `npm run build`.';
  const tried = failures.map(({ name, error }) => `  ${name}: ${firstLine(error)}`);
  return new CudaUnavailableError(
    `The native addon of nodecuda cannot be loaded (${platformWords(where)}, ` +
      `Node.js ${process.version}). ${remedy}\n${tried.join('\n')}`,
    {
      code: 'ERR_CUDA_ADDON_LOAD',
      operation: 'dlopen',
      cause: failures[0]?.error,
    },
  );
}

let loaded: { readonly addon: NativeAddon; readonly path: string } | undefined;
let failed: Error | undefined;

function load(): { readonly addon: NativeAddon; readonly path: string } {
  const failures: { name: string; error: unknown }[] = [];
  for (const attempt of ATTEMPTS) {
    try {
      const [addon, path] = attempt.load();
      return { addon: addon as NativeAddon, path };
    } catch (error) {
      failures.push({ name: attempt.name, error });
    }
  }
  throw loadError(failures);
}

function loadOnce(): { readonly addon: NativeAddon; readonly path: string } {
  if (failed !== undefined) throw failed;
  try {
    const { addon, path } = load();
    // A worker's exit is not the process's: there the addon's own cleanup hook does the work.
    if (isMainThread) process.once('exit', () => addon.beginShutdown());
    loaded = { addon: wrapAddon(addon), path };
    return loaded;
  } catch (error) {
    failed = error as Error;
    throw error;
  }
}

/**
 * The native addon.
 *
 * @throws {@link CudaUnavailableError} `ERR_CUDA_ADDON_LOAD`
 */
export function native(): NativeAddon {
  return loaded === undefined ? loadOnce().addon : loaded.addon;
}

/** Where the addon was loaded from. Throws as `native` does. */
export function addonPath(): string {
  return loaded === undefined ? loadOnce().path : loaded.path;
}
