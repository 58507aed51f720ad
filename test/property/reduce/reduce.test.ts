// Reductions of random shapes, axes and strides against JavaScript.
import fc from 'fast-check';
import { type Device, DTYPES } from '../../../lib/index.js';
import {
  accumulator,
  DEPTH,
  floats,
  integers,
  operandOf,
  RUNS,
  read,
  samples,
  sum,
} from '../../support/axis.js';
import { openTestDevice } from '../../support/devices.js';
import { isFloat } from '../../support/elementwise.js';
import { extremeIndex, rounding, underflow } from '../../support/reduce.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

describe.each(floats)('%s', (dtype) => {
  test('sums, means, norms and dot products are within the bound', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async (sample) => {
        const { x, rows } = operandOf(device, dtype, sample);
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
});

describe.each(integers)('%s', (dtype) => {
  test('sums and products are exact, means and norms close', async () => {
    const wide = dtype.startsWith('u') ? 'uint64' : 'int64';
    const wrap = (value: bigint) =>
      wide === 'uint64' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
    await fc.assert(
      fc.asyncProperty(samples, async (sample) => {
        const { x, rows } = operandOf(device, dtype, sample);
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
        const { x, rows, buffer } = operandOf(device, dtype, sample);
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
});
