import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const root = join(__dirname, '../..');
const manifest = require('../../package.json');

interface Packed {
  files: { path: string }[];
  unpackedSize: number;
}

let packed: Packed;
beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  [packed] = JSON.parse(output);
});

test('holds what a user needs', () => {
  expect(packed.files.map((file) => file.path)).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'THIRD_PARTY_NOTICES.md',
      'package.json',
      'dist/cli.js',
      'dist/index.js',
      'dist/index.mjs',
      'dist/index.d.ts',
      'dist/index.d.mts',
      'prebuilds/linux-x64/nodecuda.glibc.node',
    ]),
  );
});

test('holds nothing else', () => {
  const allowed =
    /^(LICENSE|(README|CHANGELOG|SECURITY|THIRD_PARTY_NOTICES)\.md|package\.json|docs\/(checker|debugger|expressions|kernel-authoring|profiler|simulator|textures|kernels(\/\w+)?)\.md|examples\/([\w-]+\.(mjs|m?ts|md)|kernels\/\w+\.(cu|ptx))|dist\/index\.m?js|dist\/cli\.js|dist\/[\w./-]+\.d\.m?ts|prebuilds\/linux-x64\/nodecuda\.glibc\.node)$/;
  expect(packed.files.map((file) => file.path).filter((path) => !allowed.test(path))).toEqual([]);
  expect(packed.unpackedSize).toBeLessThan(18e6);
});

test('what its pages link to is in it, or has a full address', () => {
  const paths = packed.files.map((file) => file.path);
  const pages = paths.filter((path) => path.endsWith('.md'));
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !target.startsWith('https://'))
      .map((target) => posix.join(posix.dirname(page), target))
      .filter((target) => !paths.includes(target)),
  );
  expect(pages.length).toBeGreaterThan(4);
  expect(broken).toEqual([]);
});

test('names whose code is in the binary, in the version that is in it', () => {
  const notices = readFileSync(join(root, 'THIRD_PARTY_NOTICES.md'), 'utf8');
  const binary = readFileSync(join(root, 'prebuilds/linux-x64/nodecuda.glibc.node'), 'latin1');
  const zlib = /inflate (\d+\.\d+\.\d+) Copyright/.exec(binary)![1];
  const cuda = Number(readFileSync(join(root, 'prebuilds/ptx/CUDA_VERSION'), 'utf8')) / 1000;
  expect(notices).toContain(`## zlib ${zlib}\n`);
  // In the words with which they refuse what is damaged; a binary without them has none.
  for (const [, name, version] of binary.matchAll(/(LZ4|zstd) (\d+\.\d+\.\d+) (?:says|cannot)/g)) {
    expect(notices).toContain(`## ${name} ${version}\n`);
  }
  expect(notices).toContain(`## NVIDIA CUDA Toolkit ${cuda.toFixed(1)}\n`);
  expect(notices).toContain('## libstdc++ and libgcc\n');
});

test('installs by being unpacked: no script runs, nothing is compiled', () => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'prebuild'];
  expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  expect(manifest.gypfile).toBe(false);
});

test('depends on the two loaders only', () => {
  expect(Object.keys(manifest.dependencies)).toEqual(['bindings', 'node-gyp-build']);
  for (const kind of ['peerDependencies', 'optionalDependencies', 'bundleDependencies']) {
    expect(manifest[kind]).toBeUndefined();
  }
});

test('the lock file names no machine', () => {
  const lock = JSON.stringify(require('../../package-lock.json').packages);
  expect(lock).not.toMatch(/"resolved"|file:|localhost|127\.0\.0\.1/);
});
