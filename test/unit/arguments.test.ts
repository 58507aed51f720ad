// Wrong arguments: the promised error, no CUDA call, and the device as before.
// Hazards H1, H2, H3, H8, H9, H10 of guides/reliability.md.
import { inspect } from 'node:util';
import { CudaEvent, type Device, DeviceBuffer, Stream } from '../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, failure } from '../support/errors.js';
import { detach } from '../support/memory.js';

let faulty: FaultyDevice;
let device: Device;
let x: DeviceBuffer<'float32'>;
let y: DeviceBuffer<'float32'>;
let stream: Stream;
let event: CudaEvent;

beforeAll(async () => {
  faulty = openFaultyDevice();
  device = faulty.device;
  x = device.from(new Float32Array([1, 2, 3, 4]));
  y = device.from(new Float32Array([5, 6, 7, 8]));
  stream = device.createStream();
  event = device.createEvent();
  await device.synchronize();
});

beforeEach(() => faulty.clearLog());
afterAll(closeFaultyDevices);

/** That `action` fails as promised without a CUDA call. */
async function refused(action: () => unknown, expected: object) {
  const error = await failure(action);
  expect(error).toMatchObject(expected);
  expect(faulty.log()).toEqual([]);
}

type Any = never;

const RANGE = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  0.5,
  2 ** 53,
  2 ** 53 + 2,
  1e308,
  -5n,
  2n ** 64n,
];
const TYPE = ['7', null, {}, [], true, Symbol('s')];
// These are integers, and too large for the buffers here.
const LARGE = [2 ** 31, 2 ** 32, 2 ** 32 + 5, 2 ** 53 - 1, BigInt(2 ** 32)];

const numeric: Record<string, (value: Any) => unknown> = {
  'alloc length': (value) => device.alloc('float32', value),
  'write offset': (value) => x.write(new Float32Array(1), { offset: value }),
  'writeSync offset': (value) => x.writeSync(new Float32Array(1), { offset: value }),
  'read offset': (value) => x.read({ offset: value }),
  'read length': (value) => x.read({ length: value }),
  'readSync offset': (value) => x.readSync(new Float32Array(1), { offset: value }),
  'copyFrom offset': (value) => x.copyFrom(y, { offset: value }),
  'copyFrom sourceOffset': (value) => x.copyFrom(y, { sourceOffset: value }),
  'copyFrom length': (value) => x.copyFrom(y, { length: value }),
  'matmul m': (value) => device.matmul(x, y, { m: value, n: 2, k: 2 }),
  'matmul n': (value) => device.matmul(x, y, { m: 2, n: value, k: 2 }),
  'matmul k': (value) => device.matmul(x, y, { m: 2, n: 2, k: value }),
  'matmul lda': (value) => device.matmul(x, y, { m: 2, n: 2, k: 2, lda: value }),
  'matmul ldb': (value) => device.matmul(x, y, { m: 2, n: 2, k: 2, ldb: value }),
  'stream priority': (value) => device.createStream({ priority: value }),
};

describe.each(Object.entries(numeric))('%s', (name, call) => {
  const isPriority = name === 'stream priority';
  const range = isPriority ? RANGE.filter((value) => value !== -1 && value !== -5n) : RANGE;

  test('out of range', async () => {
    for (const value of range) {
      if (isPriority) expect(await failure(() => call(value as Any))).toMatchObject(ARG_RANGE);
      else await refused(() => call(value as Any), ARG_RANGE);
    }
  });

  test('of another type', async () => {
    for (const value of TYPE) {
      if (isPriority) expect(await failure(() => call(value as Any))).toMatchObject(ARG_TYPE);
      else await refused(() => call(value as Any), ARG_TYPE);
    }
  });

  if (name !== 'alloc length') {
    test('too large', async () => {
      for (const value of LARGE) {
        expect(await failure(() => call(value as Any))).toMatchObject(ARG_RANGE);
      }
    });
  }
});

test('-0 and safe BigInts are integers', async () => {
  expect(device.alloc('float32', -0).length).toBe(0);
  expect(device.alloc('float32', 3n as unknown as number).length).toBe(3);
  expect(await x.read({ offset: -0, length: 2n as unknown as number })).toEqual(
    new Float32Array([1, 2]),
  );
  const { m, n, k } = { m: 2n, n: 2n, k: 2n } as unknown as { m: number; n: number; k: number };
  expect(device.matmul(x, y, { m, n, k }).length).toBe(4);
});

