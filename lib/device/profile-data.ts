/**
 * What a profile has of each launch, as data.
 */
import type {
  NativeMemoryCounts,
  NativeMeteredInstruction,
  NativeMeteredLaunch,
} from '../addon/types.js';
import type { DeviceProperties } from './info.js';

/** Accesses to device or local memory. */
export interface ProfileMemory {
  /** Instructions of warps of which at least one lane touches it. */
  readonly requests: number;
  /** Bytes that lanes ask for; what several lanes ask for counts several times. */
  readonly bytes: number;
  /** Sectors of 32 bytes that each request touches. */
  readonly sectors: number;
  /** The fewest sectors that the bytes of each request would fit, each byte once. */
  readonly fewestSectors: number;
  /** Cache lines of 128 bytes that each request touches. */
  readonly lines: number;
  /** Coalescing: `fewestSectors / sectors`, from 0 to 1; null without requests. */
  readonly efficiency: number | null;
}

/** Accesses to shared memory. */
export interface ProfileShared {
  /** Instructions of warps of which at least one lane touches it. */
  readonly requests: number;
  /** Bytes that lanes ask for. */
  readonly bytes: number;
  /** Turns that the requests take: in one, each of 32 banks of 4 bytes gives one word. */
  readonly wavefronts: number;
  /** The fewest turns for as many words. */
  readonly fewestWavefronts: number;
  /** `wavefronts - fewestWavefronts` */
  readonly bankConflicts: number;
}

/** `atom` and `red`, whose accesses are also among those to memory. */
export interface ProfileAtomics {
  /** Instructions of warps. */
  readonly requests: number;
  /** Those of their lanes. */
  readonly operations: number;
  /** Different places within each instruction: as many as operations where lanes do not meet. */
  readonly addresses: number;
}

/** What was counted. */
export interface ProfileCounts {
  /** Instructions that warps executed. Lanes that come apart count apart. */
  readonly warpInstructions: number;
  /** The same for each lane that the guard let through. */
  readonly threadInstructions: number;
  /** `threadInstructions / warpInstructions`, from 0 to 32. */
  readonly averageActiveLanes: number;
  /** `bra` and `brx.idx`, by warps. */
  readonly branches: number;
  /** Those at which lanes that came together went on apart. */
  readonly divergentBranches: number;
  /** `bar`, `barrier` and `barrier.cluster`, by warps; arriving and waiting apart are two. */
  readonly barriers: number;
  readonly atomics: ProfileAtomics;
  /** Device memory. */
  readonly global: ProfileMemory;
  /** Local memory: what a thread spills, and its arrays. */
  readonly local: ProfileMemory;
  readonly shared: ProfileShared;
}

/** An instruction of the PTX. */
export interface ProfileInstruction {
  /** Line of the PTX. */
  readonly ptxLine: number;
  /** The instruction as it stands there, with its guard. */
  readonly text: string;
  /** Such as `ld.global.f32`. */
  readonly mnemonic: string;
  /** `file:line` of the source, where the PTX tells (`nvcc -lineinfo`); or null. */
  readonly source: string | null;
  readonly counts: ProfileCounts;
}

/** A line of the source: the instructions that were made of it. */
export interface ProfileLine {
  readonly file: string;
  /** In the file, from 1 on. */
  readonly line: number;
  readonly counts: ProfileCounts;
}

/** What a multiprocessor can hold at one time of a launch. */
export interface ProfileOccupancy {
  /** Blocks of a multiprocessor. */
  readonly blocks: number;
  /** Warps of these blocks. */
  readonly warps: number;
  /** Warps that a multiprocessor of the device holds at most. */
  readonly mostWarps: number;
  /**
   * How many blocks each of these would allow. `registers` is null where they are not known, and then they
   * do not count: only `.maxnreg` tells here, which ptxas may stay below.
   */
  readonly limits: {
    readonly threads: number;
    readonly blocks: number;
    readonly sharedMemory: number;
    readonly registers: number | null;
  };
  /** Which of them allow no more than `blocks`. */
  readonly limitedBy: readonly ('threads' | 'blocks' | 'sharedMemory' | 'registers')[];
}

/** A launch of a kernel. */
export interface ProfileLaunch {
  readonly kernel: string;
  /** Blocks in x, y and z. */
  readonly grid: readonly [number, number, number];
  /** Threads in x, y and z. */
  readonly block: readonly [number, number, number];
  /** Blocks of a cluster in x, y and z. */
  readonly cluster: readonly [number, number, number];
  /** Bytes of shared memory that the kernel itself declares. */
  readonly staticSharedBytes: number;
  /** Bytes of shared memory that the launch asked for. */
  readonly dynamicSharedBytes: number;
  readonly occupancy: ProfileOccupancy;
  /** Of all instructions. */
  readonly counts: ProfileCounts;
  /** What was executed, in the order of the PTX. */
  readonly instructions: readonly ProfileInstruction[];
  /** The same by lines of the source; empty where the PTX does not tell. */
  readonly lines: readonly ProfileLine[];
}

const NO_MEMORY = { requests: 0, bytes: 0, sectors: 0, fewestSectors: 0, lines: 0 };
const NO_SHARED = { requests: 0, bytes: 0, wavefronts: 0, fewestWavefronts: 0 };
const NO_ATOMICS = { requests: 0, operations: 0, addresses: 0 };

