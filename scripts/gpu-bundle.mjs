// Packs all that it takes to check and measure nodecuda on a Linux machine with a GPU and nothing
// else, no network and no Node.js: build/gpu-bundle.tar.xz. There:
//   tar -xJf gpu-bundle.tar.xz && nodecuda-gpu/run.sh
// `npm run gpu:bundle` compiles dist/ first. The addon is the one of build/Release, if there is one.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { transformSync } from '@swc/core';
import { packageFiles, packageFolders } from './gpu-bundle/packages.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    output: { type: 'string', default: path.join(root, 'build/gpu-bundle.tar.xz') },
    // Of xz: from 6 on a little smaller and much slower.
    level: { type: 'string', default: '1' },
  },
});
const output = path.resolve(options.output);
const NAME = 'nodecuda-gpu';
const staging = path.join(root, 'build/gpu-bundle');
const bundle = path.join(staging, NAME);
const MOST_BYTES = 55e6;

function put(file, from = path.join(root, file)) {
  const to = path.join(bundle, file);
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
  return to;
}

/** A program, without symbols if there is a strip: it is a fifth smaller. */
function putProgram(file, from) {
  const to = put(file, from);
  chmodSync(to, 0o755);
  spawnSync('strip', [to]);
}

function putAddon() {
  const folder = `prebuilds/${process.platform}-${process.arch}`;
  const prebuilt = readdirSync(path.join(root, folder)).find((name) => name.endsWith('.node'));
  const local = path.join(root, 'build/Release/nodecuda.node');
  putProgram(`${folder}/${prebuilt}`, existsSync(local) ? local : undefined);
}

function putPackages() {
  const tests = ['jest', 'jest-environment-node', 'fast-check'];
  const baseline = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'];
  const folders = packageFolders(root, [...tests, ...baseline, 'node-gyp-build', 'bindings']);
  // tfjs ships every format there is: the one for Node.js is loaded, and its WebAssembly.
  const forNode = /package\.json$|\.node\.js$|\.wasm$|wasm-out\/.*\.js$/;
  for (const folder of folders) {
    const isTfjs = folder.includes('@tensorflow/');
    for (const file of packageFiles(root, folder, (name) => !isTfjs || forNode.test(name)))
      put(file);
  }
}

/** TypeScript as JavaScript at the same place, all other files as they are. */
function putCompiled(folder, without = []) {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = `${folder}/${entry.name}`;
    if (without.includes(name)) continue;
    if (entry.isDirectory()) putCompiled(name, without);
    else if (entry.name.endsWith('.ts')) putScript(name);
    else if (!entry.name.endsWith('.mts')) put(name);
  }
}

function putScript(name) {
  const source = readFileSync(path.join(root, name), 'utf8');
  const { code } = transformSync(source, {
    filename: name,
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  const to = path.join(bundle, name.replace(/\.ts$/, '.js'));
  mkdirSync(path.dirname(to), { recursive: true });
  writeFileSync(to, code);
}

function commit() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim();
  const name = git('rev-parse', '--short', 'HEAD') || 'unknown';
  return git('status', '--porcelain', '--', 'native', 'cuda', 'lib') ? `${name}, changed` : name;
}

function putPeers() {
  execFileSync(process.execPath, [path.join(root, 'scripts/build-peers.mjs')], {
    stdio: 'inherit',
  });
  for (const name of readdirSync(path.join(root, 'build/peers'))) {
    putProgram(`build/peers/${name}`);
  }
}

const started = performance.now();
rmSync(staging, { recursive: true, force: true });
mkdirSync(bundle, { recursive: true });
putProgram('node', process.execPath);
putAddon();
put('package.json');
cpSync(path.join(root, 'dist'), path.join(bundle, 'dist'), { recursive: true });
putCompiled('lib');
putCompiled('bench', ['bench/results']);
putCompiled('test', [
  ...['bench', 'differential', 'native', 'package', 'types', 'cudart'].map(
    (name) => `test/${name}`,
  ),
  ...['demo', 'docs', 'examples', 'native', 'abi'].map((name) => `test/${name}.test.ts`),
]);
// Tests read these, to compare what TypeScript repeats of them.
for (const file of ['native/ops/kernels/dtype.h', 'native/runtime/status.cc']) put(file);
putPackages();
putPeers();
const nativeTests = path.join(root, 'build/native-tests/nodecuda_native_tests');
if (existsSync(nativeTests)) putProgram('native-tests', nativeTests);
for (const file of ['run.sh', 'run.mjs', 'jest.config.cjs']) {
  put(file, path.join(root, 'scripts/gpu-bundle', file));
}
writeFileSync(path.join(bundle, 'COMMIT'), `${commit()}\n`);

mkdirSync(path.dirname(output), { recursive: true });
execFileSync('tar', ['-cJf', output, '-C', staging, NAME], {
  env: { ...process.env, XZ_OPT: `-T0 -${options.level}` },
});
rmSync(staging, { recursive: true });
const { size } = statSync(output);
const seconds = (performance.now() - started) / 1000;
console.log(`${output}: ${(size / 1e6).toFixed(1)} MB, made in ${seconds.toFixed(0)} s`);
if (size > MOST_BYTES) throw new Error(`It is larger than ${MOST_BYTES / 1e6} MB`);
