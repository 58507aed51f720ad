/**
 * Lists of parameters, `'float32 x, const int32 k'`, as TypeScript reads them.
 */
import type { Dtype, Scalar } from '../../base/dtype.js';
import type { DeviceBuffer } from '../../memory/buffer.js';

/** What may stand for a dtype in a list: the buffers of a call say which one it is. */
export type TypeVariable = 'T' | 'U' | 'V' | 'W';

/** The dtypes for which the variables stand. */
export interface Types<
  T extends Dtype = Dtype,
  U extends Dtype = Dtype,
  V extends Dtype = Dtype,
  W extends Dtype = Dtype,
> {
  T: T;
  U: U;
  V: V;
  W: W;
}

type Blank = ' ' | '\n' | '\t';
type Trim<S extends string> = S extends `${Blank}${infer Rest}`
  ? Trim<Rest>
  : S extends `${infer Rest}${Blank}`
    ? Trim<Rest>
    : S;
type Split<S extends string> = S extends `${infer Head},${infer Rest}`
  ? [Trim<Head>, ...Split<Rest>]
  : [Trim<S>];
/** The parameters of a list, each as text. */
type Parameters<S extends string> = Trim<S> extends '' ? [] : Split<S>;

type Qualified<P extends string> = P extends `raw ${infer Rest}`
  ? Trim<Rest>
  : P extends `const ${infer Rest}`
    ? Trim<Rest>
    : P;
type TypeName<P extends string> =
  Qualified<P> extends `${infer Name} ${string}` ? Name : Qualified<P>;

type Element<Name extends string, B extends Types> = Name extends Dtype
  ? Name
  : Name extends TypeVariable
    ? B[Name]
    : never;

/** A variable's numbers do not tell what it stands for. */
type NumberFor<Name extends string> = Name extends Dtype ? Scalar<Name> : number | bigint;

type Argument<P extends string, B extends Types> = P extends `raw ${string}`
  ? DeviceBuffer<Element<TypeName<P>, B>>
  : P extends `const ${string}`
    ? NumberFor<TypeName<P>>
    : DeviceBuffer<Element<TypeName<P>, B>> | NumberFor<TypeName<P>>;

type Settled<B extends Types> = { [K in keyof B]: NoInfer<B[K]> };

// A variable is what the first of its buffers is; the others have to agree.
type Arguments<L extends readonly string[], B extends Types, Seen = never> = L extends readonly [
  infer P extends string,
  ...infer Rest extends readonly string[],
]
  ? [
      Argument<P, TypeName<P> extends Seen ? Settled<B> : B>,
      ...Arguments<Rest, B, Seen | (P extends `const ${string}` ? never : TypeName<P>)>,
    ]
  : [];

type Buffers<L extends readonly string[], B extends Types> = {
  [I in keyof L]: DeviceBuffer<Element<TypeName<L[I]>, B>>;
};
type OneOrAll<T> = T extends readonly [infer One] ? One : T;

/** What a call returns for a list of outputs: a buffer, or several in an array. */
export type ResultOf<O extends string, B extends Types> = string extends O
  ? DeviceBuffer | DeviceBuffer[]
  : OneOrAll<Buffers<Parameters<O>, B>>;

/** What a call takes for a list of inputs, and its options. */
export type CallOf<I extends string, B extends Types, Options> = string extends I
  ? (DeviceBuffer | number | bigint | Options | undefined)[]
  : [...inputs: Arguments<Parameters<I>, B>, options?: Options];

type Fault<P extends string> =
  Qualified<P> extends `${infer Name} ${string}`
    ? Name extends Dtype | TypeVariable
      ? never
      : `"${Name}" is no dtype, and not T, U, V or W`
    : `"${P}" is not a type and a name`;
type FirstFault<L extends readonly string[]> = L extends readonly [
  infer P extends string,
  ...infer Rest extends readonly string[],
]
  ? [Fault<P>] extends [never]
    ? FirstFault<Rest>
    : Fault<P>
  : unknown;

/** Anything for a list that can be read; else what is wrong with it, which no text is. */
export type Readable<S extends string> = string extends S ? unknown : FirstFault<Parameters<S>>;
