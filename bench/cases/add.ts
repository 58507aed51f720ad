import { addErrors, randomFloats } from '../../demo/reference';
import type { Case, Context, Prepared } from '../case';
import { needsGpu } from '../case';
import { NODECUDA } from '../names';
import { tfjs } from '../tfjs';

const SIMULATOR_LENGTHS = [2 ** 10, 2 ** 16, 2 ** 20];
const GPU_LENGTHS = [2 ** 22, 2 ** 26];
const FLOAT_BYTES = 4;

async function prepare({ device }: Context, length: number): Promise<Prepared> {
  const hostX = randomFloats(length, 1);
  const hostY = randomFloats(length, 2);
  const hostSum = new Float32Array(length);
  const x = device.from(hostX);
  const y = device.from(hostY);
  const out = device.alloc('float32', length);
  const tf = await tfjs();
  const tfX = tf.tensor1d(hostX);
  const tfY = tf.tensor1d(hostY);
  let tfSum = tf.tensor1d([0]);

  return {
    contenders: [
      {
        name: NODECUDA,
        async run(times) {
          for (let i = 0; i < times; ++i) device.add(x, y, { out });
          await device.synchronize();
        },
        output: () => out.read(),
      },
      {
        name: 'JavaScript loop',
        run(times) {
          for (let i = 0; i < times; ++i) addLoop(hostX, hostY, hostSum);
        },
        output: () => hostSum,
      },
      {
        name: 'tfjs wasm',
        run(times) {
          for (let i = 0; i < times; ++i) {
            tfSum.dispose();
            tfSum = tf.add(tfX, tfY);
          }
        },
        output: async () => Float32Array.from(await tfSum.data()),
      },
    ],
    verify(sum) {
      const { maxRatio } = addErrors(hostX, hostY, sum);
      return maxRatio <= 1 ? undefined : `the error is ${maxRatio} times its bound`;
    },
    dispose() {
      for (const buffer of [x, y, out]) buffer.dispose();
      tf.dispose([tfX, tfY, tfSum]);
    },
  };
}

function addLoop(x: Float32Array, y: Float32Array, sum: Float32Array): void {
  for (let i = 0; i < sum.length; ++i) sum[i] = x[i]! + y[i]!;
}

export function addCases(context: Context): Case[] {
  return [...SIMULATOR_LENGTHS, ...GPU_LENGTHS].map((length) => ({
    name: `add float32 2^${Math.log2(length)}`,
    work: { amount: 3 * FLOAT_BYTES * length, unit: 'B' },
    skipped: GPU_LENGTHS.includes(length) ? needsGpu(context) : undefined,
    prepare: () => prepare(context, length),
  }));
}
