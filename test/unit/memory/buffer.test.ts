import { dtypeByName } from '../../../lib/base/dtype.js';
import { cuda, type Device, DeviceBuffer, DTYPES, type Dtype } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { ARG_TYPE, thrown } from '../../support/errors.js';
import { skipTest } from '../../support/skip.js';

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

type Numbers = ArrayBufferView & ArrayLike<number | bigint>;
type AnyArray = new (values: Iterable<unknown>) => Numbers;

/** 0 1 2 ... as the array of the dtype. */
function counting(dtype: Dtype, length: number): Numbers {
  const info = dtypeByName(dtype)!;
  const values = Array.from({ length }, (_, i) => (info.kind === 'bigint' ? BigInt(i) : i));
  return new (info.HostArray as unknown as AnyArray)(values);
}

describe.each([...DTYPES])('%s', (dtype) => {
  const { byteSize, HostArray } = dtypeByName(dtype)!;

  test('is zeroed', async () => {
    using buffer = device.alloc(dtype, 1000);
    const host = await buffer.read();
    expect(host).toBeInstanceOf(HostArray);
    expect(host).toHaveLength(1000);
    expect(Array.from(host as Numbers).every((value) => Number(value) === 0)).toBe(true);
  });

  test('has a dtype, a length and a size', () => {
    using buffer = device.alloc(dtype, 7);
    expect(buffer).toMatchObject({ dtype, length: 7, byteLength: 7 * byteSize, device });
  });

  test('what is written is read', async () => {
    const source = counting(dtype, 100);
    using buffer = device.from(source, { dtype });
    expect(buffer.dtype).toBe(dtype);
    expect(await buffer.read()).toEqual(source);
    await buffer.write(counting(dtype, 3), { offset: 50 });
    expect(await buffer.read({ offset: 49, length: 5 })).toEqual(
      new (HostArray as unknown as AnyArray)([
        (source as Numbers)[49],
        ...Array.from(counting(dtype, 3)),
        (source as Numbers)[53],
      ]),
    );
  });

  test('fill sets every element, and no neighbour', async () => {
    using buffer = device.from(counting(dtype, 20), { dtype });
    using view = buffer.slice(3, 16);
    view.fill(3);
    const host = Array.from((await buffer.read()) as Numbers);
    const three = (await view.read({ length: 1 }))[0];
    const expected = Array.from(counting(dtype, 20)).map((value, i) =>
      i >= 3 && i < 16 ? three : value,
    );
    expect(host).toEqual(expected);
    if (dtype !== 'float16' && dtype !== 'bfloat16') expect(Number(three)).toBe(3);
    else expect(three).toBe(dtype === 'float16' ? 0x4200 : 0x4040);
  });

  test('copyFrom moves a range', async () => {
    using from = device.from(counting(dtype, 20), { dtype });
    using to = device.alloc(dtype, 20);
    to.copyFrom(from, { offset: 2, sourceOffset: 5, length: 4 });
    const host = Array.from((await to.read()) as Numbers, Number);
    expect(host).toEqual([0, 0, 5, 6, 7, 8, ...Array(14).fill(0)]);
  });
});

test('fill of large integers is exact', async () => {
  using signed = device.alloc('int64', 3).fill(-(2n ** 63n));
  expect(await signed.read()).toEqual(new BigInt64Array(3).fill(-(2n ** 63n)));
  using unsigned = device.alloc('uint64', 3).fill(2n ** 64n - 1n);
  expect(await unsigned.read()).toEqual(new BigUint64Array(3).fill(2n ** 64n - 1n));
});

test('fill takes NaN, infinities and -0', async () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -0]) {
    using buffer = device.alloc('float32', 2).fill(value);
    expect(await buffer.read()).toEqual(new Float32Array(2).fill(value));
  }
});

describe('slice', () => {
  const host = new Int32Array([0, 1, 2, 3, 4, 5, 6, 7]);
  const positions = [undefined, 0, 1, 5, 8, 9, 1e15, -0, -1, -5, -8, -9, -1e15];

  test('picks the elements that TypedArray.subarray does', async () => {
    using buffer = device.from(host);
    for (const begin of positions) {
      for (const end of positions) {
        using view = buffer.slice(begin, end);
        expect(await view.read()).toEqual(host.subarray(begin, end));
      }
    }
  });

  test('shares the memory, both ways, also a view of a view', async () => {
    using buffer = device.from(host);
    using view = buffer.slice(2, 7);
    using inner = view.slice(1, 3);
    inner.fill(-1);
    expect(await buffer.read()).toEqual(new Int32Array([0, 1, 2, -1, -1, 5, 6, 7]));
    buffer.fill(9);
    expect(await inner.read()).toEqual(new Int32Array([9, 9]));
  });

  test('keeps the memory when the buffer is disposed', async () => {
    const buffer = device.from(host);
    const view = buffer.slice(4);
    buffer.dispose();
    using other = device.alloc('int32', 8).fill(7); // would take freed memory
    expect(await view.read()).toEqual(new Int32Array([4, 5, 6, 7]));
    expect(other.disposed).toBe(false);
    view.dispose();
  });
});

