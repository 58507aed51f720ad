// Builds with sanitizers into build/sanitize/<which>/ and runs the tests on that.
//   node scripts/sanitize.mjs [jest arguments]          address and undefined behaviour
//   node scripts/sanitize.mjs thread                    data races, in the C++ tests only
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const threads = process.argv[2] === 'thread';
const which = threads ? 'thread' : 'address,undefined';
const folder = path.resolve('build/sanitize', which.replace(',', '-'));
const cmakeJs = 'node_modules/cmake-js/bin/cmake-js';
const build = ['--out', path.join(folder, 'build')];
const options = [`--CDNODECUDA_SANITIZE=${which}`, '--CDNODECUDA_BUILD_TESTS=ON'];
// Sanitizers do not look at device code: that of the build that is there will do, and saves minutes.
const kernels = path.resolve('build/kernels');
if (existsSync(kernels)) options.push(`--CDNODECUDA_KERNELS_FROM=${kernels}`);

execFileSync('node', [cmakeJs, 'configure', ...build, ...options], { stdio: 'inherit' });
execFileSync('node', [cmakeJs, 'build', ...build], { stdio: 'inherit' });

function environment(detectLeaks) {
  return {
    ...process.env,
    // A refused allocation must look as it does without ASan: like malloc's null.
    ASAN_OPTIONS: `detect_leaks=${detectLeaks ? 1 : 0}:allocator_may_return_null=1`,
    UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
    TSAN_OPTIONS: 'halt_on_error=1:allocator_may_return_null=1',
  };
}

function step(name, command, args, env) {
  console.log(`\n-- ${name}`);
  const { status, signal } = spawnSync(command, args, { stdio: 'inherit', env });
  if (status === 0) return;
  console.error(`${name} failed under ${which}: ${signal ?? `exit status ${status}`}`);
  process.exit(1);
}

const nativeTests = path.join(folder, 'build/native-tests/nodecuda_native_tests');
step('C++ tests', nativeTests, [], environment(true));

if (threads) {
  console.log('Jest suite: SKIPPED, V8 does not run under an uninstrumented ThreadSanitizer');
} else {
  const preload = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  // Not test/package, test/bench, test/gpu and test/native.test.ts: they look at files, at no native
  // code, or run what just ran above.
  const skip = '--testPathIgnorePatterns=/test/(package|bench|gpu)/|/test/native\\.';
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', skip, ...process.argv.slice(2)];
  // Without leak detection: V8 and Node leave memory behind at exit by design, and are on every
  // stack. Leaks of the addon are looked for by the C++ tests, and by counting live handles.
  step('Jest suite', process.execPath, ['--expose-gc', ...jest], {
    ...environment(false),
    LD_PRELOAD: preload,
    NODECUDA_PREBUILD: folder,
  });
}
