/**
 * Where a variable is while a thread stands at a line of the PTX.
 */
import {
  ATTRIBUTE,
  type AttributeValue,
  type Block,
  Cursor,
  type Dwarf,
  type Entry,
  wholeOf,
} from './dwarf.js';

/** `symbol`: a variable of the PTX, and so many bytes on. */
export type Location =
  | { readonly kind: 'register'; readonly name: string }
  | { readonly kind: 'symbol'; readonly name: string; readonly offset: number }
  | { readonly kind: 'pointed'; readonly register: string; readonly offset: number }
  | { readonly kind: 'constant'; readonly value: bigint }
  /** It has none; `why` for people. */
  | { readonly kind: 'nowhere'; readonly why: string };

const OPERATION = { addr: 0x03, plus: 0x23, regx: 0x90, bregx: 0x92, nop: 0x96 } as const;

const nowhere = (why: string): Location => ({ kind: 'nowhere', why });

/** The name of a register is written as a number: its characters, the first one the highest. */
function registerName(number: bigint): string {
  let name = '';
  for (let rest = number; rest > 0n; rest >>= 8n) {
    name = String.fromCharCode(Number(rest & 0xffn)) + name;
  }
  return name;
}

function evaluate({ section, begin, end }: Block): Location {
  const cursor = new Cursor(section, begin);
  let found: Location = nowhere('its place is not told');
  while (cursor.at < end) {
    const operation = cursor.number(1);
    if (operation === OPERATION.addr) {
      const address = cursor.address();
      if (typeof address === 'bigint') return nowhere('it has no address');
      found = { kind: 'symbol', name: address.name, offset: address.addend };
    } else if (operation === OPERATION.regx) {
      found = { kind: 'register', name: registerName(cursor.variable()) };
    } else if (operation === OPERATION.bregx) {
      const register = registerName(cursor.variable());
      found = { kind: 'pointed', register, offset: Number(cursor.variable(true)) };
    } else if (operation === OPERATION.plus && 'offset' in found) {
      found = { ...found, offset: found.offset + Number(cursor.variable()) };
    } else if (operation !== OPERATION.nop) {
      return nowhere(`its place is told in a way that is not read (0x${operation.toString(16)})`);
    }
  }
  return found;
}

/** The part of a list of places that is for a line. */
function inList(dwarf: Dwarf, offset: number, line: number): Location {
  const cursor = new Cursor(dwarf.section('.debug_loc'), offset);
  for (;;) {
    const begin = cursor.address();
    const end = cursor.address();
    if (begin === 0n && end === 0n) return nowhere('it has no value here');
    const place = cursor.block(cursor.number(2));
    if (isWithin(dwarf, begin, end, line)) return evaluate(place);
  }
}

function isWithin(dwarf: Dwarf, begin: AttributeValue, end: AttributeValue, line: number): boolean {
  const first = dwarf.lineOf(begin);
  const last = dwarf.lineOf(end);
  return first !== undefined && last !== undefined && line >= first && line < last;
}

/** Whether a function or block has the code of a line. */
export function covers(dwarf: Dwarf, entry: Entry, line: number): boolean {
  const begin = entry.attributes.get(ATTRIBUTE.lowPc);
  const end = entry.attributes.get(ATTRIBUTE.highPc);
  return begin !== undefined && end !== undefined && isWithin(dwarf, begin, end, line);
}

export function locate(dwarf: Dwarf, variable: Entry, line: number): Location {
  const constant = dwarf.get(variable, ATTRIBUTE.constValue);
  if (typeof constant === 'number' || typeof constant === 'bigint') {
    return { kind: 'constant', value: BigInt(constant) };
  }
  const given = dwarf.get(variable, ATTRIBUTE.location);
  if (typeof given === 'object' && 'section' in given) return evaluate(given);
  const offset = wholeOf(given);
  return offset === undefined
    ? nowhere('the compiler has left it out')
    : inList(dwarf, offset, line);
}
