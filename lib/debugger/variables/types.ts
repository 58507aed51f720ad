/**
 * Types of the source, as DWARF describes them.
 */
import { ATTRIBUTE, Cursor, type Dwarf, DwarfError, type Entry, TAG, wholeOf } from './dwarf.js';

export interface Member {
  /** Of a base class: the name of that. Empty for one that has none. */
  readonly name: string;
  readonly type: Type;
  readonly offset: number;
  /** Of a bit field: how many bits, and how many are below. */
  readonly bits?: { readonly size: number; readonly shift: number };
}

/** `name` is what the source calls it: `const float *`. */
export type Type = { readonly name: string; readonly size: number } & (
  | { readonly kind: 'integer' | 'float' | 'boolean'; readonly signed: boolean }
  | {
      readonly kind: 'enumeration';
      readonly signed: boolean;
      readonly names: ReadonlyMap<bigint, string>;
    }
  | { readonly kind: 'pointer' | 'reference'; readonly target: () => Type }
  | { readonly kind: 'structure'; readonly members: readonly Member[] }
  | { readonly kind: 'array'; readonly element: Type; readonly count: number }
  | { readonly kind: 'nothing' }
);

const NOTHING: Type = { name: 'void', size: 0, kind: 'nothing' };
/** nvcc's name for what a structure inherits. */
const BASE = '__b_';
const QUALIFIERS: Readonly<Record<number, string>> = {
  [TAG.const]: 'const',
  [TAG.volatile]: 'volatile',
  [TAG.restrict]: '__restrict__',
};

/** What is behind the star is about the pointer. */
function qualified(name: string, word: string): string {
  return name.endsWith('*') ? `${name}${word}` : `${word} ${name}`;
}

export class Types {
  readonly #dwarf: Dwarf;
  readonly #known = new Map<Entry, Type>();

  constructor(dwarf: Dwarf) {
    this.#dwarf = dwarf;
  }

  /** That an entry names as its type. */
  of(entry: Entry): Type {
    const offset = wholeOf(this.#dwarf.get(entry, ATTRIBUTE.type));
    return offset === undefined ? NOTHING : this.#read(this.#dwarf.at(offset));
  }

  #read(entry: Entry): Type {
    let type = this.#known.get(entry);
    if (type === undefined) {
      type = this.#make(entry);
      this.#known.set(entry, type);
    }
    return type;
  }

  #make(entry: Entry): Type {
    const name = this.#dwarf.nameOf(entry);
    const size = wholeOf(this.#dwarf.get(entry, ATTRIBUTE.byteSize)) ?? 0;
    switch (entry.tag) {
      case TAG.base:
        return this.#base(entry, name, size);
      case TAG.typedef:
        return { ...this.of(entry), name };
      case TAG.const:
      case TAG.volatile:
      case TAG.restrict: {
        const of = this.of(entry);
        const word = QUALIFIERS[entry.tag]!;
        return { ...of, name: qualified(of.name, word) };
      }
      case TAG.pointer:
        return this.#pointer(entry, 'pointer', '*');
      case TAG.reference:
        return this.#pointer(entry, 'reference', '&');
      case TAG.rvalueReference:
        return this.#pointer(entry, 'reference', '&&');
      case TAG.struct:
      case TAG.class:
      case TAG.union:
        return {
          name: name || '(unnamed)',
          size,
          kind: 'structure',
          members: this.#members(entry),
        };
      case TAG.enumeration:
        return this.#enumeration(entry, name || '(unnamed)', size);
      case TAG.array:
        return this.#array(entry);
    }
    // A function, whose address may be taken; in nvcc's words void is a type without a tag of its own.
    return { ...NOTHING, name: name || 'void' };
  }

  #base(entry: Entry, name: string, size: number): Type {
    const encoding = wholeOf(this.#dwarf.get(entry, ATTRIBUTE.encoding));
    const kind = encoding === 2 ? 'boolean' : encoding === 4 ? 'float' : 'integer';
    return { name, size, kind, signed: encoding === 5 || encoding === 6 };
  }

