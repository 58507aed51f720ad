/**
 * What native code says of launches that were metered.
 */

export interface NativeMemoryCounts {
  requests: number;
  bytes: number;
  sectors: number;
  fewestSectors: number;
  lines: number;
}

export interface NativeSharedCounts {
  requests: number;
  bytes: number;
  wavefronts: number;
  fewestWavefronts: number;
}

/** What is not there is all zeros. */
export interface NativeMeteredInstruction {
  ptxLine: number;
  text: string;
  mnemonic: string;
  /** Empty where the PTX does not tell. */
  file: string;
  line: number;
  warpInstructions: number;
  threadInstructions: number;
  branches: number;
  divergentBranches: number;
  barriers: number;
  atomics?: { requests: number; operations: number; addresses: number };
  global?: NativeMemoryCounts;
  local?: NativeMemoryCounts;
  shared?: NativeSharedCounts;
}

export interface NativeMeteredLaunch {
  kernel: string;
  grid: [number, number, number];
  block: [number, number, number];
  cluster: [number, number, number];
  staticSharedBytes: number;
  dynamicSharedBytes: number;
  /** 0: not known. */
  maxRegisters: number;
  /** Blocks that fit a multiprocessor. */
  blocksByThreads: number;
  blocksByBlocks: number;
  blocksByShared: number;
  instructions: NativeMeteredInstruction[];
}
