// Pictures of awkward sizes.
import { blocks, device, expectClose, load, ROUNDING, range, seeded, sum } from '../support.js';

const kernels = load('data/images');

const SHAPES = [
  [1, 1],
  [16, 16],
  [37, 5],
  [3, 47],
] as const;
const config = (width: number, height: number) => ({
  grid: [blocks(width, 16), blocks(height, 8)] as const,
  block: [16, 8] as const,
});
const clamp = (x: number, most: number) => Math.min(Math.max(x, 0), most);

/** A filter of the picture in JavaScript: `at` reads with edges that repeat. */
function filtered(
  picture: ArrayLike<number>,
  width: number,
  pixel: (at: (dx: number, dy: number) => number, x: number, y: number) => number,
) {
  const height = picture.length / width;
  return Float64Array.from(range(picture.length), (i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const at = (dx: number, dy: number) =>
      picture[clamp(y + dy, height - 1) * width + clamp(x + dx, width - 1)]!;
    return pixel(at, x, y);
  });
}

test.each(SHAPES)('Mandelbrot: %i x %i', async (width, height) => {
  const mandelbrot = kernels.kernel('mandelbrot', [
    'uint16*',
    'int32',
    'int32',
    'float64',
    'float64',
    'float64',
    'int32',
  ]);
  const out = device.alloc('uint16', width * height);
  const step = 2.4 / Math.max(width, height);
  mandelbrot.launch(config(width, height), out, width, height, -1.8, -1.2, step, 60);
  const expected = range(width * height).map((i) => {
    const [cr, ci] = [-1.8 + (i % width) * step, -1.2 + Math.floor(i / width) * step];
    let [r, q, count] = [0, 0, 0];
    for (; count < 60 && r * r + q * q <= 4; count++) {
      [r, q] = [r * r - q * q + cr, 2 * r * q + ci];
    }
    return count;
  });
  // The device fuses multiplications with additions; near the edge of the set that is felt.
  const actual = await out.read();
  const different = expected.filter((count, i) => count !== actual[i]);
  expect(different.length).toBeLessThanOrEqual(expected.length / 100);
});

test.each(SHAPES)(
  'Gaussian in two directions, weights in constant memory: %i x %i',
  async (w, h) => {
    const gaussian = kernels.kernel('gaussian', [
      'const float32*',
      'float32*',
      'int32',
      'int32',
      'int32',
      'uint8',
    ]);
    const radius = 4;
    const bell = range(2 * radius + 1).map((k) => Math.exp(-((k - radius) ** 2) / 6));
    const taps = Float32Array.from(range(15), (k) => (bell[k] ?? 0) / sum(bell));
    await kernels.global('taps', 'float32').write(taps);
    const picture = seeded(w).floats(w * h, 0, 1);
    const between = device.alloc('float32', w * h);
    const out = device.alloc('float32', w * h);
    gaussian.launch(config(w, h), device.from(picture), between, w, h, radius, 0);
    gaussian.launch(config(w, h), between, out, w, h, radius, 1);
    const around = range(2 * radius + 1).map((k) => k - radius);
    // The plane at once: what two passes come to.
    const expected = filtered(picture, w, (at) =>
      sum(
        around.flatMap((dy) =>
          around.map((dx) => taps[dx + radius]! * taps[dy + radius]! * at(dx, dy)),
        ),
      ),
    );
    expectClose(await out.read(), expected, { relative: 24 * ROUNDING });
  },
);

test.each(SHAPES)('Sobel: %i x %i', async (width, height) => {
  const sobel = kernels.kernel('sobel', ['const uint8*', 'uint8*', 'int32', 'int32']);
  const picture = seeded(height).bytes(width * height, 90);
  const out = device.alloc('uint8', width * height);
  sobel.launch(config(width, height), device.from(picture), out, width, height);
  const expected = filtered(picture, width, (at) => {
    const slope = (read: (along: number, across: number) => number) =>
      sum([-1, 0, 1].map((k) => (2 - Math.abs(k)) * (read(1, k) - read(-1, k))));
    return clamp(Math.abs(slope(at)) + Math.abs(slope((a, b) => at(b, a))), 255);
  });
  expect(await out.read()).toEqual(Uint8Array.from(expected));
});

test.each(SHAPES)('bilateral: %i x %i', async (width, height) => {
  const bilateral = kernels.kernel('bilateral', [
    'const float32*',
    'float32*',
    'int32',
    'int32',
    'int32',
    'float32',
    'float32',
  ]);
  const radius = 2;
  const [space, tones] = [0.25, 8];
  const picture = seeded(width).floats(width * height, 0, 1);
  const out = device.alloc('float32', width * height);
  bilateral.launch(
    config(width, height),
    device.from(picture),
    out,
    width,
    height,
    radius,
    space,
    tones,
  );
  const expected = filtered(picture, width, (at, x, y) => {
    let [total, weights] = [0, 0];
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        const weight = Math.exp(
          -(dx * dx + dy * dy) * space - (at(dx, dy) - at(0, 0)) ** 2 * tones,
        );
        total += weight * at(dx, dy);
        weights += weight;
      }
    }
    return total / weights;
  });
  // __expf of -10 is 2 + 10 units off; then sums of 25.
  expectClose(await out.read(), expected, { relative: 40 * ROUNDING });
});

test.each([1, 31, 257])('grey by a dot product of bytes: %i', async (n) => {
  const grey = kernels.kernel('grey', ['const uint32*', 'uint8*', 'int32']);
  const rgba = seeded(n).words(n);
  const out = device.alloc('uint8', n);
  grey.launch({ grid: blocks(n, 64), block: 64 }, device.from(rgba), out, n);
  const expected = Uint8Array.from(rgba, (word) => {
    const [r, g, b] = [word & 255, (word >>> 8) & 255, (word >>> 16) & 255];
    return (77 * r + 150 * g + 29 * b) >> 8;
  });
  expect(await out.read()).toEqual(expected);
});

test.each(SHAPES)('median: %i x %i', async (width, height) => {
  const median = kernels.kernel('median', ['const uint8*', 'uint8*', 'int32', 'int32']);
  const picture = seeded(width).bytes(width * height);
  const out = device.alloc('uint8', width * height);
  median.launch(config(width, height), device.from(picture), out, width, height);
  const around = range(9).map((k) => [(k % 3) - 1, Math.floor(k / 3) - 1] as const);
  const expected = filtered(picture, width, (at, x, y) => {
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return at(0, 0);
    return around.map(([dx, dy]) => at(dx, dy)).sort((a, b) => a - b)[4]!;
  });
  expect(await out.read()).toEqual(Uint8Array.from(expected));
});
