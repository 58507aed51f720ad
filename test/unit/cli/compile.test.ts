// `nodecuda compile`, as a command.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCompile, UsageError } from '../../../lib/cli/arguments.js';
import { nvccArguments } from '../../../lib/cli/nvcc.js';
import { signatureModule } from '../../../lib/cli/signatures.js';
import { root } from '../../support/child.js';
import { thrown } from '../../support/errors.js';
import { hasCompiler, makeFake, removeFolders, temporaryFolder } from '../../support/nvrtc.js';
import { skipTest } from '../../support/skip.js';

const folder = temporaryFolder();
afterAll(removeFolders);

const path = (name: string) => join(folder, name);
const source = path('kernel.cu');
writeFileSync(source, 'source');

function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODECUDA_CACHE: 'off', NODECUDA_NVRTC: path('nowhere'), ...env },
  });
}

describe('the command line', () => {
  test('says all of it, in short and in long', () => {
    const short = [
      'k/a.cu',
      '-o',
      'b.cubin',
      '-DA',
      '-D',
      'B=1=2',
      '-DC=',
      '-Ii',
      '--arch',
      'sm_90a',
    ];
    const long = [
      '--output=b.cubin',
      '--define=A',
      '--define=B=1=2',
      '--define',
      'C=',
      '--include=i',
    ];
    const expected = {
      source: 'k/a.cu',
      output: 'b.cubin',
      format: 'cubin',
      architecture: 'sm_90a',
      defines: { A: '1', B: '1=2', C: '' },
      includePaths: [join(process.cwd(), 'k'), join(process.cwd(), 'i')],
    };
    expect(parseCompile(short)).toMatchObject(expected);
    expect(parseCompile([...long, '--arch=compute_90a', 'k/a.cu'])).toMatchObject(expected);
  });

  test('has defaults', () => {
    expect(parseCompile(['k/a.cu'])).toEqual({
      source: 'k/a.cu',
      output: 'k/a.ptx',
      format: 'ptx',
      architecture: 'compute_75',
      defines: {},
      includePaths: [join(process.cwd(), 'k')],
      names: [],
      options: [],
      types: undefined,
      compiler: undefined,
      nvrtc: undefined,
    });
    expect(parseCompile(['--help'])).toBeUndefined();
  });

  test.each([
    [[], /Which file/],
    [['a.cu', 'b.cu'], /One file at a time/],
    [['a.cu', '--unknown'], /Unknown option '--unknown'/],
    [['a.cu', '-o', 'a.o'], /has to end in \.ptx or \.cubin/],
    [['a.cu', '--arch', '75'], /expected one such as sm_75/],
    [['a.cu', '-D', '=1'], /a macro needs a name/],
    [['a.cu', '--compiler', 'clang'], /expected nvrtc or nvcc/],
  ])('%j is refused', (args, words) => {
    const error = thrown(() => parseCompile(args));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(words);
  });
});

test('nvcc gets an argument vector', () => {
  const command = parseCompile(['-o', 'a.ptx', '-DF=max(1,2)', '-I/a,b', '--', '-k.cu'])!;
  expect(nvccArguments(command)).toEqual([
    '-ptx',
    '-arch=compute_75',
    '-DF=max(1\\,2)',
    `-I${process.cwd()}`,
    '-I/a\\,b',
    '-o',
    'a.ptx',
    '-x',
    'cu',
    './-k.cu',
  ]);
});

test('a module of signatures does not go over what it is made of', () => {
  for (const types of ['k.cu', './k.ptx']) {
    const ended = run(['compile', 'k.cu', '-o', 'k.ptx', '--types', types]);
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain(`--types ${types}: that is the`);
  }
});

