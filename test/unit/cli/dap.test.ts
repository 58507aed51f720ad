// `nodecuda debug --dap`: a session as an editor has it.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageReader, messageBytes } from '../../../lib/cli/debug/messages.js';
import { root } from '../../support/child.js';
import { thrown } from '../../support/errors.js';
import { removeFolders, temporaryFolder } from '../../support/nvrtc.js';
import { PTX, ptxLine } from '../debugger/kernels.js';

const folder = temporaryFolder();
afterAll(removeFolders);
const VARIABLES = join(root, 'test/unit/debugger/variables.ptx');
const program = join(folder, 'script.cjs');
writeFileSync(
  program,
  `const { cuda } = require(${JSON.stringify(root)});
  const device = cuda.device();
  const code = device.loadModule(${JSON.stringify(PTX)});
  const data = device.from(new Float32Array(64));
  for (const name of process.argv.slice(2)) {
    if (name === 'variables') {
      const code = device.loadModule(require('node:fs').readFileSync(${JSON.stringify(VARIABLES)}, 'utf8'));
      const types = ['float32*', 'float32*', 'int32', 'int32[6]', 'void*', 'void*'];
      const given = [0, 0, 0, 0, 0, 0];
      code.kernel(name, types).launch({ grid: 1, block: 32, sharedMemoryBytes: 256 },
        data, data, 32, given, data, null);
      device.synchronizeSync();
      continue;
    }
    code.kernel(name, ['float32*']).launch({ grid: 1, block: 32 }, data);
    device.synchronizeSync();
    console.log('done', name);
  }
  process.exit(4);`,
);

// biome-ignore lint/suspicious/noExplicitAny: as the protocol has them
type Message = Record<string, any>;

class Editor {
  readonly child: ChildProcess;
  readonly messages: Message[] = [];
  readonly ended: Promise<number | null>;
  #seq = 0;
  #wake = () => {};

