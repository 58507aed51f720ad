/** What it costs the host to enqueue work: from JavaScript, from C++, and by others. */
import type { Device, DeviceBuffer } from 'nodecuda';
import { Family, OPERAND_WIDTH, OperandSlot, Slot } from '../../dist/abi/elementwise.js';
import { addonPath, native } from '../../dist/addon/load.js';
import type { NativeAddon } from '../../dist/addon/types.js';
import { openDevice } from '../../dist/methods.js';
import type { Case, Context, Prepared } from '../measure/case';
import { needsGpu } from '../measure/case';
import type { Contender } from '../measure/contenders';
import {
  ENQUEUE,
  ENQUEUE_GPU,
  ENQUEUE_GPU_MATMUL,
  ENQUEUE_MATMUL,
  FROM_API,
  FROM_API_MATMUL,
  FROM_CPP,
  FROM_NATIVE,
} from '../measure/names';

const LENGTH = 1024;
const SIDE = 64;
/** A full queue makes the host wait: it is emptied that often, outside the time. */
const MOST_QUEUED = 256;

type Work = 'add' | 'matmul';
type Api = (times: number) => void;

function apiOf(device: Device, work: Work): Api {
  const length = work === 'add' ? LENGTH : SIDE * SIDE;
  const buffer = (): DeviceBuffer<'float32'> => device.alloc('float32', length);
  const [x, y, out] = [buffer(), buffer(), buffer()];
  if (work === 'add') {
    return (times) => {
      for (let i = 0; i < times; ++i) device.add(x, y, { out });
    };
  }
  return (times) => {
    for (let i = 0; i < times; ++i) device.matmul(x, y, { m: SIDE, n: SIDE, k: SIDE, out });
  };
}

/** A contender below the public classes, through handles: the calls that C++ would make. */
function lowLevel(addon: NativeAddon, runtime: number) {
  const handle = addon.openDevice(runtime, 0);
  const stream = addon.defaultStream(handle);
  const buffer = () => addon.allocate(handle, 4 * LENGTH, true, stream);
  const [x, y, out] = [buffer(), buffer(), buffer()];
  const operands = [out, x, y];
  const block = addon.argumentBlock;
  const fillBlock = (count: number) => {
    // Operation 0, add, on dtype 0, float32, without dimensions. Not `fill`, which takes 100 ns.
    for (let i = 0; i < Slot.shape; ++i) block[i] = 0;
    block[Slot.family] = Family.binary;
    block[Slot.stream] = stream;
    for (let i = 0; i < operands.length; ++i) {
      block[Slot.operands + OPERAND_WIDTH * i + OperandSlot.handle] = operands[i]!;
    }
    block[Slot.length] = LENGTH;
    block[Slot.repeat] = count;
  };
  return {
    fromJavaScript(times: number) {
      for (let i = 0; i < times; ++i) {
        fillBlock(0);
        addon.elementwise();
      }
    },
    fromCpp(times: number): number {
      fillBlock(times);
      return times * addon.benchElementwise();
    },
    close: () => addon.closeDevice(handle),
  };
}

// Nothing is computed there, so that only the way from JavaScript to the CUDA calls is priced.
function prepareNull(work: Work): Prepared {
  const device = openDevice(native().nullRuntime(), 0, true);
  const own: Contender = {
    name: work === 'add' ? FROM_API : FROM_API_MATMUL,
    run: apiOf(device, work),
  };
  if (work === 'matmul') return { contenders: [own], dispose: () => device.dispose() };
  const addon: NativeAddon = require(addonPath());
  const runtime = addon.nullRuntime();
  const low = lowLevel(addon, runtime);
  return {
    contenders: [
      own,
      { name: FROM_NATIVE, run: low.fromJavaScript },
      { name: FROM_CPP, run: async (times) => low.fromCpp(times) },
    ],
    dispose() {
      device.dispose();
      low.close();
      addon.closeRuntime(runtime);
    },
  };
}

/** Counts the time until work is enqueued, not until it is done. */
function enqueueing(device: Device, name: string, enqueue: (times: number) => void): Contender {
  return {
    name,
    async run(times) {
      let total = 0n;
      for (let left = times; left > 0; left -= MOST_QUEUED) {
        const start = process.hrtime.bigint();
        enqueue(Math.min(left, MOST_QUEUED));
        total += process.hrtime.bigint() - start;
        await device.synchronize();
      }
      return Number(total);
    },
  };
}

function prepareGpu({ device }: Context, work: Work): Prepared {
  const name = work === 'add' ? FROM_API : FROM_API_MATMUL;
  const own = enqueueing(device, name, apiOf(device, work));
  if (work === 'matmul') return { contenders: [own] };
  const addon: NativeAddon = require(addonPath());
  const low = lowLevel(addon, addon.cudaRuntime());
  return {
    contenders: [
      own,
      enqueueing(device, FROM_CPP, (times) => {
        low.fromCpp(times);
      }),
    ],
    dispose: low.close,
  };
}

export function enqueueCases(context: Context): Case[] {
  const works = ['add', 'matmul'] as const;
  return [
    ...works.map((work) => ({
      name: work === 'add' ? ENQUEUE : ENQUEUE_MATMUL,
      prepare: () => prepareNull(work),
    })),
    ...works.map((work) => ({
      name: work === 'add' ? ENQUEUE_GPU : ENQUEUE_GPU_MATMUL,
      skipped: needsGpu(context),
      peerWork: { operation: 'enqueue', options: { work } },
      prepare: () => prepareGpu(context, work),
    })),
  ];
}
