// Elementwise operations on any shape, strides, broadcast and dtype against plain JavaScript.
//
// Bounds. What IEEE 754 defines, and all of the integers, is compared bit for bit. Functions may be
// off by as many units in the last place as CUDA documents for them, and one more for the
// reference; of float32 for the 16-bit floats, which are then rounded once more. gelu is compared
// in test/native/ops/elementwise/kernels.cc only: JavaScript has no erfc.
import fc from 'fast-check';
import { type Device, type DeviceBuffer, DTYPES, type Dtype } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import {
  anyLay,
  at,
  BINARY,
  BINARY_OF_INTEGERS,
  contiguous,
  decode,
  elements,
  encode,
  FOR_INTEGERS,
  fault,
  indices,
  isFloat,
  type Lay,
  type Numbers,
  type Placed,
  place,
  shape,
  UNARY,
  type Value,
} from '../../support/elementwise.js';

// biome-ignore lint/suspicious/noExplicitAny: methods chosen by name, buffers of any dtype
type Any = any;

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

const common = {
  dtype: fc.constantFrom(...DTYPES),
  shape,
  x: anyLay,
  y: anyLay,
  out: fc.option(anyLay, { nil: undefined }),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
};

interface Outcome {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly out: Lay | undefined;
  /** Runs the operation with an option `out` or none. */
  readonly run: (options: object) => unknown;
  readonly expected: (index: readonly number[]) => Value;
  readonly units: (index: readonly number[]) => number;
}

/** Checks all elements of the result and that no other is written. */
function checkOutcome({ dtype, shape: extents, out, run, expected, units }: Outcome): void {
  const placed = place(extents, out ?? contiguous, false);
  const before = elements(dtype, placed.length, 99);
  using target = device.from(before, { dtype });
  const view = { buffer: target, shape: extents, strides: placed.strides, offset: placed.offset };
  const made = run(out === undefined ? {} : { out: view }) as DeviceBuffer;
  const result = (out === undefined ? made : target).readSync() as unknown as Numbers;
  const left = new Set(Array.from({ length: before.length }, (_, i) => i));
  for (const index of indices(extents)) {
    const position = at(placed, index);
    left.delete(position);
    const wrong = fault(dtype, result[position]!, expected(index), units(index));
    if (wrong !== undefined) throw new Error(`at [${index}]: ${wrong}`);
  }
  if (out === undefined) made.dispose();
  else for (const i of left) expect(result[i]).toBe(before[i]);
}

interface Given {
  readonly placed: Placed;
  readonly view: object;
  readonly buffer: DeviceBuffer;
  readonly value: (index: readonly number[]) => Value;
}

function operand(dtype: Dtype, extents: readonly number[], how: Lay, seed: number): Given {
  const placed = place(extents, how, true);
  const host = elements(dtype, placed.length, seed);
  const buffer = device.from(host, { dtype }) as DeviceBuffer;
  const { shape: own, strides, offset } = placed;
  return {
    placed,
    buffer,
    view: { buffer, shape: own, strides, offset },
    value: (index) => decode(dtype, host[at(placed, index)]!),
  };
}

/** The shape that two operands have together. */
function together(x: Placed, y: Placed): number[] {
  return x.shape.map((extent, d) => Math.max(extent, y.shape[d]!));
}

const runs = { numRuns: 150 };

