/**
 * DWARF as nvcc writes it into PTX (versions 2 to 4): entries, each with a tag, attributes and children.
 *
 * @see {@link https://dwarfstd.org/doc/DWARF4.pdf | DWARF 4, sections 2 and 7}
 */
import type { DebugSections, Reference, Section } from './sections.js';

export const TAG = {
  array: 0x01,
  class: 0x02,
  enumeration: 0x04,
  parameter: 0x05,
  lexicalBlock: 0x0b,
  member: 0x0d,
  pointer: 0x0f,
  reference: 0x10,
  compileUnit: 0x11,
  struct: 0x13,
  typedef: 0x16,
  union: 0x17,
  inheritance: 0x1c,
  inlined: 0x1d,
  subrange: 0x21,
  base: 0x24,
  const: 0x26,
  enumerator: 0x28,
  subprogram: 0x2e,
  variable: 0x34,
  volatile: 0x35,
  restrict: 0x37,
  namespace: 0x39,
  rvalueReference: 0x42,
} as const;

export const ATTRIBUTE = {
  location: 0x02,
  name: 0x03,
  byteSize: 0x0b,
  bitOffset: 0x0c,
  bitSize: 0x0d,
  lowPc: 0x11,
  highPc: 0x12,
  constValue: 0x1c,
  upperBound: 0x2f,
  abstractOrigin: 0x31,
  addressClass: 0x33,
  count: 0x37,
  dataMemberLocation: 0x38,
  encoding: 0x3e,
  external: 0x3f,
  specification: 0x47,
  type: 0x49,
  dataBitOffset: 0x6b,
} as const;

/** Bytes of a section. */
export interface Block {
  readonly section: Section;
  readonly begin: number;
  readonly end: number;
}

export type AttributeValue = number | bigint | string | Block | Reference;

export interface Entry {
  readonly offset: number;
  readonly tag: number;
  readonly attributes: ReadonlyMap<number, AttributeValue>;
  readonly children: Entry[];
}

/** What is not read. */
export class DwarfError extends Error {}

/** Of one number: the names of registers are coded as such. */
const MOST_BITS = 1024n;

/** Reads one number after another. */
export class Cursor {
  readonly section: Section;
  at: number;

  constructor(section: Section, at = 0) {
    this.section = section;
    this.at = at;
  }

  unsigned(size: number): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) value |= BigInt(this.#byte()) << BigInt(8 * i);
    return value;
  }

  number(size: number): number {
    return Number(this.unsigned(size));
  }

  /** LEB128. */
  variable(isSigned = false): bigint {
    let value = 0n;
    for (let shift = 0n; shift < MOST_BITS; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      return isSigned ? BigInt.asIntN(Number(shift) + 7, value) : value;
    }
    throw new DwarfError('a number without end');
  }

  /** An address of 8 bytes: of a label or variable, or a number. */
  address(): Reference | bigint {
    const reference = this.section.references.get(this.at);
    const value = this.unsigned(8);
    return reference ?? value;
  }

  text(): string {
    const bytes: number[] = [];
    for (;;) {
      const byte = this.#byte();
      if (byte === 0) return Buffer.from(bytes).toString('utf8');
      bytes.push(byte);
    }
  }

  block(length: number): Block {
    const begin = this.at;
    this.at += length;
    if (this.at > this.section.bytes.byteLength) throw new DwarfError('a block beyond its section');
    return { section: this.section, begin, end: this.at };
  }

  #byte(): number {
    if (this.at >= this.section.bytes.byteLength) throw new DwarfError('a section ends too early');
    return this.section.bytes.getUint8(this.at++);
  }
}

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Attribute and form. */
  readonly parts: readonly (readonly [number, number])[];
}

function readAbbreviations(section: Section, offset: number): Map<number, Abbreviation> {
  const cursor = new Cursor(section, offset);
  const all = new Map<number, Abbreviation>();
  while (cursor.at < section.bytes.byteLength) {
    const code = Number(cursor.variable());
    if (code === 0) break;
    const tag = Number(cursor.variable());
    const hasChildren = cursor.number(1) !== 0;
    const parts: [number, number][] = [];
    for (;;) {
      const part: [number, number] = [Number(cursor.variable()), Number(cursor.variable())];
      if (part[0] === 0 && part[1] === 0) break;
      parts.push(part);
    }
    all.set(code, { tag, hasChildren, parts });
  }
  return all;
}

/** All entries of a module; references between them are offsets in the section. */
export class Dwarf {
  readonly units: readonly Entry[];
  readonly #debug: DebugSections;
  readonly #byOffset = new Map<number, Entry>();

