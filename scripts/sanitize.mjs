// Builds with sanitizers into build/sanitize/<which>/ and runs the tests on that.
//   node scripts/sanitize.mjs [jest arguments]          address and undefined behaviour
//   node scripts/sanitize.mjs thread                    data races, in the C++ tests only
//   node scripts/sanitize.mjs images [mutants]          readers of PTX, cubins and fatbins only, with
//                                                       so many mutants of each fixture (10,000)
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const threads = process.argv[2] === 'thread';
const images = process.argv[2] === 'images';
const which = threads ? 'thread' : 'address,undefined';
const folder = path.resolve('build/sanitize', which.replace(',', '-'));
const options = [`--CDNODECUDA_SANITIZE=${which}`, '--CDNODECUDA_BUILD_TESTS=ON'];
// What sanitizers need not look at is compiled once, in the build without them: the tests (but for
// ThreadSanitizer, which has to see every lock) and the device code.
if (!threads) {
  cmake('configure', '--CDNODECUDA_BUILD_TESTS=ON');
  cmake('build', '--target', 'nodecuda_native_tests');
  options.push(`--CDNODECUDA_TESTS_FROM=${path.resolve('build')}`);
}
const kernels = path.resolve('build/kernels');
if (existsSync(kernels)) options.push(`--CDNODECUDA_KERNELS_FROM=${kernels}`);
const out = ['--out', path.join(folder, 'build')];
cmake('configure', ...out, ...options);
cmake('build', ...out, ...(images ? ['--target', 'nodecuda_native_tests'] : []));

function cmake(...args) {
  const cmakeJs = 'node_modules/cmake-js/bin/cmake-js';
  execFileSync('node', [cmakeJs, ...args], { stdio: 'inherit' });
}

function environment(detectLeaks) {
  return {
    ...process.env,
    // A refused allocation must look as it does without ASan: like malloc's null.
    ASAN_OPTIONS: `detect_leaks=${detectLeaks ? 1 : 0}:allocator_may_return_null=1`,
    UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
    TSAN_OPTIONS: 'halt_on_error=1:allocator_may_return_null=1',
  };
}

/** Runs a program and resolves with whether it succeeded; `stdio: 'pipe'` shows all at its end. */
function step(name, command, args, env, stdio = 'inherit') {
  const child = spawn(command, args, { stdio, env });
  let output = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (output += data));
  return new Promise((resolve) => {
    child.on('close', (status, signal) => {
      const ending = signal ?? `exit status ${status}`;
      console.error(`\n-- ${name} under ${which}: ${ending}\n${output}`);
      resolve(status === 0);
    });
  });
}

const preload = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
// The tests that wait for whole processes, which have to end in time: one at a time. And all others.
const processes = '<rootDir>/test/(?!(exit|worker)/)';
const others = '<rootDir>/test/(exit|worker)/';
// Who asks for some tests may ask for none of one half.
const filtered = process.argv.slice(2).some((arg) => !arg.startsWith('-'));

function jest(name, ignored, ...args) {
  // Without leak detection: V8 and Node leave memory behind at exit by design, and are on every
  // stack. Leaks of the addon are looked for by the C++ tests, and by counting live handles.
  const { NODECUDA_TESTS = 'sanitize' } = process.env;
  const addon = { LD_PRELOAD: preload, NODECUDA_PREBUILD: folder };
  const env = { ...environment(false), ...addon, NODECUDA_TESTS };
  const select = [`--testPathIgnorePatterns=${ignored}`];
  if (filtered) select.push('--passWithNoTests');
  const all = ['--expose-gc', 'node_modules/jest/bin/jest.js', ...select, ...args];
  return step(name, process.execPath, all, env);
}

// The C++ tests run where a core is idle: nothing in them looks at the clock. Where few values are asked
// for, without those that run kernels, or instructions, over very many: Jest's run the same code.
const native = [path.join(folder, 'build/native-tests/nodecuda_native_tests')];
if (process.env.NODECUDA_PROPERTY_RUNS) {
  native.push('-sfe=*/test/native/ops/*/kernels.cc,*/test/differential/*,*_exhaustive.cc');
}
const env = environment(true);
if (images) {
  native.push('-tc=modules:*,ptx*');
  env.NODECUDA_MUTATIONS = process.argv[3] ?? '10000';
}
const steps = [step('C++ tests', 'nice', native, env, 'pipe')];
if (images) {
  console.error('Jest suite: not asked for');
} else if (threads) {
  console.error('Jest suite: SKIPPED, V8 does not run under an uninstrumented ThreadSanitizer');
} else {
  const args = process.argv.slice(2);
  const first = args.map((arg) => arg.replace(/^(--outputFile=.*)\.json$/, '$1-processes.json'));
  steps.push(await jest('Tests of whole processes', processes, '--runInBand', ...first));
  steps.push(await jest('All other tests', others, ...args));
}
process.exitCode = (await Promise.all(steps)).every(Boolean) ? 0 : 1;
