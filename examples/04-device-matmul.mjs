// Matrices that stay on the device. Row-major; nothing is copied to transpose.
import { pickDevice } from './pick-device.mjs';

const device = pickDevice();
try {
  const points = 4;
  const dimensions = 3;
  const x = device.from(Float32Array.from({ length: points * dimensions }, (_, i) => i));

  // All inner products of the points with each other: x times its own transpose.
  const gram = device.matmul(x, x, { m: points, n: points, k: dimensions, transposeB: true });
  console.log('gram', await gram.read());

  // out = alpha * a * b + beta * out, into memory that is there already.
  const half = device.alloc('float32', points * points);
  half.fill(100);
  device.matmul(x, x, {
    m: points,
    n: points,
    k: dimensions,
    transposeB: true,
    alpha: 0.5,
    beta: 1,
    out: half,
  });
  console.log('half + 100', await half.read());
} finally {
  device.dispose();
}
