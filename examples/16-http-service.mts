// A kernel behind HTTP: POST little-endian float32 samples, get their histogram.
//   16-http-service.mts [--port 8080]
//   curl --data-binary @samples.f32 'http://localhost:8080/histogram?bins=8&low=0&high=1'
// With --try it asks itself some questions, good and bad ones, and ends.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { CudaError, CudaOutOfMemoryError, cuda } from 'nodecuda';

const { values: given } = parseArgs({
  options: { port: { type: 'string', default: '8080' }, try: { type: 'boolean', default: false } },
});
// Together they say how much memory it needs at most, here and on the device.
const MOST_CONNECTIONS = 64;
const MOST_BYTES = 16 * 2 ** 20; // of samples in a request
const MOST_RUNNING = 4;
const MOST_WAITING = 16;
// --try sees what happens where somebody forgot a limit.
const MOST_BINS = given.try ? Number.MAX_SAFE_INTEGER : 4096;

/** An answer that is no success, and the fault of who asked or of circumstances: it may be told. */
class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Lets `running` in at one time and `waiting` queue up. What is beyond is refused at once. */
class Gate {
  readonly #running: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  #inside = 0;

  constructor(running: number, waiting: number) {
    this.#running = running;
    this.#waiting = waiting;
  }

  /** For `using`: leaving the block lets the next one in, also after an error. */
  async enter(): Promise<Disposable> {
    if (this.#inside < this.#running) this.#inside++;
    else if (this.#queue.length >= this.#waiting) throw new HttpError(503, 'busy');
    else await new Promise<void>((resolve) => this.#queue.push(resolve)); // takes over a place
    return {
      [Symbol.dispose]: () => {
        const next = this.#queue.shift();
        if (next === undefined) this.#inside--;
        else next();
      },
    };
  }
}

// Once for the process: opening a device and loading a kernel is no work for a request.
using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
console.log(`using ${device.name}`);
using module = device.loadModule(new URL('./kernels/histogram.ptx', import.meta.url));
using histogram = module.kernel('histogram', [
  'const float32*',
  'uint32',
  'float32',
  'float32',
  'uint32*',
  'uint32',
]);
const block = histogram.suggestBlockSize();
const mostBlocks = device.multiprocessorCount * histogram.occupancy(block);
let lost: unknown; // the error, once there is one
const gate = new Gate(MOST_RUNNING, MOST_WAITING);

async function count(samples: Float32Array, low: number, high: number, bins: number) {
  // Whatever happens from here on, an error in the next line or a device that is lost, the buffers are
  // given back when the function is left. What is still running keeps its memory until it has ended.
  using counts = device.alloc('uint32', bins); // zeroed
  using values = device.from(samples);
  const grid = Math.min(Math.max(Math.ceil(samples.length / block), 1), mostBlocks);
  histogram.launch({ grid, block }, values, samples.length, low, high, counts, bins);
  return await counts.read(); // `await`, so that `using` waits, too
}

async function readBody(request: IncomingMessage): Promise<Float32Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not close the connection: the answer goes the same way.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new HttpError(413, `more than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  if (bytes === 0 || bytes % 4 !== 0) throw new HttpError(400, 'expected float32 samples');
  const { buffer } = new Uint8Array(Buffer.concat(pieces)); // aligned, as a Buffer need not be
  return new Float32Array(buffer);
}

function numberOf(url: URL, name: string): number {
  const value = Number(url.searchParams.get(name) ?? Number.NaN);
  if (!Number.isFinite(value)) throw new HttpError(400, `expected a number for ${name}`);
  return value;
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/health') return { lost: lost !== undefined };
  if (url.pathname !== '/histogram' || request.method !== 'POST') throw new HttpError(404, 'no');
  const [low, high, bins] = [numberOf(url, 'low'), numberOf(url, 'high'), numberOf(url, 'bins')];
  if (!Number.isInteger(bins) || bins < 1 || bins > MOST_BINS) {
    throw new HttpError(400, `expected 1 to ${MOST_BINS} bins`);
  }
  const samples = await readBody(request); // a slow client takes no place while it sends
  using _place = await gate.enter();
  return Array.from(await count(samples, low, high, bins));
}

/** What happened as a status and words for who asked. What is ours stays in the log. */
function failure(error: unknown): [status: number, message: string] {
  if (error instanceof HttpError) return [error.status, error.message];
  if (error instanceof CudaOutOfMemoryError) return [503, 'no device memory for that now'];
  if (error instanceof CudaError && error.fatal) return [503, 'the device is lost'];
  return [500, 'internal error'];
}

const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
  try {
    const body = JSON.stringify(await answer(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  } catch (error) {
    if (request.socket.destroyed) return; // who asked has gone
    const [status, message] = failure(error);
    if (status >= 500) console.log(`${status}: ${error instanceof Error ? error.message : error}`);
    if (status === 503) response.setHeader('retry-after', '1');
    request.resume(); // what is left of the body is dropped; Node sets it a time limit
    response.writeHead(status).end(JSON.stringify({ error: message }));
  }
});

// After a fault of the device nothing works on it any more in this process, which ends; whoever watches
// over it starts another.
device.lost.then((error) => {
  lost = error;
  console.error(error);
  process.exitCode = 1;
  server.close();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close());

server.maxConnections = MOST_CONNECTIONS;
server.listen(given.try ? 0 : Number(given.port), 'localhost');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
console.log(`listening on http://localhost:${port}`);
if (given.try) await tryIt(`http://localhost:${port}/histogram`);
await once(server, 'close'); // then `using` disposes kernel, module and device

async function tryIt(url: string): Promise<void> {
  const samples = Float32Array.from({ length: 100_000 }, (_, i) => (i % 1000) / 1000);
  const ask = async (query: string, body: Float32Array | string = samples) => {
    const response = await fetch(`${url}?${query}`, { method: 'POST', body });
    return `${response.status} ${await response.text()}`;
  };
  console.log(await ask('bins=8&low=0&high=1'));
  console.log(await ask('bins=8&low=0'));
  console.log(await ask('bins=8&low=0&high=1', 'abc'));

  // 64 TiB are more than any device has.
  const before = device.memoryStats().current;
  console.log(await ask(`bins=${2 ** 44}&low=0&high=1`));
  console.log(`device memory as before: ${device.memoryStats().current === before}`);

  // All places are taken, until five have been refused: the others have waited in the queue by then.
  const places = await Promise.all(Array.from({ length: MOST_RUNNING }, () => gate.enter()));
  let answered = 0;
  const answers = await Promise.all(
    Array.from({ length: MOST_WAITING + 5 }, async () => {
      const text = await ask('bins=8&low=0&high=1');
      if (++answered === 5) for (const place of places) place[Symbol.dispose]();
      return text;
    }),
  );
  const served = answers.filter((text) => text.startsWith('200')).length;
  const refused = answers.filter((text) => text.startsWith('503')).length;
  console.log(`${answers.length} at once: ${served} served, ${refused} refused`);
  console.log(`device memory as before: ${device.memoryStats().current === before}`);
  server.close();
}
