/**
 * What variables of the source hold.
 */
import { CudaDebuggerError } from '../../base/errors.js';
import { typedValue } from '../stop.js';
import type { Location } from './locations.js';
import type { Type } from './types.js';

/** A memory of the device; `generic` for what a pointer points to. */
export type VariableSpace = 'global' | 'shared' | 'local' | 'parameter' | 'generic';

/** A variable of the source, or a part of one. */
export interface SourceVariable {
  /** As in the source; a member's; `[3]` of an element. */
  readonly name: string;
  /** As in the source: `const float *`. */
  readonly type: string;
  /**
   * A boolean for `bool`, a bigint for pointers and integers of 64 bits, else a number; null for what has
   * `members`, and where `missing` says why.
   */
  readonly value: number | bigint | boolean | null;
  /** The name that an enumeration has for the value, or null. */
  readonly enumerator: string | null;
  /** Of structures, also of base classes, and of elements: 4,096 in all, at most. */
  readonly members: readonly SourceVariable[];
  /** How many elements an array has; null for what is none. */
  readonly length: number | null;
  /** The register of the PTX that holds it, or null. */
  readonly register: string | null;
  /** Where it is in memory, or null. */
  readonly space: VariableSpace | null;
  readonly address: bigint | null;
  /** Why there is no value, or null. */
  readonly missing: string | null;
}

/** A thread that is stopped, as far as its variables need it. */
export interface Machine {
  /** Where it stands in the PTX. */
  readonly line: number;
  register(name: string): bigint | undefined;
  /** A variable of the PTX. */
  symbol(name: string): { space: VariableSpace; address: bigint } | undefined;
  /** Undefined where not all of the bytes are there. */
  memory(space: VariableSpace, address: bigint, bytes: number): Uint8Array | undefined;
}

/** Bytes, from `offset` on. */
export type Place =
  | { readonly kind: 'memory'; readonly space: VariableSpace; readonly offset: bigint }
  | { readonly kind: 'register'; readonly name: string; readonly offset: bigint }
  | { readonly kind: 'constant'; readonly value: bigint; readonly offset: bigint }
  | { readonly kind: 'nowhere'; readonly why: string };

/** Something that has a type and a place. */
export interface Storage {
  readonly type: Type;
  readonly place: Place;
  readonly bits?: { readonly size: number; readonly shift: number };
}

const MOST_VALUES = 4096;
const REGISTER_BYTES = 16;

export function refuse(message: string): CudaDebuggerError {
  return new CudaDebuggerError(message, { operation: 'KernelDebugger.variable' });
}

export function placeAt(location: Location, machine: Machine): Place {
  switch (location.kind) {
    case 'register':
      return { kind: 'register', name: location.name, offset: 0n };
    case 'constant':
      return { kind: 'constant', value: location.value, offset: 0n };
    case 'nowhere':
      return location;
    case 'pointed': {
      const base = machine.register(location.register);
      if (base === undefined)
        return { kind: 'nowhere', why: `${location.register} is not used here` };
      return { kind: 'memory', space: 'generic', offset: base + BigInt(location.offset) };
    }
    case 'symbol': {
      const found = machine.symbol(location.name);
      if (found === undefined) return { kind: 'nowhere', why: 'this function does not use it' };
      const offset = found.address + BigInt(location.offset);
      return { kind: 'memory', space: found.space, offset };
    }
  }
}

function beyond(place: Place, bytes: bigint): Place {
  return place.kind === 'nowhere' ? place : { ...place, offset: place.offset + bytes };
}

