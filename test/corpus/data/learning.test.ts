// Layers and steps of learning, against the same formulas in float64.
import {
  blocks,
  device,
  expectClose,
  load,
  ROUNDING,
  range,
  SIZES,
  seeded,
  sum,
} from '../support.js';

const kernels = load('data/learning');

test.each(
  SIZES.flatMap((n) => [
    [n, 3],
    [n, 9],
  ]),
)('k-means: %i points of %i dimensions', async (n, dimensions) => {
  const assign = kernels.kernel('nearest_centroid', [
    'const float32*',
    'const float32*',
    'int32*',
    'float32*',
    'int32*',
    'int32',
    'int32',
    'int32',
  ]);
  const k = 5;
  const points = seeded(n).floats(n * dimensions);
  const centroids = seeded(77).floats(k * dimensions);
  const nearest = device.alloc('int32', n);
  const sums = device.alloc('float32', k * dimensions);
  const counts = device.alloc('int32', k);
  assign.launch(
    { grid: blocks(n, 128), block: 128 },
    device.from(points),
    device.from(centroids),
    nearest,
    sums,
    counts,
    n,
    k,
    dimensions,
  );
  const distances = (i: number) =>
    range(k).map((c) =>
      sum(
        range(dimensions).map(
          (d) => (points[i * dimensions + d]! - centroids[c * dimensions + d]!) ** 2,
        ),
      ),
    );
  const actual = await nearest.read();
  const expected = { sums: new Float64Array(k * dimensions), counts: new Int32Array(k) };
  for (const [i, c] of actual.entries()) {
    // Two may be as near as rounding.
    const all = distances(i);
    expect(all[c]! - Math.min(...all)).toBeLessThan(32 * ROUNDING);
    expected.counts[c]! += 1;
    for (const d of range(dimensions)) {
      expected.sums[c * dimensions + d]! += points[i * dimensions + d]!;
    }
  }
  expect(await counts.read()).toEqual(expected.counts);
  expectClose(await sums.read(), expected.sums, { absolute: n * Math.sqrt(n) * ROUNDING });
});

describe.each([1, 31, 128, 257])('rows of %i', (n) => {
  const rows = 3;
  const x = seeded(n).floats(rows * n, -10, 10);
  const row = (i: number) => x.subarray(n * Math.floor(i / n), n * Math.floor(i / n) + n);
  const config = { grid: rows, block: 224 };

  test('softmax', async () => {
    const softmax = kernels.kernel('softmax', ['const float32*', 'float32*', 'int32']);
    const y = device.alloc('float32', x.length);
    softmax.launch(config, device.from(x), y, n);
    const expected = Array.from(
      x,
      (value, i) => Math.exp(value) / sum(row(i).map((other) => Math.exp(other))),
    );
    // Arguments of exp up to 20 are rounded; then a sum of n.
    const tolerance = { relative: (24 + Math.sqrt(n)) * ROUNDING };
    expectClose(await y.read(), expected, tolerance);
  });

  test('layer norm', async () => {
    const norm = kernels.kernel('layer_norm', [
      'const float32*',
      'const float32*',
      'const float32*',
      'float32*',
      'int32',
      'float32',
    ]);
    const gain = seeded(1).floats(n);
    const bias = seeded(2).floats(n);
    const y = device.alloc('float32', x.length);
    norm.launch(config, device.from(x), device.from(gain), device.from(bias), y, n, 1e-5);
    const expected = Array.from(x, (value, i) => {
      const mean = sum(row(i)) / n;
      const variance = sum(Array.from(row(i), (other) => (other - mean) ** 2)) / n;
      return ((value - mean) / Math.sqrt(variance + 1e-5)) * gain[i % n]! + bias[i % n]!;
    });
    // Numbers of up to 10 by a deviation of about 6.
    expectClose(await y.read(), expected, { absolute: (32 + n / 8) * ROUNDING });
  });
});

