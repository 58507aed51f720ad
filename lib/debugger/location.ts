/**
 * Where a breakpoint is to be, and when it is to stop, as a user writes it.
 */
import { rangeError, typeError } from '../base/checks.js';
import { describe } from '../base/describe.js';

/** For native code. */
export interface Location {
  readonly kind: 0 | 1 | 2;
  readonly name: string;
  readonly line: number;
}

const MOST_LINES = 2 ** 30;

/** `kernel`, `file.cu:12` or `ptx:41`. */
export function parseLocation(location: unknown): Location {
  if (typeof location !== 'string') {
    throw typeError(`Expected a string for \`location\` but received ${describe(location)}`);
  }
  const text = location.trim();
  const [, file, digits] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (file !== undefined) {
    const line = Number(digits);
    if (line >= 1 && line <= MOST_LINES) {
      return file === 'ptx' ? { kind: 2, name: '', line } : { kind: 1, name: file, line };
    }
  } else if (/^[\w$%.]+$/.test(text)) {
    return { kind: 0, name: text, line: 0 };
  }
  throw rangeError(
    `Expected the name of a kernel, file.cu:12 or ptx:41 for \`location\` but received ${describe(location)}`,
  );
}

/** A register compared with a number, for native code. */
export interface Condition {
  readonly register: string;
  readonly operator: number;
  /** Decimal: an integer of 64 bits at most, or something with a point or exponent. */
  readonly value: string;
}

const OPERATORS = ['==', '!=', '<', '<=', '>', '>='];
const NUMBER = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)$/;

function numberText(text: string): string | undefined {
  if (text === 'true') return '1';
  if (text === 'false') return '0';
  const [, minus, digits] = /^(-?)(0[xX][\da-fA-F]+|\d+)$/.exec(text) ?? [];
  if (digits !== undefined) {
    const magnitude = BigInt(digits);
    if (BigInt.asUintN(64, magnitude) !== magnitude) return undefined;
    return `${minus}${magnitude}`;
  }
  // A float that is whole is still one.
  return NUMBER.test(text) ? Number(text).toExponential() : undefined;
}

const SPECIAL = /^%(.*\..*|\w*laneid|n?warpid|n?smid|gridid|lanemask_\w+|clock\w*|globaltimer\w*)$/;

function checkRegister(register: string): void {
  if (!register.startsWith('%')) {
    throw rangeError(
      `Expected a register of the PTX, such as %r1, in \`when\` but received ${register}: ` +
        'variables have no names there, and for one thread there is `thread` X,Y,Z',
    );
  }
  if (SPECIAL.test(register)) {
    throw rangeError(
      `Expected a register that the PTX declares, such as %r1, in \`when\` but received ` +
        `${register}: for one thread or block there are \`thread\` and \`block\` X,Y,Z`,
    );
  }
}

/** `%r1 == 7` */
export function parseCondition(when: unknown): Condition {
  if (typeof when !== 'string') {
    throw typeError(`Expected a string for \`when\` but received ${describe(when)}`);
  }
  const [, register, operator, right] =
    /^\s*(%?[\w$.]+)\s*(==|!=|<=|>=|<|>)\s*(\S+)\s*$/.exec(when) ?? [];
  const value = numberText(right ?? '');
  if (register === undefined || operator === undefined || value === undefined) {
    throw rangeError(
      `Expected a register compared with a number, such as %r1 == 7, for \`when\` but received ${describe(when)}`,
    );
  }
  checkRegister(register);
  return { register, operator: OPERATORS.indexOf(operator), value };
}
