// The cache on disk: what is damaged, foreign or hostile is not there, and what cannot be written is not kept.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '../../../../../lib/kernels/compile/cache/disk.js';
import { decodeEntry, encodeEntry } from '../../../../../lib/kernels/compile/cache/entry.js';
import { cacheFolder, whyUnusable } from '../../../../../lib/kernels/compile/cache/folder.js';
import type { CompiledParts } from '../../../../../lib/kernels/compile/compiled.js';
import { removeFolders, temporaryFolder } from '../../../../support/nvrtc.js';
import { skipTest } from '../../../../support/skip.js';

const LIMIT = 2 ** 20;
const key = (n: number) => createHash('sha256').update(String(n)).digest();
const nameOf = (n: number) => `${key(n).toString('hex')}.nvrtc`;
const parts: CompiledParts = {
  architecture: 'sm_90',
  ptx: '.version 8.0 // ünïcode 🦀',
  cubin: new Uint8Array([127, 69, 76, 70, 0, 255]),
  log: 'a warning',
  loweredNames: [['f<int>', '_Z1fIiEvv']],
  nvrtcVersion: '12.4',
  libraryPath: '/lib/libnvrtc.so.12',
  headerRoot: null,
  options: ['--a', '-b'],
};

let folder: string;
let cache: DiskCache;
beforeEach(() => {
  folder = join(temporaryFolder(), 'deep/er');
  cache = new DiskCache(folder, LIMIT);
});
afterEach(removeFolders);

const pathOf = (n: number) => join(folder, nameOf(n));
const names = () => readdirSync(folder).sort();

test('gives back what was written, to other objects too, and only for its key', async () => {
  expect(await cache.read(key(1))).toBeUndefined();
  expect(await cache.write(key(1), parts)).toBe(true);
  expect(await new DiskCache(folder, LIMIT).read(key(1))).toEqual(parts);
  expect(await cache.read(key(2))).toBeUndefined();
  expect(names()).toEqual([nameOf(1)]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(pathOf(1)).mode & 0o777).toBe(0o600);
});

test('large entries, read on another thread, and empty parts', async () => {
  const large = { ...parts, ptx: 'x'.repeat(2 ** 19), headerRoot: '/include' };
  await cache.write(key(1), large);
  expect(await cache.read(key(1))).toEqual(large);
  const empty = { ...parts, ptx: '', cubin: new Uint8Array(), log: '', options: [] };
  await cache.write(key(2), empty);
  expect(await cache.read(key(2))).toEqual(empty);
});

describe('an entry that is not as it was written', () => {
  const bytes = encodeEntry(key(1), parts);

  test('is refused wherever it is cut off', () => {
    expect(decodeEntry(key(1), bytes)).toEqual(parts);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeEntry(key(1), bytes.subarray(0, length))).toBeUndefined();
    }
    expect(decodeEntry(key(1), Buffer.concat([bytes, Buffer.from([0])]))).toBeUndefined();
  });

  test('is refused whichever bit has turned', () => {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const turned = Buffer.from(bytes);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeEntry(key(1), turned)).toBeUndefined();
    }
  });

  // With a checksum that fits: by another program, or another version of this one.
  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'text'],
    ['an array', []],
    ['nothing', {}],
    ['no options', { ...parts, options: undefined, ptxBytes: 0 }],
    ['wrong options', { ...parts, options: [1], ptxBytes: 0 }],
    ['wrong names', { ...parts, loweredNames: [['a']], ptxBytes: 0 }],
    ['a wrong log', { ...parts, log: 7, ptxBytes: 0 }],
    ['a wrong root', { ...parts, headerRoot: 7, ptxBytes: 0 }],
    ['a PTX beyond its end', { ...parts, ptxBytes: 2 ** 40 }],
    ['a PTX of no length', { ...parts, ptxBytes: -1 }],
  ])('is refused if it says %s', (_, header) => {
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    const content = Buffer.concat([key(1), length, json]);
    const sum = createHash('sha256').update(content).digest();
    expect(
      decodeEntry(key(1), Buffer.concat([bytes.subarray(0, 8), sum, content])),
    ).toBeUndefined();
  });

  test.each<[string, () => void]>([
    ['damaged', () => writeFileSync(pathOf(1), bytes.subarray(0, bytes.length - 1))],
    ['empty', () => writeFileSync(pathOf(1), '')],
    ['of something else', () => writeFileSync(pathOf(1), randomBytes(500))],
    ['of another key', () => writeFileSync(pathOf(1), encodeEntry(key(2), parts))],
    ['writable by others', () => chmodSync(pathOf(1), 0o666)],
  ])('is removed and replaced: %s', async (_, spoil) => {
    await cache.write(key(1), parts);
    spoil();
    expect(await cache.read(key(1))).toBeUndefined();
    expect(existsSync(pathOf(1))).toBe(false);
    await cache.write(key(1), parts);
    expect(await cache.read(key(1))).toEqual(parts);
  });

  test('is not followed if it is a link, and the link is replaced, not what it names', async () => {
    await cache.write(key(2), parts);
    const elsewhere = join(folder, 'elsewhere');
    renameSync(pathOf(2), elsewhere);
    symlinkSync(elsewhere, pathOf(1));
    const before = readFileSync(elsewhere);
    expect(await cache.read(key(1))).toBeUndefined();
    await cache.write(key(1), parts);
    expect(lstatSync(pathOf(1)).isSymbolicLink()).toBe(false);
    expect(readFileSync(elsewhere)).toEqual(before);
  });

  const PIPE = 'is not waited for if it is a pipe';
  if (spawnSync('mkfifo', ['--version']).error) skipTest(PIPE, 'no mkfifo');
  else {
    test(PIPE, async () => {
      cache.unusable;
      execFileSync('mkfifo', [pathOf(1)]);
      expect(await cache.read(key(1))).toBeUndefined();
      expect(await cache.write(key(1), parts)).toBe(true);
      expect(await cache.read(key(1))).toEqual(parts);
    });
  }

  test('stays if it is a folder, and nothing is kept there', async () => {
    cache.unusable;
    mkdirSync(pathOf(1));
    expect(await cache.read(key(1))).toBeUndefined();
    expect(await cache.write(key(1), parts)).toBe(false);
    expect(names()).toEqual([nameOf(1)]);
  });
});

