import { native } from '../../lib/addon/load.js';
import type { Handle, NativeAddon } from '../../lib/addon/types.js';
import { cuda, type SimulatedDeviceOptions } from '../../lib/index.js';
import { type Device, openDevice } from '../../lib/methods.js';

/** Device memory that is enough for the tests, and soon used up on purpose. */
export const MEMORY_BYTES = 256 * 2 ** 20;

/**
 * The device for tests of what operations compute: a simulated one, or with
 * NODECUDA_TEST_DEVICE=gpu the first GPU (scripts/gpu-bundle.mjs). What a test expects of the
 * simulation itself, or of the size of its memory, it has to ask `cuda.simulatedDevice` for.
 */
export function openTestDevice(options?: SimulatedDeviceOptions): Device {
  return process.env.NODECUDA_TEST_DEVICE === 'gpu'
    ? cuda.device()
    : cuda.simulatedDevice({ memoryBytes: 2 ** 26, ...options });
}

export type Mode = 'once' | 'persistent' | 'sticky';

/** A simulated device whose CUDA calls can be counted and made to fail. */
export interface FaultyDevice {
  readonly device: Device;
  readonly addon: NativeAddon;
  /** Makes the nth call of that name from now on fail; '*' stands for any. */
  fail(call: string, nth: number, status: number, mode?: Mode): void;
  clear(): void;
  /** Names of the CUDA calls since the last `clearLog`. */
  log(): string[];
  clearLog(): void;
  live(): ReturnType<NativeAddon['faultLive']>;
}

const opened: { device: Device; runtimes: Handle[] }[] = [];

/** A runtime with one simulated device that has nothing special, straight from the addon. */
export function plainRuntime(
  addon: NativeAddon,
  { memoryBytes = 2 ** 24, major = 9, minor = 0, workers = 1 } = {},
): Handle {
  return addon.simulatedRuntime(memoryBytes, major, minor, workers, 0, 0, 0, '', 0);
}

export function openFaultyDevice(): FaultyDevice {
  const addon = native();
  const inner = plainRuntime(addon, { memoryBytes: MEMORY_BYTES, workers: 2 });
  const runtime = addon.faultRuntime(inner);
  const device = openDevice(runtime, 0, false);
  opened.push({ device, runtimes: [runtime, inner] });
  return {
    device,
    addon,
    fail: (call, nth, status, mode = 'once') => addon.faultFail(runtime, call, nth, status, mode),
    clear: () => addon.faultClear(runtime),
    log: () => addon.faultLog(runtime),
    clearLog: () => addon.faultClearLog(runtime),
    live: () => addon.faultLive(runtime),
  };
}

/** For afterEach. */
export function closeFaultyDevices(): void {
  for (const { device, runtimes } of opened.splice(0)) {
    device.dispose();
    for (const runtime of runtimes) native().closeRuntime(runtime);
  }
}
