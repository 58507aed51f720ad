/**
 * Elementwise operations in plain JavaScript, and operands that lie anywhere.
 */
import fc from 'fast-check';
import { dtypeByName } from '../../lib/base/dtype.js';
import { toBfloat16Bits, toFloat16Bits } from '../../lib/base/scalar.js';
import type { Dtype } from '../../lib/index.js';
import { decodeBfloat16, decodeFloat16, randomNumbers } from './numbers.js';

export type Numbers = ArrayBufferView & { [i: number]: number | bigint; length: number };
export type Value = number | bigint;

export const FLOATS: readonly Dtype[] = ['float32', 'float64', 'float16', 'bfloat16'];
export const isFloat = (dtype: Dtype) => FLOATS.includes(dtype);
export const isWide = (dtype: Dtype) => dtypeByName(dtype)!.kind === 'bigint';

/** The number that an element of a host array stands for. */
export function decode(dtype: Dtype, element: Value): Value {
  if (dtype === 'float16') return decodeFloat16(Number(element));
  if (dtype === 'bfloat16') return decodeBfloat16(Number(element));
  return element;
}

/** The element for a number: rounded once, or wrapped around. */
export function encode(dtype: Dtype, value: Value): Value {
  if (dtype === 'float16') return toFloat16Bits(Number(value));
  if (dtype === 'bfloat16') return toBfloat16Bits(Number(value));
  const array = hostArray(dtype, 1);
  array[0] = isFloat(dtype) ? Number(value) : isWide(dtype) ? BigInt(value) : wrapped(value);
  return array[0]!;
}

// A typed array takes numbers modulo 2^32, but not those beyond 2^53 exactly.
const wrapped = (value: Value) => Number(BigInt.asIntN(32, BigInt(value)));

function hostArray(dtype: Dtype, length: number): Numbers {
  return new (dtypeByName(dtype)!.HostArray)(length) as Numbers;
}

/** float32 for the 16-bit floats, whose results are rounded to it before. */
function computed(dtype: Dtype, value: number): number {
  return dtype === 'float64' ? value : Math.fround(value);
}

function unitOf(value: number, mantissaBits: number, leastExponent: number): number {
  if (!Number.isFinite(value)) return 0;
  const exponent = value === 0 ? leastExponent : Math.floor(Math.log2(Math.abs(value)));
  return 2 ** (Math.max(exponent, leastExponent) - mantissaBits);
}

const FORMATS: Partial<Record<Dtype, [mantissaBits: number, leastExponent: number]>> = {
  float32: [23, -126],
  float64: [52, -1022],
  float16: [10, -14],
  bfloat16: [7, -126],
};

const sigmoid = (x: number) => (x < 0 ? Math.exp(x) : 1) / (1 + Math.exp(-Math.abs(x)));
const gated = (x: number, factor: number) => (factor === 0 ? -0 : x * factor);

export interface Unary {
  readonly of: (x: number) => number;
  /** Units in the last place. */
  readonly units: (x: number) => number;
}

const exact = () => 0;
export const UNARY: Record<string, Unary> = {
  neg: { of: (x) => -x, units: exact },
  abs: { of: Math.abs, units: exact },
  square: { of: (x) => x * x, units: exact },
  relu: { of: (x) => (x <= 0 ? 0 : x), units: exact },
  sqrt: { of: Math.sqrt, units: exact },
  reciprocal: { of: (x) => 1 / x, units: exact },
  rsqrt: { of: (x) => 1 / Math.sqrt(x), units: () => 4 },
  exp: { of: Math.exp, units: () => 3 },
  log: { of: Math.log, units: () => 3 },
  sin: { of: Math.sin, units: () => 3 },
  cos: { of: Math.cos, units: () => 3 },
  tanh: { of: Math.tanh, units: () => 3 },
  sigmoid: { of: sigmoid, units: () => 7 },
  silu: { of: (x) => gated(x, sigmoid(x)), units: () => 8 },
};
export const FOR_INTEGERS: Record<string, (x: bigint) => bigint> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  square: (x) => x * x,
  relu: (x) => (x < 0n ? 0n : x),
};

export const BINARY: Record<string, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  maximum: Math.max,
  minimum: Math.min,
  pow: (x, y) => (x === 1 || (x === -1 && !Number.isFinite(y) && !Number.isNaN(y)) ? 1 : x ** y),
};
export const BINARY_OF_INTEGERS: Record<string, (x: bigint, y: bigint) => bigint> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => (y === 0n ? 0n : x / y),
  maximum: (x, y) => (x > y ? x : y),
  minimum: (x, y) => (x < y ? x : y),
};

