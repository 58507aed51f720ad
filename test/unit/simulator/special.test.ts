// Special registers that differ by lane, or that time changes. The others: test/native/exec/decode.
import { cuda } from '../../../lib/index.js';
import { run } from './lanes.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

const LANES = Array.from({ length: 64 }, () => [0n]);
const of = async (name: string) =>
  (await run(device, { text: `mov.u32 %w0, %${name};`, results: 'w' }, LANES)).map(
    ([word]) => word!,
  );

test.each<[string, (lane: bigint) => bigint]>([
  ['laneid', (lane) => lane],
  ['lanemask_eq', (lane) => 1n << lane],
  ['lanemask_lt', (lane) => (1n << lane) - 1n],
  ['lanemask_le', (lane) => (2n << lane) - 1n],
  ['lanemask_gt', (lane) => 0xffffffffn & ~((2n << lane) - 1n)],
  ['lanemask_ge', (lane) => 0xffffffffn & ~((1n << lane) - 1n)],
])('%%%s', async (name, expected) => {
  expect(await of(name)).toEqual(LANES.map((_, i) => expected(BigInt(i % 32))));
});

test('%warpid and %nwarpid', async () => {
  expect(await of('warpid')).toEqual(LANES.map((_, i) => BigInt(i >> 5)));
  expect(await of('nwarpid')).toEqual(LANES.map(() => 2n));
});

test.each([
  ['clock', 'clock64', ''],
  ['clock_hi', 'clock64', 'shr.u64 %l0, %l0, 32; shr.u64 %l1, %l1, 32;'],
  ['globaltimer_lo', 'globaltimer', ''],
  ['globaltimer_hi', 'globaltimer', 'shr.u64 %l0, %l0, 32; shr.u64 %l1, %l1, 32;'],
])('%%%s is a half of %%%s', async (name, whole, shift) => {
  const text = `mov.u64 %l0, %${whole}; mov.u32 %w0, %${name}; mov.u64 %l1, %${whole};
  ${shift} cvt.u32.u64 %low, %l0; sub.u32 %w0, %w0, %low; cvt.u32.u64 %low, %l1; cvt.u32.u64 %w1, %l0; sub.u32 %w1, %low, %w1;`;
  for (const [passed, atMost] of await run(device, { text, results: ['w', 'w'] }, LANES)) {
    expect(passed).toBeLessThanOrEqual(atMost!);
  }
});

test.each([
  ['envreg', 32],
  ['pm', 8],
])('%%%s<%i> are zero', async (name, count) => {
  for (let i = 0; i < count; ++i) expect(new Set(await of(`${name}${i}`))).toEqual(new Set([0n]));
});
