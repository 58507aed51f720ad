// Workers that are terminated with kernels of their own under way, and with modules that wait to be unloaded.
import { runChild } from '../support/child.js';
import { ptx, SLOW } from '../support/kernels.js';

const RUNS = process.env.NODECUDA_TESTS === 'sanitize' ? 6 : 30;

test(`${RUNS} Workers that end in the middle of launches`, async () => {
  const worker = `
    const { workerData, parentPort } = require('node:worker_threads');
    const device = require('nodecuda').cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    const code = device.loadModule(workerData.text);
    const slow = code.kernel('slow', ['uint32*', 'const uint32*', 'uint32']);
    const cell = code.global('cell', 'uint32');
    const stream = device.createStream();
    for (let i = 0; i < 5; i++) {
      slow.launch({ grid: 1, block: 1, stream }, cell, cell, 100_000);
    }
    cell.read();
    if (workerData.how === 0) for (const each of [slow, cell, code]) each.dispose();
    if (workerData.how === 1) device.dispose();
    parentPort.postMessage('ready');
    setInterval(() => {}, 1e6);`;
  const { code, signal, stdout, stderr } = await runChild(
    `const { Worker } = require('node:worker_threads');
     (async () => {
       for (let i = 0; i < ${RUNS}; i++) {
         const text = ${JSON.stringify(ptx(SLOW, '.global .u32 cell;'))};
         const worker = new Worker(${JSON.stringify(worker)}, {
           eval: true, workerData: { text, how: i % 3 },
         });
         await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
         await worker.terminate();
       }
       console.log('done');
     })();`,
  );
  expect({ code, signal, stdout, stderr }).toEqual({
    ...{ code: 0, signal: null, stdout: 'done\n', stderr: '' },
  });
});
