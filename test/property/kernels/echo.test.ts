// Random signatures and values against a packing of the test's own: a kernel writes down the bytes of
// its parameters as it got them.
import fc from 'fast-check';
import type { Device, DeviceBuffer, Kernel, Signature } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { type EchoParameter, echo, ptx } from '../../support/kernels.js';
import {
  array,
  bool,
  dtypes,
  type Sample,
  SCALARS,
  scalar,
  structOf,
} from '../../support/samples.js';

const ONE = { grid: 1, block: 1 } as const;

let device: Device;
let buffers: Record<string, DeviceBuffer>;
beforeAll(() => {
  device = openTestDevice();
  buffers = {};
  for (const dtype of Object.keys(SCALARS)) {
    buffers[dtype] = device.alloc(dtype as 'uint8', 16);
    bases.set(buffers[dtype]!, addressOf(buffers[dtype]!));
  }
});
afterAll(() => device.dispose());

/** Addresses of buffers, told by a kernel. */
const bases = new Map<DeviceBuffer, bigint>();
function addressOf(buffer: DeviceBuffer): bigint {
  using code = device.loadModule(ptx(echo([{ declaration: '.param .u64', bytes: 8 }])));
  using out = device.alloc('uint8', 8);
  code.kernel('echo').launch(ONE, out, buffer);
  return new DataView((out.readSync() as Uint8Array).buffer).getBigUint64(0, true);
}

const pointer: fc.Arbitrary<Sample> = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    isConst: fc.boolean(),
    isVoid: fc.boolean(),
    begin: fc.constantFrom(null, 0, 1, 5),
  })
  .map(({ dtype, isConst, isVoid, begin }) => {
    const buffer = buffers[dtype]!;
    const address =
      begin === null ? 0n : bases.get(buffer)! + BigInt(begin * SCALARS[dtype]!.bytes);
    return {
      type: `${isConst ? 'const ' : ''}${isVoid ? 'void' : dtype}*`,
      ...{ bytes: 8, alignment: 8, ptx: ['u64', 'b64', 'u64 .ptr', 'u64 .ptr .global .align 1'] },
      value: begin === null ? null : buffer.slice(begin),
      write: (view: DataView, at: number) => view.setBigUint64(at, address, true),
    };
  });

const { sample } = fc.letrec<{ sample: Sample; struct: Sample }>((tie) => ({
  struct: fc
    .tuple(
      fc.array(tie('sample'), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(undefined, 1, 2, 8, 16, 32),
    )
    .map(([fields, align]) => structOf(fields, align)),
  sample: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'struct' },
    scalar,
    bool,
    array,
    pointer,
    tie('struct'),
  ),
}));

/** A parameter of PTX that takes the sample. */
const declared = fc
  .tuple(sample, fc.nat(), fc.constantFrom(1, 2, 4))
  .map(([each, choice, wider]) => {
    const bytes: EchoParameter = {
      declaration: `.param .align ${Math.min(each.alignment * wider, 128)} .b8`,
      ...{ extent: `[${each.bytes}]`, bytes: each.bytes },
    };
    const isPointer = typeof each.type === 'string' && each.type.endsWith('*');
    const names = isPointer ? each.ptx : [...each.ptx, 'bytes'];
    const name = names[choice % names.length]!;
    const parameter =
      name === 'bytes' ? bytes : { declaration: `.param .${name}`, bytes: each.bytes };
    return { sample: each, parameter };
  });

/** The parameters one after the other, without what is between them in the kernel. */
function packed(samples: readonly Sample[]): Uint8Array {
  const total = samples.reduce((sum, { bytes }) => sum + bytes, 0);
  const view = new DataView(new ArrayBuffer(total));
  let at = 0;
  for (const each of samples) {
    each.write(view, at);
    at += each.bytes;
  }
  return new Uint8Array(view.buffer);
}

test('what a kernel gets is what was meant', () => {
  fc.assert(
    fc.property(fc.array(declared, { minLength: 1, maxLength: 8 }), (all) => {
      const samples = all.map((each) => each.sample);
      const expected = packed(samples);
      using code = device.loadModule(ptx(echo(all.map(({ parameter }) => parameter))));
      const signature = ['uint8*', ...samples.map(({ type }) => type)] as Signature;
      using kernel = code.kernel('echo', signature) as unknown as Kernel;
      using out = device.alloc('uint8', expected.length);
      const args = samples.map(({ value }) => value) as number[];
      kernel.launch(ONE, out, ...args);
      expect(out.readSync()).toEqual(expected);
      // Replaced one by one, from the launch with everything 0 that it can be.
      out.fill(0xee);
      using prepared = kernel.prepare(ONE, out, ...args);
      for (const [i, value] of args.entries()) prepared.set(i + 1, value);
      prepared.run();
      expect(out.readSync()).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

// Without a signature: scalars whose type the kernel tells.
const told = fc.constantFrom(...dtypes).chain((dtype) => {
  const { bytes, ptx: names, values, write } = SCALARS[dtype]!;
  const telling = names.filter((name) => !name.startsWith('b'));
  const type = telling[0]!;
  // 64 bits may be an address: they have to be a bigint, which what is written is.
  const isWide = type === 's64';
  return values.map(([value, written]) => {
    return { type, bytes, value: isWide ? written : value, write, written };
  });
});

test('without a signature', () => {
  const untyped = told.filter(({ type }) => type !== undefined);
  fc.assert(
    fc.property(fc.array(untyped, { minLength: 1, maxLength: 8 }), (all) => {
      const parameters = all.map(({ type, bytes }) => ({ declaration: `.param .${type}`, bytes }));
      using code = device.loadModule(ptx(echo(parameters)));
      using kernel = code.kernel('echo');
      const view = new DataView(new ArrayBuffer(all.reduce((sum, { bytes }) => sum + bytes, 0)));
      let at = 0;
      for (const { bytes, write, written } of all) {
        write(view, at, written as never);
        at += bytes;
      }
      using out = device.alloc('uint8', view.byteLength);
      kernel.launch(ONE, out, ...all.map(({ value }) => value as number));
      expect(out.readSync()).toEqual(new Uint8Array(view.buffer));
    }),
    { numRuns: 100 },
  );
});
