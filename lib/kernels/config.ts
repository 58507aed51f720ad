/**
 * How a kernel is launched: grid, block and the rest, checked against what device and kernel allow.
 */

import type { NativeKernelAttributes, NativeKernelFacts } from '../addon/types.js';
import {
  argumentTypeError,
  checkBoolean,
  checkInteger,
  rangeError,
  readOptions,
  typeError,
} from '../base/checks.js';
import { isArray } from '../base/describe.js';
import type { DeviceInfo } from '../device/info.js';
import type { Stream } from '../streams/stream.js';

/** Along x, or x and y, or x, y and z. */
export type Extent3 =
  | number
  | readonly [number]
  | readonly [number, number]
  | readonly [number, number, number];

/** How a kernel is launched. */
export interface LaunchOptions {
  /** Blocks. */
  grid: Extent3;
  /** Threads of a block. */
  block: Extent3;
  /**
   * Bytes of dynamic shared memory (`extern __shared__`). Default 0. More than 48 KiB need nothing else.
   */
  sharedMemoryBytes?: number | undefined;
  /** Blocks of a cluster (capability 9.0): the grid is a multiple of it. Default: as compiled. */
  cluster?: Extent3 | undefined;
  /** All blocks are on the device at one time, and may wait for each other. Default false. */
  cooperative?: boolean | undefined;
  /**
   * The kernel may begin before its predecessor in the stream has ended, and waits for it where it says
   * `griddepcontrol.wait` (capability 9.0: programmatic dependent launch). Default false.
   */
  programmatic?: boolean | undefined;
  /** Stream to enqueue on. Default: the device's default stream. */
  stream?: Stream | undefined;
}

/** Three extents. */
export type Triple = readonly [x: number, y: number, z: number];

/** A checked configuration. */
export interface LaunchConfig {
  readonly grid: Triple;
  readonly block: Triple;
  readonly cluster: Triple;
  readonly sharedMemoryBytes: number;
  readonly cooperative: boolean;
  readonly programmatic: boolean;
  readonly stream: unknown;
}

/** What device and kernel allow. */
export interface LaunchLimits {
  /** Of the kernel. */
  readonly name: string;
  readonly grid: Triple;
  readonly block: Triple;
  readonly deviceThreads: number;
  readonly kernelThreads: number;
  /** All 0 if any will do. */
  readonly requiredBlock: Triple;
  readonly requiredCluster: Triple;
  /** 0 if the kernel does not say. */
  readonly maxClusterBlocks: number;
  /** Static shared memory of the kernel, how much of it there may be, and what a block can have in all. */
  readonly staticSharedBytes: number;
  readonly staticMost: number;
  readonly sharedBytes: number;
  readonly hasClusters: boolean;
}

/** The limits of launches of a kernel on a device. */
export function launchLimits(
  facts: NativeKernelFacts,
  attributes: NativeKernelAttributes,
  { properties, computeCapability }: DeviceInfo,
): LaunchLimits {
  const [gridX, gridY, gridZ] = properties.maxGridDim;
  const [blockX, blockY, blockZ] = properties.maxBlockDim;
  return {
    name: facts.name,
    // Not the frozen arrays themselves, which are slower to read.
    grid: [gridX, gridY, gridZ],
    block: [blockX, blockY, blockZ],
    deviceThreads: properties.maxThreadsPerBlock,
    kernelThreads: attributes.maxThreadsPerBlock,
    requiredBlock: facts.requiredBlock,
    requiredCluster: facts.requiredCluster,
    maxClusterBlocks: facts.maxClusterBlocks,
    staticSharedBytes: attributes.sharedBytes,
    staticMost: properties.sharedMemoryPerBlock,
    sharedBytes: properties.sharedMemoryPerBlockOptin,
    hasClusters: computeCapability.major >= 9,
  };
}

const NO_CLUSTER: Triple = [0, 0, 0];
const MOST_PORTABLE_CLUSTER = 8;

/** Three extents from what stands for them. Runs traps of a Proxy. */
export function readExtents(value: unknown, name: string): Triple {
  if (typeof value === 'number' || typeof value === 'bigint') {
    return [checkInteger(value, name, 1), 1, 1];
  }
  if (!isArray(value) || value.length < 1 || value.length > 3) {
    throw argumentTypeError('a number, or 1 to 3 of them in an array', name, value);
  }
  const { length } = value;
  const at = (i: number) => (i < length ? checkInteger(value[i], `${name}[${i}]`, 1) : 1);
  return [at(0), at(1), at(2)];
}

type Slots = Record<keyof LaunchOptions, unknown>;

function takeOption(slots: Slots, key: string, value: unknown): boolean {
  const name = key as keyof LaunchOptions;
  switch (name) {
    case 'grid':
      slots.grid = value;
      return true;
    case 'block':
      slots.block = value;
      return true;
    case 'sharedMemoryBytes':
      slots.sharedMemoryBytes = value;
      return true;
    case 'cluster':
      slots.cluster = value;
      return true;
    case 'cooperative':
      slots.cooperative = value;
      return true;
    case 'programmatic':
      slots.programmatic = value;
      return true;
    case 'stream':
      slots.stream = value;
      return true;
    default:
      name satisfies never;
      return false;
  }
}

