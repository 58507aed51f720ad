/**
 * The rooms of the house: arrows point down, no files form a circle, and no room is crowded. What
 * the rooms are for is told in docs/architecture.md.
 */
import { parse } from 'node:path';
import {
  filesIn,
  findCircle,
  floors,
  includeArrows,
  type Rooms,
  read,
  roomOf,
  typescriptArrows,
  violations,
} from './support/imports';

/**
 * What each room may name besides itself, by house. `.` is what lies in the house and in no room.
 * `floors`: each may name all before it.
 */
const HOUSES: Readonly<Record<string, Rooms>> = {
  lib: floors(
    ...[
      'abi',
      'base',
      'addon',
      'device',
      'streams',
      'memory',
      'textures',
      'operands',
      'operations',
    ],
    ...['kernels', 'methods', 'debugger', 'cuda', 'host', 'index', 'cli'],
  ),
  'lib/operations': {
    elementwise: [],
    reduce: ['elementwise'],
    softmax: ['elementwise', 'reduce'],
    transpose: [],
    matmul: [],
  },
  'lib/kernels': {
    ...floors('parameters', 'compile', '.', 'expressions'),
  },
  native: {
    ptx: [],
    modules: ['ptx'],
    runtime: [],
    simulator: ['ptx', 'runtime'],
    ops: ['runtime'],
    compiler: [],
    resources: ['runtime', 'ops', 'modules', 'ptx'],
    binding: ['runtime', 'simulator', 'ops', 'resources', 'modules', 'ptx', 'compiler'],
  },
  'native/binding': {
    abi: [],
    '.': ['abi'],
    objects: ['abi', '.'],
    operations: ['abi', '.'],
  },
  'native/ops': {
    kernels: [],
    fill: ['kernels'],
    elementwise: ['kernels'],
    reduce: ['kernels'],
    softmax: ['kernels', 'reduce'],
    transpose: ['kernels'],
    matmul: ['kernels'],
  },
  'native/simulator': {
    memory: [],
    exec: ['memory'],
    '.': ['memory', 'exec'],
  },
  'native/simulator/exec': {
    code: [],
    isa: ['code', 'arithmetic', 'memory'],
    arithmetic: ['code', 'isa'],
    memory: ['code'],
    warp: ['code', 'arithmetic', 'memory'],
    matrix: ['code', 'arithmetic', 'warp'],
    texture: ['code', 'arithmetic', 'memory', 'warp'],
    block: ['code', 'arithmetic', 'memory', 'warp', 'matrix'],
    touch: ['code', 'memory', 'warp', 'matrix'],
    check: ['code', 'memory', 'warp', 'block', 'touch'],
    meter: ['code', 'block', 'touch'],
    debug: ['code', 'arithmetic', 'memory', 'warp', 'block', 'touch'],
    registers: ['code'],
    decode: ['code', 'registers', 'arithmetic', 'warp', 'matrix', 'texture'],
  },
  cuda: {
    '.': [],
    fill: ['.'],
    elementwise: ['.'],
    reduce: ['.'],
    softmax: ['.', 'reduce'],
    transpose: ['.'],
    matmul: ['.'],
    modules: ['fill', 'elementwise', 'reduce', 'softmax', 'transpose', 'matmul'],
  },
  'cuda/matmul': { '.': [], simt: ['.'], mma: ['.'], hopper: ['.'] },
  bench: {
    ...floors('machine', 'measure', 'peers', 'cases', 'goals', 'report', 'page'),
    '.': ['machine', 'measure', 'peers', 'cases', 'goals', 'report', 'page'],
  },
};

/** A source and its header count as one. */
const MOST_FILES = 16;
const SOURCES = ['.ts', '.mts', '.cc', '.h', '.cu', '.cuh'];

const arrows = new Map([
  ...typescriptArrows('lib'),
  ...typescriptArrows('bench'),
  ...includeArrows('native', ['native', '.']),
  ...includeArrows('cuda', ['.']),
]);

test.each(Object.entries(HOUSES))('the arrows of %s point down', (folder, rooms) => {
  expect(violations(arrows, folder, rooms)).toEqual([]);
  // A room that is gone would be checked by nobody.
  const there = new Set([...arrows.keys()].map((file) => roomOf(file, folder, rooms)));
  expect(Object.keys(rooms).filter((room) => !there.has(room))).toEqual([]);
});

test('no files form a circle', () => {
  expect(findCircle(arrows)).toBeUndefined();
});

test('methods.ts alone says what a class gets from others', () => {
  const declaring = filesIn('lib', ['.ts']).filter((file) => read(file).includes('declare module'));
  expect(declaring).toEqual(['lib/methods.ts']);
});

test('methods.ts gives Device and Stream all the methods that there are', () => {
  const classesOf = (list: string) => list.split(/[\s,]+/).filter((name) => name !== '');
  const text = read('lib/methods.ts');
  const declared = [...text.matchAll(/interface \w+\s+extends ([\w\s,]+)\{/g)];
  const copied = [...text.matchAll(/^mixin\(\s*\w+,([\w\s,]+)\)/gm)];
  const lists = (found: RegExpMatchArray[]) => found.map(([, list]) => classesOf(list!));
  expect(lists(copied)).toEqual(lists(declared));
  const written = filesIn('lib', ['methods.ts']).flatMap((file) =>
    [...read(file).matchAll(/export abstract class (\w+)/g)].map(([, name]) => name!),
  );
  expect(lists(copied).flat().sort()).toEqual(written.sort());
});

test('no room is crowded', () => {
  const rooms = new Map<string, Set<string>>();
  for (const folder of ['lib', 'native', 'cuda', 'bench', 'test']) {
    for (const file of filesIn(folder, SOURCES)) {
      const { dir, name } = parse(file);
      rooms.set(dir, (rooms.get(dir) ?? new Set()).add(name));
    }
  }
  expect([...rooms].filter(([, files]) => files.size > MOST_FILES)).toEqual([]);
});

describe('the check itself', () => {
  const house = (named: Record<string, string[]>) => new Map(Object.entries(named));

  test('finds arrows that point up, and files without a room', () => {
    const rooms = floors('base', 'top');
    const made = house({
      'h/base/a.ts': ['h/top/b.ts', 'elsewhere/c.ts'],
      'h/top/b.ts': ['h/base/a.ts'],
      'h/hall.ts': [],
    });
    expect(violations(made, 'h', rooms)).toEqual([
      'h/base/a.ts names h/top/b.ts',
      'h/hall.ts is in no room',
    ]);
  });

  test('finds circles', () => {
    const circle = findCircle(house({ a: ['b'], b: ['c'], c: ['b'], d: [] }));
    expect(circle).toEqual(['b', 'c', 'b']);
    expect(findCircle(house({ a: ['b', 'c'], b: ['c'], c: [] }))).toBeUndefined();
  });
});
