// Assembles every shipped PTX file for each architecture it may meet and checks what ptxas says of
// each kernel: no spilled registers, no stack.
//
//   node scripts/check-ptx.mjs [folder of *.sm_*.ptx.gz]     (default: prebuilds/ptx)
//
// Exits with 1 if a file does not assemble or a kernel breaks the rule. Without ptxas it says so
// and exits with 0.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const run = promisify(execFile);
const ARCHITECTURES = [75, 80, 86, 89, 90, 100, 120, 121];

/** Those that run PTX of a target: all newer ones, or with a letter that one alone. */
function architecturesFor(target) {
  return /[a-z]$/.test(target)
    ? [target]
    : ARCHITECTURES.filter((architecture) => architecture >= target).map(String);
}

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
  const where = `${basename(file)} for sm_${architecture}`;
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
    // C7510 and its kin: ptxas waits for each wgmma before the next.
    if (/wgmma.*serialized/.test(stdout + stderr)) problems.push(`${where}: wgmma is serialized`);
    return { target, architecture, kernels, problems };
  } catch (error) {
    return { target, architecture, kernels: [], problems: [`${where}: ${error.stderr || error}`] };
  }
}

/** One row a kernel, one column a target: registers on the target itself. */
function printTable(results) {
  const own = results.filter(({ target, architecture }) => target === architecture);
  const targets = [...new Set(own.map(({ target }) => target))];
  targets.sort((a, b) => parseInt(a, 10) - parseInt(b, 10) || a.length - b.length);
  const found = new Map();
  for (const { target, kernels } of own) {
    for (const kernel of kernels) {
      const row = found.get(kernel.name) ?? { shared: 0, registers: new Map() };
      row.shared = Math.max(row.shared, kernel.shared);
      row.registers.set(target, kernel.registers);
      found.set(kernel.name, row);
    }
  }
  const print = (name, shared, cells) =>
    console.log(name.padEnd(36) + shared.padStart(8) + cells.map((c) => c.padStart(7)).join(''));
  print(
    'registers',
    'shared',
    targets.map((target) => `sm_${target}`),
  );
  for (const name of [...found.keys()].sort()) {
    const { shared, registers } = found.get(name);
    print(
      name,
      String(shared),
      targets.map((target) => String(registers.get(target) ?? '-')),
    );
  }
}

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'prebuilds', 'ptx'));
const images = readdirSync(folder)
  .map((name) => /^(\w+\.sm_(\w+)\.ptx)\.gz$/.exec(name))
  .filter((match) => match !== null)
  .map(([file, name, target]) => ({ file, name, target }));
if (images.length === 0) {
  console.error(`no *.sm_*.ptx.gz in ${folder}`);
  process.exit(1);
}
const ptxas = await findPtxas();
if (!ptxas) {
  console.log('skipped: no ptxas');
  process.exit(0);
}

const scratch = mkdtempSync(join(tmpdir(), 'nodecuda-ptx-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));
const jobs = images.flatMap(({ file, name, target }) => {
  writeFileSync(join(scratch, name), gunzipSync(readFileSync(join(folder, file))));
  return architecturesFor(target).map((architecture) => ({
    file: join(scratch, name),
    target,
    architecture,
  }));
});
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
  `${images.length} files, ${jobs.length} assemblies, ${problems.length} problems (${folder})`,
);
process.exit(problems.length === 0 ? 0 : 1);
