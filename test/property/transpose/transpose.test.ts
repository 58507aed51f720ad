// Transposition of random matrices against JavaScript.
import fc from 'fast-check';
import { type Device, DTYPES } from '../../../lib/index.js';
import { fill, type Numbers, RUNS } from '../../support/axis.js';
import { openTestDevice } from '../../support/devices.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

describe.each([...DTYPES])('%s', (dtype) => {
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
