// What docs/kernel-authoring.md shows runs, and prints what it shows, and so does the kernel in README.md.
// The kernels are those of examples/kernels/, which have been compiled.
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { realNvrtc } from './support/nvrtc.js';

const run = promisify(execFile);
const root = join(__dirname, '..');
const kernels = join(root, 'examples/kernels');
const page = readFileSync(join(root, 'docs/kernel-authoring.md'), 'utf8');
const compiling = page.indexOf('\n## Compiling at run time');
const authoring = page.slice(0, compiling);

interface Block {
  readonly language: string;
  readonly text: string;
  /** What its first line says. */
  readonly file: string | undefined;
}

const blocks: Block[] = [...authoring.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
  ([, language, text]) => ({
    language: language!,
    text: text!,
    file: /^\/\/ ([\w.]+)\n/.exec(text!)?.[1],
  }),
);

/** What is printed below a block, if it says so. */
const printedBelow = (block: Block) => blocks[blocks.indexOf(block) + 1]!.text;
/** What is printed by the lines of a block, if they say so. */
const commented = (text: string) =>
  [...text.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => `${line}\n`).join('');
const named = (file: string) => blocks.find((block) => block.file === file)!;
/** Addresses differ from run to run, and so does the call by which a fault is noticed. */
const steady = (text: string) =>
  text.replace(/0x[0-9a-f]+/g, '0x...').replace(/^cuda\w+ failed/gm, 'failed');

const folder = mkdtempSync(join(tmpdir(), 'nodecuda-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/nodecuda'));
  copyFileSync(join(kernels, 'saxpy.ptx'), join(folder, 'kernel.ptx'));
  copyFileSync(join(kernels, 'reference.ptx'), join(folder, 'reference.ptx'));
});

async function output(file: string, text: string, variables = {}): Promise<string> {
  writeFileSync(join(folder, file), text);
  const loader = pathToFileURL(join(root, 'scripts/run-typescript.mjs')).href;
  const options = file.endsWith('.mts') ? ['--import', loader] : [];
  const { stdout, stderr } = await run(process.execPath, [...options, file], {
    cwd: folder,
    env: { ...process.env, NODECUDA_SIMULATE: '1', ...variables },
  });
  expect(stderr).toBe('');
  return stdout;
}

test('its kernels are those of the examples', () => {
  const shipped = (name: string) => readFileSync(join(kernels, name), 'utf8');
  const code = (text: string) =>
    text
      .replace(/\/\/.*/g, '')
      .replace(/\s+/g, ' ')
      .trim();
  expect(code(named('kernel.cu').text)).toBe(code(shipped('saxpy.cu')));
  expect(code(named('reference.cu').text)).toBe(code(shipped('reference.cu')));
});

test('the first program', async () => {
  expect(await output('saxpy.mjs', named('saxpy.mjs').text)).toMatch(
    /^Float32Array\(1000\) \[\s+1,\s+3,\s+5,/,
  );
});

test('the program in README.md', async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const program = /^```js\n([^`]*loadModule[^`]*)^```$/m.exec(readme)![1]!;
  expect(await output('readme.mjs', program)).toMatch(/^Float32Array\(1000\) \[\s+7, 7, 7,/);
});

test('mistakes', async () => {
  const block = named('mistakes.mjs');
  const printed = await output('mistakes.mjs', block.text);
  expect(steady(printed)).toBe(steady(printedBelow(block)));
});

test('in TypeScript', async () => {
  expect(await output('typed.mts', named('typed.mts').text)).toBe('');
});

const pieces = blocks.filter(({ language, file }) => language === 'js' && file === undefined);

test.each(pieces.map((block, i) => [i, block] as const))('piece %i', async (i, block) => {
  const before = `import { cuda } from 'nodecuda';
    const device = cuda.simulatedDevice();
    const module = device.loadModule(new URL('./reference.ptx', import.meta.url));
    const x = device.alloc('float32', 1024);
    const y = device.alloc('float32', 1024);\n`;
  const after = '\nawait device.synchronize();\ndevice.dispose();\n';
  const printed = await output(`piece-${i}.mjs`, before + block.text + after);
  const promised = commented(block.text);
  if (promised !== '') expect(printed).toBe(promised);
  const below = blocks[blocks.indexOf(block) + 1];
  if (below?.language === 'text') expect(printed).toBe(below.text);
});

const nvrtc = realNvrtc();

(nvrtc === undefined ? test.skip : test)('compiling and linking at run time', async () => {
  const programs = [...page.slice(compiling).matchAll(/^```js\n(import .*?)^```$/gms)];
  expect(programs.length).toBe(2);
  const variables = { NODECUDA_NVRTC: nvrtc, NODECUDA_CACHE: 'off' };
  for (const [, program] of programs) {
    expect(await output('compile.mjs', program!, variables)).toBe(commented(program!));
  }
});
