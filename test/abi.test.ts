// abi/ and what is written from it. Changes are made to a copy in a temporary folder.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as matmul from '../lib/abi/matmul.js';

const root = join(__dirname, '..');
const OUTPUTS = [
  ...['lib/abi', 'native/binding/abi'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((file) => `${folder}/${file}`),
  ),
  ...readdirSync(join(root, 'cuda'))
    .map((family) => `cuda/${family}/operations.h`)
    .filter((file) => existsSync(join(root, file))),
  'cuda/dtypes.h',
  'native/ops/kernels/dtype.h',
].sort();

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function copyOf(names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'nodecuda-abi-'));
  folders.push(folder);
  for (const name of names) cpSync(join(root, name), join(folder, name), { recursive: true });
  return folder;
}

const wholeCopy = () => copyOf(['abi', 'scripts/abi.mjs', ...OUTPUTS]);

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

function run(folder: string, ...options: string[]) {
  const script = join(folder, 'scripts/abi.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Exit status of the check, and the files that it names. */
function check(folder: string) {
  const { status, stderr } = run(folder, '--check');
  const files = stderr.split('\n').filter((line) => line !== '');
  return { status, files: files.map((line) => line.split(' ')[0]).sort() };
}

describe('outputs', () => {
  test('are those of the descriptions', () => {
    expect(check(root)).toEqual({ status: 0, files: [] });
  });

  test('are the same when written anew', () => {
    const folder = copyOf(['abi', 'scripts/abi.mjs']);
    const { status, stdout } = run(folder);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').sort()).toEqual(OUTPUTS);
    for (const name of OUTPUTS) {
      expect(readFileSync(join(folder, name), 'utf8')).toBe(readFileSync(join(root, name), 'utf8'));
    }
    expect(run(folder)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test.each([0, 1])('are missed when changed or gone: every other, from %i on', (first) => {
    const folder = wholeCopy();
    const some = OUTPUTS.filter((_, i) => i % 2 === first);
    for (const [i, name] of some.entries()) {
      const file = join(folder, name);
      if (i % 2 === 0) rmSync(file);
      else writeFileSync(file, `${readFileSync(file, 'utf8')}// by hand\n`);
    }
    expect(check(folder)).toEqual({ status: 1, files: some });
  });

  test('are alone in their folders', () => {
    const folder = wholeCopy();
    writeFileSync(join(folder, 'lib/abi/fill.ts'), '');
    expect(check(folder)).toEqual({ status: 1, files: ['lib/abi/fill.ts'] });
  });
});

describe('a changed description', () => {
  test('moves a slot on both sides, and what follows it', () => {
    const folder = wholeCopy();
    edit(join(folder, 'abi/matmul.mjs'), "'variant',", "'tuning', 'variant',");
    const files = ['lib/abi/matmul.ts', 'native/binding/abi/matmul.h'];
    expect(check(folder)).toEqual({ status: 1, files });
    expect(run(folder).status).toBe(0);
    expect(check(folder)).toEqual({ status: 0, files: [] });
    const [typescript, header] = files.map((name) => readFileSync(join(folder, name), 'utf8'));
    const { variant } = matmul.Slot;
    expect(typescript).toContain(`  tuning = ${variant},\n  variant = ${variant + 1},\n`);
    expect(header).toContain(`  kTuning = ${variant},\n  kVariant = ${variant + 1},\n`);
  });

  test('of the walk along an axis is one of reductions and of softmax', () => {
    const folder = wholeCopy();
    edit(join(folder, 'abi/reduce.mjs'), "'outOffset'", "'outOffset', 'outStride'");
    expect(check(folder).files).toEqual([
      ...['lib/abi/reduce.ts', 'lib/abi/softmax.ts'],
      ...['native/binding/abi/reduce.h', 'native/binding/abi/softmax.h'],
    ]);
  });

  test('of an enumeration reaches TypeScript and the kernels', () => {
    const folder = wholeCopy();
    edit(join(folder, 'abi/reduce.mjs'), "['sum', 'kReduceSum'],", "['total', 'kReduceTotal'],");
    expect(check(folder).files).toEqual(['cuda/reduce/operations.h', 'lib/abi/reduce.ts']);
  });

  test('of dtypes reaches all three', () => {
    const folder = wholeCopy();
    edit(join(folder, 'abi/dtypes.mjs'), 'int8: 1, uint8: 1', 'uint8: 1, int8: 1');
    expect(check(folder).files).toEqual([
      ...['cuda/dtypes.h', 'lib/abi/dtypes.ts', 'native/ops/kernels/dtype.h'],
    ]);
  });

  test.each([
    ['more than the block has', 'abi/block.mjs', '4128', '4127', '4128 numbers'],
    ['two slots of one name', 'abi/transpose.mjs', "'columns'", "'rows'", 'two slots `rows`'],
    ['a word that it does not know', 'abi/transpose.mjs', 'slots:', 'slot:', 'transpose: `slot`'],
    ['odd signed integers', 'abi/dtypes.mjs', ', bfloat16: 2', '', 'odd numbers'],
  ])('is refused: %s', (_, file, from, to, message) => {
    const folder = wholeCopy();
    edit(join(folder, file), from, to);
    const { status, stderr } = run(folder);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});
