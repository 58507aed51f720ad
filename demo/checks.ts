import type { Device } from 'nodecuda';
import { addErrors, type Errors, matmulErrors, randomFloats, type Shape } from './reference';

export interface Check extends Errors {
  title: string;
  /** In words. */
  bound: string;
  passed: boolean;
  /** Of the operation and the copies to and from the device. */
  elapsedMs: number;
}

/** Adds random vectors on the device and compares. */
export async function checkAdd(device: Device, length: number): Promise<Check> {
  const hostX = randomFloats(length, 1);
  const hostY = randomFloats(length, 2);

  const startMs = performance.now();
  using x = device.from(hostX);
  using y = device.from(hostY);
  using sum = device.add(x, y);
  const result = await sum.read();
  const elapsedMs = performance.now() - startMs;

  const errors = addErrors(hostX, hostY, result);
  return {
    title: `add, ${length} x float32`,
    bound: '2 eps (|x| + |y|)',
    passed: errors.maxRatio <= 1,
    elapsedMs,
    maxError: errors.maxError,
    maxRatio: errors.maxRatio,
  };
}

/** Multiplies random matrices on the device and compares. */
export async function checkMatmul(device: Device, shape: Shape): Promise<Check> {
  const { m, n, k } = shape;
  const hostA = randomFloats(m * k, 3);
  const hostB = randomFloats(k * n, 4);

  const startMs = performance.now();
  using a = device.from(hostA);
  using b = device.from(hostB);
  using product = device.matmul(a, b, shape);
  const result = await product.read();
  const elapsedMs = performance.now() - startMs;

  const errors = matmulErrors(hostA, hostB, shape, result);
  return {
    title: `matmul, ${m} x ${k} by ${k} x ${n}, float32`,
    bound: '2 sqrt(k) eps (|a| |b|)',
    passed: errors.maxRatio <= 1,
    elapsedMs,
    maxError: errors.maxError,
    maxRatio: errors.maxRatio,
  };
}
