// Kernels as nvcc compiles them, each with a bug and without.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckKind, cuda, forEachSchedule, type Schedule } from '../../../../lib/index.js';

const SOURCE = readFileSync(join(__dirname, 'planted.cu'), 'utf8').split('\n');
const PTX = readFileSync(join(__dirname, 'planted.ptx'), 'utf8');

async function run(kernel: string, grid: number, block: number, schedule?: Schedule) {
  using device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, check: true, schedule });
  using module = device.loadModule(PTX);
  using out = device.alloc('int32', 64);
  module
    .kernel(kernel, ['int32*', 'int32'])
    .launch({ grid, block, sharedMemoryBytes: kernel.startsWith('overtake') ? 256 : 0 }, out, 64);
  let values = new Int32Array(0);
  try {
    values = await out.read();
  } catch {
    // A fault: the report has it.
  }
  return { values, report: device.checkReport() };
}

const CASES: [name: string, kind: CheckKind, grid: number, block: number][] = [
  ['overtake', 'race', 1, 64],
  ['warp_sum', 'race', 1, 32],
  ['last_block', 'race', 4, 32],
  ['bounds', 'memory', 2, 64],
  ['halo', 'init', 1, 64],
  ['apart', 'sync', 1, 64],
  ['histogram', 'race', 1, 64],
];

test.each(CASES)('%s: %s', async (name, kind, grid, block) => {
  const { findings } = (await run(`${name}_bad`, grid, block)).report;
  const errors = findings.filter(({ severity }) => severity === 'error');
  expect(new Set(errors.map((finding) => finding.kind))).toEqual(new Set([kind]));
  // The line is marked in the source; the other side of a race may be it as well.
  const lines = errors.flatMap(({ at, other }) => [at?.source, other?.source]);
  const marked = SOURCE.flatMap((line, i) =>
    line.includes(`// ${name}`) ? [`planted.cu:${i + 1}`] : [],
  );
  expect(marked.length).toBeGreaterThan(0);
  for (const line of marked) expect(lines).toContain(line);

  await forEachSchedule(
    async (schedule) => {
      const good = await run(`${name}_good`, grid, block, schedule);
      expect(String(good.report)).toBe('no findings');
    },
    { seeds: 4 },
  );
});

test('schedules show what an order hides', async () => {
  const seen = new Set<number>();
  await forEachSchedule(
    async (schedule) => {
      seen.add((await run('overtake_bad', 1, 64, schedule)).values[32]!);
      expect((await run('overtake_good', 1, 64, schedule)).values[32]).toBe(100);
    },
    { seeds: 8 },
  );
  expect(seen).toEqual(new Set([7, 100]));
});
