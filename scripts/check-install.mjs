// Packs the package, installs the tarball into an empty project without running any script, and uses
// it from CommonJS, from an ES module and from TypeScript.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = process.cwd();
const project = mkdtempSync(path.join(tmpdir(), 'nodecuda-install-'));
const run = (command, ...args) =>
  execFileSync(command, args, {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODECUDA_SIMULATE: '1', PREBUILDS_ONLY: '' },
  });

function expectOutput(what, output) {
  if (output.trim() !== '1 58,64,139,154') throw new Error(`${what}: unexpected output: ${output}`);
  console.log(`${what}: works`);
}

const body = `
  const a = new Float32Array([1, 2, 3, 4, 5, 6]);
  const b = new Float32Array([7, 8, 9, 10, 11, 12]);
  matmul(a, b, { m: 2, n: 2, k: 3 }).then((c) => {
    console.log(cuda.deviceCount() + ' ' + c.join());
  });`;

try {
  const packed = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', project],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [{ filename, size }] = JSON.parse(packed);
  writeFileSync(path.join(project, 'package.json'), '{ "name": "project", "private": true }');
  run('npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', `./${filename}`);
  console.log(`installed ${filename}, ${(size / 1e6).toFixed(1)} MB`);

  writeFileSync(
    path.join(project, 'use.cjs'),
    `const { cuda, matmul } = require('nodecuda');${body}`,
  );
  expectOutput('CommonJS', run('node', 'use.cjs'));

  writeFileSync(path.join(project, 'use.mjs'), `import { cuda, matmul } from 'nodecuda';${body}`);
  expectOutput('ES module', run('node', 'use.mjs'));

  const help = run(path.join(project, 'node_modules/.bin/nodecuda'), 'compile', '--help');
  if (!help.startsWith('Usage: nodecuda compile')) throw new Error(`nodecuda: ${help}`);
  console.log('the command: works');

  // As a user without @types/node: the compiler comes from our own node_modules.
  const source = `import { cuda, matmul } from 'nodecuda';${body}`;
  writeFileSync(path.join(project, 'types.mts'), source);
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const lib = 'es2022,esnext.disposable,dom';
  run(
    'node',
    tsc,
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--lib',
    lib,
    'types.mts',
  );
  expectOutput('TypeScript', run('node', 'types.mjs'));

  const { dependencies } = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8'))
    .packages['node_modules/nodecuda'];
  console.log(`dependencies: ${Object.keys(dependencies).join(', ')}`);
} finally {
  rmSync(project, { recursive: true, force: true });
}
