import { checkInteger, checkWithin, elementCount, readOptions } from '../../../lib/base/checks.js';
import { dtypeByName, typedArrayName } from '../../../lib/base/dtype.js';
import { ARG_RANGE, ARG_TYPE, thrown } from '../../support/errors.js';
import { detach, resizable, wasmMemory } from '../../support/memory.js';

const float32 = dtypeByName('float32')!;

describe('integers', () => {
  test.each([
    [0, 0],
    [7, 7],
    [7n, 7],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [BigInt(2 ** 53 - 1), 2 ** 53 - 1],
  ])('%p is one', (value, integer) => {
    expect(checkInteger(value, 'x')).toBe(integer);
  });

  test('-0 is 0', () => {
    expect(Object.is(checkInteger(-0, 'x'), 0)).toBe(true);
  });

  test.each([Number.NaN, 1 / 0, -1 / 0, -1, 0.5, 2 ** 53, 2 ** 53 + 2, 1e308, -5n, 2n ** 64n])(
    '%p is out of range',
    (value) => {
      expect(thrown(() => checkInteger(value, 'x'))).toMatchObject(ARG_RANGE);
    },
  );

  test.each(['7', null, undefined, {}, [], true, Symbol('x'), () => 7])(
    '%p is not one',
    (value) => {
      expect(thrown(() => checkInteger(value, 'x'))).toMatchObject(ARG_TYPE);
    },
  );

  test('nothing is converted', () => {
    const convert = jest.fn(() => 7);
    expect(thrown(() => checkInteger({ valueOf: convert, toString: convert }, 'x'))).toMatchObject(
      ARG_TYPE,
    );
    expect(convert).not.toHaveBeenCalled();
  });

  test('the message has the name, the value and its type', () => {
    expect(thrown(() => checkInteger('7', 'length')).message).toBe(
      'Expected an integer for `length` but received "7" of type string',
    );
    expect(thrown(() => checkInteger(-1, 'length', 0, 9)).message).toBe(
      'Expected an integer from 0 to 9 for `length` but received -1 of type number',
    );
  });
});

test('a range is within, also where the sum would not be exact', () => {
  checkWithin(3, 7, 10, 'It');
  checkWithin(10, 0, 10, 'It');
  for (const [offset, length] of [
    [4, 7],
    [11, 0],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [1, 2 ** 53 - 1],
  ] as const) {
    expect(thrown(() => checkWithin(offset, length, 10, 'It'))).toMatchObject(ARG_RANGE);
  }
});

describe('options', () => {
  const read = (options: unknown) => readOptions(options, { out: undefined, stream: undefined });
  const none = { out: undefined, stream: undefined };

  test('none, empty, and own properties', () => {
    expect(read(undefined)).toEqual(none);
    expect(read({})).toEqual(none);
    expect(read({ out: 1 })).toEqual({ ...none, out: 1 });
    expect(read(Object.assign(Object.create(null), { out: 1 }))).toEqual({ ...none, out: 1 });
  });

  test('inherited ones do not count', () => {
    expect(read(Object.create({ out: 1, other: 2 }))).toEqual(none);
  });

  test('a polluted prototype changes nothing', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype.out = 1;
    prototype.nonsense = 2;
    try {
      expect(read({}).out).toBeUndefined();
      expect(read({ stream: 3 }).stream).toBe(3);
    } finally {
      delete prototype.out;
      delete prototype.nonsense;
    }
  });

  test('an unknown name is refused with those that there are', () => {
    expect(thrown(() => read({ steam: 1 }))).toMatchObject({
      ...ARG_TYPE,
      message: 'Unknown option `steam`: expected one of out, stream',
    });
    expect(thrown(() => read(JSON.parse('{"__proto__": {"out": 1}}')))).toMatchObject(ARG_TYPE);
    expect(thrown(() => read({ constructor: 1 }))).toMatchObject(ARG_TYPE);
  });

  test('of a long name the message has the beginning', () => {
    const error = thrown(() => read({ ['k'.repeat(1e6)]: 1 }));
    expect(error).toMatchObject(ARG_TYPE);
    expect(error.message).toMatch(/^Unknown option `k{100}\.\.\.`: expected one of out, stream$/);
  });

  const bytes = new DataView(new ArrayBuffer(8));
  test.each([null, 1, 'x', true, () => 0, [], [1], new Float32Array(1), bytes])(
    '%p is no options object',
    (value) => {
      expect(thrown(() => read(value))).toMatchObject({
        ...ARG_TYPE,
        message: expect.stringMatching(/^Expected an options object/),
      });
    },
  );
});

