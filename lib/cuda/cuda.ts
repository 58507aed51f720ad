/**
 * Finding devices. Nothing here touches CUDA before it is called.
 */
import { availableParallelism } from 'node:os';
import { addonPath, native } from '../addon/load.js';
import { platform } from '../addon/platform.js';
import type { Handle, NativeProbe } from '../addon/types.js';
import {
  argumentRangeError,
  argumentTypeError,
  checkInteger,
  optionalInteger,
  rangeError,
  readOptions,
  typeError,
} from '../base/checks.js';
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
import {
  isModel,
  MODELS,
  parseSimulate,
  SIMULATE_FORMS,
  type Simulated,
  type SimulatedModel,
} from './models.js';
import { readSchedule, type Schedule } from './schedule.js';

/** Options of {@link Cuda.simulatedDevice}. */
export interface SimulatedDeviceOptions extends CheckOptions {
  /**
   * Bytes of device memory. Default: those of the model, or 8 GiB, or half of the host's memory if that is
   * less.
   */
  memoryBytes?: number | undefined;
  /** One of `cuda.diagnose().build.simulatedCapabilities`. Default 9.0, or that of the model. */
  computeCapability?: ComputeCapability | undefined;
  /**
   * A GPU whose limits and figures the device is to have: `T4`, `A100` (40 GB), `RTX 4090`, `H100`, `H200`
   * (SXM) or `B200`. Not together with `computeCapability`. Its memory is a limit: the host needs as much
   * as is used. Default: limits of the compute capability, and four multiprocessors.
   */
  model?: SimulatedModel | undefined;
  /** Threads that execute kernels. Default: the host's parallelism. */
  workers?: number | undefined;
  /** In what order blocks and warps get their turns. Default: `in-order`. */
  schedule?: Schedule | undefined;
  /**
   * Milliseconds that a kernel may take. One that takes longer, as it spins for something that never
   * comes, fails with `cudaErrorLaunchTimeout` and tells where its threads are; the device is lost, as
   * after any fault. Default: no limit, as on most GPUs.
   */
  launchTimeoutMs?: number | undefined;
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
   * in place of its GPUs; with NODECUDA_SIMULATE=H100, or 4xH100, those of a model.
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
   * A debugger of kernels on simulated devices, those that are launched from now on. There is one at
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

const MOST_WORKERS = 256;
const DEFAULT_CAPABILITY: ComputeCapability = { major: 9, minor: 0 };

// Both are asked for once: a runtime's handle tells which devices are the same.
let simulate: { readonly asked: Simulated | undefined } | undefined;
let runtime: Handle | undefined;

/** Undefined where the environment says something odd. */
function simulated(): Simulated | undefined {
  simulate ??= { asked: parseSimulate(environment('NODECUDA_SIMULATE')) };
  return simulate.asked;
}

const isSimulated = () => (simulated()?.count ?? 0) > 0;

const BAD_SIMULATE: Explanation = {
  reason: 'ERR_CUDA_ENVIRONMENT',
  message: 'NODECUDA_SIMULATE is not a number of devices, nor a model',
  hint: `Unset NODECUDA_SIMULATE, or set it to ${SIMULATE_FORMS}.`,
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
  const asked = simulated();
  if (asked === undefined) throw unavailable(BAD_SIMULATE);
  const { count, model } = asked;
  runtime ??= count > 0 ? native().sharedSimulatedRuntime(count, model) : native().cudaRuntime();
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
  if (simulated() === undefined) return { probe: NO_PROBE, explanation: BAD_SIMULATE };
  const probe = withCuda || isSimulated() ? native().probe(processRuntime()) : NO_PROBE;
  if (probe.status === 0 && probe.deviceCount > 0) {
    return { probe, explanation: explainAvailable(probe.deviceCount, isSimulated()) };
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
    simulated: isSimulated(),
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
  if (hasDebugger() && !isSimulated()) {
    throw new CudaDebuggerError(
      'Kernels on a GPU are debugged with cuda-gdb: this debugger is for simulated devices, ' +
        'cuda.simulatedDevice() or those of NODECUDA_SIMULATE=1',
      { operation: 'cuda.device', device: wanted },
    );
  }
  return openDevice(processRuntime(), wanted, false);
}

const MOST_MS = 2 ** 31 - 1;

function checkCapability(value: unknown): ComputeCapability {
  if (value === undefined) return DEFAULT_CAPABILITY;
  const given = readOptions(
    value,
    { major: undefined, minor: undefined },
    undefined,
    'computeCapability',
  );
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

function checkModel(model: unknown, capability: unknown): SimulatedModel | '' {
  if (model === undefined) return '';
  if (typeof model !== 'string') throw argumentTypeError('a string', 'model', model);
  if (!isModel(model)) throw argumentRangeError(`one of ${MODELS.join(', ')}`, 'model', model);
  if (capability === undefined) return model;
  throw typeError('Expected `model` or `computeCapability`, not both: a model has its own');
}

function simulatedDevice(options?: SimulatedDeviceOptions): Device {
  const given = readOptions(options, {
    memoryBytes: undefined,
    computeCapability: undefined,
    model: undefined,
    workers: undefined,
    schedule: undefined,
    launchTimeoutMs: undefined,
    check: undefined,
    suppress: undefined,
    onFinding: undefined,
  });
  // For native code 0 stands for the default.
  const memoryBytes = optionalInteger(given.memoryBytes, 'memoryBytes', 0, 1);
  const model = checkModel(given.model, given.computeCapability);
  const { major, minor } = checkCapability(given.computeCapability);
  const parallelism = Math.min(availableParallelism(), MOST_WORKERS);
  const workers = optionalInteger(given.workers, 'workers', parallelism, 1, MOST_WORKERS);
  const { policy, seed } = readSchedule(given.schedule);
  const launchTimeoutMs = optionalInteger(given.launchTimeoutMs, 'launchTimeoutMs', 0, 1, MOST_MS);
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
    model,
    launchTimeoutMs,
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
