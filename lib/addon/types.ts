/**
 * What the native addon exports, as `lib/` uses it. Nothing here is public.
 *
 * Native objects are named by handles: positive safe integers (table index and generation) that
 * are valid in the JavaScript environment that got them. A handle that was closed is refused with
 * a `disposed` error, never taken for another object. Every function may throw a `NativeFailure`.
 */

import type { CheckKind } from '../base/finding.js';
import type { NativeDebugger } from './debugger-types.js';
import type { NativeMeteredLaunch } from './meter-types.js';
import type {
  NativeCompilation,
  NativeCompilerSearch,
  NativeKernelAttributes,
  NativeLinkedCode,
  NativeLinkedPtx,
  NativeLinkerSearch,
  NativeModuleContents,
} from './module-types.js';
/** A handle of one kind: `Runtime`, `Device`, `Stream`, `Event`, `Buffer` or `Read`. */
export type Handle = number;

/** An error thrown, or a promise rejected, by native code. `failures.ts` turns it into a public one. */
export interface NativeFailure extends Error {
  readonly nodecuda: NativeFailureDetails;
}

export interface NativeFailureDetails {
  /** What happened; decides the public class together with `status`. */
  readonly kind:
    | 'argument-type'
    | 'argument-range'
    | 'disposed'
    | 'wrong-device'
    | 'cuda'
    | 'lost'
    | 'shutdown'
    | 'unsupported'
    | 'host-memory'
    | 'internal';
  /** cudaError_t, or null where no CUDA call failed. For `lost`: the first fatal one. */
  readonly status: number | null;
  readonly statusName: string | null;
  /** The CUDA call that failed, such as `cudaMemcpyAsync`, or the native function's name. */
  readonly operation: string;
  /** Device index, or null. */
  readonly device: number | null;
  /** Words of the loader or of the simulator's fault report; may be empty. */
  readonly report: string;
  /** Out of memory: bytes, where known. */
  readonly requested?: number;
  readonly free?: number;
  readonly total?: number;
}

export interface NativeDeviceProperties {
  name: string;
  /** 32 lower-case hexadecimal digits. */
  uuid: string;
  major: number;
  minor: number;
  totalMemory: number;
  multiprocessorCount: number;
  maxThreadsPerBlock: number;
  maxThreadsPerMultiprocessor: number;
  maxBlocksPerMultiprocessor: number;
  maxBlockDim: [number, number, number];
  maxGridDim: [number, number, number];
  sharedMemoryPerBlock: number;
  sharedMemoryPerBlockOptin: number;
  sharedMemoryPerMultiprocessor: number;
  registersPerBlock: number;
  warpSize: number;
  memoryBusWidthBits: number;
  l2CacheBytes: number;
  clockRateKhz: number;
  memoryClockRateKhz: number;
  /** `0000:3b:00.0` */
  pciBusId: string;
  eccEnabled: boolean;
  integrated: boolean;
  simulated: boolean;
}

/** What opening the driver gave; never throws. */
export interface NativeProbe {
  /** cudaError_t of the first failing call, 0 if a device can be used. */
  status: number;
  statusName: string;
  deviceCount: number;
  /** 13000 for 13.0; 0 without a driver. */
  driverVersion: number;
  runtimeVersion: number;
}

export interface NativeBuildInfo {
  /** SHA-256 over the native sources, hexadecimal; see scripts/source-hash.mjs. */
  sourceHash: string;
  /** Built with the CUDA toolkit: CUDA devices can be used at all. */
  withCuda: boolean;
  /** Of the toolkit that compiled the kernels: 13000 for 13.0. */
  cudaVersion: number;
  /** Kernel targets in the binary: [75, 80, ...]. */
  architectures: number[];
  /** Compute capabilities the simulator supports, ascending: [75, ...]. */
  simulatedCapabilities: number[];
  /** Instruction set the simulator uses here: baseline, avx2 or avx512. */
  simulatorIsa: string;
}

export interface NativeCheckPlace {
  kernel: string;
  source: string;
  ptxLine: number;
  /** Empty where no instruction is to blame. */
  mnemonic: string;
  block: [number, number, number];
  thread: [number, number, number];
}

export interface NativeCheckFinding {
  kind: CheckKind;
  isAdvice: boolean;
  message: string;
  at: NativeCheckPlace;
  other?: NativeCheckPlace;
  address?: number;
  allocation?: { address: number; bytes: number; site: number; freed: boolean };
  count: number;
}

