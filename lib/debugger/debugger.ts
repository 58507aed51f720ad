/**
 * The debugger of kernels on simulated devices.
 */
import { native, onBlock } from '../addon/load.js';
import type { Handle, NativeStop } from '../addon/types.js';
import {
  argumentTypeError,
  checkBoolean,
  checkChoice,
  checkInteger,
  readOptions,
} from '../base/checks.js';
import { CudaDebuggerError, CudaError } from '../base/errors.js';
import { type Condition, holds, parseCondition } from './condition.js';
import { registerBits } from './encode.js';
import { parseLocation } from './location.js';
import type { Breakpoint, BreakpointOptions, DebuggerDisposeOptions, StepBy } from './options.js';
import {
  type CodePlace,
  type KernelStop,
  type LaneGroup,
  publicGroup,
  publicPlace,
  publicRegister,
  publicStop,
  type RegisterValue,
  type ThreadPlace,
} from './stop.js';
import { StoppedThread } from './thread.js';
import { checkIndex, numberOf, WARP } from './threads.js';
import type { SourceVariable } from './variables/values.js';
import { ModuleVariables } from './variables/variables.js';

const PACES: readonly StepBy[] = ['instruction', 'line', 'over', 'out'];
const SPACES = ['global', 'shared', 'local'] as const;
const MATCHES = ['none', 'code', 'all'] as const;
const MOST_BYTES = 2 ** 20;

let open: KernelDebugger | undefined;

onBlock(() =>
  open === undefined
    ? undefined
    : new CudaDebuggerError(
        'A blocking call would never return if a kernel stopped: the thread that has the debugger ' +
          'waits with `await`',
        { operation: 'KernelDebugger' },
      ),
);

/**
 * Stops kernels on simulated devices and looks into them. Made by {@link Cuda.debugger}; kernels that
 * are launched from then on are debugged, in all threads of the process, until it is disposed. They run
 * on one thread and take many times as long.
 *
 * A kernel is stopped on a thread of its own: nothing here blocks, and one kernel at a time is stopped.
 * While there is a debugger, blocking waits (`synchronizeSync()` and its like) are refused in the thread
 * that has it, with a {@link CudaDebuggerError}.
 *
 * @example
 * ```ts
 * using debug = cuda.debugger();
 * using device = cuda.simulatedDevice();
 * // ... load a module
 * debug.breakAt('scale.cu:12', { thread: [3, 0, 0] });
 * kernel.launch({ grid: 2, block: 64 }, data);
 * const stop = await debug.stopped();
 * console.log(stop?.source, debug.registers());
 * debug.continue();
 * await device.synchronize();
 * ```
 *
 * @group Own kernels
 */
export class KernelDebugger {
  #handle: Handle | undefined;
  readonly #breakpoints = new Map<number, Breakpoint>();
  readonly #conditions = new Map<number, Condition>(); // of variables, by breakpoint
  #module: { id: string; variables: ModuleVariables } | undefined; // that was asked for last
  #waiting: Promise<boolean> | undefined; // one thread is enough, however many wait

  /** @internal Called by `cuda.debugger()`. */
  constructor() {
    if (open !== undefined) {
      throw new CudaDebuggerError('There is a debugger already: dispose it first', {
        operation: 'cuda.debugger',
      });
    }
    this.#handle = openSession();
    open = this;
  }

  /** True after {@link KernelDebugger.dispose}. */
  get disposed(): boolean {
    return this.#handle === undefined;
  }

