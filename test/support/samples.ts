// Random types of parameters with values of them, and the bytes that those have: packed here, by
// nothing of the library.
import fc from 'fast-check';

/** A type with a value of it: what the test knows of both. */
export interface Sample {
  readonly type: unknown;
  readonly bytes: number;
  readonly alignment: number;
  /** PTX types that a parameter of this type may have, besides bytes. */
  readonly ptx: readonly string[];
  readonly value: unknown;
  write(view: DataView, at: number): void;
}

type Write = (view: DataView, at: number, value: never) => void;
const integer = (min: number, max: number) =>
  fc.oneof(
    fc.integer({ min, max }),
    fc.integer({ min, max }).map(BigInt),
    fc.constantFrom(min, max),
  );

/** The number that 16 bits stand for: decoded, so that nothing of the encoder is repeated here. */
function fromBits(bits: number, exponentBits: number): number {
  const mantissaBits = 15 - exponentBits;
  const exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  const mantissa = bits & ((1 << mantissaBits) - 1);
  const bias = (1 << (exponentBits - 1)) - 1;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === (1 << exponentBits) - 1) return sign * Number.POSITIVE_INFINITY;
  const fraction = mantissa / 2 ** mantissaBits;
  return (
    sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias))
  );
}

/** Bits of a number of 16 bits that is no NaN. */
const half = (exponentBits: number) =>
  fc.integer({ min: 0, max: 0xffff }).map((bits) => {
    const infinity = ((1 << exponentBits) - 1) << (15 - exponentBits);
    return (bits & infinity) === infinity ? (bits & 0x8000) | infinity : bits;
  });

export interface Scalar {
  readonly bytes: number;
  readonly ptx: readonly string[];
  readonly Array: { from(values: never[]): ArrayBufferView };
  /** Pairs of what is passed and what is written. */
  readonly values: fc.Arbitrary<readonly [passed: unknown, written: unknown]>;
  readonly write: Write;
}
const same = (values: fc.Arbitrary<unknown>) => values.map((value) => [value, value] as const);
const whole = (values: fc.Arbitrary<number | bigint>, wide = false) =>
  values.map((value) => [value, wide ? BigInt(value) : Number(value)] as const);
const long = (min: bigint, max: bigint) =>
  fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max), fc.integer({ min: 0, max: 1000 }));

export const SCALARS: Record<string, Scalar> = {
  float32: {
    bytes: 4,
    ptx: ['f32', 'b32'],
    Array: Float32Array,
    values: same(fc.double({ noNaN: true })),
    write: (v, at, x) => v.setFloat32(at, x, true),
  },
  float64: {
    bytes: 8,
    ptx: ['f64', 'b64'],
    Array: Float64Array,
    values: same(fc.double({ noNaN: true })),
    write: (v, at, x) => v.setFloat64(at, x, true),
  },
  float16: {
    bytes: 2,
    ptx: ['b16'],
    Array: Uint16Array,
    values: half(5).map((bits) => [fromBits(bits, 5), bits]),
    write: (v, at, x) => v.setUint16(at, x, true),
  },
  bfloat16: {
    bytes: 2,
    ptx: ['b16'],
    Array: Uint16Array,
    values: half(8).map((bits) => [fromBits(bits, 8), bits]),
    write: (v, at, x) => v.setUint16(at, x, true),
  },
  int8: {
    bytes: 1,
    ptx: ['s8', 'u8', 'b8'],
    Array: Int8Array,
    values: whole(integer(-128, 127)),
    write: (v, at, x) => v.setInt8(at, x),
  },
  uint8: {
    bytes: 1,
    ptx: ['s8', 'u8', 'b8'],
    Array: Uint8Array,
    values: whole(integer(0, 255)),
    write: (v, at, x) => v.setUint8(at, x),
  },
  int16: {
    bytes: 2,
    ptx: ['s16', 'u16', 'b16'],
    Array: Int16Array,
    values: whole(integer(-32768, 32767)),
    write: (v, at, x) => v.setInt16(at, x, true),
  },
  uint16: {
    bytes: 2,
    ptx: ['s16', 'u16', 'b16'],
    Array: Uint16Array,
    values: whole(integer(0, 65535)),
    write: (v, at, x) => v.setUint16(at, x, true),
  },
  int32: {
    bytes: 4,
    ptx: ['s32', 'u32', 'b32'],
    Array: Int32Array,
    values: whole(integer(-(2 ** 31), 2 ** 31 - 1)),
    write: (v, at, x) => v.setInt32(at, x, true),
  },
  uint32: {
    bytes: 4,
    ptx: ['s32', 'u32', 'b32'],
    Array: Uint32Array,
    values: whole(integer(0, 2 ** 32 - 1)),
    write: (v, at, x) => v.setUint32(at, x, true),
  },
  int64: {
    bytes: 8,
    ptx: ['s64', 'u64', 'b64'],
    Array: BigInt64Array,
    values: whole(long(-(2n ** 63n), 2n ** 63n - 1n), true),
    write: (v, at, x) => v.setBigInt64(at, x, true),
  },
  uint64: {
    bytes: 8,
    ptx: ['s64', 'u64', 'b64'],
    Array: BigUint64Array,
    values: whole(long(0n, 2n ** 64n - 1n), true),
    write: (v, at, x) => v.setBigUint64(at, x, true),
  },
};
export const dtypes = Object.keys(SCALARS);

