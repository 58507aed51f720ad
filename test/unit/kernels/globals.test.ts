// Variables of modules as buffers: code.global().
import { type Device, type DeviceBuffer, type Dtype, Module } from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, DISPOSED, failure, thrown } from '../../support/errors.js';
import { COPY, ptx } from '../../support/kernels.js';

const VARIABLES = `
.visible .global .align 4 .b32 words[4] = {1, 2, 3, 4};
.visible .global .align 4 .u32 unsigned[4];
.visible .global .align 4 .s32 signed = -5;
.visible .global .align 8 .u64 counter;
.visible .global .align 2 .s16 short;
.visible .global .align 4 .f32 float = 0f3FC00000;
.visible .global .align 8 .f64 double;
.visible .global .align 2 .f16 half;
.visible .global .align 4 .b8 struct[12];
.visible .const .align 4 .f32 table[4] = {0f3F800000, 0f40000000, 0f40400000, 0f40800000};
.visible .global .align 4 .u32 cell;
`;

// read(p): p[i] = table[i]; bump(): cell += 1 by thread 0, after a while.
const KERNELS = `
.visible .entry read(.param .u64 p)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<6>;
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd3, %rd1, %rd2;
  mov.u64 %rd4, table;
  add.u64 %rd5, %rd4, %rd2;
  ld.const.u32 %r2, [%rd5];
  st.global.u32 [%rd3], %r2;
  ret;
}
.visible .entry bump(.param .u32 rounds)
{
  .reg .b32 %r<5>;
  .reg .pred %p1;
  ld.param.u32 %r2, [rounds];
  ld.global.u32 %r1, [cell];
  mov.u32 %r3, 0;
again:
  add.u32 %r3, %r3, 1;
  setp.lt.u32 %p1, %r3, %r2;
  @%p1 bra again;
  add.u32 %r1, %r1, 1;
  st.global.u32 [cell], %r1;
  ret;
}
`;

const SLOWLY = 20_000;
let device: Device;
let code: Module;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());
beforeEach(() => {
  code = device.loadModule(ptx(VARIABLES, KERNELS, COPY));
});
afterEach(() => code.dispose());

describe('as a buffer', () => {
  const natural: [string, Dtype, number, ArrayBufferView][] = [
    ['words', 'uint32', 4, new Uint32Array([1, 2, 3, 4])],
    ['unsigned', 'uint32', 4, new Uint32Array(4)],
    ['signed', 'int32', 1, new Int32Array([-5])],
    ['counter', 'uint64', 1, new BigUint64Array(1)],
    ['short', 'int16', 1, new Int16Array(1)],
    ['float', 'float32', 1, new Float32Array([1.5])],
    ['double', 'float64', 1, new Float64Array(1)],
    ['half', 'float16', 1, new Uint16Array(1)],
    ['struct', 'uint8', 12, new Uint8Array(12)],
    ['table', 'float32', 4, new Float32Array([1, 2, 3, 4])],
  ];
  test.each(natural)('%s is %s', async (name, dtype, length, value) => {
    using buffer = code.global(name);
    expect([buffer.dtype, buffer.length, buffer.device]).toEqual([dtype, length, device]);
    expect(await buffer.read()).toEqual(value);
  });

  test('of another dtype', async () => {
    using words = code.global('words', 'int64');
    expect(await words.read()).toEqual(new BigInt64Array([(2n << 32n) | 1n, (4n << 32n) | 3n]));
    using struct = code.global('struct', 'float32');
    expect(struct.length).toBe(3);
    using bytes = code.global('words', 'uint8');
    expect(bytes.length).toBe(16);
  });

  test('written, filled, copied and sliced', async () => {
    using words = code.global('words', 'int32');
    await words.write(new Int32Array([7, 8]), { offset: 1 });
    expect(await words.read()).toEqual(new Int32Array([1, 7, 8, 4]));
    using view = words.slice(2, 4).fill(-1);
    expect(await code.global('words', 'int32').read()).toEqual(new Int32Array([1, 7, -1, -1]));
    using other = device.from(new Int32Array([5, 6]));
    view.copyFrom(other);
    expect(words.readSync()).toEqual(new Int32Array([1, 7, 5, 6]));
    expect(thrown(() => words.copyFrom(view, { offset: 1 }))).toMatchObject(ARG_RANGE); // they overlap
    words.dispose();
    expect(await view.read()).toEqual(new Int32Array([5, 6]));
    expect(await failure(() => words.read())).toMatchObject(DISPOSED);
  });

  test('two buffers of one variable share memory, those of two modules do not', async () => {
    using other = device.loadModule(ptx(VARIABLES, KERNELS));
    using a = code.global('cell');
    using b = code.global('cell');
    using c = other.global('cell');
    a.fill(1);
    c.fill(2);
    expect([a, b, c].map((each) => each.readSync()[0])).toEqual([1, 1, 2]);
    other.kernel('bump', ['uint32']).launch({ grid: 1, block: 1 }, 1);
    expect([a, b, c].map((each) => each.readSync()[0])).toEqual([1, 1, 3]);
  });

  test('a constant is written by the host and read by kernels', async () => {
    using table = code.global('table', 'float32');
    await table.write(new Float32Array([9, 8, 7, 6]));
    using out = device.alloc('float32', 4);
    code.kernel('read', ['float32*']).launch({ grid: 1, block: 4 }, out);
    expect(await out.read()).toEqual(new Float32Array([9, 8, 7, 6]));
  });

  test('is an argument, and an operand', async () => {
    using words = code.global('words', 'uint32');
    using out = code.global('unsigned', 'uint32');
    const copy = code.kernel('copy', ['uint32*', 'const uint32*']);
    copy.launch({ grid: 1, block: 4 }, out, words);
    expect(await out.read()).toEqual(new Uint32Array([1, 2, 3, 4]));
    using sum = device.add(words, out);
    expect(await sum.read()).toEqual(new Uint32Array([2, 4, 6, 8]));
  });

  test('counts as no memory of the device', () => {
    const before = device.memoryStats();
    const buffer = code.global('words');
    expect(device.memoryStats()).toEqual(before);
    buffer.dispose();
    expect(device.memoryStats()).toEqual(before);
  });

  test('what is refused', () => {
    expect(thrown(() => code.global('sell'))).toMatchObject({
      ...ARG_RANGE,
      message: expect.stringMatching(
        /^The module has no variable `sell`: it has words, unsigned, /,
      ),
    });
    using none = device.loadModule(ptx(COPY));
    expect(thrown(() => none.global('x')).message).toBe(
      'The module has no variable `x`: it has no variables',
    );
    expect(thrown(() => code.global('struct', 'float64'))).toMatchObject({
      ...ARG_RANGE,
      message: '12 bytes of `struct` are no whole number of float64',
    });
    for (const name of [undefined, 7, null, {}, Symbol('cell')]) {
      expect(thrown(() => code.global(name as string))).toMatchObject(ARG_TYPE);
    }
    for (const dtype of ['float', null, 7, {}]) {
      expect(thrown(() => code.global('cell', dtype as Dtype))).toMatchObject(ARG_TYPE);
    }
  });
});

