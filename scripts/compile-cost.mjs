// What a compilation costs, from NVRTC, from disk and from memory, beside a launch on the runtime that
// does nothing: node scripts/compile-cost.mjs (NVRTC as scripts/unpack-nvrtc.mjs unpacks it, or
// NODECUDA_NVRTC). After npm run build.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const require = createRequire(path.join(root, 'dist/index.js'));
const unpacked = path.join(root, 'build/nvrtc/usr');
if (existsSync(unpacked)) process.env.NODECUDA_NVRTC ??= unpacked;
process.env.NODECUDA_CACHE_DIR = mkdtempSync(path.join(tmpdir(), 'nodecuda-cost-'));

const { native } = require('./addon/load.js');
const { openDevice } = require('./methods.js');
const { cacheWritten, clearMemoryCache, compileCuda } = require('./kernels/compile/compile.js');

const source = 'extern "C" __global__ void k(float* x) { *x *= TILE; }'.padEnd(10_000);
const options = { defines: { TILE: 32 } };
const target = { major: 7, minor: 5, simulated: true, driverVersion: () => null };

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function milliseconds(times, before, action) {
  const took = [];
  for (let i = 0; i < times; i++) {
    await before();
    const start = performance.now();
    await action();
    took.push(performance.now() - start);
  }
  return median(took);
}

function microseconds(action) {
  const rounds = [];
  for (let round = 0; round < 9; round++) {
    const start = performance.now();
    for (let i = 0; i < 200_000; i++) action();
    rounds.push((performance.now() - start) / 200);
  }
  return median(rounds.slice(2));
}

const say = (what, figure, unit) => console.log(`${what.padEnd(44)} ${figure.toFixed(3)} ${unit}`);

try {
  const start = performance.now();
  const code = await compileCuda(source, options, target);
  say(`first, with NVRTC ${code.nvrtcVersion} to be opened`, performance.now() - start, 'ms');
  await cacheWritten();
  const nothing = () => {};
  const again = () => compileCuda(source, { ...options, cache: false }, target);
  say('compiled', await milliseconds(9, nothing, again), 'ms');
  const forget = () => {
    clearMemoryCache();
    return new Promise((resolve) => setTimeout(resolve, 2));
  };
  const compile = () => compileCuda(source, options, target);
  say('from disk', await milliseconds(101, forget, compile), 'ms');
  const plain = '// nothing';
  await compileCuda(plain);
  say(
    'from memory, no options',
    microseconds(() => compileCuda(plain)),
    'us',
  );
  say('from memory, with a macro', microseconds(compile), 'us');
  const device = openDevice(native().nullRuntime(), 0, true);
  const [x, y, out] = [1, 2, 3].map(() => device.alloc('float32', 8, { uninitialized: true }));
  say(
    'device.add(x, y, { out }), nothing behind it',
    microseconds(() => device.add(x, y, { out })),
    'us',
  );
  device.dispose();
} finally {
  rmSync(process.env.NODECUDA_CACHE_DIR, { recursive: true, force: true });
}
