/**
 * What the variables of a stopped thread are read from.
 */
import { native } from '../addon/load.js';
import type { Handle } from '../addon/types.js';
import type { WritableMachine } from './variables/assign.js';
import type { VariableSpace } from './variables/values.js';

/** As native code numbers them. */
const SPACES: readonly VariableSpace[] = ['global', 'shared', 'local', 'parameter', 'generic'];
/** What native code hands over at once. */
const MOST_BYTES = 2 ** 20;

export class StoppedThread implements WritableMachine {
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
    if (bytes > MOST_BYTES) return undefined;
    const at = this.#at(space, address);
    return ifThere(() => new Uint8Array(native().debuggerMemory(...at, bytes)));
  }

  setRegister(name: string, bits: bigint): boolean {
    const low = String(BigInt.asUintN(64, bits));
    const high = String(BigInt.asUintN(64, bits >> 64n));
    return native().debuggerSetRegister(this.#handle, this.#block, this.#thread, name, low, high);
  }

  setMemory(space: VariableSpace, address: bigint, bytes: Uint8Array): boolean {
    const at = this.#at(space, address);
    const written = ifThere(() => {
      native().debuggerSetMemory(...at, bytes);
      return true;
    });
    return written === true;
  }

  #at(space: VariableSpace, address: bigint) {
    const digits = String(BigInt.asUintN(64, address));
    return [this.#handle, this.#block, this.#thread, SPACES.indexOf(space), digits] as const;
  }
}

/** Undefined where not all of the bytes are there. */
function ifThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
