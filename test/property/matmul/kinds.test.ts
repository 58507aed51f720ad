// Products of every kind (element types, precisions, batches, epilogues) against float64.
//
// Bound of an element: sums are kept in float32 (float64) or, on tensor cores, in what is cut off
// at 2^-24 of the largest of at least four terms, twice a step: 2 (k + 8) eps |alpha a||b| for any
// order, eps of the sum's format. Inputs rounded to 11 bits add 2^-10 of each product for tf32,
// 2^-20 for fp32-fast. Then one rounding to the result's format.
import fc from 'fast-check';
import { toBfloat16Bits, toFloat16Bits } from '../../../lib/base/scalar.js';
import type { Device, MatmulOptions } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { decodeBfloat16, decodeFloat16, randomNumbers } from '../../support/numbers.js';

type Input = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int8';
type Output = Input | 'int32';

const devices = new Map<number, Device>();
afterAll(() => {
  for (const device of devices.values()) device.dispose();
});

function deviceOf(capability: number): Device {
  let device = devices.get(capability);
  if (device === undefined) {
    const computeCapability = { major: Math.floor(capability / 10), minor: capability % 10 };
    device = openTestDevice({ computeCapability });
    devices.set(capability, device);
  }
  return device;
}

const EPS: Record<Output, number> = {
  float32: 2 ** -24,
  float64: 2 ** -53,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
  int8: 0,
  int32: 0,
};
const SMALLEST: Partial<Record<Output, number>> = { float16: 2 ** -25 };

// The values that a dtype can hold, and the array that carries them.
function encode(dtype: Output, values: number[]): ArrayBufferView {
  switch (dtype) {
    case 'float16':
      return Uint16Array.from(values, toFloat16Bits);
    case 'bfloat16':
      return Uint16Array.from(values, toBfloat16Bits);
    case 'int8':
      return Int8Array.from(values, (value) => Math.round(127 * value));
    case 'int32':
      return Int32Array.from(values, (value) => Math.round(1000 * value));
    case 'float64':
      return Float64Array.from(values);
    default:
      return Float32Array.from(values);
  }
}

function decode(dtype: Output, array: ArrayLike<number>): number[] {
  const bits = dtype === 'float16' ? decodeFloat16 : dtype === 'bfloat16' ? decodeBfloat16 : null;
  return Array.from(array, (value) => (bits === null ? value : bits(value)));
}

const kind = fc.oneof(
  fc.record({
    input: fc.constant<Input>('float32'),
    output: fc.constant<Output>('float32'),
    precision: fc.constantFrom('ieee' as const, 'tf32' as const, 'fp32-fast' as const),
  }),
  ...(['float16', 'bfloat16'] as const).map((input) =>
    fc.record({
      input: fc.constant<Input>(input),
      output: fc.constantFrom<Output>(input, 'float32'),
      precision: fc.constant(undefined),
    }),
  ),
  fc.record({
    input: fc.constant<Input>('int8'),
    output: fc.constantFrom<Output>('int32', 'float32', 'float16', 'bfloat16'),
    precision: fc.constant(undefined),
  }),
  fc.record({
    input: fc.constant<Input>('float64'),
    output: fc.constant<Output>('float64'),
    precision: fc.constant(undefined),
  }),
);

const problem = fc.record({
  kind,
  capability: fc.constantFrom(75, 80, 90, 120),
  m: fc.integer({ min: 1, max: 70 }),
  n: fc.integer({ min: 1, max: 70 }),
  // Multiples of 8 are what tensor cores take; the rest goes other ways.
  k: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(16, 32, 64, 128)),
  aligned: fc.boolean(),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  batches: fc.integer({ min: 1, max: 3 }),
  sameB: fc.boolean(),
  alpha: fc.constantFrom(1, 1, -2, 3),
  beta: fc.constantFrom(0, 0, 1, -2),
  bias: fc.constantFrom(undefined, 'row' as const, 'column' as const),
  scales: fc.boolean(),
  activation: fc.constantFrom(undefined, 'relu' as const, 'gelu' as const, 'gelu-tanh' as const),
  splits: fc.constantFrom(undefined, undefined, 2, 3),
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
});
type Problem = typeof problem extends fc.Arbitrary<infer P> ? P : never;

