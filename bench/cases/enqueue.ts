import type { NativeAddon } from '../../dist/addon-types.js';
import { openDevice } from '../../dist/device.js';
import { addonPath, native } from '../../dist/native.js';
import type { Case, Prepared } from '../case';
import { ENQUEUE, FROM_API, FROM_CPP } from '../names';

const LENGTH = 1024;
const BINARY = 1; // the family of add, which is its operation 0 on dtype 0, float32

// Nothing is computed there, so that only the way from JavaScript to the CUDA calls is priced.
function prepare(): Prepared {
  const addon: NativeAddon = require(addonPath());
  const device = openDevice(native().nullRuntime(), 0, true);
  const buffer = () => device.alloc('float32', LENGTH, { uninitialized: true });
  const [x, y, out] = [buffer(), buffer(), buffer()];

  // The same through handles, below the public classes.
  const runtime = addon.nullRuntime();
  const handle = addon.openDevice(runtime, 0);
  const stream = addon.defaultStream(handle);
  const rawBuffer = () => addon.allocate(handle, 4 * LENGTH, false, stream);
  const [outHandle, xHandle, yHandle] = [rawBuffer(), rawBuffer(), rawBuffer()];
  // The argument block of an add, as lib/addon-types.ts lists it.
  const argumentsOfAdd = Float64Array.of(
    ...[BINARY, 0, 0, 0, stream, 0, 0, 0, 0],
    ...[outHandle, 0, xHandle, 0, yHandle, 0, LENGTH, 0, 0],
  );
  const COUNT = 16;

  return {
    contenders: [
      {
        name: FROM_API,
        run(times) {
          for (let i = 0; i < times; ++i) device.add(x, y, { out });
        },
      },
      {
        name: 'the native function, from JavaScript',
        run(times) {
          for (let i = 0; i < times; ++i) {
            addon.argumentBlock.set(argumentsOfAdd);
            addon.elementwise();
          }
        },
      },
      {
        name: FROM_CPP,
        run(times) {
          addon.argumentBlock.set(argumentsOfAdd);
          addon.argumentBlock[COUNT] = times;
          addon.benchElementwise();
        },
      },
    ],
    dispose() {
      device.dispose();
      addon.closeDevice(handle);
      addon.closeRuntime(runtime);
    },
  };
}

export function enqueueCases(): Case[] {
  return [{ name: ENQUEUE, prepare }];
}