  constructor(debug: DebugSections) {
    this.#debug = debug;
    const info = debug.sections.get('.debug_info');
    const units: Entry[] = [];
    const length = info?.bytes.byteLength ?? 0;
    // What is behind the last one is padding.
    for (let at = 0; info !== undefined && at + 11 <= length; ) {
      const cursor = new Cursor(info, at);
      const end = at + 4 + cursor.number(4);
      units.push(this.#readUnit(cursor, at, Math.min(end, length)));
      at = end;
    }
    this.units = units;
  }

  at(offset: number): Entry {
    const entry = this.#byOffset.get(offset);
    if (entry === undefined) throw new DwarfError(`no entry at ${offset}`);
    return entry;
  }

  section(name: string): Section {
    const section = this.#debug.sections.get(name);
    if (section === undefined) throw new DwarfError(`no section ${name}`);
    return section;
  }

  /** Of an entry, or of the one that it completes or is a copy of. */
  get(entry: Entry, attribute: number): AttributeValue | undefined {
    const own = entry.attributes.get(attribute);
    if (own !== undefined) return own;
    for (const other of [ATTRIBUTE.abstractOrigin, ATTRIBUTE.specification]) {
      const offset = entry.attributes.get(other);
      if (typeof offset === 'number') return this.get(this.at(offset), attribute);
    }
    return undefined;
  }

  /** As the source has it; empty where there is none. */
  nameOf(entry: Entry): string {
    const name = this.get(entry, ATTRIBUTE.name);
    return typeof name === 'string' ? unmangled(name) : '';
  }

  /** The line of the PTX that an address is at; undefined if it is that of no label. */
  lineOf(address: AttributeValue | undefined): number | undefined {
    if (typeof address !== 'object' || !('name' in address)) return undefined;
    return this.#debug.labels.get(address.name);
  }

  #readUnit(cursor: Cursor, begin: number, end: number): Entry {
    const version = cursor.number(2);
    if (version < 2 || version > 4) throw new DwarfError(`DWARF of version ${version}`);
    const abbreviations = readAbbreviations(this.section('.debug_abbrev'), cursor.number(4));
    if (cursor.number(1) !== 8) throw new DwarfError('addresses of other than 8 bytes');
    const top: Entry[] = [];
    const open = [top];
    while (cursor.at < end && open.length > 0) {
      const offset = cursor.at;
      const code = Number(cursor.variable());
      if (code === 0) {
        open.pop();
        continue;
      }
      const abbreviation = abbreviations.get(code);
      if (abbreviation === undefined) throw new DwarfError(`no abbreviation ${code}`);
      const attributes = new Map<number, AttributeValue>();
      for (const [attribute, form] of abbreviation.parts) {
        attributes.set(attribute, this.#readForm(cursor, form, begin, version));
      }
      const entry: Entry = { offset, tag: abbreviation.tag, attributes, children: [] };
      this.#byOffset.set(offset, entry);
      open.at(-1)!.push(entry);
      if (abbreviation.hasChildren) open.push(entry.children);
      if (open.length === 1) break;
    }
    if (top[0] === undefined) throw new DwarfError('an empty unit');
    return top[0];
  }

  #readForm(cursor: Cursor, form: number, unit: number, version: number): AttributeValue {
    switch (form) {
      case 0x01: // addr
        return cursor.address();
      case 0x0b: // data1
      case 0x0c: // flag
        return cursor.number(1);
      case 0x05: // data2
        return cursor.number(2);
      case 0x06: // data4
      case 0x17: // sec_offset
        return cursor.number(4);
      case 0x07: // data8
        return cursor.unsigned(8);
      case 0x08: // string
        return cursor.text();
      case 0x0e: // strp
        return new Cursor(this.section('.debug_str'), cursor.number(4)).text();
      case 0x0d: // sdata
        return cursor.variable(true);
      case 0x0f: // udata
        return cursor.variable();
      case 0x11: // ref1, ref2, ref4
      case 0x12:
      case 0x13:
        return unit + cursor.number(1 << (form - 0x11));
      case 0x10: // ref_addr
        return cursor.number(version === 2 ? 8 : 4);
      case 0x15: // ref_udata
        return unit + Number(cursor.variable());
      case 0x19: // flag_present
        return 1;
      case 0x0a: // block1, block2, block4
        return cursor.block(cursor.number(1));
      case 0x03:
        return cursor.block(cursor.number(2));
      case 0x04:
        return cursor.block(cursor.number(4));
      case 0x09: // block, exprloc
      case 0x18:
        return cursor.block(Number(cursor.variable()));
    }
    throw new DwarfError(`a form 0x${form.toString(16)}`);
  }
}

/** nvcc mangles what is in a namespace, or of an `enum class`: `_ZN5inner3bigE` for `inner::big`. */
function unmangled(name: string): string {
  const parts: string[] = [];
  for (let rest = /^_ZN(.*)E$/.exec(name)?.[1] ?? ''; rest !== ''; ) {
    const [digits] = /^[1-9]\d*/.exec(rest) ?? [''];
    const end = digits.length + Number(digits);
    if (digits === '' || end > rest.length) return name;
    parts.push(rest.slice(digits.length, end));
    rest = rest.slice(end);
  }
  return parts.length === 0 ? name : parts.join('::');
}

/** A whole number. */
export function wholeOf(value: AttributeValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
