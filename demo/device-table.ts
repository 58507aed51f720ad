import type { DeviceInfo, Diagnosis } from 'nodecuda';

const GIB = 2 ** 30;

type Row = Pick<
  DeviceInfo,
  'index' | 'name' | 'computeCapability' | 'totalMemory' | 'multiprocessorCount' | 'isSimulated'
>;

/** One line per device under a line of headings, in columns. */
export function deviceTable(devices: readonly Row[]): string[] {
  const rows = devices.map((device) => [
    String(device.index),
    device.name,
    `${device.computeCapability.major}.${device.computeCapability.minor}`,
    `${(device.totalMemory / GIB).toFixed(1)} GiB`,
    String(device.multiprocessorCount),
    device.isSimulated ? 'yes' : 'no',
  ]);
  const headings = ['#', 'name', 'capability', 'memory', 'multiprocessors', 'simulated'];
  const table = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}

/** Why there is no GPU, and what to do. */
export function describeUnavailable({ reason, message, hint }: Diagnosis): string[] {
  const lines = [`No GPU can be used here: ${message} (${reason}).`];
  if (hint) lines.push(`To change that: ${hint}`);
  return lines;
}
