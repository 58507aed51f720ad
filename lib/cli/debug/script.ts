/**
 * The script that is debugged: in a Worker, so that this thread can answer while that one waits for a
 * kernel which is stopped.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A script that cannot be run. */
export class ScriptError extends Error {}

export interface ScriptOptions {
  /** What it writes is kept from stdout, and handed to this. */
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

export class Script {
  readonly path: string;
  readonly #args: readonly string[];
  readonly #simulate: string;
  readonly #onOutput: ScriptOptions['onOutput'];
  #worker: Worker | undefined;
  #isEnding = false;

  constructor(script: string, args: readonly string[], { onOutput }: ScriptOptions = {}) {
    this.path = resolve(script);
    if (!statSync(this.path, { throwIfNoEntry: false })?.isFile()) {
      throw new ScriptError(`there is no script ${script}`);
    }
    const simulate = process.env.NODECUDA_SIMULATE?.trim() ?? '';
    if (/^0+$/.test(simulate)) {
      throw new ScriptError(
        `kernels on a GPU are debugged with cuda-gdb: NODECUDA_SIMULATE is ${simulate}, and has to be 1 or more`,
      );
    }
    this.#simulate = simulate === '' ? '1' : simulate;
    this.#args = args;
    this.#onOutput = onOutput;
  }

  get hasBegun(): boolean {
    return this.#worker !== undefined;
  }

  /** Resolves with the exit code. An error that nobody has caught is written to stderr. */
  run(): Promise<number> {
    const captured = this.#onOutput !== undefined;
    const worker = new Worker(this.path, {
      argv: [...this.#args],
      env: { ...process.env, NODECUDA_SIMULATE: this.#simulate },
      stdout: captured,
      stderr: captured,
    });
    this.#worker = worker;
    for (const name of ['stdout', 'stderr'] as const) {
      if (captured) {
        worker[name].setEncoding('utf8').on('data', (text) => this.#onOutput?.(text, name));
      }
    }
    worker.on('error', (error: unknown) => {
      if (this.#isEnding) return;
      const words = `${(error as Error | null)?.stack ?? error}\n`;
      if (this.#onOutput === undefined) process.stderr.write(words);
      else this.#onOutput(words, 'stderr');
    });
    return new Promise((done) => worker.on('exit', done));
  }

  /** No kernel may be stopped: the script may be waiting for it. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker?.terminate();
  }
}
