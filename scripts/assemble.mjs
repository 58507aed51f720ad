// node scripts/assemble.mjs PTXAS ARCHITECTURE PTX CUBIN
//
// Assembles PTX and leaves what ptxas says of each kernel in CUBIN.log, for check-ptx.mjs.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [ptxas, architecture, ptx, cubin] = process.argv.slice(2);
const options = ['-v', `-arch=sm_${architecture}`, ptx, '-o', cubin];
const { status, stdout, stderr, error } = spawnSync(ptxas, options, { encoding: 'utf8' });
writeFileSync(`${cubin}.log`, `${stdout ?? ''}${stderr ?? ''}`);
if (status !== 0) {
  console.error(error ?? `${stdout}${stderr}`);
  process.exit(1);
}
