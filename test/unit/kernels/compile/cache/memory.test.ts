import { MemoryCache } from '../../../../../lib/kernels/compile/cache/memory.js';

test('gives what was put there, by source and key', () => {
  const cache = new MemoryCache<number>(1000);
  cache.set('s', 'k', 1, 10);
  cache.set('s', 'l', 2, 10);
  cache.set('t', 'k', 3, 10);
  expect([cache.get('s', 'k'), cache.get('s', 'l'), cache.get('t', 'k')]).toEqual([1, 2, 3]);
  expect(cache.get('t', 'l')).toBeUndefined();
  expect(cache.get('u', 'k')).toBeUndefined();
  expect(cache.bytes).toBe(36);
  cache.set('s', 'k', 4, 20);
  expect(cache.get('s', 'k')).toBe(4);
  expect(cache.bytes).toBe(46);
  cache.clear();
  expect(cache.get('s', 'k')).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test('the least recently used go when there is too much', () => {
  const cache = new MemoryCache<number>(100);
  for (const key of 'abcd') cache.set('', key, 0, 24); // 25 with the key
  expect(cache.bytes).toBe(100);
  cache.get('', 'a');
  cache.set('', 'e', 0, 24);
  expect([...'abcde'].filter((key) => cache.get('', key) !== undefined)).toEqual([...'acde']);
  cache.set('', 'f', 0, 74);
  expect([...'acdef'].filter((key) => cache.get('', key) !== undefined)).toEqual(['e', 'f']);
});

test('what is larger than all is not kept, and drops nothing else', () => {
  const cache = new MemoryCache<number>(100);
  cache.set('', 'a', 1, 50);
  cache.set('', 'b', 2, 100);
  expect([cache.get('', 'a'), cache.get('', 'b')]).toEqual([1, undefined]);
  cache.set('', 'a', 3, 100);
  expect(cache.get('', 'a')).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test('finds by what was asked for, among few of a source', () => {
  const cache = new MemoryCache<number, string>(1000);
  cache.set('s', 'k', 1, 10, 'one');
  cache.set('s', 'l', 2, 10);
  cache.set('s', 'm', 3, 10, 'three');
  const find = (asked: string) => cache.find('s', (each) => each === asked);
  expect([find('one'), find('three'), find('two')]).toEqual([1, 3, undefined]);
  expect(cache.find('t', () => true)).toBeUndefined();
  // It counts as a use.
  cache.set('s', 'large', 4, 930, 'large');
  find('one');
  cache.set('s', 'x', 5, 40, 'x');
  expect([find('one'), cache.get('s', 'l')]).toEqual([1, undefined]);
  for (let i = 0; i < 9; i++) cache.set('s', `n${i}`, i, 1, `n${i}`);
  expect(find('n0')).toBeUndefined();
  expect(cache.get('s', 'n0')).toBe(0);
});
