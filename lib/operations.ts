/**
 * The operations behind the methods of Device: checks, the result buffer, the native call.
 */
import type { Handle } from './addon-types.js';
import { allocateState, type DeviceBuffer, wrapBuffer } from './buffer.js';
import {
  type BufferState,
  bufferArgument,
  buffersOverlap,
  checkLength,
  checkSameDtype,
  sameRange,
} from './buffer-state.js';
import { rangeError, readOptions } from './checks.js';
import type { Device } from './device.js';
import { assertDeviceOpen, type DeviceState } from './device-state.js';
import {
  checkMatmulDtype,
  checkOperand,
  type MatmulPlan,
  readMatmulOptions,
  storedLength,
} from './matmul-shape.js';
import { native } from './native.js';
import { streamHandle } from './stream.js';

const TRANSPOSE_A = 1;
const TRANSPOSE_B = 2;

// Enqueues into a new buffer, which is given back if that fails.
function intoNew(
  device: Device,
  result: BufferState,
  enqueue: (out: BufferState) => void,
): DeviceBuffer {
  try {
    enqueue(result);
  } catch (error) {
    result.close();
    throw error;
  }
  return wrapBuffer(device, result);
}

function launchAdd(x: BufferState, y: BufferState, out: BufferState, stream: Handle): void {
  native().add(x.dtype.index, x.handle(), y.handle(), out.handle(), x.length, stream);
}

function checkInPlace(out: BufferState, input: BufferState, name: string): void {
  if (buffersOverlap(out, input) && !sameRange(out, input)) {
    throw rangeError(`\`out\` overlaps \`${name}\` in part: use the same elements or others`);
  }
}

export function add(
  device: Device,
  state: DeviceState,
  first: unknown,
  second: unknown,
  options: unknown,
): DeviceBuffer {
  assertDeviceOpen(state);
  const given = readOptions(options, { out: undefined, stream: undefined });

  assertDeviceOpen(state);
  const x = bufferArgument(first, 'x', state);
  const y = bufferArgument(second, 'y', state);
  checkSameDtype(x, y, '`x` and `y`');
  checkLength(y, x.length, 'y');
  const stream = streamHandle(given.stream, state);
  if (given.out === undefined) {
    const result = allocateState(state, x.dtype, x.length, false, stream);
    return intoNew(device, result, (out) => launchAdd(x, y, out, stream));
  }
  const out = bufferArgument(given.out, 'out', state);
  checkSameDtype(x, out, '`x` and `out`');
  checkLength(out, x.length, 'out');
  checkInPlace(out, x, 'x');
  checkInPlace(out, y, 'y');
  launchAdd(x, y, out, stream);
  return given.out as DeviceBuffer;
}

function launchMatmul(
  plan: MatmulPlan,
  a: BufferState,
  b: BufferState,
  out: BufferState,
  stream: Handle,
): void {
  const flags = (plan.transposeA ? TRANSPOSE_A : 0) | (plan.transposeB ? TRANSPOSE_B : 0);
  const addon = native();
  const block = addon.argumentBlock;
  block[0] = a.dtype.index;
  block[1] = flags;
  block[2] = plan.m;
  block[3] = plan.n;
  block[4] = plan.k;
  block[5] = plan.alpha;
  block[6] = a.handle();
  block[7] = plan.a.stride;
  block[8] = b.handle();
  block[9] = plan.b.stride;
  block[10] = plan.beta;
  block[11] = out.handle();
  block[12] = plan.c.stride;
  block[13] = stream;
  addon.matmul();
}

function checkApart(out: BufferState, input: BufferState, name: string): void {
  if (buffersOverlap(out, input)) throw rangeError(`\`out\` overlaps \`${name}\``);
}

export function matmul(
  device: Device,
  state: DeviceState,
  first: unknown,
  second: unknown,
  options: unknown,
): DeviceBuffer {
  assertDeviceOpen(state);
  const plan = readMatmulOptions(options);

  assertDeviceOpen(state);
  const a = bufferArgument(first, 'a', state);
  const b = bufferArgument(second, 'b', state);
  checkMatmulDtype(a.dtype);
  checkSameDtype(a, b, '`a` and `b`');
  checkOperand('a', plan.a, a.length);
  checkOperand('b', plan.b, b.length);
  const stream = streamHandle(plan.stream, state);
  if (plan.out === undefined) {
    // The kernel writes every element, except between rows that are further apart.
    const zeroed = plan.c.stride > plan.n;
    const result = allocateState(state, a.dtype, storedLength(plan.c), zeroed, stream);
    return intoNew(device, result, (out) => launchMatmul(plan, a, b, out, stream));
  }
  const out = bufferArgument(plan.out, 'out', state);
  checkSameDtype(a, out, '`a` and `out`');
  checkOperand('out', plan.c, out.length);
  checkApart(out, a, 'a');
  checkApart(out, b, 'b');
  launchMatmul(plan, a, b, out, stream);
  return plan.out as DeviceBuffer;
}