describe('views', () => {
  const count = (view: unknown) => elementCount(view, float32, 'source');
  const memory = new ArrayBuffer(64);

  test('typed arrays of the dtype, DataViews and Buffers', () => {
    expect(count(new Float32Array(5))).toBe(5);
    expect(count(new Float32Array(memory, 4, 3))).toBe(3);
    expect(count(new DataView(memory, 4, 12))).toBe(3);
    expect(count(Buffer.alloc(8))).toBe(2);
    expect(count(new Float32Array(0))).toBe(0);
    expect(count(new Float32Array(new SharedArrayBuffer(8)))).toBe(2);
    expect(count(new Float32Array(wasmMemory(), 0, 9))).toBe(9);
  });

  test('of a subclass the elements count, not what it says', () => {
    class Strange extends Float32Array {
      override get length() {
        return 1e9;
      }
      override get byteLength() {
        return 1e9;
      }
    }
    expect(count(new Strange(4))).toBe(4);
    const array = Object.defineProperty(new Float32Array(4), 'byteLength', { value: 1e9 });
    expect(count(array)).toBe(4);
  });

  test.each([
    ['another kind', new Float64Array(4)],
    ['bytes that are no Buffer', new Uint8Array(4)],
    ['an ArrayBuffer', memory],
    ['an array', [1, 2, 3]],
    ['a Proxy', new Proxy(new Float32Array(4), {})],
    ['an heir', Object.create(new Float32Array(4))],
    [
      'a Float32Array that poses as a Buffer',
      Object.setPrototypeOf(new Int32Array(4), Buffer.prototype),
    ],
    ['null', null],
  ])('%s is refused', (_, view) => {
    expect(thrown(() => count(view))).toMatchObject(ARG_TYPE);
  });

  test('the message names both kinds', () => {
    expect(thrown(() => count(new Float64Array(4))).message).toBe(
      'Expected a Float32Array (float32), a DataView or a Buffer for `source` but received a Float64Array',
    );
  });

  test('bytes must be whole elements', () => {
    expect(thrown(() => count(Buffer.alloc(6)))).toMatchObject(ARG_RANGE);
    expect(thrown(() => count(new DataView(memory, 0, 3)))).toMatchObject(ARG_RANGE);
  });

  test('detached', () => {
    for (const make of [
      (buffer: ArrayBuffer) => new Float32Array(buffer),
      (buffer: ArrayBuffer) => new DataView(buffer),
      (buffer: ArrayBuffer) => Buffer.from(buffer),
    ]) {
      const buffer = new ArrayBuffer(16);
      const view = make(buffer);
      detach(buffer);
      expect(thrown(() => count(view))).toMatchObject(ARG_TYPE);
    }
  });

  test('out of bounds, and back', () => {
    const buffer = resizable(32, 64);
    const fixed = new Float32Array(buffer, 16, 4);
    const tracking = new Float32Array(buffer, 16);
    const view = new DataView(buffer, 16);
    buffer.resize(8);
    for (const each of [fixed, tracking, view]) {
      expect(thrown(() => count(each))).toMatchObject(ARG_TYPE);
    }
    buffer.resize(64);
    expect([count(fixed), count(tracking), count(view)]).toEqual([4, 12, 12]);
  });

  test('the kind of array is not what its tag says', () => {
    const posing = Object.defineProperty({}, Symbol.toStringTag, { value: 'Float32Array' });
    expect(typedArrayName(posing)).toBeUndefined();
  });
});
