// Recursion, functions by pointer, memory of the kernel's own; and what is refused, in words.

import { blocks, device, load, range, seeded } from '../support.js';
import { REFUSED, testOf } from './refused.js';

const refused = Object.entries(REFUSED);
(device.isSimulated ? test : test.skip).each(refused)(
  '%s is refused',
  (kernel, { topic, words }) => {
    expect(() => load(topic).kernel(kernel)).toThrow(words);
  },
);

testOf('fibonacci')('recursion: Fibonacci numbers', async () => {
  const fibonacci = load('functions/beyond').kernel('fibonacci', ['int32*', 'int32']);
  const out = device.alloc('int32', 12);
  fibonacci.launch({ grid: 1, block: 32 }, out, 12);
  expect([...(await out.read())]).toEqual([0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89]);
});

testOf('allocate')('memory that a kernel asks for', async () => {
  const allocate = load('functions/beyond').kernel('allocate', ['int32*', 'int32']);
  const out = device.alloc('int32', 40);
  allocate.launch({ grid: 1, block: 40 }, out, 5);
  expect([...(await out.read())]).toEqual(range(40).map((i) => 4 * i));
});

testOf('map')('functions from a table', async () => {
  const map = load('functions/function_table').kernel('map', [
    'const float32*',
    'float32*',
    'int32',
    'int32',
  ]);
  const x = seeded(1).floats(100);
  const y = device.alloc('float32', 100);
  for (const [which, f] of [(v: number) => 2 * v, (v: number) => v * v].entries()) {
    map.launch({ grid: blocks(100, 64), block: 64 }, device.from(x), y, which, 100);
    expect(await y.read()).toEqual(x.map(f));
  }
});
