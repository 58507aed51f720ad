// Softmax of random shapes, axes and strides against JavaScript.
import fc from 'fast-check';
import type { Device, StridedView } from '../../../lib/index.js';
import {
  accumulator,
  DEPTH,
  floats,
  operandOf,
  RUNS,
  read,
  samples,
  sum,
} from '../../support/axis.js';
import { openTestDevice } from '../../support/devices.js';
import { groups, rounding, underflow } from '../../support/reduce.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

describe.each(floats)('%s', (dtype) => {
  test('softmax', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.boolean(), async (sample, log) => {
        const axis = sample.axis ?? sample.view.shape.length - 1;
        const { x, rows } = operandOf(device, dtype, { ...sample, axis });
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