test('a module of signatures', () => {
  const kernels = [
    { name: 'saxpy', parameters: ['float32', 'const float32*'] },
    { name: "it's", parameters: [] },
    { name: 'shade', parameters: ['uint8[8]'] },
  ];
  expect(signatureModule('a.cu', kernels, new Map([['f<int>', '_Z1fIiEvv']]))).toBe(
    `// Written by \`nodecuda compile a.cu\`: changes will be lost.

/** The parameters of each kernel, for \`module.kernel(name, signatures[name])\`. */
export const signatures = {
  'saxpy': ['float32', 'const float32*'],
  'it\\'s': [],
  // uint8[n] is a struct, as bytes: code does not tell its fields. { struct: { ... } } takes an object.
  'shade': ['uint8[8]'],
} as const;

/** The names in the code of the expressions that were compiled. */
export const names = {
  'f<int>': '_Z1fIiEvv',
} as const;
`,
  );
});

test('help, and what is no command', () => {
  expect(run([])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: nodecuda/) });
  const help = run(['compile', '--help']);
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(help.stdout).toMatch(/^Usage: nodecuda compile/);
  expect(run(['frobnicate'])).toMatchObject({ status: 2, stdout: '' });
  expect(run(['compile'])).toMatchObject({ status: 2, stdout: '' });
});

test('without a compiler it says how to get one', () => {
  const { status, stderr } = run(['compile', source, '--compiler', 'nvrtc']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/NVRTC, which compiles CUDA C\+\+ at run time, was not found/);
  expect(existsSync(path('kernel.ptx'))).toBe(false);
});

test('a file that is not there', () => {
  const { status, stderr } = run(['compile', 'none.cu', '--compiler', 'nvrtc']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/ENOENT.*none\.cu/);
});

test('nvcc is called where there is no NVRTC, without a shell', () => {
  const nvcc = path('bin/nvcc');
  mkdirSync(path('bin'));
  writeFileSync(nvcc, '#!/bin/sh\nfor each; do echo "$each"; done >> arguments; exit 3\n');
  chmodSync(nvcc, 0o755);
  const args = [
    'compile',
    'kernel.cu',
    '-o',
    '$(id).ptx',
    '-DX=`id`; "id"',
    '--option=--use_fast_math',
  ];
  const { status } = run([...args, '--compiler', 'nvcc'], { PATH: `${path('bin')}:/usr/bin:/bin` });
  expect(status).toBe(3);
  expect(readFileSync(path('arguments'), 'utf8').trim().split('\n')).toEqual([
    '-ptx',
    '-arch=compute_75',
    '-DX=`id`; "id"',
    `-I${folder}`,
    '--use_fast_math',
    '-o',
    '$(id).ptx',
    '-x',
    'cu',
    'kernel.cu',
  ]);
});

if (!hasCompiler) {
  skipTest('nodecuda compile with a stand-in for NVRTC', 'no cc');
} else {
  const fake = path('lib/libnvrtc.so.12');
  beforeAll(() => {
    makeFake(path('lib'));
  });

  test('writes PTX or machine code, tells names and warnings', () => {
    writeFileSync(path('warned.cu'), 'FAKE_LOG=a warning');
    const ended = run(['compile', 'warned.cu', '--nvrtc', fake, '-DA=1', '--name', 'f<int>']);
    expect(ended).toMatchObject({
      status: 0,
      stdout: 'f<int>: _Z_f<int>\n',
      stderr: 'a warning\n',
    });
    const ptx = readFileSync(path('warned.ptx'), 'utf8');
    for (const line of [
      'name: warned.cu',
      'option: --gpu-architecture=compute_75',
      'option: --define-macro=A=1',
      `option: --include-path=${folder}`,
    ]) {
      expect(ptx).toContain(`// ${line}\n`);
    }
    expect(run(['compile', source, '-o', 'k.cubin', '--nvrtc', fake]).status).toBe(0);
    expect(readFileSync(path('k.cubin'), 'latin1')).toBe('\x7fELFfake');
  });

  test('what does not compile writes nothing', () => {
    writeFileSync(path('wrong.cu'), 'FAKE_STATUS=6 FAKE_LOG=wrong.cu(1): error');
    const { status, stderr } = run(['compile', 'wrong.cu', '--nvrtc', fake]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/wrong\.cu\(1\): error/);
    expect(existsSync(path('wrong.ptx'))).toBe(false);
  });
}
