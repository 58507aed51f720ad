/**
 * How the parameters of a kernel are written down, and which arguments TypeScript lets them have.
 */
import type { Dtype, HostArray, Scalar } from '../../base/dtype.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import type { Surface, Texture } from '../../textures/texture.js';
import type { TensorMap } from './tensor-map.js';

/**
 * The address of device memory: `'float32*'`, or `'const float32*'` for what the kernel only reads;
 * `'void*'` and `'const void*'` take a buffer of any dtype.
 */
export type PointerType = `${'' | 'const '}${Dtype | 'void'}*`;

/** So many elements by value, aligned as one is: `'float32[4]'` for `float x[4]` in a struct. */
export type ArrayType = `${Dtype}[${number}]`;

/** A vector type of CUDA, aligned as that is: `'float32x2'` for `float2`, `'uint8x4'` for `uchar4`. */
export type VectorType = `${Dtype}x${2 | 3 | 4}`;

/** So many of any type by value: `{ array: { struct: ... }, length: 4 }` for `Light lights[4]` in a struct. */
export interface ElementsType {
  readonly array: ParameterType;
  readonly length: number;
}

/**
 * A struct by value, field by field in the order of C, each aligned as C does, and so is the whole. A `float2` is
 * `'float32x2'` there, aligned to 8 bytes; `'float32[2]'` is an array, aligned to 4.
 */
export interface StructType {
  readonly struct: { readonly [field: string]: ParameterType };
  /** Bytes to which the struct is aligned: what `__align__` says. Default: as its fields need. */
  readonly align?: number;
}

/**
 * The type of a kernel's parameter, in the names of dtypes. `'bool'` is C++'s, one byte;
 * `'tensorMap'` is a `const __grid_constant__ CUtensorMap`, `'texture'` a `cudaTextureObject_t`, `'surface'` a
 * `cudaSurfaceObject_t`.
 */
export type ParameterType =
  | Dtype
  | 'bool'
  | PointerType
  | ArrayType
  | VectorType
  | 'tensorMap'
  | 'texture'
  | 'surface'
  | ElementsType
  | StructType;

/** The parameters of a kernel, in order. */
export type Signature = readonly ParameterType[];

type PointeeOf<P extends string> = P extends `const ${infer D}` ? D : P;

/** What a parameter of type `P` takes. A pointer may be null. */
export type ArgumentOf<P extends ParameterType> = P extends StructType
  ? { readonly [Field in keyof P['struct']]: ArgumentOf<P['struct'][Field]> }
  : P extends ElementsType
    ? readonly ArgumentOf<P['array']>[] | (P['array'] extends Dtype ? HostArray<P['array']> : never)
    : P extends 'tensorMap'
      ? TensorMap
      : P extends 'texture'
        ? Texture
        : P extends 'surface'
          ? Surface
          : P extends 'bool'
            ? boolean
            : P extends Dtype
              ? Scalar<P>
              : P extends `${infer Pointee}*`
                ?
                    | (PointeeOf<Pointee> extends infer D extends Dtype
                        ? DeviceBuffer<D>
                        : DeviceBuffer)
                    | null
                : P extends
                      | `${infer D extends Dtype}[${string}]`
                      | `${infer D extends Dtype}x${2 | 3 | 4}`
                  ? HostArray<D> | readonly Scalar<D>[]
                  : never;

/** What a kernel of that signature takes. */
export type ArgumentsOf<S extends Signature> = {
  readonly [I in keyof S]: ArgumentOf<S[I]>;
};

/**
 * What a kernel without a signature takes: numbers for scalars whose type the kernel tells, buffers and null
 * for addresses, bigints for 64-bit integers, which might be addresses, and the bytes of all else.
 */
export type UntypedArgument = number | bigint | DeviceBuffer | null | ArrayBufferView;

/** What {@link Kernel.launch} takes after its options. */
export type KernelArguments<S extends Signature | undefined> = S extends Signature
  ? ArgumentsOf<S>
  : readonly UntypedArgument[];
