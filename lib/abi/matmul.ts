// Generated from abi/matmul.mjs by `npm run abi`: not to be edited.
export const MOST_SPLITS = 65535;

// Places in the argument block.
export enum Slot {
  dtype = 0,
  outDtype = 1,
  precision = 2,
  flags = 3,
  activation = 4,
  m = 5,
  n = 6,
  k = 7,
  batches = 8,
  alpha = 9,
  beta = 10,
  a = 11,
  lda = 12,
  strideA = 13,
  b = 14,
  ldb = 15,
  strideB = 16,
  out = 17,
  ldc = 18,
  strideC = 19,
  bias = 20,
  rowScale = 21,
  columnScale = 22,
  variant = 23,
  splits = 24,
  stream = 25,
  device = 26,
}

// Added up.
export enum Flag {
  transposeA = 1,
  transposeB = 2,
  biasPerRow = 4,
  unaligned = 8,
}

export const PRECISIONS = ['ieee', 'tf32', 'fp32-fast'] as const;

export const ACTIVATIONS = [undefined, 'relu', 'gelu', 'gelu-tanh'] as const;