export interface NativeMemoryStats {
  /** Bytes and counts of the device's live buffers made through this Device object. */
  currentBytes: number;
  peakBytes: number;
  currentCount: number;
  totalCount: number;
}

/** How one variant would compute a product. */
export interface NativeMatmulPlan {
  variant: string;
  rejected: string | null;
  /** m, n, k. */
  tile: [number, number, number];
  threads: number;
  dynamicSharedBytes: number;
  blocksPerMultiprocessor: number;
  /** Of one result matrix. */
  tiles: number;
  splits: number;
  workspaceBytes: number;
  modelledSeconds: number;
  proven: boolean;
}

export type * from './debugger-types.js';
export type * from './meter-types.js';
export type * from './module-types.js';

export interface NativeAddon extends NativeDebugger {
  buildInfo(): NativeBuildInfo;
  /** Where the numbers go that are arguments of functions which take none: by index. */
  readonly argumentBlock: Float64Array;

  // Runtimes. Handles 'Runtime'.
  /** The process's GPUs; one per process, however often it is asked for. */
  cudaRuntime(): Handle;
  /** `deviceCount` simulated devices shared by the whole process, one runtime per count and model. */
  sharedSimulatedRuntime(deviceCount: number, model: string): Handle;
  /**
   * A runtime of its own with one device. memoryBytes 0: the default. `checks`: a handle, or 0 for none.
   * `policy`: 0 for blocks and warps in order, 1 in reverse, 2 as the seed says. `model`: in place of major
   * and minor, or empty. `launchTimeoutMs`: 0 for no limit.
   */
  simulatedRuntime(
    memoryBytes: number,
    major: number,
    minor: number,
    workers: number,
    checks: Handle,
    policy: number,
    seed: number,
    model: string,
    launchTimeoutMs: number,
  ): Handle;
  /** Does nothing, for the bench. */
  nullRuntime(): Handle;
  /** Wraps another for tests. */
  faultRuntime(inner: Handle): Handle;
  faultFail(
    runtime: Handle,
    call: string,
    nth: number,
    status: number,
    mode: 'once' | 'persistent' | 'sticky',
  ): void;
  faultClear(runtime: Handle): void;
  faultLog(runtime: Handle): string[];
  faultClearLog(runtime: Handle): void;
  faultLive(runtime: Handle): {
    streams: number;
    events: number;
    allocations: number;
    pinned: number;
    libraries: number;
    arrays: number;
    textures: number;
    pools: number;
  };
  closeRuntime(runtime: Handle): void;

  probe(runtime: Handle): NativeProbe;
  deviceProperties(runtime: Handle, index: number): NativeDeviceProperties;

  // Devices. Handles 'Device'.
  openDevice(runtime: Handle, index: number): Handle;
  /** Closes what was made from it too. Quiet: never throws for a handle already closed. */
  closeDevice(device: Handle): void;
  deviceMemoryInfo(device: Handle): { free: number; total: number };
  deviceMemoryStats(device: Handle): NativeMemoryStats;
  /** Gives unused pooled device memory and pinned staging back. */
  deviceTrim(device: Handle): void;
  /** Resolves when everything enqueued on all streams of this Device so far is done. */
  deviceSynchronize(device: Handle): Promise<void>;
  deviceSynchronizeSync(device: Handle): void;
  /**
   * Resolves when memory whose buffers are closed is free: that of this Device, and what others have left
   * to the device.
   */
  deviceReclaim(device: Handle): Promise<void>;
  /** Loads the code of a family's kernels on another thread. */
  preload(device: Handle, family: string): Promise<void>;
  /** Null while usable, else the fatal failure that is latched. */
  deviceFault(device: Handle): NativeFailure | null;
  /** Smallest priority value is the most urgent, as in CUDA: [least, greatest], e.g. [0, -5]. */
  devicePriorityRange(device: Handle): [number, number];

  // What kernels have printed. Handles 'Printf', of simulated devices only.
  openPrintf(device: Handle): Handle;
  /**
   * What came since the last time. Null once the device is closed, all that was launched there has ended and
   * nothing is left: the handle is closed then.
   */
  takePrintf(printf: Handle): string | null;

