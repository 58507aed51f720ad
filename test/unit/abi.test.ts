// abi/ and what is written from it. Changes are made to a copy in a temporary folder.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as block from '../../lib/abi/block.js';
import * as elementwise from '../../lib/abi/elementwise.js';
import * as matmul from '../../lib/abi/matmul.js';
import * as reduce from '../../lib/abi/reduce.js';
import * as softmax from '../../lib/abi/softmax.js';
import * as transpose from '../../lib/abi/transpose.js';

const root = join(__dirname, '../..');
const families = { elementwise, matmul, reduce, softmax, transpose };
const OUTPUTS = [
  ...['lib/abi', 'native/binding/abi'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((file) => `${folder}/${file}`),
  ),
  ...['elementwise', 'matmul', 'reduce'].map((family) => `cuda/${family}/operations.h`),
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
    ['more than the block has', 'abi/block.mjs', '128', '49', '50 numbers'],
    ['two slots of one name', 'abi/transpose.mjs', "'columns'", "'rows'", 'two slots `rows`'],
    ['odd signed integers', 'abi/dtypes.mjs', ', bfloat16: 2', '', 'odd numbers'],
  ])('is refused: %s', (_, file, from, to, message) => {
    const folder = wholeCopy();
    edit(join(folder, file), from, to);
    const { status, stderr } = run(folder);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});

// Read as they are, whatever wrote them.
describe('numbers', () => {
  const capitalized = (word: string) => word[0]!.toUpperCase() + word.slice(1);
  const cppName = (name: string) =>
    `k${/^[A-Z_]+$/.test(name) ? name.toLowerCase().split('_').map(capitalized).join('') : capitalized(name)}`;

  function numbersOfHeader(name: string): Record<string, number> {
    const text = readFileSync(join(root, `native/binding/abi/${name}.h`), 'utf8');
    const found = [...text.matchAll(/\b(k\w+) = (\d+)[,;]/g)];
    return Object.fromEntries(found.map(([, constant, value]) => [constant!, Number(value)]));
  }

  test.each(Object.entries({ block, ...families }))(
    'of %s are those of its header',
    (name, module) => {
      const header = numbersOfHeader(name);
      let compared = 0;
      for (const [key, value] of Object.entries(module)) {
        if (typeof value === 'number' && key !== 'MAX_DIMENSIONS') {
          expect([key, header[cppName(key)]]).toEqual([key, value]);
          compared++;
        }
        if (!/Slot$|^Flag$/.test(key)) continue;
        for (const [word, number] of Object.entries(value as object)) {
          if (typeof number !== 'number') continue; // the names by number of an enum
          expect([word, header[cppName(word)]]).toEqual([word, number]);
          compared++;
        }
      }
      const more = name === 'matmul' ? 1 : 0; // kAllFlags
      expect(compared).toBe(Object.keys(header).length - more);
    },
  );

  test('are at the same places for a softmax and a reduction', () => {
    const { log, ...shared } = softmax.Slot;
    for (const [name, number] of Object.entries(shared)) {
      if (typeof number === 'number') expect(reduce.Slot[number]).toBe(name);
    }
    expect(log).toBe(reduce.Slot.operation);
  });

  function constantsOf(family: string, type: string): string[] {
    const text = readFileSync(join(root, `cuda/${family}/operations.h`), 'utf8');
    const body = new RegExp(`${type} : [^{]*{([^}]*)}`).exec(text)![1]!;
    return body.match(/^ {2}k\w+(?=,$)/gm)!.map((name) => name.trim());
  }

  test('of operations are those of the kernels', () => {
    // Where C++ says it in other words.
    const words: Record<string, string> = {
      ...{ neg: 'kNegate', sub: 'kSubtract', mul: 'kMultiply', div: 'kDivide', pow: 'kPower' },
      ...{ add: 'kAdd', prod: 'kReduceProduct', none: 'kNoActivation' },
      ...{ 'fp32-fast': 'kFp32Fast', 'gelu-tanh': 'kGeluTanh' },
    };
    const named = (names: readonly (string | undefined)[], prefix = 'k') =>
      names.map((name = 'none') => words[name] ?? `${prefix}${capitalized(name)}`);
    expect(constantsOf('elementwise', 'UnaryOperation')).toEqual([
      ...named(elementwise.UNARY),
      'kUnaryOperations',
    ]);
    expect(constantsOf('elementwise', 'BinaryOperation')).toEqual([
      ...named(elementwise.BINARY),
      'kBinaryOperations',
    ]);
    const { unary, binary, convert } = elementwise.Family;
    expect([unary, binary, convert]).toEqual([0, 1, 2]);
    expect(constantsOf('elementwise', 'ElementwiseFamily')).toEqual([
      'kUnary',
      'kBinary',
      'kConvert',
    ]);
    expect(constantsOf('matmul', 'MatmulPrecision')).toEqual(named(matmul.PRECISIONS));
    expect(constantsOf('matmul', 'MatmulActivation')).toEqual(named(matmul.ACTIVATIONS));
    expect(constantsOf('reduce', 'ReduceOperation')).toEqual([
      ...named(reduce.REDUCTIONS, 'kReduce'),
      'kReduceSoftmax',
    ]);
  });
});
