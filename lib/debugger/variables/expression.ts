/**
 * Expressions of the source that name a variable or a part of one: `x`, `p->next->v`, `tile[i][3]`, `*p`.
 */
import { rangeError } from '../../base/checks.js';
import { describe } from '../../base/describe.js';
import {
  bitsOf,
  elementOf,
  type Machine,
  memberOf,
  refuse,
  type Storage,
  targetOf,
} from './values.js';

const TOKEN =
  /\s*(?:(->|[[\]().*])|(%[\w$.]+)|(-?(?:0[xX][\da-fA-F]+|\d+))|([A-Za-z_$][\w$]*(?:::[A-Za-z_$][\w$]*)*))/y;
/** What no expression is deeper than. */
const MOST_TOKENS = 200;

/** What the names stand for. */
export interface Names {
  find(name: string): Storage | undefined;
}

function wrong(text: string, name = 'expression') {
  return rangeError(
    `Expected a variable or a part of one, such as x, p->next or tile[3], for \`${name}\` but received ${describe(text)}`,
  );
}

function tokensOf(text: string, name?: string): RegExpExecArray[] {
  const trimmed = withRegisters(text).trim();
  const tokens: RegExpExecArray[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const token = TOKEN.exec(trimmed);
    if (token === null || tokens.length > MOST_TOKENS) throw wrong(text, name);
    tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #text: string;
  readonly #tokens: RegExpExecArray[];
  readonly #names: Names;
  readonly #machine: Machine;

  constructor(text: string, names: Names, machine: Machine) {
    this.#text = text;
    this.#names = names;
    this.#machine = machine;
    this.#tokens = tokensOf(text);
  }

  parse(): Storage {
    const storage = this.#unary();
    if (this.#tokens.length > 0) throw this.#wrong();
    return storage;
  }

  #wrong() {
    return wrong(this.#text);
  }

  #take(mark: string): boolean {
    if (this.#tokens[0]?.[1] !== mark) return false;
    this.#tokens.shift();
    return true;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw this.#wrong();
  }

  #unary(): Storage {
    if (!this.#take('*')) return this.#postfix();
    return this.#indexed(this.#unary(), 0n);
  }

  #postfix(): Storage {
    let storage = this.#primary();
    for (;;) {
      if (this.#take('[')) {
        storage = this.#indexed(storage, this.#index());
        this.#expect(']');
      } else if (this.#take('.')) {
        storage = this.#member(storage);
      } else if (this.#take('->')) {
        storage = this.#member(this.#indexed(storage, 0n));
      } else {
        return storage;
      }
    }
  }

  #primary(): Storage {
    if (this.#take('(')) {
      const storage = this.#unary();
      this.#expect(')');
      return storage;
    }
    const name = this.#tokens.shift()?.[4];
    if (name === undefined) throw this.#wrong();
    const found = this.#names.find(name);
    if (found === undefined) throw refuse(`There is no variable ${name} here`);
    return found;
  }

  #member(storage: Storage): Storage {
    const name = this.#tokens.shift()?.[4];
    if (name === undefined) throw this.#wrong();
    const found = memberOf(storage, name);
    if (found === undefined) throw refuse(`${storage.type.name} has no member ${name}`);
    return found;
  }

  #indexed(storage: Storage, index: bigint): Storage {
    const found = elementOf(storage, index) ?? targetOf(storage, this.#machine, index);
    if (found === undefined) throw refuse(`${storage.type.name} is no pointer or array`);
    if (found.type.kind === 'nothing') throw refuse(`${storage.type.name} points to no values`);
    return found;
  }

  /** A number, a register, or an expression again. */
  #index(): bigint {
    const [, , register, number] = this.#tokens[0] ?? [];
    if (register === undefined && number === undefined) {
      const storage = this.#unary();
      const bits = bitsOf(storage, this.#machine);
      if (typeof bits === 'string') throw refuse(`There is no such index: ${bits}`);
      const isSigned = 'signed' in storage.type && storage.type.signed;
      return isSigned ? BigInt.asIntN(8 * storage.type.size, bits) : bits;
    }
    this.#tokens.shift();
    if (number !== undefined) {
      return number.startsWith('-') ? -BigInt(number.slice(1)) : BigInt(number);
    }
    const bits = this.#machine.register(register!);
    if (bits === undefined) throw refuse(`There is no register ${register} here`);
    return BigInt.asIntN(32, bits);
  }
}

const INDICES: Readonly<Record<string, string>> = {
  threadIdx: 'tid',
  blockIdx: 'ctaid',
  blockDim: 'ntid',
  gridDim: 'nctaid',
};

/** What CUDA C++ calls `threadIdx.x` is a register of the PTX. */
export function withRegisters(text: string): string {
  return text.replace(
    /\b(threadIdx|blockIdx|blockDim|gridDim)\s*\.\s*([xyz])\b/g,
    (_, name: string, axis: string) => `%${INDICES[name]}.${axis}`,
  );
}

/** Throws a `RangeError` for what has other words than an expression may have. */
export function checkExpression(text: string, name: string): void {
  tokensOf(text, name);
}

export function resolve(text: string, names: Names, machine: Machine): Storage {
  return new Parser(text, names, machine).parse();
}
