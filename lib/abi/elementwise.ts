// Generated from abi/elementwise.mjs by `npm run abi`: not to be edited.
export const SCALAR_WIDTH = 2;
export const OPERAND_WIDTH = 2;
export const DIMENSION_WIDTH = 4;
export const MAX_DIMENSIONS = 8;

// Places in the argument block.
export enum Slot {
  family = 0,
  operation = 1,
  source = 2,
  destination = 3,
  stream = 4,
  scalars = 5,
  operands = 9,
  length = 15,
  repeat = 16,
  dimensions = 17,
  shape = 18,
}

// Places within one scalar.
export enum ScalarSlot {
  low = 0,
  high = 1,
}

// Places within one operand.
export enum OperandSlot {
  handle = 0,
  offset = 1,
}

// Places within one dimension.
export enum DimensionSlot {
  extent = 0,
  strides = 1,
}

export enum Family {
  unary = 0,
  binary = 1,
  convert = 2,
}

export const BINARY = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'axpy', 'pow'] as const;
export const LAST_BINARY_OF_INTEGERS = 'axpy';

export const UNARY = [
  'neg',
  'abs',
  'square',
  'relu',
  'clamp',
  'scale',
  'sqrt',
  'rsqrt',
  'reciprocal',
  'exp',
  'log',
  'sin',
  'cos',
  'tanh',
  'sigmoid',
  'silu',
  'gelu',
] as const;
export const LAST_UNARY_OF_INTEGERS = 'scale';
