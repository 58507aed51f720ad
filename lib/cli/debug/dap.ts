/**
 * `nodecuda debug --dap`: the debugger for editors, by the Debug Adapter Protocol over stdin and stdout.
 * A stopped kernel shows as the threads of its block, one for each group of lanes that stand together.
 *
 * @see {@link https://microsoft.github.io/debug-adapter-protocol/specification | the protocol}
 */
import { basename } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { parseValue } from '../../debugger/encode.js';
import { indexOf, WARP } from '../../debugger/threads.js';
import {
  type CodePlace,
  cuda,
  type KernelStop,
  type SourceVariable,
  type StepBy,
  type ThreadPlace,
} from '../../index.js';
import { MessageReader, messageBytes, type Request } from './messages.js';
import { Script } from './script.js';
import { variableWords } from './variable-words.js';
import { Sources, stopWords, valueWords } from './words.js';

interface Thread {
  readonly id: number;
  readonly name: string;
  readonly who: ThreadPlace;
}

interface List {
  readonly read: () => object[];
  readonly who: ThreadPlace;
  readonly path: (name: string) => string;
}

const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
};
const PTX_SOURCE = 1;
const FRAMES_PER_THREAD = 2048;

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`${name} is missing`);
  return value;
}

export class DapSession {
  readonly #output: Writable;
  readonly #debug = cuda.debugger();
  readonly #breakpoints = new Map<string, number[]>(); // by file; '' for those of names
  readonly #unverified = new Set<number>();
  readonly done: Promise<number>;
  #finish = (_code: number) => {};
  #seq = 0;
  #script: Script | undefined;
  #sources = new Sources('.');
  #threads: Thread[] = [];
  #lists: List[] = []; // of variables, by number from 1

  constructor(input: Readable, output: Writable) {
    this.#output = output;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const reader = new MessageReader();
    input.on('data', (chunk: Buffer) => {
      try {
        for (const request of reader.take(chunk)) this.#answer(request);
      } catch (error) {
        process.stderr.write(`nodecuda debug: ${(error as Error).message}\n`);
        void this.#end(1);
      }
    });
    input.on('end', () => void this.#end(0));
    output.on('error', () => void this.#end(0));
    this.#await();
  }

  #send(message: object): void {
    this.#output.write(messageBytes({ seq: ++this.#seq, ...message }));
  }

  #event(event: string, body?: object): void {
    this.#send({ type: 'event', event, body });
  }