/** A member of a structure, also of a base class. */
export function memberOf(storage: Storage, name: string): Storage | undefined {
  const { type, place } = storage;
  if (type.kind !== 'structure') return undefined;
  for (const each of type.members) {
    const inner: Storage = {
      type: each.type,
      place: beyond(place, BigInt(each.offset)),
      ...(each.bits && { bits: each.bits }),
    };
    if (each.name === name) return inner;
    const isUnnamed = each.name === '' || each.name === each.type.name;
    const found = isUnnamed ? memberOf(inner, name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

export function elementOf({ type, place }: Storage, index: bigint): Storage | undefined {
  if (type.kind !== 'array') return undefined;
  return { type: type.element, place: beyond(place, index * BigInt(type.element.size)) };
}

/** What a pointer or reference points to, or that so many further. Throws where there is no pointer. */
export function targetOf(storage: Storage, machine: Machine, index = 0n): Storage | undefined {
  const { type } = storage;
  if (type.kind !== 'pointer' && type.kind !== 'reference') return undefined;
  const bits = bitsOf(storage, machine);
  if (typeof bits === 'string') throw refuse(`There is no such pointer: ${bits}`);
  const target = type.target();
  const offset = BigInt.asUintN(64, bits + index * BigInt(target.size));
  return { type: target, place: { kind: 'memory', space: 'generic', offset } };
}

/** A number, or why there is none. */
export function bitsOf({ type, place, bits }: Storage, machine: Machine): bigint | string {
  const size = BigInt(8 * type.size);
  const cut = (value: bigint) =>
    bits === undefined
      ? BigInt.asUintN(Number(size), value)
      : BigInt.asUintN(bits.size, value >> BigInt(bits.shift));
  switch (place.kind) {
    case 'nowhere':
      return place.why;
    case 'constant':
      return cut(place.value >> (8n * place.offset));
    case 'register': {
      const value = machine.register(place.name);
      if (value === undefined) return `${place.name} is not used here`;
      return cut(value >> (8n * place.offset));
    }
    case 'memory': {
      const bytes = machine.memory(place.space, place.offset, type.size);
      if (bytes === undefined) {
        return `there are no ${type.size} bytes of ${place.space} memory at 0x${place.offset.toString(16)}`;
      }
      let value = 0n;
      for (const [i, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * i);
      return cut(value);
    }
  }
}

function scalarOf({ type, bits: field }: Storage, bits: bigint): number | bigint | boolean | null {
  const width = field?.size ?? 8 * type.size;
  switch (type.kind) {
    case 'boolean':
      return bits !== 0n;
    case 'float':
      return typedValue(`f${width}`, bits);
    case 'integer':
    case 'enumeration': {
      const value = type.signed ? BigInt.asIntN(width, bits) : bits;
      return type.size > 4 ? value : Number(value);
    }
    case 'pointer':
    case 'reference':
      return bits;
  }
  return null;
}

/** All of it, for people. `left`: how many values may be read. */
export function readVariable(
  name: string,
  storage: Storage,
  machine: Machine,
  left = { values: MOST_VALUES },
): SourceVariable {
  left.values--;
  const { type, place } = storage;
  const inMemory = place.kind === 'memory';
  const described = {
    name,
    type: type.name,
    value: null,
    enumerator: null,
    members: [],
    length: type.kind === 'array' ? type.count : null,
    register: place.kind === 'register' ? place.name : null,
    space: inMemory ? place.space : null,
    address: inMemory ? place.offset : null,
    missing: null,
  };
  if (place.kind === 'nowhere') return { ...described, missing: place.why };
  if (type.kind === 'structure' || type.kind === 'array') {
    return { ...described, members: partsOf(storage, machine, left) };
  }
  if (type.kind === 'nothing') return { ...described, missing: 'it is of no type that has values' };
  if (type.size > REGISTER_BYTES)
    return { ...described, missing: 'it is of a type that is not read' };
  const bits = bitsOf(storage, machine);
  if (typeof bits === 'string') return { ...described, missing: bits };
  const value = scalarOf(storage, bits);
  const enumerator =
    type.kind === 'enumeration' ? (type.names.get(BigInt(value as number | bigint)) ?? null) : null;
  return { ...described, value, enumerator };
}

function partsOf(storage: Storage, machine: Machine, left: { values: number }): SourceVariable[] {
  const { type, place } = storage;
  const parts: SourceVariable[] = [];
  if (type.kind === 'array') {
    for (let i = 0; i < type.count && left.values > 0; i++) {
      parts.push(readVariable(`[${i}]`, elementOf(storage, BigInt(i))!, machine, left));
    }
  } else if (type.kind === 'structure') {
    for (const each of type.members) {
      if (left.values <= 0) break;
      const inner = {
        type: each.type,
        place: beyond(place, BigInt(each.offset)),
        ...(each.bits && { bits: each.bits }),
      };
      parts.push(readVariable(each.name, inner, machine, left));
    }
  }
  return parts;
}
