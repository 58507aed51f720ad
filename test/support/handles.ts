// One of everything that has a handle, straight from the addon, and numbers that are no handle of anything:
// for tests that call its functions as nobody in lib/ would.
import fc from 'fast-check';
import { Slot } from '../../lib/abi/kernel.js';
import { native } from '../../lib/addon/load.js';
import type { Handle, NativeAddon } from '../../lib/addon/types.js';
import { plainRuntime } from './devices.js';
import { COPY, echo, idle, ptx, STORE } from './kernels.js';

export const BYTES = new TextEncoder().encode(
  ptx(
    ...[STORE, COPY, echo([{ declaration: '.param .align 4 .b8', extent: '[64]', bytes: 64 }])],
    ...[idle('k', '.param .u64 p, .param .align 8 .b8 s[40], .param .u64 q'), idle('none')],
    '.global .u32 cell; .const .f32 table[4];',
  ),
);

export let addon: NativeAddon;
export let handles: Record<string, Handle>;
let closed: Record<string, Handle>;
const runtimes: Handle[] = [];
const devices: Handle[] = [];

/** A device of a runtime of its own. */
function openDevice(): Handle {
  const runtime = plainRuntime(addon);
  const device = addon.openDevice(runtime, 0);
  runtimes.push(runtime);
  devices.push(device);
  return device;
}

function one(device: Handle): Record<string, Handle> {
  const stream = addon.createStream(device, 0);
  const code = addon.loadModule(device, BYTES);
  const buffer = addon.allocate(device, 256, true, stream);
  const kernel = addon.openKernel(code, 'k', new Uint32Array([0, 4, 1, 48, 1, 0]));
  const reads = addon.openKernel(code, 'k', new Uint32Array([0, 1, 2, 48, 1, 3]));
  const array = addon.createArray(device, Float64Array.of(2, 32, 1, 4, 4, 0, 2), stream);
  const texture = addon.createArrayTexture(array, new Float64Array(10));
  const surface = addon.createSurface(array);
  const event = addon.createEvent(device, false);
  return { device, stream, code, buffer, kernel, reads, array, texture, surface, event };
}

/** For beforeAll. */
export function openHandles(): void {
  addon = native();
  handles = one(openDevice());
  handles.none = addon.openKernel(handles.code!, 'none', new Uint32Array(0));
  const { stream, buffer, kernel } = one(openDevice());
  Object.assign(handles, { foreignStream: stream, foreign: buffer, foreignKernel: kernel });
  const gone = openDevice();
  closed = one(gone);
  addon.closeDevice(gone);
}

/** For afterAll. */
export function closeHandles(): void {
  for (const device of devices.splice(0)) addon.closeDevice(device);
  for (const runtime of runtimes.splice(0)) addon.closeRuntime(runtime);
}

export const BAD = [
  ...[
    0,
    -0,
    -1,
    0.5,
    Number.NaN,
    1 / 0,
    -1 / 0,
    2 ** 24,
    2 ** 28,
    2 ** 31,
    2 ** 53,
    2 ** 60,
    1e308,
  ],
];
export const handle = fc.nat().map((n) => {
  const all = [...Object.values(handles), ...Object.values(closed), ...BAD];
  return all[n % all.length]!;
});
/** Mostly of that kind. */
export const of = (name: string) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(name).map((each) => handles[each]!) },
    { weight: 1, arbitrary: handle },
  );

/** That a call goes well, or is refused with a typed error that is not fatal. */
export function survives(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_CUDA_/) });
    expect((error as { fatal?: boolean }).fatal ?? false).toBe(false);
    return undefined;
  }
}

/** A launch of one thread in the argument block, with that number for all parameters. */
export function stage(kernel: Handle, parameter: number): void {
  const numbers = addon.argumentBlock;
  numbers[Slot.kernel] = kernel;
  numbers[Slot.stream] = handles.stream!;
  numbers.fill(1, Slot.gridX, Slot.clusterX).fill(0, Slot.clusterX, Slot.uses);
  numbers.fill(parameter, Slot.parameters, Slot.parameters + 12);
}
