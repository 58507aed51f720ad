// Signatures: how each type becomes bytes, and what disagrees with the kernel.
import { type Device, Kernel, type Signature } from '../../../lib/index.js';
import { closeFaultyDevices, openFaultyDevice, openTestDevice } from '../../support/devices.js';
import { ARG_RANGE, ARG_TYPE, thrown } from '../../support/errors.js';
import { type EchoParameter, echo, idle, ptx } from '../../support/kernels.js';

const ONE = { grid: 1, block: 1 } as const;
const bytes = (size: number, align = size): EchoParameter => ({
  declaration: `.param .align ${align} .b8`,
  extent: `[${size}]`,
  bytes: size,
});
const scalar = (type: string, size: number): EchoParameter => ({
  declaration: `.param .${type}`,
  bytes: size,
});

let device: Device;
beforeAll(() => {
  device = openTestDevice();
});
afterAll(() => device.dispose());

/** The bytes that a kernel with those parameters gets. */
function bytesOf(parameters: EchoParameter[], signature: Signature, args: unknown[]): number[] {
  const total = parameters.reduce((sum, parameter) => sum + parameter.bytes, 0);
  using code = device.loadModule(ptx(echo(parameters)));
  using kernel = code.kernel('echo', ['uint8*', ...signature] as Signature) as unknown as Kernel;
  using out = device.alloc('uint8', total);
  kernel.launch(ONE, out, ...(args as number[]));
  return [...out.readSync()];
}

/** The bytes of an element of a typed array, least significant first. */
function wanted(
  HostArray: { from(values: never[]): ArrayBufferView },
  ...values: (number | bigint)[]
): number[] {
  return [...new Uint8Array(HostArray.from(values as never[]).buffer)];
}

type Row = [type: string, parameter: EchoParameter, value: unknown, expected: number[]];

const scalars: Row[] = [
  ['float32', scalar('f32', 4), 1, wanted(Float32Array, 1)],
  ['float32', scalar('f32', 4), 1.5, wanted(Float32Array, 1.5)],
  ['float32', scalar('f32', 4), 0.1, wanted(Float32Array, 0.1)],
  ['float32', scalar('f32', 4), -0, [0, 0, 0, 0x80]],
  ['float32', scalar('f32', 4), 1e300, wanted(Float32Array, Number.POSITIVE_INFINITY)],
  ['float32', scalar('b32', 4), 2, wanted(Float32Array, 2)],
  ['float64', scalar('f64', 8), 0.1, wanted(Float64Array, 0.1)],
  ['float64', scalar('b64', 8), -0, [0, 0, 0, 0, 0, 0, 0, 0x80]],
  ['float64', scalar('f64', 8), Number.POSITIVE_INFINITY, wanted(Float64Array, 1 / 0)],
  ['float16', scalar('b16', 2), 1.5, [0x00, 0x3e]],
  ['float16', bytes(2), 65504, [0xff, 0x7b]],
  ['float16', bytes(2), 65520, [0x00, 0x7c]], // rounds to infinity
  ['float16', bytes(2), 65519.999, [0xff, 0x7b]],
  ['float16', bytes(2), 2 ** -24, [0x01, 0x00]],
  ['float16', bytes(2), 2 ** -25, [0x00, 0x00]], // half of the least: to even
  ['float16', bytes(2), 2049, [0x00, 0x68]], // between 2048 and 2050: to even
  ['float16', bytes(2), 2051, [0x02, 0x68]],
  ['bfloat16', scalar('b16', 2), 1, [0x80, 0x3f]],
  ['bfloat16', bytes(2), 257, [0x80, 0x43]], // between 256 and 258: to even
  ['bfloat16', bytes(2), 259, [0x82, 0x43]],
  ['bfloat16', bytes(2), 3.4e38, [0x80, 0x7f]],
  ['int8', scalar('s8', 1), -128, [0x80]],
  ['int8', scalar('u8', 1), -1, [0xff]],
  ['uint8', scalar('u8', 1), 255, [0xff]],
  ['uint8', scalar('b8', 1), 255n, [0xff]],
  ['int16', scalar('s16', 2), -32768, [0x00, 0x80]],
  ['uint16', scalar('u16', 2), 0xbeef, [0xef, 0xbe]],
  ['int32', scalar('u32', 4), -1, [0xff, 0xff, 0xff, 0xff]],
  ['int32', scalar('s32', 4), -(2 ** 31), [0, 0, 0, 0x80]],
  ['int32', scalar('s32', 4), -0, [0, 0, 0, 0]],
  ['int32', scalar('s32', 4), 2n ** 31n - 1n, [0xff, 0xff, 0xff, 0x7f]],
  ['uint32', scalar('u32', 4), 2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff]],
  ['uint32', scalar('u32', 4), 5n, [5, 0, 0, 0]],
  ['int64', scalar('s64', 8), -2, wanted(BigInt64Array, -2n)],
  ['int64', scalar('u64', 8), -(2n ** 63n), wanted(BigInt64Array, -(2n ** 63n))],
  ['int64', scalar('s64', 8), Number.MIN_SAFE_INTEGER, wanted(BigInt64Array, -(2n ** 53n - 1n))],
  ['uint64', scalar('u64', 8), 2n ** 64n - 1n, wanted(BigUint64Array, 2n ** 64n - 1n)],
  ['uint64', scalar('u64', 8), 2 ** 53 - 1, wanted(BigUint64Array, 2n ** 53n - 1n)],
  ['bool', scalar('u8', 1), true, [1]],
  ['bool', scalar('s8', 1), false, [0]],
];

