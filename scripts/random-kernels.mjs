// node scripts/random-kernels.mjs [--seconds N] [--seed N] [--keep FOLDER]
// Random CUDA C++ functions, run by the simulated device from what nvcc makes of them, and by the CPU
// from what g++ makes of them; every bit has to agree. Needs nvcc, g++ and `npm run build`. Each round has a
// seed of its own, which is told where results differ; `--seed` repeats it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { randomProgram } from './random-kernels/program.mjs';

const root = path.dirname(import.meta.dirname);
const { cuda } = createRequire(import.meta.url)(root);
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    keep: { type: 'string' },
  },
});

const THREADS = 256;
const GRID = 2;
const FLAGS = ['-ptx', '-std=c++17', '-fmad=false', '-diag-suppress', '39,61,68,128,177,550'];
const BUILDS = [
  { name: 'sm_75 -O3', capability: { major: 7, minor: 5 }, flags: ['-arch=sm_75'] },
  { name: 'sm_90 -O3', capability: { major: 9, minor: 0 }, flags: ['-arch=sm_90'] },
  { name: 'sm_80 -G', capability: { major: 8, minor: 0 }, flags: ['-arch=sm_80', '-G'] },
];

const work = mkdtempSync(path.join(tmpdir(), 'nodecuda-random-'));
const run = (command, args) =>
  execFileSync(command, args, { cwd: work, stdio: ['ignore', 'pipe', 'pipe'] });

/** What g++'s build of the program in `work` computes: 64 bits per kernel and thread. */
function onHost(kernels) {
  // -frounding-math: otherwise g++ 12 makes -x of 0 - x where x was an integer, also of 0.
  const flags = ['-O1', '-std=c++17', '-w', '-ffp-contract=off', '-frounding-math', '-x', 'c++'];
  run('g++', [...flags, 'program.cu', '-o', 'program']);
  run('./program', [String(GRID * THREADS), 'host.bin']);
  const bytes = readFileSync(path.join(work, 'host.bin'));
  const all = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  return Array.from({ length: kernels }, (_, i) =>
    all.subarray(i * GRID * THREADS, (i + 1) * GRID * THREADS),
  );
}

function onDevice(kernels, build) {
  run('nvcc', [...FLAGS, ...build.flags, 'program.cu', '-o', 'program.ptx']);
  const device = cuda.simulatedDevice({ computeCapability: build.capability });
  try {
    const module = device.loadModule(readFileSync(path.join(work, 'program.ptx'), 'utf8'));
    const out = device.alloc('uint64', GRID * THREADS);
    return Array.from({ length: kernels }, (_, i) => {
      module.kernel(`kernel${i}`, ['uint64*']).launch({ grid: GRID, block: THREADS }, out);
      return out.readSync();
    });
  } finally {
    device.dispose();
  }
}

const hex = (value) => `0x${value.toString(16)}`;

/** What differs, in words; undefined if nothing does. */
function round(seed) {
  const { source, kernels } = randomProgram(seed);
  writeFileSync(path.join(work, 'program.cu'), source);
  const expected = onHost(kernels);
  const found = [];
  for (const build of BUILDS) {
    for (const [kernel, result] of onDevice(kernels, build).entries()) {
      const threads = [...result.keys()].filter((i) => result[i] !== expected[kernel][i]);
      if (threads.length === 0) continue;
      const values = `${hex(result[threads[0]])} and not ${hex(expected[kernel][threads[0]])}`;
      found.push(
        `seed ${seed}, ${build.name}, kernel${kernel}, ${threads.length} threads: ${threads[0]} has ${values}`,
      );
    }
  }
  return found.length > 0 ? found.join('\n') : undefined;
}

const until = Date.now() + 1000 * Number(options.seconds);
let seed = Number(options.seed ?? Date.now() % 2 ** 31);
const failures = [];
let rounds = 0;
do {
  let failure;
  try {
    failure = round(seed);
  } catch (error) {
    if (error.code === 'ENOENT') throw error; // no nvcc, no g++
    failure = `seed ${seed}: ${error.message}\n${error.stderr ?? ''}`;
  }
  rounds++;
  if (failure !== undefined) {
    failures.push(failure);
    console.log(failure);
    if (options.keep) {
      const folder = path.join(options.keep, String(seed));
      mkdirSync(folder, { recursive: true });
      cpSync(work, folder, { recursive: true });
    }
  }
  seed++;
} while (options.seed === undefined && Date.now() < until);
rmSync(work, { recursive: true });
console.log(`${rounds} programs, ${failures.length} with differences`);
process.exitCode = failures.length > 0 ? 1 : 0;
