/**
 * `nodecuda debug`: stops kernels on the simulated device, at a prompt.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { cuda, type KernelDebugger, type KernelStop } from '../../index.js';
import { Commands, HELP } from './commands.js';
import { DapSession } from './dap.js';
import { Script, ScriptError } from './script.js';

export const USAGE = `Usage: nodecuda debug [--wait SECONDS] SCRIPT [ARGUMENTS...]
       nodecuda debug --dap                    for editors

Runs a script with its kernels on a simulated device, and stops them where you say:

${HELP}

Commands may come through a pipe. Behind the last of them, or quit, the script has SECONDS (10) to end or to stop.
`;

const WAIT_SECONDS = 10;
const QUIT = -1; // in place of a script's exit code
const OUT_OF_TIME = -2;
const PROMPT = '(nodecuda) ';

/** Lines of stdin as they are asked for: commands may come before there is time for them. */
class Prompt {
  readonly #lines: string[] = [];
  readonly #interface = createInterface({ input: process.stdin, output: process.stdout });
  readonly isTerminal = process.stdin.isTTY === true;
  #isOver = false;
  #wake: (() => void) | undefined;
  #endInput = () => {};
  /** Settled once the end of the input, or a command that quits, has been read: perhaps ahead of time. */
  readonly isRead = new Promise<void>((resolve) => {
    this.#endInput = resolve;
  });

  constructor(quits: (line: string) => boolean, onInterrupt: () => void) {
    this.#interface.setPrompt(PROMPT);
    this.#interface.on('line', (line) => {
      this.#lines.push(line);
      if (quits(line)) this.#endInput();
      this.#wake?.();
    });
    this.#interface.on('close', () => {
      this.#isOver = true;
      this.#endInput();
      this.#wake?.();
    });
    // A terminal in raw mode sends no signal.
    this.#interface.on('SIGINT', onInterrupt);
    process.on('SIGINT', onInterrupt);
  }

  /** Undefined at the end of the input, and once `abandoned` is settled. */
  async next(abandoned: Promise<unknown>): Promise<string | undefined> {
    if (this.isTerminal && !this.#isOver) this.#interface.prompt();
    let given = false;
    if (this.#lines.length === 0 && !this.#isOver) {
      const line = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([line, abandoned.then(() => (given = true))]);
    }
    const next = given ? undefined : this.#lines.shift();
    // So that what is written can be read without the input.
    if (next !== undefined && !this.isTerminal) process.stdout.write(`${PROMPT}${next}\n`);
    return next;
  }

  /** What was read and not asked for is dropped. */
  close(): void {
    this.#lines.length = 0;
    this.#interface.close();
    process.stdin.destroy();
  }
}

async function debugScript(script: Script, debug: KernelDebugger, seconds: number) {
  const write = (text: string) => process.stdout.write(text);
  const commands = new Commands(debug, script.path, write);
  let end = (_code: number) => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  let isWaiting = false;
  let interrupts = 0;
  let last: KernelStop | undefined;
  const prompt = new Prompt(commands.quits, () => {
    if (!isWaiting || ++interrupts > 1) {
      end(QUIT);
      return;
    }
    write('\nstops at the next instruction of a kernel; Ctrl-C again quits\n');
    debug.pause();
  });
  // Whoever reads what is written has seen enough.
  process.stdout.on('error', () => {
    prompt.close();
    end(QUIT);
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
      if (next === 'quit') return codeOf(last);
      if (next === 'run' && script.hasBegun) {
        write('the script runs: continue goes on\n');
        continue;
      }
      if (next === 'ask') continue;
      if (next === 'run') void script.run().then(end);
      isWaiting = true;
      const what = await Promise.race([debug.stopped(), ended, nothingToCome()]);
      isWaiting = false;
      interrupts = 0;
      if (typeof what === 'number') {
        if (what === QUIT) return codeOf(last);
        if (what === OUT_OF_TIME) {
          write(
            `the script has neither ended nor stopped for ${seconds} s, and no command is left: `,
          );
          write('it is ended (see --wait)\n');
          commands.showUnmatched();
          return 1;
        }
        write(`the script has ended with ${what}\n`);
        commands.showUnmatched();
        return what;
      }
      if (what === null) continue;
      last = what;
      commands.show(what);
    }
  }

  /** Whoever types means now; a pipe may have told all ahead. */
  async function nothingToCome(): Promise<number> {
    await prompt.isRead;
    if (prompt.isTerminal) return QUIT;
    return delay(seconds * 1000, OUT_OF_TIME, { ref: false });
  }
}

/** Of who quits, having seen that stop last. */
function codeOf(last: KernelStop | undefined): number {
  return last?.reason === 'fault' || last?.reason === 'deadlock' ? 1 : 0;
}

function secondsOf(text: string | undefined): number {
  // Timers count milliseconds in 31 bits.
  if (/^\d{1,6}$/.test(text ?? '')) return Number(text);
  throw new ScriptError(`expected seconds behind --wait, and not ${text ?? 'nothing'}`);
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
    const waits = first === '--wait';
    const seconds = waits ? secondsOf(rest.shift()) : WAIT_SECONDS;
    const path = waits ? rest.shift() : first;
    if (path === undefined) throw new ScriptError('which script?');
    return await debugScript(new Script(path, rest), cuda.debugger(), seconds);
  } catch (error) {
    process.stderr.write(`nodecuda debug: ${(error as Error).message}\n`);
    return error instanceof ScriptError ? 2 : 1;
  }
}