test('offset and length that overflow together', async () => {
  const huge = 2 ** 53 - 1;
  await refused(() => x.read({ offset: huge, length: huge }), ARG_RANGE);
  await refused(() => x.read({ offset: 1, length: huge }), ARG_RANGE);
  await refused(() => x.read({ offset: 5, length: 0 }), ARG_RANGE);
  await refused(() => x.write(new Float32Array(1), { offset: huge }), ARG_RANGE);
  await refused(() => x.copyFrom(y, { offset: huge, length: huge }), ARG_RANGE);
  await refused(() => device.alloc('float64', huge), ARG_RANGE);
  await refused(() => device.matmul(x, y, { m: 2 ** 52, n: 2 ** 52, k: 2 ** 52 }), ARG_RANGE);
});

test('zero is a length like any other', async () => {
  const empty = device.alloc('float32', 0);
  expect(empty).toMatchObject({ length: 0, byteLength: 0 });
  expect(await empty.read()).toEqual(new Float32Array(0));
  await empty.write(new Float32Array(0));
  empty.fill(1).copyFrom(device.alloc('float32', 0));
  x.copyFrom(y, { length: 0 });
  expect(device.add(empty, empty).length).toBe(0);
  expect(device.matmul(empty, empty, { m: 0, n: 0, k: 0 }).length).toBe(0);
  expect(await x.read({ offset: 4 })).toEqual(new Float32Array(0));
  expect(x.slice(2, 2).length).toBe(0);
});

describe('types of arguments', () => {
  const notBuffers = [
    undefined,
    null,
    1,
    {},
    new Float32Array(4),
    Object.create(DeviceBuffer.prototype),
  ];

  test('buffers', async () => {
    for (const value of notBuffers) {
      const wrong = value as Any;
      if (value !== 1) {
        await refused(() => device.add(wrong, y), ARG_TYPE);
        await refused(() => device.add(x, wrong), ARG_TYPE);
      }
      await refused(() => device.matmul(wrong, y, { m: 2, n: 2, k: 2 }), ARG_TYPE);
      await refused(() => device.matmul(x, wrong, { m: 2, n: 2, k: 2 }), ARG_TYPE);
      await refused(() => x.copyFrom(wrong), ARG_TYPE);
      if (value !== undefined) await refused(() => device.add(x, y, { out: wrong }), ARG_TYPE);
    }
    await refused(() => device.add(new Proxy(x, {}), y), ARG_TYPE);
  });

  test('streams', async () => {
    for (const value of [null, 1, {}, device, Object.create(stream), new Proxy(stream, {})]) {
      await refused(() => device.add(x, y, { stream: value as Any }), ARG_TYPE);
      await refused(() => x.fill(1, { stream: value as Any }), ARG_TYPE);
      await refused(() => x.read({ stream: value as Any }), ARG_TYPE);
      await refused(() => event.record(value as Any), ARG_TYPE);
    }
  });

  test('events', async () => {
    for (const value of [undefined, null, 1, {}, stream, Object.create(event)]) {
      await refused(() => event.elapsedMs(value as Any), ARG_TYPE);
      await refused(() => stream.waitFor(value as Any), ARG_TYPE);
    }
  });

  test('options', async () => {
    for (const value of [null, 1, 'x', true, () => 0]) {
      await refused(() => device.add(x, y, value as Any), ARG_TYPE);
      await refused(() => x.read(value as Any), ARG_TYPE);
      await refused(() => x.write(new Float32Array(1), value as Any), ARG_TYPE);
      await refused(() => device.alloc('float32', 1, value as Any), ARG_TYPE);
      await refused(() => device.createStream(value as Any), ARG_TYPE);
      await refused(() => device.createEvent(value as Any), ARG_TYPE);
    }
    await refused(() => device.matmul(x, y, undefined as Any), ARG_TYPE);
    await refused(() => device.matmul(x, y, { m: 2, n: 2 } as Any), ARG_TYPE);
    await refused(() => x.read(new ArrayBuffer(16) as Any), ARG_TYPE);
    await refused(() => device.add(x, y, { into: x } as Any), ARG_TYPE);
  });

  test('dtypes', async () => {
    for (const value of ['float', '', undefined, null, 3, {}, '__proto__']) {
      await refused(() => device.alloc(value as Any, 1), ARG_TYPE);
    }
    await refused(() => device.from(new DataView(new ArrayBuffer(8)) as Any), ARG_TYPE);
    await refused(() => device.from([1, 2, 3] as Any), ARG_TYPE);
    await refused(() => device.from(new Float32Array(2), { dtype: 'int32' }), ARG_TYPE);
  });

  test('booleans and factors', async () => {
    const shape = { m: 2, n: 2, k: 2 };
    await refused(() => device.matmul(x, y, { ...shape, transposeA: 1 as Any }), ARG_TYPE);
    await refused(() => device.matmul(x, y, { ...shape, alpha: '1' as Any }), ARG_TYPE);
    await refused(() => device.matmul(x, y, { ...shape, alpha: 1n as Any }), ARG_TYPE);
    await refused(() => device.matmul(x, y, { ...shape, beta: 1 }), ARG_TYPE); // without out
    await refused(() => device.alloc('float32', 1, { uninitialized: 1 as Any }), ARG_TYPE);
    await refused(() => device.createEvent({ timing: 1 as Any }), ARG_TYPE);
  });
});

