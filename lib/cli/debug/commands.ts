/**
 * The commands of `nodecuda debug`.
 */
import { parseValue, registerBits } from '../../debugger/encode.js';
import type { Index } from '../../debugger/threads.js';
import type { BreakpointOptions, KernelDebugger, KernelStop, StepBy } from '../../index.js';
import { variableRows } from './variable-words.js';
import {
  breakpointWords,
  groupWords,
  listWords,
  memoryWords,
  placeWords,
  registerWords,
  Sources,
  stopWords,
  unmatchedWords,
  valueWords,
  whoWords,
} from './words.js';

export const HELP = `run                        starts the script
break PLACE [block X,Y,Z] [thread X,Y,Z] [if %r1 == 7 | if i == 7]
                           stops there: at a kernel's name, scale.cu:12 or ptx:41
info breakpoints           lists them
delete [N]                 takes one away, or all
continue                   goes on to the next stop. Ctrl-C stops the kernel that runs
step, next, finish         goes on to another source line; past calls; out of the function
stepi                      goes on to the next PTX instruction of the warp
print NAME                 a variable of the source or a part: p->next, tile[i][3], *p (nvcc -G)
locals                     the variables of the function
set NAME = VALUE           of a variable or a register; set shared ADDRESS TYPE = VALUE
registers [%r1 ...]        of the thread, all or some; %tid.x and its like if named
lanes %r1                  that register in each lane of the warp
memory global|shared|local ADDRESS [COUNT [TYPE]]
                           ADDRESS: a number or a register, %rd1+16; TYPE: f32, s32, b8, ...
warps                      where the lanes of the block are
thread [X,Y,Z]             looks at another thread of the block
block [X,Y,Z]              looks at another block, if it runs
where                      where the thread is, and from where functions were called
list [ptx]                 the source around, or the PTX
quit                       ends script and kernels, as the end of the input does
All may be shortened: b, c, s, n, si, ...`;

/** What has to happen before the next command. */
export type Next = 'ask' | 'run' | 'wait' | 'quit';

/** A command that cannot be done. */
class CommandError extends Error {}

const STEPS: Readonly<Record<string, StepBy>> = {
  step: 'line',
  next: 'over',
  finish: 'out',
  stepi: 'instruction',
};

const TYPES: Readonly<Record<string, string>> = {
  float32: 'f32',
  float64: 'f64',
  float16: 'f16',
  bfloat16: 'bf16',
  int8: 's8',
  int16: 's16',
  int32: 's32',
  int64: 's64',
  uint8: 'u8',
  uint16: 'u16',
  uint32: 'u32',
  uint64: 'u64',
};

/** How many words a command takes, where it is not none. */
const WORDS: Readonly<Record<string, number>> = {
  break: Infinity,
  print: Infinity,
  set: Infinity,
  registers: Infinity,
  memory: 4,
  lanes: 1,
  thread: 1,
  block: 1,
  list: 1,
  info: 1,
  delete: 1,
};

function parseIndex(text: string | undefined): Index {
  const [, x, y = '0', z = '0'] = /^\(?(\d+)(?:,(\d+))?(?:,(\d+))?\)?$/.exec(text ?? '') ?? [];
  if (x === undefined) throw new CommandError(`${text ?? 'nothing'} is no X,Y,Z`);
  return [Number(x), Number(y), Number(z)];
}

const SPACES = ['global', 'shared', 'local'] as const;

function spaceOf(text: string) {
  const found = SPACES.find((each) => text !== '' && each.startsWith(text));
  if (found === undefined) throw new CommandError('expected global, shared or local');
  return found;
}

function parseType(given: string): { type: string; size: number } {
  const type = TYPES[given] ?? given;
  const [, bits] = /^(?:[bus](8|16|32|64)|f(16|32|64)|bf(16))$/.exec(type)?.filter(Boolean) ?? [];
  if (bits === undefined) throw new CommandError(`there is no type ${given}`);
  return { type, size: Number(bits) / 8 };
}

export class Commands {
  readonly #debug: KernelDebugger;
  readonly #write: (text: string) => void;
  readonly #sources: Sources;
  #stop: KernelStop | undefined;
  #byInstruction = false; // who steps so wants to see the instruction
  #block: Index = [0, 0, 0];
  #thread: Index = [0, 0, 0];

