// What the tests of expressions have in common: the real compiler, and data.
import type { Device, DeviceBuffer, Dtype } from '../../../../lib/index.js';
import { cacheWritten } from '../../../../lib/kernels/compile/compile.js';
import { openTestDevice } from '../../../support/devices.js';
import { decodeBfloat16, decodeFloat16, randomNumbers } from '../../../support/numbers.js';
import { realNvrtc, removeFolders, temporaryFolder } from '../../../support/nvrtc.js';
import { skipTest } from '../../../support/skip.js';

/** Lengths around warps, blocks, tiles and grids. */
export const LENGTHS = [0, 1, 2, 31, 33, 255, 257, 1023, 1024, 1025, 4099, 70_001];

/**
 * Runs `tests` with NVRTC itself in the environment, and a cache of their own; or says that it cannot
 * be had.
 */
export function withNvrtc(name: string, tests: () => void): void {
  const nvrtc = realNvrtc();
  if (nvrtc === undefined) {
    skipTest(name, 'NVRTC cannot be had here: scripts/unpack-nvrtc.mjs');
    return;
  }
  describe(name, () => {
    const before = { ...process.env };
    beforeAll(() => {
      process.env.NODECUDA_NVRTC = nvrtc;
      process.env.NODECUDA_CACHE_DIR = temporaryFolder();
    });
    afterAll(async () => {
      await cacheWritten();
      for (const key of ['NODECUDA_NVRTC', 'NODECUDA_CACHE_DIR']) {
        if (before[key] === undefined) delete process.env[key];
        else process.env[key] = before[key];
      }
      removeFolders();
    });
    tests();
  });
}

export const floats = (length: number, seed = 1) => Float32Array.from(randomNumbers(length, seed));

/** Integers from -1000 to 1000, the same for the same seed. */
export const integers = (length: number, seed = 1) =>
  Int32Array.from(randomNumbers(length, seed), (value) => Math.round(1000 * value));

/** The elements as numbers, halves decoded. */
export async function numbersOf(buffer: DeviceBuffer<Dtype>): Promise<number[]> {
  const host = (await buffer.read()) as ArrayLike<number | bigint>;
  const decode =
    buffer.dtype === 'float16'
      ? decodeFloat16
      : buffer.dtype === 'bfloat16'
        ? decodeBfloat16
        : (value: number) => value;
  return Array.from(host, (value) => decode(Number(value)));
}

/** A device that keeps its buffers: tests make many, and to collect one that is open is warned about. */
export function openKeepingDevice(): Device {
  const device = openTestDevice();
  const kept: DeviceBuffer[] = [];
  const keeping = <F extends (...args: never[]) => DeviceBuffer>(make: F) =>
    ((...args) => {
      const buffer = make.apply(device, args);
      kept.push(buffer);
      return buffer;
    }) as F;
  return Object.assign(device, { alloc: keeping(device.alloc), from: keeping(device.from) });
}