  /**
   * Stops kernels at a place: the `name` of a kernel, or of a function that one calls; a line of its
   * source, `scale.cu:12`, where the PTX tells lines (`nvcc -lineinfo`), the file by its name or the end
   * of its path; or a line of its PTX, `ptx:41`. A line without code stands for the next that has some, in all of
   * the module; for one of the PTX, in the same kernel.
   *
   * A kernel's name stops each launch once. Other places stop each warp that comes to them. Takes effect
   * on kernels that run, too.
   *
   * @throws `TypeError` or `RangeError` for wrong arguments
   * @throws {@link CudaDebuggerError} after `dispose()`
   */
  breakAt(location: string, options?: BreakpointOptions): Breakpoint {
    const { kind, name, line } = parseLocation(location);
    const given = readOptions(options, { block: undefined, thread: undefined, when: undefined });
    const block = checkIndex(given.block, 'block');
    const thread = checkIndex(given.thread, 'thread');
    const when = given.when === undefined ? undefined : parseCondition(given.when);
    const id = native().addBreakpoint(
      this.#open('breakAt'),
      kind,
      name,
      line,
      Int32Array.of(...(block ?? [-1, 0, 0]), ...(thread ?? [-1, 0, 0])),
      when?.isRegister ? when.left : '',
      when?.operator ?? 0,
      when?.value ?? '0',
      when?.isRegister === false,
    );
    if (when?.isRegister === false) this.#conditions.set(id, when);
    const breakpoint = Object.freeze({
      id,
      location,
      ...(block && { block }),
      ...(thread && { thread }),
      ...(given.when === undefined ? {} : { when: given.when as string }),
    });
    this.#breakpoints.set(id, breakpoint);
    return breakpoint;
  }

