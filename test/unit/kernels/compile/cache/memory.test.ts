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
