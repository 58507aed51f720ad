// Functions that call themselves, each other, and whatever a pointer or an object says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDevice } from '../../support/devices.js';
import { blocks, device, load, range, seeded } from '../support.js';

const topic = 'functions/calls';

test('quicksort of a row for each thread, of its own length', async () => {
  const quicksort = load(topic).kernel('quicksort', ['int32*', 'int32', 'int32']);
  const [n, width] = [100, 50];
  const values = seeded(1).integers(n * width, -1000, 1000);
  const rows = device.from(values);
  quicksort.launch({ grid: blocks(n, 64), block: 64 }, rows, width, n);
  const expected = values.slice();
  for (let row = 0; row < n; row++)
    expected.subarray(row * width, row * width + (row % width) + 1).sort();
  expect(await rows.read()).toEqual(expected);
});

test('a walk through a tree from each of its nodes', async () => {
  const walk = load(topic).kernel('walk', ['const int32*', 'const int32*', 'int32*', 'int32']);
  const n = 300;
  const { integer } = seeded(2);
  // Each node but the first hangs below an earlier one, where that has room.
  const left = new Int32Array(n).fill(-1);
  const right = new Int32Array(n).fill(-1);
  for (let node = 1; node < n; ) {
    const parent = integer(Math.max(0, node - 40), node);
    const side = integer(0, 2) === 0 ? left : right;
    if (side[parent] === -1) side[parent] = node++;
  }
  const from = (node: number, depth: number): number =>
    node < 0 ? 0 : node * depth + from(left[node]!, depth + 1) + from(right[node]!, depth + 1);
  const out = device.alloc('int32', n);
  const nodes = { grid: blocks(n, 128), block: 128 };
  walk.launch(nodes, device.from(left), device.from(right), out, n);
  expect([...(await out.read())]).toEqual(range(n).map((node) => from(node, 1)));
});

test('mutual recursion with a structure by value', async () => {
  const out = device.alloc('int32', 64);
  load(topic).kernel('bounce', ['int32*']).launch({ grid: 1, block: 64 }, out);
  const bounce = (start: number) => {
    const odd = [0, 0, 0, 0];
    let steps = 0;
    for (let n = start, isOdd = (start & 1) === 1; ; ) {
      steps += 1;
      if (isOdd) {
        odd[n % 4]! += 1;
        if (n === 1) break;
        n = Math.floor(n / 2) * 3;
        isOdd = false;
      } else {
        if (n <= 1 || steps > 60) break;
        n = Math.floor(n / 2);
        isOdd = (n & 1) === 1;
      }
    }
    return steps * 1000 + odd[1]! * 10 + odd[3]!;
  };
  expect([...(await out.read())]).toEqual(range(64).map((i) => bounce(i + 1)));
});

test('alloca: room on the stack, for each lane its own', async () => {
  const out = device.alloc('int32', 96);
  load(topic).kernel('reverse', ['int32*']).launch({ grid: 1, block: 96 }, out);
  const expected = range(96).map((i) => {
    let number = 0;
    for (let digit = i; digit >= 0; digit--) number = (number * 10 + (digit % 10)) % 1000003;
    return number;
  });
  expect([...(await out.read())]).toEqual(expected);
});

test('barriers of the block in a recursive function', async () => {
  const values = Float32Array.from(range(128));
  const out = device.alloc('float32', 1);
  const halve = load(topic).kernel('halve', ['const float32*', 'float32*']);
  halve.launch({ grid: 1, block: 128 }, device.from(values), out);
  expect(await out.read()).toEqual(Float32Array.of((127 * 128) / 2));
});

const area = (kind: number) => (kind === 0 ? 12 : 2 * kind);

test('virtual functions, of objects on the stack and on the heap', async () => {
  const [areas, corners] = [device.alloc('float32', 64), device.alloc('int32', 64)];
  load(topic)
    .kernel('shapes', ['float32*', 'int32*'])
    .launch({ grid: 1, block: 64 }, areas, corners);
  const own = (i: number) => area(i % 3);
  const ownCorners = (i: number) => (i % 3 === 0 ? 0 : 4);
  expect([...(await areas.read())]).toEqual(
    range(64).map((i) => (i % 2 ? 2 * own(i) + 0.5 : own(i))),
  );
  expect([...(await corners.read())]).toEqual(
    range(64).map((i) => (i % 2 ? 2 * ownCorners(i) + 4 : ownCorners(i))),
  );
});

test('objects that one kernel makes and another uses', async () => {
  const module = load(topic);
  const areas = device.alloc('float32', 32);
  module.kernel('keep', []).launch({ grid: 1, block: 32 });
  module.kernel('useKept', ['float32*']).launch({ grid: 1, block: 32 }, areas);
  expect([...(await areas.read())]).toEqual(range(32).map((i) => area(i % 4)));
});

test('pointers to strings in an initialiser', async () => {
  const out = device.alloc('int32', 8);
  load(topic).kernel('lengths', ['int32*']).launch({ grid: 1, block: 8 }, out);
  expect([...(await out.read())]).toEqual([4, 3, 3, 5, 4, 3, 3, 5]);
});

// What only the simulated device says in these words; a fault is the end of a device.
(device.isSimulated ? test : test.skip).each([
  ['endless', ['int32*'], [], 'cudaErrorHardwareStackError', /stack overflow/],
  ['callNull', ['int32*', 'int32'], [0], 'cudaErrorInvalidPc', /no function of this module/],
] as const)('%s is a fault', async (name, signature, more, statusName, words) => {
  const other = openTestDevice();
  const module = other.loadModule(readFileSync(join(__dirname, 'calls.ptx'), 'utf8'));
  const out = other.alloc('int32', 32);
  module.kernel(name, [...signature]).launch({ grid: 1, block: 32 }, out, ...more);
  await expect(out.read()).rejects.toMatchObject({
    statusName,
    message: expect.stringMatching(words),
  });
  other.dispose();
});