export const scalar: fc.Arbitrary<Sample> = fc.constantFrom(...dtypes).chain((dtype) => {
  const { bytes, ptx: names, values, write } = SCALARS[dtype]!;
  return values.map(([value, written]) => ({
    ...{ type: dtype, bytes, alignment: bytes, ptx: names, value },
    write: (view, at) => write(view, at, written as never),
  }));
});

export const bool: fc.Arbitrary<Sample> = fc.boolean().map((value) => ({
  ...{ type: 'bool', bytes: 1, alignment: 1, ptx: ['u8', 's8', 'b8'], value },
  write: (view, at) => view.setUint8(at, value ? 1 : 0),
}));

export const array: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom(...dtypes), fc.integer({ min: 1, max: 9 }), fc.boolean())
  .chain(([dtype, length, typed]) => {
    const { bytes, values, write, Array: HostArray } = SCALARS[dtype]!;
    return fc.array(values, { minLength: length, maxLength: length }).map((pairs) => {
      const passed = pairs.map(([value]) => value);
      const written = pairs.map(([, value]) => value);
      return {
        ...{ type: `${dtype}[${length}]`, bytes: length * bytes, alignment: bytes, ptx: [] },
        value: typed ? HostArray.from(written as never[]) : passed,
        write: (view: DataView, at: number) =>
          written.forEach((value, i) => {
            write(view, at + i * bytes, value as never);
          }),
      };
    });
  });

const roundUp = (bytes: number, alignment: number) =>
  bytes + (((-bytes % alignment) + alignment) % alignment);

export function structOf(fields: readonly Sample[], align: number | undefined): Sample {
  let alignment = align ?? 1;
  let end = 0;
  const placed = fields.map((field) => {
    const at = roundUp(end, field.alignment);
    end = at + field.bytes;
    alignment = Math.max(alignment, field.alignment);
    return { field, at };
  });
  const named = (of: (sample: Sample) => unknown) =>
    Object.fromEntries(fields.map((field, i) => [`f${i}`, of(field)]));
  return {
    type: { struct: named(({ type }) => type), ...(align !== undefined && { align }) },
    ...{ bytes: roundUp(end, alignment), alignment, ptx: [] },
    value: named(({ value }) => value),
    write(view, from) {
      for (const { field, at } of placed) field.write(view, from + at);
    },
  };
}
