// Arrays, structs and addresses as bytes, and kernels without a signature.
import {
  cuda,
  type Device,
  type DeviceBuffer,
  type Kernel,
  type Signature,
} from '../../../lib/index.js';
import { openTestDevice } from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, thrown } from '../../support/errors.js';
import { type EchoParameter, echo, idle, ptx } from '../../support/kernels.js';

const ONE = { grid: 1, block: 1 } as const;
const struct = (size: number, align: number): EchoParameter => ({
  declaration: `.param .align ${align} .b8`,
  extent: `[${size}]`,
  bytes: size,
});

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

/** The bytes that a kernel gets; without a signature where it is undefined. */
function bytesOf(
  parameters: EchoParameter[],
  signature: unknown[] | undefined,
  args: unknown[],
): Uint8Array {
  const total = parameters.reduce((sum, parameter) => sum + parameter.bytes, 0);
  using code = device.loadModule(ptx(echo(parameters)));
  const kernel = (signature === undefined
    ? code.kernel('echo')
    : code.kernel('echo', ['uint8*', ...signature] as Signature)) as unknown as Kernel;
  using out = device.alloc('uint8', total);
  kernel.launch(ONE, out, ...(args as number[]));
  kernel.dispose();
  return out.readSync() as Uint8Array<ArrayBuffer>;
}

const open = (parameters: string, signature?: unknown): Kernel => {
  const code = device.loadModule(ptx(idle('k', parameters)));
  return (signature === undefined
    ? code.kernel('k')
    : code.kernel('k', signature as Signature)) as unknown as Kernel;
};

test('an array in place of each that there is', () => {
  const floats = new Uint8Array(new Float32Array([1, -2, 0.5, 8]).buffer);
  for (const value of [[1, -2, 0.5, 8], new Float32Array([1, -2, 0.5, 8])]) {
    expect(bytesOf([struct(16, 16)], ['float32[4]'], [value])).toEqual(floats);
  }
  const halves = new Uint8Array([0x00, 0x3c, 0x00, 0xc0]);
  expect(bytesOf([struct(4, 4)], ['float16[2]'], [[1, -2]])).toEqual(halves);
  const bits = new Uint16Array([0x3c00, 0xc000]); // of a float16, not numbers
  expect(bytesOf([struct(4, 4)], ['float16[2]'], [bits])).toEqual(halves);
  const longs = new BigInt64Array([-1n, 5n]);
  const expected = new Uint8Array(longs.buffer);
  expect(bytesOf([struct(16, 8)], ['int64[2]'], [longs])).toEqual(expected);
  expect(bytesOf([struct(16, 8)], ['int64[2]'], [[-1, 5n]])).toEqual(expected);
  expect(bytesOf([struct(3, 1)], ['uint8[3]'], [new Uint8ClampedArray([1, 2, 3])])).toEqual(
    new Uint8Array([1, 2, 3]),
  );
});

test('an array of another kind, length or element', () => {
  const kernel = open('.param .align 16 .b8 v[16]', ['float32[4]']);
  const launch = (value: unknown) => thrown(() => kernel.launch(ONE, value as null));
  for (const value of [
    ...[null, undefined, 7, '1234', {}, { length: 4 }, new Set([1, 2, 3, 4])],
    ...[
      new Float64Array(4),
      new Int32Array(4),
      new DataView(new ArrayBuffer(16)),
      Buffer.alloc(16),
    ],
  ]) {
    expect(launch(value)).toMatchObject({
      ...ARG_TYPE,
      message: expect.stringMatching(/^Expected Float32Array or an array for `arguments\[0\]`/),
    });
  }
  for (const value of [[], [1, 2, 3], [1, 2, 3, 4, 5], new Float32Array(3)]) {
    expect(launch(value)).toMatchObject({
      ...ARG_RANGE,
      message: `Expected 4 elements for \`arguments[0]\` but received ${value.length}`,
    });
  }
  expect(launch([1, 2, '3', 4])).toMatchObject({
    ...ARG_TYPE,
    message: 'Expected a number for `arguments[0][2]` but received "3" of type string',
  });
  expect(launch(new Array(4))).toMatchObject(ARG_TYPE);
  const detached = new Float32Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  expect(launch(detached)).toMatchObject(ARG_RANGE);
});

