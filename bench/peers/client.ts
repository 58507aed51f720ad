import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { PeerWork } from '../measure/case';
import type { Contender } from '../measure/contenders';

export interface PeerProcess {
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** How long it may take to start, and to answer, before it is given up. Default 2 minutes. */
  readonly startMs?: number;
  readonly answerMs?: number;
}

const MOST_MS = 120_000;

/** What a peer cannot do here, which is no mistake of anyone. */
export class PeerSkip extends Error {}

interface Answer {
  readonly ready?: Record<string, string>;
  readonly ok?: boolean;
  readonly ns?: number;
  readonly values?: readonly (number | null)[];
  readonly skip?: string;
  readonly error?: string;
}

/** A process that measures another library, spoken to in lines. */
export class Peer {
  readonly name: string;
  /** Names and versions of what it uses. */
  versions: Readonly<Record<string, string>> = {};
  readonly #child: ChildProcessWithoutNullStreams;
  #patienceMs: number;
  readonly #lines: AsyncIterator<string>;
  #broken: Error | undefined;
  #stderr = '';

  private constructor({ name, command, args = [], env = {}, startMs = MOST_MS }: PeerProcess) {
    this.name = name;
    this.#patienceMs = startMs;
    this.#child = spawn(command, args, { env: { ...process.env, ...env } });
    this.#child.on('error', (error) => {
      this.#broken ??= error;
    });
    this.#child.stdin.on('error', () => {}); // what happened to it is said where the answer misses
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Starts a peer.
   *
   * @throws {@link PeerSkip} if it is not there, or says that it cannot work here
   */
  static async start(what: PeerProcess): Promise<Peer> {
    const peer = new Peer(what);
    try {
      const { ready } = await peer.#answer();
      if (ready === undefined) throw new Error('it did not say that it is ready');
      peer.versions = ready;
      peer.#patienceMs = what.answerMs ?? MOST_MS;
      return peer;
    } catch (error) {
      peer.close();
      throw new PeerSkip((error as Error).message);
    }
  }

  /** Makes operands ready and does the work once. */
  async prepare({ operation, options }: PeerWork): Promise<void> {
    const words = Object.entries(options).map(([key, value]) => `${key}=${wordOf(value)}`);
    await this.#ask(['prepare', operation, ...words].join(' '));
  }

  /** What has been prepared, as a contender. */
  contender({ operation, options, names }: PeerWork): Contender {
    const isDeviceTime =
      operation === 'copy'
        ? options.direction === 'device-to-device'
        : operation !== 'enqueue' && options.place !== 'host';
    return {
      name: names?.[this.name] ?? this.name,
      clock: isDeviceTime ? 'device' : 'host',
      run: async (times) => (await this.#ask(`run ${times}`)).ns,
      sample: async (indices) => {
        const { values } = await this.#ask(`sample ${indices.join(',')}`);
        return values!.map((value) => value ?? Number.NaN);
      },
    };
  }

  /** Gives its memory back, if it can. */
  async release(): Promise<void> {
    if (this.#broken === undefined) await this.#ask('release').catch(() => {});
  }

  close(): void {
    this.#broken ??= new Error('it was closed');
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #ask(line: string): Promise<Answer> {
    if (this.#broken !== undefined) throw this.#broken;
    this.#child.stdin.write(`${line}\n`);
    return this.#answer();
  }

  async #answer(): Promise<Answer> {
    const line = await this.#nextLine();
    const answer = parse(line);
    if (answer?.skip !== undefined) throw new PeerSkip(answer.skip);
    if (answer?.error !== undefined) throw new Error(answer.error);
    if (answer === undefined)
      throw this.#break(`it answered ${JSON.stringify(line.slice(0, 200))}`);
    return answer;
  }

  async #nextLine(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#patienceMs);
    });
    const next = await Promise.race([this.#lines.next(), late]);
    clearTimeout(timer);
    if (next === undefined) throw this.#break(`it did not answer within ${this.#patienceMs} ms`);
    if (next.done) throw this.#break(`it ended: ${this.#stderr.trim() || 'without a word'}`);
    return next.value;
  }

  // After this nothing is asked of it any more: whose answer would come is not certain.
  #break(why: string): Error {
    this.#broken ??= new Error(why);
    this.#child.kill('SIGKILL');
    return this.#broken;
  }
}

function wordOf(value: string | number | boolean): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}

function parse(line: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(line);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
