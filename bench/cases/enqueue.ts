import type { NativeAddon } from '../../dist/addon-types.js';
import { openDevice } from '../../dist/device.js';
import { addonPath, native } from '../../dist/native.js';
import type { Case, Prepared } from '../case';
import { ENQUEUE, FROM_API, FROM_CPP } from '../names';

const LENGTH = 1024;
const FLOAT32 = 0; // index in DTYPES

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
  const [rawX, rawY, rawOut] = [rawBuffer(), rawBuffer(), rawBuffer()];

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
          for (let i = 0; i < times; ++i) addon.add(FLOAT32, rawX, rawY, rawOut, LENGTH, stream);
        },
      },
      {
        name: FROM_CPP,
        run(times) {
          addon.benchEnqueue(FLOAT32, rawX, rawY, rawOut, LENGTH, stream, times);
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
