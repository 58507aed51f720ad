// Transforms against the sum that defines them, in float64.
import { blocks, device, expectClose, load, ROUNDING, range, seeded } from '../support.js';

const kernels = load('science/fourier');

/** Of real and imaginary parts in turn. */
function transform(x: ArrayLike<number>, sign: number) {
  const n = x.length / 2;
  const out = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (sign * 2 * Math.PI * ((j * k) % n)) / n;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      out[2 * k]! += x[2 * j]! * c - x[2 * j + 1]! * s;
      out[2 * k + 1]! += x[2 * j]! * s + x[2 * j + 1]! * c;
    }
  }
  return out;
}

// log2(n) stages; numbers grow to sqrt(2) sqrt(n) as a rule and some more.
const tolerance = (n: number) => ({ absolute: 8 * Math.log2(2 * n) * Math.sqrt(n) * ROUNDING });

test.each([2, 8, 256, 512])('a stage a launch: %i points', async (n) => {
  const stage = kernels.kernel('fft_stage', [
    'const float32*',
    'float32*',
    'int32',
    'int32',
    'float32',
  ]);
  const x = seeded(n).floats(2 * n);
  let from = device.from(x);
  let to = device.alloc('float32', 2 * n);
  for (let done = 1; done < n; done *= 2) {
    stage.launch({ grid: blocks(n / 2, 96), block: 96 }, from, to, done, n, -1);
    [from, to] = [to, from];
  }
  expectClose(await from.read(), transform(x, -1), tolerance(n));
});

test.each([2, 64, 256])('a transform a block, three of %i points, there and back', async (n) => {
  const block = kernels.kernel('fft_block', ['float32*', 'float32']);
  const x = seeded(n).floats(3 * 2 * n);
  const out = device.from(x);
  const config = { grid: 3, block: n / 2, sharedMemoryBytes: 2 * 8 * n };
  block.launch(config, out, -1);
  const rows = range(3).flatMap((row) => [
    ...transform(x.subarray(2 * n * row, 2 * n * (row + 1)), -1),
  ]);
  expectClose(await out.read(), rows, tolerance(n));
  block.launch(config, out, 1);
  expectClose(
    (await out.read()).map((value) => value / n),
    x,
    tolerance(n),
  );
});