  #pointer(entry: Entry, kind: 'pointer' | 'reference', mark: string): Type {
    // A structure may have pointers to itself: what they point to is read when it is asked for.
    const target = () => this.of(entry);
    const name = `${this.#nameOf(entry)} ${mark}`.replace('* *', '**').replace('* &', '*&');
    return { name, size: 8, kind, target };
  }

  /** Of the type that an entry names, without reading a structure. */
  #nameOf(entry: Entry): string {
    const offset = wholeOf(this.#dwarf.get(entry, ATTRIBUTE.type));
    if (offset === undefined) return 'void';
    const target = this.#dwarf.at(offset);
    const name = this.#dwarf.nameOf(target);
    if (name !== '') return name;
    const word = QUALIFIERS[target.tag];
    if (word === undefined) return this.#read(target).name;
    const of = this.#nameOf(target);
    return qualified(of, word);
  }

  #enumeration(entry: Entry, name: string, size: number): Type {
    const names = new Map<bigint, string>();
    for (const each of entry.children) {
      const value = this.#dwarf.get(each, ATTRIBUTE.constValue);
      if (typeof value === 'number' || typeof value === 'bigint') {
        names.set(BigInt(value), this.#dwarf.nameOf(each));
      }
    }
    return {
      name,
      size,
      kind: 'enumeration',
      signed: [...names.keys()].some((each) => each < 0n),
      names,
    };
  }

  #array(entry: Entry): Type {
    const counts = entry.children
      .filter(({ tag }) => tag === TAG.subrange)
      .map((each) => {
        const last = wholeOf(this.#dwarf.get(each, ATTRIBUTE.upperBound));
        return (
          wholeOf(this.#dwarf.get(each, ATTRIBUTE.count)) ?? (last === undefined ? 0 : last + 1)
        );
      });
    let type = this.of(entry);
    const { name } = type;
    // The last index is that of neighbours.
    for (const [i, count] of [...counts.entries()].reverse()) {
      const bounds = counts.slice(i).map((each) => `[${each || ''}]`);
      type = {
        name: `${name}${bounds.join('')}`,
        size: type.size * count,
        kind: 'array',
        element: type,
        count,
      };
    }
    return type;
  }

  #members(entry: Entry): Member[] {
    const members: Member[] = [];
    for (const each of entry.children) {
      const isBase = each.tag === TAG.inheritance;
      // Those that are static have no place in it.
      if (!isBase && (each.tag !== TAG.member || each.attributes.has(ATTRIBUTE.external))) continue;
      const type = this.of(each);
      const given = this.#dwarf.nameOf(each);
      const name = isBase || given.startsWith(BASE) ? type.name : given;
      members.push({ name, type, ...this.#placeOf(each, type) });
    }
    return members;
  }

  #placeOf(member: Entry, type: Type): Pick<Member, 'offset' | 'bits'> {
    const given = this.#dwarf.get(member, ATTRIBUTE.dataMemberLocation);
    let offset = wholeOf(given) ?? 0;
    if (typeof given === 'object' && 'section' in given) {
      const cursor = new Cursor(given.section, given.begin);
      const plus = 0x23;
      if (cursor.number(1) !== plus) throw new DwarfError('a member at no fixed place');
      offset = Number(cursor.variable());
    }
    const size = wholeOf(this.#dwarf.get(member, ATTRIBUTE.bitSize));
    if (size === undefined) return { offset };
    const first = wholeOf(this.#dwarf.get(member, ATTRIBUTE.dataBitOffset));
    if (first !== undefined) {
      const unit = 8 * type.size;
      return { offset: Math.floor(first / unit) * type.size, bits: { size, shift: first % unit } };
    }
    // Counted from the highest bit of what holds it.
    const holds = wholeOf(this.#dwarf.get(member, ATTRIBUTE.byteSize)) ?? type.size;
    const above = wholeOf(this.#dwarf.get(member, ATTRIBUTE.bitOffset)) ?? 0;
    return { offset, bits: { size, shift: 8 * holds - above - size } };
  }
}