test.each(scalars)('%s for %j of %p', (type, parameter, value, expected) => {
  expect(bytesOf([parameter], [type as 'float32'], [value])).toEqual(expected);
});

test('NaN, of each float', () => {
  for (const [type, size] of [
    ['float32', 4],
    ['float64', 8],
    ['float16', 2],
    ['bfloat16', 2],
  ] as const) {
    const got = bytesOf([bytes(size)], [type], [Number.NaN]);
    const exponent = { float32: 0x7f80, float64: 0x7ff0, float16: 0x7c00, bfloat16: 0x7f80 }[type];
    const top = got[size - 1]! * 256 + got[size - 2]!;
    expect([
      type,
      top & exponent,
      got.some((byte, i) => (i < size - 2 ? byte : (top & ~exponent & 0x7fff) > 0)),
    ]).toEqual([type, exponent, true]);
  }
});

const outOfRange: [string, number, unknown[]][] = [
  ['int8', 1, [128, -129, 0.5, Number.NaN, 1 / 0, 2n ** 70n]],
  ['uint8', 1, [-1, 256, -1n]],
  ['int16', 2, [32768, -32769]],
  ['uint16', 2, [65536, -1]],
  ['int32', 4, [2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN, -1 / 0, 2n ** 31n]],
  ['uint32', 4, [-1, 2 ** 32, 2 ** 32 + 5, 1e308]],
  ['int64', 8, [2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, 0.1]],
  ['uint64', 8, [-1, 2n ** 64n, 2 ** 53, -5n]],
];
test.each(outOfRange)('%s: values out of range', (type, size, values) => {
  using code = device.loadModule(ptx(idle('k', `.param .u${8 * size} x`)));
  const kernel = code.kernel('k', [type as 'int8']);
  for (const value of values) {
    const error = thrown(() => kernel.launch(ONE, value as number));
    expect([value, error]).toEqual([value, expect.objectContaining(ARG_RANGE)]);
    expect(error.message).toMatch(
      new RegExp(`^Expected an integer from -?\\d+ to \\d+ \\(${type}\\) for \`arguments\\[0\\]\``),
    );
  }
});

test('values of another class', () => {
  const others = ['7', null, undefined, {}, [1], Symbol('x'), () => 7, Object(7), new Date(0)];
  for (const [type, size] of [
    ['float32', 4],
    ['float16', 2],
    ['int32', 4],
    ['uint64', 8],
    ['bool', 1],
  ] as const) {
    using code = device.loadModule(ptx(idle('k', `.param .align ${size} .b8 x[${size}]`)));
    const kernel = code.kernel('k', [type]) as unknown as Kernel;
    const wrong = [...others, type === 'bool' ? 1 : true, ...(type.startsWith('f') ? [7n] : [])];
    for (const value of wrong) {
      expect(thrown(() => kernel.launch(ONE, value as number))).toMatchObject(ARG_TYPE);
    }
  }
});

