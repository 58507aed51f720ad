// Compiles the kernels of test/corpus/*/*.cu to the PTX beside them, which is committed: tests run where
// there is no nvcc. `topic.cu` is compiled for sm_75, `topic_sm80.cu` for what its name says.
//
//   node scripts/corpus.mjs            remakes the PTX
//   node scripts/corpus.mjs --check    is the PTX what nvcc makes of the sources? Exits with 1 if not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';

const NVCC = '13.0'; // others make other code of the same source

const folder = fileURLToPath(new URL('../test/corpus', import.meta.url));
const check = process.argv.includes('--check');

function version() {
  try {
    return /release ([\d.]+)/.exec(execFileSync('nvcc', ['--version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
}

/** Without comments, blank lines and indentation, and without hashes of the folder in names. */
function compact(ptx) {
  return ptx
    .split('\n')
    .map((line) => line.replace(/\/\/.*/, '').trim())
    .filter((line) => line !== '')
    .join('\n')
    .replace(/(_INTERNAL|_GLOBAL__N_)_[0-9a-f]{8}_/g, '$1_')
    .concat('\n');
}

function compile(source, scratch) {
  const target = /_sm(\w+)\.cu$/.exec(source)?.[1] ?? '75';
  const out = join(scratch, 'out.ptx');
  const { dir, base } = parse(join(folder, source));
  const options = ['-ptx', `-arch=sm_${target}`, '-std=c++17', '-o', out, base];
  execFileSync('nvcc', options, { cwd: dir, stdio: ['ignore', 'inherit', 'inherit'] });
  return compact(readFileSync(out, 'utf8'));
}

const found = version();
if (found !== NVCC) {
  console.log(`corpus: skipped: needs nvcc ${NVCC}, found ${found ?? 'none'}`);
  process.exit(check ? 0 : 1);
}

const only = process.argv.slice(2).filter((name) => name.endsWith('.cu'));
const sources = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith('.cu'))
  .sort();
const scratch = mkdtempSync(join(tmpdir(), 'nodecuda-corpus-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));
let stale = 0;
for (const source of only.length === 0 ? sources : only) {
  const ptx = compile(source, scratch);
  const path = join(folder, source.replace(/\.cu$/, '.ptx'));
  if (!check) {
    writeFileSync(path, ptx);
  } else if (readFileSync(path, 'utf8') !== ptx) {
    console.error(`${path} is not what nvcc makes of ${source}: run node scripts/corpus.mjs`);
    stale += 1;
  }
}
console.log(`corpus: ${sources.length} sources, ${check ? `${stale} stale` : 'compiled'}`);
process.exitCode = stale === 0 ? 0 : 1;
