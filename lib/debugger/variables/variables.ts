/**
 * Variables by the names of the source, where `nvcc -G` has written into the PTX which they are.
 */
import { assign, type WritableMachine } from './assign.js';
import { Dwarf, DwarfError } from './dwarf.js';
import { resolve } from './expression.js';
import { locate } from './locations.js';
import { type Declared, globalsOf, localsAt } from './scope.js';
import { readSections } from './sections.js';
import { Types } from './types.js';
import {
  bitsOf,
  type Machine,
  placeAt,
  readVariable,
  refuse,
  type SourceVariable,
  type Storage,
  targetOf,
} from './values.js';

/** PTX may come from anywhere: what is wrong in it is an error as others are. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // Numbers, or a circle of types, beyond what the machine can do. Those about arguments have a code.
    const isBeyond = error instanceof RangeError && !('code' in error);
    if (!(error instanceof DwarfError) && !isBeyond) throw error;
    throw refuse(`What the PTX tells of its variables cannot be read: ${error.message}`);
  }
}

/** Of one module. */
export class ModuleVariables {
  readonly #dwarf: Dwarf;
  readonly #types: Types;
  readonly #globals: readonly Declared[];
  #last: { line: number; locals: readonly Declared[] } | undefined;

  /** @throws {@link CudaDebuggerError} if it has none, or what cannot be read */
  constructor(lines: readonly string[]) {
    this.#dwarf = guarded(() => new Dwarf(readSections(lines)));
    if (this.#dwarf.units.length === 0) {
      throw refuse(
        'The module has no names of variables: they are there when it is compiled with -G',
      );
    }
    this.#types = new Types(this.#dwarf);
    this.#globals = guarded(() => globalsOf(this.#dwarf));
  }

  /** Those of the function. */
  locals(machine: Machine): SourceVariable[] {
    return guarded(() =>
      this.#localsAt(machine.line).map((each) => {
        return readVariable(
          each.name,
          this.#follow(this.#storage(each, machine), machine),
          machine,
        );
      }),
    );
  }

  /** What an expression stands for, there. */
  value(expression: string, machine: Machine): SourceVariable {
    return guarded(() => readVariable(expression.trim(), this.#find(expression, machine), machine));
  }

  /** Gives it another value. */
  set(expression: string, value: unknown, machine: WritableMachine): void {
    guarded(() => assign(this.#find(expression, machine), value, machine));
  }

  #find(expression: string, machine: Machine): Storage {
    const find = (name: string) => {
      const declared =
        this.#localsAt(machine.line).find((each) => each.name === name) ??
        this.#globals.find((each) => each.name === name);
      return declared && this.#follow(this.#storage(declared, machine), machine);
    };
    return resolve(expression, { find }, machine);
  }

  /** As a rule the same line is asked for again, for another lane or another part. */
  #localsAt(line: number): readonly Declared[] {
    if (this.#last?.line !== line) this.#last = { line, locals: localsAt(this.#dwarf, line) };
    return this.#last.locals;
  }

  #storage({ entry }: Declared, machine: Machine): Storage {
    const location = locate(this.#dwarf, entry, machine.line);
    return { type: this.#types.of(entry), place: placeAt(location, machine) };
  }

  /** What a reference stands for, if it does for something already. */
  #follow(storage: Storage, machine: Machine): Storage {
    if (storage.type.kind !== 'reference' || storage.place.kind === 'nowhere') return storage;
    const bits = bitsOf(storage, machine);
    if (typeof bits === 'string') return { ...storage, place: { kind: 'nowhere', why: bits } };
    const target = targetOf(storage, machine)!;
    return { ...target, type: { ...target.type, name: storage.type.name } };
  }
}