  /** Those there are, the oldest first. */
  get breakpoints(): readonly Breakpoint[] {
    return [...this.#breakpoints.values()];
  }

  /**
   * What the kernels that ran so far had of a breakpoint: `none` of its code, the `code` but not the block
   * or thread, or `all`. Whether its condition was ever true does not count.
   *
   * @throws {@link CudaDebuggerError} after `dispose()`
   */
  matchOf(id: number): 'none' | 'code' | 'all' {
    const number = checkInteger(id, 'id', 0, 2 ** 30);
    return MATCHES[native().breakpointMatch(this.#open('matchOf'), number)];
  }

  /** Takes a breakpoint away, by its `id`. False if there was none. */
  deleteBreakpoint(id: number): boolean {
    const number = checkInteger(id, 'id', 0, 2 ** 30);
    this.#breakpoints.delete(number);
    this.#conditions.delete(number);
    return native().removeBreakpoint(this.#open('deleteBreakpoint'), number);
  }

  /**
   * Waits for a kernel to stop: at once if one is stopped. Null once the debugger is disposed. It says
   * nothing of kernels that end: to wait for either, `Promise.race` this and `device.synchronize()`.
   * Until it is settled the process does not end by itself.
   */
  async stopped(): Promise<KernelStop | null> {
    while (this.#handle !== undefined) {
      this.#waiting ??= native().debuggerStopped(this.#handle);
      try {
        await this.#waiting;
      } finally {
        this.#waiting = undefined; // also if there was no thread to be had
      }
      const { current } = this;
      // Null where another has let it go on meanwhile.
      if (current !== null) return current;
    }
    return null;
  }

  /** The kernel that is stopped now, or null. */
  get current(): KernelStop | null {
    if (this.#handle === undefined) return null;
    const stop = native().debuggerStop(this.#handle);
    if (stop === undefined) return null;
    if (stop.asked === 0) return publicStop(stop);
    return this.#judge(this.#handle, stop) ? this.current : null;
  }

  /**
   * Lets the stopped kernel go on to the next breakpoint. One that has faulted fails now.
   *
   * @throws {@link CudaDebuggerError} if none is stopped
   */
  continue(): void {
    this.#resume('continue', 0, {});
  }

  /**
   * Lets the stopped kernel go on for a step of a thread; breakpoints on the way stop it as well. When the
   * thread ends, the step ends at the next instruction of another; when the kernel does, nothing stops.
   *
   * @param by - default `line`
   * @param who - default: the thread of the stop
   * @throws {@link CudaDebuggerError} if none is stopped
   */
  step(by: StepBy = 'line', who?: ThreadPlace): void {
    const pace = checkChoice(by, PACES, 'by') + 1;
    this.#resume('step', pace, who);
  }

  /** Stops the kernel that runs, or the next one that does, at its next instruction. */
  pause(): void {
    native().debuggerPause(this.#open('pause'));
  }

  /**
   * The registers that the function of a thread uses, in the order of their first uses. What was not written
   * yet is as it was left there. Empty once the thread has ended.
   *
   * @throws {@link CudaDebuggerError} if no kernel is stopped
   * @throws `RangeError` for a block that does not run at the moment
   */
  registers(who?: ThreadPlace): RegisterValue[] {
    const { handle, block, thread } = this.#at('registers', who);
    return native().debuggerRegisters(handle, block, thread).map(publicRegister);
  }

  /**
   * A register of a thread by its name; also a special one such as `%tid.x`, whether or not the code reads
   * it. Null if its function has none of that name, or the thread has ended. Throws as
   * {@link KernelDebugger.registers} does.
   */
  register(name: string, who?: ThreadPlace): RegisterValue | null {
    if (typeof name !== 'string') throw argumentTypeError('a string', 'name', name);
    const { handle, block, thread } = this.#at('register', who);
    const found = native().debuggerRegister(handle, block, thread, name);
    return found === undefined ? null : publicRegister(found);
  }

  /**
   * A register in each lane of a thread's warp; null for lanes that have ended or do not exist, or whose
   * function has none of that name. Throws as {@link KernelDebugger.registers} does.
   *
   * @throws {@link CudaDebuggerError} if there are lanes, and none has a register of that name
   */
  lanes(register: string, who?: ThreadPlace): (RegisterValue | null)[] {
    if (typeof register !== 'string') throw argumentTypeError('a string', 'register', register);
    const { handle, stop, block, thread } = this.#at('lanes', who);
    const [x, y, z] = stop.blockSize;
    const first = thread - (thread % WARP);
    const lanes = Array.from({ length: WARP }, (_, lane) => {
      const each = first + lane;
      if (each >= x * y * z) return null;
      const found = native().debuggerRegister(handle, block, each, register);
      return found === undefined ? null : publicRegister(found);
    });
    const exist = native()
      .debuggerWarps(handle, block)
      .some(({ warp }) => warp === first / WARP);
    if (exist && lanes.every((each) => each === null)) {
      throw new CudaDebuggerError(`No lane of the warp has a register ${register}`, {
        operation: 'KernelDebugger.lanes',
      });
    }
    return lanes;
  }

  /**
   * The variables of the source that a thread's function has where it stands, parameters first, by what
   * `nvcc -G` writes into the PTX; of inner blocks those that it is in. One that the code has not come to
   * yet has any value. Empty once the thread has ended.
   *
   * @throws {@link CudaDebuggerError} if no kernel is stopped, or the module has no names of variables
   * @throws `RangeError` for a block that does not run at the moment
   */
  variables(who?: ThreadPlace): SourceVariable[] {
    const found = this.#thread('variables', who);
    return found === null ? [] : found.module.locals(found.thread);
  }

  /**
   * One of them, one of the module (`weights`, `inner::weights`), or a part of one: `p->next->v`,
   * `tile[i][3]`, `*p`. An index may be a register, `tile[%tid.x]`. Throws as
   * {@link KernelDebugger.variables} does.
   *
   * @throws `RangeError` for what is no such expression
   * @throws {@link CudaDebuggerError} if there is no variable of that name, or the thread has ended
   */
  variable(expression: string, who?: ThreadPlace): SourceVariable {
    if (typeof expression !== 'string')
      throw argumentTypeError('a string', 'expression', expression);
    const found = this.#thread('variable', who);
    if (found === null) {
      throw new CudaDebuggerError('The thread has ended', { operation: 'KernelDebugger.variable' });
    }
    const { module, thread } = found;
    return module.value(expression, thread);
  }

  /**
   * Where the lanes of a block are: warp by warp, those together that stand at one instruction. Lanes that
   * have ended are not there. Throws as {@link KernelDebugger.registers} does.
   */
  warps(who?: ThreadPlace): LaneGroup[] {
    const { handle, block } = this.#at('warps', who);
    return native().debuggerWarps(handle, block).map(publicGroup);
  }

  /**
   * Where a thread is, and from where the functions that it is in were called, the innermost first. Those
   * that the compiler has inlined are not there. Throws as
   * {@link KernelDebugger.registers} does.
   */
  frames(who?: ThreadPlace): CodePlace[] {
    const { handle, block, thread } = this.#at('frames', who);
    return native().debuggerFrames(handle, block, thread).map(publicPlace);
  }

  /**
   * Bytes of `global` memory, of the `shared` memory of a block or the `local` memory of a thread, as they
   * are now: at most 1 MiB. Addresses of shared and local memory may be generic ones, too.
   *
   * @throws `RangeError` if not all of them are there: in one allocation, for global memory
   * @throws {@link CudaDebuggerError} if no kernel is stopped
   */
  memory(
    space: 'global' | 'shared' | 'local',
    address: number | bigint,
    byteLength: number,
    who?: ThreadPlace,
  ): Uint8Array {
    const { kind, begin } = memoryPlace(space, address);
    const bytes = checkInteger(byteLength, 'byteLength', 0, MOST_BYTES);
    const { handle, block, thread } = this.#at('memory', who);
    return new Uint8Array(native().debuggerMemory(handle, block, thread, kind, begin, bytes));
  }

  /**
   * Gives a register of a thread another value: by the type that it is declared with; of bits of no type
   * whole numbers are integers, and others floats.
   *
   * @throws {@link CudaDebuggerError} if no kernel is stopped, or the thread's function has no such register
   * @throws `TypeError` or `RangeError` for a value that it cannot have
   */
  setRegister(name: string, value: number | bigint | boolean, who?: ThreadPlace): void {
    const { handle, block, thread } = this.#at('setRegister', who);
    const known = this.register(name, who);
    const bits = known && registerBits(known.type, value);
    const at = new StoppedThread(handle, block, thread, 0);
    if (bits !== null && at.setRegister(name, bits)) return;
    throw new CudaDebuggerError(`There is no register ${name} that can be written`, {
      operation: 'KernelDebugger.setRegister',
    });
  }

  /**
   * Gives a variable of the source, or a part of one, another value; by its type. What the code has read
   * already it does not read again. Throws as {@link KernelDebugger.variable} does.
   *
   * @throws `TypeError` or `RangeError` for a value that it cannot have
   * @throws {@link CudaDebuggerError} if it has no place that can be written, as parameters of kernels have
   */
  setVariable(expression: string, value: number | bigint | boolean, who?: ThreadPlace): void {
    if (typeof expression !== 'string')
      throw argumentTypeError('a string', 'expression', expression);
    const found = this.#thread('setVariable', who);
    if (found === null) {
      throw new CudaDebuggerError('The thread has ended', {
        operation: 'KernelDebugger.setVariable',
      });
    }
    found.module.set(expression, value, found.thread);
  }

  /** Writes bytes to where {@link KernelDebugger.memory} reads them. Throws as that does. */
  setMemory(
    space: 'global' | 'shared' | 'local',
    address: number | bigint,
    bytes: Uint8Array,
    who?: ThreadPlace,
  ): void {
    if (!(bytes instanceof Uint8Array)) throw argumentTypeError('a Uint8Array', 'bytes', bytes);
    const { kind, begin } = memoryPlace(space, address);
    const { handle, block, thread } = this.#at('setMemory', who);
    native().debuggerSetMemory(handle, block, thread, kind, begin, bytes);
  }

  /**
   * Lines of the PTX that the stopped kernel is from, as many as there are from `first` (at least 1) to
   * `last`. Throws a {@link CudaDebuggerError} if none is stopped.
   */
  ptxLines(first: number, last: number): string[] {
    const from = checkInteger(first, 'first', 1, 2 ** 30);
    const to = checkInteger(last, 'last', 1, 2 ** 30);
    return native().debuggerLines(this.#at('ptxLines', undefined).handle, from, to);
  }

  /**
   * Ends debugging: the kernel that is stopped goes on, and none stops any more. Can be called again.
   */
  dispose(options?: DebuggerDisposeOptions): void {
    const given = readOptions(options, { endKernels: undefined });
    const end = checkBoolean(given.endKernels, 'endKernels', false);
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#handle = undefined;
    if (open === this) open = undefined;
    native().closeDebugger(handle, end);
  }

  /** Calls {@link KernelDebugger.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #open(operation: string): Handle {
    if (this.#handle !== undefined) return this.#handle;
    throw new CudaDebuggerError('The KernelDebugger is disposed', {
      operation: `KernelDebugger.${operation}`,
    });
  }

  #at(operation: string, who: ThreadPlace | undefined) {
    const given = readOptions(who, { block: undefined, thread: undefined });
    const block = checkIndex(given.block, 'block');
    const thread = checkIndex(given.thread, 'thread');
    const handle = this.#open(operation);
    const stop = this.current;
    if (stop === null) {
      throw noneStopped(operation);
    }
    return {
      handle,
      stop,
      block: numberOf(block ?? stop.block, stop.gridSize, 'block'),
      thread: numberOf(thread ?? stop.thread, stop.blockSize, 'thread'),
    };
  }

  /** Null where it has ended. */
  #thread(operation: string, who: ThreadPlace | undefined) {
    const { handle, block, thread } = this.#at(operation, who);
    const [place] = native().debuggerFrames(handle, block, thread);
    if (place === undefined) return null;
    return {
      module: this.#variablesOf(handle, native().debuggerStop(handle)!),
      thread: new StoppedThread(handle, block, thread, place.ptxLine),
    };
  }

  #variablesOf(handle: Handle, { module }: NativeStop): ModuleVariables {
    if (this.#module?.id !== module) {
      const lines = native().debuggerLines(handle, 1, 2 ** 30);
      this.#module = { id: module, variables: new ModuleVariables(lines) };
    }
    return this.#module.variables;
  }

  /**
   * Whether a breakpoint with a condition on variables stops, of a lane for which it holds; also where that
   * cannot be told, which its message says then. Otherwise the kernel goes on.
   */
  #judge(handle: Handle, stop: NativeStop): boolean {
    const condition = this.#conditions.get(stop.breakpoint);
    const block = numberOf(stop.block, stop.gridSize, 'block');
    const thread = numberOf(stop.thread, stop.blockSize, 'thread');
    const first = thread - (thread % WARP);
    let doubt: Error | undefined;
    for (let lane = 0; condition !== undefined && lane < WARP; lane++) {
      if (((stop.asked >>> lane) & 1) === 0) continue;
      try {
        const thread = new StoppedThread(handle, block, first + lane, stop.ptxLine);
        const { value } = this.#variablesOf(handle, stop).value(condition.left, thread);
        if (holds(condition, value)) {
          native().debuggerJudge(handle, lane, '');
          return true;
        }
      } catch (error) {
        if (!(error instanceof CudaDebuggerError) && !(error instanceof RangeError)) throw error;
        doubt ??= error;
      }
    }
    const message =
      doubt && `its condition ${this.#breakpoints.get(stop.breakpoint)?.when}: ${doubt.message}`;
    native().debuggerJudge(handle, message === undefined ? -1 : thread - first, message ?? '');
    return message !== undefined;
  }

  #resume(operation: string, pace: number, who: ThreadPlace | undefined): void {
    const { handle, block, thread } = this.#at(operation, who);
    if (native().debuggerResume(handle, pace, block, thread)) return;
    // Its device has been disposed, just now, by another thread.
    throw noneStopped(operation);
  }
}

function noneStopped(operation: string): CudaDebuggerError {
  return new CudaDebuggerError('No kernel is stopped in the debugger', {
    operation: `KernelDebugger.${operation}`,
  });
}

function memoryPlace(space: unknown, address: unknown) {
  const kind = SPACES.indexOf(space as (typeof SPACES)[number]);
  if (kind < 0) throw argumentTypeError(`one of ${SPACES.join(', ')}`, 'space', space);
  // The windows of generic addresses are beyond 32 bits.
  const generic = typeof address === 'bigint' && kind !== 0 && address >= 0n;
  const begin = checkInteger(generic ? BigInt.asUintN(32, address) : address, 'address');
  return { kind, begin: String(begin) };
}

function openSession(): Handle {
  try {
    return native().openDebugger();
  } catch (error) {
    if (!(error instanceof CudaError) || error.code !== 'ERR_CUDA_UNSUPPORTED') throw error;
    throw new CudaDebuggerError('Another thread of this process has a debugger', {
      operation: 'cuda.debugger',
    });
  }
}

/** Whether this thread has a debugger. */
export function hasDebugger(): boolean {
  return open !== undefined;
}
