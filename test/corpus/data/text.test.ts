// Strings, exact.
import { blocks, device, load, range, seeded } from '../support.js';

const kernels = load('data/text');

const randomText = (length: number, letters: string, seed: number) =>
  seeded(seed)
    .bytes(length, letters.length)
    .reduce((text, letter) => text + letters[letter], '');
const bytes = (text: string) => device.from(new Uint8Array(Buffer.from(text, 'latin1')));
const config = (n: number) => ({ grid: blocks(n, 128), block: 128 });

test.each([
  [1, 1],
  [2, 3], // the needle is longer than the text
  [300, 1],
  [1009, 3],
  [1009, 7],
])('search in %i letters for %i', async (length, size) => {
  const find = kernels.kernel('find', [
    'const uint8*',
    'int32',
    'const uint8*',
    'int32',
    'int32*',
    'int32*',
  ]);
  const text = randomText(length, 'ab', length);
  const needle = size <= length ? text.slice(-size) : 'aba'; // the last place is one
  const places = device.alloc('int32', length);
  const count = device.alloc('int32', 1);
  find.launch(config(length), bytes(text), length, bytes(needle), size, places, count);
  const expected = range(length).filter((i) => text.startsWith(needle, i));
  const [found] = await count.read();
  expect([...(await places.read()).subarray(0, found).sort()]).toEqual(expected);
});

test.each([
  [1, 1],
  [1, 50],
  [64, 64],
  [97, 31],
  [31, 130],
])('edit distance of %i and %i letters', async (n, m) => {
  const levenshtein = kernels.kernel('levenshtein', [
    'const uint8*',
    'int32',
    'const uint8*',
    'int32',
    'int32*',
  ]);
  const [a, b] = [randomText(n, 'acgt', n), randomText(m, 'acgt', m + 500)];
  const out = device.alloc('int32', 1);
  const config = { grid: 1, block: 64, sharedMemoryBytes: 3 * 4 * (n + 1) };
  levenshtein.launch(config, bytes(a), n, bytes(b), m, out);
  let row = range(m + 1);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min(row[j]! + Number(letter !== other), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  expect(await out.read()).toEqual(Int32Array.of(row[m]!));
});

test.each([1, 127, 128, 1009])('words in %i bytes', async (n) => {
  const count = kernels.kernel('count_words', ['const uint8*', 'int32', 'int32*']);
  const text = randomText(n, "aZ zb-@[`{q'A", n);
  const out = device.alloc('int32', 1);
  count.launch(config(n), bytes(text), n, out);
  expect(await out.read()).toEqual(Int32Array.of(text.match(/[a-z]+/gi)?.length ?? 0));
});

test.each([4, 256, 1012])('upper case of %i bytes, four at once', async (n) => {
  const upper = kernels.kernel('upper_case', ['uint32*', 'int32']);
  const text = seeded(n).bytes(n);
  const words = device.from(new Uint32Array(text.buffer));
  upper.launch(config(n / 4), words, n / 4);
  const expected = text.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte));
  expect(new Uint8Array((await words.read()).buffer)).toEqual(expected);
});
