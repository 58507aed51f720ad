// What the printf of a kernel prints and returns, and what is left of a failed assertion.
import { device, load, range } from '../support.js';

const kernels = load('functions/printing');

// The driver of a GPU writes to stdout by itself: there only results can be looked at.
let printed = '';
if (device.isSimulated) {
  device.on('printf', (text) => {
    printed += text;
  });
}
beforeEach(() => {
  printed = '';
});
function expectPrinted(text: string) {
  if (device.isSimulated) expect(printed).toBe(text);
}

test('a line of each thread', async () => {
  const hello = kernels.kernel('hello', ['int32*']);
  const results = device.alloc('int32', 100);
  hello.launch({ grid: 1, block: 100 }, results);
  expect([...(await results.read())]).toEqual(range(100).map(() => 2));
  expectPrinted(
    range(100)
      .map((i) => `hello from thread ${i} of block 0\n`)
      .join(''),
  );
});

test('conversions of each type', async () => {
  const conversions = kernels.kernel('conversions', ['int32', 'int64', 'float32', 'float64']);
  conversions.launch({ grid: 1, block: 1 }, 42, -5_000_000_000n, 0.1, 1234.5);
  await device.synchronize();
  expectPrinted(
    '42|   42|42   |00042|+42|2a|0X2A|52|42\n' +
      '42 42 -5000000000 -5000000000 8 fffffffed5fa0e00\n' +
      '0.100000 1234.500   1.23e+03 1234.5 0x1.34ap+10 positive\n' +
      'abc % (nil)     42 42    |\n',
  );
  printed = '';
  conversions.launch({ grid: 1, block: 1 }, -300, 2n ** 63n - 1n, -0, -Infinity);
  await device.synchronize();
  expectPrinted(
    '-300| -300|-300 |-0300|-300|fffffed4|0XFFFFFED4|37777777324|4294966996\n' +
      '-44 -300 9223372036854775807 9223372036854775807 8 7fffffffffffffff\n' +
      '-0.000000 -inf       -inf -inf -inf not positive\n' +
      'abc % (nil)   -300 -300  |\n',
  );
});

test('from a function, in a divergent loop, with text in shared memory', async () => {
  const calls = kernels.kernel('calls', ['int32*', 'int32']);
  const results = device.alloc('int32', 4);
  calls.launch({ grid: 1, block: 4 }, results, 4);
  // Two calls with two arguments; printf("") is 0, printf(nullptr) -1.
  expect([...(await results.read())]).toEqual([3, 3, 3, 3]);
  const line = (i: number, thread: number) =>
    (thread ^ i) & 1 ? [`${'abcdefg'.slice(i)}: ${thread * 100 + i}\n`] : [];
  const expected = range(4).flatMap((i) => range(4).flatMap((thread) => line(i, thread)));
  expectPrinted(expected.join(''));
});

test('32 arguments', async () => {
  const many = kernels.kernel('many', ['int32*']);
  const results = device.alloc('int32', 1);
  many.launch({ grid: 1, block: 1 }, results);
  expect([...(await results.read())]).toEqual([32]);
  expectPrinted('12345678901234567890123456789012\n');
});

test('text of a buffer', async () => {
  const echo = kernels.kernel('echo', ['const uint8*']);
  const text = 'Grüße, 世界 %d %s %n';
  echo.launch({ grid: 1, block: 1 }, device.from(new Uint8Array([...Buffer.from(text), 0])));
  await device.synchronize();
  expectPrinted(`${text}\n`);
});

test('an assertion that holds', async () => {
  const limited = kernels.kernel('limited', ['const int32*', 'int32']);
  limited.launch({ grid: 1, block: 3 }, device.from(new Int32Array([1, 2, 3])), 3);
  await device.synchronize();
  expectPrinted('looking at 1\nlooking at 2\nlooking at 3\n');
});
