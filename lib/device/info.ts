import type { NativeDeviceProperties } from '../addon/types.js';

/** The version of the instruction set of a device: 9.0 is `{ major: 9, minor: 0 }`. */
export interface ComputeCapability {
  readonly major: number;
  readonly minor: number;
}

/**
 * The limits and figures of a device, as CUDA gives them
 * ({@link https://docs.nvidia.com/cuda/cuda-runtime-api/structcudaDeviceProp.html | cudaDeviceProp}).
 */
export interface DeviceProperties {
  readonly maxThreadsPerBlock: number;
  readonly maxThreadsPerMultiprocessor: number;
  readonly maxBlocksPerMultiprocessor: number;
  /** Threads per block in x, y and z. */
  readonly maxBlockDim: readonly [number, number, number];
  /** Blocks per grid in x, y and z. */
  readonly maxGridDim: readonly [number, number, number];
  /** Bytes of shared memory per block. */
  readonly sharedMemoryPerBlock: number;
  /** Bytes of shared memory per block for kernels that ask for more than usual. */
  readonly sharedMemoryPerBlockOptin: number;
  /** Bytes of shared memory per multiprocessor. */
  readonly sharedMemoryPerMultiprocessor: number;
  /** 32-bit registers per block. */
  readonly registersPerBlock: number;
  /** Threads per warp. */
  readonly warpSize: number;
  readonly memoryBusWidthBits: number;
  readonly l2CacheBytes: number;
  readonly clockRateKhz: number;
  readonly memoryClockRateKhz: number;
  /** Such as `0000:3b:00.0`. */
  readonly pciBusId: string;
  /** Memory is protected by error-correcting codes. */
  readonly eccEnabled: boolean;
  /** Shares the host's memory. */
  readonly integrated: boolean;
}

/** What can be said about a device without opening it. */
export interface DeviceInfo {
  /** What `cuda.device` takes. */
  readonly index: number;
  readonly name: string;
  /** As nvidia-smi prints it: `GPU-` and five groups of hexadecimal digits. */
  readonly uuid: string;
  readonly computeCapability: ComputeCapability;
  /** Bytes of device memory. */
  readonly totalMemory: number;
  readonly multiprocessorCount: number;
  /** True for a device that this library simulates on the host. */
  readonly isSimulated: boolean;
  readonly properties: DeviceProperties;
}

function formatUuid(hex: string): string {
  const groups = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex);
  return `GPU-${groups === null ? hex : groups.slice(1).join('-')}`;
}

export function deviceInfo(index: number, native: NativeDeviceProperties): DeviceInfo {
  const { name, uuid, major, minor, totalMemory, multiprocessorCount, simulated, ...rest } = native;
  Object.freeze(rest.maxBlockDim);
  Object.freeze(rest.maxGridDim);
  return Object.freeze({
    index,
    name,
    uuid: formatUuid(uuid),
    computeCapability: Object.freeze({ major, minor }),
    totalMemory,
    multiprocessorCount,
    isSimulated: simulated,
    properties: Object.freeze(rest),
  });
}
