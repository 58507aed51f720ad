/**
 * When a breakpoint is to stop, as a user writes it.
 */
import { rangeError, typeError } from '../base/checks.js';
import { describe } from '../base/describe.js';
import { parseWhole } from './encode.js';
import { checkExpression, withRegisters } from './variables/expression.js';

/** Something compared with a number. */
export interface Condition {
  /** A register, which native code looks at, or an expression of the source. */
  readonly left: string;
  readonly isRegister: boolean;
  /** An index of `OPERATORS`. */
  readonly operator: number;
  /** Decimal: an integer of 64 bits at most, or something with a point or exponent. */
  readonly value: string;
}

const OPERATORS = ['==', '!=', '<', '<=', '>', '>='];
const NUMBER = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)$/;
const REGISTER = /^%[\w$.]+$/;

function numberText(text: string): string | undefined {
  if (text === 'true') return '1';
  if (text === 'false') return '0';
  const whole = parseWhole(text);
  if (whole !== undefined) {
    const magnitude = whole < 0n ? -whole : whole;
    return BigInt.asUintN(64, magnitude) === magnitude ? `${whole}` : undefined;
  }
  // A float that is whole is still one.
  return NUMBER.test(text) ? Number(text).toExponential() : undefined;
}

/** `%r1 == 7`, `p->x < 0.5` */
export function parseCondition(when: unknown): Condition {
  if (typeof when !== 'string') {
    throw typeError(`Expected a string for \`when\` but received ${describe(when)}`);
  }
  // An arrow is no operator: what is right of one is a number, up to the end.
  const [, given, operator, right] =
    /^\s*(\S.*?)\s*(==|!=|<=|>=|<|>)\s*([-+.\w]+)\s*$/.exec(when) ?? [];
  const left = withRegisters(given ?? '');
  const value = numberText(right ?? '');
  if (left === '' || operator === undefined || value === undefined) {
    throw rangeError(
      'Expected a register or a variable compared with a number, such as %r1 == 7, for `when` but ' +
        `received ${describe(when)}`,
    );
  }
  const isRegister = REGISTER.test(left);
  if (!isRegister) checkExpression(left, 'when');
  return { left, isRegister, operator: OPERATORS.indexOf(operator), value };
}

/** Whether it holds for the value of a variable; false for what is no number. */
export function holds({ operator, value }: Condition, left: unknown): boolean {
  if (typeof left !== 'number' && typeof left !== 'bigint' && typeof left !== 'boolean')
    return false;
  const one = typeof left === 'boolean' ? Number(left) : left;
  const other = /^-?\d+$/.test(value) ? BigInt(value) : Number(value); // compared by their values
  switch (OPERATORS[operator]) {
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: of a number and a bigint
      return one == other;
    case '!=':
      // biome-ignore lint/suspicious/noDoubleEquals: likewise
      return one != other;
    case '<':
      return one < other;
    case '<=':
      return one <= other;
    case '>':
      return one > other;
    default:
      return one >= other;
  }
}
