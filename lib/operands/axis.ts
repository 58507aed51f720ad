/**
 * The axis along which an operation goes, and operands whose shape is an option.
 */
import { optionalInteger, rangeError, typeError } from '../base/checks.js';
import type { DeviceState } from '../device/state.js';
import { checkLength } from '../memory/buffer-state.js';
import {
  checkView,
  elementsOf,
  readIntegers,
  readView,
  rowMajorStrides,
  type View,
  type ViewArgument,
} from './strided.js';

/** The dimension that `axis` names, counted from the end if it is negative. */
export function dimensionOf(axis: number, dimensions: number): number {
  const dimension = axis < 0 ? axis + dimensions : axis;
  if (dimension >= 0 && dimension < dimensions) return dimension;
  const range = dimensions === 0 ? 'no axis' : `an axis from ${-dimensions} to ${dimensions - 1}`;
  throw rangeError(`Expected ${range} for ${dimensions} dimensions but received ${axis}`);
}

/** The integer `axis`, which may be negative, or undefined. */
export function readAxis(value: unknown): number | undefined {
  return optionalInteger(value, 'axis', undefined, Number.MIN_SAFE_INTEGER);
}

/** An operand, and its shape if it is a buffer for which the option `shape` gives one. */
interface ShapedArgument {
  readonly argument: ViewArgument;
  readonly shape: readonly number[] | undefined;
}

/** Reads an operand's properties. May run code of the caller's. */
export function readShaped(
  value: unknown,
  name: string,
  shape: readonly number[] | undefined,
): ShapedArgument {
  const argument = readView(value, name);
  if (argument.layout !== undefined && shape !== undefined) {
    throw typeError(`The option \`shape\` is for buffers: the view \`${name}\` has a shape`);
  }
  return { argument, shape };
}

/** The option `shape`, read. */
export function readShape(value: unknown): readonly number[] | undefined {
  if (value === undefined) return undefined;
  const shape = readIntegers(value, 'shape', 0);
  elementsOf(shape);
  return shape;
}

/** Checks an operand's buffer, and that its shape is the whole of it. */
export function checkShaped({ argument, shape }: ShapedArgument, device: DeviceState): View {
  const view = checkView(argument, device);
  if (shape === undefined) return view;
  checkLength(view.buffer, elementsOf(shape), view.name);
  return { ...view, shape, strides: rowMajorStrides(shape) };
}
