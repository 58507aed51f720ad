/**
 * Loading kernels before they are needed.
 */
import { native } from '../addon/load.js';
import { argumentRangeError, argumentTypeError } from '../base/checks.js';
import { isArray } from '../base/describe.js';
import { deviceReceiver } from './device.js';
import { assertDeviceOpen } from './state.js';

/** Operations whose kernels are loaded together. `buffer.fill` and conversions are elementwise. */
export type OperationFamily = 'elementwise' | 'reduce' | 'softmax' | 'transpose' | 'matmul';

const FAMILIES: readonly OperationFamily[] = [
  'elementwise',
  'reduce',
  'softmax',
  'transpose',
  'matmul',
];

function checkFamilies(value: unknown): Iterable<OperationFamily> {
  if (value === undefined) return FAMILIES;
  if (!isArray(value)) throw argumentTypeError('an array', 'families', value);
  const families = new Set<OperationFamily>();
  for (let i = 0; i < value.length; i++) {
    const given = value[i];
    const family = FAMILIES.find((name) => name === given);
    if (family === undefined) {
      throw argumentRangeError(`one of ${FAMILIES.join(', ')}`, `families[${i}]`, given);
    }
    families.add(family);
  }
  return families;
}

/** The method of {@link Device} that loads kernels. */
export abstract class PreloadMethods {
  /**
   * Loads the kernels of families of operations, on a thread of its own. Without it the first call of
   * each kernel does so, on the JavaScript thread. If the device is disposed meanwhile, the family that is
   * being loaded is, and the promise rejects if there are more.
   *
   * @param families - of `elementwise`, `reduce`, `softmax`, `transpose` and `matmul`. Default: all that
   *   there are
   * @throws {@link CudaModuleError} if the device cannot load them
   *
   * @example
   * ```ts
   * await device.preload(['elementwise', 'matmul']); // before the server takes requests
   * ```
   *
   * @group Lifetime
   */
  async preload(families?: readonly OperationFamily[]): Promise<void> {
    const state = deviceReceiver(this, 'preload');
    assertDeviceOpen(state);
    for (const family of checkFamilies(families)) {
      assertDeviceOpen(state);
      await native().preload(state.handle, family);
    }
  }
}
