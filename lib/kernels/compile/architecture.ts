/**
 * What a compilation is for: the device, and the architecture that follows from it.
 */
import { native } from '../../addon/load.js';
import { CudaCompileError } from '../../base/errors.js';
import type { DeviceState } from '../../device/state.js';

/** The device that is to run the code. */
export interface CompileTarget {
  readonly major: number;
  readonly minor: number;
  /** Nothing but PTX is wanted: it runs that alone, or it is to be linked. */
  readonly ptxOnly: boolean;
  /** The version of CUDA that its driver has, such as `12.2`; null where there is no driver. */
  driverVersion(): string | null;
}

/** 12040 as `12.4`, as CUDA counts its versions. */
export function versionWords(version: number): string {
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

/** What a device of ours asks for. */
export function targetOf({ info, runtime }: DeviceState): CompileTarget {
  const { major, minor } = info.computeCapability;
  return {
    major,
    minor,
    ptxOnly: info.isSimulated,
    driverVersion() {
      if (info.isSimulated) return null;
      const { driverVersion } = native().probe(runtime);
      return driverVersion === 0 ? null : versionWords(driverVersion);
    },
  };
}

/** Where nothing says what for: the oldest that this library supports, whose PTX all newer ones take. */
const OLDEST = 75;

function nearestBelow(capability: number, known: readonly number[]): number | undefined {
  return known.reduce<number | undefined>(
    (best, each) => (each <= capability && each > (best ?? 0) ? each : best),
    undefined,
  );
}

const list = (known: readonly number[]) => known.map((each) => `sm_${each}`).join(', ');

/** The option of NVRTC. `known`: the architectures that NVRTC knows. */
export function chooseArchitecture(
  asked: string | undefined,
  target: CompileTarget | undefined,
  known: readonly number[],
): string {
  if (asked !== undefined) {
    const number = Number(/\d+/.exec(asked)![0]);
    if (known.includes(number)) return asked;
    throw new CudaCompileError(
      `This NVRTC does not compile for ${asked}: it knows ${list(known)}. Another version may`,
    );
  }
  const capability = target === undefined ? OLDEST : 10 * target.major + target.minor;
  if (target !== undefined && !target.ptxOnly && known.includes(capability)) {
    return `sm_${capability}`;
  }
  const nearest = nearestBelow(capability, known);
  if (nearest === undefined) {
    throw new CudaCompileError(
      `This NVRTC compiles for ${list(known)} only, and the device is older ` +
        `(sm_${capability}): use an older NVRTC`,
    );
  }
  return `compute_${nearest}`;
}