test.each([
  [1, 1, 1],
  [3, 8, 8],
  [2, 5, 13],
])('convolution of %i channels of %i x %i', async (channels, height, width) => {
  const conv = kernels.kernel('conv2d', [
    'const float32*',
    'const float32*',
    'const float32*',
    'float32*',
    'int32',
    'int32',
    'int32',
  ]);
  const [images, filters] = [2, 3];
  const size = height * width;
  const x = seeded(width).floats(images * channels * size);
  const weights = seeded(height).floats(filters * channels * 9);
  const bias = seeded(3).floats(filters);
  const out = device.alloc('float32', images * filters * size);
  conv.launch(
    { grid: [filters, images], block: 64 },
    device.from(x),
    device.from(weights),
    device.from(bias),
    out,
    channels,
    height,
    width,
  );
  // By spreading each pixel, not by gathering for each result.
  const expected = new Float64Array(out.length).map(
    (_, i) => bias[Math.floor(i / size) % filters]!,
  );
  for (const [i, value] of x.entries()) {
    const [image, channel] = [Math.floor(i / size / channels), Math.floor(i / size) % channels];
    const [px, py] = [i % width, Math.floor(i / width) % height];
    for (const filter of range(filters)) {
      for (const k of range(9)) {
        const [ox, oy] = [px + 1 - (k % 3), py + 1 - Math.floor(k / 3)];
        if (ox < 0 || ox >= width || oy < 0 || oy >= height) continue;
        expected[((image * filters + filter) * height + oy) * width + ox]! +=
          value * weights[(filter * channels + channel) * 9 + k]!;
      }
    }
  }
  const positive = expected.map((value) => Math.max(value, 0));
  expectClose(await out.read(), positive, { absolute: 9 * channels * 2 * ROUNDING });
});

test.each([1, 5, 40])('causal attention: %i queries', async (n) => {
  const attention = kernels.kernel('attention', [
    'const float32*',
    'const float32*',
    'const float32*',
    'float32*',
    'int32',
  ]);
  const [q, k, v] = [1, 2, 3].map((seed) => seeded(seed + n).floats(32 * n)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const out = device.alloc('float32', 32 * n);
  attention.launch(
    { grid: blocks(n, 2), block: 64 },
    device.from(q),
    device.from(k),
    device.from(v),
    out,
    n,
  );
  const expected = range(n).flatMap((query) => {
    const weights = range(query + 1).map((key) =>
      Math.exp(sum(range(32).map((f) => q[32 * query + f]! * k[32 * key + f]!)) / Math.sqrt(32)),
    );
    return range(32).map(
      (f) => sum(weights.map((weight, key) => weight * v[32 * key + f]!)) / sum(weights),
    );
  });
  expectClose(await out.read(), expected, { absolute: (64 + n) * ROUNDING });
});

test.each(SIZES)('Adam: %i weights, three steps', async (n) => {
  const adam = kernels.kernel('adam', [
    'float32*',
    'const float32*',
    'float32*',
    'float32*',
    { struct: { rate: 'float32', beta1: 'float32', beta2: 'float32', epsilon: 'float32' } },
    'int32',
    'int32',
  ]);
  const options = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const start = seeded(n).floats(n);
  const weights = device.from(start);
  const first = device.alloc('float32', n);
  const second = device.alloc('float32', n);
  const expected = Array.from(start, (w) => ({ w, m: 0, v: 0 }));
  // As the device sees it: 1 - beta2 loses digits when beta2 is rounded.
  const [beta1, beta2] = [Math.fround(0.9), Math.fround(0.999)];
  for (let step = 1; step <= 3; step++) {
    const gradients = seeded(n + step).floats(n, 0.5, 1);
    adam.launch(
      { grid: blocks(n, 64), block: 64 },
      weights,
      device.from(gradients),
      first,
      second,
      options,
      step,
      n,
    );
    for (const [i, one] of expected.entries()) {
      one.m = beta1 * one.m + (1 - beta1) * gradients[i]!;
      one.v = beta2 * one.v + (1 - beta2) * gradients[i]! ** 2;
      one.w -= (0.01 * (one.m / (1 - beta1 ** step))) / Math.sqrt(one.v / (1 - beta2 ** step));
    }
  }
  // 1 - 0.999 has a thousandth of the digits of 1: a rounding is a thousand there, and 0.01 of it.
  expectClose(
    await weights.read(),
    expected.map(({ w }) => w),
    { absolute: 40 * ROUNDING },
  );
});
