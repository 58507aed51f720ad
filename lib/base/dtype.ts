/**
 * Element types, and which JavaScript arrays carry them.
 */
import { DTYPES as NAMES } from '../abi/dtypes.js';

/** Every element type, named as in NumPy. */
export const DTYPES = Object.freeze(NAMES);

/**
 * The element type of a {@link DeviceBuffer}, named as in NumPy.
 *
 * JavaScript has no array for `bfloat16`, and one for `float16` only in recent versions: both are
 * read as `Uint16Array` holding the bits. A `Float16Array` is accepted wherever a `float16` source
 * or destination is.
 */
export type Dtype = (typeof DTYPES)[number];

/** The dtypes of the functions that integers do not have. */
export type FloatDtype = 'float32' | 'float64' | 'float16' | 'bfloat16';

/**
 * The typed array that {@link DeviceBuffer.read} returns, by dtype: `Float32Array<ArrayBuffer>` and
 * so on, over memory that is not shared. Before TypeScript 5.7, which has no type argument there,
 * `Float32Array`; that is why it is written as what `Float32Array.of` returns.
 */
export interface HostArrays {
  float32: ReturnType<(typeof Float32Array)['of']>;
  float64: ReturnType<(typeof Float64Array)['of']>;
  float16: ReturnType<(typeof Uint16Array)['of']>;
  bfloat16: ReturnType<(typeof Uint16Array)['of']>;
  int8: ReturnType<(typeof Int8Array)['of']>;
  uint8: ReturnType<(typeof Uint8Array)['of']>;
  int16: ReturnType<(typeof Int16Array)['of']>;
  uint16: ReturnType<(typeof Uint16Array)['of']>;
  int32: ReturnType<(typeof Int32Array)['of']>;
  uint32: ReturnType<(typeof Uint32Array)['of']>;
  int64: ReturnType<(typeof BigInt64Array)['of']>;
  uint64: ReturnType<(typeof BigUint64Array)['of']>;
}

/** The typed array that holds elements of dtype `D` in host memory. */
export type HostArray<D extends Dtype> = HostArrays[D];

/** What one element of dtype `D` is in JavaScript, for {@link DeviceBuffer.fill}. */
export type Scalar<D extends Dtype> = D extends 'int64' | 'uint64' ? number | bigint : number;

/** The dtype of each kind of typed array. */
export interface DtypesByArray {
  Float32Array: 'float32';
  Float64Array: 'float64';
  Float16Array: 'float16';
  Int8Array: 'int8';
  Uint8Array: 'uint8';
  Uint8ClampedArray: 'uint8';
  Int16Array: 'int16';
  Uint16Array: 'uint16';
  Int32Array: 'int32';
  Uint32Array: 'uint32';
  BigInt64Array: 'int64';
  BigUint64Array: 'uint64';
}

/** The dtype that a typed array has by itself: `'float32'` for a `Float32Array`. */
export type DtypeOf<A extends ArrayBufferView> = A extends {
  readonly [Symbol.toStringTag]: infer Name;
}
  ? Name extends keyof DtypesByArray
    ? DtypesByArray[Name]
    : never
  : never;

/** What the library knows of one dtype. */
export interface DtypeInfo {
  readonly name: Dtype;
  /** As native code numbers it. */
  readonly index: number;
  readonly byteSize: number;
  readonly kind: 'float' | 'int' | 'bigint';
  /** Names of the typed arrays that may be copied from and to. */
  readonly arrays: readonly string[];
  readonly HostArray: new (length: number) => ArrayBufferView;
}

type Row = readonly [
  name: Dtype,
  kind: DtypeInfo['kind'],
  HostArray: DtypeInfo['HostArray'] & { BYTES_PER_ELEMENT: number },
  ...arrays: string[],
];

const ROWS: readonly Row[] = [
  ['float32', 'float', Float32Array, 'Float32Array'],
  ['float64', 'float', Float64Array, 'Float64Array'],
  ['float16', 'float', Uint16Array, 'Uint16Array', 'Float16Array'],
  ['bfloat16', 'float', Uint16Array, 'Uint16Array'],
  ['int8', 'int', Int8Array, 'Int8Array'],
  ['uint8', 'int', Uint8Array, 'Uint8Array', 'Uint8ClampedArray'],
  ['int16', 'int', Int16Array, 'Int16Array'],
  ['uint16', 'int', Uint16Array, 'Uint16Array'],
  ['int32', 'int', Int32Array, 'Int32Array'],
  ['uint32', 'int', Uint32Array, 'Uint32Array'],
  ['int64', 'bigint', BigInt64Array, 'BigInt64Array'],
  ['uint64', 'bigint', BigUint64Array, 'BigUint64Array'],
];

const byName = new Map<unknown, DtypeInfo>(
  ROWS.map(([name, kind, HostArray, ...arrays]) => [
    name,
    {
      name,
      index: DTYPES.indexOf(name),
      byteSize: HostArray.BYTES_PER_ELEMENT,
      kind,
      arrays,
      HostArray,
    },
  ]),
);

// A Uint16Array is a uint16 unless the caller says that it holds other bits.
const byArray = new Map<string | undefined, DtypeInfo>();
for (const info of byName.values()) {
  for (const array of info.arrays) {
    if (array !== 'Uint16Array' || info.name === 'uint16') byArray.set(array, info);
  }
}

/** Undefined if `name` is no dtype. */
export function dtypeByName(name: unknown): DtypeInfo | undefined {
  return byName.get(name);
}

/** The dtype of a typed array of that kind (see `typedArrayName`), undefined for a DataView. */
export function dtypeByArray(arrayName: string | undefined): DtypeInfo | undefined {
  return byArray.get(arrayName);
}

// Own properties of an array or a subclass must not stand in for the real name, so this is the
// getter of the language itself.
const nameGetter = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

/** `Float32Array` and so on, whatever the subclass; undefined for a DataView and all else. */
export function typedArrayName(view: unknown): string | undefined {
  return nameGetter.call(view) as string | undefined;
}
