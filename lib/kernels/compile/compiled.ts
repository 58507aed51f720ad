/**
 * What a compilation leaves.
 */
import { typeError } from '../../base/checks.js';
import { INSPECT, inspected } from '../../base/inspect.js';

/** The parts of {@link CompiledCode}, which a cache keeps. */
export interface CompiledParts {
  /** Such as `sm_90` or `compute_75`. */
  readonly architecture: string;
  readonly ptx: string;
  /** Empty if it was compiled to PTX only. */
  readonly cubin: Uint8Array;
  readonly log: string;
  /** Expression and name, in the order in which they were asked for. */
  readonly loweredNames: readonly (readonly [expression: string, name: string])[];
  readonly nvrtcVersion: string;
  readonly libraryPath: string;
  readonly headerRoot: string | null;
  readonly options: readonly string[];
}

const MADE = Symbol('device.compile');

/** The code that has these parts. */
export let compiledCode: (parts: CompiledParts) => CompiledCode;
let partsOf: (code: CompiledCode) => CompiledParts;
/** Whether a value is compiled code. */
export let isCompiled: (value: unknown) => value is CompiledCode;

/**
 * CUDA C++, compiled. It belongs to no device and cannot be changed, so that all who ask for the same
 * get the same object.
 *
 * @group Own kernels
 */
export class CompiledCode {
  readonly #parts: CompiledParts;

  private constructor(parts: CompiledParts, made: symbol) {
    if (made !== MADE) throw typeError('Use device.compile()');
    Object.freeze(parts.options);
    this.#parts = parts;
    Object.freeze(this);
  }

  static {
    compiledCode = (parts) => new CompiledCode(parts, MADE);
    partsOf = (code) => code.#parts;
    isCompiled = (value): value is CompiledCode =>
      typeof value === 'object' && value !== null && #parts in value;
  }

  /** `cubin` if there is machine code, which only devices of that architecture take. */
  get kind(): 'ptx' | 'cubin' {
    return this.#parts.cubin.length > 0 ? 'cubin' : 'ptx';
  }

  /** What it was compiled for, such as `sm_90` or `compute_75`. */
  get architecture(): string {
    return this.#parts.architecture;
  }

  /** The PTX, which there is beside machine code too. */
  get ptx(): string {
    return this.#parts.ptx;
  }

  /** A copy of the machine code; null if there is none. */
  get cubin(): Uint8Array | null {
    return this.kind === 'cubin' ? this.#parts.cubin.slice() : null;
  }

  /** The compiler's warnings; empty if it had none. */
  get log(): string {
    return this.#parts.log;
  }

  /**
   * The name in the code of one of the `nameExpressions`; undefined for another.
   *
   * @example
   * ```ts
   * const name = code.loweredName('scale<float>'); // _Z5scaleIfEvPT_
   * ```
   */
  loweredName(expression: string): string | undefined {
    return this.#parts.loweredNames.find(([each]) => each === expression)?.[1];
  }

  /** All `nameExpressions` with their names in the code. */
  get loweredNames(): ReadonlyMap<string, string> {
    return new Map(this.#parts.loweredNames);
  }

  /** The version of the compiler, such as `12.4`. */
  get nvrtcVersion(): string {
    return this.#parts.nvrtcVersion;
  }

  /** The compiler's file. */
  get libraryPath(): string {
    return this.#parts.libraryPath;
  }

  /** Where the headers of the toolkit are; null if there were none beside the compiler. */
  get headerRoot(): string | null {
    return this.#parts.headerRoot;
  }

  /** What the compiler was called with. */
  get options(): readonly string[] {
    return this.#parts.options;
  }

  /** @internal */
  [INSPECT](): object {
    if (!(#parts in this)) return this;
    const { kind, architecture, log, nvrtcVersion, loweredNames } = this;
    return inspected(CompiledCode.prototype, {
      kind,
      architecture,
      log,
      nvrtcVersion,
      loweredNames,
    });
  }
}

/** What a device loads: machine code, or PTX where there is none, or nothing else may be. */
export function imageOf(code: CompiledCode, ptxOnly: boolean): string | Uint8Array {
  const { cubin, ptx } = partsOf(code);
  return cubin.length === 0 || ptxOnly ? ptx : cubin;
}

/** How much memory keeping it takes. */
export function byteSizeOf(code: CompiledCode): number {
  const { ptx, cubin, log } = partsOf(code);
  return cubin.length + ptx.length + log.length + 1024;
}
