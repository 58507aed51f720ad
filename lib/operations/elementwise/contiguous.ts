import type { Handle } from '../../addon/types.js';
import type { DtypeInfo } from '../../base/dtype.js';
import type { DeviceState } from '../../device/state.js';
import { allocateState } from '../../memory/buffer-state.js';
import { elementsOf, rowMajorStrides, type View } from '../../operands/strided.js';
import { launchStrided, NO_SCALARS } from './launch.js';
import { CONVERT } from './operation.js';

/**
 * Calls `use` with a copy of a view, broadcast to `shape`, whose elements follow each other and are
 * of `dtype`. For kernels that cannot walk the view itself, or compute in another type.
 */
export function withContiguous(
  state: DeviceState,
  view: View,
  shape: readonly number[],
  dtype: DtypeInfo,
  stream: Handle,
  use: (copy: View) => void,
): void {
  const fresh = allocateState(state, dtype, elementsOf(shape), false, stream);
  const copy: View = {
    name: view.name,
    buffer: fresh,
    shape,
    strides: rowMajorStrides(shape),
    offset: 0,
  };
  const job = {
    operation: CONVERT,
    source: view.buffer.dtype,
    destination: dtype,
    stream,
    scalars: NO_SCALARS,
  };
  try {
    launchStrided(job, copy, view, undefined);
    use(copy);
  } finally {
    fresh.close(); // in the order of the stream: after its last use
  }
}
