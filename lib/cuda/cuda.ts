/**
 * Finding devices. Nothing here touches CUDA before it is called.
 */
import { availableParallelism } from 'node:os';
import { addonPath, native } from '../addon/load.js';
import { platform } from '../addon/platform.js';
import type { Handle, NativeProbe } from '../addon/types.js';
import { checkInteger, optionalInteger, rangeError, readOptions } from '../base/checks.js';
import { environment } from '../base/environment.js';
import { CudaDebuggerError, CudaError, CudaUnavailableError } from '../base/errors.js';
import { hasDebugger, KernelDebugger } from '../debugger/debugger.js';
import { CheckLog, type CheckOptions, readChecking } from '../device/check.js';
import { type ComputeCapability, type DeviceInfo, deviceInfo } from '../device/info.js';
import { type Device, openDevice } from '../methods.js';
import {
  buildInfo,
  type Diagnosis,
  type Explanation,
  explain,
  explainAvailable,
  findDeviceFiles,
  findLibraries,
  versionText,
} from './diagnose.js';
import { readSchedule, type Schedule } from './schedule.js';

/** Options of {@link Cuda.simulatedDevice}. */
export interface SimulatedDeviceOptions extends CheckOptions {
  /** Bytes of device memory. Default: 8 GiB, or half of the host's memory if that is less. */
  memoryBytes?: number | undefined;
  /** One of `cuda.diagnose().build.simulatedCapabilities`. Default 9.0. */
  computeCapability?: ComputeCapability | undefined;
  /** Threads that execute kernels. Default: the host's parallelism. */
  workers?: number | undefined;
  /** In what order blocks and warps get their turns. Default: `in-order`. */
  schedule?: Schedule | undefined;
}

/**
 * The type of {@link cuda}.
 *
 * @group Start here
 */
export interface Cuda {
  /**
   * The number of devices that {@link Cuda.device} can open; 0 without a usable GPU. Never throws.
   *
   * @example
   * ```ts
   * if (cuda.deviceCount() === 0) console.log(cuda.diagnose().message);
   * ```
   */
  deviceCount(): number;

  /**
   * True if there is at least one device. Never throws.
   *
   * @example
   * ```ts
   * using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
   * ```
   */
  isAvailable(): boolean;

  /**
   * What was found, and what to do if there is no usable GPU. Never throws.
   *
   * @example
   * ```ts
   * const { available, message, hint } = cuda.diagnose();
   * if (!available) console.log(`${message}. ${hint}`);
   * ```
   */
  diagnose(): Diagnosis;

  /**
   * What can be said about every device without opening it; empty without a usable GPU. Never
   * throws.
   *
   * @example
   * ```ts
   * for (const { index, name } of cuda.devices()) console.log(index, name);
   * ```
   */
  devices(): DeviceInfo[];

  /**
   * Opens a device. With NODECUDA_SIMULATE=n in the environment the process has n simulated devices
   * in place of its GPUs.
   *
   * @param index - from 0 up to, not including, `cuda.deviceCount()`; default 0
   * @throws {@link CudaUnavailableError} without a usable GPU: `code` and message say why and what
   *   to do
   * @throws `TypeError` or `RangeError` if there is no device of that index
   *
   * @example
   * ```ts
   * using device = cuda.device();
   * ```
   */
  device(index?: number): Device;

  /**
   * Opens a new simulated device with memory of its own: it runs the kernels of this library on the
   * host. Works on every machine; made for development and tests, not for speed.
   *
   * @throws `TypeError` or `RangeError` for wrong options
   * @throws {@link CudaUnavailableError} `ERR_CUDA_ADDON_LOAD` if the native binary cannot be loaded
   *
   * @example
   * ```ts
   * using device = cuda.simulatedDevice({ memoryBytes: 2 ** 28 });
   * ```
   */
  simulatedDevice(options?: SimulatedDeviceOptions): Device;

