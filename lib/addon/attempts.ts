/**
 * Where the native addon may be, in the order in which the places are tried.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment } from '../base/environment.js';
import { platform } from './platform.js';
import type { NativeAddon } from './types.js';

type Loader = ((directory: string) => unknown) & { resolve(directory: string): string };

interface Attempt {
  readonly name: string;
  load(root: string): [addon: unknown, path: string];
}

/** An attempt that came to nothing, and why. */
export interface FailedAttempt {
  readonly name: string;
  readonly error: unknown;
}

/** What the attempts came to. */
export interface Search {
  /** The package's folder; undefined where this code is not in it, because it was bundled. */
  readonly root: string | undefined;
  readonly found: { readonly addon: NativeAddon; readonly path: string } | undefined;
  readonly failures: readonly FailedAttempt[];
}

/** The binary that the package has for this platform, if it has one. */
export function prebuiltFile(root: string): string {
  return join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'nodecuda.glibc.node');
}

const NODE_GYP_BUILD: Attempt = {
  name: 'node-gyp-build',
  load(root) {
    const load = require('node-gyp-build') as Loader;
    return [load(root), load.resolve(root)];
  },
};

// The file that ships, by its name. node-gyp-build misses it where LIBC, npm_config_arch or
// npm_config_platform are in the environment for other reasons, and where it may not look for
// Alpine's release file (--permission).
const PREBUILT: Attempt = {
  name: 'prebuilds',
  load(root) {
    if (process.platform === 'linux' && platform().glibc === null) throw new Error('needs glibc');
    const path = prebuiltFile(root);
    return [require(path), path];
  },
};

// Knows the other places of a build in a checkout.
const BINDINGS: Attempt = {
  name: 'bindings',
  load(root) {
    const bindings = require('bindings') as (options: object) => unknown;
    const options = { bindings: 'nodecuda', module_root: root };
    const path = bindings({ ...options, path: true }) as string;
    return [bindings(options), path];
  },
};

/** The folder that NODECUDA_PREBUILD names, where node-gyp-build looks in place of the package. */
export function wishedFolder(): string | undefined {
  return environment('NODECUDA_PREBUILD') || undefined;
}

function isOurs(root: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return manifest?.name === 'nodecuda';
  } catch (error) {
    // What may not or cannot be read now may well be ours; the attempts will tell.
    const { code } = error as NodeJS.ErrnoException;
    return !(error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR');
  }
}

// Where a bundler has moved this code, other packages' addons may be: nothing is tried there.
function packageRoot(): string | undefined {
  // An ES module, which some bundlers write, has no __dirname.
  if (typeof __dirname !== 'string') return undefined;
  // dist/index.js is one below the root, this module by itself two.
  return [join(__dirname, '..'), join(__dirname, '..', '..')].find(isOurs);
}

function attempt({ load }: Attempt, root: string): { addon: NativeAddon; path: string } {
  const [addon, path] = load(root);
  if (typeof (addon as Partial<NativeAddon> | null)?.beginShutdown !== 'function') {
    throw new Error(`${path} is not the addon of nodecuda`);
  }
  return { addon: addon as NativeAddon, path };
}

/** Tries all places until one has the addon. Never throws. */
export function findAddon(): Search {
  const root = packageRoot();
  const failures: FailedAttempt[] = [];
  if (root === undefined) return { root, found: undefined, failures };
  // A wish is followed or refused, never passed over.
  const others = wishedFolder() === undefined ? [PREBUILT, BINDINGS] : [];
  for (const each of [NODE_GYP_BUILD, ...others]) {
    try {
      return { root, found: attempt(each, root), failures };
    } catch (error) {
      failures.push({ name: each.name, error });
    }
  }
  return { root, found: undefined, failures };
}