// Its series, or the continued fraction of its complement (Abramowitz and Stegun 7.1.5, 7.1.14).
function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let i = 1; i < 100; i++) {
      term *= -(z * z) / i;
      sum += term / (2 * i + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let tail = z;
  for (let i = 60; i > 0; i--) tail = z + i / 2 / tail;
  return Math.sign(x) * (1 - Math.exp(-z * z) / tail / Math.sqrt(Math.PI));
}

const ACTIVATIONS = {
  relu: (x: number) => Math.max(x, 0),
  gelu: (x: number) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  'gelu-tanh': (x: number) =>
    (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

/** What the reference itself may be off by, of x. */
const REFERENCE_ERROR = 1e-12;

// Of what precedes the activation: no activation here is steeper than 1.13.
const STEEPEST = 1.13;

const MOST_FLOAT16 = 65504;

const INPUT_ERROR = { ieee: 0, tf32: 2 ** -10, 'fp32-fast': 2 ** -20 };

async function check(p: Problem) {
  const { input, output, precision } = p.kind;
  const device = deviceOf(p.capability);
  const integers = output === 'int32';
  const scales = p.scales && !integers;
  const activation = integers && p.activation !== 'relu' ? undefined : p.activation;
  const pad = (columns: number) => (p.aligned ? Math.ceil(columns / 16) * 16 : columns);
  const [rowsA, columnsA] = p.transposeA ? [p.k, p.m] : [p.m, p.k];
  const [rowsB, columnsB] = p.transposeB ? [p.n, p.k] : [p.k, p.n];
  const lda = Math.max(pad(columnsA), 1);
  const ldb = Math.max(pad(columnsB), 1);
  const sizeA = columnsA === 0 ? 0 : rowsA * lda;
  const sizeB = columnsB === 0 ? 0 : rowsB * ldb;
  const strideA = sizeA;
  const strideB = p.sameB ? 0 : sizeB;
  const { m, n, k, batches } = p;

  const make = (dtype: Output, length: number, salt: number) => {
    const array = encode(dtype, randomNumbers(length, p.seed + salt));
    return { array, values: decode(dtype, array as unknown as ArrayLike<number>) };
  };
  const a = make(input, batches * sizeA, 1);
  const b = make(input, (p.sameB ? 1 : batches) * sizeB, 2);
  const c = make(output, batches * m * n, 3);
  const bias = make(output, p.bias === 'row' ? m : n, 4);
  const factor: Output = input === 'float64' ? 'float64' : 'float32';
  const rowScale = make(factor, m, 5);
  const columnScale = make(factor, n, 6);

  const buffers: { dispose(): void }[] = [];
  const upload = ({ array }: { array: ArrayBufferView }, dtype: Output) => {
    const buffer = device.from(array, { dtype });
    buffers.push(buffer);
    return buffer;
  };
  const out = upload(c, output);
  const options: Partial<Record<keyof MatmulOptions, unknown>> = {
    ...{ m, n, k, batches, lda, ldb, strideA, strideB, alpha: p.alpha, beta: p.beta },
    ...{ transposeA: p.transposeA, transposeB: p.transposeB, out },
  };
  if (precision !== undefined) options.precision = precision;
  if (p.bias !== undefined)
    Object.assign(options, { bias: upload(bias, output), biasAxis: p.bias });
  if (scales) {
    options.rowScale = upload(rowScale, factor);
    options.columnScale = upload(columnScale, factor);
  }
  if (activation !== undefined) options.activation = activation;
  if (p.splits !== undefined) options.splits = p.splits;
  device.matmul(upload(a, input) as never, upload(b, input) as never, options as never);
  const got = decode(output, (await out.read()) as unknown as ArrayLike<number>);
  for (const buffer of buffers) buffer.dispose();

  const eps = input === 'float64' ? EPS.float64 : EPS.float32;
  const inputError = INPUT_ERROR[precision ?? 'ieee'];
  const wrong: unknown[] = [];
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        let size = 0;
        for (let l = 0; l < k; l++) {
          const x = a.values[batch * strideA + (p.transposeA ? l * lda + i : i * lda + l)]!;
          const y = b.values[batch * strideB + (p.transposeB ? j * ldb + l : l * ldb + j)]!;
          sum += x * y;
          size += Math.abs(x * y);
        }
        const at = (batch * m + i) * n + j;
        const scale = p.alpha * (scales ? rowScale.values[i]! * columnScale.values[j]! : 1);
        const added = p.bias === undefined ? 0 : bias.values[p.bias === 'row' ? i : j]!;
        const old = p.beta === 0 ? 0 : p.beta * c.values[at]!;
        const before = scale * sum + added + old;
        const expected = activation === undefined ? before : ACTIVATIONS[activation](before);
        const sumError = (2 * (k + 8) * eps + inputError) * size;
        const error =
          input === 'int8' && integers
            ? 0
            : STEEPEST *
                (Math.abs(scale) * sumError +
                  16 * eps * (Math.abs(scale) * size + Math.abs(added) + Math.abs(old))) +
              EPS[output] * Math.abs(expected) +
              (activation === undefined ? 0 : REFERENCE_ERROR * Math.abs(before)) +
              (SMALLEST[output] ?? 0);
        if (output === 'float16' && Math.abs(expected) + error > MOST_FLOAT16) continue; // overflows
        if (!(Math.abs(got[at]! - expected) <= error)) {
          wrong.push({ batch, i, j, got: got[at], expected, error });
        }
      }
    }
  }
  expect(wrong.slice(0, 5)).toEqual([]);
}

test('every kind of product', async () => {
  await fc.assert(fc.asyncProperty(problem, check), { numRuns: 250 });
}, 240_000);
