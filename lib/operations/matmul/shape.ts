import {
  checkBoolean,
  checkInteger,
  checkNumber,
  optionalInteger,
  rangeError,
  typeError,
} from '../../base/checks.js';

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
  transposeA?: boolean | undefined;
  /** `b` is stored transposed, as n x k. Default false. */
  transposeB?: boolean | undefined;
  /** Elements from one stored row of `a` to the next. Default: its columns, without gaps. */
  lda?: number | undefined;
  /** Elements from one stored row of `b` to the next. Default: its columns, without gaps. */
  ldb?: number | undefined;
  /** Elements from one row of the result to the next. Default n, without gaps. */
  ldc?: number | undefined;
  /** Independent products of one shape. Default 1. */
  batches?: number | undefined;
  /**
   * Elements from one `a` to that of the next batch; 0: all batches have the same. Default: all of
   * its rows, without gaps.
   */
  strideA?: number | undefined;
  /** The same for `b`. */
  strideB?: number | undefined;
  /** The same for the result, where batches must not overlap. */
  strideC?: number | undefined;
  /**
   * Factor of the product. Default 1. An integer where the result is `int32`. With 0 neither `a`, `b`
   * nor scales are read: what remains is `beta out`, as in the BLAS, and a bias.
   */
  alpha?: number | undefined;
  /**
   * Factor of what is in `out` before, which must be given if this is not 0. Default 0: `out` is
   * not read, so that a NaN in it does not matter. An integer where the result is `int32`.
   */
  beta?: number | undefined;
}

/** One operand as it is stored: a stack of `rows` rows of `columns` elements. */
interface Stored {
  readonly rows: number;
  readonly columns: number;
  /** Elements from one row to the next. */
  readonly stride: number;
  readonly batches: number;
  /** Elements from one matrix of the stack to the next. */
  readonly batchStride: number;
}

/** A checked shape. */
export interface CheckedShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly beta: number;
  readonly a: Stored;
  readonly b: Stored;
  readonly c: Stored;
}

/** The options of a shape, for `readOptions`. */
export function shapeSlots(): Record<keyof MatmulShape, unknown> {
  return {
    m: undefined,
    n: undefined,
    k: undefined,
    transposeA: undefined,
    transposeB: undefined,
    lda: undefined,
    ldb: undefined,
    ldc: undefined,
    batches: undefined,
    strideA: undefined,
    strideB: undefined,
    strideC: undefined,
    alpha: undefined,
    beta: undefined,
  };
}

function stored(
  rows: number,
  columns: number,
  stride: unknown,
  strideName: string,
  batches: number,
  batchStride: unknown,
  batchName: string,
): Stored {
  const given = optionalInteger(stride, strideName, undefined, 1);
  if (given !== undefined && given < columns) {
    throw rangeError(
      `Expected at least the ${columns} columns for \`${strideName}\` but received ${given}`,
    );
  }
  const rowStride = given ?? Math.max(columns, 1);
  const dense = rows * rowStride;
  return {
    rows,
    columns,
    stride: rowStride,
    batches,
    batchStride: optionalInteger(batchStride, batchName, dense),
  };
}

/** Elements of one matrix of an operand, from its first to its last. */
function matrixLength({ rows, columns, stride }: Stored): number {
  return rows === 0 || columns === 0 ? 0 : (rows - 1) * stride + columns;
}

/** Elements from the first to the last of an operand. */
export function storedLength(operand: Stored): number {
  const length = matrixLength(operand);
  const { batches, batchStride } = operand;
  return length === 0 || batches === 0 ? 0 : (batches - 1) * batchStride + length;
}

/** Whether an operand has elements between those that belong to it. */
export function hasGaps({ rows, columns, stride, batches, batchStride }: Stored): boolean {
  return stride > Math.max(columns, 1) || (batches > 1 && batchStride > rows * columns);
}

/** Checks the options that `shapeSlots` names. */
export function checkShape(given: Record<keyof MatmulShape, unknown>): CheckedShape {
  const m = checkInteger(given.m, 'm');
  const n = checkInteger(given.n, 'n');
  const k = checkInteger(given.k, 'k');
  const batches = optionalInteger(given.batches, 'batches', 1);
  const transposeA = checkBoolean(given.transposeA, 'transposeA', false);
  const transposeB = checkBoolean(given.transposeB, 'transposeB', false);
  const alpha = checkNumber(given.alpha, 'alpha', 1);
  const beta = checkNumber(given.beta, 'beta', 0);
  const { lda, ldb, ldc, strideA, strideB, strideC } = given;
  const [rowsOfA, columnsOfA] = transposeA ? [k, m] : [m, k];
  const [rowsOfB, columnsOfB] = transposeB ? [n, k] : [k, n];
  const a = stored(rowsOfA, columnsOfA, lda, 'lda', batches, strideA, 'strideA');
  const b = stored(rowsOfB, columnsOfB, ldb, 'ldb', batches, strideB, 'strideB');
  const c = stored(m, n, ldc, 'ldc', batches, strideC, 'strideC');
  if (batches > 1 && c.batchStride < matrixLength(c)) {
    throw rangeError(
      `Expected at least the ${matrixLength(c)} elements of one result for \`strideC\` ` +
        `but received ${c.batchStride}`,
    );
  }
  return { m, n, k, batches, transposeA, transposeB, alpha, beta, a, b, c };
}

/** That `out` is there if `beta` scales it. */
export function checkBeta({ beta }: CheckedShape, out: unknown): void {
  if (beta !== 0 && out === undefined) throw typeError('Expected `out`, which `beta` scales');
}

/**
 * That an operand of `length` elements can hold what the shape says: exactly, where it has no gaps,
 * and at least, where a leading dimension or a batch stride leaves some.
 */
export function checkOperand(name: 'a' | 'b' | 'out', operand: Stored, length: number): void {
  const { rows, columns, stride, batches, batchStride } = operand;
  const needed = storedLength(operand);
  const exact = !hasGaps(operand);
  if (exact ? length === needed : length >= needed) return;
  const apart = stride > columns ? `, rows ${stride} apart` : '';
  const stack = batches === 1 ? '' : `${batches} matrices ${batchStride} apart of `;
  throw rangeError(
    `Expected ${exact ? '' : 'at least '}${needed} elements for \`${name}\` ` +
      `(${stack}${rows} x ${columns}${apart}) but received ${length}`,
  );
}
