// Simulation and finance, against the same formulas in float64.
import { blocks, device, expectClose, load, ROUNDING, range, SIZES, seeded } from '../support.js';

const kernels = load('science/physics');

test.each([1, 63, 64, 257])('gravity among %i bodies', async (n) => {
  const nbody = kernels.kernel('nbody', ['const float32*', 'float32*', 'int32']);
  const bodies = seeded(n)
    .floats(4 * n)
    .map((value, i) => (i % 4 === 3 ? Math.abs(value) : value));
  const out = device.alloc('float32', 3 * n);
  nbody.launch({ grid: blocks(n, 64), block: 64 }, device.from(bodies), out, n);
  const expected = new Float64Array(3 * n);
  const size = new Float64Array(3 * n); // of what is added up
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const d = range(3).map((axis) => bodies[4 * j + axis]! - bodies[4 * i + axis]!);
      const pull = bodies[4 * j + 3]! / (d[0]! ** 2 + d[1]! ** 2 + d[2]! ** 2 + 1e-3) ** 1.5;
      for (const axis of range(3)) {
        expected[3 * i + axis]! += pull * d[axis]!;
        size[3 * i + axis]! += Math.abs(pull * d[axis]!);
      }
    }
  }
  // Ten roundings a term, those of the sum; rsqrt is good for two units in the last place.
  const absolute = size.map((added) => (24 + Math.sqrt(n)) * ROUNDING * added);
  expectClose(await out.read(), expected, { absolute });
});

/** The error function, by its series: exact enough for arguments below 3. */
function erf(x: number) {
  let term = x;
  let total = x;
  for (let k = 1; k < 80; k++) {
    term *= (-x * x) / k;
    total += term / (2 * k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

test.each(SIZES)('Black and Scholes: %i options', async (n) => {
  const price = kernels.kernel('black_scholes', [
    'const float32*',
    'const float32*',
    'const float32*',
    'float32*',
    'float32*',
    'float32',
    'float32',
    'int32',
  ]);
  const random = seeded(n);
  const spot = random.floats(n, 50, 100);
  const strike = random.floats(n, 50, 100);
  const years = random.floats(n, 0.5, 3);
  const call = device.alloc('float32', n);
  const put = device.alloc('float32', n);
  const market = [device.from(spot), device.from(strike), device.from(years)] as const;
  price.launch({ grid: blocks(n, 128), block: 128 }, ...market, call, put, 0.03, 0.3, n);
  const normal = (x: number) => 0.5 + 0.5 * erf(x / Math.SQRT2);
  const expected = range(n).map((i) => {
    const [s, k, t] = [spot[i]!, strike[i]!, years[i]!];
    const d1 = (Math.log(s / k) + (0.03 + 0.045) * t) / (0.3 * Math.sqrt(t));
    const d2 = d1 - 0.3 * Math.sqrt(t);
    const discounted = k * Math.exp(-0.03 * t);
    return {
      call: s * normal(d1) - discounted * normal(d2),
      put: discounted * normal(-d2) - s * normal(-d1),
    };
  });
  // Prices of 100 with a dozen roundings each.
  const tolerance = { absolute: 100 * 16 * ROUNDING };
  expectClose(
    await call.read(),
    expected.map((one) => one.call),
    tolerance,
  );
  expectClose(
    await put.read(),
    expected.map((one) => one.put),
    tolerance,
  );
});

test('pi, by the same points', async () => {
  const throwing = kernels.kernel('monte_carlo_pi', ['const uint32*', 'uint32*', 'int32']);
  // Not neighbours of each other in the kernel's sequence, which is that of our numbers, too.
  const seeds = seeded(9)
    .words(192)
    .map((word) => Math.imul(word, 747796405) | 1);
  const points = 43;
  const hits = device.alloc('uint32', 1);
  throwing.launch({ grid: 3, block: 64 }, device.from(seeds), hits, points);
  let expected = 0;
  for (const seed of seeds) {
    let state = seed;
    const next = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return BigInt(state >>> 1);
    };
    for (let p = 0; p < points; p++) {
      const [x, y] = [next(), next()];
      if (x * x + y * y < 1n << 62n) expected += 1;
    }
  }
  expect(await hits.read()).toEqual(Uint32Array.of(expected));
  expect((4 * expected) / (192 * points)).toBeCloseTo(Math.PI, 1);
});

test.each(SIZES)("Kepler's equation for %i anomalies", async (n) => {
  const kepler = kernels.kernel('kepler', [
    'const float64*',
    'float64*',
    'float64*',
    'float64',
    'int32',
  ]);
  const mean = seeded(n).doubles(n, -Math.PI, Math.PI);
  const x = device.alloc('float64', n);
  const y = device.alloc('float64', n);
  kepler.launch({ grid: blocks(n, 64), block: 64 }, device.from(mean), x, y, 0.4, n);
  const expected = Array.from(mean, (m) => {
    // By bisection: the other side of the equation grows with the anomaly.
    let [low, high] = [-4, 4];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (middle - 0.4 * Math.sin(middle) < m) low = middle;
      else high = middle;
    }
    return [Math.cos(low) - 0.4, Math.sqrt(1 - 0.16) * Math.sin(low)] as const;
  });
  expectClose(
    await x.read(),
    expected.map(([at]) => at),
    { absolute: 2 ** -49 },
  );
  expectClose(
    await y.read(),
    expected.map(([, at]) => at),
    { absolute: 2 ** -49 },
  );
});
