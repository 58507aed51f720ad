/**
 * What native code knows of kernels that are stopped in the debugger.
 */

/** As in types.ts. */
type Handle = number;

export interface NativeCodePlace {
  /** The kernel, or the function that it has called. */
  function: string;
  /** `file:line`, or empty. */
  source: string;
  ptxLine: number;
  mnemonic: string;
}

export interface NativeStop extends NativeCodePlace {
  reason: 'breakpoint' | 'step' | 'pause' | 'fault' | 'deadlock';
  /** 0 for none. */
  breakpoint: number;
  message: string;
  /** Bit i: whether to stop for that lane of the warp is to be said by `debuggerJudge`. */
  asked: number;
  kernel: string;
  /** The same for kernels of one module, and of no other. */
  module: string;
  gridSize: [number, number, number];
  blockSize: [number, number, number];
  block: [number, number, number];
  thread: [number, number, number];
}

export interface NativeLaneGroup extends NativeCodePlace {
  warp: number;
  lanes: number;
  state: string;
}

export interface NativeRegister {
  name: string;
  type: string;
  /** Hexadecimal, of 128 bits. */
  bits: string;
}

export interface NativeVariable {
  /** As `debuggerMemory` has it. */
  space: number;
  /** Decimal. */
  address: string;
}

/** The part of the addon that is the debugger. Blocks and threads are numbers, x first. */
export interface NativeDebugger {
  /** One for the process; devices made from now on have it. Handles 'Debugger'. */
  openDebugger(): Handle;
  /** `end`: kernels that run fail, rather than going on. */
  closeDebugger(debug: Handle, end: boolean): void;
  /**
   * `kind`: 0 for the name of a kernel or function, 1 for a line of a source, 2 for one of the PTX.
   * `who`: a block and a thread, -1 for any. `register`: empty for no condition; `operator`: of
   * == != < <= > >=. `asks`: stops that are `asked`. Returns its id.
   */
  addBreakpoint(
    debug: Handle,
    kind: number,
    name: string,
    line: number,
    who: Int32Array,
    register: string,
    operator: number,
    value: string,
    asks: boolean,
  ): number;
  removeBreakpoint(debug: Handle, id: number): boolean;
  /** 0: no launch had code for it yet; 1: but not its block or thread; 2: all. */
  breakpointMatch(debug: Handle, id: number): 0 | 1 | 2;
  /** A stop that is asked is one, of that lane; -1: it is none. False if none is asked. */
  debuggerJudge(debug: Handle, lane: number, message: string): boolean;
  debuggerPause(debug: Handle): void;
  /** `pace`: 0 to go on, 1 by instruction, 2 by line, 3 over calls, 4 out. False if nothing is stopped. */
  debuggerResume(debug: Handle, pace: number, block: number, thread: number): boolean;
  /** True at the next stop, false once the debugger is closed. */
  debuggerStopped(debug: Handle): Promise<boolean>;
  debuggerStop(debug: Handle): NativeStop | undefined;
  debuggerWarps(debug: Handle, block: number): NativeLaneGroup[];
  debuggerFrames(debug: Handle, block: number, thread: number): NativeCodePlace[];
  debuggerRegisters(debug: Handle, block: number, thread: number): NativeRegister[];
  /** One of these, or a special one. */
  debuggerRegister(
    debug: Handle,
    block: number,
    thread: number,
    name: string,
  ): NativeRegister | undefined;
  /** A variable that PTX names, where the thread stands. */
  debuggerVariable(
    debug: Handle,
    block: number,
    thread: number,
    name: string,
  ): NativeVariable | undefined;
  /**
   * `space`: 0 for global, 1 for shared, 2 for local memory, 3 for a kernel's parameters, 4 for a generic
   * address. `address`: decimal.
   */
  debuggerMemory(
    debug: Handle,
    block: number,
    thread: number,
    space: number,
    address: string,
    bytes: number,
  ): ArrayBuffer;
  debuggerSetMemory(
    debug: Handle,
    block: number,
    thread: number,
    space: number,
    address: string,
    bytes: Uint8Array,
  ): void;
  /** `low` and `high`: 64 bits each, decimal. False where there is no such register. */
  debuggerSetRegister(
    debug: Handle,
    block: number,
    thread: number,
    name: string,
    low: string,
    high: string,
  ): boolean;
  debuggerLines(debug: Handle, first: number, last: number): string[];
}
