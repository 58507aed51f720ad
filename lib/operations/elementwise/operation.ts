/**
 * The elementwise operations there are, as native code numbers them.
 */

/** An operation as native code numbers it. */
export interface Operation {
  readonly name: string;
  readonly family: number;
  readonly index: number;
  readonly takesIntegers: boolean;
}

function operations<Name extends string>(
  family: number,
  names: readonly Name[],
  lastForIntegers: Name,
): Record<Name, Operation> {
  const last = names.indexOf(lastForIntegers);
  const all = {} as Record<Name, Operation>;
  for (const [index, name] of names.entries()) {
    all[name] = { name, family, index, takesIntegers: index <= last };
  }
  return all;
}

// In the order of the enumerations in cuda/elementwise_arguments.h.
export const UNARY = operations(
  0,
  [
    ...(['neg', 'abs', 'square', 'relu', 'clamp', 'scale', 'sqrt', 'rsqrt', 'reciprocal'] as const),
    ...(['exp', 'log', 'sin', 'cos', 'tanh', 'sigmoid', 'silu', 'gelu'] as const),
  ],
  'scale',
);
export const BINARY = operations(
  1,
  ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'axpy', 'pow'] as const,
  'axpy',
);
export const CONVERT: Operation = { name: 'convert', family: 2, index: 0, takesIntegers: true };
