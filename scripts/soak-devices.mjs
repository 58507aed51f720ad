/**
 * Makes simulated devices one after the other, uses and disposes them, and prints how many threads
 * and how much resident memory the process has: both must stay flat.
 *
 *     npm run build:ts && node scripts/soak-devices.mjs [devices] [--await] [--workers]
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const { cuda } = createRequire(import.meta.url)('../dist/index.js');

export async function useDevices(count, wait) {
  for (let i = 0; i < count; i++) {
    const device = cuda.simulatedDevice({ workers: 2 });
    const x = device.from(new Float32Array(100_000));
    const read = device.add(x, x).read();
    if (wait) await read;
    else read.catch(() => undefined);
    device.dispose();
  }
  // Promises that nobody waited for are settled, and let go of their devices, in their time.
  await new Promise((resolve) => setTimeout(resolve, 50));
}

function figures() {
  return {
    threads: readdirSync('/proc/self/task').length,
    rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
  };
}

if (isMainThread) {
  const count = Number(process.argv[2] ?? 1000);
  const wait = process.argv.includes('--await');
  for (let round = 0; round < 5; round++) {
    if (process.argv.includes('--workers')) {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { count: count / 5, wait },
      });
      await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
    } else {
      await useDevices(count / 5, wait);
    }
    console.log({ devices: ((round + 1) * count) / 5, ...figures() });
  }
} else {
  await useDevices(workerData.count, workerData.wait);
}
