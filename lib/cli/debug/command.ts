/**
 * `nodecuda debug`: stops kernels on the simulated device, at a prompt.
 */
import { createInterface } from 'node:readline';
import { cuda, type KernelDebugger, type KernelStop } from '../../index.js';
import { Commands, HELP } from './commands.js';
import { DapSession } from './dap.js';
import { Script, ScriptError } from './script.js';

export const USAGE = `Usage: nodecuda debug SCRIPT [ARGUMENTS...]
       nodecuda debug --dap                    for editors

Runs a script with its kernels on a simulated device, and stops them where you say:

${HELP}
`;

const PROMPT = '(nodecuda) ';

/** Lines of stdin as they are asked for: commands may come before there is time for them. */
class Prompt {
  readonly #lines: string[] = [];
  readonly #interface = createInterface({ input: process.stdin, output: process.stdout });
  readonly #isTerminal = process.stdin.isTTY === true;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(onInterrupt: () => void) {
    this.#interface.setPrompt(PROMPT);
    this.#interface.on('line', (line) => {
      this.#lines.push(line);
      this.#wake?.();
    });
    this.#interface.on('close', () => {
      this.#isOver = true;
      this.#wake?.();
    });
    // A terminal in raw mode sends no signal.
    this.#interface.on('SIGINT', onInterrupt);
    process.on('SIGINT', onInterrupt);
  }

  /** Undefined at the end of the input, and once `abandoned` is settled. */
  async next(abandoned: Promise<unknown>): Promise<string | undefined> {
    if (this.#isTerminal) this.#interface.prompt();
    let given = false;
    if (this.#lines.length === 0 && !this.#isOver) {
      const line = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([line, abandoned.then(() => (given = true))]);
    }
    const next = given ? undefined : this.#lines.shift();
    // So that what is written can be read without the input.
    if (next !== undefined && !this.#isTerminal) process.stdout.write(`${PROMPT}${next}\n`);
    return next;
  }

  close(): void {
    this.#interface.close();
    process.stdin.destroy();
  }
}

async function debugScript(script: Script, debug: KernelDebugger): Promise<number> {
  const write = (text: string) => process.stdout.write(text);
  const commands = new Commands(debug, script.path, write);
  let end = (_code: number) => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  let isWaiting = false;
  let interrupts = 0;
  const prompt = new Prompt(() => {
    if (!isWaiting || ++interrupts > 1) {
      end(-1);
      return;
    }
    write('\nstops at the next instruction of a kernel; Ctrl-C again quits\n');
    debug.pause();
  });
  try {
    return await converse();
  } finally {
    debug.dispose({ endKernels: true });
    prompt.close();
    await script.end();
  }

  async function converse(): Promise<number> {
    for (;;) {
      const line = await prompt.next(ended);
      const next = line === undefined ? 'quit' : commands.execute(line);
      if (next === 'quit') return 0;
      if (next === 'run' && script.hasBegun) {
        write('the script runs: continue goes on\n');
        continue;
      }
      if (next === 'ask') continue;
      if (next === 'run') void script.run().then(end);
      isWaiting = true;
      const what: KernelStop | number | null = await Promise.race([debug.stopped(), ended]);
      isWaiting = false;
      interrupts = 0;
      if (typeof what === 'number') {
        if (what < 0) return 0;
        write(`the script has ended with ${what}\n`);
        return what;
      }
      if (what !== null) commands.show(what);
    }
  }
}

/** The exit status. */
export async function debugCommand(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help') {
    (first === undefined ? process.stderr : process.stdout).write(USAGE);
    return first === undefined ? 2 : 0;
  }
  if (first === '--dap') {
    const code = await new DapSession(process.stdin, process.stdout).done;
    process.stdin.destroy();
    return code;
  }
  try {
    const script = new Script(first, rest);
    return await debugScript(script, cuda.debugger());
  } catch (error) {
    process.stderr.write(`nodecuda debug: ${(error as Error).message}\n`);
    return error instanceof ScriptError ? 2 : 1;
  }
}