  // What a simulated device is checked for, and what was found. Handles 'Checks'.
  /** `kinds`: bits, memory, race, init, sync, leak from the lowest on. */
  openChecks(kinds: number): Handle;
  /** Names where the allocations that follow are made; 0 for nowhere. */
  setAllocationSite(checks: Handle, site: number): void;
  findLeaks(checks: Handle): void;
  /** All so far. With `isOver` the handle is closed: nothing more can come. */
  checkFindings(checks: Handle): {
    findings: NativeCheckFinding[];
    dropped: number;
    isOver: boolean;
  };

  // What the kernels of a simulated device do, counted. Handles 'Meter'.
  /** Has what is launched on the device from now on counted; 0 if it is already. */
  openMeter(device: Handle): Handle;
  /** Launches that follow are not counted. */
  endMeter(meter: Handle): void;
  /** In the order of the launches, whose work has to be done. */
  meteredLaunches(meter: Handle): { launches: NativeMeteredLaunch[]; dropped: number };
  closeMeter(meter: Handle): void;

  // NVRTC. On threads of their own, which a process that exits does not wait for.
  /**
   * The file of a library that the process has loaded, by whomever, whose name begins with that; null if
   * there is none.
   */
  loadedLibrary(beginning: string): string | null;
  /** Opens the first of the names that can be: a file by its path, or a name that the loader finds. */
  openCompiler(names: readonly string[]): Promise<NativeCompilerSearch>;
  compileProgram(
    path: string,
    source: string,
    name: string,
    headerNames: readonly string[],
    headerSources: readonly string[],
    options: readonly string[],
    nameExpressions: readonly string[],
    /** Who comes with the same while it is being compiled shares the result; empty: nobody. */
    key: string,
  ): Promise<NativeCompilation>;

  // Linking. On threads of their own as well.
  /** Makes one PTX of all images, unless one is machine code alone. The names are for messages. */
  linkPtx(
    device: Handle,
    images: readonly Uint8Array[],
    names: readonly string[],
  ): Promise<NativeLinkedPtx>;
  /** As `openCompiler`. */
  openLinker(names: readonly string[]): Promise<NativeLinkerSearch>;
  /** Makes one cubin of all images, with the nvJitLink at `path`. */
  linkCode(
    device: Handle,
    images: readonly Uint8Array[],
    names: readonly string[],
    path: string,
    options: readonly string[],
  ): Promise<NativeLinkedCode>;

  // Streams. Handles 'Stream'.
  defaultStream(device: Handle): Handle;
  createStream(device: Handle, priority: number): Handle;
  closeStream(stream: Handle): void;
  streamSynchronize(stream: Handle): Promise<void>;
  streamSynchronizeSync(stream: Handle): void;
  /** True if all work enqueued so far is done. */
  streamQuery(stream: Handle): boolean;

  // Events. Handles 'Event'.
  createEvent(device: Handle, timing: boolean): Handle;
  closeEvent(event: Handle): void;
  recordEvent(event: Handle, stream: Handle): void;
  /** True if the last recording is reached, or there is none. */
  eventQuery(event: Handle): boolean;
  eventSynchronize(event: Handle): Promise<void>;
  eventSynchronizeSync(event: Handle): void;
  /** Status 600 if either is not reached yet. */
  eventElapsedMs(start: Handle, end: Handle): number;
  streamWaitEvent(stream: Handle, event: Handle): void;

  // Buffers. Handles 'Buffer'. byteLength may be 0.
  allocate(device: Handle, byteLength: number, zeroed: boolean, stream: Handle): Handle;
  /** A view: shares the memory, which is freed when the buffer and all its views are closed. */
  sliceBuffer(buffer: Handle, byteOffset: number, byteLength: number): Handle;
  closeBuffer(buffer: Handle): void;
  /**
   * Copies the view's bytes before it returns; the device copy is then in stream order. Those who may
   * wait for the device (`mayWait`) need less staging memory.
   */
  writeBuffer(
    buffer: Handle,
    byteOffset: number,
    source: ArrayBufferView,
    stream: Handle,
    mayWait: boolean,
  ): void;
  /** Enqueues a copy of that range as it is at this point of the stream. Handle 'Read'. */
  startRead(
    buffer: Handle,
    byteOffset: number,
    byteLength: number,
    stream: Handle,
    mayWait: boolean,
  ): Handle;
  /** Resolves when the bytes are in host memory. */
  waitRead(read: Handle): Promise<void>;
  waitReadSync(read: Handle): void;
  /** Copies into the view, whose byteLength must be the read's, and closes the handle. */
  finishRead(read: Handle, destination: ArrayBufferView): void;
  /** Drops a read that nobody will finish. */
  closeRead(read: Handle): void;
  /** Fills whole elements of 1, 2, 4 or 8 bytes; low and high are the pattern's 32-bit halves. */
  fillBuffer(buffer: Handle, elementBytes: number, low: number, high: number, stream: Handle): void;
  copyBuffer(
    destination: Handle,
    destinationByteOffset: number,
    source: Handle,
    sourceByteOffset: number,
    byteLength: number,
    stream: Handle,
  ): void;