describe('what disagrees with the kernel', () => {
  const PARAMETERS = [
    ...['.param .u64 p', '.param .f32 a', '.param .u32 n', '.param .f64 d'],
    ...['.param .align 4 .b8 v[8]', '.param .u64 .ptr .global .align 4 q'],
  ].join(', ');
  const RIGHT = ['float32*', 'float32', 'uint32', 'float64', 'int32[2]', 'float32*'] as const;
  let open: (signature: unknown) => Kernel;
  beforeAll(() => {
    const code = openFaultyDevice().device.loadModule(ptx(idle('k', PARAMETERS)));
    open = (signature) => code.kernel('k', signature as Signature) as unknown as Kernel;
  });
  afterAll(closeFaultyDevices);
  const at = (index: number, type: unknown) => RIGHT.map((each, i) => (i === index ? type : each));

  test.each([
    [...RIGHT],
    at(0, 'uint64'),
    at(0, 'int64'),
    at(0, 'const void*'),
    at(2, 'int32'),
    at(4, 'float32[2]'),
    at(4, 'uint8[8]'),
    at(4, { struct: { x: 'float32', y: 'float32' } }),
    at(5, 'const uint8*'),
  ])('agrees: %j, %j, %j, %j, %j, %j', (...signature) => {
    expect(open(signature)).toBeInstanceOf(Kernel);
  });

  test.each<[string, number, unknown, string]>([
    [
      'an integer for a float',
      1,
      'uint32',
      'signature[1] is uint32, 4 bytes aligned to 4, but kernel k takes a float32 of 4 bytes, aligned to 4 there',
    ],
    [
      'a float for an integer',
      2,
      'float32',
      'signature[2] is float32, 4 bytes aligned to 4, but kernel k takes an integer of 4 bytes, aligned to 4 there',
    ],
    [
      'a larger type',
      1,
      'float64',
      'signature[1] is float64, 8 bytes aligned to 8, but kernel k takes a float32 of 4 bytes, aligned to 4 there',
    ],
    [
      'a smaller type',
      2,
      'uint16',
      'signature[2] is uint16, 2 bytes aligned to 2, but kernel k takes an integer of 4 bytes, aligned to 4 there',
    ],
    [
      'an address for a float64',
      3,
      'float32*',
      'signature[3] is float32*, 8 bytes aligned to 8, but kernel k takes a float64 of 8 bytes, aligned to 8 there',
    ],
    [
      'an address for an integer',
      2,
      'void*',
      'signature[2] is void*, 8 bytes aligned to 8, but kernel k takes an integer of 4 bytes, aligned to 4 there',
    ],
    [
      'a scalar for an address',
      5,
      'uint64',
      'signature[5] is uint64, 8 bytes aligned to 8, but kernel k takes an address, aligned to 8 there',
    ],
    [
      'a larger alignment',
      4,
      'float64[1]',
      'signature[4] is float64[1], 8 bytes aligned to 8, but kernel k takes something of 8 bytes, aligned to 4 there',
    ],
    [
      'a struct of another size',
      4,
      { struct: { x: 'float32' } },
      'signature[4] is struct of 1 fields, 4 bytes aligned to 4, but kernel k takes something of 8 bytes, aligned to 4 there',
    ],
    [
      'an address in place of bytes',
      4,
      'float32*',
      'signature[4] is float32*, 8 bytes aligned to 8, but kernel k takes something of 8 bytes, aligned to 4 there',
    ],
  ])('%s', (_, index, type, message) => {
    expect(thrown(() => open(at(index, type)))).toMatchObject({ ...ARG_TYPE, message });
  });

  test('another number of parameters', () => {
    for (const signature of [[], RIGHT.slice(1), [...RIGHT, 'int32']]) {
      expect(thrown(() => open(signature))).toMatchObject({
        ...ARG_TYPE,
        message: `The signature has ${signature.length} parameters, but kernel k takes 6`,
      });
    }
  });

  test('no types', () => {
    const none = [
      ...[undefined, null, 7, {}, [], Symbol('x'), 'float', 'float32 *', 'const float32', ''],
      ...[
        'float32**',
        'float32[0]',
        'float32[-1]',
        'float32[1e3]',
        'float32[]',
        'bool*',
        'Float32',
      ],
      ...['float32[99999]', 'const  float32*', ' float32', 'void', 'tensorMap*', 'bool[2]'],
      ...[{ struct: {} }, { struct: [] }, { struct: { x: 'int' } }, { struct: null }, { align: 4 }],
      ...[
        { struct: { x: 'int32' }, align: 3 },
        { struct: { x: 'int32' }, align: '4' },
      ],
      ...[{ struct: { x: 'int32' }, size: 4 }, { struct: { 1: 'int32' } }],
    ];
    for (const type of none) {
      const error = thrown(() => open(at(4, type)));
      expect([type, error.code]).toEqual([type, expect.stringMatching(/^ERR_CUDA_ARG_/)]);
      expect(error.message).toMatch(/signature\[4\]/);
    }
    for (const signature of [null, 7, 'float32', {}, new Set(), new Uint8Array(6)]) {
      expect(thrown(() => open(signature))).toMatchObject(ARG_TYPE);
    }
  });

  test('structs without end', () => {
    const endless: { struct: Record<string, unknown> } = { struct: {} };
    endless.struct.x = endless;
    expect(thrown(() => open(at(4, endless)))).toMatchObject(ARG_RANGE);
    const huge = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x${i}`, 'float64']));
    expect(thrown(() => open(at(4, { struct: huge })))).toMatchObject(ARG_RANGE);
  });
});