  /**
   * A debugger of kernels on simulated devices, those of modules that are loaded from now on. There is one at
   * a time in a process. GPUs cannot be opened in its thread: for them there is cuda-gdb.
   *
   * @throws {@link CudaDebuggerError} if there is one
   * @throws {@link CudaUnavailableError} `ERR_CUDA_ADDON_LOAD` if the native binary cannot be loaded
   *
   * @example
   * ```ts
   * using debug = cuda.debugger();
   * debug.breakAt('scale.cu:12');
   * ```
   */
  debugger(): KernelDebugger;
}

const MOST_SIMULATED = 16;
const MOST_WORKERS = 256;
const DEFAULT_CAPABILITY: ComputeCapability = { major: 9, minor: 0 };

/** How many simulated devices the environment asks for: 0 for none, NaN for something odd. */
export function parseSimulate(value: string | undefined): number {
  const text = value?.trim() ?? '';
  if (text === '') return 0;
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return count <= MOST_SIMULATED ? count : Number.NaN;
}

// Both are asked for once: a runtime's handle tells which devices are the same.
let simulate: number | undefined;
let runtime: Handle | undefined;

function simulatedCount(): number {
  simulate ??= parseSimulate(environment('NODECUDA_SIMULATE'));
  return simulate;
}

const BAD_SIMULATE: Explanation = {
  reason: 'ERR_CUDA_ENVIRONMENT',
  message: 'NODECUDA_SIMULATE is not a number of devices',
  hint: `Unset NODECUDA_SIMULATE, or set it to a whole number from 0 to ${MOST_SIMULATED}.`,
};

function unavailable(
  { reason, message, hint }: Explanation,
  { status, statusName } = NO_PROBE,
): CudaUnavailableError {
  return new CudaUnavailableError(`${message}. ${hint}`, {
    code: reason ?? 'ERR_CUDA_NO_DEVICE',
    operation: 'cuda.device',
    ...(status === 0 ? {} : { status, statusName }),
  });
}

// The runtime whose devices the process sees. Throws if there is none.
function processRuntime(): Handle {
  const count = simulatedCount();
  if (Number.isNaN(count)) throw unavailable(BAD_SIMULATE);
  runtime ??= count > 0 ? native().sharedSimulatedRuntime(count) : native().cudaRuntime();
  return runtime;
}

const NO_PROBE: NativeProbe = {
  status: 0,
  statusName: '',
  deviceCount: 0,
  driverVersion: 0,
  runtimeVersion: 0,
};

interface Found {
  readonly probe: NativeProbe;
  readonly explanation: Explanation;
}

// Asks the runtime, and says in words what the answer means. Throws what cannot be explained here.
function find(): Found {
  const { withCuda } = native().buildInfo();
  const simulated = simulatedCount();
  if (Number.isNaN(simulated)) return { probe: NO_PROBE, explanation: BAD_SIMULATE };
  const probe = withCuda || simulated > 0 ? native().probe(processRuntime()) : NO_PROBE;
  if (probe.status === 0 && probe.deviceCount > 0) {
    return { probe, explanation: explainAvailable(probe.deviceCount, simulated > 0) };
  }
  const explanation = explain({
    probe,
    withCuda,
    libraryPaths: findLibraries(),
    deviceFiles: findDeviceFiles(),
    visibleDevices: environment('CUDA_VISIBLE_DEVICES'),
  });
  return { probe, explanation };
}

// The same as `find`, for those who must not throw.
function findOrExplain(): Found {
  try {
    return find();
  } catch (error) {
    const reason = error instanceof CudaError ? error.code : 'ERR_CUDA_DRIVER';
    const message = error instanceof Error ? error.message : String(error);
    return { probe: NO_PROBE, explanation: { reason, message, hint: '' } };
  }
}

function usable({ probe, explanation }: Found): number {
  return explanation.reason === null ? probe.deviceCount : 0;
}

function listDevices(count: number): DeviceInfo[] {
  const devices: DeviceInfo[] = [];
  try {
    for (let index = 0; index < count; index++) {
      devices.push(deviceInfo(index, native().deviceProperties(processRuntime(), index)));
    }
  } catch {
    // A device that fell off the bus is not in the list.
  }
  return devices;
}

