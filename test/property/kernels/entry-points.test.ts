// The addon's functions for kernels and launches, called with garbage as nobody in lib/ would: each refuses
// or does what it says, and none crashes.
import fc from 'fast-check';
import { MOST_USES, Slot } from '../../../lib/abi/kernel.js';
import { thrown } from '../../support/errors.js';
import {
  addon,
  BAD,
  closeHandles,
  handle,
  handles,
  of,
  openHandles,
  stage,
  survives,
} from '../../support/handles.js';

beforeAll(openHandles);
afterAll(closeHandles);

const sane = fc.constantFrom(1, 1, 1, 2, 3);
// No large grid that the simulator would run for ever.
const extent = fc.oneof(
  { weight: 12, arbitrary: sane },
  { weight: 1, arbitrary: fc.constantFrom(...BAD.filter((n) => !(n >= 2 ** 24 && n < 2 ** 31))) },
);
const clusterExtent = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: extent },
);
const sharedBytes = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 100, 50_000, 232_448) },
  { weight: 1, arbitrary: fc.constantFrom(232_449, 2 ** 31, 2 ** 40, 2 ** 53 - 1, ...BAD) },
);
const flags = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, 3, 4, ...BAD) },
);

/** What the argument block may hold. */
const block = fc.record({
  kernel: fc.oneof(of('kernel'), of('reads'), of('none')),
  stream: of('stream'),
  extents: fc.array(extent, { minLength: 6, maxLength: 6 }),
  cluster: fc.array(clusterExtent, { minLength: 3, maxLength: 3 }),
  ...{ sharedBytes, flags },
  useCount: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(1, 2, MOST_USES, MOST_USES + 1, ...BAD) },
  ),
  uses: fc.array(
    fc.oneof(
      of('buffer'),
      of('buffer').map((each) => -each),
      handle,
    ),
    { maxLength: MOST_USES },
  ),
  prepared: handle,
  parameters: fc.array(
    fc.oneof(of('buffer'), of('foreign'), of('texture'), of('surface'), handle, fc.double()),
    { minLength: 8, maxLength: 12 },
  ),
});

function put(values: {
  kernel: number;
  stream: number;
  extents: number[];
  cluster: number[];
  sharedBytes: number;
  flags: number;
  useCount: number;
  uses: number[];
  prepared: number;
  parameters: number[];
}): void {
  const numbers = addon.argumentBlock;
  numbers[Slot.kernel] = values.kernel;
  numbers[Slot.stream] = values.stream;
  numbers.set(values.extents, Slot.gridX);
  numbers.set(values.cluster, Slot.clusterX);
  numbers[Slot.sharedBytes] = values.sharedBytes;
  numbers[Slot.flags] = values.flags;
  numbers[Slot.useCount] = values.useCount;
  numbers.set(values.uses, Slot.uses);
  numbers[Slot.prepared] = values.prepared;
  numbers.set(values.parameters, Slot.parameters);
}

test('launches', () => {
  fc.assert(
    fc.property(block, (values) => {
      put(values);
      survives(() => addon.launchKernel());
    }),
    { numRuns: 2000 },
  );
  addon.deviceSynchronizeSync(handles.device!);
});

test('prepared launches', () => {
  const before = addon.liveHandles();
  const open: number[] = [];
  fc.assert(
    fc.property(block, fc.nat(), fc.boolean(), (values, which, again) => {
      put(values);
      const prepared = survives(() => addon.prepareLaunch()) as number | undefined;
      if (prepared !== undefined) open.push(prepared);
      const other = open.length === 0 ? values.prepared : open[which % open.length]!;
      if (again) {
        addon.argumentBlock[Slot.prepared] = which % 3 === 0 ? values.prepared : other;
        survives(() => addon.prepareAgain());
      }
      survives(() => addon.runPrepared(other));
      survives(() => addon.runPrepared(values.prepared));
      if (which % 4 === 0) addon.closePrepared(other);
    }),
    { numRuns: 1000 },
  );
  for (const prepared of open) {
    addon.closePrepared(prepared);
    addon.closePrepared(prepared);
    expect(thrown(() => addon.runPrepared(prepared))).toMatchObject({ code: 'ERR_CUDA_DISPOSED' });
  }
  expect(addon.liveHandles()).toEqual(before);
  addon.deviceSynchronizeSync(handles.device!);
});