  constructor() {
    this.child = spawn(process.execPath, [join(root, 'dist/cli.js'), 'debug', '--dap'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    const reader = new MessageReader();
    this.child.stdout!.on('data', (chunk) => {
      this.messages.push(...reader.take(chunk));
      this.#wake();
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  /** Takes out the first message that is so, now or later. */
  async take(matches: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const index = this.messages.findIndex(matches);
      if (index >= 0) return this.messages.splice(index, 1)[0]!;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  event(name: string): Promise<Message> {
    return this.take(({ event }) => event === name).then(({ body }) => body);
  }

  async ask(command: string, args?: object): Promise<Message> {
    const seq = ++this.#seq;
    this.child.stdin!.write(messageBytes({ seq, type: 'request', command, arguments: args }));
    const answer = await this.take((message) => message.request_seq === seq);
    return answer.success ? (answer.body ?? {}) : { failed: answer.message };
  }
}

async function begin(args: string[]): Promise<Editor> {
  const editor = new Editor();
  expect(await editor.ask('initialize', { adapterID: 'nodecuda' })).toMatchObject({
    supportsConfigurationDoneRequest: true,
  });
  await editor.event('initialized');
  await editor.ask('launch', { program, args });
  return editor;
}

test('breakpoints, steps, stacks and registers', async () => {
  const editor = await begin(['branch']);
  const set = (lines: number[]) =>
    editor.ask('setBreakpoints', {
      source: { path: '/elsewhere/scale.cu' },
      breakpoints: lines.map((line) => ({ line })),
    });
  const message = 'no kernel that ran has code there yet';
  expect(await set([22, 21])).toEqual({
    breakpoints: [
      { id: 1, verified: false, message },
      { id: 2, verified: false, message },
    ],
  });
  await set([21]); // replaces them
  expect(
    await editor.ask('setFunctionBreakpoints', {
      breakpoints: [{ name: 'nobody' }, { name: 'no name' }, { name: 'a', condition: 'odd' }],
    }),
  ).toMatchObject({ breakpoints: [{ id: 4, message }, { verified: false }, { verified: false }] });
  await editor.ask('configurationDone');
  expect(await editor.event('breakpoint')).toEqual({
    reason: 'changed',
    breakpoint: { id: 3, verified: true },
  });
  expect(await editor.event('stopped')).toMatchObject({ reason: 'breakpoint', threadId: 1 });
  expect(await set([21])).toMatchObject({ breakpoints: [{ verified: false }] }); // not asked for yet

  const { threads } = await editor.ask('threads');
  expect(threads).toEqual([
    { id: 1, name: 'branch block (0,0,0) thread (16,0,0)' },
    { id: 2, name: 'branch block (0,0,0) thread (0,0,0)' },
  ]);
  const top = async (threadId: number) =>
    (await editor.ask('stackTrace', { threadId })).stackFrames[0];
  const frame = await top(1);
  // The source is not to be found here: the PTX stands for it.
  expect(frame).toMatchObject({ name: 'branch', line: ptxLine('add.s32 %r2, %r1, 1000') });
  expect((await top(2)).line).toBe(ptxLine('add.s32 %r2, %r1, 100;'));
  const { content } = await editor.ask('source', frame.source);
  expect(content).toBe(PTX.trimEnd());

  const { scopes } = await editor.ask('scopes', { frameId: frame.id });
  expect(await editor.ask('variables', scopes[0])).toMatchObject({
    failed: expect.stringMatching(/compiled with -G$/),
  });
  const { variables } = await editor.ask('variables', scopes[1]);
  expect(variables).toContainEqual({
    name: '%r1',
    type: 'b32',
    value: '0x00000010 = 16',
    variablesReference: 0,
  });

  await editor.ask('stepIn', { threadId: 1 });
  expect(await editor.event('stopped')).toMatchObject({ reason: 'step' });
  expect((await top(1)).line).toBe(ptxLine('add.s32 %r3, %r2, 0'));
  await editor.ask('continue', { threadId: 1 });
  expect(await editor.event('output')).toMatchObject({
    category: 'stdout',
    output: 'done branch\n',
  });
  expect(await editor.event('exited')).toEqual({ exitCode: 4 });
  await editor.event('terminated');
  expect(await editor.ended).toBe(4);
});

test('variables by the names of the source', async () => {
  const editor = await begin(['variables']);
  await editor.ask('setBreakpoints', {
    source: { path: '/src/variables.cu' },
    breakpoints: [{ line: 80 }],
  });
  await editor.ask('configurationDone');
  await editor.event('stopped');
  const { stackFrames } = await editor.ask('stackTrace', { threadId: 1 });
  const { scopes } = await editor.ask('scopes', { frameId: stackFrames[0].id });
  expect(scopes.map(({ name }: { name: string }) => name)).toEqual(['Locals', 'Registers']);
  const { variables } = await editor.ask('variables', scopes[0]);
  const named = (name: string) => variables.find((each: { name: string }) => each.name === name);
  expect(named('color')).toEqual({
    name: 'color',
    type: 'Color',
    value: 'GREEN (5)',
    evaluateName: 'color',
    variablesReference: 0,
  });
  expect(named('squares')).toMatchObject({ type: 'int[4]', indexedVariables: 4 });
  const inner = await editor.ask('variables', named('copy'));
  expect(inner.variables).toMatchObject([
    { name: 'Base', value: '{id = 0}' },
    { name: 'x', value: '0' },
    { name: 'y' },
    { name: 'tags' },
  ]);
  expect((await editor.ask('variables', inner.variables[3])).variables).toHaveLength(3);
  const evaluate = (expression: string) =>
    editor.ask('evaluate', { expression, frameId: stackFrames[0].id });
  expect(await evaluate('copy.tags[1]')).toMatchObject({ result: '0', type: 'int' });
  expect(await evaluate('%ntid.x')).toMatchObject({ result: '32', type: 'u32' });
  expect(await evaluate('%nothing')).toEqual({ failed: 'there is no register %nothing' });
  expect(await evaluate('nobody')).toEqual({ failed: 'There is no variable nobody here' });
  const set = (reference: number, name: string, value: string) =>
    editor.ask('setVariable', { variablesReference: reference, name, value });
  const tags = inner.variables[3].variablesReference;
  expect(await set(tags, '[1]', '77')).toEqual({ value: '77' });
  expect(await evaluate('copy.tags[1]')).toMatchObject({ result: '77' });
  const base = (await editor.ask('variables', named('copy'))).variables[0].variablesReference;
  expect(await set(base, 'id', '-5')).toEqual({ value: '-5' });
  expect(await set(scopes[0].variablesReference, 'letter', '66')).toEqual({ value: "66 'B'" });
  expect(await set(scopes[0].variablesReference, 'letter', '1000')).toMatchObject({
    failed: expect.stringMatching(/^Expected a value of 8 bits/),
  });
  expect(await set(scopes[0].variablesReference, 'letter', 'B')).toEqual({
    failed: 'B is no value',
  });
  expect(await set(scopes[1].variablesReference, '%r1', '12')).toEqual({
    value: '0x0000000c = 12',
    type: 'b32',
  });
  await editor.ask('next', { threadId: 1 });
  await editor.event('stopped');
  expect(await editor.ask('variables', named('copy'))).toMatchObject({
    failed: 'no kernel is stopped',
  });
  await editor.ask('disconnect');
  await editor.ended;
});

test('pause, and disconnecting from a kernel that is stopped', async () => {
  const editor = await begin(['spin']);
  await editor.ask('configurationDone');
  await editor.ask('pause', { threadId: 1 });
  expect(await editor.event('stopped')).toMatchObject({ reason: 'pause' });
  expect(await editor.ask('disconnect')).toEqual({});
  expect(await editor.ended).toBe(0);
});

test('a fault is an exception, and what cannot be is told', async () => {
  const editor = await begin(['fault']);
  expect(await editor.ask('continue')).toEqual({ failed: 'No kernel is stopped in the debugger' });
  expect(await editor.ask('stackTrace', { threadId: 1 })).toEqual({
    failed: 'no kernel is stopped',
  });
  expect(await editor.ask('readMemory')).toEqual({ failed: 'readMemory is not supported' });
  expect(await editor.ask('threads')).toEqual({ threads: [{ id: 1, name: 'kernels' }] });
  await editor.ask('configurationDone');
  expect(await editor.event('stopped')).toMatchObject({
    reason: 'exception',
    text: expect.stringContaining('0x40'),
  });
  await editor.ask('continue', { threadId: 1 });
  expect(await editor.event('exited')).toEqual({ exitCode: 1 });
  expect(await editor.ended).toBe(1);
});

test('what is no message ends it', async () => {
  const editor = new Editor();
  editor.child.stdin!.write('GET / HTTP/1.1\r\n\r\n');
  expect(await editor.ended).toBe(1);
});

test('messages in pieces', () => {
  const reader = new MessageReader();
  const bytes = Buffer.from(messageBytes({ seq: 1, command: 'ä' }) + messageBytes({ seq: 2 }));
  const found = [...bytes].flatMap((byte) => reader.take(Buffer.of(byte)));
  expect(found).toEqual([{ seq: 1, command: 'ä' }, { seq: 2 }]);
  expect(thrown(() => reader.take(Buffer.from('GET /\r\n\r\n'))).message).toMatch(/Content-Length/);
});
