/**
 * Which variables of the source there are at a line of the PTX.
 */
import { type Dwarf, type Entry, TAG } from './dwarf.js';
import { covers } from './locations.js';

export interface Declared {
  readonly name: string;
  readonly entry: Entry;
}

const INNER: readonly number[] = [TAG.lexicalBlock, TAG.inlined];
const VARIABLES: readonly number[] = [TAG.parameter, TAG.variable];

function* functionsOf(entry: Entry): Generator<Entry> {
  for (const each of entry.children) {
    if (each.tag === TAG.subprogram) yield each;
    else if (each.tag === TAG.namespace) yield* functionsOf(each);
  }
}

function declared(dwarf: Dwarf, entry: Entry, prefix = ''): Declared[] {
  const name = dwarf.nameOf(entry);
  return name === '' ? [] : [{ name: prefix + name, entry }];
}

/** Parameters and variables of the function, the outermost block first; inner ones hide outer ones. */
export function localsAt(dwarf: Dwarf, line: number): Declared[] {
  const found = new Map<string, Declared>();
  const add = (entry: Entry) => {
    for (const each of entry.children) {
      if (VARIABLES.includes(each.tag)) {
        for (const one of declared(dwarf, each)) {
          found.delete(one.name); // to the end
          found.set(one.name, one);
        }
      }
    }
    for (const each of entry.children) {
      if (INNER.includes(each.tag) && covers(dwarf, each, line)) add(each);
    }
  };
  for (const unit of dwarf.units) {
    for (const each of functionsOf(unit)) if (covers(dwarf, each, line)) add(each);
  }
  return [...found.values()];
}

/** Of the module: `weights`, or `inner::weights` of a namespace. */
export function globalsOf(dwarf: Dwarf): Declared[] {
  const from = (entry: Entry, prefix: string): Declared[] =>
    entry.children.flatMap((each) => {
      if (each.tag === TAG.variable) return declared(dwarf, each, prefix);
      if (each.tag !== TAG.namespace) return [];
      const name = dwarf.nameOf(each);
      return from(each, name === '' ? prefix : `${prefix}${name}::`);
    });
  return dwarf.units.flatMap((unit) => from(unit, ''));
}
