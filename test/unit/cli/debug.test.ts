// `nodecuda debug`, as a command, with its commands through a pipe.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/child.js';
import { removeFolders, temporaryFolder } from '../../support/nvrtc.js';
import { PTX } from '../debugger/kernels.js';

const folder = temporaryFolder();
afterAll(removeFolders);

const SOURCE = [...Array(60).keys()].map((i) => `line ${i + 1} of the source`);
writeFileSync(join(folder, 'scale.cu'), SOURCE.join('\n'));
writeFileSync(join(folder, 'kernels.ptx'), PTX);

const BEGIN = `
const { cuda } = require(${JSON.stringify(root)});
const device = cuda.device();
const module_ = device.loadModule(require('node:fs').readFileSync(__dirname + '/kernels.ptx', 'utf8'));
const data = device.from(new Float32Array(128).map((_, i) => i));
const scale = () => module_.kernel('scale', ['float32*', 'float32']).launch({ grid: 2, block: 64 }, data, 2);
const run = (name, block = 32) => module_.kernel(name, ['float32*']).launch({ grid: 1, block }, data);
`;

const VARIABLES = join(root, 'test/unit/debugger/variables.ptx');

let scripts = 0;

interface Options {
  args?: string[];
  wait?: string;
  /** Called with what was written so far. */
  onOutput?: (text: string, child: ReturnType<typeof spawn>) => void;
  env?: NodeJS.ProcessEnv;
  isOpen?: boolean;
}

async function debug(body: string, commands: string[], options: Options = {}) {
  const { args = [], wait = '30', onOutput, env = {}, isOpen = false } = options;
  const script = join(folder, `script${scripts++}.cjs`);
  writeFileSync(script, BEGIN + body);
  const words = ['debug', '--wait', wait, script, ...args];
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    onOutput?.(stdout, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // it may have ended before it has read all
  child.stdin.write(commands.map((each) => `${each}\n`).join(''));
  if (!isOpen) child.stdin.end();
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on('close', (...ending) => resolve(ending));
  });
  return { code, signal, stdout, stderr };
}