/** Reads options of a launch. Runs getters. */
export function readLaunchOptions(options: unknown): LaunchConfig {
  if (options === undefined) throw typeError('Expected options with `grid` and `block`');
  const given = readOptions(
    options,
    {
      grid: undefined,
      block: undefined,
      sharedMemoryBytes: undefined,
      cluster: undefined,
      cooperative: undefined,
      programmatic: undefined,
      stream: undefined,
    } as Slots,
    takeOption,
  );
  return {
    grid: readExtents(given.grid, 'grid'),
    block: readExtents(given.block, 'block'),
    cluster: given.cluster === undefined ? NO_CLUSTER : readExtents(given.cluster, 'cluster'),
    sharedMemoryBytes:
      given.sharedMemoryBytes === undefined
        ? 0
        : checkInteger(given.sharedMemoryBytes, 'sharedMemoryBytes'),
    cooperative: checkBoolean(given.cooperative, 'cooperative', false),
    programmatic: checkBoolean(given.programmatic, 'programmatic', false),
    stream: given.stream,
  };
}

const AXES = ['x', 'y', 'z'] as const;
const product = ([x, y, z]: Triple) => x * y * z;
const equal = (a: Triple, b: Triple) => a[0] === b[0] && a[1] === b[1] && a[2] === b[2];

function checkExtents(extents: Triple, limits: Triple, name: string): void {
  if (extents[0] <= limits[0] && extents[1] <= limits[1] && extents[2] <= limits[2]) return;
  const i = extents.findIndex((extent, axis) => extent > limits[axis]!);
  throw rangeError(
    `Expected at most ${limits[i]} along ${AXES[i]} for \`${name}\` (the device's limit) but ` +
      `received ${extents[i]}`,
  );
}

function checkThreads(block: Triple, limits: LaunchLimits): void {
  const { name, deviceThreads, kernelThreads, requiredBlock } = limits;
  const threads = product(block);
  if (threads > deviceThreads) {
    throw rangeError(
      `Expected at most ${deviceThreads} threads for \`block\` (the device's limit) but received ` +
        `${threads}`,
    );
  }
  if (threads > kernelThreads) {
    throw rangeError(
      `Expected at most ${kernelThreads} threads for \`block\` (the limit of kernel ${name}: its ` +
        `launch bounds or registers) but received ${threads}`,
    );
  }
  if (requiredBlock[0] !== 0 && !equal(block, requiredBlock)) {
    throw rangeError(
      `Expected ${requiredBlock.join(' x ')} threads for \`block\`, for which kernel ${name} was ` +
        `compiled (.reqntid), but received ${block.join(' x ')}`,
    );
  }
}

/** That a block can have so much dynamic shared memory. */
export function checkShared(
  bytes: number,
  { name, staticSharedBytes, staticMost, sharedBytes }: LaunchLimits,
): void {
  if (bytes <= sharedBytes - staticSharedBytes && staticSharedBytes <= staticMost) return;
  if (staticSharedBytes > staticMost) {
    throw rangeError(
      `Kernel ${name} has ${staticSharedBytes} bytes of static shared memory, and a block can have ` +
        `${staticMost}: what is more has to be dynamic (extern __shared__, and \`sharedMemoryBytes\`)`,
    );
  }
  const own =
    staticSharedBytes === 0 ? '' : `, of which kernel ${name} has ${staticSharedBytes} itself`;
  throw rangeError(
    `Expected at most ${Math.max(sharedBytes - staticSharedBytes, 0)} bytes for ` +
      `\`sharedMemoryBytes\` (a block of the device has ${sharedBytes}${own}) but received ${bytes}`,
  );
}

function checkCluster({ grid, cluster: asked }: LaunchConfig, limits: LaunchLimits): void {
  const { name, requiredCluster, hasClusters } = limits;
  const cluster = asked[0] === 0 ? requiredCluster : asked;
  if (cluster[0] === 0) return;
  if (!hasClusters) {
    throw rangeError('Clusters are for devices of compute capability 9.0 and later');
  }
  if (requiredCluster[0] !== 0 && !equal(cluster, requiredCluster)) {
    throw rangeError(
      `Expected ${requiredCluster.join(' x ')} blocks for \`cluster\`, for which kernel ${name} was ` +
        `compiled (.reqnctapercluster), but received ${cluster.join(' x ')}`,
    );
  }
  const own = limits.maxClusterBlocks;
  if (own > 0 && product(cluster) > own) {
    throw rangeError(
      `Expected at most ${own} blocks for \`cluster\` (the limit of kernel ${limits.name}: ` +
        `.maxclusterrank) but received ${product(cluster)}`,
    );
  }
  if (product(cluster) > MOST_PORTABLE_CLUSTER) {
    throw rangeError(
      `Expected at most ${MOST_PORTABLE_CLUSTER} blocks for \`cluster\` but received ${product(cluster)}`,
    );
  }
  if (grid.some((extent, i) => extent % cluster[i]! !== 0)) {
    throw rangeError(
      `Expected a multiple of the cluster (${cluster.join(' x ')}) for \`grid\` but received ` +
        `${grid.join(' x ')}`,
    );
  }
}

/** That the device can run it. Words name the limit. */
export function checkLaunch(config: LaunchConfig, limits: LaunchLimits): void {
  checkExtents(config.grid, limits.grid, 'grid');
  checkExtents(config.block, limits.block, 'block');
  checkThreads(config.block, limits);
  checkShared(config.sharedMemoryBytes, limits);
  checkCluster(config, limits);
  if (config.programmatic && !limits.hasClusters) {
    throw rangeError('`programmatic` is for devices of compute capability 9.0 and later');
  }
}

/** That all blocks of a cooperative launch are on the device at one time, `perMultiprocessor` on each. */
export function checkCooperative(
  config: LaunchConfig,
  perMultiprocessor: number,
  { multiprocessorCount }: DeviceInfo,
): void {
  const most = perMultiprocessor * multiprocessorCount;
  const blocks = product(config.grid);
  if (blocks <= most) return;
  throw rangeError(
    `Expected at most ${most} blocks for \`grid\` of a cooperative launch (${perMultiprocessor} on ` +
      `each of ${multiprocessorCount} multiprocessors) but received ${blocks}`,
  );
}
