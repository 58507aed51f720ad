// Reductions, softmax and transposition of random shapes, axes and strides against JavaScript.
import fc from 'fast-check';
import { dtypeByName } from '../../../lib/base/dtype.js';
import { type Device, DTYPES, type Dtype, type StridedView } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { decode, isFloat } from '../../support/elementwise.js';
import {
  encode,
  extremeIndex,
  groups,
  type HostView,
  rounding,
  underflow,
} from '../../support/reduce.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

type Numbers = ArrayBufferView & ArrayLike<number | bigint>;
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

const samples: fc.Arbitrary<Sample> = views
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
function fill(dtype: Dtype, length: number, seed: number): Numbers {
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
function operandOf(dtype: Dtype, { view, axis, seed, contiguous }: Sample) {
  const host = fill(dtype, lengthOf(view), seed);
  const buffer = device.from(host, { dtype });
  const rows = groups(view, axis).map((indices) => indices.map((i) => decode(dtype, host[i]!)));
  const x: StridedView = contiguous
    ? { buffer, shape: view.shape, offset: view.offset }
    : { buffer, ...view };
  return { x, rows, buffer };
}

const read = async (buffer: { read(): Promise<unknown> }, dtype: Dtype) => {
  const numbers = (await buffer.read()) as Numbers;
  return Array.from(numbers, (value) => decode(dtype, value));
};

const RUNS = { numRuns: 15 };
// Roundings on the way of one term, as the documentation promises.
const DEPTH = 160;
const accumulator = (dtype: Dtype) => (dtype === 'float64' ? 2 ** -53 : 2 ** -24);
const floats = DTYPES.filter(isFloat);
const integers = DTYPES.filter((dtype) => !isFloat(dtype));
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe.each(floats)('%s', (dtype) => {
  test('sums, means, norms and dot products are within the bound', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async (sample) => {
        const { x, rows } = operandOf(dtype, sample);
        const { axis } = sample;
        const results = {
          sum: await read(device.sum(x, { axis }), dtype),
          mean: await read(device.mean(x, { axis }), dtype),
          norm: await read(device.norm(x, { axis }), dtype),
          dot: await read(device.dot(x, x, { axis }), dtype),
        };
        const wrong: object[] = [];
        for (const [i, row] of (rows as number[][]).entries()) {
          const squares = sum(row.map((value) => value * value));
          const size = sum(row.map(Math.abs));
          // The references are sums in float64 themselves.
          const unit = DEPTH * accumulator(dtype) + row.length * 2 ** -53;
          const check = (name: keyof typeof results, exact: number, scale: number) => {
            const bound = unit * scale + 2 * rounding(dtype) * Math.abs(exact) + underflow(dtype);
            const result = results[name][i] as number;
            if (!(Math.abs(result - exact) <= bound)) wrong.push({ name, i, result, exact, bound });
          };
          check('sum', sum(row), size);
          check('mean', sum(row) / row.length, size / row.length);
          check('norm', Math.sqrt(squares), Math.sqrt(squares));
          if (dtype !== 'float16' || squares < 60000) check('dot', squares, squares);
        }
        expect(wrong).toEqual([]);
        expect(results.sum).toHaveLength(rows.length);
      }),
      RUNS,
    );
  });

  test('softmax', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.boolean(), async (sample, log) => {
        const axis = sample.axis ?? sample.view.shape.length - 1;
        const { x, rows } = operandOf(dtype, { ...sample, axis });
        const got = await read(device.softmax(x as StridedView<'float32'>, { axis, log }), dtype);
        const { shape } = sample.view;
        const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
        const places = groups({ shape, strides, offset: 0 }, axis);
        expect(got).toHaveLength(rows.length * rows[0]!.length);
        const wrong: object[] = [];
        for (const [i, row] of (rows as number[][]).entries()) {
          const largest = Math.max(...row);
          const total = sum(row.map((value) => Math.exp(value - largest)));
          for (const [j, value] of row.entries()) {
            const shifted = value - largest;
            const exact = log ? shifted - Math.log(total) : Math.exp(shifted) / total;
            const unit = DEPTH * accumulator(dtype) + row.length * 2 ** -53;
            const bound =
              unit * (log ? 1 + Math.abs(shifted) : exact * (1 + Math.abs(shifted))) +
              2 * rounding(dtype) * Math.abs(exact) +
              underflow(dtype);
            const result = got[places[i]![j]!] as number;
            if (!(Math.abs(result - exact) <= bound)) wrong.push({ i, j, result, exact, bound });
          }
        }
        expect(wrong).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe.each(integers)('%s', (dtype) => {
  test('sums and products are exact, means and norms close', async () => {
    const wide = dtype.startsWith('u') ? 'uint64' : 'int64';
    const wrap = (value: bigint) =>
      wide === 'uint64' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
    await fc.assert(
      fc.asyncProperty(samples, async (sample) => {
        const { x, rows } = operandOf(dtype, sample);
        const { axis } = sample;
        const sums = device.sum(x, { axis });
        expect(sums.dtype).toBe(wide);
        const results = {
          sum: await read(sums, wide),
          prod: await read(device.prod(x, { axis }), wide),
          dot: await read(device.dot(x, x, { axis }), wide),
          mean: await read(device.mean(x, { axis }), 'float64'),
          norm: await read(device.norm(x, { axis }), 'float64'),
        };
        for (const [i, row] of rows.entries()) {
          const whole = row.map(BigInt);
          expect(results.sum[i]).toBe(wrap(whole.reduce((a, b) => a + b, 0n)));
          expect(results.prod[i]).toBe(wrap(whole.reduce((a, b) => a * b, 1n)));
          expect(results.dot[i]).toBe(wrap(whole.reduce((a, b) => a + b * b, 0n)));
          const unit = (DEPTH + 4) * 2 ** -53;
          const total = Number(whole.reduce((a, b) => a + b, 0n));
          const size = Number(whole.reduce((a, b) => a + (b < 0n ? -b : b), 0n));
          const norm = Math.sqrt(Number(whole.reduce((a, b) => a + b * b, 0n)));
          expect(Math.abs((results.mean[i] as number) - total / row.length)).toBeLessThanOrEqual(
            (unit * size) / row.length,
          );
          expect(Math.abs((results.norm[i] as number) - norm)).toBeLessThanOrEqual(unit * norm);
        }
      }),
      RUNS,
    );
  });
});

describe.each([...DTYPES])('%s', (dtype) => {
  test('extremes and their indices', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.boolean(), async (sample, withNaN) => {
        const { x, rows, buffer } = operandOf(dtype, sample);
        const { axis } = sample;
        if (withNaN && isFloat(dtype)) {
          buffer.fill(Number.NaN);
          for (const row of rows) row.fill(Number.NaN);
        }
        const results = {
          max: await read(device.max(x, { axis }), dtype),
          min: await read(device.min(x, { axis }), dtype),
          argmax: await read(device.argmax(x, { axis }), 'int32'),
          argmin: await read(device.argmin(x, { axis, outDtype: 'int64' }), 'int64'),
        };
        for (const [i, row] of rows.entries()) {
          const first = extremeIndex(row, true);
          const last = extremeIndex(row, false);
          expect(results.argmax[i]).toBe(first);
          expect(results.argmin[i]).toBe(BigInt(last));
          expect(results.max[i]).toEqual(row[first]);
          expect(results.min[i]).toEqual(row[last]);
        }
      }),
      RUNS,
    );
  });

  test('transposition', async () => {
    const extent = fc.integer({ min: 0, max: 70 });
    await fc.assert(
      fc.asyncProperty(
        extent,
        extent,
        fc.integer({ min: 0, max: 3 }),
        async (rows, columns, batches) => {
          const host = fill(dtype, batches * rows * columns, rows + 71 * columns + 1);
          const x = device.from(host, { dtype });
          const y = (await device.transpose(x, { rows, columns, batches }).read()) as Numbers;
          const expected = Array.from({ length: host.length }, (_, i) => {
            const matrix = rows * columns;
            const within = i % matrix;
            return host[i - within + (within % rows) * columns + Math.floor(within / rows)]!;
          });
          expect(Array.from(y)).toEqual(expected);
        },
      ),
      RUNS,
    );
  });
});