test('a session, with a script that blocks', async () => {
  const { code, stdout, stderr } = await debug(
    `scale(); device.synchronizeSync(); console.log('scaled', data.readSync()[100]);`,
    [
      'break scale.cu:4 block 1,0,0 thread 40,0,0',
      'b scale.cu:8 block 1 if %r1 == 3',
      'info breakpoints',
      'run',
      'registers %r1 %f1',
      's',
      'where',
      'list',
      'list ptx',
      'thread 41',
      'registers %f2',
      'delete 1',
      'c',
      'memory shared 4 3 f32',
      'memory global %rd1+400 2 float32',
      'warps',
      'block 1',
      'lanes %p1',
      'nonsense',
      'memory shared 1000 1 f32',
      'delete',
      'continue',
    ],
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('(nodecuda) run\n');
  for (const words of [
    'breakpoint 1: scale.cu:4 block 1,0,0 thread 40,0,0',
    'breakpoint 2: scale.cu:8 block 1,0,0 if %r1 == 3',
    'breakpoint 1: kernel scale, block (1,0,0), thread (40,0,0)\nat /src/kernels/scale.cu:4, PTX line',
    '> 4  line 4 of the source',
    '%r1      b32   0x00000028 = 40\n%f1      f32   2\n',
    'step: kernel scale, block (1,0,0), thread (40,0,0)\nat /src/kernels/scale.cu:5',
    '#0 scale at /src/kernels/scale.cu:5, PTX line',
    '  10  line 10 of the source',
    'cvt.f64.f32 %g1, %f3;',
    'now block (1,0,0), thread (41,0,0), at /src/kernels/scale.cu:5',
    '%f2      f32   105\n',
    'breakpoint 2: kernel scale, block (1,0,0), thread (3,0,0)',
    '0x4: 130 132 134\n',
    'warp 0  lanes 0xffffffff running      /src/kernels/scale.cu:8, PTX line',
    'now block (1,0,0), thread (0,0,0)',
    'lane 7  false\nlane 8  true\n',
    'there is no command nonsense: see help',
    'not all of these bytes are in an allocation, or in that memory',
    'scaled 200\n',
    'the script has ended with 0\n',
  ]) {
    expect(stdout).toContain(words);
  }
});

test('variables by the names of the source', async () => {
  const { stdout, stderr, code } = await debug(
    `const code = device.loadModule(require('node:fs').readFileSync(${JSON.stringify(VARIABLES)}, 'utf8'));
    const given = { id: 'int32', x: 'float32', y: 'float32', tags: 'int32[3]' };
    const types = ['float32*', 'float32*', 'int32', { struct: given }, 'void*', 'void*'];
    code.kernel('variables', types).launch({ grid: 1, block: 32, sharedMemoryBytes: 256 },
      data, data, 32, { id: 9, x: 1.5, y: -0.25, tags: [7, 8, 9] }, device.alloc('uint8', 48), null);
    device.synchronizeSync();
    scale();
    device.synchronizeSync();`,
    [
      'break variables.cu:80 thread 3',
      'break scale',
      'run',
      'print copy',
      'p squares[1]',
      'p letter',
      'p color',
      'p nobody',
      'p tile[0] [',
      'p',
      'locals',
      'registers %tid.x %laneid %nothing',
      'thread 4',
      'p i',
      'set i = 5',
      'p i',
      'set copy.x = -2.5',
      'p copy.x',
      'set shared 0x8 f32 = 99',
      'p tile[0][2]',
      'set %r1 = 0x10',
      'registers %r1',
      'set i 5',
      'set i = five',
      'set %tid.x = 3',
      'set count = 3',
      'set copy = 3',
      'delete 1',
      'continue',
      'locals',
      'delete',
      'continue',
    ],
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  for (const words of [
    'copy     Point    {Base = {id = 9}, x = 1.5, y = 2.75, tags = {7, 8, 9}}\n',
    'squares[1] int      33\n',
    "letter   unsigned char 100 'd'\n",
    'color    Color    GREEN (5)\n',
    'There is no variable nobody here\n',
    'Expected a variable or a part of one, such as x, p->next or tile[3], for `expression`',
    'which variable?\n',
    'i        uint                3\n',
    'half     volatile double     1.5\n',
    'names    const char *const * 0x0\n',
    '%tid.x   u32   3\n%laneid  u32   3\n',
    'i        uint     4\n',
    'i        uint     5\n',
    'copy.x   float    -2.5\n',
    'tile[0][2] float    99\n',
    '%r1      b32   0x00000010 = 16\n',
    'set i 5\nexpected NAME = VALUE\n',
    'set i = five\nexpected NAME = VALUE\n',
    'There is no register %tid.x that can be written\n',
    'It cannot be written: parameter memory at 0x10 is not there, or may not be\n',
    'Point is no single value: its members and elements are\n',
    'The module has no names of variables: they are there when it is compiled with -G\n',
  ]) {
    expect(stdout).toContain(words);
  }
});

test('steps, functions, and the exit code of the script', async () => {
  const { code, stdout } = await debug(
    `run('calls', 1); device.synchronizeSync(); process.exit(Number(process.argv[2]));`,
    ['b calls', 'r', 'step', 'step', 'step', 'bt', 'registers %r1', 'finish', 'next', 'si', 'c'],
    { args: ['7'] },
  );
  expect(code).toBe(7);
  expect(stdout).toMatch(/^> \d+ {4}ret;$/m); // what stepi comes to
  expect(stdout).toContain('#0 factorial at /src/kernels/scale.cu:30');
  expect(stdout).toContain('#2 calls at /src/kernels/scale.cu:36');
  expect(stdout).toContain('the script has ended with 7');
});

test('a fault stops, before the script hears of it', async () => {
  const { code, stdout, stderr } = await debug(`run('fault'); device.synchronizeSync();`, [
    'run',
    'registers %r1',
    'continue',
  ]);
  expect(stdout).toMatch(
    /fault: kernel fault, block \(0,0,0\), thread \(5,0,0\)\n.*0x40.*\nat .*:41/,
  );
  expect(stdout).toContain('%r1      b32   0x00000005 = 5');
  expect(stderr).toContain('CudaKernelFaultError');
  expect(code).toBe(1);
});

test.each(['blocks', 'awaits'])('quit ends kernels, with a script that %s', async (how) => {
  const wait = how === 'blocks' ? 'device.synchronizeSync()' : 'device.synchronize()';
  const { code, signal, stdout, stderr } = await debug(`run('spin'); ${wait};`, [
    'break spin',
    'run',
    'stepi',
    'quit',
    'never read',
  ]);
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  expect(stdout).toContain('step: kernel spin');
});

test('the end of the input is quit', async () => {
  const atStop = await debug(`scale(); device.synchronizeSync();`, ['break scale', 'run']);
  expect(atStop).toMatchObject({ code: 0, signal: null });
  expect(await debug('process.exit(3)', [])).toMatchObject({ code: 0 });
});

test.each([
  ['kernel that spins', `run('spin'); device.synchronizeSync();`, ['run']],
  ['kernel that spins', `run('spin'); device.synchronize();`, ['b nobody', 'run', 'quit']],
  ['kernel that spins', `run('spin'); device.synchronize();`, ['run', 'registers', 'q']],
  ['script that idles', `setInterval(() => {}, 1000);`, ['run', 'quit']],
])('behind the last command a %s is ended: %s %j', async (_, body, commands) => {
  const { code, signal, stdout, stderr } = await debug(body, commands, { wait: '1' });
  expect({ code, signal, stderr }).toEqual({ code: 1, signal: null, stderr: '' });
  expect(stdout).toContain('neither ended nor stopped for 1 s');
});

test('quit at a fault is a failure', async () => {
  const body = `run('fault'); device.synchronizeSync();`;
  expect(await debug(body, ['run'])).toMatchObject({ code: 1, signal: null });
  expect(await debug(body, ['break fault', 'run', 'quit'])).toMatchObject({ code: 0 });
  expect(await debug(body, ['run', 'quit'])).toMatchObject({ code: 1, signal: null });
});

test('whoever reads may leave', async () => {
  const { code, signal, stderr } = await debug(
    `for (let i = 0; i < 5000; i++) console.log('line', i); run('spin');`,
    ['help', 'run', 'registers'],
    { onOutput: (_text, child) => child.stdout!.destroy() },
  );
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
});

test('breakpoints that never could stop are told', async () => {
  const { stdout } = await debug(`scale(); device.synchronizeSync();`, [
    ...['b nosuch', 'b nosuch.cu:3', 'b scale thread 64', 'b scale.cu:4 if %r1 == 99', 'b ptx:1'],
    'run',
  ]);
  expect(stdout.split('\n').slice(-6, -1)).toEqual([
    'the script has ended with 0',
    'breakpoint 1: nosuch matched no code of the kernels that ran',
    'breakpoint 2: nosuch.cu:3 matched no code of the kernels that ran',
    'breakpoint 3: scale matched no block or thread of the kernels that ran',
    'breakpoint 5: ptx:1 matched no code of the kernels that ran',
  ]);
});

test('what a command has no use for is refused', async () => {
  const { stdout } = await debug(`scale(); device.synchronizeSync();`, [
    ...['b scale if i+1 == 3', 'b scale.cu:4 if i == 3', 'run'],
    ...['step 5', 'lanes %r1 %r2', 'lanes %nope', 'delete x', 'info registers', 'info b', 'quit'],
  ]);
  for (const words of [
    'for `when` but received "i+1" of type string',
    'its condition i == 3: The module has no names of variables',
    'breakpoint 1: kernel scale, block (0,0,0)',
    'step has no use for 5\n',
    'lanes has no use for %r2\n',
    'No lane of the warp has a register %nope\n',
    'x is no number of a breakpoint\n',
    'expected breakpoints, not registers\n',
  ]) {
    expect(stdout).toContain(words);
  }
});

test('Ctrl-C stops the kernel that runs', async () => {
  let isSent = false;
  const { code, stdout } = await debug(
    `run('spin'); console.log('launched'); device.synchronizeSync();`,
    ['run', 'registers', 'quit'],
    {
      onOutput: (text, child) => {
        if (isSent || !text.includes('launched')) return;
        isSent = true;
        child.kill('SIGINT');
      },
      isOpen: true,
    },
  );
  expect(stdout).toContain('pause: kernel spin');
  expect(code).toBe(0);
});

test('a script that ends while the prompt waits, an ESM one, one that throws', async () => {
  const path = join(folder, 'module.mjs');
  writeFileSync(
    path,
    `process.exitCode = (await import('node:fs')).existsSync('package.json') ? 5 : 6;`,
  );
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), 'debug', path], { cwd: root });
  child.stdin.write('run\n'); // and no end
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(5);

  const thrown = await debug(`throw new Error('of the script');`, ['run']);
  expect(thrown.stderr).toContain('of the script');
  expect(thrown.code).toBe(1);
});

test('usage', async () => {
  const { code, stderr } = await debug('', ['quit']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const onGpu = await debug('', ['quit'], { env: { NODECUDA_SIMULATE: '0' } });
  expect(onGpu).toMatchObject({ code: 2, stderr: expect.stringContaining('cuda-gdb') });
  const run = (...args: string[]) =>
    new Promise<[number | null, string]>((resolve) => {
      const child = spawn(process.execPath, [join(root, 'dist/cli.js'), 'debug', ...args]);
      let text = '';
      for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (each) => (text += each));
      child.on('close', (status) => resolve([status, text]));
    });
  expect(await run()).toEqual([2, expect.stringContaining('Usage: nodecuda debug')]);
  expect(await run('--help')).toEqual([0, expect.stringContaining('stepi')]);
  expect(await run('--wait', 'x', 'a.js')).toEqual([2, expect.stringContaining('seconds')]);
  expect(await run('nowhere.js')).toEqual([2, 'nodecuda debug: there is no script nowhere.js\n']);
});
