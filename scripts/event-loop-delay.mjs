// Measures that what is not called ...Sync does not wait for the device: while a device has work for
// seconds, and again and again one of the calls is made, how late the event loop is. Needs a build.
//   node scripts/event-loop-delay.mjs
// "call" is the longest time that one call took. A write of 100 MiB is a copy of 100 MiB on the
// JavaScript thread, whatever the device does: it is timed on an idle device too. Memory that is used for
// the first time takes longer, on virtual machines much longer. Quiet cores are needed: one for the
// device, one for JavaScript.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { cuda } from 'nodecuda';

const MIB = 2 ** 20;
const SECONDS = 5;
const n = 512;

// One worker: on two cores the JavaScript thread has one of its own.
const open = () => cuda.simulatedDevice({ workers: 1, memoryBytes: 512 * MIB });

function keepBusy(device, seconds) {
  const a = device.alloc('float32', n * n).fill(1);
  const out = device.alloc('float32', n * n);
  const products = (count) => {
    for (let i = 0; i < count; i++) device.matmul(a, a, { m: n, n, k: n, out });
  };
  products(2);
  device.synchronizeSync();
  const start = performance.now();
  products(10);
  device.synchronizeSync();
  const each = (performance.now() - start) / 1000 / 10;
  products(Math.ceil(seconds / each));
}

const source = new Uint8Array(100 * MIB).fill(1);
const CASES = {
  nothing: () => () => {},
  'write of 64 KiB': (device) => {
    const target = device.alloc('uint8', MIB / 16);
    return () => target.write(source.subarray(0, MIB / 16)).catch(() => {});
  },
  'write of 100 MiB, once': (device) => {
    const target = device.alloc('uint8', 100 * MIB);
    return once(() => target.write(source).catch(() => {}));
  },
  'alloc that is out of memory': (device) => () => {
    try {
      device.alloc('uint8', 500 * MIB);
    } catch {}
  },
  'allocAsync that waits': (device) =>
    once(() => device.allocAsync('uint8', 500 * MIB).catch(() => {})),
  'alloc of what is about to be freed': (device) => () =>
    device.alloc('uint8', 200 * MIB).dispose(),
  'dispose with a write on its way': () => () => {
    const device = open();
    const m = 256; // some milliseconds of work: the next device must not find the cores taken
    const x = device.alloc('float32', m * m);
    device.matmul(x, x, { m, n: m, k: m });
    x.write(new Float32Array(100)).catch(() => {});
    device.dispose();
  },
  'preload of everything': () => {
    const device = cuda.simulatedDevice({ workers: 1, computeCapability: { major: 8, minor: 0 } });
    return once(() => device.preload().finally(() => device.dispose()));
  },
};

function once(call) {
  let done = false;
  return () => {
    if (!done) call();
    done = true;
  };
}

async function measure(name, prepare, isBusy) {
  const device = open();
  const call = prepare(device);
  if (isBusy) keepBusy(device, 2 * SECONDS);
  await sleep(50);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let longest = 0;
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    call();
    longest = Math.max(longest, performance.now() - start);
    await sleep(20);
  }
  delay.disable();
  if (isBusy && device.defaultStream.query()) throw new Error(`${name}: the device was not busy`);
  device.dispose();
  const ms = (value) => value.toFixed(2).padStart(8);
  // The histogram counts the whole interval: 1 ms of it is the resolution.
  const [p50, p99, max] = [50, 99, 100].map((p) => delay.percentile(p) / 1e6);
  console.log(`${name.padEnd(36)} ${ms(p50)} ${ms(p99)} ${ms(max)} ${ms(longest)}`);
}

console.log(`${'ms'.padEnd(36)}      p50      p99      max     call`);
await measure('write of 100 MiB, once, idle device', CASES['write of 100 MiB, once'], false);
for (const [name, prepare] of Object.entries(CASES))
  await measure(name, prepare, prepare.length > 0);
process.exit(0);
