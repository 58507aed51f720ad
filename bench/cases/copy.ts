import type { Case, Context, Prepared } from '../measure/case';
import { needsGpu, needsTime } from '../measure/case';
import { makeCheck } from '../measure/check';
import type { Contender } from '../measure/contenders';
import { hostFloats, valueAt } from '../measure/data';
import { CUBLAS } from '../measure/names';
import { deviceContender, sampleArray, sampleBuffer } from '../measure/on-device';

const SIZES = [2 ** 12, 2 ** 20, 2 ** 24];
const GPU_SIZES = [2 ** 26, 2 ** 28];
const FLOAT_BYTES = 4;

type Direction = 'host to device' | 'device to host' | 'device to device';
type Memory = 'pageable' | 'pinned';

function prepare(context: Context, direction: Direction, bytes: number): Prepared {
  const { device } = context;
  const length = bytes / FLOAT_BYTES;
  const source = hostFloats(1, length);
  const destination = new Float32Array(length);
  const from = device.from(source);
  const to = device.alloc('float32', length);
  const fromTo = (indices: readonly number[]) => sampleBuffer(to, indices);

  const contenders: Record<Direction, Contender> = {
    'host to device': {
      name: 'nodecuda write',
      async run(times) {
        for (let i = 0; i < times; ++i) await to.write(source);
      },
      sample: fromTo,
    },
    'device to host': {
      name: 'nodecuda read',
      async run(times) {
        for (let i = 0; i < times; ++i) await from.read(destination);
      },
      sample: (indices) => sampleArray(destination, indices),
    },
    'device to device': deviceContender(
      context,
      'nodecuda copyFrom',
      () => to.copyFrom(from),
      fromTo,
    ),
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
        sample: (indices) => sampleArray(hostCopy, indices),
      },
    ],
    check: makeCheck(length, (i) => ({ exact: valueAt('float32', 1, i), bound: 0 })),
    dispose() {
      from.dispose();
      to.dispose();
    },
  };
}

function sizeWords(bytes: number): string {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`;
}

function copyCase(
  context: Context,
  direction: Direction,
  bytes: number,
  memory: Memory,
  skipped: string | undefined,
): Case {
  // nodecuda copies from and to typed arrays either way; its peers take the memory of this name.
  const isPinned = memory === 'pinned';
  return {
    name: `copy ${direction} ${sizeWords(bytes)}${isPinned ? ', peers pinned' : ''}`,
    subject: { operation: 'copy', type: direction, variant: isPinned ? memory : '', size: bytes },
    // On the device every byte is read and written; the bus sees it once.
    work: { amount: direction === 'device to device' ? 2 * bytes : bytes, unit: 'B' },
    skipped,
    peerWork: {
      operation: 'copy',
      options: { direction: direction.replaceAll(' ', '-'), bytes, memory },
      names: { [CUBLAS]: `CUDA C++, ${direction === 'device to device' ? 'device' : memory}` },
    },
    prepare: () => prepare(context, direction, bytes),
  };
}

export function copyCases(context: Context): Case[] {
  const gpu = needsGpu(context);
  const directions = ['host to device', 'device to host', 'device to device'] as const;
  return directions.flatMap((direction) => [
    ...SIZES.map((bytes) => copyCase(context, direction, bytes, 'pageable', undefined)),
    ...GPU_SIZES.map((bytes) =>
      copyCase(context, direction, bytes, 'pageable', gpu ?? needsTime(context)),
    ),
    ...(direction === 'device to device'
      ? []
      : [2 ** 20, 2 ** 24, ...GPU_SIZES].map((bytes) =>
          copyCase(context, direction, bytes, 'pinned', gpu ?? needsTime(context)),
        )),
  ]);
}
