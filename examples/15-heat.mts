// The heat equation on a square plate, in explicit steps between two buffers:
//   15-heat.mts [--size 65] [--steps 400]
// It begins with a temperature of which the answer is known, so that the result can be checked.
import { parseArgs } from 'node:util';
import { cuda } from 'nodecuda';

const { values: given } = parseArgs({
  options: {
    size: { type: 'string', default: '65' },
    steps: { type: 'string', default: '400' },
  },
});
const n = Number(given.size); // points along each side, the border among them
const steps = Number(given.steps);
const r = 0.2; // conductivity * time step / spacing^2; more than 0.25 is unstable

using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
console.log(`using ${device.name}`);
using module = device.loadModule(new URL('./kernels/heat.ptx', import.meta.url));
using heat = module.kernel('heat', ['const float32*', 'float32*', 'int32', 'float32']);

// One half-wave along each side, 0 at the border. It keeps its shape and shrinks by `decay` in a step.
const wave = (i: number) => Math.sin((Math.PI * i) / (n - 1));
const decay = 1 - 4 * r * (1 - Math.cos(Math.PI / (n - 1)));
const start = Float32Array.from({ length: n * n }, (_, i) => wave(i % n) * wave(Math.floor(i / n)));

using now = device.from(start);
using next = device.alloc('float32', n * n, { uninitialized: true }); // every point is written
const extent = Math.ceil(n / 16);
const options = { grid: [extent, extent], block: [16, 16] } as const;
// Ping and pong. A prepared launch costs a fraction of one that is checked anew, and its buffers are
// kept alive; `ping.set(0, buffer)` would replace one.
using ping = heat.prepare(options, now, next, n, r);
using pong = heat.prepare(options, next, now, n, r);

const startMs = performance.now();
for (let step = 0; step < steps; step += 2) {
  ping.run();
  pong.run();
}
// All steps are enqueued by now, and in order, for each reads what the one before wrote. What is
// enqueued takes memory: a loop of millions awaits `device.synchronize()` now and then.
const enqueuedMs = performance.now() - startMs;
const result = await now.read();
const doneMs = performance.now() - startMs;

const done = 2 * Math.ceil(steps / 2);
const factor = decay ** done;
let worst = 0;
for (const [i, value] of result.entries()) {
  worst = Math.max(worst, Math.abs(value - factor * start[i]!));
}
const center = result[Math.floor(n / 2) * (n + 1)]!;
console.log(
  `${done} steps enqueued in ${enqueuedMs.toFixed(1)} ms, done after ${doneMs.toFixed(0)} ms`,
);
console.log(`centre ${center.toFixed(4)}, expected ${factor.toFixed(4)}`);
// Each step rounds a few times, to 2^-24 of a number below 1.
if (!(worst <= done * 2 ** -22)) throw new Error(`off by ${worst}`);