const odd = fc.constantFrom<unknown>(
  ...BAD,
  undefined,
  null,
  '',
  'k',
  true,
  {},
  [],
  Symbol('x'),
  7n,
);
const names = fc.oneof(
  fc.constantFrom('k', 'store', 'none', 'cell', 'table', '', 'k\0', '__proto__'),
  fc.string(),
);
const views = fc.oneof(
  fc.uint32Array({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 30 }),
  fc.float64Array({ maxLength: 30 }),
  fc
    .array(fc.constantFrom(0, 1, 4, 7, 8, 16, 40, 48, 56, 2 ** 31, 2 ** 32 - 8), { maxLength: 12 })
    .map((numbers) => Uint32Array.from(numbers)),
  odd as fc.Arbitrary<never>,
);

test('kernels: names, and where their addresses are', () => {
  const before = addon.liveHandles();
  fc.assert(
    fc.property(of('code'), names, views, (code, name, pointers) => {
      const kernel = survives(() =>
        addon.openKernel(code, name, pointers as Uint32Array),
      ) as number;
      if (kernel === undefined) return;
      expect(addon.kernelAttributes(kernel).maxThreadsPerBlock).toBe(1024);
      stage(kernel, handles.buffer!);
      survives(() => name === 'k' && addon.launchKernel());
      addon.closeKernel(kernel);
    }),
    { numRuns: 1000 },
  );
  expect(addon.liveHandles()).toEqual(before);
});

test('an address that is not aligned as it has to be', () => {
  const slice = addon.sliceBuffer(handles.buffer!, 4, 64);
  const launch = (alignment: number, buffer: number) => {
    const kernel = addon.openKernel(handles.code!, 'k', new Uint32Array([0, alignment, 0]));
    stage(kernel, buffer);
    try {
      addon.launchKernel();
    } finally {
      addon.closeKernel(kernel);
    }
  };
  for (const alignment of [1, 2, 4]) launch(alignment, slice);
  for (const alignment of [8, 16, 2 ** 31]) {
    const error = thrown(() => launch(alignment, slice));
    expect(error).toMatchObject({ code: 'ERR_CUDA_ARG_RANGE' });
    expect(error.message).toMatch(/aligned/);
  }
  addon.closeBuffer(slice);
});

const anything = fc.oneof(handle, odd, views, names);
const FUNCTIONS = [
  ...([
    'loadModule',
    'closeModule',
    'moduleContents',
    'moduleGlobal',
    'openKernel',
    'closeKernel',
  ] as const),
  ...([
    'kernelAttributes',
    'kernelOccupancy',
    'runPrepared',
    'closePrepared',
    'encodeTensorMap',
  ] as const),
  ...(['createArray', 'closeArray', 'copyArray', 'createArrayTexture'] as const),
  ...(['createBufferTexture', 'createSurface', 'closeTexture'] as const),
];

test('every function with anything', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FUNCTIONS),
      fc.array(anything, { maxLength: 5 }),
      (name, args) => {
        const keeps = Object.values(handles);
        // The handles that the other tests need stay open.
        if (name.startsWith('close') && keeps.includes(args[0] as number)) return;
        survives(() => (addon[name] as (...args: unknown[]) => unknown)(...args));
      },
    ),
    { numRuns: 3000 },
  );
});

test('all is well afterwards', () => {
  const store = addon.openKernel(handles.code!, 'store', new Uint32Array([0, 4, 0]));
  stage(store, handles.buffer!);
  const { argumentBlock } = addon;
  const value = 8 * (Slot.parameters + 1);
  new DataView(argumentBlock.buffer, argumentBlock.byteOffset).setUint32(value, 7, true);
  addon.launchKernel();
  const read = addon.startRead(handles.buffer!, 0, 4, handles.stream!, true);
  addon.waitReadSync(read);
  const out = new Uint32Array(1);
  addon.finishRead(read, out);
  expect([...out]).toEqual([7]);
});
