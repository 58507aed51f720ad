import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism, cpus, getPriority, loadavg, totalmem } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Device } from 'nodecuda';
import { addonPath, native } from '../../dist/addon/load.js';
import { type GpuState, queryGpu } from './gpu-state';

const ROOT = join(__dirname, '..', '..');

/** Where figures come from: nothing in here is a name or an address of the machine. */
export interface Environment {
  date: string;
  package: string;
  commit: string;
  node: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  /** Runnable threads, mean over the last minute, before the bench began. */
  loadBefore: number;
  /** Scheduling priority of this process: 0 is the usual, less is more urgent. */
  niceness: number;
  device: string;
  simulated: boolean;
  /** Of the simulated device. */
  workers: number | null;
  simulatorIsa: string;
  /** Before the bench began; null without nvidia-smi. */
  gpu: GpuState | null;
  /** Of what nodecuda is compared with: a version, or why it is not there. */
  peers: Readonly<Record<string, string>>;
  addon: string;
  addonBytes: number;
  /** First 16 digits of its SHA-256. */
  addonHash: string;
  /** The prebuilt addon is what users get; without one this is null. */
  prebuiltAddonBytes: number | null;
}

// What scripts/gpu-bundle.mjs leaves in a bundle, where there is no repository.
function bundledCommit(): string {
  try {
    return readFileSync(join(ROOT, 'COMMIT'), 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, stdio: 'pipe' });
  try {
    const name = git('rev-parse', '--short', 'HEAD').toString().trim();
    const changed = git('status', '--porcelain', '--', 'native', 'cuda', 'lib').length > 0;
    return changed ? `${name}, changed` : name;
  } catch {
    return bundledCommit();
  }
}

function prebuiltAddonBytes(): number | null {
  const directory = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`);
  try {
    const name = readdirSync(directory).find((file) => file.endsWith('.node'));
    return name === undefined ? null : statSync(join(directory, name)).size;
  } catch {
    return null;
  }
}

/** Name of the processor, as short as it can be said. */
export function cpuName(model: string): string {
  return model
    .replace(/\((R|TM)\)|CPU|@.*$/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export function describeEnvironment(
  device: Device,
  workers: number | undefined,
  peers: Environment['peers'],
): Environment {
  const { name, version } = require('../../package.json') as { name: string; version: string };
  const { major, minor } = device.computeCapability;
  return {
    date: new Date().toISOString().slice(0, 10),
    package: `${name} ${version}`,
    commit: commit(),
    node: process.version,
    cpu: cpuName(cpus()[0]?.model ?? 'unknown'),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: Number(loadavg()[0]!.toFixed(2)),
    niceness: getPriority(),
    device: `${device.name}, compute capability ${major}.${minor}`,
    simulated: device.isSimulated,
    workers: workers ?? null,
    simulatorIsa: native().buildInfo().simulatorIsa,
    gpu: device.isSimulated ? null : queryGpu(),
    peers,
    addon: relative(ROOT, dirname(addonPath())),
    addonBytes: statSync(addonPath()).size,
    addonHash: createHash('sha256').update(readFileSync(addonPath())).digest('hex').slice(0, 16),
    prebuiltAddonBytes: prebuiltAddonBytes(),
  };
}