describe('the folder', () => {
  test('may be removed at any time', async () => {
    await cache.write(key(1), parts);
    rmSync(folder, { recursive: true });
    expect(await cache.read(key(1))).toBeUndefined();
    expect(await cache.write(key(1), parts)).toBe(true);
    expect(await cache.read(key(1))).toEqual(parts);
  });

  test('is not used if others may write to it', async () => {
    mkdirSync(folder, { recursive: true });
    await cache.write(key(1), parts);
    chmodSync(folder, 0o777);
    const other = new DiskCache(folder, LIMIT);
    expect(other.unusable).toMatch(/others may write to /);
    expect(await other.read(key(1))).toBeUndefined();
    expect(await other.write(key(2), parts)).toBe(false);
    expect(names()).toEqual([nameOf(1)]);
  });

  test('is not used if others could put another in its place', () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const above = join(folder, '..');
    chmodSync(above, 0o777);
    expect(whyUnusable(folder)).toMatch(/others may write to .*deep$/);
    chmodSync(above, 0o1777); // as /tmp
    expect(whyUnusable(folder)).toBeUndefined();
    chmodSync(above, 0o770);
    expect(whyUnusable(folder)).toMatch(/others may write/);
  });

  test('is not used if it is a link, or a file, or below one that others may write to', () => {
    const base = temporaryFolder();
    mkdirSync(join(base, 'real'), { mode: 0o700 });
    symlinkSync(join(base, 'real'), join(base, 'link'));
    expect(whyUnusable(join(base, 'link'))).toMatch(/link is no folder/);
    expect(whyUnusable(join(base, 'link/below'))).toBeUndefined();
    chmodSync(join(base, 'real'), 0o777);
    expect(whyUnusable(join(base, 'link/below'))).toMatch(/others may write to .*real/);
    writeFileSync(join(base, 'file'), '');
    expect(whyUnusable(join(base, 'file'))).toBeDefined();
    expect(whyUnusable(join(base, 'file/below'))).toBeDefined();
    symlinkSync('loop', join(base, 'loop'));
    expect(whyUnusable(join(base, 'loop/below'))).toBeDefined();
  });

  test('that cannot be written to keeps nothing, and says nothing', async () => {
    const readOnly = new DiskCache('/proc/sys/kernel', LIMIT);
    expect(await readOnly.write(key(1), parts)).toBe(false);
    expect(await readOnly.read(key(1))).toBeUndefined();
  });

  const isRoot = process.geteuid?.() === 0;
  (isRoot ? test : test.skip)('is not used if it or one above belongs to another user', () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chownSync(folder, 1234, 1234);
    expect(whyUnusable(folder)).toMatch(/belongs to another user/);
    chownSync(folder, 0, 0);
    chownSync(join(folder, '..'), 1234, 1234);
    expect(whyUnusable(folder)).toMatch(/deep belongs to another user/);
    chownSync(join(folder, '..'), 0, 0);
    expect(whyUnusable(folder)).toBeUndefined();
  });

  (isRoot ? test : test.skip)('entries of another user are ignored and replaced', async () => {
    await cache.write(key(1), parts);
    chownSync(pathOf(1), 1234, 1234);
    expect(await cache.read(key(1))).toBeUndefined();
    await cache.write(key(1), parts);
    expect(await cache.read(key(1))).toEqual(parts);
  });
});

