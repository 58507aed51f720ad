import { randomFloats } from '../../demo/reference';
import type { Case, Context, Prepared } from '../case';
import { needsGpu } from '../case';
import type { Contender } from '../measure';

const SIZES = [2 ** 12, 2 ** 20, 2 ** 24];
const GPU_SIZES = [2 ** 28];
const FLOAT_BYTES = 4;

type Direction = 'host to device' | 'device to host' | 'device to device';

function prepare({ device }: Context, direction: Direction, bytes: number): Prepared {
  const length = bytes / FLOAT_BYTES;
  const source = randomFloats(length, 5);
  const destination = new Float32Array(length);
  const from = device.from(source);
  const to = device.alloc('float32', length);

  const contenders: Record<Direction, Contender> = {
    'host to device': {
      name: 'nodecuda write',
      async run(times) {
        for (let i = 0; i < times; ++i) await to.write(source);
      },
      output: () => to.read(),
    },
    'device to host': {
      name: 'nodecuda read',
      async run(times) {
        for (let i = 0; i < times; ++i) await from.read(destination);
      },
      output: () => destination,
    },
    'device to device': {
      name: 'nodecuda copyFrom',
      async run(times) {
        for (let i = 0; i < times; ++i) to.copyFrom(from);
        await device.synchronize();
      },
      output: () => to.read(),
    },
  };
  const hostCopy = new Float32Array(length);
  return {
    contenders: [
      contenders[direction],
      {
        name: 'Float32Array.set',
        run(times) {
          for (let i = 0; i < times; ++i) hostCopy.set(source);
        },
        output: () => hostCopy,
      },
    ],
    verify(copy) {
      const wrong = source.findIndex((value, i) => copy[i] !== value);
      return wrong < 0 ? undefined : `element ${wrong} differs`;
    },
    dispose() {
      from.dispose();
      to.dispose();
    },
  };
}

function sizeWords(bytes: number): string {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`;
}

export function copyCases(context: Context): Case[] {
  const directions = ['host to device', 'device to host', 'device to device'] as const;
  return directions.flatMap((direction) =>
    [...SIZES, ...GPU_SIZES].map(
      (bytes): Case => ({
        name: `copy ${direction} ${sizeWords(bytes)}`,
        work: { amount: bytes, unit: 'B' },
        skipped: GPU_SIZES.includes(bytes) ? needsGpu(context) : undefined,
        prepare: () => prepare(context, direction, bytes),
      }),
    ),
  );
}
