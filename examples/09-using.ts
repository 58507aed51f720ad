// With `using`, leaving the block disposes what it declared, in reverse order, also on an error.
import { cuda } from 'nodecuda';

async function meanOfSum(a: Float32Array, b: Float32Array): Promise<number> {
  using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
  using x = device.from(a);
  using y = device.from(b);
  using sum = device.add(x, y);
  const values: Float32Array = await sum.read();
  return values.reduce((total, value) => total + value, 0) / values.length;
}

meanOfSum(new Float32Array([1, 2, 3]), new Float32Array([3, 2, 1])).then((mean) =>
  console.log(`mean ${mean}`),
);
