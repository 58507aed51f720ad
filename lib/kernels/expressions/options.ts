/**
 * What all operations made of expressions are defined with and called with.
 */
import { argumentRangeError, argumentTypeError, isRecord } from '../../base/checks.js';
import type { Stream } from '../../streams/stream.js';
import type { CompileOptions } from '../compile/options.js';
import { checkName } from './names.js';

/** Options of {@link elementwise}, {@link reduction} and {@link scan}. */
export interface ExpressionOptions {
  /** What profilers and error messages call the kernel, an identifier of C. */
  name?: string | undefined;
  /** CUDA C++ in front of everything: functions, includes and macros for the expressions. */
  preamble?: string | undefined;
  /** As in {@link KernelMethods.compile}: options of NVRTC, headers, macros, the cache. */
  compile?: Omit<CompileOptions, 'name' | 'nameExpressions'> | undefined;
}

/** Options of a call of an operation whose results are `R`. */
export interface ExpressionCallOptions<R> {
  /** Where the results go. Default: new buffers. */
  out?: R | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
  /**
   * How many elements there are, where no buffer tells because all are raw. Default: what the buffers
   * have, who all have as many.
   */
  length?: number | undefined;
}

/** {@link ExpressionOptions}, checked. */
export interface Common {
  readonly name: string;
  readonly preamble: string;
  readonly compile: CompileOptions;
}

const NUL = '\0';

/** Code is code: it is not looked into, but for what would cut it off. */
export function checkCode(value: unknown, name: string): string {
  if (typeof value !== 'string') throw argumentTypeError('a string', name, value);
  if (value.trim() === '') throw argumentRangeError('code', name, value);
  if (value.includes(NUL)) throw argumentRangeError('a string without a NUL', name, value);
  return value;
}

/** Checks what was given. `fallback`: the name if there is none. */
export function readCommon(
  given: { readonly name: unknown; readonly preamble: unknown; readonly compile: unknown },
  fallback: string,
): Common {
  const { name, preamble, compile } = given;
  if (name !== undefined && typeof name !== 'string') {
    throw argumentTypeError('a string', 'name', name);
  }
  if (compile !== undefined && !isRecord(compile)) {
    throw argumentTypeError('an options object', 'compile', compile);
  }
  const own = name === undefined ? `nodecuda_${fallback}` : checkName(name, 'A kernel');
  return {
    name: own,
    preamble: preamble === undefined || preamble === '' ? '' : checkCode(preamble, 'preamble'),
    // Copied: the same for all calls, whatever becomes of the caller's object.
    compile: { ...(compile as CompileOptions | undefined), name: own },
  };
}
