// Kernels in PTX under the meter.
import type {
  Device,
  ProfileCounts,
  ProfileLaunch,
  ProfileReport,
  SimulatedDeviceOptions,
} from '../../../../lib/index.js';
import { cuda } from '../../../../lib/index.js';

export { kernel } from '../check/support.js';

/** Instructions of `kernel('')`: three parameters, three of numbers, `ret`. */
export const AROUND = 7;

export interface Run {
  grid?: number;
  block?: number;
  n?: number;
  options?: SimulatedDeviceOptions;
  launch?: { cooperative?: boolean; cluster?: number };
}

export function openDevice(options: SimulatedDeviceOptions = {}): Device {
  return cuda.simulatedDevice({
    memoryBytes: 2 ** 24,
    computeCapability: { major: 8, minor: 0 },
    ...options,
  });
}

/** The profile of one launch of `k(a, b, n)`, whose pointers have room for 4,096 words each. */
export async function profile(text: string, run: Run = {}): Promise<ProfileReport> {
  const { grid = 1, block = 32, n = 0, options = {}, launch = {} } = run;
  using device = openDevice(options);
  using module = device.loadModule(text);
  using a = device.alloc('int32', 4096);
  using b = device.alloc('int32', 4096);
  const k = module.kernel('k', ['int32*', 'int32*', 'uint32']);
  return await device.profile(() => k.launch({ grid, block, ...launch }, a, b, n));
}

export async function launchOf(text: string, run: Run = {}): Promise<ProfileLaunch> {
  const { launches } = await profile(text, run);
  expect(launches).toHaveLength(1);
  return launches[0]!;
}

export async function countsOf(text: string, run: Run = {}): Promise<ProfileCounts> {
  return (await launchOf(text, run)).counts;
}

/** How often warps and lanes executed what has that text. */
export function executed({ instructions }: ProfileLaunch, text: string): [number, number] {
  const found = instructions.filter((each) => each.text === text);
  const sum = (of: (counts: ProfileCounts) => number) =>
    found.reduce((total, { counts }) => total + of(counts), 0);
  return [sum((counts) => counts.warpInstructions), sum((counts) => counts.threadInstructions)];
}
