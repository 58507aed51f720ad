/**
 * Loading kernels before they are needed, listening to what they print, watching what they do.
 */
import { native } from '../addon/load.js';
import { argumentRangeError, argumentTypeError } from '../base/checks.js';
import { isArray } from '../base/describe.js';
import { CudaUnavailableError } from '../base/errors.js';
import type { CheckReport } from './check.js';
import { deviceReceiver } from './device.js';
import type { DeviceEvents, PrintfOutput } from './printf.js';
import { type ProfileReport, profileDevice } from './profile.js';
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

/** The method of {@link Device} that tells what the checker has found. */
export abstract class CheckMethods {
  /**
   * What the checker has found in the work that is done by now: wait for the device first. Also after the
   * device was lost or disposed, when it tells of leaks, too.
   *
   * @throws {@link CudaUnavailableError} `ERR_CUDA_UNSUPPORTED` if the device is not checked
   *
   * @example
   * ```ts
   * const device = cuda.simulatedDevice({ check: true });
   * // ...
   * await device.synchronize();
   * console.log(`${device.checkReport()}`);
   * ```
   *
   * @group Own kernels
   */
  checkReport(): CheckReport {
    const { checks, index } = deviceReceiver(this, 'checkReport');
    if (checks !== undefined) return checks.report();
    throw new CudaUnavailableError(
      'This device is not checked: open one with cuda.simulatedDevice({ check: true })',
      { code: 'ERR_CUDA_UNSUPPORTED', operation: 'Device.checkReport', device: index },
    );
  }
}

/** The method of {@link Device} that counts what kernels do. */
export abstract class ProfileMethods {
  /**
   * Counts exactly what the kernels do that are launched on this simulated device while `fn` runs, those
   * of this library too: instructions, divergence, sectors of device memory, bank conflicts, atomics,
   * barriers. No times. Metered launches take 3 to 13 times as long; others are not touched.
   *
   * @param fn - launches kernels. It may be asynchronous: launches are metered until its promise settles,
   *   then the device is waited for
   * @returns after the end of all that was launched. If `fn` throws, so does this
   * @throws {@link CudaUnavailableError} `ERR_CUDA_UNSUPPORTED` on a GPU, where Nsight Compute does this,
   *   and for a device with `check`; `ERR_CUDA_DEVICE_BUSY` while another profile of the device goes on
   *
   * @example
   * ```ts
   * const report = await device.profile(() => transpose.launch({ grid, block }, input, output));
   * console.log(`${report}`);
   * ```
   *
   * @group Own kernels
   */
  async profile(fn: () => unknown): Promise<ProfileReport> {
    const state = deviceReceiver(this, 'profile');
    assertDeviceOpen(state);
    if (typeof fn !== 'function') throw argumentTypeError('a function', 'fn', fn);
    return profileDevice(state, fn);
  }
}

/** The output of the device that is listened to, once the arguments are those of `on` and `off`. */
function listened(
  device: unknown,
  member: string,
  event: unknown,
  listener: unknown,
): PrintfOutput {
  const state = deviceReceiver(device, member);
  assertDeviceOpen(state);
  if (event !== 'printf') throw argumentRangeError("'printf'", 'event', event);
  if (typeof listener !== 'function') throw argumentTypeError('a function', 'listener', listener);
  if (state.printf === undefined) {
    throw new CudaUnavailableError(
      'The driver of a GPU writes what kernels print to stdout by itself: only simulated devices ' +
        '(`device.isSimulated`) have the event',
      { code: 'ERR_CUDA_UNSUPPORTED', operation: `Device.${member}`, device: state.index },
    );
  }
  return state.printf;
}

/** The methods of {@link Device} that listen. */
export abstract class ListenerMethods {
  /**
   * Has the text that kernels print with `printf`, or that a failed `assert` leaves, passed to `listener`
   * and not written to stdout. It comes when the host waits for the device (`synchronize()`, `read()`
   * and their like, also those that block), before the wait is over, and when the device is disposed.
   * Listeners are those of an `EventEmitter`: one that throws ends the process, unless
   * `uncaughtException` is handled.
   *
   * @throws {@link CudaUnavailableError} `ERR_CUDA_UNSUPPORTED` on a GPU, whose driver writes to stdout by
   *   itself
   *
   * @example
   * ```ts
   * device.on('printf', (text) => log.debug(text));
   * ```
   *
   * @group Own kernels
   */
  on<E extends keyof DeviceEvents>(event: E, listener: (...args: DeviceEvents[E]) => void): this {
    listened(this, 'on', event, listener).on(listener);
    return this;
  }

  /**
   * Takes a listener back. Without any, text goes to stdout again.
   *
   * @throws as {@link Device.on}
   *
   * @example
   * ```ts
   * device.off('printf', listener);
   * ```
   *
   * @group Own kernels
   */
  off<E extends keyof DeviceEvents>(event: E, listener: (...args: DeviceEvents[E]) => void): this {
    listened(this, 'off', event, listener).off(listener);
    return this;
  }
}
