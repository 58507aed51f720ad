// A Worker opens a device of its own. Device objects and buffers cannot be sent between threads;
// typed arrays can.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { pickDevice } from './pick-device.mjs';

if (isMainThread) {
  const data = new Float32Array([1, 2, 3, 4]);
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  worker.once('message', (doubled) => console.log('from the worker:', doubled));
  await new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
} else {
  const device = pickDevice();
  const x = device.from(workerData);
  parentPort.postMessage(await device.add(x, x).read());
  device.dispose();
}