  #answer({ seq, command, arguments: args = {} }: Request): void {
    const answer = { type: 'response', request_seq: seq, command };
    try {
      const handle = this.#requests[command];
      if (handle === undefined) throw new Error(`${command} is not supported`);
      this.#send({ ...answer, success: true, body: handle(args) });
    } catch (error) {
      this.#send({ ...answer, success: false, message: (error as Error).message });
    }
    if (command === 'initialize') this.#event('initialized');
    if (command === 'disconnect' || command === 'terminate') void this.#end(0);
  }

  readonly #requests: Readonly<
    Record<string, (args: Record<string, unknown>) => object | undefined>
  > = {
    initialize: () => CAPABILITIES,
    launch: ({ program, args }) => {
      const words = Array.isArray(args) ? args.map(String) : [];
      this.#script = new Script(text(program, 'program'), words, {
        onOutput: (output, category) => this.#event('output', { category, output }),
      });
      this.#sources = new Sources(this.#script.path);
      return undefined;
    },
    setBreakpoints: ({ source, breakpoints }) => {
      const path = text((source as { path?: unknown } | undefined)?.path, 'source.path');
      const at = (each: { line: number }) => `${basename(path)}:${each.line}`;
      return this.#setBreakpoints(path, breakpoints, at);
    },
    setFunctionBreakpoints: ({ breakpoints }) =>
      this.#setBreakpoints('', breakpoints, (each: { name: string }) => each.name),
    setExceptionBreakpoints: () => undefined,
    configurationDone: () => {
      if (this.#script === undefined) throw new Error('there was no launch');
      void this.#script.run().then((code) => {
        this.#verify();
        this.#event('exited', { exitCode: code });
        this.#event('terminated');
        void this.#end(code);
      });
      return undefined;
    },
    // An editor wants one, whether or not a kernel is stopped.
    threads: () => ({
      threads:
        this.#threads.length > 0
          ? this.#threads.map(({ id, name }) => ({ id, name }))
          : [{ id: 1, name: 'kernels' }],
    }),
    stackTrace: ({ threadId }) => {
      const thread = this.#thread(threadId);
      const frames = this.#debug.frames(thread.who);
      const stackFrames = frames.map((place, depth) => ({
        id: thread.id * FRAMES_PER_THREAD + depth,
        name: place.function,
        column: 1,
        ...this.#place(place),
      }));
      return { stackFrames, totalFrames: frames.length };
    },
    scopes: ({ frameId }) => {
      const { thread, depth } = this.#frame(frameId);
      // What the calling functions had is saved where the debugger does not look.
      if (depth > 0) return { scopes: [] };
      const locals = () =>
        this.#debug
          .variables(thread.who)
          .map((each) => this.#variable(each, each.name, thread.who));
      const registers = () =>
        this.#debug.registers(thread.who).map((each) => ({
          name: each.name,
          type: each.type,
          value: valueWords(each.type, each.bits),
          variablesReference: 0,
        }));
      return {
        scopes: [
          this.#scope('Locals', this.#refer(locals, thread.who)),
          this.#scope('Registers', this.#refer(registers, thread.who)),
        ],
      };
    },
    variables: ({ variablesReference }) => {
      return { variables: this.#list(variablesReference).read() };
    },
    setVariable: ({ variablesReference, name, value }) => {
      const { who, path } = this.#list(variablesReference);
      const given = parseValue(text(value, 'value').trim());
      if (given === undefined) throw new Error(`${value} is no value`);
      const what = path(text(name, 'name'));
      if (what.startsWith('%')) {
        this.#debug.setRegister(what, given, who);
        const { type, bits } = this.#debug.register(what, who)!;
        return { value: valueWords(type, bits), type };
      }
      this.#debug.setVariable(what, given, who);
      return { value: variableWords(this.#debug.variable(what, who)) };
    },
    evaluate: ({ expression, frameId }) => {
      const name = text(expression, 'expression').trim();
      const { who } = frameId === undefined ? this.#thread(1) : this.#frame(frameId).thread;
      if (name.startsWith('%')) {
        const found = this.#debug.register(name, who);
        if (found === null) throw new Error(`there is no register ${name}`);
        return {
          type: found.type,
          result: valueWords(found.type, found.bits),
          variablesReference: 0,
        };
      }
      const { value, ...rest } = this.#variable(this.#debug.variable(name, who), name, who);
      return { ...rest, result: value };
    },
    source: () => ({ content: this.#debug.ptxLines(1, 2 ** 30).join('\n') }),
    continue: () => {
      this.#resume(() => this.#debug.continue());
      return { allThreadsContinued: true };
    },
    next: (args) => this.#step('over', args),
    stepIn: (args) => this.#step('line', args),
    stepOut: (args) => this.#step('out', args),
    pause: () => {
      this.#debug.pause();
      return undefined;
    },
    disconnect: () => undefined,
    terminate: () => undefined,
  };

  #setBreakpoints<T>(file: string, given: unknown, at: (each: T) => string): object {
    for (const id of this.#breakpoints.get(file) ?? []) {
      this.#debug.deleteBreakpoint(id);
      this.#unverified.delete(id);
    }
    const ids: number[] = [];
    this.#breakpoints.set(file, ids);
    const wanted = Array.isArray(given) ? (given as (T & { condition?: string })[]) : [];
    return {
      breakpoints: wanted.map((each) => {
        try {
          const { id } = this.#debug.breakAt(at(each), { when: each.condition || undefined });
          ids.push(id);
          if (this.#debug.matchOf(id) !== 'none') return { id, verified: true };
          this.#unverified.add(id);
          return { id, verified: false, message: 'no kernel that ran has code there yet' };
        } catch (error) {
          return { verified: false, message: (error as Error).message };
        }
      }),
    };
  }

  /** Kernels have run: tells of breakpoints that have found their code. */
  #verify(): void {
    for (const id of this.#unverified) {
      if (this.#debug.disposed || this.#debug.matchOf(id) === 'none') continue;
      this.#unverified.delete(id);
      this.#event('breakpoint', { reason: 'changed', breakpoint: { id, verified: true } });
    }
  }

  #step(by: StepBy, { threadId }: Record<string, unknown>): undefined {
    const { who } = this.#thread(threadId);
    this.#resume(() => this.#debug.step(by, who));
  }

  #thread(id: unknown): Thread {
    const found = this.#threads.find((each) => each.id === id);
    if (found === undefined) throw new Error('no kernel is stopped');
    return found;
  }

  #frame(id: unknown): { thread: Thread; depth: number } {
    const number = Number(id);
    const thread = this.#thread(Math.floor(number / FRAMES_PER_THREAD));
    return { thread, depth: number % FRAMES_PER_THREAD };
  }

  #scope(name: string, variablesReference: number): object {
    return { name, variablesReference, expensive: false };
  }

  /**
   * For an editor, which asks for the list with that number until the kernel goes on. `path`: what one of
   * them is called by `print`.
   */
  #refer(read: () => object[], who: ThreadPlace, path = (name: string) => name): number {
    return this.#lists.push({ read, who, path });
  }

  #list(number: unknown): List {
    const list = this.#lists[Number(number) - 1];
    if (list === undefined) throw new Error('no kernel is stopped');
    return list;
  }

  #variable(
    variable: SourceVariable,
    path: string,
    who: ThreadPlace,
  ): { value: string; [part: string]: unknown } {
    const { name, type, members, length } = variable;
    // What a base class has is named as if it were the structure's.
    const bases = new Set(members.flatMap((each) => (each.name === each.type ? [each.name] : [])));
    const inner = (each: string) =>
      bases.has(each) ? path : length === null ? `(${path}).${each}` : `(${path})${each}`;
    const read = () => members.map((each) => this.#variable(each, inner(each.name), who));
    return {
      name,
      type,
      value: variableWords(variable),
      evaluateName: path,
      variablesReference: members.length === 0 ? 0 : this.#refer(read, who, inner),
      ...(length !== null && { indexedVariables: members.length }),
    };
  }

  #place({ source, ptxLine }: CodePlace): object {
    const found = this.#sources.find(source);
    return found === undefined
      ? { line: ptxLine, source: { name: 'kernel.ptx', sourceReference: PTX_SOURCE } }
      : { line: found.line, source: { name: basename(found.path), path: found.path } };
  }

  /** The stopped thread, then the first of each other group of lanes. */
  #threadsOf(stop: KernelStop): Thread[] {
    const { block, blockSize } = stop;
    const others = this.#debug.warps().filter(({ state }) => state !== 'running');
    const firsts = others.map(({ warp, lanes }) =>
      indexOf(warp * WARP + 31 - Math.clz32(lanes & -lanes), blockSize),
    );
    return [stop.thread, ...firsts].map((thread, i) => ({
      id: i + 1,
      name: `${stop.kernel} block (${block}) thread (${thread})`,
      who: { block, thread },
    }));
  }

  async #follow(): Promise<void> {
    const stop = await this.#debug.stopped();
    if (stop === null) return;
    this.#verify();
    this.#threads = this.#threadsOf(stop);
    const isError = stop.reason === 'fault' || stop.reason === 'deadlock';
    this.#event('stopped', {
      reason: isError ? 'exception' : stop.reason,
      description: stopWords(stop).split('\n', 1)[0],
      text: stop.message ?? '',
      threadId: 1,
      allThreadsStopped: true,
    });
  }

  #resume(go: () => void): void {
    go();
    this.#threads = [];
    this.#lists = [];
    this.#await();
  }

  /** Another thread may have disposed the device whose kernel has just stopped. */
  #await(): void {
    this.#follow().catch((error: Error) =>
      this.#event('output', { category: 'stderr', output: `nodecuda debug: ${error.message}\n` }),
    );
  }

  async #end(code: number): Promise<void> {
    this.#debug.dispose({ endKernels: true });
    await this.#script?.end();
    this.#finish(code);
  }
}
