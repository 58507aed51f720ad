/**
 * The elementwise operations there are, as native code numbers them.
 */
import {
  BINARY as BINARY_NAMES,
  Family,
  LAST_BINARY_OF_INTEGERS,
  LAST_UNARY_OF_INTEGERS,
  UNARY as UNARY_NAMES,
} from '../../abi/elementwise.js';

/** An operation as native code numbers it. */
export interface Operation {
  readonly name: string;
  readonly family: Family;
  readonly index: number;
  readonly takesIntegers: boolean;
}

function operations<Name extends string>(
  family: Family,
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

export const UNARY = operations(Family.unary, UNARY_NAMES, LAST_UNARY_OF_INTEGERS);
export const BINARY = operations(Family.binary, BINARY_NAMES, LAST_BINARY_OF_INTEGERS);
export const CONVERT: Operation = {
  name: 'convert',
  family: Family.convert,
  index: 0,
  takesIntegers: true,
};