  readonly #commands: Readonly<Record<string, (args: string[]) => Next | undefined>> = {
    break: (args) => this.#break(args),
    continue: () => this.#resume(() => this.#debug.continue()),
    step: () => this.#step('step'),
    next: () => this.#step('next'),
    finish: () => this.#step('finish'),
    stepi: () => this.#step('stepi'),
    run: () => 'run',
    print: (args) => this.#print(args),
    locals: () => this.#locals(),
    registers: (args) => this.#registers(args),
    set: (args) => this.#set(args.join(' ')),
    lanes: (args) => this.#lanes(args),
    memory: (args) => this.#memory(args),
    warps: () => this.#say(this.#debug.warps(this.#who()).map(groupWords).join('\n')),
    where: () => this.#where(),
    thread: ([at]) => this.#look(this.#block, at === undefined ? undefined : parseIndex(at)),
    block: ([at]) => this.#look(at === undefined ? undefined : parseIndex(at), [0, 0, 0]),
    list: ([what]) => this.#list(what),
    info: ([what]) => this.#info(what),
    delete: ([id]) => this.#delete(id),
    help: () => this.#say(HELP),
    quit: () => 'quit',
  };

  constructor(debug: KernelDebugger, script: string, write: (text: string) => void) {
    this.#debug = debug;
    this.#write = write;
    this.#sources = new Sources(script);
  }

  /** A kernel has stopped: says so. */
  show(stop: KernelStop): void {
    this.#stop = stop;
    this.#block = stop.block;
    this.#thread = stop.thread;
    this.#say(stopWords(stop));
    const source = this.#byInstruction ? undefined : this.#sources.find(stop.source);
    const [text] = source
      ? [source.lines[source.line - 1]]
      : this.#debug.ptxLines(stop.ptxLine, stop.ptxLine);
    const number = source ? source.line : stop.ptxLine;
    if (text !== undefined) this.#say(listWords([text], number, number));
  }

  /** The script is over: says which breakpoints never could stop. */
  showUnmatched(): void {
    for (const each of this.#debug.breakpoints) this.#say(unmatchedWords(each, this.#debug) ?? '');
  }

  execute(line: string): Next {
    const [word = '', ...args] = line.trim().split(/\s+/);
    if (word === '') return 'ask';
    try {
      const name = this.#nameOf(word);
      const beyond = args[WORDS[name] ?? 0];
      if (beyond !== undefined) throw new CommandError(`${name} has no use for ${beyond}`);
      return this.#commands[name]!(args) ?? 'ask';
    } catch (error) {
      this.#say((error as Error).message);
      return 'ask';
    }
  }

  /** Whether that is a command to quit. */
  readonly quits = (line: string): boolean => /^\s*q(u(it?)?)?\s*$/.test(line);

  #nameOf(word: string): string {
    const short: Readonly<Record<string, string>> = { si: 'stepi', bt: 'where', x: 'memory' };
    const names = Object.keys(this.#commands);
    const name = short[word] ?? names.find((each) => each.startsWith(word));
    if (name === undefined) throw new CommandError(`there is no command ${word}: see help`);
    return name;
  }

  #say(text: string): undefined {
    if (text !== '') this.#write(`${text}\n`);
  }

  #who() {
    return { block: this.#block, thread: this.#thread };
  }

  #break(args: string[]): undefined {
    const [place, ...rest] = args;
    if (place === undefined) throw new CommandError('where? A kernel, scale.cu:12 or ptx:41');
    const options: BreakpointOptions = {};
    while (rest.length > 0) {
      const word = rest.shift();
      if (word === 'if') options.when = rest.splice(0).join(' ');
      else if (word === 'thread') options.thread = parseIndex(rest.shift());
      else if (word === 'block') options.block = parseIndex(rest.shift());
      else throw new CommandError(`expected block, thread or if, not ${word}`);
    }
    this.#say(`breakpoint ${breakpointWords(this.#debug.breakAt(place, options))}`);
  }

  #resume(go: () => void, byInstruction = false): Next {
    go();
    this.#stop = undefined;
    this.#byInstruction = byInstruction;
    return 'wait';
  }

  #step(name: string): Next {
    return this.#resume(() => this.#debug.step(STEPS[name], this.#who()), name === 'stepi');
  }

  #print(words: string[]): undefined {
    if (words.length === 0) throw new CommandError('which variable?');
    this.#say(variableRows([this.#debug.variable(words.join(' '), this.#who())]));
  }

  #set(text: string): undefined {
    const [, left = '', right = ''] = /^(.+?)\s*=\s*(\S+)$/.exec(text) ?? [];
    const value = parseValue(right);
    if (left === '' || value === undefined) throw new CommandError('expected NAME = VALUE');
    const [space = '', where, given = ''] = left.split(' ');
    if (where !== undefined && given !== '' && SPACES.some((each) => each.startsWith(space))) {
      const { type, size } = parseType(given);
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(registerBits(type, value));
      const at = this.#address(where);
      this.#debug.setMemory(spaceOf(space), at, bytes.subarray(0, size), this.#who());
    } else if (left.startsWith('%')) {
      this.#debug.setRegister(left, value, this.#who());
    } else {
      this.#debug.setVariable(left, value, this.#who());
    }
  }

  #locals(): undefined {
    const variables = this.#debug.variables(this.#who());
    if (variables.length === 0) {
      throw new CommandError('there are no variables, or the thread has ended');
    }
    this.#say(variableRows(variables));
  }

  #registers(names: string[]): undefined {
    const some =
      names.length === 0
        ? this.#debug
            .registers(this.#who())
            .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
        : names.flatMap((name) => this.#debug.register(name, this.#who()) ?? []);
    if (some.length === 0)
      throw new CommandError('there are none of these, or the thread has ended');
    this.#say(some.map(registerWords).join('\n'));
  }

  #lanes([name]: string[]): undefined {
    if (name === undefined) throw new CommandError('which register?');
    const lanes = this.#debug.lanes(name, this.#who());
    const words = lanes.map((each, lane) =>
      each === null ? [] : [`lane ${String(lane).padEnd(2)} ${valueWords(each.type, each.bits)}`],
    );
    if (words.flat().length === 0) throw new CommandError('the threads of the warp have ended');
    this.#say(words.flat().join('\n'));
  }

  #address(text: string | undefined): bigint {
    const [, name, offset = '0'] = /^(%[\w$.]+)(?:\+(\w+))?$/.exec(text ?? '') ?? [];
    if (name === undefined) {
      if (!/^(0[xX][\da-fA-F]+|\d+)$/.test(text ?? '')) throw new CommandError('which address?');
      return BigInt(text!);
    }
    const found = this.#debug.register(name, this.#who());
    if (found === null) throw new CommandError(`there is no register ${name}`);
    return found.bits + BigInt(offset);
  }

  #memory([space = '', where, count = '8', given = 'b32']: string[]): undefined {
    const found = spaceOf(space);
    const { type, size } = parseType(given);
    if (!/^\d+$/.test(count)) throw new CommandError(`${count} is no number of values`);
    const address = this.#address(where);
    const bytes = this.#debug.memory(found, address, Number(count) * size, this.#who());
    this.#say(memoryWords(bytes, address, type, size));
  }

  #where(): undefined {
    const frames = this.#debug.frames(this.#who());
    this.#say(whoWords(this.#block, this.#thread));
    if (frames.length === 0) throw new CommandError('the thread has ended');
    this.#say(frames.map((each, i) => `#${i} ${each.function} at ${placeWords(each)}`).join('\n'));
  }

  #look(block = this.#block, thread = this.#thread): undefined {
    const before = this.#who();
    // Throws where that is not.
    const frames = this.#debug.frames({ block, thread });
    this.#block = block;
    this.#thread = thread;
    const where = frames[0] === undefined ? 'has ended' : `at ${placeWords(frames[0])}`;
    const moved = String([before.block, before.thread]) !== String([block, thread]);
    this.#say(`${moved ? 'now ' : ''}${whoWords(block, thread)}, ${where}`);
  }

  #list(what: string | undefined): undefined {
    const around = 5;
    const [place] = this.#debug.frames(this.#who());
    if (place === undefined) throw new CommandError('the thread has ended');
    const source = what === 'ptx' ? undefined : this.#sources.find(place.source);
    const line = source ? source.line : place.ptxLine;
    const first = Math.max(1, line - around);
    const lines = source
      ? source.lines.slice(first - 1, line + around)
      : this.#debug.ptxLines(first, line + around);
    this.#say(listWords(lines, first, line));
  }

  #info(what = 'breakpoints'): undefined {
    if (!'breakpoints'.startsWith(what))
      throw new CommandError(`expected breakpoints, not ${what}`);
    const { breakpoints } = this.#debug;
    this.#say(breakpoints.map(breakpointWords).join('\n') || 'there are no breakpoints');
    if (this.#stop) this.#say(`stopped: ${stopWords(this.#stop)}`);
  }

  #delete(id: string | undefined): undefined {
    if (!/^\d{1,9}$/.test(id ?? '0')) throw new CommandError(`${id} is no number of a breakpoint`);
    const ids = id === undefined ? this.#debug.breakpoints.map((each) => each.id) : [Number(id)];
    for (const each of ids) {
      if (!this.#debug.deleteBreakpoint(each))
        throw new CommandError(`there is no breakpoint ${id}`);
    }
  }
}