// What nvcc makes of: struct { bool on; float2 at; struct { double d; char c; } in; half h; }
const NESTED = {
  struct: {
    on: 'bool',
    at: { struct: { v: 'float32[2]' }, align: 8 },
    in: { struct: { d: 'float64', c: 'int8' } },
    h: 'float16',
  },
} as const;

test('a struct is laid out as C does', () => {
  const value = { on: true, at: { v: [1, 2] }, in: { d: 3, c: -1 }, h: 1 };
  const expected = new DataView(new ArrayBuffer(40));
  expected.setUint8(0, 1);
  expected.setFloat32(8, 1, true);
  expected.setFloat32(12, 2, true);
  expected.setFloat64(16, 3, true);
  expected.setInt8(24, -1);
  expected.setUint16(32, 0x3c00, true);
  const got = bytesOf([struct(40, 8)], [NESTED], [value]);
  expect(got).toEqual(new Uint8Array(expected.buffer));
  // In another order, and from getters.
  const getters = {
    ...{ h: 1, in: { c: -1, d: 3 }, on: true },
    get at() {
      return { v: new Float32Array([1, 2]) };
    },
  };
  expect(bytesOf([struct(40, 8)], [NESTED], [getters])).toEqual(got);
});

test('padding is 0, whatever was launched before', () => {
  const type = { struct: { a: 'uint8', b: 'uint32', c: 'uint8' }, align: 16 };
  const full = new Uint8Array(48).fill(0xff);
  bytesOf([struct(48, 1)], ['uint8[48]'], [full]);
  const got = bytesOf(
    [struct(16, 16), struct(1, 1), struct(16, 16)],
    [type, 'uint8', type],
    [...[{ a: 1, b: 2, c: 3 }, 4, { a: 5, b: 6, c: 7 }]],
  );
  const one = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
  const other = [5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0];
  expect([...got]).toEqual([...one, 4, ...other]);
});

test('a struct with something wrong in it', () => {
  const kernel = open('.param .align 8 .b8 s[40]', [NESTED]);
  const value = { on: true, at: { v: [1, 2] }, in: { d: 3, c: -1 }, h: 1 };
  const wrong: [unknown, string][] = [
    [null, 'Expected an object for `arguments[0]` but received null'],
    [[true], 'Expected an object for `arguments[0]` but received an array of length 1'],
    [new Uint8Array(40), 'Expected an object for `arguments[0]` but received a Uint8Array'],
    [{ ...value, hh: 1 }, '`arguments[0]` has no field `hh`: expected on, at, in, h'],
    [{ ...value, h: undefined }, 'Expected a number for `arguments[0].h` but received undefined'],
    [
      { ...value, in: { d: 3 } },
      'Expected a number or a bigint for `arguments[0].in.c` but received undefined',
    ],
    [
      { ...value, at: { v: [1, '2'] } },
      'Expected a number for `arguments[0].at.v[1]` but received "2" of type string',
    ],
    [{ ...value, on: 1 }, 'Expected a boolean for `arguments[0].on` but received 1 of type number'],
  ];
  for (const [bad, message] of wrong) {
    expect(thrown(() => kernel.launch(ONE, bad as null))).toMatchObject({ ...ARG_TYPE, message });
  }
});

// What nvcc makes of: struct { struct { float2 at; char c; } lights[2]; int grid[2][3]; }
const ARRAYS = {
  struct: {
    lights: { array: { struct: { at: 'float32x2', c: 'int8' } }, length: 2 },
    grid: { array: { array: 'int32', length: 3 }, length: 2 },
  },
} as const;

