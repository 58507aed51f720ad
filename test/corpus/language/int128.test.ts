// Integers of 128 bits, against BigInt.
import { device, load, seeded } from '../support.js';

const N = 500;
const WORD = 64n;
const unsigned = (value: bigint) => BigInt.asUintN(128, value);
const signed = (value: bigint) => BigInt.asIntN(128, value);

test('sums, products, quotients and shifts of 128 bits', async () => {
  const random = seeded(128);
  const EDGES = [0n, 1n, 2n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
  const word = () =>
    random.integer(0, 4) === 0
      ? EDGES[random.integer(0, EDGES.length)]!
      : ((BigInt(random.bits()) << 32n) | BigInt(random.bits())) >> BigInt(random.integer(0, 64));
  const words = () => BigUint64Array.from({ length: 2 * N }, word);
  const [x, y] = [words(), words()];
  const out = device.alloc('uint64', 16 * N);
  load('language/int128')
    .kernel('int128', ['const uint64*', 'const uint64*', 'uint64*', 'int32'])
    .launch({ grid: 4, block: 128 }, device.from(x), device.from(y), out, N);
  const got = await out.read();
  for (let i = 0; i < N; i++) {
    const [a, b] = [x, y].map((all) => (all[2 * i + 1]! << WORD) | all[2 * i]!) as [bigint, bigint];
    const low = BigInt.asIntN(64, b);
    const expected = [
      a + b,
      a - b,
      a * b,
      b === 0n ? 0n : a / b,
      b === 0n ? 0n : a % b,
      low === 0n ? 0n : signed(a) / low,
      a << (x[2 * i]! & 127n),
      signed(a) >> (y[2 * i]! & 127n),
    ].map(unsigned);
    const results = expected.map(
      (_, j) => (got[16 * i + 2 * j + 1]! << WORD) | got[16 * i + 2 * j]!,
    );
    expect({ a, b, results }).toEqual({ a, b, results: expected });
  }
});
