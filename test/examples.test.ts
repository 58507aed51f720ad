import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(__dirname, '..');
const folder = join(root, 'examples');

/** A line that the output must hold, whichever device it ran on. */
const expected: Record<string, RegExp> = {
  '01-devices.mjs': /\d+ CUDA devices/,
  '02-vector-add.mjs': /Float32Array\(3\) \[ 5, 7, 9 \]/,
  '03-host-matmul.mjs': /Float32Array\(4\) \[ 58, 64, 139, 154 \]/,
  '04-device-matmul.mjs': /gram Float32Array\(16\) \[\s*5,\s*14,\s*23/,
  '05-views-and-copies.mjs': /Int32Array\(8\) \[\s*0, 0, 7, 7,\s*7, 7, 1, 2\s*\]/,
  '06-streams.mjs': /^true$/m,
  '07-errors.mjs': /used after dispose: CudaDisposedError ERR_CUDA_DISPOSED/,
  '08-worker.mjs': /from the worker: Float32Array\(4\) \[ 2, 4, 6, 8 \]/,
  '09-using.ts': /^mean 4$/m,
  '10-events.mjs': /^the other stream waited: true\nproduct took \d+\.\d+ ms of device time$/m,
  '11-vector-search.mjs': /nearest Int32Array\(4\) \[ 7, 42, 500, 999 \]/,
};

const files = readdirSync(folder).filter((name) => /^\d\d-/.test(name));

test('every example has an expectation', () => {
  expect(files).toEqual(Object.keys(expected));
});

test.each(files)(
  '%s runs',
  async (file) => {
    const loader = file.endsWith('.ts') ? ['-r', join(root, 'scripts/run-typescript.cjs')] : [];
    const { stdout, stderr } = await run(process.execPath, [...loader, join(folder, file)], {
      env: { ...process.env, NODECUDA_SIMULATE: '1' },
    });
    expect(stdout).toMatch(expected[file]);
    expect(stderr).toBe('');
  },
  30_000,
);
