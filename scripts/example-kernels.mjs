// Compiles the kernels of examples/, as the first line of each says; the PTX is committed.
//
//   npm run make:examples              remakes it
//   npm run make:examples -- --check   is it what nvcc makes of the sources? Exits with 1 if not.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NVCC = /release 13\.0,/; // others make other text of the same source

const folder = fileURLToPath(new URL('../examples/kernels', import.meta.url));
const check = process.argv.includes('--check');
if (!NVCC.test(execFileSync('nvcc', ['--version'], { encoding: 'utf8' }))) {
  console.log('example kernels: skipped: needs nvcc 13.0');
  process.exit(check ? 0 : 1);
}

const scratch = mkdtempSync(join(tmpdir(), 'nodecuda-examples-'));
process.on('exit', () => rmSync(scratch, { recursive: true }));
for (const source of readdirSync(folder).filter((name) => name.endsWith('.cu'))) {
  const out = join(scratch, 'out.ptx');
  execFileSync('nvcc', ['-ptx', '-arch=sm_75', source, '-o', out], { cwd: folder });
  const ptx = readFileSync(out, 'utf8');
  const target = join(folder, source.replace(/\.cu$/, '.ptx'));
  if (!check) {
    writeFileSync(target, ptx);
  } else if (readFileSync(target, 'utf8') !== ptx) {
    console.error(`examples/kernels: ${source} changed since its PTX was made`);
    process.exitCode = 1;
  }
}