describe('in order', () => {
  const bump = (stream = device.defaultStream) =>
    code.kernel('bump', ['uint32']).launch({ grid: 1, block: 1, stream }, SLOWLY);

  test('launches on other streams come before a read, and after a write', async () => {
    using cell = code.global('cell', 'uint32');
    const streams = [device.createStream(), device.createStream(), device.createStream()];
    for (let round = 0; round < 10; round++) {
      cell.fill(100 * round);
      for (const stream of streams) bump(stream);
      expect((await cell.read({ stream: streams[round % 3]! }))[0]).toBe(100 * round + 3);
    }
    for (const stream of streams) stream.dispose();
  });

  test('a buffer that is made while launches are under way', async () => {
    using stream = device.createStream();
    for (let i = 0; i < 4; i++) bump(stream);
    using cell = code.global('cell', 'uint32');
    expect((await cell.read())[0]).toBe(4);
  });

  test('a stream that was disposed after the launch', async () => {
    for (let i = 0; i < 20; i++) {
      using stream = device.createStream();
      bump(stream);
      using cell = code.global('cell', 'uint32');
      expect((await cell.read())[0]).toBe(i + 1);
    }
  });

  test('a slice keeps its variable in order', async () => {
    using stream = device.createStream();
    const whole: DeviceBuffer<'uint32'> = code.global('cell', 'uint32');
    using part = whole.slice(0, 1);
    whole.dispose();
    for (let i = 1; i < 5; i++) {
      bump(stream);
      expect(part.readSync()[0]).toBe(i);
    }
  });

  test('a write whose buffer was disposed comes before another buffer of the variable', async () => {
    const n = 192;
    using x = device.alloc('float32', n * n);
    using stream = device.createStream();
    for (let round = 1; round < 6; round++) {
      using first = code.global('cell', 'uint32');
      device.matmul(x, x, { m: n, n, k: n, stream }).dispose();
      first.fill(round, { stream });
      first.dispose();
      using second = code.global('cell', 'uint32');
      expect((await second.read())[0]).toBe(round);
    }
  });

  // The usual way to set a variable: the buffer is gone before the launch.
  test('a write whose buffer was disposed comes before launches on other streams', async () => {
    const n = 192;
    using x = device.alloc('float32', n * n);
    using out = device.alloc('float32', 4);
    const read = code.kernel('read', ['float32*']);
    const streams = [device.createStream(), device.createStream()];
    for (let round = 1; round < 6; round++) {
      {
        using table = code.global('table', 'float32');
        device.matmul(x, x, { m: n, n, k: n }).dispose(); // what the write is enqueued behind
        table.fill(round);
      }
      for (const stream of streams) {
        read.launch({ grid: 1, block: 4, stream }, out);
        expect(out.readSync({ stream })).toEqual(new Float32Array(4).fill(round));
      }
    }
    for (const stream of streams) stream.dispose();
  });
});

test('methods have to be called on a Module', () => {
  for (const name of Object.getOwnPropertyNames(Module.prototype)) {
    if (name === 'constructor') continue;
    const { value, get } = Object.getOwnPropertyDescriptor(Module.prototype, name)!;
    for (const self of [undefined, {}, device, Object.create(Module.prototype)]) {
      expect(thrown(() => (value ?? get).call(self))).toMatchObject({
        ...ARG_TYPE,
        message: expect.stringContaining(`this of Module.${name}`),
      });
    }
  }
  expect(thrown(() => Reflect.construct(Module, [device, {}]))).toMatchObject(ARG_TYPE);
});
