/**
 * What a user asks of the debugger.
 */

/** For whom a breakpoint is, and when. */
export interface BreakpointOptions {
  /** x, y and z. Default: any block. */
  block?: readonly [number, number, number] | undefined;
  /** x, y and z. Default: any thread. */
  thread?: readonly [number, number, number] | undefined;
  /**
   * A register or a variable compared with a number: `%r1 == 7`, `%f2 < 0.5`, `%p1 == true`, `%tid.x >= 8`,
   * `i == 100`, `node->value < 0`. By the type that it is declared with; of a register of bits of no type
   * (`b32`) whole numbers are signed unless too large for that, and others floats. False where the function
   * has no such register. Variables are looked at where {@link KernelDebugger.stopped} is waited for, which
   * takes time, each time that the code comes there; where there is none of that name the breakpoint stops,
   * and the `message` of the stop says so.
   */
  when?: string | undefined;
}

/** A breakpoint of a {@link KernelDebugger}. */
export interface Breakpoint extends BreakpointOptions {
  readonly id: number;
  /** As it was given. */
  readonly location: string;
}

/**
 * How far a step goes: to the next `instruction` of the warp; to another `line` of the source, of the
 * thread; likewise, but `over` the functions that it calls; or `out` of its function. Where the PTX tells
 * no lines, an instruction is one.
 */
export type StepBy = 'instruction' | 'line' | 'over' | 'out';

/** Options of {@link KernelDebugger.dispose}. */
export interface DebuggerDisposeOptions {
  /** Kernels that run are ended, and their device is lost. Default false: they go on. */
  endKernels?: boolean | undefined;
}
