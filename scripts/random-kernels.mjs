// node scripts/random-kernels.mjs [--seconds N] [--seed N] [--keep FOLDER]
// Random CUDA C++ functions, run by the simulated device from what nvcc makes of them, and by the CPU
// from what g++ makes of them; every bit has to agree. So has what the simulator's other ways make of them: its
// code for other sets of instructions, and its checker with another order of warps. Needs nvcc, g++ and `npm run build`. Each round has a
// seed of its own, which is told where results differ; `--seed` repeats it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { randomBlocks } from './random-kernels/blocks.mjs';
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

const FLAGS = ['-ptx', '-std=c++17', '-fmad=false', '-diag-suppress', '39,61,68,128,177,550'];
const BUILDS = [
  { name: 'sm_75 -O3', capability: { major: 7, minor: 5 }, flags: ['-arch=sm_75'] },
  { name: 'sm_90 -O3', capability: { major: 9, minor: 0 }, flags: ['-arch=sm_90'] },
  { name: 'sm_80 -G', capability: { major: 8, minor: 0 }, flags: ['-arch=sm_80', '-G'] },
];
// Ways of the simulator to the same results: its code for each set of instructions (a machine without one of them
// takes the next), and one that looks at every instruction, with the warps in another order.
const WAYS = [
  { name: '', device: {} },
  { name: 'avx2', isa: 'avx2', device: {} },
  { name: 'baseline', isa: 'baseline', device: {} },
  {
    name: 'checked',
    device: { check: ['memory', 'sync', 'race'], schedule: { seed: 1, policy: 'random' } },
  },
];

const work = mkdtempSync(path.join(tmpdir(), 'nodecuda-random-'));
const run = (command, args) =>
  execFileSync(command, args, { cwd: work, stdio: ['ignore', 'pipe', 'pipe'] });

/** What g++'s build of the program in `work` computes, of each kernel. */
function onHost({ kernels, words }) {
  // -frounding-math: otherwise g++ 12 makes -x of 0 - x where x was an integer, also of 0.
  const flags = ['-O1', '-std=c++17', '-w', '-ffp-contract=off', '-frounding-math', '-x', 'c++'];
  run('g++', [...flags, 'program.cu', '-o', 'program']);
  run('./program', ['host.bin']);
  const bytes = readFileSync(path.join(work, 'host.bin'));
  const all = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  return Array.from({ length: kernels }, (_, i) => all.subarray(i * words, (i + 1) * words));
}

function onDevice({ kernels, grid, threads, words }, ptx, build, way) {
  if (way.isa) process.env.NODECUDA_SIMULATOR_ISA = way.isa;
  else delete process.env.NODECUDA_SIMULATOR_ISA;
  const device = cuda.simulatedDevice({ computeCapability: build.capability, ...way.device });
  try {
    const module = device.loadModule(ptx);
    return Array.from({ length: kernels }, (_, i) => {
      const out = device.alloc('uint64', words);
      module.kernel(`kernel${i}`, ['uint64*']).launch({ grid, block: threads }, out);
      return out.readSync();
    });
  } finally {
    device.dispose();
  }
}

const hex = (value) => `0x${value.toString(16)}`;

/** Of two kinds, the second of threads that work together; of the first some are not for g++. */
function programOf(seed) {
  if (seed % 2 !== 0) return randomBlocks(seed);
  return { ...randomProgram(seed, seed % 4 === 2), onlyOnDevice: seed % 4 === 2 };
}

/** What differs from the host, or from the simulator's usual way, in words; undefined if nothing does. */
function round(seed) {
  const program = programOf(seed);
  writeFileSync(path.join(work, 'program.cu'), program.source);
  const host = program.onlyOnDevice ? undefined : onHost(program);
  const found = [];
  for (const build of BUILDS) {
    run('nvcc', [...FLAGS, ...build.flags, 'program.cu', '-o', 'program.ptx']);
    const ptx = readFileSync(path.join(work, 'program.ptx'), 'utf8');
    let expected = host;
    for (const way of WAYS) {
      const results = onDevice(program, ptx, build, way);
      expected ??= results;
      for (const [kernel, result] of results.entries()) {
        const wrong = [...result.keys()].filter((i) => result[i] !== expected[kernel][i]);
        if (wrong.length === 0) continue;
        const values = `${hex(result[wrong[0]])} and not ${hex(expected[kernel][wrong[0]])}`;
        const name = `${build.name}${way.name && ` ${way.name}`}`;
        found.push(
          `seed ${seed}, ${name}, kernel${kernel}, ${wrong.length} threads: ${wrong[0]} has ${values}`,
        );
      }
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
