// Generated from abi/reduce.mjs by `npm run abi`: not to be edited.
export const OPERAND_WIDTH = 5;

// Places in the argument block.
export enum Slot {
  operation = 0,
  dtype = 1,
  outDtype = 2,
  stream = 3,
  out = 4,
  outOffset = 5,
  outer = 6,
  axis = 7,
  inner = 8,
  x = 9,
  y = 14,
}

// Places within one operand.
export enum OperandSlot {
  handle = 0,
  offset = 1,
  outerStride = 2,
  axisStride = 3,
  innerStride = 4,
}

export const REDUCTIONS = [
  'sum',
  'prod',
  'mean',
  'norm',
  'dot',
  'max',
  'min',
  'argmax',
  'argmin',
] as const;
