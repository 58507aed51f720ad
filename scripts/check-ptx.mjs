// Assembles every shipped PTX file for each architecture it may meet and checks what ptxas says of
// each kernel: no spilled registers, no stack.
//
//   node scripts/check-ptx.mjs [folder of sm_*.ptx]     (default: prebuilds/ptx)
//
// Exits with 1 if a file does not assemble or a kernel breaks the rule. Without ptxas it says so
// and exits with 0.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ARCHITECTURES = [75, 80, 86, 89, 90, 100, 120, 121];

async function findPtxas() {
  const { CUDA_PATH, CUDA_HOME } = process.env;
  const folders = [CUDA_PATH, CUDA_HOME, '/usr/local/cuda'].filter(Boolean);
  for (const candidate of ['ptxas', ...folders.map((folder) => join(folder, 'bin', 'ptxas'))]) {
    try {
      await run(candidate, ['--version']);
      return candidate;
    } catch {
      // Not there: try the next.
    }
  }
  return undefined;
}

/** The kernels of one file as ptxas -v describes them. */
function parse(log) {
  const kernels = [];
  for (const line of log.split('\n')) {
    const name = /Compiling entry function '([^']+)'/.exec(line)?.[1];
    if (name) kernels.push({ name, stack: 0, spilled: 0, registers: 0, shared: 0 });
    const kernel = kernels.at(-1);
    if (!kernel) continue;
    const frame = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/;
    const [, stack, stores, loads] = frame.exec(line) ?? [];
    if (stack) Object.assign(kernel, { stack: +stack, spilled: +stores + +loads });
    const registers = /Used (\d+) registers/.exec(line)?.[1];
    if (registers) {
      kernel.registers = +registers;
      kernel.shared = +(/(\d+) bytes smem/.exec(line)?.[1] ?? 0);
    }
  }
  return kernels;
}

async function assemble(ptxas, { file, target, architecture }) {
  const options = ['-v', `-arch=sm_${architecture}`, '-o', '/dev/null', file];
  const where = `sm_${target}.ptx for sm_${architecture}`;
  try {
    const { stdout, stderr } = await run(ptxas, options, { maxBuffer: 1 << 26 });
    const kernels = parse(stdout + stderr);
    const problems = kernels
      .filter(({ stack, spilled }) => stack !== 0 || spilled !== 0)
      .map((k) => `${where}: ${k.name}: ${k.spilled} bytes spilled, ${k.stack} bytes of stack`);
    // Fewer figures than kernels would mean that the parser no longer understands ptxas.
    if (kernels.length === 0 || kernels.some(({ registers }) => registers === 0)) {
      problems.push(`${where}: cannot read the output of ptxas -v:\n${stdout}${stderr}`);
    }
    return { target, architecture, kernels, problems };
  } catch (error) {
    return { target, architecture, kernels: [], problems: [`${where}: ${error.stderr || error}`] };
  }
}

/** One row a kernel, one column a target: registers on the target itself. */
function printTable(results) {
  const own = results.filter(({ target, architecture }) => target === architecture);
  const names = [...new Set(own.flatMap(({ kernels }) => kernels.map(({ name }) => name)))].sort();
  const row = (name, shared, cells) =>
    console.log(name.padEnd(28) + shared.padStart(8) + cells.map((c) => c.padStart(7)).join(''));
  row(
    'registers',
    'shared',
    own.map(({ target }) => `sm_${target}`),
  );
  for (const name of names) {
    const found = own.map(({ kernels }) => kernels.find((kernel) => kernel.name === name));
    const shared = Math.max(...found.map((kernel) => kernel?.shared ?? 0));
    row(
      name,
      String(shared),
      found.map((kernel) => String(kernel?.registers ?? '-')),
    );
  }
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'prebuilds', 'ptx'));
const targets = readdirSync(folder)
  .map((name) => Number(/^sm_(\d+)\.ptx$/.exec(name)?.[1]))
  .filter(Number.isInteger)
  .sort((a, b) => a - b);
if (targets.length === 0) {
  console.error(`no sm_*.ptx in ${folder}`);
  process.exit(1);
}
const ptxas = await findPtxas();
if (!ptxas) {
  console.log('skipped: no ptxas');
  process.exit(0);
}

const jobs = targets.flatMap((target) =>
  ARCHITECTURES.filter((architecture) => architecture >= target).map((architecture) => ({
    file: join(folder, `sm_${target}.ptx`),
    target,
    architecture,
  })),
);
const results = new Array(jobs.length);
let next = 0;
async function work() {
  while (next < jobs.length) {
    const index = next++;
    results[index] = await assemble(ptxas, jobs[index]);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));

printTable(results);
const problems = results.flatMap((result) => result.problems);
for (const problem of problems) console.error(problem);
console.log(
  `${targets.length} files, ${jobs.length} assemblies, ${problems.length} problems (${folder})`,
);
process.exit(problems.length === 0 ? 0 : 1);
