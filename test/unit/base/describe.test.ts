// What messages say of values: short, at once, and without running the values' code.
import { constants } from 'node:buffer';
import { describe as inWords } from '../../../lib/base/describe.js';

const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const never = () => {
  throw new Error('must not run');
};
const hostile = { toString: never, valueOf: never, toJSON: never };
const traps = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map((name) => [name, never]),
) as ProxyHandler<object>;
const longest = constants.MAX_STRING_LENGTH;

test.each<[unknown, string]>([
  [undefined, 'undefined'],
  [null, 'null'],
  [true, 'true of type boolean'],
  [Number.NaN, 'NaN of type number'],
  [7n, '7n of type bigint'],
  [-(2n ** 127n), `${-(2n ** 127n)}n of type bigint`],
  ['7\n', '"7\\n" of type string'],
  ['\ud800', '"\\ud800" of type string'],
  [Symbol('s'), 'Symbol(s) of type symbol'],
  [Symbol(), 'Symbol() of type symbol'],
  [() => 7, 'a value of type function'],
  [{}, 'a value of type object'],
  [Object.create(null), 'a value of type object'],
  [[1, 2], 'an array of length 2'],
  [new Float64Array(4), 'a Float64Array'],
  [new DataView(new ArrayBuffer(4)), 'a DataView'],
])('%p', (value, words) => {
  expect(inWords(value)).toBe(words);
});

// A table of Jest's would print them.
test('what is huge, and what must not be touched', () => {
  const cases: [unknown, string][] = [
    [2n ** 127n, 'a bigint of more than 128 bits'],
    [1n << (1n << 25n), 'a bigint of more than 128 bits'],
    [-1n << (1n << 25n), 'a bigint of more than 128 bits'],
    ['x'.repeat(longest), `a string of ${longest} characters`],
    [Symbol('x'.repeat(longest)), `a symbol of ${longest} characters`],
    [new Array(2 ** 32 - 1), `an array of length ${2 ** 32 - 1}`],
    [Object.assign([], hostile), 'an array of length 0'],
    [Object.assign({}, hostile), 'a value of type object'],
    [Object.assign(() => 0, hostile), 'a value of type function'],
    [Object.defineProperty({}, Symbol.toStringTag, { get: never }), 'a value of type object'],
    [Object.defineProperty(new Int8Array(1), Symbol.toStringTag, { get: never }), 'a Int8Array'],
    [new Proxy({}, traps), 'a Proxy'],
    [new Proxy([], traps), 'a Proxy'],
    [new Proxy(() => 0, traps), 'a Proxy'],
    [revoked({}), 'a Proxy'],
    [revoked([]), 'a Proxy'],
  ];
  for (const [value, words] of cases) expect(inWords(value)).toBe(words);
});