describe('where it is', () => {
  const saved = { ...process.env };
  afterEach(() => {
    process.env = { ...saved };
  });

  test.each<[NodeJS.ProcessEnv, string | undefined]>([
    [{ NODECUDA_CACHE_DIR: '/a/b/../c' }, '/a/c'],
    [{ NODECUDA_CACHE_DIR: 'a', XDG_CACHE_HOME: '/x' }, undefined],
    [{ NODECUDA_CACHE_DIR: '', XDG_CACHE_HOME: '/x' }, '/x/nodecuda/kernels'],
    [{ XDG_CACHE_HOME: 'x' }, join(homedir(), '.cache/nodecuda/kernels')],
    [{ NODECUDA_CACHE: 'off', NODECUDA_CACHE_DIR: '/a' }, undefined],
    [{ NODECUDA_CACHE: '0', NODECUDA_CACHE_DIR: '/a' }, undefined],
    [{ NODECUDA_CACHE: 'on', NODECUDA_CACHE_DIR: '/a' }, '/a'],
  ])('with %j: %p', (variables, expected) => {
    for (const name of ['NODECUDA_CACHE', 'NODECUDA_CACHE_DIR', 'XDG_CACHE_HOME']) {
      delete process.env[name];
    }
    Object.assign(process.env, variables);
    expect(cacheFolder()).toBe(expected);
  });
});

describe('room', () => {
  const entry = (n: number) => ({ ...parts, ptx: 'x'.repeat(10_000), log: String(n) });
  const setTime = (n: number, ms: number) => utimesSync(pathOf(n), ms / 1000, ms / 1000);
  const small = () => new DiskCache(folder, 45_000); // four of them

  test('is made by dropping the least recently read', async () => {
    const filled = small();
    const now = Date.now();
    for (const n of [1, 2, 3, 4]) {
      await filled.write(key(n), entry(n));
      setTime(n, now - 1e6 * (5 - n));
    }
    await filled.read(key(1));
    expect(statSync(pathOf(1)).mtimeMs).toBeGreaterThan(now - 1000);
    await filled.write(key(5), entry(5));
    const left = [1, 2, 3, 4, 5].filter((n) => existsSync(pathOf(n)));
    expect(left).toEqual([1, 4, 5]);
  });

  test('is not made for an entry that is larger than all', async () => {
    const filled = small();
    await filled.write(key(1), entry(1));
    expect(await filled.write(key(2), { ...parts, ptx: 'x'.repeat(50_000) })).toBe(false);
    expect(names()).toEqual([nameOf(1)]);
    expect(await new DiskCache(folder, 0).write(key(3), parts)).toBe(false);
  });

  test('when the clock has jumped: times in the future say nothing', async () => {
    const filled = small();
    for (const n of [1, 2, 3, 4]) await filled.write(key(n), entry(n));
    const days = 24 * 60 * 60_000;
    setTime(1, Date.now() + 1000 * days);
    setTime(2, Date.now() + 1000 * days);
    setTime(3, 0);
    expect(await filled.read(key(2))).toBeDefined();
    expect(statSync(pathOf(2)).mtimeMs).toBeLessThan(Date.now() + 1000);
    await filled.write(key(5), entry(5));
    expect([1, 2, 3, 4, 5].filter((n) => existsSync(pathOf(n)))).toEqual([2, 4, 5]);
  });

  test('what crashed processes have left is removed, and nothing else', async () => {
    await cache.write(key(1), parts);
    const temporary = (n: number) => `${nameOf(n)}.123.${'0'.repeat(16)}.tmp`;
    for (const name of [temporary(1), temporary(2), 'notes.txt', 'other.tmp']) {
      writeFileSync(join(folder, name), '');
    }
    utimesSync(join(folder, temporary(1)), 1, 1);
    utimesSync(join(folder, 'other.tmp'), 1, 1);
    await new DiskCache(folder, LIMIT).write(key(3), parts);
    expect(names()).toEqual([nameOf(1), nameOf(3), temporary(2), 'notes.txt', 'other.tmp'].sort());
  });
});