describe('read', () => {
  const host = new Float32Array([1, 2, 3, 4, 5]);

  test('into an array of the caller', async () => {
    using buffer = device.from(host);
    const whole = new Float32Array(5);
    expect(await buffer.read(whole)).toBe(whole);
    expect(whole).toEqual(host);
    const part = new Float32Array(8);
    await buffer.read(part.subarray(2, 4), { offset: 3 });
    expect(part).toEqual(new Float32Array([0, 0, 4, 5, 0, 0, 0, 0]));
    const bytes = new DataView(new ArrayBuffer(8));
    buffer.readSync(bytes, { offset: 1 });
    expect([bytes.getFloat32(0, true), bytes.getFloat32(4, true)]).toEqual([2, 3]);
  });

  test('sees what was enqueued before, and not what comes after', async () => {
    using buffer = device.from(host);
    const before = buffer.read();
    buffer.fill(0);
    const after = buffer.read();
    expect(await before).toEqual(host);
    expect(await after).toEqual(new Float32Array(5));
  });

  test('many at once, in any order of waiting', async () => {
    using buffer = device.alloc('int32', 1);
    const reads = Array.from({ length: 100 }, (_, i) => buffer.fill(i).read());
    const values = await Promise.all(reads.reverse());
    expect(values.map(([value]) => value)).toEqual(Array.from({ length: 100 }, (_, i) => 99 - i));
  });

  test('blocking', () => {
    using buffer = device.from(host);
    expect(buffer.readSync()).toEqual(host);
    expect(buffer.readSync({ offset: 3 })).toEqual(new Float32Array([4, 5]));
  });
});

test('large copies take many blocks of staging', async () => {
  const source = Int32Array.from({ length: 3_000_017 }, (_, i) => i);
  using buffer = device.from(source);
  expect(Buffer.compare(bytes(await buffer.read()), bytes(source))).toBe(0);
  buffer.writeSync(source.subarray(1000), { offset: 1 });
  const middle = await buffer.read({ offset: 2_000_000, length: 2 });
  expect(middle).toEqual(new Int32Array([2_000_999, 2_001_000]));
});

const bytes = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);

describe('from', () => {
  test('the dtype is that of the array', () => {
    for (const [source, dtype] of [
      [new Float32Array(1), 'float32'],
      [new Uint16Array(1), 'uint16'],
      [new Uint8ClampedArray(1), 'uint8'],
      [Buffer.alloc(1), 'uint8'],
      [new BigUint64Array(1), 'uint64'],
    ] as const) {
      using buffer = device.from(source);
      expect(buffer.dtype).toBe(dtype);
    }
  });

  test('bits and bytes with a dtype', async () => {
    using half = device.from(new Uint16Array([0x3c00, 0x4000]), { dtype: 'float16' });
    expect(await half.read()).toEqual(new Uint16Array([0x3c00, 0x4000]));
    const bytes = Buffer.from(new Float32Array([1.5, -2]).buffer);
    using floats = device.from(bytes, { dtype: 'float32' });
    expect(await floats.read()).toEqual(new Float32Array([1.5, -2]));
  });

  test('is on the class too', async () => {
    using buffer = DeviceBuffer.from(device, new Float32Array([1]));
    expect(await buffer.read()).toEqual(new Float32Array([1]));
    using half = DeviceBuffer.from(device, new Uint16Array([1]), { dtype: 'bfloat16' });
    expect(half.dtype).toBe('bfloat16');
  });

  const HalfArray = (globalThis as { Float16Array?: AnyArray }).Float16Array;
  const copiesHalves = async () => {
    const source = new HalfArray!([1, 2.5]);
    using buffer = device.from(source as never);
    expect((buffer as DeviceBuffer).dtype).toBe('float16');
    const destination = new HalfArray!([0, 0]);
    await (buffer as DeviceBuffer).read(destination);
    expect(destination).toEqual(source);
  };
  if (HalfArray) test('a Float16Array', copiesHalves);
  else skipTest('a Float16Array', `Node.js ${process.version} has none`);
});

test('a float32 buffer takes no bytes of a plain Uint8Array', async () => {
  using buffer = device.alloc('float32', 2);
  expect(thrown(() => buffer.writeSync(new Uint8Array(8)))).toMatchObject(ARG_TYPE);
  buffer.writeSync(Buffer.from(new Float32Array([3, 4]).buffer));
  expect(await buffer.read()).toEqual(new Float32Array([3, 4]));
});

test('memory is counted', async () => {
  const other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  expect(other.memoryStats()).toEqual({ current: 0, peak: 0, currentCount: 0, totalCount: 0 });
  const a = other.alloc('float32', 256);
  const b = other.alloc('float32', 256);
  const view = a.slice(0, 1);
  expect(other.memoryStats()).toMatchObject({ current: 2048, peak: 2048, currentCount: 2 });
  a.dispose();
  expect(other.memoryStats()).toMatchObject({ current: 2048, currentCount: 2 });
  view.dispose();
  b.dispose();
  expect(other.memoryStats()).toEqual({ current: 0, peak: 2048, currentCount: 0, totalCount: 2 });
  await other.synchronize();
  other.trim();
  const { free, total } = other.memoryInfo();
  expect(free).toBe(total);
  other.dispose();
});
