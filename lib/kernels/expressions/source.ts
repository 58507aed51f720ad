/**
 * C++ around expressions: what the operations have in common.
 */
import { argumentTypeError } from '../../base/checks.js';
import type { Dtype, DtypeInfo } from '../../base/dtype.js';
import { dtypeByName } from '../../base/dtype.js';
import { scalarPattern } from '../../base/scalar.js';
import type { ParameterType } from '../parameters/signature.js';
import type { Bound } from './arguments.js';
import type { Common } from './options.js';

/** Threads of a block, everywhere. */
export const BLOCK = 256;

// The dtypes by their names. Halves are stored as such and computed with in float32, as in all other
// operations of this library; NVIDIA's own types need headers that are not where NVRTC is as a rule.
const PRELUDE = `
typedef float float32;
typedef double float64;
typedef signed char int8;
typedef unsigned char uint8;
typedef short int16;
typedef unsigned short uint16;
typedef int int32;
typedef unsigned int uint32;
typedef long long int64;
typedef unsigned long long uint64;
struct float16 {
  uint16 bits;
  float16() = default;
  __device__ explicit float16(float32 value) { *this = value; }
  __device__ float16& operator=(float32 value) {
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return *this;
  }
  __device__ operator float32() const {
    float32 value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
  }
};
struct bfloat16 {
  uint16 bits;
  bfloat16() = default;
  __device__ explicit bfloat16(float32 value) { *this = value; }
  __device__ bfloat16& operator=(float32 value) {
    const uint32 whole = __float_as_uint(value);
    // To nearest even, by hand: capability 7.5 has no instruction for it.
    bits = (whole & 0x7fffffffu) > 0x7f800000u ? 0x7fffu
                                               : (whole + 0x7fffu + (whole >> 16 & 1u)) >> 16;
    return *this;
  }
  __device__ operator float32() const { return __uint_as_float((uint32)bits << 16); }
};
`.trimStart();

/** What elements of a dtype are computed in. */
export function computeDtype(dtype: DtypeInfo): DtypeInfo {
  const isHalf = dtype.name === 'float16' || dtype.name === 'bfloat16';
  return isHalf ? dtypeByName('float32')! : dtype;
}

/**
 * The caller's code, on lines that messages of the compiler count from 1 under that name, up to `end`: what
 * is missing at the end of the code is missed there.
 */
export function userCode(code: string, name: string, end = ''): string {
  // The empty line is for code that ends with a backslash.
  return `#line 1 "${name}"\n${code}\n\n${end}\n#line 1 "nodecuda"`;
}

/** What stands above the functions: dtypes, what variables are, and the caller's preamble. */
export function opening({ preamble }: Common, types: ReadonlyMap<string, DtypeInfo>): string {
  const variables = [...types].map(
    ([name, dtype]) => `typedef ${computeDtype(dtype).name} ${name};\n`,
  );
  const own = preamble === '' ? '' : `${userCode(preamble, 'preamble')}\n`;
  return `${PRELUDE}${variables.join('')}${own}`;
}

/** A function whose body is an expression of the caller's. */
export function expressionFunction(
  result: string,
  name: string,
  parameters: string,
  code: string,
  codeName: string,
): string {
  return `__device__ __forceinline__ ${result} ${name}(${parameters}) {
  return static_cast<${result}>(
${userCode(code, codeName, ');')}
}
`;
}

/** A function whose body is statements of the caller's. A return in it ends this element only. */
export function statementFunction(
  name: string,
  parameters: string,
  code: string,
  codeName: string,
): string {
  return `__device__ __forceinline__ void ${name}(${parameters}) {
${userCode(code, codeName, ';')}
}
`;
}

/** How a parameter is declared in the kernel. */
export function kernelParameter({ parameter, dtype, isNumber }: Bound): string {
  const { name, isOutput } = parameter;
  if (isNumber) return `const ${dtype.name} nodecuda_${name}`;
  return `${isOutput ? '' : 'const '}${dtype.name}* nodecuda_${name}`;
}

/** The same in the signature. */
export function kernelType({ parameter, dtype, isNumber }: Bound): ParameterType {
  if (isNumber) return dtype.name;
  return parameter.isOutput ? `${dtype.name}*` : `const ${dtype.name}*`;
}

/** How a parameter is declared in the function with the caller's code. */
export function codeParameter({ parameter, dtype }: Bound): string {
  const { name, kind, isOutput } = parameter;
  if (kind === 'raw') return `${isOutput ? '' : 'const '}${dtype.name}* const ${name}`;
  const type = computeDtype(dtype).name;
  return isOutput ? `${type}& ${name}` : `const ${type} ${name}`;
}

/** What the kernel hands to that function. */
export function codeArgument({ parameter, isNumber }: Bound): string {
  const { name, kind } = parameter;
  return kind === 'raw' || isNumber ? `nodecuda_${name}` : `nodecuda_${name}[nodecuda_i]`;
}

/**
 * A call of that function, with `first` and `last` around its arguments. Outputs of halves go by way of a
 * variable.
 */
export function codeCall(
  name: string,
  bound: readonly Bound[],
  last: readonly string[],
  first: readonly string[] = [],
): string {
  const narrow = bound.filter(
    ({ parameter, dtype }) =>
      parameter.isOutput && parameter.kind === 'each' && computeDtype(dtype) !== dtype,
  );
  const args = bound.map((each) =>
    narrow.includes(each) ? `wide_${each.parameter.name}` : codeArgument(each),
  );
  const before = narrow.map(
    (each) => `float32 wide_${each.parameter.name} = ${codeArgument(each)};\n    `,
  );
  const after = narrow.map((each) => `\n    ${codeArgument(each)} = wide_${each.parameter.name};`);
  return `${before.join('')}${name}(${[...first, ...args, ...last].join(', ')});${after.join('')}`;
}

/** A value that was given as code, or as a number: then as its bits, exactly. */
export function literal(value: string | number | bigint, dtype: DtypeInfo): string {
  if (typeof value === 'string') return value;
  const { low, high } = scalarPattern(dtype, value, 'identity');
  const hex = (half: number) => half.toString(16).padStart(8, '0');
  if (dtype.name === 'float32') return `__uint_as_float(0x${hex(low)}u)`;
  const bits = `0x${hex(high)}${hex(low)}ull`;
  return dtype.name === 'float64'
    ? `__longlong_as_double((int64)${bits})`
    : `static_cast<${dtype.name}>(${bits})`;
}

/** What `identity` may be. */
export function checkIdentity(value: unknown, check: (code: unknown, name: string) => string) {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'string') return check(value, 'identity');
  throw argumentTypeError('a number, a bigint or code', 'identity', value);
}

/** The name of what is stored between passes, where elements are `dtype`. */
export function storedBetween(dtype: DtypeInfo): Dtype {
  return computeDtype(dtype).name;
}
