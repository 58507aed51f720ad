/** nodecuda as a contender: kernels timed on the device, over operands that outgrow its cache. */
import type { Device, DeviceBuffer } from 'nodecuda';
import type { Context } from './case';
import type { Contender } from './contenders';
import { decode, type OutputDtype } from './data';

/** Sets of operands beyond this are of no use: each use of the first is long ago. */
const MOST_SETS = 128;

/** How many sets of operands there must be, so that using them in turn does not find them cached. */
export function setsFor({ device }: Context, bytesPerSet: number): number {
  if (device.isSimulated) return 1;
  const wanted = Math.ceil((2 * device.properties.l2CacheBytes) / bytesPerSet) + 1;
  return Math.max(1, Math.min(wanted, MOST_SETS));
}

/** Operands in device memory, in several sets with the same numbers. */
export class DeviceOperands<T extends readonly DeviceBuffer[]> {
  readonly #device: Device;
  readonly #sets: readonly T[];
  #turn = 0;

  constructor(context: Context, bytesPerSet: number, make: () => T) {
    this.#device = context.device;
    const first = make();
    const sets = [first];
    while (sets.length < setsFor(context, bytesPerSet)) {
      sets.push(
        first.map((operand) => {
          const copy = this.#device.alloc(operand.dtype, operand.length, { uninitialized: true });
          return copy.copyFrom(operand) ?? copy;
        }) as unknown as T,
      );
    }
    this.#sets = sets;
  }

  next(): T {
    this.#turn = (this.#turn + 1) % this.#sets.length;
    return this.current();
  }

  current(): T {
    return this.#sets[this.#turn]!;
  }

  dispose(): void {
    for (const buffer of this.#sets.flat()) buffer.dispose();
  }
}

/**
 * A contender that enqueues work. On a GPU it is timed by events around all of it; the simulated
 * device models no time, so there the host's clock tells how long it took.
 */
export function deviceContender(
  { device }: Context,
  name: string,
  enqueue: () => void,
  sample?: Contender['sample'],
): Contender {
  if (device.isSimulated) {
    return {
      name,
      clock: 'host',
      sample,
      async run(times) {
        for (let i = 0; i < times; ++i) enqueue();
        await device.synchronize();
      },
    };
  }
  return {
    name,
    clock: 'device',
    sample,
    async run(times) {
      using start = device.createEvent();
      using end = device.createEvent();
      start.record();
      for (let i = 0; i < times; ++i) enqueue();
      end.record();
      await end.synchronize();
      return start.elapsedMs(end) * 1e6;
    },
  };
}

/** Single elements of a buffer, as numbers. */
export async function sampleBuffer(
  buffer: DeviceBuffer,
  indices: readonly number[],
): Promise<number[]> {
  const values: number[] = [];
  for (const offset of indices) {
    const [element] = await buffer.read({ offset, length: 1 });
    values.push(decode(buffer.dtype as OutputDtype, Number(element)));
  }
  return values;
}

/** Elements of an array, for contenders in host memory. */
export function sampleArray(array: ArrayLike<number>, indices: readonly number[]): number[] {
  return indices.map((index) => array[index]!);
}
