// Ends Workers that wait for a device, and processes that have such, in every way, again and again:
// none may crash. `node scripts/exits.cjs [runs]`, 1000 unless told; CI does 200
// (test/worker/exits.test.ts). The moment decides what is met, so it is random.
//
// The waits are of a runtime that does nothing and whose events never come (or fail, once the
// device is lost), so that hardly more is loaded and run than the waiting itself.
const { spawn } = require('node:child_process');
const { availableParallelism } = require('node:os');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

const CELLS = [
  { count: 1, waits: 1 },
  { count: 1, waits: 64 },
  { count: 4, waits: 8 },
];
const ROUNDS = 12; // ends of Workers in one process, where it goes on: each is a run

// `end` is called once all Workers wait; `lose` has their devices lost.
const WAYS = {
  'process.exit': { code: 7, end: () => process.exit(7) },
  'an uncaught exception': {
    code: 1,
    end: () => {
      throw new Error('mine');
    },
  },
  'an unhandled rejection': { code: 1, end: () => void Promise.reject(new Error('mine')) },
  'process.exit, devices lost': {
    code: 7,
    end: (_, lose) => {
      lose();
      pause(2 * Math.random());
      process.exit(7);
    },
  },
  terminate: { code: 0, end: (workers) => terminate(workers) },
  'terminate, devices lost': {
    code: 0,
    end: (workers, lose) => {
      lose();
      pause(2 * Math.random());
      return terminate(workers);
    },
  },
  'process.exit in the Workers': {
    code: 0,
    end: (workers) => {
      const ended = workers.map((worker) => new Promise((resolve) => worker.on('exit', resolve)));
      for (const worker of workers) worker.postMessage('exit');
      return Promise.all(ended);
    },
  },
};

const terminate = (workers) => Promise.all(workers.map((worker) => worker.terminate()));

function pause(milliseconds) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

const loadAddon = () => require('../dist/addon/load.js').native();

// A Worker: waits, says so, and ends when it is told to. Its device is lost when `flag` is set.
async function waitInWorker({ waits, flag }) {
  const addon = loadAddon();
  const runtime = addon.faultRuntime(addon.nullRuntime());
  const stream = addon.defaultStream(addon.openDevice(runtime, 0));
  addon.faultFail(runtime, 'EventQuery', 1, 600, 'persistent');
  for (let i = 0; i < waits; i++) addon.streamSynchronize(stream).catch(() => {});
  parentPort.on('message', () => process.exit(3));
  parentPort.postMessage('waiting');
  await Atomics.waitAsync(flag, 0, 0).value;
  addon.faultFail(runtime, 'EventQuery', 1, 700, 'sticky');
}

// A process: Workers that wait, and their end or its own.
async function endInWay(name, count, waits, rounds) {
  loadAddon();
  for (let round = 0; round < rounds; round++) {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const lose = () => {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    };
    const options = { workerData: { waits, flag } };
    const workers = Array.from({ length: count }, () => new Worker(__filename, options));
    await Promise.all(
      workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))),
    );
    pause(Math.random());
    await WAYS[name].end(workers, lose);
  }
}

function run({ name, count, waits, rounds }) {
  const child = spawn(
    process.execPath,
    [__filename, 'child', name, ...[count, waits, rounds].map(String)],
    { stdio: ['ignore', 'ignore', 'pipe'], timeout: 180_000 },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    words += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const right = code === WAYS[name].code && (code !== 1 || words.includes('Error: mine'));
      resolve(right ? '' : `exit code ${code}, signal ${signal}\n${words}`);
    });
  });
}

async function runAll(runs) {
  const cells = Object.keys(WAYS).flatMap((name) => CELLS.map((cell) => ({ name, ...cell })));
  let started = 0;
  let next = 0;
  const failures = [];
  const lane = async () => {
    while (started < runs) {
      const cell = cells[next++ % cells.length];
      const rounds = WAYS[cell.name].code === 0 ? ROUNDS : 1;
      started += rounds;
      const failure = await run({ ...cell, rounds });
      if (failure) failures.push({ ...cell, failure });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  console.log(`${started} runs of ${cells.length} kinds, ${next} processes`);
  for (const { name, count, waits, failure } of failures) {
    console.log(`${name}, ${count} Workers of ${waits} waits: ${failure}`);
  }
  process.exitCode = failures.length === 0 ? 0 : 1;
}

if (!isMainThread) {
  waitInWorker(workerData);
} else if (process.argv[2] === 'child') {
  const [name, ...numbers] = process.argv.slice(3);
  endInWay(name, ...numbers.map(Number));
} else {
  runAll(Number(process.argv[2] ?? 1000));
}
