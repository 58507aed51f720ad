import { matmulErrors, randomFloats } from '../../demo/reference';
import type { Case, Context, Prepared } from '../case';
import { needsGpu } from '../case';
import type { Contender } from '../measure';
import { LOOP_IJK, LOOP_IKJ, matmulName, NODECUDA } from '../names';
import { tfjs } from '../tfjs';

const SIMULATOR_SIZES = [64, 128, 256, 512];
const GPU_SIZES = [1024, 2048, 4096];
/** Larger products take plain JavaScript seconds each. */
const LARGEST_FOR_LOOPS = 1024;

async function prepare({ device }: Context, n: number): Promise<Prepared> {
  const shape = { m: n, n, k: n };
  const hostA = randomFloats(n * n, 3);
  const hostB = randomFloats(n * n, 4);
  const a = device.from(hostA);
  const b = device.from(hostB);
  const out = device.alloc('float32', n * n);
  const hostOut = new Float32Array(n * n);
  const tf = await tfjs();
  const tfA = tf.tensor2d(hostA, [n, n]);
  const tfB = tf.tensor2d(hostB, [n, n]);
  let tfOut = tf.tensor2d([0], [1, 1]);

  const contenders: Contender[] = [
    {
      name: NODECUDA,
      async run(times) {
        for (let i = 0; i < times; ++i) device.matmul(a, b, { ...shape, out });
        await device.synchronize();
      },
      output: () => out.read(),
    },
    {
      name: 'nodecuda, host to host',
      async run(times) {
        for (let i = 0; i < times; ++i) {
          using copyA = device.from(hostA);
          using copyB = device.from(hostB);
          using product = device.matmul(copyA, copyB, shape);
          await product.read(hostOut);
        }
      },
      output: () => hostOut,
    },
    {
      name: 'tfjs wasm',
      run(times) {
        for (let i = 0; i < times; ++i) {
          tfOut.dispose();
          tfOut = tf.matMul(tfA, tfB);
        }
      },
      output: async () => Float32Array.from(await tfOut.data()),
    },
  ];
  if (n <= LARGEST_FOR_LOOPS) {
    const product = new Float32Array(n * n);
    for (const [name, loops] of [
      [LOOP_IJK, matmulIjk],
      [LOOP_IKJ, matmulIkj],
    ] as const) {
      contenders.push({
        name,
        run(times) {
          for (let i = 0; i < times; ++i) loops(hostA, hostB, product, n);
        },
        output: () => product,
      });
    }
  }
  return {
    contenders,
    verify(product) {
      const { maxRatio } = matmulErrors(hostA, hostB, shape, product);
      return maxRatio <= 1 ? undefined : `the error is ${maxRatio} times its bound`;
    },
    dispose() {
      for (const buffer of [a, b, out]) buffer.dispose();
      tf.dispose([tfA, tfB, tfOut]);
    },
  };
}

/** As in the definition: each element is the inner product of a row and a column. */
function matmulIjk(a: Float32Array, b: Float32Array, out: Float32Array, n: number): void {
  for (let i = 0; i < n; ++i) {
    for (let j = 0; j < n; ++j) {
      let sum = 0;
      for (let k = 0; k < n; ++k) sum += a[i * n + k]! * b[k * n + j]!;
      out[i * n + j] = sum;
    }
  }
}

/** Reads all three in the order of memory. */
function matmulIkj(a: Float32Array, b: Float32Array, out: Float32Array, n: number): void {
  out.fill(0);
  for (let i = 0; i < n; ++i) {
    for (let k = 0; k < n; ++k) {
      const factor = a[i * n + k]!;
      for (let j = 0; j < n; ++j) out[i * n + j]! += factor * b[k * n + j]!;
    }
  }
}

export function matmulCases(context: Context): Case[] {
  return [...SIMULATOR_SIZES, ...GPU_SIZES].map((n) => ({
    name: matmulName(n),
    work: { amount: 2 * n ** 3, unit: 'FLOP' },
    skipped: GPU_SIZES.includes(n) ? needsGpu(context) : undefined,
    prepare: () => prepare(context, n),
  }));
}
