/** The numbers that all contenders compute with: bench/peers/README.md. */
import type { Device, DeviceBuffer } from 'nodecuda';
import { toBfloat16Bits, toFloat16Bits } from '../../dist/base/scalar.js';

/** What the bench computes with. */
export type BenchDtype = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int8';
/** And what may come out. */
export type OutputDtype = BenchDtype | 'int32';
/** And of a matrix product. */
export type ProductDtype = Exclude<OutputDtype, 'int8'>;

export const BYTES: Readonly<Record<OutputDtype, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int32: 4,
};

const SIGNIFICANT_BITS = { float32: 24, float16: 11, bfloat16: 8, int8: 8 } as const;
/** Element i is element i - PERIOD again. A prime, so that rows of a matrix do not repeat. */
export const PERIOD = 16777213;

function hash(seed: number, index: number): number {
  let h = (Math.imul(index, 0x9e3779b1) + Math.imul(seed, 0x85ebca6b)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Element `index` of the operand with that seed: 1 for the first, 2 for the second. */
export function valueAt(dtype: BenchDtype, seed: number, index: number): number {
  const i = index % PERIOD;
  const h = hash(seed, i);
  if (dtype === 'float64') {
    return (h * 2 ** 21 + (hash(seed + 16, i) >>> 11)) / 2 ** 52 - 1;
  }
  const bits = SIGNIFICANT_BITS[dtype];
  const steps = (h >>> (32 - bits)) - 2 ** (bits - 1);
  return dtype === 'int8' ? steps : steps / 2 ** (bits - 1);
}

type HostNumbers = Float32Array | Float64Array | Uint16Array | Int8Array;

function emptyArray(dtype: BenchDtype, length: number): HostNumbers {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int8':
      return new Int8Array(length);
    default:
      return new Uint16Array(length);
  }
}

/** The bits of each float16 (or bfloat16) that occurs, by its steps from the least one. */
function narrowTable(dtype: 'float16' | 'bfloat16'): Uint16Array {
  const half = 2 ** (SIGNIFICANT_BITS[dtype] - 1);
  const toBits = dtype === 'float16' ? toFloat16Bits : toBfloat16Bits;
  return Uint16Array.from({ length: 2 * half }, (_, u) => toBits((u - half) / half));
}

const made = new Map<string, HostNumbers>();

/** The first elements of an operand as they are in memory, at most a period of them. */
export function hostNumbers(dtype: BenchDtype, seed: number, length: number): HostNumbers {
  const count = Math.min(length, PERIOD);
  const key = `${dtype} ${seed}`;
  const known = made.get(key);
  if (known !== undefined && known.length >= count) return known.subarray(0, count);
  const data = makeNumbers(dtype, seed, count);
  made.set(key, data);
  return data;
}

function makeNumbers(dtype: BenchDtype, seed: number, count: number): HostNumbers {
  const data = emptyArray(dtype, count);
  if (dtype === 'float16' || dtype === 'bfloat16') {
    const table = narrowTable(dtype);
    const shift = 32 - SIGNIFICANT_BITS[dtype];
    for (let i = 0; i < data.length; ++i) data[i] = table[hash(seed, i) >>> shift]!;
  } else {
    for (let i = 0; i < data.length; ++i) data[i] = valueAt(dtype, seed, i);
  }
  return data;
}

/** All elements of a float32 operand, for those that compute in host memory. */
export function hostFloats(seed: number, length: number): Float32Array {
  const period = hostNumbers('float32', seed, length) as Float32Array;
  if (period.length === length) return period;
  const all = new Float32Array(length);
  for (let i = 0; i < length; i += PERIOD) all.set(period.subarray(0, length - i), i);
  return all;
}

/** An operand in device memory. */
export function upload<D extends BenchDtype>(
  device: Device,
  dtype: D,
  seed: number,
  length: number,
): DeviceBuffer<D> {
  const period = device.from(hostNumbers(dtype, seed, length), { dtype }) as DeviceBuffer<D>;
  if (length <= PERIOD) return period;
  const all = device.alloc(dtype, length, { uninitialized: true });
  for (let offset = 0; offset < length; offset += PERIOD) {
    all.copyFrom(period, { offset, length: Math.min(PERIOD, length - offset) });
  }
  period.dispose();
  return all;
}

/** An element of an output as a number. */
export function decode(dtype: OutputDtype, element: number): number {
  if (dtype === 'bfloat16') {
    return new Float32Array(Uint32Array.of(element << 16).buffer)[0]!;
  }
  if (dtype !== 'float16') return element;
  const sign = element >> 15 ? -1 : 1;
  const exponent = (element >> 10) & 31;
  const fraction = (element & 0x3ff) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}
