/**
 * The meter of a simulated device: counts what kernels do while a function runs.
 */
import { native } from '../addon/load.js';
import { argumentTypeError, isRecord, readOptions } from '../base/checks.js';
import { CudaUnavailableError } from '../base/errors.js';
import { type ProfileLaunch, profileLaunch } from './profile-data.js';
import { profilePage, type Sources } from './profile-page.js';
import { hottestWords, launchWords, number, sumLaunches, summaryWords } from './profile-sums.js';
import type { DeviceState } from './state.js';

/** Options of {@link ProfileReport.toHTML}. */
export interface ProfilePageOptions {
  /**
   * The text of source files by the end of the path that the PTX has for them, or by what
   * `device.compile()` was told. Others are read from the disk, where they are there.
   */
  sources?: Readonly<Record<string, string>> | undefined;
}

function checkSources(value: unknown): Sources {
  if (value === undefined) return {};
  if (!isRecord(value)) throw argumentTypeError('an object', 'sources', value);
  for (const [file, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw argumentTypeError('a string', `sources['${file}']`, text);
  }
  return value as Sources;
}

/**
 * What kernels have done on a simulated device while a function ran: exact counts, and no times. Made by
 * {@link Device.profile}.
 *
 * @group Own kernels
 */
export class ProfileReport {
  constructor(
    /** The name of the device. */
    readonly device: string,
    /** In the order in which they were launched, with those of the library itself. */
    readonly launches: readonly ProfileLaunch[],
    /** Launches that ran and were not counted: the kernels of all that are have 262,144 instructions. */
    readonly dropped: number,
  ) {}

  /**
   * In words: each kernel with each configuration, what it did in all its launches, and the lines where
   * most of that was.
   */
  toString(): string {
    const { device, launches, dropped } = this;
    const count = launches.length === 0 ? 'no' : number(launches.length);
    const total = `${count} ${launches.length === 1 ? 'launch' : 'launches'}`;
    const more = dropped > 0 ? `, ${number(dropped)} more not counted` : '';
    const blocks = sumLaunches(launches).map((summed) =>
      [
        launchWords(summed),
        ...summaryWords(summed).map((line) => `  ${line}`),
        ...(summed.counts.warpInstructions > 0
          ? [
              '  hottest by instructions, sectors and wavefronts, with their share of the warp instructions:',
            ]
          : []),
        ...hottestWords(summed).map((line) => `  ${line}`),
      ].join('\n'),
    );
    return [`${total} on ${device}${more}: counts, no times`, ...blocks].join('\n\n');
  }

  /** For `JSON.stringify`. */
  toJSON(): object {
    return { device: this.device, launches: this.launches, dropped: this.dropped };
  }

  /**
   * As a page of HTML that needs nothing else, with the source beside the counts and hot lines shaded.
   * Source files that the PTX names are read from the disk, now and blocking; of kernels whose source cannot be
   * read there are the lines of PTX that ran.
   *
   * @throws `TypeError` for wrong options
   *
   * @example
   * ```ts
   * await writeFile('profile.html', report.toHTML());
   * ```
   */
  toHTML(options?: ProfilePageOptions): string {
    const given = readOptions(options, { sources: undefined });
    const sources = checkSources(given.sources);
    return profilePage(`Profile of ${this.device}`, this.launches, this.dropped, sources);
  }
}

function refuse(state: DeviceState, message: string, code: 'UNSUPPORTED' | 'DEVICE_BUSY'): Error {
  return new CudaUnavailableError(message, {
    code: `ERR_CUDA_${code}`,
    operation: 'Device.profile',
    device: state.index,
  });
}

/** Counts what is launched on the device, which is open, until `fn` is done. */
export async function profileDevice(state: DeviceState, fn: () => unknown): Promise<ProfileReport> {
  const { info, checks, handle } = state;
  if (!info.isSimulated) {
    const remedy =
      'profile a GPU with Nsight Compute (`ncu node program.js`), or use cuda.simulatedDevice()';
    throw refuse(state, `A GPU does not count what kernels do: ${remedy}`, 'UNSUPPORTED');
  }
  if (checks !== undefined) {
    const remedy = 'open another one without `check`';
    throw refuse(state, `A device that is checked cannot be profiled: ${remedy}`, 'UNSUPPORTED');
  }
  const meter = native().openMeter(handle);
  if (meter === 0) {
    const remedy = 'wait for the other profile to end';
    throw refuse(state, `This device is being profiled already: ${remedy}`, 'DEVICE_BUSY');
  }
  try {
    try {
      await fn();
    } finally {
      native().endMeter(meter);
    }
    await native().deviceSynchronize(handle);
    const { launches, dropped } = native().meteredLaunches(meter);
    const shown = launches.map((launch) => profileLaunch(launch, info.properties));
    return new ProfileReport(info.name, shown, dropped);
  } finally {
    native().closeMeter(meter);
  }
}
