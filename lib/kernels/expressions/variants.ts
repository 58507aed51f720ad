/**
 * Kernels that are made from expressions: one for each device and each set of dtypes.
 */
import type { Device } from '../../device/device.js';
import type { DeviceBuffer } from '../../memory/buffer.js';
import type { CompileOptions } from '../compile/options.js';
import type { Kernel } from '../kernel.js';
import type { Signature } from '../parameters/signature.js';
import type { Call } from './arguments.js';

/** Generated source, and the kernels in it with what they take. */
export interface Program {
  readonly source: string;
  readonly kernels: Readonly<Record<string, Signature>>;
}

/** A kernel whose signature was generated too, so that TypeScript knows nothing of it. */
export type AnyKernel = Pick<Kernel, 'launch'>;

/** The kernels of a program, by name. */
export type Kernels = Readonly<Record<string, AnyKernel>>;

async function compile(
  device: Device,
  { source, kernels }: Program,
  options: CompileOptions,
): Promise<Kernels> {
  const module = await device.compile(source, options);
  try {
    const made = Object.entries(kernels).map(
      ([name, signature]) =>
        [name, module.kernel(name, signature) as unknown as AnyKernel] as const,
    );
    return Object.fromEntries(made);
  } finally {
    // The code stays as long as its kernels, which close with their device, or unseen when nobody
    // can call them any more. A module that is forgotten would be a leak.
    module.dispose();
  }
}

interface Variant {
  readonly promise: Promise<Kernels>;
  /** Once they are there: so that calls need not wait for a turn of the event loop. */
  kernels: Kernels | undefined;
}

/** The variants of one operation. */
export class Variants {
  // Not the other way round: a device knows nothing of what was made for it, and may be collected.
  readonly #devices = new WeakMap<Device, Map<string, Variant>>();

  constructor(private readonly options: CompileOptions) {}

  #of(device: Device): Map<string, Variant> {
    let variants = this.#devices.get(device);
    if (variants === undefined) {
      variants = new Map();
      this.#devices.set(device, variants);
    }
    return variants;
  }

  /**
   * The kernels of a variant. Who asks for what is being compiled gets the same promise; what could not be
   * compiled is compiled again for who asks next.
   */
  get(device: Device, key: string, program: () => Program): Variant {
    const variants = this.#of(device);
    const known = variants.get(key);
    if (known !== undefined) return known;
    const promise = compile(device, program(), this.options);
    const variant: Variant = { promise, kernels: undefined };
    variants.set(key, variant);
    promise.then(
      (kernels) => {
        variant.kernels = kernels;
      },
      () => variants.delete(key),
    );
    return variant;
  }
}

/**
 * The buffers of a call's results: those that were given, and new ones. They are given back if `enqueue`
 * fails.
 */
export function withResults(
  { device, stream, out, outputs }: Call,
  length: number,
  enqueue: (results: readonly DeviceBuffer[]) => void,
): DeviceBuffer | DeviceBuffer[] {
  const made: DeviceBuffer[] = [];
  try {
    const results = outputs.map(({ dtype }, i) => {
      const given = out[i];
      if (given !== undefined) return given;
      const buffer = device.alloc(dtype.name, length, { uninitialized: true, stream });
      made.push(buffer);
      return buffer;
    });
    enqueue(results);
    return results.length === 1 ? results[0]! : results;
  } catch (error) {
    for (const buffer of made) buffer.dispose();
    throw error;
  }
}
