/**
 * Why there is no usable GPU, and what to do about it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeOfInitialization } from '../addon/failures.js';
import type { NativeBuildInfo, NativeProbe } from '../addon/types.js';
import { environment } from '../base/environment.js';
import type { CudaErrorCode } from '../base/errors.js';
import type { DeviceInfo } from '../device/info.js';

/** What the native binary was built from and for. */
export interface BuildInfo {
  /** False if it was built without the CUDA toolkit: only simulated devices work. */
  readonly withCuda: boolean;
  /** Version of the toolkit that compiled the kernels, such as `13.0`. */
  readonly cudaVersion: string;
  /** GPU architectures in the binary: 90 for sm_90. */
  readonly architectures: readonly number[];
  /** Compute capabilities that can be simulated: 90 for 9.0. */
  readonly simulatedCapabilities: readonly number[];
  /** CPU instructions that the simulator uses here: `baseline`, `avx2` or `avx512`. */
  readonly simulatorIsa: string;
  /** SHA-256 of the native sources. */
  readonly sourceHash: string;
}

/** What {@link Cuda.diagnose} found. */
export interface Diagnosis {
  /** True if `cuda.device()` can be expected to work. */
  readonly available: boolean;
  /** The `code` of the error that `cuda.device()` would throw, null if available. */
  readonly reason: CudaErrorCode | null;
  /** One sentence for people: what was found. */
  readonly message: string;
  /** What to do about it; empty if available, or where the message says it. */
  readonly hint: string;
  /** CUDA version of the runtime in the binary, such as `13.0`; null if not known. */
  readonly runtimeVersion: string | null;
  /** The latest CUDA version that the installed driver supports; null without a driver. */
  readonly driverVersion: string | null;
  /** True if NODECUDA_SIMULATE makes `cuda.device()` a simulated device. */
  readonly simulated: boolean;
  /** The native binary in use; null if none could be loaded. */
  readonly addonPath: string | null;
  readonly platform: string;
  readonly arch: string;
  /** Version of the GNU C library; null on musl and outside Linux. */
  readonly glibc: string | null;
  /** Null if no native binary could be loaded. */
  readonly build: BuildInfo | null;
  /** Driver libraries (libcuda) found in the usual places. */
  readonly libraryPaths: readonly string[];
  readonly devices: readonly DeviceInfo[];
}

/** What an explanation starts from. */
export interface Findings {
  readonly probe: NativeProbe;
  readonly withCuda: boolean;
  readonly libraryPaths: readonly string[];
  /** A device file of the kernel module, such as /dev/nvidiactl, is there. */
  readonly deviceFiles: boolean;
  /** CUDA_VISIBLE_DEVICES, undefined if not set. */
  readonly visibleDevices: string | undefined;
}

export interface Explanation {
  readonly reason: CudaErrorCode | null;
  readonly message: string;
  readonly hint: string;
}

const SIMULATE_HINT =
  'Without a GPU, use cuda.simulatedDevice(), or set NODECUDA_SIMULATE=1 to make cuda.device() ' +
  'a simulated one.';