  // Arrays, textures and surfaces. Handles 'Array' and 'Texture'.
  /** `numbers`: kind, bits and channels of an element, width, height, depth, flags. */
  createArray(device: Handle, numbers: Float64Array, stream: Handle): Handle;
  closeArray(array: Handle): void;
  /** All of an array, to or from a buffer of as many bytes. */
  copyArray(array: Handle, buffer: Handle, toArray: boolean, stream: Handle): void;
  /** `sampling`: three address modes, linear, normalized, normalized coordinates, four of the border. */
  createArrayTexture(array: Handle, sampling: Float64Array): Handle;
  /** `numbers`: kind, bits and channels of an element, width, height (0: a line), pitch in bytes. */
  createBufferTexture(buffer: Handle, numbers: Float64Array, sampling: Float64Array): Handle;
  createSurface(array: Handle): Handle;
  closeTexture(texture: Handle): void;

  // Modules and kernels. Handles 'Module', 'Kernel' and 'PreparedLaunch'.
  /** Copies the image. */
  loadModule(device: Handle, image: ArrayBufferView): Handle;
  closeModule(module: Handle): void;
  moduleContents(module: Handle): NativeModuleContents;
  /** The memory of a variable. Handle 'Buffer'. */
  moduleGlobal(module: Handle, name: string, stream: Handle): Handle;
  /** `pointers`: for each handle in the parameters its offset, its alignment, and a use of abi/kernel.mjs. */
  openKernel(module: Handle, name: string, pointers: Uint32Array): Handle;
  /** The same kernel with other addresses. */
  reopenKernel(kernel: Handle, pointers: Uint32Array): Handle;
  closeKernel(kernel: Handle): void;
  kernelAttributes(kernel: Handle): NativeKernelAttributes;
  kernelOccupancy(kernel: Handle, blockThreads: number, dynamicSharedBytes: number): number;
  /** Launches what is in the argument block, where abi/kernel.mjs says. */
  launchKernel(): void;
  prepareLaunch(): Handle;
  /** Replaces the prepared launch that the argument block names. */
  prepareAgain(): void;
  runPrepared(prepared: Handle): void;
  closePrepared(prepared: Handle): void;
  /**
   * Fills 128 bytes. `numbers`: data type, swizzle, L2 promotion, rank, then extents, strides in bytes but
   * for the innermost, box and element strides, innermost first.
   */
  encodeTensorMap(buffer: Handle, numbers: Float64Array, map: Uint8Array): void;

  // Operations. Their numbers are in the argument block, where abi/<family>.mjs says.
  /** Enqueues an elementwise operation. */
  elementwise(): void;
  /** Enqueues a reduction. */
  reduce(): void;
  /** Enqueues a softmax. */
  softmax(): void;
  /** Enqueues a transposition. */
  transpose(): void;
  /** Enqueues a matrix product. */
  matmul(): void;
  /** Every variant of the dtype in the argument block. */
  planMatmul(): NativeMatmulPlan[];
  /** Names, by the index that the argument block takes. */
  matmulVariants(): string[];

  /** Nanoseconds per launch of `count` launches from C++, for the bench. */
  benchPrepared(prepared: Handle, count: number): number;
  /** Does nothing, for the bench. */
  benchEmpty(): void;
  /** Nanoseconds per call of `count` calls of `elementwise` from C++, for the bench. */
  benchElementwise(): number;

  /** Number of open handles by kind, for leak tests. */
  liveHandles(): {
    runtimes: number;
    devices: number;
    streams: number;
    buffers: number;
    reads: number;
    events: number;
    modules: number;
    kernels: number;
    preparedLaunches: number;
    arrays: number;
    textures: number;
    printfFifos: number;
    checkLogs: number;
    meters: number;
    debuggers: number;
  };
  /** How many bytes of copies may be under way on a device, in the whole process. */
  limitStaging(bytes: number): void;
  /** From here on nothing calls CUDA any more, and no kernel is stopped: the process is exiting. */
  beginShutdown(): void;
}
