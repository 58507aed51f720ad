// Random writes, fills, copies and views against a typed array that the same is done to.
import fc from 'fast-check';
import type { Device, DeviceBuffer } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

const LENGTH = 100;

interface Pair {
  model: Int32Array; // shares its memory with other models as the buffers do
  buffer: DeviceBuffer<'int32'>;
}

interface World {
  pairs: Pair[];
  streams: import('../../../lib/index.js').Stream[];
}

/** Picks by a number from 0 to 1. */
const pick = <T>(items: T[], where: number) => items[Math.floor(where * items.length)]!;
const within = (length: number, where: number) => Math.floor(where * (length + 1));

const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });
const value = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

type Step = (world: World) => unknown;

function overlaps(a: Int32Array, b: Int32Array): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

const write = fc.tuple(fraction, fraction, fraction, fc.array(value, { maxLength: LENGTH })).map(
  ([which, where, stream, values]): Step =>
    (world) => {
      const { model, buffer } = pick(world.pairs, which);
      const source = new Int32Array(values.slice(0, model.length));
      const offset = within(model.length - source.length, where);
      const written = buffer.write(source, { offset, stream: pick(world.streams, stream) });
      model.set(source, offset);
      source.fill(-7); // the bytes at the time of the call count
      return written;
    },
);

const fill = fc.tuple(fraction, fraction, value).map(
  ([which, stream, filling]): Step =>
    (world) => {
      const { model, buffer } = pick(world.pairs, which);
      buffer.fill(filling, { stream: pick(world.streams, stream) });
      model.fill(filling);
    },
);

const copy = fc.tuple(fraction, fraction, fraction, fraction, fraction, fraction).map(
  ([to, from, where, begin, count, stream]): Step =>
    (world) => {
      const target = pick(world.pairs, to);
      const source = pick(world.pairs, from);
      const length = within(Math.min(target.model.length, source.model.length), count);
      const offset = within(target.model.length - length, where);
      const sourceOffset = within(source.model.length - length, begin);
      const into = target.model.subarray(offset, offset + length);
      const out = source.model.subarray(sourceOffset, sourceOffset + length);
      const enqueue = () =>
        target.buffer.copyFrom(source.buffer, {
          offset,
          sourceOffset,
          length,
          stream: pick(world.streams, stream),
        });
      if (overlaps(into, out)) {
        expect(enqueue).toThrow(RangeError);
        return;
      }
      enqueue();
      into.set(out);
    },
);

const slice = fc
  .tuple(fraction, fc.integer({ min: -120, max: 120 }), fc.integer({ min: -120, max: 120 }))
  .map(
    ([which, begin, end]): Step =>
      (world) => {
        const { model, buffer } = pick(world.pairs, which);
        world.pairs.push({ model: model.subarray(begin, end), buffer: buffer.slice(begin, end) });
      },
  );

const read = fc.tuple(fraction, fraction, fraction, fraction).map(
  ([which, where, count, stream]): Step =>
    (world) => {
      const { model, buffer } = pick(world.pairs, which);
      const offset = within(model.length, where);
      const length = within(model.length - offset, count);
      const expected = model.slice(offset, offset + length);
      const promise = buffer.read({ offset, length, stream: pick(world.streams, stream) });
      return promise.then((host) => expect(host).toEqual(expected));
    },
);

const drop = fraction.map(
  (which): Step =>
    (world) => {
      if (world.pairs.length < 2) return;
      const [pair] = world.pairs.splice(Math.floor(which * world.pairs.length), 1);
      pair!.buffer.dispose();
    },
);

const steps = fc.array(fc.oneof(write, fill, copy, slice, read, drop), { maxLength: 40 });

test('a buffer and its views do what a typed array and its subarrays do', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (program, oneStream) => {
      const streams = [device.createStream(), device.defaultStream];
      const world: World = { pairs: [], streams: oneStream ? streams.slice(0, 1) : streams };
      for (let i = 0; i < 2; i++) {
        const buffer = device.alloc('int32', LENGTH);
        world.pairs.push({ model: new Int32Array(LENGTH), buffer });
      }
      const waits = program.map((step) => step(world));
      const [stream] = world.streams;
      for (const { model, buffer } of world.pairs) {
        expect(await buffer.read({ stream: stream! })).toEqual(model);
      }
      await Promise.all(waits);
      for (const { buffer } of world.pairs) buffer.dispose();
      streams[0]!.dispose();
    }),
    { numRuns: 150 },
  );
  expect(device.memoryStats().currentCount).toBe(0);
});

test('every offset and length of a typed array arrives', async () => {
  const sizes = fc.integer({ min: 0, max: 5000 });
  await fc.assert(
    fc.asyncProperty(sizes, sizes, fraction, async (length, total, where) => {
      const capacity = Math.max(length, total);
      const offset = within(capacity - length, where);
      using buffer = device.alloc('uint8', capacity);
      const source = Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 255);
      const done = buffer.write(source, { offset });
      const expected = new Uint8Array(capacity);
      expected.set(source, offset);
      expect(Buffer.compare(await buffer.read(), expected)).toBe(0);
      await done;
    }),
    { numRuns: 100 },
  );
});
