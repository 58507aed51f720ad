// The published types (dist/), compiled as users compile: by each TypeScript they have, as CommonJS
// and as ES modules, with and without the checks of library files, with more strictness than usual and
// with nothing but the language around them. The sources are test/types.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const folder = join(root, 'test/types');
const sources = readdirSync(folder)
  .filter((name) => /\.m?ts$/.test(name))
  .map((name) => join(folder, name));

const newer = join(folder, 'newer/plain-memory.ts');

const compilers = {
  '5.4': 'typescript-5.4',
  '5.9': 'typescript-5.9',
  '6.0': 'typescript',
  '7.0': 'typescript-7.0',
};
const modules = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler', exactOptionalPropertyTypes: true },
};
const bare = { lib: ['es2022'], types: [], skipLibCheck: false };

const scratch = mkdtempSync(join(tmpdir(), 'nodecuda-types-'));
afterAll(() => rmSync(scratch, { recursive: true }));
let count = 0;

/** The compiler's output: empty if all is well. */
function compile(compiler: string, options: object, files: string[]): Promise<string> {
  const config = join(scratch, `tsconfig.${++count}.json`);
  const compilerOptions = {
    noEmit: true,
    strict: true,
    target: 'es2022',
    lib: ['es2022', 'esnext.disposable'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    ...options,
  };
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, 'node_modules', compiler, 'bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', config], (error, stdout) => {
      resolve(error === null ? '' : stdout || String(error));
    });
  });
}

test('there are types to test, and sources that test them', () => {
  expect(existsSync(join(root, 'dist/index.d.ts'))).toBe(true);
  expect(sources.some((name) => name.endsWith('.ts'))).toBe(true);
  expect(sources.some((name) => name.endsWith('.mts'))).toBe(true);
});

describe.each(Object.entries(compilers))('TypeScript %s', (version, compiler) => {
  test('is that version', () => {
    const { version: installed } = require(`${compiler}/package.json`);
    expect(installed.startsWith(`${version}.`)).toBe(true);
  });

  test.each(Object.entries(modules))(
    '%s',
    async (_, options) => {
      const files = version === '5.4' ? sources : [...sources, newer];
      expect(await compile(compiler, { skipLibCheck: true, ...options }, files)).toBe('');
    },
    120_000,
  );

  // Our own declaration files too, not only what the sources use of them, and every other file.
  test('the declarations are sound, and need no other types', async () => {
    const declarations = ['index.d.ts', 'index.d.mts'].map((name) => join(root, 'dist', name));
    const files = [...declarations, join(folder, 'bare/program.ts')];
    expect(await compile(compiler, { ...modules.nodenext, ...bare }, files)).toBe('');
  }, 120_000);

  test('a mistake is found', async () => {
    const wrong = join(folder, 'wrong/mistake.ts');
    expect(await compile(compiler, { skipLibCheck: true, ...modules.nodenext }, [wrong])).toMatch(
      /TS2\d+/,
    );
  }, 120_000);
});
