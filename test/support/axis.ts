// Random operands of operations along an axis: shapes, strides, numbers.
import fc from 'fast-check';
import { dtypeByName } from '../../lib/base/dtype.js';
import { type Device, DTYPES, type Dtype, type StridedView } from '../../lib/index.js';
import { decode, isFloat } from './elementwise.js';
import { encode, groups, type HostView } from './reduce.js';

export type Numbers = ArrayBufferView & ArrayLike<number | bigint>;
type AnyArray = new (values: ArrayLike<number | bigint> | number) => Numbers;

interface Sample {
  readonly view: HostView;
  readonly axis: number | undefined;
  readonly seed: number;
  readonly contiguous: boolean;
}

// A view of up to four dimensions: contiguous, or with its dimensions in another order in memory,
// gaps, steps back and repeated dimensions.
const views: fc.Arbitrary<{ view: HostView; contiguous: boolean }> = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
    fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.constantFrom(1, 1, 1, 2, -1, 0), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 0, max: 5 }),
    fc.boolean(),
    fc.constantFrom(1, 1, 40, 2000),
  )
  .map(([extents, order, steps, offset, contiguous, long]) => {
    const shape = extents.map((extent, d) =>
      d === order[0]! % extents.length ? extent * long : extent,
    );
    const strides = new Array<number>(shape.length);
    const byPlace = shape.map((_, d) => d);
    if (!contiguous) byPlace.sort((a, b) => order[a]! - order[b]!);
    let stride = 1;
    let first = 0;
    for (const d of byPlace.reverse()) {
      const step = contiguous ? 1 : steps[d]!;
      strides[d] = stride * step;
      if (step < 0) first += (shape[d]! - 1) * stride;
      stride *= step === 0 ? 1 : shape[d]! * Math.abs(step);
    }
    return { view: { shape, strides, offset: offset + first }, contiguous };
  });

// Not so large that the tests take long, nor so that references in float64 are off.
const MOST_ELEMENTS = 20_000;
const size = ({ view }: { view: HostView }) => view.shape.reduce((a, b) => a * b, 1);

export const samples: fc.Arbitrary<Sample> = views
  .filter((one) => size(one) <= MOST_ELEMENTS)
  .chain(({ view, contiguous }) =>
    fc.record({
      view: fc.constant(view),
      axis: fc.option(fc.integer({ min: 0, max: view.shape.length - 1 }), { nil: undefined }),
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      contiguous: fc.constant(contiguous),
    }),
  );

function lengthOf({ shape, strides, offset }: HostView): number {
  let last = offset;
  for (const [d, extent] of shape.entries()) last += Math.max(0, (extent - 1) * strides[d]!);
  return last + 1;
}

/** Random numbers of the dtype: floats from -2 to 2, integers from the whole range. */
export function fill(dtype: Dtype, length: number, seed: number): Numbers {
  const HostArray = dtypeByName(dtype)!.HostArray as unknown as AnyArray;
  let state = seed;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const values = Array.from({ length }, () => {
    if (isFloat(dtype)) return encode(dtype, next() / 2 ** 30 - 2);
    const bits = (BigInt(next()) << 32n) | BigInt(next());
    return dtype.endsWith('64') ? bits : Number(BigInt.asIntN(53, bits));
  });
  return new HostArray(values);
}

/** The operand, and what its results are made of. */
export function operandOf(device: Device, dtype: Dtype, { view, axis, seed, contiguous }: Sample) {
  const host = fill(dtype, lengthOf(view), seed);
  const buffer = device.from(host, { dtype });
  const rows = groups(view, axis).map((indices) => indices.map((i) => decode(dtype, host[i]!)));
  const x: StridedView = contiguous
    ? { buffer, shape: view.shape, offset: view.offset }
    : { buffer, ...view };
  return { x, rows, buffer };
}

export const read = async (buffer: { read(): Promise<unknown> }, dtype: Dtype) => {
  const numbers = (await buffer.read()) as Numbers;
  return Array.from(numbers, (value) => decode(dtype, value));
};

export const RUNS = { numRuns: 15 };
// Roundings on the way of one term, as the documentation promises.
export const DEPTH = 160;
export const accumulator = (dtype: Dtype) => (dtype === 'float64' ? 2 ** -53 : 2 ** -24);
export const floats = DTYPES.filter(isFloat);
export const integers = DTYPES.filter((dtype) => !isFloat(dtype));
export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