/** How an operand lies in its buffer; made from random choices so that no element repeats. */
export interface Lay {
  readonly permutation: number[];
  readonly gaps: number[];
  readonly backwards: boolean[];
  readonly repeated: boolean[];
  readonly before: number;
}

const MOST = 4;
const numbers = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: MOST, maxLength: MOST });
export const lay: fc.Arbitrary<Lay> = fc.record({
  permutation: fc.shuffledSubarray([0, 1, 2, 3], { minLength: MOST }),
  gaps: numbers(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 }))),
  backwards: numbers(fc.boolean()),
  repeated: numbers(fc.boolean()),
  before: fc.integer({ min: 0, max: 5 }),
});
export const contiguous: Lay = {
  permutation: [0, 1, 2, 3],
  gaps: [0, 0, 0, 0],
  backwards: [false, false, false, false],
  repeated: [false, false, false, false],
  before: 0,
};
export const anyLay = fc.oneof(lay, fc.constant(contiguous));
// Extents that vectors divide, too.
export const shape = fc.array(fc.constantFrom(1, 2, 3, 5, 8, 16), { maxLength: MOST });

export interface Placed {
  readonly shape: number[];
  readonly strides: number[];
  readonly offset: number;
  readonly length: number;
}

export function place(extents: readonly number[], how: Lay, mayRepeat: boolean): Placed {
  const rank = extents.length;
  const own = extents.map((extent, d) => (mayRepeat && how.repeated[d] ? 1 : extent));
  const strides = new Array<number>(rank).fill(0);
  let next = 1;
  let first = 0;
  let last = 0;
  for (const p of how.permutation.slice().reverse()) {
    if (p >= rank) continue;
    const stride = how.backwards[p] ? -next : next;
    strides[p] = stride;
    if (stride < 0) first += (own[p]! - 1) * stride;
    else last += (own[p]! - 1) * stride;
    next = next * own[p]! + how.gaps[p]!;
  }
  const offset = how.before - first;
  return { shape: own, strides, offset, length: offset + last + 1 + how.gaps[0]! };
}

export function* indices(extents: readonly number[]): Generator<number[]> {
  const count = extents.reduce((product, extent) => product * extent, 1);
  for (let i = 0; i < count; i++) {
    const index: number[] = new Array(extents.length);
    let rest = i;
    for (let d = extents.length - 1; d >= 0; d--) {
      index[d] = rest % extents[d]!;
      rest = Math.floor(rest / extents[d]!);
    }
    yield index;
  }
}

export function at(placed: Placed, index: readonly number[]): number {
  const skipped = index.length - placed.shape.length;
  return placed.shape.reduce(
    (sum, extent, d) => sum + (extent === 1 ? 0 : index[skipped + d]! * placed.strides[d]!),
    placed.offset,
  );
}

const EDGES = [0, -0, 1, -1, 0.5, 2, 3.5, -7, 1e-8, -40, 60, Number.NaN, Infinity, -Infinity];

/** Elements of the dtype: half of them edges. */
export function elements(dtype: Dtype, length: number, seed: number): Numbers {
  const array = hostArray(dtype, length);
  for (const [i, random] of randomNumbers(length, seed).entries()) {
    const edge = EDGES[Math.floor(Math.abs(random) * 1e6) % EDGES.length]!;
    if (isFloat(dtype)) array[i] = encode(dtype, i % 2 === 0 ? edge : random * 20);
    else if (isWide(dtype)) array[i] = BigInt(Math.trunc(random * 2 ** 62)) * (i % 3 ? 1n : 2n);
    else array[i] = i % 3 ? Math.trunc(random * 2 ** 31) : Math.trunc(random * 4);
  }
  return array;
}

/** What is wrong with the element `got`, if it is not within so many units of `expected`. */
export function fault(
  dtype: Dtype,
  got: Value,
  expected: Value,
  units: number,
): string | undefined {
  if (!isFloat(dtype)) return got === expected ? undefined : `${got}, not ${expected}`;
  const value = decode(dtype, got) as number;
  const wanted = Number(expected);
  const rounded = decode(dtype, encode(dtype, computed(dtype, wanted))) as number;
  if (Object.is(value, rounded) || (value === rounded && rounded === 0)) return undefined;
  if (Number.isNaN(value) && Number.isNaN(rounded)) return undefined;
  const narrow = dtype === 'float16' || dtype === 'bfloat16';
  const inner = unitOf(wanted, ...FORMATS[narrow ? 'float32' : dtype]!);
  const outer = narrow ? unitOf(wanted, ...FORMATS[dtype]!) : 0;
  if (units > 0 && Math.abs(value - wanted) <= units * inner + outer) return undefined;
  return `${value}, not ${wanted}`;
}
