// Conway's Game of Life on a torus, or another rule of its kind:
//   14-game-of-life.mts [--size 48] [--generations 192] [--rule B36/S23]
// The cells stay on the device; in a terminal each generation is read and drawn.
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cuda } from 'nodecuda';

const { values: given } = parseArgs({
  options: {
    size: { type: 'string', default: '48' },
    generations: { type: 'string' },
    rule: { type: 'string', default: 'B3/S23' },
  },
});
const size = Number(given.size);
// A glider moves by one cell in four generations: after these it is where it was.
const generations = Number(given.generations ?? 4 * size);
const [, born, stays] = /^B(\d*)\/S(\d*)$/.exec(given.rule) ?? [];
if (born === undefined || stays === undefined) {
  throw new RangeError(`Expected a rule such as B3/S23 but received ${given.rule}`);
}
const bits = (digits: string) => [...digits].reduce((sum, digit) => sum | (1 << Number(digit)), 0);

using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
console.log(`using ${device.name}`);
using module = device.loadModule(new URL('./kernels/life.ptx', import.meta.url));
using life = module.kernel('life', ['const uint8*', 'uint8*', 'int32', 'int32']);
{
  // `__constant__ unsigned short rule[2]` as a buffer: written like any other, before the launches.
  using rule = module.global('rule', 'uint16');
  await rule.write(Uint16Array.of(bits(born), bits(stays)));
}

const cells = new Uint8Array(size * size);
for (const [x, y] of [
  [1, 0],
  [2, 1],
  [0, 2],
  [1, 2],
  [2, 2],
] as const)
  cells[y * size + x] = 1;

using front = device.from(cells);
using back = device.alloc('uint8', cells.length);
const tile = 16; // what the kernel was written for: its __launch_bounds__ refuse more threads
const extent = Math.ceil(size / tile);
const options = { grid: [extent, extent], block: [tile, tile] } as const;
// Checked once, launched often. Two of them, because the buffers change places.
using forth = life.prepare(options, front, back, size, size);
using andBack = life.prepare(options, back, front, size, size);

/** Two rows of cells for each line of text. */
function draw(cells: Uint8Array): string {
  const lines: string[] = [];
  for (let y = 0; y < size; y += 2) {
    const at = (x: number) => cells[y * size + x]! + 2 * (cells[(y + 1) * size + x] ?? 0);
    lines.push(Array.from({ length: size }, (_, x) => ' ▀▄█'[at(x)]).join(''));
  }
  return lines.join('\n');
}

for (let generation = 0; generation < generations; generation++) {
  (generation % 2 === 0 ? forth : andBack).run();
  if (!process.stdout.isTTY) continue;
  const now = await (generation % 2 === 0 ? back : front).read();
  process.stdout.write(`\x1b[H\x1b[2J${draw(now)}\n`);
  await setTimeout(30);
}

const last = await (generations % 2 === 0 ? front : back).read();
const alive = last.reduce((sum, cell) => sum + cell, 0);
const returned = last.every((cell, i) => cell === cells[i]);
console.log(`${generations} generations, ${alive} cells alive`);
console.log(returned ? 'the same cells as at the beginning' : 'other cells than at the beginning');