test('arrays of structs and of arrays are laid out as C does', () => {
  const value = {
    lights: [
      { at: [1, 2], c: 3 },
      { at: new Float32Array([4, 5]), c: -6 },
    ],
    grid: [new Int32Array([1, 2, 3]), [4, 5, 6]],
  };
  const expected = new DataView(new ArrayBuffer(56));
  [1, 2].forEach((each, i) => {
    expected.setFloat32(4 * i, each, true);
    expected.setFloat32(16 + 4 * i, each + 3, true);
  });
  expected.setInt8(8, 3);
  expected.setInt8(24, -6);
  for (let i = 0; i < 6; i++) expected.setInt32(32 + 4 * i, i + 1, true);
  expect(bytesOf([struct(56, 8)], [ARRAYS], [value])).toEqual(new Uint8Array(expected.buffer));

  const kernel = open('.param .align 8 .b8 s[56]', [ARRAYS]);
  const wrong: [unknown, string][] = [
    [
      { ...value, lights: [{ at: [1, 2], c: 3 }] },
      'Expected 2 elements for `arguments[0].lights` but received 1',
    ],
    [
      { ...value, lights: [value.lights[0], { at: [1, 2], c: 'x' }] },
      'Expected a number or a bigint for `arguments[0].lights[1].c` but received "x" of type string',
    ],
    [
      { ...value, lights: new Uint8Array(2) },
      'Expected an array for `arguments[0].lights` but received a Uint8Array',
    ],
    [
      { ...value, grid: [[1, 2, 3], [1]] },
      'Expected 3 elements for `arguments[0].grid[1]` but received 1',
    ],
  ];
  for (const [bad, message] of wrong) {
    expect(thrown(() => kernel.launch(ONE, bad as null))).toMatchObject({ message });
  }
});