/** 13000 is `13.0`. */
export function versionText(version: number): string {
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

export function buildInfo(native: NativeBuildInfo): BuildInfo {
  return {
    withCuda: native.withCuda,
    cudaVersion: versionText(native.cudaVersion),
    architectures: [...native.architectures],
    simulatedCapabilities: [...native.simulatedCapabilities],
    simulatorIsa: native.simulatorIsa,
    sourceHash: native.sourceHash,
  };
}

function noDriver({ libraryPaths, deviceFiles }: Findings): Explanation {
  const reason = 'ERR_CUDA_NO_DRIVER';
  if (libraryPaths.length > 0) {
    return {
      reason,
      message: 'The NVIDIA driver library (libcuda.so.1) is installed but could not be used',
      hint: 'Check that nvidia-smi works; if it does not, reinstall the driver.',
    };
  }
  const container =
    'In a container, use the NVIDIA container toolkit and start it with `--gpus all`.';
  return {
    reason,
    message: deviceFiles
      ? 'There are NVIDIA device files but no driver library (libcuda.so.1)'
      : 'No NVIDIA driver is installed (libcuda.so.1 was not found)',
    hint: `Install the NVIDIA driver, version 580 or newer. ${container}`,
  };
}

const NOT_LICENSED = 102;

function noDevice({ probe, visibleDevices, deviceFiles }: Findings): Explanation {
  const reason = 'ERR_CUDA_NO_DEVICE';
  if (probe.status === NOT_LICENSED) {
    return {
      reason,
      message: 'The (virtual) GPU has no license that allows CUDA',
      hint: 'Check the license server and the kind of license of the virtual GPU: `nvidia-smi -q`.',
    };
  }
  if (visibleDevices?.trim() === '') {
    return {
      reason,
      message: 'CUDA_VISIBLE_DEVICES is empty, which hides every GPU',
      hint: 'Unset CUDA_VISIBLE_DEVICES, or set it to the indices of the GPUs to use.',
    };
  }
  if (visibleDevices !== undefined) {
    return {
      reason,
      message: 'CUDA_VISIBLE_DEVICES leaves no GPU: an invalid entry hides itself and all after it',
      hint: 'Unset CUDA_VISIBLE_DEVICES, or set it to indices or UUIDs that `nvidia-smi -L` lists.',
    };
  }
  return {
    reason,
    message: 'An NVIDIA driver is installed but it finds no GPU',
    hint: deviceFiles
      ? 'Check that `nvidia-smi -L` lists a GPU.'
      : 'There are no /dev/nvidia* files: in a container start it with `--gpus all`; otherwise ' +
        'load the kernel module (`modprobe nvidia`).',
  };
}

const HINTS: Partial<Record<CudaErrorCode, readonly [message: string, hint: string]>> = {
  ERR_CUDA_STUB: [
    'The CUDA stub library was loaded in place of the driver',
    'Remove the toolkit’s `stubs` directory from LD_LIBRARY_PATH.',
  ],
  ERR_CUDA_DRIVER_MISMATCH: [
    'The NVIDIA driver library and the kernel module do not match',
    'Restart the machine (or reload the kernel module) after the driver update; remove ' +
      'forward-compatibility packages from GPUs that do not support them.',
  ],
  ERR_CUDA_DEVICE_BUSY: [
    'The GPUs are in use by other processes that have them to themselves',
    'Stop the other process, or change the compute mode with `nvidia-smi -c 0`.',
  ],
  ERR_CUDA_NOT_READY: [
    'The GPU system is not ready yet',
    'Start the fabric manager (nvidia-fabricmanager), then restart the process: CUDA does not ask ' +
      'again.',
  ],
  ERR_CUDA_MPS: [
    'The CUDA multi-process service (MPS) cannot be reached or is full',
    'Check or restart the MPS control daemon, then restart the process: CUDA does not ask again.',
  ],
  ERR_CUDA_FORKED: [
    'CUDA could not be initialized',
    'After a fork CUDA works only in a fresh process; otherwise check that nvidia-smi works.',
  ],
};

/** The words for `count` devices, which are all well. */
export function explainAvailable(count: number, simulated: boolean): Explanation {
  const kind = simulated ? 'simulated device' : 'GPU';
  return { reason: null, message: `${count} ${kind}${count === 1 ? '' : 's'} found`, hint: '' };
}

/** The words for why there is no usable GPU. */
export function explain(findings: Findings): Explanation {
  const { probe } = findings;
  const found = explainFindings(findings);
  const status = probe.status === 0 ? '' : ` (${probe.statusName}, ${probe.status})`;
  const message = findings.withCuda ? found.message + status : found.message;
  return { reason: found.reason, message, hint: `${found.hint} ${SIMULATE_HINT}` };
}

function explainFindings(findings: Findings): Explanation {
  const { probe, withCuda } = findings;
  if (!withCuda) {
    return {
      reason: 'ERR_CUDA_NOT_BUILT',
      message: 'This binary of nodecuda was built without the CUDA toolkit',
      hint: 'Install the published package, or build again with nvcc on the PATH.',
    };
  }
  // CUDA says "insufficient driver" (35) where there is none, too.
  if (probe.status !== 34 && probe.driverVersion === 0) return noDriver(findings);
  const reason = probe.status === 0 ? 'ERR_CUDA_NO_DEVICE' : codeOfInitialization(probe.status);
  if (reason === 'ERR_CUDA_NO_DEVICE') return noDevice(findings);
  if (reason === 'ERR_CUDA_DRIVER_TOO_OLD') {
    return {
      reason,
      message:
        `The NVIDIA driver is too old: it supports CUDA ${versionText(probe.driverVersion)}, ` +
        `and ${versionText(probe.runtimeVersion)} is needed`,
      hint: 'Update the NVIDIA driver to version 580 or newer.',
    };
  }
  const [message, hint] = HINTS[reason] ?? [
    'CUDA could not be initialized',
    'Check that nvidia-smi works; if it does not, restart the machine or reinstall the driver.',
  ];
  return { reason, message, hint };
}

const LIBRARY_DIRECTORIES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/lib/wsl/lib',
  '/usr/local/nvidia/lib64',
  '/usr/local/cuda/compat',
  '/run/opengl-driver/lib',
];

// Files that may not be looked at (--permission, Deno) count as absent.
function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    return false;
  }
}

/** Driver libraries in the places where the dynamic loader and containers put them. */
export function findLibraries(): string[] {
  if (process.platform === 'win32') {
    const path = join(environment('SystemRoot') ?? 'C:\\Windows', 'System32', 'nvcuda.dll');
    return isThere(path) ? [path] : [];
  }
  const fromEnvironment = (environment('LD_LIBRARY_PATH') ?? '').split(':');
  const directories = new Set([...fromEnvironment, ...LIBRARY_DIRECTORIES]);
  directories.delete('');
  return [...directories].map((path) => join(path, 'libcuda.so.1')).filter(isThere);
}

/** Whether the kernel module has made its device files (WSL: /dev/dxg). */
export function findDeviceFiles(): boolean {
  return ['/dev/nvidiactl', '/dev/dxg'].some(isThere);
}