/** Counts without what follows from others. */
type Basic = Pick<
  NativeMeteredInstruction,
  'warpInstructions' | 'threadInstructions' | 'branches' | 'divergentBranches' | 'barriers'
> &
  Partial<Pick<NativeMeteredInstruction, 'atomics' | 'global' | 'local' | 'shared'>>;

function memory(counts: NativeMemoryCounts = NO_MEMORY): ProfileMemory {
  const { requests, bytes, sectors, fewestSectors, lines } = counts;
  const efficiency = sectors === 0 ? null : fewestSectors / sectors;
  return { requests, bytes, sectors, fewestSectors, lines, efficiency };
}

function complete(basic: Basic): ProfileCounts {
  const { warpInstructions, threadInstructions, branches, divergentBranches, barriers } = basic;
  const { requests, bytes, wavefronts, fewestWavefronts } = basic.shared ?? NO_SHARED;
  const bankConflicts = wavefronts - fewestWavefronts;
  return {
    warpInstructions,
    threadInstructions,
    averageActiveLanes: warpInstructions === 0 ? 0 : threadInstructions / warpInstructions,
    branches,
    divergentBranches,
    barriers,
    atomics: { ...(basic.atomics ?? NO_ATOMICS) },
    global: memory(basic.global),
    local: memory(basic.local),
    shared: { requests, bytes, wavefronts, fewestWavefronts, bankConflicts },
  };
}

function add<T extends object>(one: T, other: T): T {
  const sum = { ...one } as Record<string, number>;
  for (const key of Object.keys(sum)) sum[key]! += (other as Record<string, number>)[key]!;
  return sum as T;
}

/** The sum of counts; of none, zeros. */
export function sumCounts(all: Iterable<Basic>): ProfileCounts {
  const numbers = {
    warpInstructions: 0,
    threadInstructions: 0,
    branches: 0,
    divergentBranches: 0,
    barriers: 0,
  };
  let [global, local, shared, atomics] = [NO_MEMORY, NO_MEMORY, NO_SHARED, NO_ATOMICS];
  let sum = numbers;
  for (const each of all) {
    sum = add(sum, each);
    if (each.global !== undefined) global = add(global, each.global);
    if (each.local !== undefined) local = add(local, each.local);
    if (each.shared !== undefined) shared = add(shared, each.shared);
    if (each.atomics !== undefined) atomics = add(atomics, each.atomics);
  }
  return complete({ ...sum, global, local, shared, atomics });
}

/** In groups of one key each, in the order of the first of each. */
export function groupBy<T>(all: Iterable<T>, keyOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

const REGISTER_UNIT = 256; // registers, given to a warp
const WARP_UNIT = 4; // warps, of a multiprocessor's four parts

function occupancyOf(launch: NativeMeteredLaunch, properties: DeviceProperties): ProfileOccupancy {
  const { warpSize, maxThreadsPerMultiprocessor, registersPerBlock } = properties;
  const [x, y, z] = launch.block;
  const warpsOfBlock = Math.ceil((x * y * z) / warpSize);
  let registers: number | null = null;
  if (launch.maxRegisters !== 0) {
    const ofWarp = Math.ceil((launch.maxRegisters * warpSize) / REGISTER_UNIT) * REGISTER_UNIT;
    const warps = Math.floor(registersPerBlock / ofWarp / WARP_UNIT) * WARP_UNIT;
    registers = Math.floor(warps / warpsOfBlock);
  }
  const limits = {
    threads: launch.blocksByThreads,
    blocks: launch.blocksByBlocks,
    sharedMemory: launch.blocksByShared,
    registers,
  };
  const blocks = Math.min(...Object.values(limits).filter((limit) => limit !== null));
  const names = Object.keys(limits) as (keyof typeof limits)[];
  return {
    blocks,
    warps: blocks * warpsOfBlock,
    mostWarps: maxThreadsPerMultiprocessor / warpSize,
    limits,
    limitedBy: names.filter((name) => limits[name] === blocks),
  };
}

/** What JavaScript is shown of a launch. */
export function profileLaunch(
  launch: NativeMeteredLaunch,
  properties: DeviceProperties,
): ProfileLaunch {
  const { kernel, grid, block, cluster, staticSharedBytes, dynamicSharedBytes } = launch;
  const instructions = [...launch.instructions].sort((a, b) => a.ptxLine - b.ptxLine);
  const withSource = instructions.filter(({ file }) => file !== '');
  return {
    kernel,
    grid,
    block,
    cluster,
    staticSharedBytes,
    dynamicSharedBytes,
    occupancy: occupancyOf(launch, properties),
    counts: sumCounts(instructions),
    instructions: instructions.map((each) => ({
      ptxLine: each.ptxLine,
      text: each.text,
      mnemonic: each.mnemonic,
      source: each.file === '' ? null : `${each.file}:${each.line}`,
      counts: complete(each),
    })),
    lines: groupBy(withSource, ({ file, line }) => `${file}:${line}`).map((group) => ({
      file: group[0]!.file,
      line: group[0]!.line,
      counts: sumCounts(group),
    })),
  };
}