test('a type of an array with something wrong in it', () => {
  const wrong: [unknown, string | RegExp][] = [
    [{ array: 'int8' }, /^Expected an integer for `signature\[0\]\.length`/],
    [{ array: 'int8', length: 0 }, /^Expected an integer .* for `signature\[0\]\.length`/],
    [{ array: 'int8', length: 40_000 }, /for `signature\[0\]\.length` but received 40000/],
    [{ array: 'int64', length: 5000 }, '`signature[0]` has more than 32764 bytes'],
    [{ array: 'int', length: 2 }, /for `signature\[0\]\.array` but received "int"/],
    [
      { array: 'int8', length: 2, align: 4 },
      /has an unknown key `align`: expected array and length$/,
    ],
    [{ struct: { a: 'int8' }, pad: 3 }, /has an unknown key `pad`: expected struct and align$/],
  ];
  let deep: unknown = 'int8';
  for (let i = 0; i < 20; i++) deep = { array: deep, length: 1 };
  wrong.push([deep, /has types 16 deep and more$/]);
  for (const [type, message] of wrong) {
    expect(thrown(() => open('.param .align 8 .b8 s[8]', [type]))).toMatchObject({
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  }
});

test.each([
  ['float', 'float32'],
  ['const float*', 'const float32*'],
  ['double *', 'float64*'],
  ['unsigned int', 'uint32'],
  ['size_t', 'uint64'],
  ['float4', 'float32x4'],
  ['__half*', 'float16*'],
])('%s of C is %s here', (type, meant) => {
  const error = thrown(() => open('.param .u32 a', [type]));
  expect((error as Error).message.endsWith(`: that is ${meant} here`)).toBe(true);
  expect(error).toMatchObject({
    ...ARG_TYPE,
    message: expect.stringMatching(/ for `signature\[0\]` but received .*: that is \S.* here$/),
  });
});

/** The addresses in 8 bytes each. */
const addresses = (bytes: Uint8Array) => [...new BigUint64Array(bytes.slice().buffer)];

test('addresses: of buffers, views and nothing', () => {
  using x = device.alloc('float32', 8);
  using view = x.slice(3);
  using empty = device.alloc('float32', 0);
  const u64 = { declaration: '.param .u64', bytes: 8 };
  const signature = ['float32*', 'const void*', 'const float32*', 'void*'];
  const got = addresses(bytesOf([u64, u64, u64, u64], signature, [x, view, null, empty]));
  expect(got[0]! % 16n).toBe(0n);
  expect(got.map((address) => address - got[0]!)).toEqual([0n, 12n, -got[0]!, -got[0]!]);
  const type = { struct: { n: 'int32', p: 'const float32*', q: { struct: { r: 'void*' } } } };
  const inside = bytesOf([struct(24, 8)], [type], [{ n: 5, p: view, q: { r: x } }]);
  expect(addresses(inside)).toEqual([5n, got[0]! + 12n, got[0]!]);
  const list = bytesOf(
    [struct(24, 8)],
    [{ array: 'const float32*', length: 3 }],
    [[x, null, view]],
  );
  expect(addresses(list)).toEqual([got[0]!, 0n, got[0]! + 12n]);
});

describe('without a signature', () => {
  test('scalars whose type the kernel tells, and addresses', () => {
    using x = device.alloc('float32', 2);
    const parameters: EchoParameter[] = [
      { declaration: '.param .f32', bytes: 4 },
      { declaration: '.param .f64', bytes: 8 },
      { declaration: '.param .u32', bytes: 4 },
      { declaration: '.param .s16', bytes: 2 },
      { declaration: '.param .u8', bytes: 1 },
      { declaration: '.param .u64', bytes: 8 },
      { declaration: '.param .u64', bytes: 8 },
      { declaration: '.param .u64 .ptr .global .align 4', bytes: 8 },
      struct(3, 1),
    ];
    const got = bytesOf(parameters, undefined, [
      ...[1.5, 2, -1, 0xffff, -128, x, -5n, x, new Uint8Array([7, 8, 9])],
    ]);
    const view = new DataView(got.buffer);
    expect(view.getFloat32(0, true)).toBe(1.5);
    expect(view.getFloat64(4, true)).toBe(2);
    expect(view.getInt32(12, true)).toBe(-1);
    expect(view.getUint16(16, true)).toBe(0xffff);
    expect(view.getInt8(18)).toBe(-128);
    expect(view.getBigUint64(19, true)).toBe(view.getBigUint64(35, true));
    expect(view.getBigInt64(27, true)).toBe(-5n);
    expect([...got.slice(43)]).toEqual([7, 8, 9]);
  });

  test('each launch decides anew what is an address', () => {
    const echoed = [
      { declaration: '.param .u64', bytes: 8 },
      { declaration: '.param .u64', bytes: 8 },
    ];
    using code = device.loadModule(ptx(echo(echoed)));
    using kernel = code.kernel('echo');
    using out = device.alloc('uint64', 2);
    using x = device.alloc('uint8', 1);
    const seen: [string, string][] = [];
    for (const pair of [
      [x, 1n],
      [1n, x],
      [x, x],
      [0n, 2n],
      [null, x],
      [x, 1n],
    ] as const) {
      kernel.launch(ONE, out, ...pair);
      const [a, b] = out.readSync() as BigUint64Array;
      seen.push([a! > 4n ? 'x' : String(a), b! > 4n ? 'x' : String(b)]);
    }
    expect(seen.join(' ')).toBe('x,1 1,x x,x 0,2 0,x x,1');
    // As an address it would be one that nobody owns.
    expect(() => kernel.launch(ONE, out, 5, x)).toThrow('a DeviceBuffer, null or a bigint');
  });

  const refused: [string, string, unknown[]][] = [
    ['a float', '.param .f32 x', [1n, '1', null, true, new Float32Array(1)]],
    ['an integer', '.param .u32 x', [1.5, 2 ** 32, -(2 ** 31) - 1, '1', null, true, Number.NaN]],
    ['a byte', '.param .u8 x', [256, -129, true]],
    ['an address or an integer', '.param .u64 x', ['1', true, 1.5, 2 ** 53, -(2n ** 63n) - 1n, {}]],
    [
      'an address',
      '.param .u64 .ptr .global .align 4 x',
      [1, 1n, true, undefined, new Uint8Array(8)],
    ],
    ['64 bits', '.param .b64 x', [1, 1.5, true, {}]],
    ['16 bits', '.param .b16 x', [1, 1n, null]],
    [
      'bytes',
      '.param .align 4 .b8 x[12]',
      [1, [1, 2, 3], {}, new Uint8Array(11), new ArrayBuffer(12)],
    ],
    // Nothing says that these are one number, or an address.
    ['8 bytes', '.param .align 8 .b8 x[8]', [1, 1n, null, 'buffer']],
    ['an array of floats', '.param .f32 x[4]', [1, [1, 2, 3, 4]]],
    ['an array of two integers', '.param .u32 x[2]', [1, 1n, null, 'buffer']],
    ['an array of many integers', '.param .u32 x[4]', [1, 1n]],
    ['an array of bytes', '.param .u8 x[8]', [1, 1n, null, 'buffer']],
  ];
  test.each(refused)('%s: %s', (_, parameter, values) => {
    const kernel = open(parameter);
    using buffer: DeviceBuffer = device.alloc('uint8', 8);
    for (const value of values) {
      const given = value === 'buffer' ? buffer : value;
      const error = thrown(() => kernel.launch(ONE, given as null));
      expect([value, error.code]).toEqual([value, expect.stringMatching(/^ERR_CUDA_ARG_/)]);
      expect(error.message).toMatch(/arguments\[0\]|Parameter 0 of kernel k/);
    }
  });

  // Not for a GPU: its compiler may refuse it.
  test('4 bytes are no address, whatever they are called', () => {
    using own = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
    using code = own.loadModule(ptx(idle('k', '.param .u32 .ptr p, .param .u32 q')));
    using kernel = code.kernel('k');
    using buffer = own.alloc('uint8', 8);
    kernel.launch(ONE, 5, 6);
    for (const value of [buffer, null, 1.5]) {
      expect(thrown(() => kernel.launch(ONE, value, 6)).name).toMatch(/^(Type|Range)Error$/);
    }
    expect(code.kernels[0]!.parameters[0]!.isPointer).toBe(false);
  });

  test('arrays go as bytes', () => {
    const floats = new Float32Array([1, 2, 3, 4]);
    const parameter = { declaration: '.param .f32', extent: '[4]', bytes: 16 };
    expect(bytesOf([parameter], undefined, [floats])).toEqual(new Uint8Array(floats.buffer));
    const view = new DataView(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).buffer, 1, 8);
    expect([...bytesOf([struct(8, 8)], undefined, [view])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test('vector types are aligned as CUDA aligns them', () => {
  const type = { struct: { a: 'float32', b: 'float32x2', c: 'uint8x3', d: 'float64x2' } } as const;
  const bytes = { declaration: '.param .align 16 .b8', extent: '[48]', bytes: 48 };
  using kernel = device.loadModule(ptx(echo([bytes]))).kernel('echo', ['uint8*', type]);
  using out = device.alloc('uint8', 48);
  kernel.launch(ONE, out, { a: 1, b: [2, 3], c: Uint8Array.of(4, 5, 6), d: [7, 8] });
  const view = new DataView((out.readSync() as Uint8Array).buffer);
  expect([0, 8, 12].map((at) => view.getFloat32(at, true))).toEqual([1, 2, 3]);
  expect([16, 17, 18].map((at) => view.getUint8(at))).toEqual([4, 5, 6]);
  expect([32, 40].map((at) => view.getFloat64(at, true))).toEqual([7, 8]);
});
