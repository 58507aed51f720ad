/**
 * The kernels of compiled code with their signatures: what the code says, and where it is silent, the source.
 */
import { cuda } from '../cuda/cuda.js';
import type { ComputeCapability } from '../device/info.js';
import type { KernelParameter } from '../kernels/info.js';
import { layoutOf } from '../kernels/parameters/layout.js';
import { fits } from '../kernels/parameters/parameters.js';
import { declaredKernels } from './declarations.js';
import type { KernelMetadata } from './signatures.js';

/** By the code alone. Of an integer of 64 bits it does not say whether it is an address. */
function fallback({ type, byteLength, isPointer }: KernelParameter): string {
  if (isPointer !== false && byteLength === 8) return 'void*';
  if (type === 'f32') return 'float32';
  if (type === 'f64') return 'float64';
  const [, kind, bits] = /^([us])(8|16|32|64)$/.exec(type ?? '') ?? [];
  if (kind !== undefined) return `${kind === 'u' ? 'uint' : 'int'}${bits}`;
  return `uint8[${byteLength}]`;
}

// What the source says is taken if the code does not contradict it: macros and overloads are not read.
function typeOf(parameter: KernelParameter, declared: string | undefined): string {
  if (declared === undefined) return fallback(parameter);
  const { alignment, type } = parameter;
  const fact = { ...parameter, alignment: alignment ?? 0, type: type ?? '' };
  return fits(layoutOf(declared, 'type'), fact) ? declared : fallback(parameter);
}

/** `scale` of `_Z5scaleIfEvPT_i`; an `extern "C"` name is itself. */
function plainName(name: string): string {
  const [, length, rest] = /^_Z(?:N\d+\w*?)?(\d+)(\w*)$/.exec(name) ?? [];
  return length === undefined ? name : rest!.slice(0, Number(length));
}

/** A device that takes the PTX. */
function capabilityFor(ptx: string): ComputeCapability | undefined {
  const [, target = '75', specific = ''] = /^\s*\.target\s+sm_(\d+)([af]?)/m.exec(ptx) ?? [];
  const capability = cuda
    .diagnose()
    .build?.simulatedCapabilities.find((each) =>
      specific === '' ? each >= Number(target) : each === Number(target),
    );
  if (capability === undefined) return undefined;
  return { major: Math.floor(capability / 10), minor: capability % 10 };
}

/** The kernels of PTX that was compiled from `source`. */
export function readKernels(ptx: string, source: string): KernelMetadata[] {
  const computeCapability = capabilityFor(ptx);
  const device = cuda.simulatedDevice({ computeCapability, memoryBytes: 2 ** 24, workers: 1 });
  try {
    const declared = declaredKernels(source);
    return device.loadModule(ptx).kernels.map(({ name, parameters }) => {
      const types = declared.get(plainName(name));
      return {
        name,
        parameters: parameters.map((parameter, i) =>
          typeOf(parameter, types?.length === parameters.length ? types[i] : undefined),
        ),
      };
    });
  } finally {
    device.dispose();
  }
}
