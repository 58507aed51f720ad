// Every variant of the matrix product, also those that would not be chosen, against float64: on the
// simulated device, or with NODECUDA_TEST_DEVICE=gpu on the GPU and there on larger products too.

import type { Device, DeviceBuffer, PlanMatmulOptions } from 'nodecuda';
import {
  expectProduct,
  MATMUL_TYPES,
  type Product,
  usableVariants,
} from '../../../bench/cases/matmul/product';
import { type Check, judge } from '../../../bench/measure/check';
import { type BenchDtype, decode, type ProductDtype, upload } from '../../../bench/measure/data';
import { openTestDevice } from '../../support/devices.js';

// With the double of the CUDA runtime (test/cudart/) in place of a GPU, only the binding is another.
const isGpu = process.env.NODECUDA_TEST_DEVICE === 'gpu' && !process.env.NODECUDA_DOUBLE_CAPABILITY;

interface Shape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches?: number;
}

// Odd sizes, few rows or columns, batches, more than one of the largest tiles.
const SHAPES: readonly Shape[] = [
  { m: 37, n: 51, k: 45 },
  { m: 3, n: 72, k: 80 },
  { m: 40, n: 1, k: 264 },
  { m: 24, n: 40, k: 16, batches: 3 },
  { m: 136, n: 264, k: 16 },
];
const GPU_SHAPES: readonly Shape[] = [
  { m: 1024, n: 1024, k: 512 },
  { m: 2049, n: 1023, k: 257 },
  { m: 4096, n: 2560, k: 192 },
  { m: 16, n: 8192, k: 4096 },
];
const LAYOUTS = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB })),
);
/** Neither transposed, and both: the simulated device is slow. */
const TWO_LAYOUTS = [LAYOUTS[0]!, LAYOUTS[3]!];
/** With a sanitizer on a busy machine a test takes far longer than others. */
const LIMIT_MS = 300_000;
/** So many elements are compared, spread over the whole; all of them if there are fewer. */
const MOST_COMPARED = isGpu ? 4000 : 1500;

function spread(length: number): number[] {
  const count = Math.min(length, MOST_COMPARED);
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
}

/** What is wrong with one variant, or undefined. */
async function problemOf(
  device: Device,
  product: Product,
  check: Check,
  plan: PlanMatmulOptions,
  operands: readonly [DeviceBuffer<BenchDtype>, DeviceBuffer<BenchDtype>],
): Promise<string | undefined> {
  const { dtype, ...options } = plan;
  const { m, n, output } = product;
  const length = (plan.batches ?? 1) * m * n;
  // What a kernel does not write shows: as NaN, or as a number that is no sum of these.
  using out = device.alloc(output, length).fill(output === 'int32' ? 0x7fffffff : Number.NaN);
  device.matmul(operands[0], operands[1], { ...options, out });
  const values = await out.read();
  const sampled = check.indices.map((index) => decode(output, Number(values[index])));
  const unwritten = values.findIndex((value) => Number.isNaN(decode(output, Number(value))));
  if (unwritten >= 0) return `element ${unwritten} is NaN`;
  return judge(check, sampled).problem;
}

let device: Device;
beforeAll(() => {
  device = openTestDevice() as unknown as Device;
});
afterAll(() => device.dispose());

describe.each(MATMUL_TYPES)('%s %s', (dtype, precision) => {
  // Under compute-sanitizer (scripts/gpu-bundle) the large ones would take too long.
  const shapes = isGpu && !process.env.NODECUDA_KERNEL_TESTS ? [...SHAPES, ...GPU_SHAPES] : SHAPES;

  test.each(shapes)(
    'every variant multiplies %j',
    async (shape) => {
      const { m, n, k, batches = 1 } = shape;
      const output: ProductDtype = dtype === 'int8' ? 'int32' : dtype;
      using a = upload(device, dtype, 1, batches * m * k);
      using b = upload(device, dtype, 2, batches * k * n);
      const problems: string[] = [];
      for (const layout of shape === SHAPES[0] || isGpu ? LAYOUTS : TWO_LAYOUTS) {
        const product: Product = { dtype, output, precision, m, n, k, ...layout };
        const options = dtype === 'float32' ? { precision } : {};
        const plan: PlanMatmulOptions = { dtype, ...shape, ...layout, ...options };
        const indices = spread(batches * m * n);
        const expected = indices.map((index) => expectProduct(product, index));
        const check = { indices, expected };
        const variants = usableVariants(device, plan);
        expect(variants.length).toBeGreaterThan(0);
        for (const variant of variants) {
          const problem = await problemOf(device, product, check, { ...plan, variant }, [a, b]);
          if (problem !== undefined) {
            problems.push(`${variant} ${JSON.stringify(layout)}: ${problem}`);
          }
        }
      }
      expect(problems).toEqual([]);
    },
    LIMIT_MS,
  );
});
