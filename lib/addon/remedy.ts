/**
 * What to do about an addon that cannot be loaded.
 */
import { existsSync } from 'node:fs';
import { type FailedAttempt, prebuiltFile, wishedFolder } from './attempts.js';
import type { Platform } from './platform.js';

const BUNDLED =
  'This code was bundled, which moved it away from its binary. Mark nodecuda as external and ' +
  'install it where the program runs: `external: ["nodecuda"]` in esbuild, Rollup and Rolldown, ' +
  '`ssr.external` in Vite, `externals` in webpack, `serverExternalPackages` in Next.js.';

const DENO = 'Start it with `deno run --allow-env --allow-ffi --allow-read`.';

const TOO_MANY_FILES =
  'Too many files are open: close some, or raise the limit (`ulimit -n`). The next call tries again.';

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | null)?.code;
}

function isDenoRefusal(error: unknown): boolean {
  return process.versions.deno !== undefined && /--allow-\w+/.test(String(error));
}

function hasNoFileLeft(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EMFILE' || code === 'ENFILE' || /too many open files/i.test(String(error));
}

// `process.permission` is there with --permission alone.
function nodeFlags(root: string): string {
  return 'permission' in process
    ? `Node.js runs with --permission: add \`--allow-addons --allow-fs-read=${root}\`.`
    : 'Node.js runs with --no-addons, perhaps by NODE_OPTIONS: start it without.';
}

function missing(root: string): boolean {
  try {
    return !existsSync(prebuiltFile(root));
  } catch {
    return false;
  }
}

/** Words for people. `root` is undefined where the code was bundled. */
export function remedy(
  failures: readonly FailedAttempt[],
  root: string | undefined,
  { platform, arch, glibc }: Platform,
): string {
  if (root === undefined) return BUNDLED;
  const errors = failures.map(({ error }) => error);
  const codes = errors.map(codeOf);
  if (codes.includes('ERR_DLOPEN_DISABLED')) return nodeFlags(root);
  if (errors.some(isDenoRefusal)) return DENO;
  if (errors.some(hasNoFileLeft)) return TOO_MANY_FILES;
  if (wishedFolder() !== undefined) {
    return `NODECUDA_PREBUILD=${wishedFolder()} names a folder whose addon cannot be used: unset it.`;
  }
  if (platform !== 'linux' || arch !== 'x64' || glibc === null) {
    return 'There is no prebuilt binary for this platform: build it from a checkout with `npm run build`.';
  }
  if (missing(root)) {
    return (
      `${prebuiltFile(root)} is missing: install the package again, and let no tool that copies ` +
      'or prunes packages leave out prebuilds/.'
    );
  }
  return 'Install the package again; in a checkout run `npm run build`.';
}
