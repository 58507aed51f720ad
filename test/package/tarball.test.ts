import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

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
      'package.json',
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
    /^(LICENSE|README\.md|CHANGELOG\.md|package\.json|dist\/[\w./-]+\.(js|mjs|d\.ts|d\.mts)|prebuilds\/linux-x64\/nodecuda\.glibc\.node)$/;
  expect(packed.files.map((file) => file.path).filter((path) => !allowed.test(path))).toEqual([]);
  expect(packed.unpackedSize).toBeLessThan(17e6);
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
