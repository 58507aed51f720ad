/**
 * Which element types come out of reductions: for the compiler, and when called.
 */
import type { REDUCTIONS } from '../../abi/reduce.js';
import { typeError } from '../../base/checks.js';
import { type Dtype, type DtypeInfo, dtypeByName, type FloatDtype } from '../../base/dtype.js';

export type ReductionName = (typeof REDUCTIONS)[number];

/** The element type of a sum, a product or a dot product of dtype `D`, unless told otherwise. */
export type SumDtype<D extends Dtype> = D extends FloatDtype
  ? D
  : D extends `u${string}`
    ? 'uint64'
    : 'int64';

/** The element types that {@link SumDtype} results can have. */
export type SumResultDtype<D extends Dtype> = D extends FloatDtype
  ? FloatDtype
  : D extends `u${string}`
    ? 'uint64' | 'uint32' | 'float64'
    : 'int64' | 'int32' | 'float64';

/** The element type of a mean or a norm of dtype `D`, unless told otherwise. */
export type MeanDtype<D extends Dtype> = D extends FloatDtype ? D : 'float64';

/** Element types that a result may have, the default first. */
function resultDtypes(operation: ReductionName, dtype: DtypeInfo): readonly Dtype[] {
  if (operation === 'max' || operation === 'min') return [dtype.name];
  if (operation === 'argmax' || operation === 'argmin') return ['int32', 'int64'];
  if (dtype.kind === 'float') {
    const others: Dtype[] = ['float32', 'float64', 'float16', 'bfloat16'];
    return [dtype.name, ...others.filter((name) => name !== dtype.name)];
  }
  if (operation === 'mean' || operation === 'norm') {
    return ['float64', 'float32', 'float16', 'bfloat16'];
  }
  return dtype.name.startsWith('u')
    ? ['uint64', 'uint32', 'float64']
    : ['int64', 'int32', 'float64'];
}

/** The element type of a result: the one asked for, if there may be one of that type. */
export function resultDtype(
  operation: ReductionName,
  dtype: DtypeInfo,
  wanted: Dtype | undefined,
): DtypeInfo {
  const allowed = resultDtypes(operation, dtype);
  if (wanted === undefined) return dtypeByName(allowed[0])!;
  if (allowed.includes(wanted)) return dtypeByName(wanted)!;
  throw typeError(
    `Expected the dtype ${allowed.join(' or ')} for device.${operation} of ${dtype.name} ` +
      `but received ${wanted}`,
  );
}
