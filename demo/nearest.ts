/**
 * k nearest neighbours. All distances come out of one matrix product, since
 * |x - y|^2 = |x|^2 + |y|^2 - 2 x.y
 */
import type { Device } from 'nodecuda';
import type { Digits } from './digits';

const NEIGHBOURS = 3;
/** Test images per product, so that there is progress to show. */
const BATCH = 100;

export interface Classification {
  /** A label for each test image. */
  predicted: Uint8Array;
  /** Time in products and reading them. */
  deviceMs: number;
}

/** Labels each test image with what most of its nearest training images are. */
export async function classify(
  device: Device,
  train: Digits,
  test: Digits,
  onProgress: (done: number) => void = () => {},
): Promise<Classification> {
  const pixels = train.images.length / train.count;
  const trainNorms = squaredNorms(train.images, pixels);
  const testNorms = squaredNorms(test.images, pixels);
  const predicted = new Uint8Array(test.count);
  let deviceMs = 0;

  using trainImages = device.from(train.images); // (train.count, pixels)
  using testImages = device.from(test.images); // (test.count, pixels)
  for (let begin = 0; begin < test.count; begin += BATCH) {
    const end = Math.min(begin + BATCH, test.count);
    const startMs = performance.now();
    using batch = testImages.slice(begin * pixels, end * pixels);
    using product = device.matmul(batch, trainImages, {
      m: end - begin,
      n: train.count,
      k: pixels,
      transposeB: true,
    }); // (end - begin, train.count)
    const products = await product.read();
    deviceMs += performance.now() - startMs;

    for (let i = begin; i < end; ++i) {
      const row = products.subarray((i - begin) * train.count, (i - begin + 1) * train.count);
      predicted[i] = vote(nearest(row, trainNorms, testNorms[i]!), train.labels);
    }
    onProgress(end);
  }
  return { predicted, deviceMs };
}

function squaredNorms(images: Float32Array, pixels: number): Float64Array {
  const norms = new Float64Array(images.length / pixels);
  for (let i = 0; i < images.length; ++i) {
    norms[Math.floor(i / pixels)]! += images[i]! ** 2;
  }
  return norms;
}

/** Indices of the nearest training images, nearest first. */
function nearest(products: Float32Array, norms: Float64Array, testNorm: number): number[] {
  const found: { index: number; distance: number }[] = [];
  for (let index = 0; index < products.length; ++index) {
    const distance = testNorm + norms[index]! - 2 * products[index]!;
    if (found.length === NEIGHBOURS && distance >= found[NEIGHBOURS - 1]!.distance) continue;
    const position = found.findIndex((other) => distance < other.distance);
    found.splice(position < 0 ? found.length : position, 0, { index, distance });
    found.length = Math.min(found.length, NEIGHBOURS);
  }
  return found.map(({ index }) => index);
}

/** The most frequent label; among equally frequent ones that of the nearest. */
function vote(neighbours: readonly number[], labels: Uint8Array): number {
  const votes = new Map<number, number>();
  for (const index of neighbours) {
    votes.set(labels[index]!, (votes.get(labels[index]!) ?? 0) + 1);
  }
  // A Map keeps the order of insertion, so that the nearest comes first.
  return [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