describe('operands that do not fit', () => {
  test('dtypes differ', async () => {
    const int = device.alloc('int32', 4);
    const wide = device.alloc('float64', 4);
    await device.synchronize();
    faulty.clearLog();
    await refused(() => device.add(x, int as Any), {
      ...ARG_TYPE,
      message: 'Expected the same dtype for `x` and `y` but received float32 and int32',
    });
    await refused(() => device.add(x, y, { out: wide as Any }), ARG_TYPE);
    await refused(() => x.copyFrom(int as Any), ARG_TYPE);
    await refused(() => device.matmul(x, wide as Any, { m: 2, n: 2, k: 2 }), ARG_TYPE);
    await refused(() => device.matmul(int as Any, int as Any, { m: 2, n: 2, k: 2 }), {
      ...ARG_TYPE,
      message:
        'Expected float32, float64, float16, bfloat16 or int8 for a matrix product but received int32',
    });
  });

  test('lengths differ', async () => {
    const five = device.alloc('float32', 5);
    await device.synchronize();
    faulty.clearLog();
    await refused(() => device.add(x, five), {
      ...ARG_RANGE,
      message: 'Expected 4 elements for `y` but received a DeviceBuffer of 5',
    });
    await refused(() => device.add(x, y, { out: five }), ARG_RANGE);
    await refused(() => device.matmul(x, five, { m: 2, n: 2, k: 2 }), {
      ...ARG_RANGE,
      message: 'Expected 4 elements for `b` (2 x 2) but received 5',
    });
    await refused(() => device.matmul(x, y, { m: 2, n: 2, k: 2, out: five }), ARG_RANGE);
    await refused(() => device.matmul(x, y, { m: 2, n: 2, k: 2, lda: 3 }), {
      ...ARG_RANGE,
      message: 'Expected at least 5 elements for `a` (2 x 2, rows 3 apart) but received 4',
    });
    await refused(() => device.matmul(x, y, { m: 2, n: 2, k: 2, lda: 1 }), ARG_RANGE);
    await refused(() => x.copyFrom(five), ARG_RANGE);
    await refused(() => x.write(new Float32Array(5)), ARG_RANGE);
    await refused(() => x.read(new Float32Array(5)), ARG_RANGE);
    await refused(() => x.read(new Float32Array(3), { length: 2 }), ARG_RANGE);
  });

  test('memory overlaps', async () => {
    const memory = device.alloc('float32', 16);
    const low = memory.slice(0, 4);
    const middle = memory.slice(2, 6);
    const high = memory.slice(4, 8);
    await device.synchronize();
    faulty.clearLog();
    const shape = { m: 2, n: 2, k: 2 };
    await refused(() => device.matmul(low, high, { ...shape, out: low }), ARG_RANGE);
    await refused(() => device.matmul(low, high, { ...shape, out: high }), ARG_RANGE);
    await refused(() => device.matmul(low, high, { ...shape, out: middle }), ARG_RANGE);
    await refused(() => device.add(low, low, { out: middle }), ARG_RANGE);
    await refused(() => device.add(high, low, { out: middle }), ARG_RANGE);
    await refused(() => low.copyFrom(middle), ARG_RANGE);
    await refused(() => memory.copyFrom(memory, { sourceOffset: 1, length: 4 }), ARG_RANGE);
    // Beside each other, and exactly in place, is fine.
    device.matmul(low, high, { ...shape, out: memory.slice(8, 12) });
    device.add(low, high, { out: low });
    device.add(low, low, { out: low });
    memory.copyFrom(memory, { offset: 8, length: 8 });
    await device.synchronize();
  });
});

