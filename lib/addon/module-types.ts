/**
 * What native code says of modules: compiled, linked, and what is in them.
 */

/** What came of looking for NVRTC. */
export interface NativeCompilerSearch {
  /** The file of the library, without links; null if no name could be opened. */
  path: string | null;
  /** Why not, for each name before the one that was opened. */
  failures: string[];
  /** The other half of the library; empty if it is not beside it. */
  builtins: string;
  major: number;
  minor: number;
  /** 90 for sm_90, ascending. */
  architectures: number[];
}

export interface NativeCompilation {
  /** nvrtcResult: 0 if it was compiled. */
  status: number;
  /** The call that failed. */
  operation: string;
  /** The status in NVRTC's words. */
  words: string;
  log: string;
  ptx: string;
  /** Empty where only PTX was asked for. */
  cubin: Uint8Array;
  /** In the order of the name expressions. */
  loweredNames: string[];
  /** It was being compiled already, for another thread. */
  shared: boolean;
}

export interface NativeLinkedPtx {
  /** Machine code is among the images: there is no PTX of them, and nvJitLink is needed. */
  needsLinker: boolean;
  /** For that, such as `sm_90`; empty without. */
  architecture: string;
  ptx: Uint8Array;
}

/** What came of looking for nvJitLink. */
export interface NativeLinkerSearch {
  path: string | null;
  failures: string[];
  major: number;
  minor: number;
}

export interface NativeLinkedCode {
  /** nvJitLinkResult: 0 if it was linked. */
  status: number;
  /** The call that failed. */
  operation: string;
  /** The status by its name. */
  words: string;
  log: string;
  cubin: Uint8Array;
}

/** A parameter as the kernel declares it. */
export interface NativeParameter {
  byteOffset: number;
  byteLength: number;
  /** 0: not known. */
  alignment: number;
  /** As PTX spells it; `b8` for an array of bytes, empty where it is not known. */
  type: string;
  isPointer: boolean | null;
}

/** A kernel as the image declares it. Figures of compiled code are -1 where it has none. */
export interface NativeKernelFacts {
  name: string;
  parameters: NativeParameter[];
  parameterBytes: number;
  registers: number;
  sharedBytes: number;
  localBytes: number;
  /** 0 where the kernel does not say. */
  maxThreads: number;
  /** 0 where the kernel does not say. */
  maxClusterBlocks: number;
  requiredBlock: [number, number, number];
  requiredCluster: [number, number, number];
}

export interface NativeModuleContents {
  kernels: NativeKernelFacts[];
  variables: { name: string; byteLength: number; type: string; isConstant: boolean }[];
}

/** What a kernel takes on its device. */
export interface NativeKernelAttributes {
  sharedBytes: number;
  localBytes: number;
  constBytes: number;
  /** -1: not known. */
  registers: number;
  maxThreadsPerBlock: number;
}
