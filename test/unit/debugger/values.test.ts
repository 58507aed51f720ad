// How bits are read, and how places and conditions are.
import { holds, parseCondition } from '../../../lib/debugger/condition.js';
import { encodeValue, parseValue } from '../../../lib/debugger/encode.js';
import { parseLocation } from '../../../lib/debugger/location.js';
import { typedValue } from '../../../lib/debugger/stop.js';
import { indexOf, numberOf } from '../../../lib/debugger/threads.js';
import { Cursor } from '../../../lib/debugger/variables/dwarf.js';

test.each<[string, bigint, number | bigint | boolean]>([
  ['pred', 1n, true],
  ['u8', 0xffn, 255],
  ['s8', 0xffn, -1],
  ['s16', 0x8000n, -32768],
  ['s32', 0xffffffffn, -1],
  ['u32', 0xffffffffn, 4294967295],
  ['b32', 0xffffffffn, 4294967295],
  ['s64', 0xffffffffffffffffn, -1n],
  ['b64', 1n << 63n, 1n << 63n],
  ['b128', 1n << 127n, 1n << 127n],
  ['f16', 0x3c00n, 1],
  ['f16', 0x8001n, -(2 ** -24)],
  ['f16', 0xfc00n, -Infinity],
  ['f16', 0x7e00n, Number.NaN],
  ['f16', 0x8000n, -0],
  ['bf16', 0xbf80n, -1],
  ['f32', 0x40490fdbn, Math.fround(Math.PI)],
  ['tf32', 0x3f800000n, 1],
  ['f64', 0x400921fb54442d18n, Math.PI],
  ['f16x2', 0x3c003c00n, 0x3c003c00],
  ['f32x2', 0x3f8000003f800000n, 0x3f8000003f800000n],
])('%s %s', (type, bits, value) => {
  expect(typedValue(type, bits)).toBe(value);
});

test('booleans are the numbers 1 and 0 to what is no boolean', () => {
  expect(encodeValue(true, 'float', 32)).toBe(0x3f800000n);
  expect(encodeValue(true, 'bfloat16', 16)).toBe(0x3f80n);
  expect(encodeValue(true, 'integer', 32)).toBe(1n);
  expect(encodeValue(false, 'float', 64)).toBe(0n);
  expect(encodeValue(1, 'boolean', 1)).toBe(1n);
  expect(() => encodeValue(2, 'boolean', 1)).toThrow(TypeError);
});

test('numbers as they are written', () => {
  expect(['+5', '-0x10', '+1.5', '1e3', 'true', '-Infinity', 'five', ''].map(parseValue)).toEqual([
    5n,
    -16n,
    1.5,
    1000,
    true,
    -Infinity,
    undefined,
    undefined,
  ]);
});

test('a number of debug information without end is refused', () => {
  const bytes = new DataView(new Uint8Array(4096).fill(0xff).buffer);
  const cursor = new Cursor({ bytes, references: new Map() } as never);
  expect(() => cursor.variable()).toThrow('without end');
});

test('places', () => {
  expect(parseLocation('scale')).toEqual({ kind: 0, name: 'scale', line: 0 });
  expect(parseLocation(' src/a b.cu:12 ')).toEqual({ kind: 1, name: 'src/a b.cu', line: 12 });
  expect(parseLocation('ptx:41')).toEqual({ kind: 2, name: '', line: 41 });
});

test.each([
  ['%r1 == 7', '%r1', 0, '7'],
  ['%r1 == +7', '%r1', 0, '7'],
  ['%rd2!=-0x10', '%rd2', 1, '-16'],
  ['%f1 < 0.5', '%f1', 2, '5e-1'],
  ['%f1 <= 2.', '%f1', 3, '2e+0'],
  ['%f1 > -1e3', '%f1', 4, '-1e+3'],
  ['%p1 >= true', '%p1', 5, '1'],
  ['%r1 == 0xffffffffffffffff', '%r1', 0, '18446744073709551615'],
  ['%tid.x == 3', '%tid.x', 0, '3'],
  ['i == 3', 'i', 0, '3'],
  ['threadIdx.x == 3', '%tid.x', 0, '3'],
  ['blockDim . z < 3', '%ntid.z', 2, '3'],
  ['p->x>3', 'p->x', 4, '3'],
  ['p->next -> x >= -.5', 'p->next -> x', 5, '-5e-1'],
  ['tile[i][ 3 ] != 1', 'tile[i][ 3 ]', 1, '1'],
])('%s', (text, left, operator, value) => {
  const isRegister = left.startsWith('%');
  expect(parseCondition(text)).toEqual({ left, isRegister, operator, value });
});

test.each([
  ['x == 3', 3, true],
  ['x == 3', 3n, true],
  ['x == 3.5', 3.5, true],
  ['x != 3', 3, false],
  ['x == true', true, true],
  ['x == 1', false, false],
  ['x < 9007199254740993', 2n ** 53n, true],
  ['x <= 9007199254740993', 2n ** 53n + 2n, false],
  ['x > -1', 0, true],
  ['x >= 0.5', 0.25, false],
  ['x == 0', null, false],
  ['x != 0', Number.NaN, true],
])('%s of %s', (text, left, expected) => {
  expect(holds(parseCondition(text), left)).toBe(expected);
});

test('numbers of threads', () => {
  const size = [4, 3, 2] as const;
  for (let number = 0; number < 24; number++) {
    expect(numberOf(indexOf(number, size), size, 'thread')).toBe(number);
  }
});
