/**
 * What the variables of a stopped thread are read from.
 */
import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import type { Machine, VariableSpace } from './variables/values.js';

/** As native code numbers them. */
const SPACES: readonly VariableSpace[] = ['global', 'shared', 'local', 'parameter', 'generic'];
/** What native code hands over at once. */
const MOST_BYTES = 2 ** 20;

export class StoppedThread implements Machine {
  readonly line: number;
  readonly #handle: Handle;
  readonly #block: number;
  readonly #thread: number;

  constructor(handle: Handle, block: number, thread: number, line: number) {
    this.#handle = handle;
    this.#block = block;
    this.#thread = thread;
    this.line = line;
  }

  register(name: string): bigint | undefined {
    const found = native().debuggerRegister(this.#handle, this.#block, this.#thread, name);
    return found && BigInt(found.bits);
  }

  symbol(name: string): { space: VariableSpace; address: bigint } | undefined {
    const found = native().debuggerVariable(this.#handle, this.#block, this.#thread, name);
    return found && { space: SPACES[found.space]!, address: BigInt(found.address) };
  }

  memory(space: VariableSpace, address: bigint, bytes: number): Uint8Array | undefined {
    const kind = SPACES.indexOf(space);
    if (bytes > MOST_BYTES) return undefined;
    try {
      return new Uint8Array(
        native().debuggerMemory(
          this.#handle,
          this.#block,
          this.#thread,
          kind,
          String(BigInt.asUintN(64, address)),
          bytes,
        ),
      );
    } catch (error) {
      if (error instanceof RangeError) return undefined; // not all of them are there
      throw error;
    }
  }
}
