/**
 * Transposition behind the method of Device: checks, the result buffer, the native call.
 */
import { Slot } from '../../abi/transpose.js';
import { native } from '../../addon/load.js';
import { checkInteger, optionalInteger, rangeError, readOptions } from '../../base/checks.js';
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
import { elementsOf } from '../../operands/strided.js';
import { streamHandle } from '../../streams/stream.js';

export function transpose(state: DeviceState, value: unknown, options: unknown): Result {
  assertDeviceOpen(state);
  const given = readOptions(options, {
    rows: undefined as unknown,
    columns: undefined as unknown,
    batches: undefined as unknown,
    out: undefined as unknown,
    stream: undefined as unknown,
  });
  const rows = checkInteger(given.rows, 'rows');
  const columns = checkInteger(given.columns, 'columns');
  const batches = optionalInteger(given.batches, 'batches', 1);
  const length = elementsOf([batches, rows, columns]);

  assertDeviceOpen(state);
  const x = bufferArgument(value, 'x', state);
  checkLength(x, length, 'x');
  const stream = streamHandle(given.stream, state);
  const launch = (out: BufferState) => {
    const addon = native();
    const block = addon.argumentBlock;
    block[Slot.elementBytes] = x.dtype.byteSize;
    block[Slot.batches] = batches;
    block[Slot.rows] = rows;
    block[Slot.columns] = columns;
    block[Slot.x] = x.handle();
    block[Slot.out] = out.handle();
    block[Slot.stream] = stream;
    addon.transpose();
  };
  if (given.out === undefined) {
    return intoNew(allocateState(state, x.dtype, length, false, stream), launch);
  }
  const out = bufferArgument(given.out, 'out', state);
  checkSameDtype(x, out, '`x` and `out`');
  checkLength(out, length, 'out');
  if (buffersOverlap(out, x)) throw rangeError('`out` overlaps `x`');
  launch(out);
  return given.out as DeviceBuffer;
}
