/**
 * Matrix products of device buffers: checks, the result buffer, the native call.
 */
import { NO_BUFFER } from '../../abi/block.js';
import { Slot } from '../../abi/matmul.js';
import { native } from '../../addon/load.js';
import { rangeError, typeError } from '../../base/checks.js';
import type { Dtype } from '../../base/dtype.js';
import { assertDeviceOpen, type DeviceState } from '../../device/state.js';
import { bufferArgument, type DeviceBuffer } from '../../memory/buffer.js';
import {
  allocateState,
  type BufferState,
  buffersOverlap,
  checkLength,
  checkSameDtype,
} from '../../memory/buffer-state.js';
import { intoNew, type Result } from '../../operands/result.js';
import { streamHandle } from '../../streams/stream.js';
import { writeNumbers } from './block.js';
import { checkMatmulDtype, checkMatmulKind, readMatmulOptions, resultDtype } from './options.js';
import { checkOperand, hasGaps, storedLength } from './shape.js';

// A vector of the epilogue, if it is given.
function vectorArgument(
  value: unknown,
  name: string,
  device: DeviceState,
  dtype: Dtype,
  length: number,
): BufferState | undefined {
  if (value === undefined) return undefined;
  const vector = bufferArgument(value, name, device);
  if (vector.dtype.name !== dtype) {
    throw typeError(`Expected ${dtype} for \`${name}\` but received ${vector.dtype.name}`);
  }
  checkLength(vector, length, name);
  return vector;
}

function checkApart(out: BufferState, input: BufferState | undefined, name: string): void {
  if (input !== undefined && buffersOverlap(out, input)) {
    throw rangeError(`\`out\` overlaps \`${name}\``);
  }
}

export function matmul(
  state: DeviceState,
  first: unknown,
  second: unknown,
  options: unknown,
): Result {
  assertDeviceOpen(state);
  const call = readMatmulOptions(options);

  assertDeviceOpen(state);
  const a = bufferArgument(first, 'a', state);
  const b = bufferArgument(second, 'b', state);
  checkMatmulDtype(a.dtype);
  checkSameDtype(a, b, '`a` and `b`');
  const given = call.out === undefined ? undefined : bufferArgument(call.out, 'out', state);
  const result = resultDtype(a.dtype, call.outDtype ?? given?.dtype.name);
  if (given !== undefined && given.dtype !== result) {
    throw typeError(`Expected ${result.name} for \`out\` but received ${given.dtype.name}`);
  }
  checkMatmulKind(call, a.dtype, result);
  checkOperand('a', call.shape.a, a.length);
  checkOperand('b', call.shape.b, b.length);
  const factor = a.dtype.name === 'float64' ? 'float64' : 'float32';
  const { m, n } = call.shape;
  const bias = vectorArgument(call.bias, 'bias', state, result.name, call.biasPerRow ? m : n);
  const rowScale = vectorArgument(call.rowScale, 'rowScale', state, factor, m);
  const columnScale = vectorArgument(call.columnScale, 'columnScale', state, factor, n);
  const stream = streamHandle(call.stream, state);

  const launch = (out: BufferState) => {
    const addon = native();
    const block = addon.argumentBlock;
    writeNumbers(block, call, a.dtype, result);
    block[Slot.a] = a.handle();
    block[Slot.b] = b.handle();
    block[Slot.out] = out.handle();
    block[Slot.bias] = bias?.handle() ?? NO_BUFFER;
    block[Slot.rowScale] = rowScale?.handle() ?? NO_BUFFER;
    block[Slot.columnScale] = columnScale?.handle() ?? NO_BUFFER;
    block[Slot.stream] = stream;
    addon.matmul();
  };
  if (given === undefined) {
    // The kernel writes every element, except in gaps.
    const zeroed = hasGaps(call.shape.c);
    const fresh = allocateState(state, result, storedLength(call.shape.c), zeroed, stream);
    return intoNew(fresh, launch);
  }
  checkOperand('out', call.shape.c, given.length);
  checkApart(given, a, 'a');
  checkApart(given, b, 'b');
  checkApart(given, bias, 'bias');
  checkApart(given, rowScale, 'rowScale');
  checkApart(given, columnScale, 'columnScale');
  launch(given);
  return call.out as DeviceBuffer;
}
