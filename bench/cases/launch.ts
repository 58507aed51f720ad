/** What it costs the host to launch a kernel of one's own, beside an add and an empty call. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Slot } from '../../dist/abi/kernel.js';
import { addonPath, native } from '../../dist/addon/load.js';
import type { NativeAddon } from '../../dist/addon/types.js';
import { openDevice } from '../../dist/methods.js';
import type { Case, Prepared } from '../measure/case';
import type { Contender } from '../measure/contenders';
import {
  EMPTY_CALL,
  FROM_API,
  FROM_FFI,
  FROM_LAUNCH,
  FROM_PREPARED,
  FROM_PREPARED_CPP,
  FROM_UNTYPED,
  LAUNCH,
} from '../measure/names';

const LENGTH = 1024;

// What nvcc makes of `saxpy(float a, const float* x, float* y, unsigned n)`, without a body: the runtime
// does nothing.
const PTX = `
.version 7.8
.target sm_75
.address_size 64
.visible .entry saxpy(.param .f32 a, .param .u64 x, .param .u64 y, .param .u32 n) { ret; }
`;

/** The same launch below the public classes, through handles of another load of the addon. */
function lowLevel(addon: NativeAddon) {
  const runtime = addon.nullRuntime();
  const device = addon.openDevice(runtime, 0);
  const stream = addon.defaultStream(device);
  const buffer = () => addon.allocate(device, 4 * LENGTH, true, stream);
  const module = addon.loadModule(device, new TextEncoder().encode(PTX));
  const [X, Y] = [8, 16]; // where the addresses are
  const kernel = addon.openKernel(module, 'saxpy', new Uint32Array([X, 4, 1, Y, 4, 0]));
  const block = addon.argumentBlock;
  block.fill(0, 0, Slot.parameters + 4);
  block.set([kernel, stream, 4, 1, 1, 256, 1, 1], Slot.kernel);
  block[Slot.parameters + X / 8] = buffer();
  block[Slot.parameters + Y / 8] = buffer();
  const prepared = addon.prepareLaunch();
  return {
    run: (times: number) => times * addon.benchPrepared(prepared, times),
    close() {
      addon.closeDevice(device);
      addon.closeRuntime(runtime);
    },
  };
}

/** As cuLaunchKernel, and doing nothing: eleven arguments. */
const FFI_SOURCE = `
int launch(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
           unsigned block_y, unsigned block_z, unsigned shared_bytes, void *stream, void **arguments,
           void **extra) {
  return 0;
}
`;

type Ffi = {
  dlopen(
    path: string,
    functions: Record<string, { arguments: readonly string[]; return: string }>,
  ): { functions: { launch?: (...args: unknown[]) => unknown }; lib: { close(): void } };
};

/** The same number of arguments through node:ffi, where Node.js has it (26.1) and there is a compiler. */
function throughFfi(): (Contender & { close(): void }) | undefined {
  const ffi = process.getBuiltinModule?.('node:ffi' as string) as Ffi | undefined;
  if (ffi === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'nodecuda-ffi-'));
  try {
    writeFileSync(join(folder, 'launch.c'), FFI_SOURCE);
    const args = ['-O2', '-shared', '-fPIC', 'launch.c', '-o', 'launch.so'];
    if (spawnSync('cc', args, { cwd: folder }).status !== 0) return undefined;
    const [word, address] = ['uint32', 'pointer'];
    const { functions, lib } = ffi.dlopen(join(folder, 'launch.so'), {
      launch: {
        arguments: [address, ...Array(7).fill(word), address, address, address],
        return: 'int32',
      },
    });
    const launch = functions.launch!;
    return {
      name: FROM_FFI,
      run(times) {
        for (let i = 0; i < times; ++i) launch(1n, 4, 1, 1, 256, 1, 1, 0, 2n, 3n, 0n);
      },
      close: () => lib.close(),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function prepare(): Prepared {
  const device = openDevice(native().nullRuntime(), 0, true);
  const buffer = () => device.alloc('float32', LENGTH);
  const [x, y, out] = [buffer(), buffer(), buffer()];
  const module = device.loadModule(PTX);
  const typed = module.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);
  const untyped = module.kernel('saxpy');
  const prepared = typed.prepare({ grid: 4, block: 256 }, 2, x, y, LENGTH);
  const addon: NativeAddon = require(addonPath());
  const low = lowLevel(addon);
  const ffi = throughFfi();
  return {
    contenders: [
      {
        name: FROM_LAUNCH,
        run(times) {
          for (let i = 0; i < times; ++i) typed.launch({ grid: 4, block: 256 }, 2, x, y, LENGTH);
        },
      },
      {
        name: FROM_UNTYPED,
        run(times) {
          for (let i = 0; i < times; ++i) untyped.launch({ grid: 4, block: 256 }, 2, x, y, LENGTH);
        },
      },
      {
        name: FROM_PREPARED,
        run(times) {
          for (let i = 0; i < times; ++i) prepared.run();
        },
      },
      { name: FROM_PREPARED_CPP, run: async (times) => low.run(times) },
      {
        name: FROM_API,
        run(times) {
          for (let i = 0; i < times; ++i) device.add(x, y, { out });
        },
      },
      {
        name: EMPTY_CALL,
        run(times) {
          for (let i = 0; i < times; ++i) addon.benchEmpty();
        },
      },
      ...(ffi === undefined ? [] : [ffi]),
    ],
    dispose() {
      device.dispose();
      low.close();
      ffi?.close();
    },
  };
}

export function launchCases(): Case[] {
  return [{ name: LAUNCH, prepare }];
}
