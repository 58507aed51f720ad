// Bytes and halves of words, numbers of eight bits, tiles of several warps.
import { device, load, range, seeded } from '../support.js';

const bytes = load('language/bytes_sm90');

test('differences and sums of bytes and halves', async () => {
  const random = seeded(8);
  const n = 300;
  const words = () => Uint32Array.from({ length: n }, () => random.bits());
  const [a, b] = [words(), words()];
  const out = device.alloc('uint32', 3 * n);
  bytes
    .kernel('differences', ['const uint32*', 'const uint32*', 'uint32*', 'int32'])
    .launch({ grid: 3, block: 128 }, device.from(a), device.from(b), out, n);
  const byte = (x: number, i: number) => (x >>> (8 * i)) & 255;
  const signed = (x: number, i: number) => (byte(x, i) << 24) >> 24;
  const half = (x: number, i: number) => ((x >>> (16 * i)) << 16) >> 16;
  const expected = range(n).flatMap((i) => {
    const [x, y] = [a[i]!, b[i]!];
    const apart = range(4).map((j) => Math.abs(byte(x, j) - byte(y, j)));
    const sums = range(2).map((j) => {
      const sum = half(x, j) + half(y, j);
      return Math.max(-32768, Math.min(32767, sum)) & 0xffff;
    });
    const greater = range(4).map((j) => (signed(x, j) > signed(y, j) ? 255 : 0));
    const packed = range(4).map((j) => (greater[j]! ^ apart[j]!) << (8 * j));
    return [
      apart.reduce((sum, each) => sum + each),
      (sums[0]! | (sums[1]! << 16)) >>> 0,
      packed.reduce((all, each) => all | each) >>> 0,
    ];
  });
  expect([...(await out.read())]).toEqual(expected);
});

/** The nearest number with so many digits, ties to even, no greater than `most`. */
function nearest(x: number, fraction: number, leastExponent: number, most: number): number {
  if (x === 0) return x;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), leastExponent);
  const unit = 2 ** (exponent - fraction);
  const units = Math.abs(x) / unit;
  const low = Math.floor(units);
  const up = units - low > 0.5 || (units - low === 0.5 && low % 2 === 1);
  return Math.sign(x) * Math.min((low + (up ? 1 : 0)) * unit, most);
}

test('numbers of eight bits, there and back', async () => {
  const random = seeded(4);
  const x = Float32Array.from([
    ...[
      0,
      1,
      -1,
      448,
      464,
      480,
      1e9,
      57344,
      61440,
      2 ** -9,
      2 ** -10,
      3 * 2 ** -11,
      2 ** -16,
      2 ** -17,
    ],
    ...range(200).map(() => (random.floats(1)[0]! - 0.5) * 2 ** random.integer(-12, 18)),
  ]);
  const out = device.alloc('float32', 2 * x.length);
  const codes = device.alloc('uint32', x.length);
  bytes
    .kernel('fewer_bits', ['const float32*', 'float32*', 'uint32*', 'int32'])
    .launch({ grid: 1, block: 256 }, device.from(x), out, codes, x.length);
  const expected = [...x].flatMap((each) => [
    nearest(each, 3, -6, 448),
    -nearest(each, 2, -14, 57344),
  ]);
  expect([...(await out.read())].map((each) => each + 0)).toEqual(expected.map((each) => each + 0));
  // 1 is 0x38 and 0x3c; its negative is in the upper byte.
  expect((await codes.read())[1]).toBe(0xb838bc3c);
});

test('sums and maxima of tiles of 128 threads', async () => {
  const x = seeded(2).integers(4 * 256, -1000, 1000);
  const out = device.alloc('int32', 16);
  bytes
    .kernel('tiles', ['const int32*', 'int32*'])
    .launch({ grid: 4, block: 256 }, device.from(x), out);
  const expected = range(8).flatMap((tile) => {
    const row = [...x.subarray(128 * tile, 128 * tile + 128)];
    return [row.reduce((sum, each) => sum + each), Math.max(...row)];
  });
  expect([...(await out.read())]).toEqual(expected);
});
