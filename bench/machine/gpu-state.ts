/** Clocks, power and temperature of the GPU, as nvidia-smi tells them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

/** Units are those of nvidia-smi: MHz, W, degrees Celsius. */
export interface GpuState {
  readonly driver: string;
  readonly performanceState: string;
  readonly smClock: string;
  readonly smClockMost: string;
  readonly memoryClock: string;
  readonly memoryClockMost: string;
  readonly power: string;
  readonly powerLimit: string;
  readonly temperature: string;
  readonly eccMode: string;
}

const QUERIES: Readonly<Record<keyof GpuState, string>> = {
  driver: 'driver_version',
  performanceState: 'pstate',
  smClock: 'clocks.sm',
  smClockMost: 'clocks.max.sm',
  memoryClock: 'clocks.mem',
  memoryClockMost: 'clocks.max.mem',
  power: 'power.draw',
  powerLimit: 'power.limit',
  temperature: 'temperature.gpu',
  eccMode: 'ecc.mode.current',
};

/** The state now; null without nvidia-smi. It only reads: no setting is changed. */
export function queryGpu(): GpuState | null {
  try {
    const fields = Object.values(QUERIES).join(',');
    const args = [`--query-gpu=${fields}`, '--format=csv,noheader', '--id=0'];
    const line = execFileSync('nvidia-smi', args, { encoding: 'utf8', stdio: 'pipe' });
    const values = line.trim().split(/, */);
    const entries = Object.keys(QUERIES).map((key, i) => [key, values[i] ?? '']);
    return Object.fromEntries(entries) as GpuState;
  } catch {
    return null;
  }
}

/** The middle of what was read while a case was measured. */
export interface GpuLoad {
  readonly smClockMHz: number;
  readonly memoryClockMHz: number;
  readonly powerW: number;
  readonly temperatureC: number;
}

/** The median of each column of lines of numbers; null if there is no such line. */
export function medianLoad(lines: readonly string[]): GpuLoad | null {
  const rows = lines.map((line) => line.split(',').map(Number)).filter((row) => row.length === 4);
  if (rows.length === 0) return null;
  const median = (column: number) => {
    const values = rows.map((row) => row[column]!).sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)]!;
  };
  return {
    smClockMHz: median(0),
    memoryClockMHz: median(1),
    powerW: median(2),
    temperatureC: median(3),
  };
}

/** Reads clocks and power twice a second until it is closed. */
export class GpuMonitor {
  readonly #child: ChildProcess | undefined;
  #lines: string[] = [];

  constructor(enabled: boolean) {
    if (!enabled) return;
    const query = 'clocks.sm,clocks.mem,power.draw,temperature.gpu';
    const args = [`--query-gpu=${query}`, '--format=csv,noheader,nounits', '--id=0', '-lms', '500'];
    this.#child = spawn('nvidia-smi', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child.on('error', () => {}); // not there: nothing is read
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#lines.push(...text.trim().split('\n'));
    });
  }

  /** What was read since the last time it was asked. */
  take(): GpuLoad | null {
    return medianLoad(this.#lines.splice(0));
  }

  close(): void {
    this.#child?.kill();
  }
}
