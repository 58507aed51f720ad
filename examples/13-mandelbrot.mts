// The Mandelbrot set as a PNG, with a progress bar:
//   13-mandelbrot.mts [--width 768] [--iterations 256] [--out mandelbrot.png]
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { cuda } from 'nodecuda';

const { values: given } = parseArgs({
  options: {
    width: { type: 'string', default: '768' },
    iterations: { type: 'string', default: '256' },
    out: { type: 'string', default: 'mandelbrot.png' },
  },
});
const width = Number(given.width);
const height = Math.ceil((width * 2) / 3);

/** A PNG of 8-bit red, green and blue; `rgb` is (height, width, 3). */
function png(rgb: Uint8Array, width: number, height: number): Buffer {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // bits, and that it is colour
  const rows = Buffer.alloc(height * (1 + 3 * width)); // each begins with its filter: 0, none
  for (let y = 0; y < height; y++) {
    rows.set(rgb.subarray(y * 3 * width, (y + 1) * 3 * width), y * (1 + 3 * width) + 1);
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** A bar that is drawn over itself in a terminal, and not at all elsewhere. */
function showProgress(done: number, total: number): void {
  if (!process.stdout.isTTY) return;
  const filled = Math.round((40 * done) / total);
  const bar = `[${'='.repeat(filled)}${' '.repeat(40 - filled)}]`;
  process.stdout.write(done < total ? `\r${bar} ${done} of ${total} rows` : '\r\x1b[K');
}

using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
console.log(`using ${device.name}`);
using module = device.loadModule(new URL('./kernels/mandelbrot.ptx', import.meta.url));
using mandelbrot = module.kernel('mandelbrot', [
  'uint8*',
  // A struct of C by value, field by field: its size is checked against the kernel's.
  {
    struct: {
      left: 'float64',
      top: 'float64',
      step: 'float64',
      width: 'uint32',
      mostIterations: 'uint32',
    },
  },
  'uint32',
  'uint32',
]);

const step = 3 / width;
const view = {
  left: -2.25 + step / 2,
  top: (step * (height - 1)) / 2,
  step,
  width,
  mostIterations: Number(given.iterations),
};
const block = [16, 16] as const;
const bandRows = 32;
using image = device.alloc('uint8', 3 * width * height, { uninitialized: true });

const startMs = performance.now();
for (let first = 0; first < height; first += bandRows) {
  const rows = Math.min(bandRows, height - first);
  const grid = [Math.ceil(width / block[0]), Math.ceil(rows / block[1])] as const;
  // A view is an argument as good as the whole buffer.
  using band = image.slice(3 * width * first, 3 * width * (first + rows));
  mandelbrot.launch({ grid, block }, band, view, first, rows);
  // So that the bar shows what is done, and not what is enqueued. Without one there would be nothing to
  // wait for before the end.
  await device.synchronize();
  showProgress(first + rows, height);
}
const rgb = await image.read();
const seconds = (performance.now() - startMs) / 1000;

await writeFile(given.out, png(rgb, width, height));
console.log(`${given.out}: ${width} x ${height}, computed in ${seconds.toFixed(2)} s`);