describe('options that bite', () => {
  test('each is read once', async () => {
    const reads: string[] = [];
    const watch = (options: object) =>
      new Proxy(options, {
        get(target, key) {
          reads.push(String(key));
          return Reflect.get(target, key);
        },
      });
    device.matmul(x, y, watch({ m: 2, n: 2, k: 2, alpha: 2, stream }) as Any);
    expect(reads.sort()).toEqual(['alpha', 'k', 'm', 'n', 'stream']);
    reads.length = 0;
    await x.read(watch({ offset: 1, length: 2 }));
    expect(reads.sort()).toEqual(['length', 'offset']);
  });

  test('what a getter throws arrives, and nothing is allocated', async () => {
    const mine = new Error('mine');
    const options = {
      get out(): Any {
        throw mine;
      },
    };
    const before = device.memoryStats().totalCount;
    faulty.clearLog();
    expect(await failure(() => device.add(x, y, options))).toBe(mine);
    const shape = Object.defineProperties(
      { m: 2, n: 2, k: 2 },
      Object.getOwnPropertyDescriptors(options),
    );
    expect(await failure(() => device.matmul(x, y, shape))).toBe(mine);
    expect(faulty.log()).toEqual([]);
    expect(device.memoryStats().totalCount).toBe(before);
  });

  test('a getter that disposes what is in use', async () => {
    const disposing = (victim: { dispose(): void }, name: string, value: unknown = undefined) =>
      Object.defineProperty({}, name, {
        enumerable: true,
        get() {
          victim.dispose();
          return value;
        },
      }) as Any;
    const fresh = () => device.alloc('float32', 4);
    let victim = fresh();
    expect(await failure(() => device.add(victim, y, disposing(victim, 'out')))).toMatchObject(
      DISPOSED,
    );
    victim = fresh();
    expect(await failure(() => device.add(x, victim, disposing(victim, 'stream')))).toMatchObject(
      DISPOSED,
    );
    victim = fresh();
    expect(await failure(() => device.add(x, y, disposing(victim, 'out', victim)))).toMatchObject(
      DISPOSED,
    );
    victim = fresh();
    expect(await failure(() => victim.read(disposing(victim, 'offset', 0)))).toMatchObject(
      DISPOSED,
    );
    victim = fresh();
    expect(
      await failure(() => victim.write(new Float32Array(4), disposing(victim, 'offset', 0))),
    ).toMatchObject(DISPOSED);
    victim = fresh();
    expect(await failure(() => victim.fill(1, disposing(victim, 'stream')))).toMatchObject(
      DISPOSED,
    );
    victim = fresh();
    expect(await failure(() => victim.copyFrom(x, disposing(victim, 'length', 1)))).toMatchObject(
      DISPOSED,
    );
    const other = device.createStream();
    expect(await failure(() => device.add(x, y, disposing(other, 'stream', other)))).toMatchObject(
      DISPOSED,
    );
  });

  test('a getter that detaches the source or the destination', async () => {
    const detaching = (view: Float32Array) => ({
      get offset() {
        detach(view.buffer);
        return 0;
      },
    });
    const source = new Float32Array([9, 9]);
    expect(await failure(() => x.write(source, detaching(source)))).toMatchObject(ARG_TYPE);
    const destination = new Float32Array(2);
    expect(await failure(() => x.read(destination, detaching(destination)))).toMatchObject(
      ARG_TYPE,
    );
    expect(await x.read()).toEqual(new Float32Array([1, 2, 3, 4]));
  });
});

describe('wrong receivers', () => {
  const prototypes = {
    Device: () => device,
    DeviceBuffer: () => x,
    Stream: () => stream,
    CudaEvent: () => event,
  };

  test.each(Object.entries(prototypes))('%s', async (name, instance) => {
    const prototype = Object.getPrototypeOf(instance());
    const forged = Object.setPrototypeOf({}, prototype);
    const receivers = [
      undefined,
      null,
      1,
      'x',
      {},
      forged,
      Object.create(instance()),
      new Proxy(instance(), {}),
    ];
    for (const [other, make] of Object.entries(prototypes))
      if (other !== name) receivers.push(make());
    for (const key of Reflect.ownKeys(prototype)) {
      // Printing must not throw, whatever is printed: see inspect.test.ts.
      if (key === 'constructor' || key === inspect.custom) continue;
      const { get, value } = Object.getOwnPropertyDescriptor(prototype, key)!;
      for (const receiver of receivers) {
        const error = await failure(() => Reflect.apply(get ?? value, receiver, []));
        expect(error).toMatchObject(ARG_TYPE);
        expect(error.message).toMatch(/but received/);
      }
    }
    expect(faulty.log()).toEqual([]);
  });

  test('constructors are not for users', async () => {
    const classes = [device.constructor, DeviceBuffer, Stream, CudaEvent];
    for (const Class of classes as unknown as (new (
      ...args: unknown[]
    ) => unknown)[]) {
      await refused(() => new Class(), ARG_TYPE);
      await refused(() => new Class(device, {}), ARG_TYPE);
    }
  });

  test('DeviceBuffer.from wants a device', async () => {
    for (const value of [undefined, null, {}, x, Object.create(device)]) {
      await refused(() => DeviceBuffer.from(value as Any, new Float32Array(1)), ARG_TYPE);
    }
  });
});

test('after all this the device works', async () => {
  expect(await device.add(x, y).read()).toEqual(new Float32Array([6, 8, 10, 12]));
});