function optional<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function diagnose(): Diagnosis {
  const found = findOrExplain();
  const { probe, explanation } = found;
  const count = usable(found);
  return {
    available: count > 0,
    ...explanation,
    runtimeVersion: probe.runtimeVersion === 0 ? null : versionText(probe.runtimeVersion),
    driverVersion: probe.driverVersion === 0 ? null : versionText(probe.driverVersion),
    simulated: simulatedCount() > 0,
    addonPath: optional(addonPath),
    ...platform(),
    build: optional(() => buildInfo(native().buildInfo())),
    libraryPaths: findLibraries(),
    devices: listDevices(count),
  };
}

function device(index = 0): Device {
  const wanted = checkInteger(index, 'index');
  const found = find();
  const count = usable(found);
  if (count === 0) throw unavailable(found.explanation, found.probe);
  if (wanted >= count) {
    throw rangeError(
      `Expected a device index below ${count}, the number of devices, but received ${wanted}`,
    );
  }
  if (hasDebugger() && simulatedCount() === 0) {
    throw new CudaDebuggerError(
      'Kernels on a GPU are debugged with cuda-gdb: this debugger is for simulated devices, ' +
        'cuda.simulatedDevice() or those of NODECUDA_SIMULATE=1',
      { operation: 'cuda.device', device: wanted },
    );
  }
  return openDevice(processRuntime(), wanted, false);
}

function checkCapability(value: unknown): ComputeCapability {
  if (value === undefined) return DEFAULT_CAPABILITY;
  const given = readOptions(value, { major: undefined, minor: undefined });
  const major = checkInteger(given.major, 'computeCapability.major');
  const minor = checkInteger(given.minor, 'computeCapability.minor');
  const { simulatedCapabilities } = native().buildInfo();
  if (minor > 9 || !simulatedCapabilities.includes(10 * major + minor)) {
    const possible = simulatedCapabilities.map((c) => `${Math.floor(c / 10)}.${c % 10}`);
    throw rangeError(
      `Expected one of ${possible.join(', ')} for \`computeCapability\` but received ` +
        `${major}.${minor}`,
    );
  }
  return { major, minor };
}

function simulatedDevice(options?: SimulatedDeviceOptions): Device {
  const given = readOptions(options, {
    memoryBytes: undefined,
    computeCapability: undefined,
    workers: undefined,
    schedule: undefined,
    check: undefined,
    suppress: undefined,
    onFinding: undefined,
  });
  // For native code 0 stands for the default.
  const memoryBytes = optionalInteger(given.memoryBytes, 'memoryBytes', 0, 1);
  const { major, minor } = checkCapability(given.computeCapability);
  const parallelism = Math.min(availableParallelism(), MOST_WORKERS);
  const workers = optionalInteger(given.workers, 'workers', parallelism, 1, MOST_WORKERS);
  const { policy, seed } = readSchedule(given.schedule);
  const checking = readChecking(given);
  const checks = checking && new CheckLog(checking);
  const own = native().simulatedRuntime(
    memoryBytes,
    major,
    minor,
    workers,
    checks?.handle ?? 0,
    policy,
    seed,
  );
  try {
    return openDevice(own, 0, true, checks);
  } catch (error) {
    native().closeRuntime(own);
    throw error;
  }
}

/**
 * The way in: finds and opens devices.
 *
 * @example
 * ```ts
 * import { cuda } from 'nodecuda';
 *
 * using device = cuda.device();
 * ```
 *
 * @group Start here
 */
export const cuda: Cuda = Object.freeze({
  deviceCount: () => usable(findOrExplain()),
  isAvailable: () => usable(findOrExplain()) > 0,
  diagnose,
  devices: () => listDevices(usable(findOrExplain())),
  device,
  simulatedDevice,
  debugger: () => new KernelDebugger(),
});
