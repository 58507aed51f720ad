import {
  checkBoolean,
  checkInteger,
  checkNumber,
  optionalInteger,
  rangeError,
  readOptions,
  typeError,
} from './checks.js';
import type { DtypeInfo } from './dtype.js';

/**
 * The shape of a matrix product `out = alpha op(a) op(b) + beta out`. All matrices are row-major;
 * op(a) is m x k, op(b) is k x n, out is m x n.
 */
export interface MatmulShape {
  /** Rows of op(a) and of the result. */
  m: number;
  /** Columns of op(b) and of the result. */
  n: number;
  /** Columns of op(a) and rows of op(b). With 0 the product is zero. */
  k: number;
  /** `a` is stored transposed, as k x m. Default false. */
  transposeA?: boolean;
  /** `b` is stored transposed, as n x k. Default false. */
  transposeB?: boolean;
  /** Elements from one stored row of `a` to the next. Default: its columns, without gaps. */
  lda?: number;
  /** Elements from one stored row of `b` to the next. Default: its columns, without gaps. */
  ldb?: number;
  /** Elements from one row of the result to the next. Default n, without gaps. */
  ldc?: number;
  /** Factor of the product. Default 1. */
  alpha?: number;
  /**
   * Factor of what is in `out` before, which must be given if this is not 0. Default 0: `out` is
   * not read, so that a NaN in it does not matter.
   */
  beta?: number;
}

/** One operand as it is stored: `rows` rows of `columns` elements, `stride` elements apart. */
interface Stored {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** Checked options of a matrix product. */
export interface MatmulPlan {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly beta: number;
  readonly a: Stored;
  readonly b: Stored;
  readonly c: Stored;
  /** Not checked. */
  readonly out: unknown;
  /** Not checked. */
  readonly stream: unknown;
}

function stored(rows: number, columns: number, stride: number | undefined, name: string): Stored {
  if (stride !== undefined && stride < columns) {
    throw rangeError(
      `Expected at least the ${columns} columns for \`${name}\` but received ${stride}`,
    );
  }
  return { rows, columns, stride: stride ?? Math.max(columns, 1) };
}

/** Elements from the first to the last of an operand. */
export function storedLength({ rows, columns, stride }: Stored): number {
  return rows === 0 || columns === 0 ? 0 : (rows - 1) * stride + columns;
}

/** Reads and checks the options. Runs the getters of `options`, each once. */
export function readMatmulOptions(options: unknown): MatmulPlan {
  if (options === undefined) throw typeError('Expected options with `m`, `n` and `k` for matmul');
  const given = readOptions(options, {
    m: undefined,
    n: undefined,
    k: undefined,
    transposeA: undefined,
    transposeB: undefined,
    lda: undefined,
    ldb: undefined,
    ldc: undefined,
    alpha: undefined,
    beta: undefined,
    out: undefined,
    stream: undefined,
  });
  const { out, stream } = given;
  const m = checkInteger(given.m, 'm');
  const n = checkInteger(given.n, 'n');
  const k = checkInteger(given.k, 'k');
  const transposeA = checkBoolean(given.transposeA, 'transposeA', false);
  const transposeB = checkBoolean(given.transposeB, 'transposeB', false);
  const lda = optionalInteger(given.lda, 'lda', undefined, 1);
  const ldb = optionalInteger(given.ldb, 'ldb', undefined, 1);
  const ldc = optionalInteger(given.ldc, 'ldc', undefined, 1);
  const alpha = checkNumber(given.alpha, 'alpha', 1);
  const beta = checkNumber(given.beta, 'beta', 0);
  if (beta !== 0 && out === undefined) throw typeError('Expected `out`, which `beta` scales');
  return {
    m,
    n,
    k,
    transposeA,
    transposeB,
    alpha,
    beta,
    a: transposeA ? stored(k, m, lda, 'lda') : stored(m, k, lda, 'lda'),
    b: transposeB ? stored(n, k, ldb, 'ldb') : stored(k, n, ldb, 'ldb'),
    c: stored(m, n, ldc, 'ldc'),
    out,
    stream,
  };
}

/**
 * That an operand of `length` elements can hold what the shape says: exactly, where its rows have
 * no gaps, and at least, where a leading dimension leaves some.
 */
export function checkOperand(name: 'a' | 'b' | 'out', operand: Stored, length: number): void {
  const { rows, columns, stride } = operand;
  const needed = storedLength(operand);
  const exact = stride === Math.max(columns, 1);
  if (exact ? length === needed : length >= needed) return;
  throw rangeError(
    `Expected ${exact ? '' : 'at least '}${needed} elements for \`${name}\` (${rows} x ${columns}` +
      `${exact ? '' : `, rows ${stride} apart`}) but received ${length}`,
  );
}

/** That the dtype is one that matrix products are made for. */
export function checkMatmulDtype(dtype: DtypeInfo): void {
  if (dtype.name === 'float32' || dtype.name === 'float64') return;
  throw typeError(`Expected float32 or float64 for a matrix product but received ${dtype.name}`);
}
