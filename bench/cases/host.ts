/** From typed arrays to a typed array, copies included: from which size on does a GPU pay? */
import type { Case, Context, Prepared } from '../measure/case';
import { needsGpu, needsTime } from '../measure/case';
import { makeCheck, ROUNDING } from '../measure/check';
import type { Contender } from '../measure/contenders';
import { hostFloats, valueAt } from '../measure/data';
import { addName, HOST_TO_HOST, hostMatmulName, LOOP_IJK, LOOP_IKJ, TFJS } from '../measure/names';
import { sampleArray } from '../measure/on-device';
import { expectProduct } from './matmul/product';
import { tfjs } from './tfjs';

const MATMUL_SIZES = [64, 128, 256, 512];
const GPU_MATMUL_SIZES = [1024, 2048];
/** Larger products take plain JavaScript seconds each. */
const LARGEST_FOR_LOOPS = 512;
const ADD_POWERS = [10, 16, 20];
const GPU_ADD_POWERS = [24];
const FLOAT_BYTES = 4;
const FLOAT32 = { dtype: 'float32', output: 'float32', precision: 'ieee' } as const;

/** A contender whose output is an array of the host. */
function onHost(
  name: string,
  result: () => ArrayLike<number>,
  once: () => void | Promise<void>,
): Contender {
  return {
    name,
    clock: 'host',
    async run(times) {
      for (let i = 0; i < times; ++i) {
        const running = once();
        if (running !== undefined) await running;
      }
    },
    sample: (indices) => sampleArray(result(), indices),
  };
}

async function prepareMatmul({ device }: Context, n: number): Promise<Prepared> {
  const shape = { m: n, n, k: n };
  const a = hostFloats(1, n * n);
  const b = hostFloats(2, n * n);
  const out = new Float32Array(n * n);
  const tf = await tfjs();
  const tfA = tf.tensor2d(a, [n, n]);
  const tfB = tf.tensor2d(b, [n, n]);

  const contenders: Contender[] = [
    onHost(
      HOST_TO_HOST,
      () => out,
      async () => {
        using copyA = device.from(a);
        using copyB = device.from(b);
        using product = device.matmul(copyA, copyB, shape);
        await product.read(out);
      },
    ),
    tfjsContender(() => tf.matMul(tfA, tfB)),
  ];
  if (n <= LARGEST_FOR_LOOPS) {
    const product = new Float32Array(n * n);
    const result = () => product;
    contenders.push(
      onHost(LOOP_IJK, result, () => matmulIjk(a, b, product, n)),
      onHost(LOOP_IKJ, result, () => matmulIkj(a, b, product, n)),
    );
  }
  return {
    contenders,
    check: makeCheck(n * n, (index) =>
      expectProduct({ ...FLOAT32, ...shape, transposeA: false, transposeB: false }, index),
    ),
    dispose: () => tf.dispose([tfA, tfB]),
  };
}

/** tfjs computes at once, and its result is read as the others' are. */
function tfjsContender(compute: () => { dataSync(): ArrayLike<number>; dispose(): void }) {
  let last: ArrayLike<number> = [];
  return onHost(
    TFJS,
    () => last,
    () => {
      const tensor = compute();
      last = tensor.dataSync();
      tensor.dispose();
    },
  );
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

async function prepareAdd({ device }: Context, length: number): Promise<Prepared> {
  const x = hostFloats(1, length);
  const y = hostFloats(2, length);
  const out = new Float32Array(length);
  const sum = new Float32Array(length);
  const tf = await tfjs();
  const tfX = tf.tensor1d(x);
  const tfY = tf.tensor1d(y);
  return {
    contenders: [
      onHost(
        HOST_TO_HOST,
        () => out,
        async () => {
          using copyX = device.from(x);
          using copyY = device.from(y);
          using added = device.add(copyX, copyY);
          await added.read(out);
        },
      ),
      onHost(
        'JavaScript loop',
        () => sum,
        () => addLoop(x, y, sum),
      ),
      tfjsContender(() => tf.add(tfX, tfY)),
    ],
    check: makeCheck(length, (i) => {
      const exact = valueAt('float32', 1, i) + valueAt('float32', 2, i);
      return { exact, bound: ROUNDING.float32 * Math.abs(exact) };
    }),
    dispose: () => tf.dispose([tfX, tfY]),
  };
}

function addLoop(x: Float32Array, y: Float32Array, sum: Float32Array): void {
  for (let i = 0; i < sum.length; ++i) sum[i] = x[i]! + y[i]!;
}

const HOST_TYPE = { type: 'float32', variant: 'host to host' } as const;

export function hostCases(context: Context): Case[] {
  const skip = (isForGpu: boolean) =>
    isForGpu ? (needsGpu(context) ?? needsTime(context)) : undefined;
  return [
    ...[...ADD_POWERS, ...GPU_ADD_POWERS].map((power): Case => {
      const length = 2 ** power;
      return {
        name: `${addName(power)}, host to host`,
        subject: { operation: 'add', ...HOST_TYPE, size: length },
        work: { amount: 3 * FLOAT_BYTES * length, unit: 'B' },
        skipped: skip(GPU_ADD_POWERS.includes(power)),
        peerWork: { operation: 'add', options: { dtype: 'float32', length, place: 'host' } },
        prepare: () => prepareAdd(context, length),
      };
    }),
    ...[...MATMUL_SIZES, ...GPU_MATMUL_SIZES].map(
      (n): Case => ({
        name: hostMatmulName(n),
        subject: { operation: 'matmul', ...HOST_TYPE, size: n },
        work: { amount: 2 * n ** 3, unit: 'FLOP' },
        skipped: skip(GPU_MATMUL_SIZES.includes(n)),
        peerWork: {
          operation: 'matmul',
          options: { dtype: 'float32', precision: 'ieee', m: n, n, k: n, place: 'host' },
        },
        prepare: () => prepareMatmul(context, n),
      }),
    ),
  ];
}
