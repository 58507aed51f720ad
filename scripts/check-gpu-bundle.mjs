// Packs the bundle for a GPU machine, and uses it as such a machine would: unpacked elsewhere, with
// no Node.js on the PATH. Some tests and one case of the bench, on the simulated device.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folder = mkdtempSync(path.join(tmpdir(), 'nodecuda-bundle-'));
const archive = path.join(folder, 'bundle.tar.xz');

function step(command, args, env) {
  const result = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 });
  if (result.error) throw result.error;
  return result;
}

/** `run.sh` with those arguments; throws unless it exits so and its last line matches. */
function expectRun(args, status, lastLine, more = {}) {
  const out = path.join(folder, 'out');
  const env = { PATH: '', HOME: folder, OUT: out, ...more };
  const result = step('/bin/sh', [path.join(folder, 'nodecuda-gpu/run.sh'), ...args], env);
  const last = result.stdout.trim().split('\n').at(-1);
  const summary = existsSync(out) && readFileSync(path.join(out, 'summary.txt'), 'utf8').trim();
  if (result.status !== status || !lastLine.test(last) || summary !== last) {
    console.log(result.stdout, result.stderr);
    throw new Error(`run.sh ${args.join(' ')}: exit code ${result.status}, ${last}, ${summary}`);
  }
  console.log(`run.sh ${args.join(' ')}: ${last}`);
  return out;
}

try {
  const made = step(process.execPath, ['scripts/gpu-bundle.mjs', '--output', archive]);
  if (made.status !== 0) throw new Error(`gpu-bundle.mjs: ${made.stdout}${made.stderr}`);
  console.log(made.stdout.trim());
  step('tar', ['-xJf', archive, '-C', folder]);

  const few = { NODECUDA_KERNEL_TESTS: '1', NODECUDA_PROPERTY_RUNS: '5' };
  expectRun(['correctness', '--simulated'], 0, /^OK: correctness: \d+ passed, 0 failed/, few);
  const one = ['bench', '--simulated', '--quick', '--only', 'add float32 2^10'];
  const out = expectRun(one, 0, /^OK: bench: 2 cases measured/);
  for (const name of ['bench.json', 'bench.md', 'bench.html', 'correctness.json']) {
    if (!existsSync(path.join(out, name))) throw new Error(`${name} was not written`);
  }
  expectRun(['sanitizer', '--simulated'], 0, /^OK: sanitizer: skipped \(it needs a GPU\)/);
  // Without a GPU nothing was proved: that must not look like success.
  expectRun(['correctness'], 1, /^FAILED: no GPU: /, { CUDA_VISIBLE_DEVICES: '' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
