// The order of blocks and warps.
import { cuda, forEachSchedule, type Schedule } from '../../../../lib/index.js';
import { failure } from '../../../support/errors.js';
import { check, kernel } from './support.js';

// The order in which the warps of all blocks come by.
const ORDER = kernel(`
  and.b32 %r4, %r2, 31;
  setp.ne.u32 %p1, %r4, 0;
  @%p1 bra done;
  atom.global.add.u32 %r5, [%rd2], 1;
  mov.u32 %r6, %ntid.x;
  mad.lo.s32 %r6, %r6, %r3, %r2;
  shr.u32 %r6, %r6, 5;
  mul.wide.u32 %rd4, %r5, 4;
  add.s64 %rd4, %rd1, %rd4;
  st.global.u32 [%rd4], %r6;
done:`);

async function order(schedule: Schedule | undefined, grid: number, block: number) {
  using device = cuda.simulatedDevice({ memoryBytes: 2 ** 24, workers: 1, schedule });
  using module = device.loadModule(ORDER);
  const warps = (grid * block) / 32;
  using a = device.alloc('int32', warps);
  using b = device.alloc('int32', 1);
  module.kernel('k', ['int32*', 'int32*', 'uint32']).launch({ grid, block }, a, b, 0);
  return [...(await a.read())];
}

const all = (count: number) => Array.from({ length: count }, (_, i) => i);

test('in order', async () => {
  expect(await order(undefined, 4, 128)).toEqual(all(16));
  expect(await order({ policy: 'in-order' }, 4, 128)).toEqual(all(16));
});

test('in reverse', async () => {
  expect(await order({ policy: 'reverse' }, 4, 128)).toEqual(all(16).reverse());
});

test.each([
  [1, 1024],
  [7, 32],
  [33, 64],
])('random, %i blocks of %i threads: each comes once, the same for a seed', async (grid, block) => {
  const warps = (grid * block) / 32;
  const orders = new Set<string>();
  for (const seed of [0, 1, 2, 3]) {
    const first = await order({ seed }, grid, block);
    expect(await order({ policy: 'random', seed }, grid, block)).toEqual(first);
    expect([...first].sort((x, y) => x - y)).toEqual(all(warps));
    orders.add(first.join());
  }
  expect(orders.size).toBe(4);
});

test('a fault of a block is found whatever its place', async () => {
  const text = kernel('setp.eq.u32 %p1, %r3, 5; @%p1 trap;');
  for (const seed of [1, 2, 3]) {
    const { error } = await check(text, ['memory'], { grid: 9, options: { schedule: { seed } } });
    expect(String(error)).toContain('block (5,0,0)');
  }
});

describe('forEachSchedule', () => {
  test('runs each', async () => {
    const seen: Schedule[] = [];
    await forEachSchedule((schedule) => void seen.push(schedule), { seeds: 2 });
    expect(seen).toEqual([
      { policy: 'in-order' },
      { policy: 'reverse' },
      { policy: 'random', seed: 0 },
      { policy: 'random', seed: 1 },
    ]);
  });

  test('names the schedule that fails', async () => {
    const cause = new Error('7 is not 100');
    const run = ({ policy }: Schedule) => {
      if (policy === 'reverse') throw cause;
    };
    const error = await failure(() => forEachSchedule(run));
    expect(error.message).toBe('Under the schedule {"policy":"reverse"}: 7 is not 100');
    expect(error.cause).toBe(cause);
  });
});
