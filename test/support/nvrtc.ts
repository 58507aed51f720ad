// NVRTC and nvJitLink for the tests: stand-ins that the test compiles, and the real ones where they can be
// had.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './child.js';

export const hasCompiler =
  spawnSync('cc', ['--version'], { env: { ...process.env, LD_PRELOAD: '' } }).status === 0;

/** A folder for one test file, without links in its path. Removed by `removeFolders`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'nodecuda-compile-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface FakeOptions {
  readonly version?: readonly [major: number, minor: number];
  readonly name?: string;
  readonly macros?: readonly string[];
}

function compileShared(source: string, output: string, soname: string, macros: readonly string[]) {
  const flags = ['-shared', '-fPIC', '-O1', `-Wl,-soname,${soname}`];
  const defines = macros.map((macro) => `-D${macro}`);
  execFileSync('cc', [...flags, ...defines, '-x', 'c', source, '-o', output, '-ldl'], {
    env: { ...process.env, LD_PRELOAD: '' }, // sanitizers look at leaks of the compiler too
  });
}

/** Compiles the stand-in into a folder. The path of the library. */
export function makeFake(folder: string, options: FakeOptions = {}): string {
  const { version: [major, minor] = [12, 4], name = 'libnvrtc.so.12', macros = [] } = options;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  const source = join(root, 'test/support/fake-nvrtc.c');
  compileShared(source, path, name, [`MAJOR=${major}`, `MINOR=${minor}`, ...macros]);
  return path;
}

/** Compiles the stand-in for nvJitLink into a folder. The path of the library. */
export function makeFakeLinker(folder: string, macros: readonly string[] = []): string {
  mkdirSync(folder, { recursive: true });
  const name = 'libnvJitLink.so.12';
  const path = join(folder, name);
  compileShared(join(root, 'test/support/fake-nvjitlink.c'), path, name, macros);
  return path;
}

/** The other half of the stand-in. */
export function makeFakeBuiltins(folder: string, [major, minor]: readonly [number, number]): void {
  const name = `libnvrtc-builtins.so.${major}.${minor}`;
  compileShared('/dev/null', join(folder, name), name, []);
}

/**
 * The root of a real NVRTC: what NODECUDA_TEST_NVRTC names, or what scripts/unpack-nvrtc.mjs unpacks
 * from the machine's package mirror. Undefined where neither is.
 */
export function realNvrtc(): string | undefined {
  const named = process.env.NODECUDA_TEST_NVRTC;
  if (named) return named;
  const unpacked = join(root, 'build/nvrtc/usr');
  if (existsSync(unpacked)) return unpacked;
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/unpack-nvrtc.mjs')]);
  return status === 0 && existsSync(unpacked) ? unpacked : undefined;
}

/** The nvJitLink beside a real NVRTC, of the same version. Undefined where there is none. */
export function realLinker(nvrtc: string): string | undefined {
  const path = join(nvrtc, 'lib/x86_64-linux-gnu/libnvJitLink.so.12');
  if (!existsSync(path)) spawnSync(process.execPath, [join(root, 'scripts/unpack-nvrtc.mjs')]);
  return existsSync(path) ? path : undefined;
}
