import type { Device } from 'nodecuda';
import { checkAdd, checkMatmul } from '../demo/checks';
import { SIZE, splitDigits } from '../demo/digits';
import { drawImage, drawRow } from '../demo/draw';
import { classify } from '../demo/nearest';
import { addErrors, matmulErrors } from '../demo/reference';
import { cuda } from '../lib/index.js';

const PIXELS = SIZE * SIZE;

// The demo uses the package as its users do; the tests run its sources.
const device = cuda.simulatedDevice() as unknown as Device;
afterAll(() => device.dispose());

describe('digits', () => {
  const { train, test: held } = splitDigits(300, 30);

  test('are equally many of each class, with ink, and none is in both sets', () => {
    const seen = new Set<string>();
    for (const { count, images, labels } of [train, held]) {
      expect(images).toHaveLength(count * PIXELS);
      expect(labels.filter((label) => label === 7)).toHaveLength(count / 10);
      for (let i = 0; i < count; ++i) {
        const image = images.subarray(i * PIXELS, (i + 1) * PIXELS);
        expect(Math.max(...image)).toBeGreaterThan(0.5);
        seen.add(image.join());
      }
    }
    expect(seen.size).toBe(330);
    expect(() => splitDigits(9000, 2000)).toThrow(RangeError);
  });

  test('are classified by their nearest neighbours', async () => {
    const progress: number[] = [];
    const { predicted } = await classify(device, train, held, (done) => progress.push(done));
    const right = predicted.filter((label, i) => label === held.labels[i]).length;
    expect(right).toBeGreaterThanOrEqual(22);
    expect(progress).toEqual([30]);
  });

  test('a digit that is known is its own nearest neighbour', async () => {
    // Two of three neighbours are others, so that their labels decide: learn each digit thrice.
    const thrice = {
      count: 90,
      images: Float32Array.from({ length: 90 * PIXELS }, (_, i) => held.images[i % (30 * PIXELS)]!),
      labels: Uint8Array.from({ length: 90 }, (_, i) => held.labels[i % 30]!),
    };
    const { predicted } = await classify(device, thrice, held);
    expect(predicted).toEqual(held.labels);
  });
});

test('the kernels are checked and found right', async () => {
  expect(await checkAdd(device, 1001)).toMatchObject({ passed: true });
  expect(await checkMatmul(device, { m: 17, n: 9, k: 33 })).toMatchObject({ passed: true });
});

describe('the check', () => {
  const x = Float32Array.of(1, 2);

  test('sees a wrong element', () => {
    expect(addErrors(x, x, Float32Array.of(2, 4))).toMatchObject({ maxError: 0, maxRatio: 0 });
    expect(addErrors(x, x, Float32Array.of(2, 4.1)).maxRatio).toBeGreaterThan(1);
    const shape = { m: 1, n: 1, k: 2 };
    expect(matmulErrors(x, x, shape, Float32Array.of(5)).maxRatio).toBe(0);
    expect(matmulErrors(x, x, shape, Float32Array.of(5.01)).maxRatio).toBeGreaterThan(1);
  });

  test('sees NaN, and a result of the wrong length', () => {
    expect(addErrors(x, x, Float32Array.of(NaN, 4)).maxRatio).toBe(Infinity);
    expect(addErrors(x, x, Float32Array.of(2, NaN)).maxRatio).toBe(Infinity);
    expect(() => addErrors(x, x, Float32Array.of(2))).toThrow('instead of 2');
  });
});

test('a drawing has two pixels per character', () => {
  const image = new Float32Array(PIXELS);
  const [x, y] = [10, 10];
  image[y * SIZE + x] = 1;
  image[y * SIZE + x + 1] = 1;
  image[(y + 1) * SIZE + x + 1] = 1;
  image[(y + 1) * SIZE + x + 2] = 1;
  const lines = drawImage(image);
  expect(lines.filter((line) => line.trim() !== '')).toEqual([expect.stringMatching(/^ +▀█▄ +$/)]);

  const digits = { count: 1, images: image, labels: Uint8Array.of(4) };
  expect(drawRow(digits, Uint8Array.of(4), [0]).at(-1)).toContain('read as 4, right');
  expect(drawRow(digits, Uint8Array.of(9), [0]).at(-1)).toContain('read as 9, but is 4');
});
