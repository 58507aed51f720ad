/**
 * New buffers with the contents of host arrays.
 */
import { native } from '../addon/load.js';
import { argumentTypeError, checkDtype, elementCount, readOptions } from '../base/checks.js';
import { type Dtype, type DtypeInfo, dtypeByArray, typedArrayName } from '../base/dtype.js';
import { assertDeviceOpen, type DeviceState } from '../device/state.js';
import { type Stream, streamHandle } from '../streams/stream.js';
import { allocateState, type BufferState } from './buffer-state.js';

/** Options of {@link Device.from}. */
export interface FromOptions {
  /** Default: the dtype of the typed array. A DataView has none. */
  dtype?: Dtype | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

function dtypeOfSource(source: unknown): DtypeInfo {
  const dtype = dtypeByArray(typedArrayName(source));
  if (dtype === undefined) {
    const expected = ArrayBuffer.isView(source) ? 'a typed array, or `dtype`,' : 'a typed array';
    throw argumentTypeError(expected, 'source', source);
  }
  return dtype;
}

/** Behind `device.from` and `DeviceBuffer.from`. `mayWait`: for the device. */
export function upload(
  device: DeviceState,
  source: ArrayBufferView,
  options: unknown,
  mayWait = false,
): BufferState {
  assertDeviceOpen(device);
  const given = readOptions(options, { dtype: undefined, stream: undefined });
  assertDeviceOpen(device);
  const stream = streamHandle(given.stream, device);
  const dtype = given.dtype === undefined ? dtypeOfSource(source) : checkDtype(given.dtype);
  const length = elementCount(source, dtype, 'source');
  const state = allocateState(device, dtype, length, false, stream);
  try {
    native().writeBuffer(state.handle(), 0, source, stream, mayWait);
    return state;
  } catch (error) {
    state.close();
    throw error;
  }
}
