import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';

const run = promisify(execFile);
const root = join(__dirname, '..');
const folder = join(root, 'examples');

const scratch = mkdtempSync(join(tmpdir(), 'nodecuda-examples-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const picture = join(scratch, 'mandelbrot.png');

/** Small sizes, and no files where the test happens to run. */
const options: Record<string, string[]> = {
  '13-mandelbrot.mts': ['--width', '96', '--iterations', '64', '--out', picture],
  '14-game-of-life.mts': ['--size', '24'],
  '15-heat.mts': ['--size', '33', '--steps', '100'],
  '16-http-service.mts': ['--try'],
};

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
  '12-saxpy.mts':
    /^100000 elements, 0 wrong\nrefused: Expected a DeviceBuffer of float32 for `arguments\[1\]`/m,
  '13-mandelbrot.mts': /^.*mandelbrot\.png: 96 x 64, computed in \d+\.\d\d s$/m,
  '14-game-of-life.mts': /^96 generations, 5 cells alive\nthe same cells as at the beginning$/m,
  '15-heat.mts': /^100 steps enqueued .*\ncentre 0\.6798, expected 0\.6798$/m,
  '16-http-service.mts': new RegExp(
    [
      '^200 \\[(12500,){7}12500\\]',
      '400 .*',
      '400 .*',
      '503: Out of memory of device 0: .*',
      '503 .*no device memory for that now.*',
      'device memory as before: true',
      '(503: busy\n){5}21 at once: 16 served, 5 refused',
      'device memory as before: true$',
    ].join('\n'),
    'm',
  ),
  '17-textures.mts': /^red: 0 0 32 96 159 223 255 255$/m,
  '18-profile.mts': new RegExp(
    [
      '^naive: 18432 sectors, 22 % of them needed, 0 bank conflicts, 64 of 64 warps',
      'tiled: 4096 sectors, 100 % of them needed, 15872 bank conflicts, 64 of 64 warps',
      'padded: 4096 sectors, 100 % of them needed, 0 bank conflicts, 64 of 64 warps$',
    ].join('\n'),
    'm',
  ),
};

const files = readdirSync(folder).filter((name) => /^\d\d-/.test(name));

function loaderFor(file: string): string[] {
  if (file.endsWith('.ts')) return ['-r', join(root, 'scripts/run-typescript.cjs')];
  const hooks = pathToFileURL(join(root, 'scripts/run-typescript.mjs')).href;
  return file.endsWith('.mts') ? ['--import', hooks] : [];
}

test('every example has an expectation', () => {
  expect(files).toEqual(Object.keys(expected));
});

test.each(files)(
  '%s runs',
  async (file) => {
    const program = [join(folder, file), ...(options[file] ?? [])];
    const { stdout, stderr } = await run(process.execPath, [...loaderFor(file), ...program], {
      env: { ...process.env, NODECUDA_SIMULATE: '1' },
    });
    expect(stdout).toMatch(expected[file]);
    expect(stderr).toBe('');
  },
  30_000,
);

test('the Mandelbrot set is a picture of it', () => {
  const file = readFileSync(picture);
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const data = file.indexOf('IDAT');
  const rows = inflateSync(file.subarray(data + 4, data + 4 + file.readUInt32BE(data - 4)));
  expect(rows).toHaveLength(64 * (1 + 3 * 96));
  const pixel = (x: number, y: number) => [...rows.subarray(y * 289 + 1 + 3 * x).subarray(0, 3)];
  expect(pixel(71, 32)).toEqual([0, 0, 0]); // c is about 0
  expect(pixel(0, 0)).not.toEqual([0, 0, 0]);
});
