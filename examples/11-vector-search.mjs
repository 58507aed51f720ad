// Vector search: the stored vectors nearest to each query, by cosine. Everything stays on the device
// until the answer: conversion to bfloat16, lengths, one matrix product with its scales, argmax.
import { pickDevice } from './pick-device.mjs';

const device = pickDevice();
try {
  const [stored, queries, length] = [1000, 4, 64];
  const random = (count) => Float32Array.from({ length: count }, () => Math.random() - 0.5);
  const library = random(stored * length);
  // Each query is one of the stored vectors, scaled and blurred.
  const wanted = [7, 42, 500, 999];
  const blurred = Float32Array.from({ length: queries * length }, (_, i) => {
    const row = wanted[Math.floor(i / length)];
    return 3 * library[row * length + (i % length)] + 0.1 * (Math.random() - 0.5);
  });

  const vectors = device.from(library);
  const norms = device.norm(vectors, { shape: [stored, length], axis: 1 });
  const a = device.convert(device.from(blurred), 'bfloat16');
  const b = device.convert(vectors, 'bfloat16');
  // (queries, length) times the transpose of (stored, length); each column over its length.
  const scores = device.matmul(a, b, {
    ...{ m: queries, n: stored, k: length, transposeB: true },
    ...{ outDtype: 'float32', columnScale: device.reciprocal(norms) },
  });
  const nearest = device.argmax(scores, { shape: [queries, stored], axis: 1 });
  console.log('nearest', await nearest.read());

  const plan = device.planMatmul({ dtype: 'bfloat16', m: queries, n: stored, k: length });
  console.log(`by ${plan.variant}: ${plan.reason}`);
} finally {
  device.dispose();
}
