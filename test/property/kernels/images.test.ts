// The addon's functions for modules and tensor maps, called with bytes and numbers that are damaged.
import fc from 'fast-check';
import {
  addon,
  BAD,
  BYTES,
  closeHandles,
  handles,
  of,
  openHandles,
  survives,
} from '../../support/handles.js';

beforeAll(openHandles);
afterAll(closeHandles);

test('modules: bytes that are changed or cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
      fc.nat(),
      (changes, end) => {
        const bytes = BYTES.slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const length = end % 3 === 0 ? end % bytes.length : bytes.length;
        const code = survives(() =>
          addon.loadModule(handles.device!, bytes.subarray(0, length)),
        ) as number;
        if (code === undefined) return;
        for (const { name } of addon.moduleContents(code).kernels) {
          const kernel = survives(() => addon.openKernel(code, name, new Uint32Array(0))) as number;
          if (kernel !== undefined) addon.closeKernel(kernel);
        }
        for (const { name } of addon.moduleContents(code).variables) {
          const buffer = survives(() => addon.moduleGlobal(code, name, handles.stream!)) as number;
          if (buffer !== undefined) addon.closeBuffer(buffer);
        }
        addon.closeModule(code);
      },
    ),
    { numRuns: 500 },
  );
});

test('tensor maps', () => {
  const number = fc.oneof(
    fc.constantFrom(...BAD, 1, 2, 3, 4, 16, 64, 256, 257),
    fc.nat({ max: 20 }),
  );
  const numbers = fc.oneof(
    fc.array(number, { maxLength: 30 }),
    // Of a length that fits the rank.
    fc.integer({ min: 0, max: 7 }).chain((rank) =>
      fc
        .array(number, {
          minLength: Math.max(4 * rank - 1, 0),
          maxLength: Math.max(4 * rank - 1, 0),
        })
        .map((rest) => [7, 0, 0, rank, ...rest]),
    ),
  );
  const map = fc
    .oneof(fc.constant(128), fc.constantFrom(0, 127, 129))
    .map((size) => new Uint8Array(size));
  fc.assert(
    fc.property(of('buffer'), numbers, map, (buffer, values, out) => {
      survives(() => addon.encodeTensorMap(buffer, Float64Array.from(values), out));
    }),
    { numRuns: 2000 },
  );
});
