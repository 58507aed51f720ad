// Checks what ptxas said of each kernel when the build assembled it: no spilled registers, no stack,
// nothing given up. That the PTX which newer GPUs will compile assembles for the newest there is. And
// that prebuilds/ptx/, if it is of these sources, is what nvcc makes of them.
//
//   node scripts/check-ptx.mjs [folder of the build's kernels]     (default: build/kernels)
//
// Exits with 1 if a kernel breaks the rule. Needs a build with the CUDA toolkit.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { sourceHash } from './source-hash.mjs';

const NEWEST = '121';

// Stack that may be there, in bytes: CUDA's sinf and cosf keep an array for the few arguments above
// 105615.
const STACK = { unary_float16: 32, unary_bfloat16: 32 };

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

// 16-byte loads that these kernels are made for: four of each input of a contiguous tile, and four
// of a strided one. nvcc may make scalar loads of them without a word.
const VECTOR_LOADS = [
  [/^unary_/, 8],
  [/^binary_/, 16],
];

/** What is wrong with the loads in a PTX file. */
function judgeLoads(name, ptx) {
  const problems = [];
  for (const [, kernel, body] of ptx.matchAll(/\.entry (\w+)\(([\s\S]*?)\n\}/g)) {
    const least = VECTOR_LOADS.find(([pattern]) => pattern.test(kernel))?.[1] ?? 0;
    const loads = body.match(/ld\.global(\.nc)?\.v(4\.\w32|2\.\w64)/g)?.length ?? 0;
    if (loads < least) {
      problems.push(`${name}: ${kernel}: ${loads} loads of 16 bytes instead of ${least}`);
    }
  }
  return problems;
}

/** What one assembly says, and what is wrong with it. */
function judge(module, architecture, log) {
  const where = `${module} for sm_${architecture}`;
  const kernels = parse(log);
  const problems = kernels
    .filter(({ name, stack, spilled }) => stack > (STACK[name] ?? 0) || spilled !== 0)
    .map((k) => `${where}: ${k.name}: ${k.spilled} bytes spilled, ${k.stack} bytes of stack`);
  // Fewer figures than kernels would mean that the parser no longer understands ptxas.
  if (kernels.length === 0 || kernels.some(({ registers }) => registers === 0)) {
    problems.push(`${where}: cannot read the output of ptxas -v:\n${log}`);
  }
  // What ptxas gives up of wgmma and setmaxnreg, which it does without failing: products one after
  // the other (C7510), a wait where we have none (C7517), registers left as they are (C7508).
  for (const complaint of log.match(/\(C75\d\d\).*/g) ?? [])
    problems.push(`${where}: ${complaint}`);
  return { architecture, kernels, problems };
}

/** One row a kernel, one column an architecture: registers. */
function printTable(results) {
  const targets = [...new Set(results.map(({ architecture }) => architecture))];
  targets.sort((a, b) => parseInt(a, 10) - parseInt(b, 10) || a.length - b.length);
  const found = new Map();
  for (const { architecture: target, kernels } of results) {
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
const folder = resolve(process.argv[2] ?? join(root, 'build', 'kernels'));
const names = readdirSync(folder);
const results = names
  .map((name) => /^(\w+)\.sm_(\w+)\.cubin\.log$/.exec(name))
  .filter((match) => match !== null)
  .map(([file, module, architecture]) =>
    judge(module, architecture, readFileSync(join(folder, file), 'utf8')),
  );
if (results.length === 0) {
  console.error(`no *.cubin.log in ${folder}: build with the CUDA toolkit`);
  process.exit(1);
}
printTable(results);

// The newest PTX of each module, but for that of one architecture alone.
const newest = new Map();
for (const name of names) {
  const [, module, target] = /^(\w+)\.sm_(\d+)\.ptx$/.exec(name) ?? [];
  if (module && Number(target) > (newest.get(module) ?? 0)) newest.set(module, Number(target));
}
const scratch = mkdtempSync(join(tmpdir(), 'nodecuda-ptx-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));
const run = promisify(execFile);
const jobs = [...newest].map(([module, target]) => ({ module, target }));
async function work() {
  for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
    const { module, target } = job;
    const ptx = join(folder, `${module}.sm_${target}.ptx`);
    const options = ['-v', `-arch=sm_${NEWEST}`, '-o', join(scratch, module), ptx];
    const log = await run('ptxas', options, { maxBuffer: 1 << 26 }).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error) => String(error.stderr || error),
    );
    results.push(judge(module, NEWEST, log));
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));

const problems = results.flatMap((result) => result.problems);
const prebuilt = join(root, 'prebuilds/ptx');
const prebuiltPtx = (name) => gunzipSync(readFileSync(join(prebuilt, `${name}.gz`))).toString();
// nvcc names a file's static tables by a hash, of the folder that it was compiled in among others.
const unnamed = (ptx) => ptx.replace(/_INTERNAL_[0-9a-f]{8}_/g, '_INTERNAL_');
const hash = join(prebuilt, 'HASH'); // not there while `make:prebuilds` makes it
const isOfThese = existsSync(hash) && readFileSync(hash, 'utf8').trim() === sourceHash(['cuda']);
for (const name of names.filter((file) => file.endsWith('.ptx'))) {
  const ptx = readFileSync(join(folder, name), 'utf8');
  problems.push(...judgeLoads(name, ptx));
  if (isOfThese && unnamed(prebuiltPtx(name)) !== unnamed(ptx)) {
    problems.push(`prebuilds/ptx/${name}.gz is not what nvcc makes: run npm run make:prebuilds`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`${results.length} assemblies, ${problems.length} problems (${folder})`);
process.exit(problems.length === 0 ? 0 : 1);