describe.each(Object.keys(BINARY))('%s', (name) => {
  test('of any operands', () => {
    fc.assert(
      fc.property(fc.record(common), ({ dtype, shape: extents, x, y, out, seed }) => {
        if (name === 'pow' && !isFloat(dtype)) return;
        const first = operand(dtype, extents, x, seed);
        const second = operand(dtype, extents, y, seed + 1);
        const of = isFloat(dtype) ? BINARY[name]! : BINARY_OF_INTEGERS[name]!;
        const argument = (value: Value) => (isFloat(dtype) ? value : BigInt(value));
        checkOutcome({
          dtype,
          shape: together(first.placed, second.placed),
          out,
          run: (options) => (device as Any)[name](first.view, second.view, options),
          expected: (index) => {
            const value = (of as Any)(argument(first.value(index)), argument(second.value(index)));
            return isFloat(dtype) ? value : encode(dtype, value);
          },
          units: () => (name === 'pow' ? 9 : 0),
        });
        first.buffer.dispose();
        second.buffer.dispose();
      }),
      runs,
    );
  });

  test('of a number and elements', () => {
    fc.assert(
      fc.property(fc.record(common), ({ dtype, shape: extents, x, out, seed }) => {
        if (name === 'pow' && !isFloat(dtype)) return;
        const given = operand(dtype, extents, x, seed);
        const of = isFloat(dtype) ? BINARY[name]! : BINARY_OF_INTEGERS[name]!;
        const number = isFloat(dtype) ? (decode(dtype, encode(dtype, 2.3)) as number) : 7n;
        const passed = isFloat(dtype) ? 2.3 : dtype.endsWith('64') ? 7n : 7;
        const argument = (value: Value) => (isFloat(dtype) ? value : BigInt(value));
        const numberFirst = seed % 2 === 0;
        checkOutcome({
          dtype,
          shape: given.placed.shape,
          out,
          run: (options) =>
            numberFirst
              ? (device as Any)[name](passed, given.view, options)
              : (device as Any)[name](given.view, passed, options),
          expected: (index) => {
            const value = argument(given.value(index));
            const result = numberFirst ? (of as Any)(number, value) : (of as Any)(value, number);
            return isFloat(dtype) ? result : encode(dtype, result);
          },
          units: () => (name === 'pow' ? 9 : 0),
        });
        given.buffer.dispose();
      }),
      { numRuns: 60 },
    );
  });
});

test.each(Object.keys(UNARY))('%s', (name) => {
  fc.assert(
    fc.property(fc.record(common), ({ dtype, shape: extents, x, out, seed }) => {
      const integers = FOR_INTEGERS[name];
      if (!isFloat(dtype) && integers === undefined) return;
      const given = operand(dtype, extents, x, seed);
      const { of, units } = UNARY[name]!;
      checkOutcome({
        dtype,
        shape: given.placed.shape,
        out,
        run: (options) => (device as Any)[name](given.view, options),
        expected: (index) =>
          isFloat(dtype)
            ? of(given.value(index) as number)
            : encode(dtype, integers!(BigInt(given.value(index)))),
        units: (index) => units(Number(given.value(index))),
      });
      given.buffer.dispose();
    }),
    runs,
  );
});

/**
 * An integer as a double from which rounding on gives what rounding the integer would: where it
 * falls between two doubles, that with the last bit set.
 */
function toDouble(value: bigint): number {
  const nearest = new Float64Array([Number(value)]);
  if (BigInt(nearest[0]!) === value) return nearest[0]!;
  const bits = new BigUint64Array(nearest.buffer);
  const size = (x: bigint) => (x < 0n ? -x : x);
  if (size(BigInt(nearest[0]!)) > size(value)) bits[0]! -= 1n;
  bits[0]! |= 1n;
  return nearest[0]!;
}

/** As the documentation of convert says. */
function converted(from: Dtype, to: Dtype, value: Value): Value {
  if (isFloat(to)) {
    return decode(to, encode(to, typeof value === 'bigint' ? toDouble(value) : value));
  }
  if (!isFloat(from)) return encode(to, BigInt(value));
  const number = Math.trunc(Number(value));
  if (Number.isNaN(number)) return encode(to, 0n);
  const bits = BigInt(/\d+/.exec(to)![0]);
  const unsigned = to.startsWith('u');
  const most = unsigned ? 2n ** bits - 1n : 2n ** (bits - 1n) - 1n;
  const least = unsigned ? 0n : -most - 1n;
  if (number > most) return encode(to, most);
  return encode(to, number < least ? least : BigInt(number));
}

test('convert, from any dtype to any other', () => {
  fc.assert(
    fc.property(
      fc.record({ ...common, to: fc.constantFrom(...DTYPES) }),
      ({ dtype, to, shape: extents, x, out, seed }) => {
        const given = operand(dtype, extents, x, seed);
        checkOutcome({
          dtype: to,
          shape: given.placed.shape,
          out,
          run: (options) => device.convert(given.view as Any, to, options),
          expected: (index) => converted(dtype, to, given.value(index)),
          units: () => 0,
        });
        given.buffer.dispose();
      },
    ),
    { numRuns: 600 },
  );
});
