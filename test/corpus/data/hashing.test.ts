// Hashes and integers, to the last bit; SHA-256 and CRC-32 against Node's own.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { blocks, device, load, range, SIZES, seeded } from '../support.js';

const kernels = load('data/hashing');

/** Texts of 0, 1, 2, ... bytes and a longer one, and how they lie one after the other. */
function randomTexts(n: number) {
  const random = seeded(n);
  const texts = range(n).map((i) => random.bytes(i % 19 === 18 ? 211 : i % 19));
  const starts = new Uint32Array(n + 1);
  for (const [i, text] of texts.entries()) starts[i + 1] = starts[i]! + text.length;
  const all = Uint8Array.from([...texts.flatMap((text) => [...text]), 0]);
  return { texts, all: device.from(all), starts: device.from(starts) };
}
const config = (n: number) => ({ grid: blocks(n, 64), block: 64 });
const COUNTS = [1, 31, 128, 257];

test.each(COUNTS)('FNV-1a of %i texts', async (n) => {
  const hash = kernels.kernel('fnv1a', ['const uint8*', 'const uint32*', 'uint64*', 'int32']);
  const { texts, all, starts } = randomTexts(n);
  const out = device.alloc('uint64', n);
  hash.launch(config(n), all, starts, out, n);
  const fnv = (text: Uint8Array) =>
    text.reduce(
      (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
      0xcbf29ce484222325n,
    );
  expect([...(await out.read())]).toEqual(texts.map(fnv));
});

test.each(COUNTS)('MurmurHash3 of %i texts', async (n) => {
  const hash = kernels.kernel('murmur3', [
    'const uint8*',
    'const uint32*',
    'uint32',
    'uint32*',
    'int32',
  ]);
  const { texts, all, starts } = randomTexts(n);
  const out = device.alloc('uint32', n);
  const wrap = (x: bigint) => BigInt.asUintN(32, x);
  const rotate = (x: bigint, by: bigint) => wrap((x << by) | (x >> (32n - by)));
  const murmur = (text: Uint8Array, seed: number) => {
    const mixed = (bytes: Uint8Array) => {
      const word = [...bytes].reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n);
      return wrap(rotate(wrap(word * 0xcc9e2d51n), 15n) * 0x1b873593n);
    };
    let hash = BigInt(seed);
    const whole = text.length - (text.length % 4);
    for (let k = 0; k < whole; k += 4) {
      hash = wrap(rotate(hash ^ mixed(text.subarray(k, k + 4)), 13n) * 5n + 0xe6546b64n);
    }
    hash ^= mixed(text.subarray(whole));
    hash ^= BigInt(text.length);
    hash = wrap((hash ^ (hash >> 16n)) * 0x85ebca6bn);
    hash = wrap((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
    return Number(hash ^ (hash >> 16n));
  };
  expect(murmur(Buffer.from('hello'), 0)).toBe(0x248bfa47); // as published
  for (const seed of [0, 0x9747b28c]) {
    hash.launch(config(n), all, starts, seed, out, n);
    expect([...(await out.read())]).toEqual(texts.map((text) => murmur(text, seed)));
  }
});

test.each(COUNTS)('CRC-32 of %i texts, by a constant table', async (n) => {
  const hash = kernels.kernel('crc32', ['const uint8*', 'const uint32*', 'uint32*', 'int32']);
  const table = Uint32Array.from(range(256), (byte) =>
    range(8).reduce((crc) => (crc & 1 ? 0xedb88320 : 0) ^ (crc >>> 1), byte),
  );
  await kernels.global('crc_table', 'uint32').write(table);
  const { texts, all, starts } = randomTexts(n);
  const out = device.alloc('uint32', n);
  hash.launch(config(n), all, starts, out, n);
  expect([...(await out.read())]).toEqual(texts.map((text) => crc32(text)));
});

test.each([1, 31, 70])('SHA-256 of %i texts', async (n) => {
  const hash = kernels.kernel('sha256', ['const uint8*', 'const uint32*', 'uint32*', 'int32']);
  const { texts } = randomTexts(n);
  const padded = texts.map((text) => {
    const bytes = Buffer.alloc(64 * blocks(text.length + 9, 64));
    bytes.set(text);
    bytes[text.length] = 0x80;
    bytes.writeUInt32BE(8 * text.length, bytes.length - 4);
    return bytes;
  });
  const starts = new Uint32Array(n + 1);
  for (const [i, bytes] of padded.entries()) starts[i + 1] = starts[i]! + bytes.length / 64;
  const out = device.alloc('uint32', 8 * n);
  hash.launch(
    config(n),
    device.from(new Uint8Array(Buffer.concat(padded))),
    device.from(starts),
    out,
    n,
  );
  const words = await out.read();
  const digests = range(n).map((i) =>
    Array.from(words.subarray(8 * i, 8 * i + 8), (word) => word.toString(16).padStart(8, '0')).join(
      '',
    ),
  );
  expect(digests).toEqual(texts.map((text) => createHash('sha256').update(text).digest('hex')));
});

test('Philox 4x32-10', async () => {
  const philox = kernels.kernel('philox', [
    'uint32*',
    'uint64',
    { struct: { x: 'uint32', y: 'uint32' } },
    'int32',
  ]);
  const n = 100;
  const reference = (counter: bigint, keys: readonly [number, number]) => {
    let c = [counter & 0xffffffffn, counter >> 32n, 0n, 0n] as [bigint, bigint, bigint, bigint];
    for (let round = 0n; round < 10n; round++) {
      const k0 = BigInt.asUintN(32, BigInt(keys[0]) + round * 0x9e3779b9n);
      const k1 = BigInt.asUintN(32, BigInt(keys[1]) + round * 0xbb67ae85n);
      const [p, q] = [c[0] * 0xd2511f53n, c[2] * 0xcd9e8d57n];
      c = [(q >> 32n) ^ c[1] ^ k0, q & 0xffffffffn, (p >> 32n) ^ c[3] ^ k1, p & 0xffffffffn];
    }
    return c.map(Number);
  };
  // As published with Random123.
  expect(reference(0n, [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  const out = device.alloc('uint32', 4 * n);
  for (const first of [0n, 2n ** 32n - 50n, 2n ** 64n - BigInt(n)]) {
    philox.launch(config(n), out, first, { x: 0xdeadbeef, y: 42 }, n);
    const expected = range(n).flatMap((i) => reference(first + BigInt(i), [0xdeadbeef, 42]));
    expect([...(await out.read())]).toEqual(expected);
  }
});

test.each(SIZES)('a hash table of %i keys', async (n) => {
  const insert = kernels.kernel('table_insert', [
    'const uint32*',
    'uint32*',
    'uint32*',
    'uint32',
    'int32',
  ]);
  const count = kernels.kernel('table_count', [
    'const uint32*',
    'const uint32*',
    'const uint32*',
    'uint32*',
    'uint32',
    'int32',
  ]);
  const keys = seeded(n)
    .words(n)
    .map((word) => 1 + (word % n)); // some are equal
  const slots = 2 ** Math.ceil(Math.log2(n + 1));
  const table = device.alloc('uint32', slots);
  const counts = device.alloc('uint32', slots);
  insert.launch(config(n), device.from(keys), table, counts, slots - 1, n);
  const occurs = new Map<number, number>();
  for (const key of keys) occurs.set(key, (occurs.get(key) ?? 0) + 1);
  const asked = Uint32Array.from(range(2 * n), (i) => 1 + i); // half of them are not there
  const out = device.alloc('uint32', 2 * n);
  count.launch(config(2 * n), device.from(asked), table, counts, out, slots - 1, 2 * n);
  expect(await out.read()).toEqual(asked.map((key) => occurs.get(key) ?? 0));
});

test.each([1, 257, 1009])('Collatz: %i numbers', async (n) => {
  const collatz = kernels.kernel('collatz', ['const uint32*', 'uint32*', 'int32']);
  const x = seeded(n)
    .words(n)
    .map((word) => word >>> 8);
  const steps = device.alloc('uint32', n);
  collatz.launch(config(n), device.from(x), steps, n);
  const expected = x.map((start) => {
    let count = 0;
    for (let value = start; value > 1; count++) value = value % 2 ? 3 * value + 1 : value / 2;
    return count;
  });
  expect(await steps.read()).toEqual(expected);
});

test.each([1, 33, 257])('powers modulo a prime: %i', async (n) => {
  const power = kernels.kernel('modular_power', [
    'const uint64*',
    'const uint32*',
    'uint64*',
    'uint64',
    'int32',
  ]);
  const modulus = 4294967291n; // the largest below 2^32: products fit
  const base = BigUint64Array.from(seeded(n).words(n), (word) => BigInt(word) * 0x123456789n);
  const exponent = seeded(n + 1).words(n);
  exponent[0] = 4294967290; // Fermat: the result is 1
  const out = device.alloc('uint64', n);
  power.launch(config(n), device.from(base), device.from(exponent), out, modulus, n);
  const expected = base.map((b, i) => {
    let result = 1n;
    for (const bit of exponent[i]!.toString(2)) {
      result = (result * result * (bit === '1' ? b : 1n)) % modulus;
    }
    return result;
  });
  expect(expected[0]).toBe(1n);
  expect(await out.read()).toEqual(expected);
});
