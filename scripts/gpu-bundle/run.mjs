// What run.sh runs inside the bundle (scripts/gpu-bundle.mjs makes it). Exits with 1 if a part
// failed. A part that cannot be done here is skipped, and the last line says so.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.env.OUT ?? 'results');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    variants: { type: 'boolean', default: false },
    simulated: { type: 'boolean', default: false },
  },
});

// Nothing of ours asks for a `node` on the PATH, but child processes of tests are this one.
const jest = ['--expose-gc', 'node_modules/jest/bin/jest.js', '--ci', '--runInBand'];
const environment = {
  ...process.env,
  NODECUDA_TEST_DEVICE: options.simulated ? '' : 'gpu',
};

/** Runs a program with its output on the terminal and in a log; resolves with its exit code. */
function run(log, command, args, env = environment, limitMs = 0) {
  return new Promise((resolve) => {
    const file = createWriteStream(path.join(out, log), { flags: 'a' });
    const child = spawn(command, args, { cwd: root, env, timeout: limitMs, killSignal: 'SIGKILL' });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        process.stdout.write(data);
        file.write(data);
      });
    }
    child.on('error', (error) => resolve(file.end(String(error)) && -1));
    child.on('close', (code, signal) => file.end(() => resolve(code ?? signal)));
  });
}

function testCounts(json) {
  try {
    const result = JSON.parse(readFileSync(json, 'utf8'));
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = result;
    return { words: `${passed} passed, ${failed} failed, ${skipped} skipped`, passed };
  } catch {
    return { words: 'no result', passed: 0 };
  }
}

async function correctness() {
  const json = path.join(out, 'correctness.json');
  const args = [...jest, '--json', `--outputFile=${json}`];
  const code = await run('correctness.log', process.execPath, args);
  const { words, passed } = testCounts(json);
  return { ok: code === 0 && passed > 0, words };
}

const SANITIZERS = [
  'compute-sanitizer',
  '/usr/local/cuda/bin/compute-sanitizer',
  '/usr/local/cuda/compute-sanitizer/compute-sanitizer',
  '/opt/nvidia/compute-sanitizer/compute-sanitizer',
];
const TOOLS = ['memcheck', 'racecheck', 'synccheck', 'initcheck'];
const FOUND_ERRORS = 9;
/** Of one tool: kernels run many times slower under it. */
const TOOL_LIMIT_MS = 8 * 60_000;

async function sanitizer() {
  if (options.simulated) return { words: 'skipped (it needs a GPU)' };
  const program = SANITIZERS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (program === undefined) return { words: 'skipped (there is no compute-sanitizer)' };
  // Tests that provoke errors of CUDA calls do so on purpose; what kernels do is looked at.
  const flags = ['--report-api-errors', 'no', '--print-limit', '20'];
  const env = { ...environment, NODECUDA_KERNEL_TESTS: '1', NODECUDA_PROPERTY_RUNS: '10' };
  const verdicts = [];
  for (const tool of TOOLS) {
    process.stdout.write(`\n==== ${tool}\n`);
    const args = ['--tool', tool, '--error-exitcode', String(FOUND_ERRORS), ...flags];
    const tests = [...jest, '--testTimeout=400000'];
    const code = await run(
      'sanitizer.log',
      program,
      [...args, process.execPath, ...tests],
      env,
      TOOL_LIMIT_MS,
    );
    const words = { 0: 'clean', [FOUND_ERRORS]: 'FOUND ERRORS', SIGKILL: 'TOOK TOO LONG' };
    verdicts.push({ ok: code === 0, words: `${tool} ${words[code] ?? `FAILED (${code})`}` });
  }
  return {
    ok: verdicts.every(({ ok }) => ok),
    words: verdicts.map(({ words }) => words).join(', '),
  };
}

async function bench() {
  const json = path.join(out, 'bench.json');
  const args = ['--expose-gc', 'bench/run.js', '--json', json];
  if (options.quick) args.push('--quick');
  if (options.variants) args.push('--variants');
  if (options.only) args.push('--only', options.only);
  if (options.simulated) args.push('--simulated');
  const code = await run('bench.log', process.execPath, args);
  if (code !== 0) return { ok: false, words: `FAILED (${code}), see bench.log` };
  const { results, goals } = JSON.parse(readFileSync(json, 'utf8'));
  const count = (test) => results.filter(test).length;
  const measured = count(({ rows }) => rows.length > 0);
  const skipped = count((result) => result.skipped !== null);
  const met = goals.filter((goal) => goal.met === true).length;
  const missed = goals.filter((goal) => goal.met === false).length;
  const words = `${measured} cases measured, ${skipped} skipped, ${met} goals met, ${missed} not`;
  return { ok: measured > 0, words };
}

async function native() {
  const program = path.join(root, 'native-tests');
  if (!existsSync(program)) return { words: 'skipped (not in the bundle)' };
  const code = await run('native.log', program, []);
  return { ok: code === 0, words: code === 0 ? 'passed' : `FAILED (${code})` };
}

const PARTS = { correctness, sanitizer, bench, native };
/** The C++ tests are of the simulated device: a GPU machine shows nothing new by them. */
const ALL = ['correctness', 'sanitizer', 'bench'];

function findGpu() {
  const { cuda } = createRequire(import.meta.url)('./dist/index.js');
  const { available, simulated, message } = cuda.diagnose();
  return available && !simulated ? undefined : message;
}

async function main() {
  const wanted = positionals[0] ?? 'all';
  const parts = wanted === 'all' ? ALL : [wanted];
  if (parts.some((name) => !(name in PARTS)) || positionals.length > 1) {
    console.error(
      `usage: run.sh [${[...Object.keys(PARTS), 'all'].join('|')}] [--quick] [--simulated]`,
    );
    process.exit(2);
  }
  mkdirSync(out, { recursive: true });
  const missing = options.simulated ? undefined : findGpu();
  const results = [];
  for (const name of missing === undefined ? parts : []) {
    process.stdout.write(`\n==== ${name}\n`);
    results.push({ name, ...(await PARTS[name]()) });
  }
  const failed = missing !== undefined || results.some(({ ok }) => ok === false);
  const words =
    missing === undefined
      ? results.map((result) => `${result.name}: ${result.words}`).join('; ')
      : `no GPU: ${missing} (--simulated does without)`;
  const line = `${failed ? 'FAILED' : 'OK'}: ${words}`;
  writeFileSync(path.join(out, 'summary.txt'), `${line}\n`);
  console.log(`\n${line}`);
  process.exitCode = failed ? 1 : 0;
}

await main();
