/**
 * What a module tells of its kernels.
 */
import type { NativeKernelAttributes, NativeKernelFacts } from '../addon/types.js';
import type { Triple } from './config.js';

/** A parameter of a kernel, as the kernel itself declares it. */
export interface KernelParameter {
  readonly byteOffset: number;
  readonly byteLength: number;
  /** Bytes; null where only machine code is there, which does not say. */
  readonly alignment: number | null;
  /** As PTX spells it, such as `f32`, `u64` or `b8` for bytes; null where it is not known. */
  readonly type: string | null;
  /** Whether it is an address; null for a 64-bit integer that may be one. */
  readonly isPointer: boolean | null;
}

/** What is known of a kernel. Figures that only the compiled code has are null until it is there. */
export interface KernelInfo {
  readonly name: string;
  readonly parameters: readonly KernelParameter[];
  /** Registers of a thread. The simulated device does not know. */
  readonly registers: number | null;
  /** Bytes of static shared memory of a block. */
  readonly sharedMemoryBytes: number | null;
  /** Bytes of local memory of a thread: arrays, and registers that were spilled. */
  readonly localMemoryBytes: number | null;
  /** The most threads of a block, by launch bounds and registers. */
  readonly maxThreadsPerBlock: number | null;
  /** Threads of a block if it was compiled for one size, else null. */
  readonly requiredBlock: Triple | null;
  /** Blocks of a cluster if it was compiled for one size, else null. */
  readonly requiredCluster: Triple | null;
}

const unless0 = (value: number) => (value === 0 ? null : value);
const known = (triple: Triple) => (triple[0] === 0 ? null : triple);

/** As the image tells it, or with what the device says once the kernel is loaded. */
export function kernelInfo(facts: NativeKernelFacts, loaded?: NativeKernelAttributes): KernelInfo {
  const registers = loaded === undefined ? facts.registers : loaded.registers;
  return Object.freeze({
    name: facts.name,
    parameters: Object.freeze(
      facts.parameters.map(({ alignment, type, ...rest }) =>
        Object.freeze({ ...rest, alignment: unless0(alignment), type: type === '' ? null : type }),
      ),
    ),
    registers: registers < 0 ? null : registers,
    sharedMemoryBytes: loaded?.sharedBytes ?? (facts.sharedBytes < 0 ? null : facts.sharedBytes),
    localMemoryBytes: loaded?.localBytes ?? (facts.localBytes < 0 ? null : facts.localBytes),
    maxThreadsPerBlock: loaded?.maxThreadsPerBlock ?? unless0(facts.maxThreads),
    requiredBlock: known(facts.requiredBlock),
    requiredCluster: known(facts.requiredCluster),
  });
}
