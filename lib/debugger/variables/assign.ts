/**
 * Gives variables of the source other values.
 */
import { encodeValue } from '../encode.js';
import { bitsOf, type Machine, refuse, type Storage, type VariableSpace } from './values.js';

/** One whose registers and memory can be written. False where there is nothing to be written. */
export interface WritableMachine extends Machine {
  setRegister(name: string, bits: bigint): boolean;
  setMemory(space: VariableSpace, address: bigint, bytes: Uint8Array): boolean;
}

function encodingOf({ type }: Storage) {
  if (type.kind === 'boolean' || type.kind === 'float') return type.kind;
  if (type.kind === 'integer' || type.kind === 'enumeration' || type.kind === 'pointer') {
    return 'integer';
  }
  throw refuse(`${type.name} is no single value: its members and elements are`);
}

export function assign(storage: Storage, value: unknown, machine: WritableMachine): void {
  const { type, place, bits: field } = storage;
  const encoding = encodingOf(storage);
  const width = 8 * type.size;
  let bits = encodeValue(value, encoding, field?.size ?? width);
  if (field !== undefined) {
    const whole = bitsOf({ type, place }, machine);
    if (typeof whole === 'string') throw refuse(`It cannot be written: ${whole}`);
    const shift = BigInt(field.shift);
    const mask = ((1n << BigInt(field.size)) - 1n) << shift;
    bits = (whole & ~mask) | (bits << shift);
  }
  if (place.kind === 'register' && place.offset === 0n) {
    // A narrow one is extended, as the compiler does with it.
    const extended = 'signed' in type && type.signed ? BigInt.asIntN(width, bits) : bits;
    if (machine.setRegister(place.name, BigInt.asUintN(64, extended))) return;
    throw refuse(`It cannot be written: ${place.name} is not used here`);
  }
  if (place.kind !== 'memory') {
    const why = place.kind === 'nowhere' ? place.why : 'it is a constant, or a part of a register';
    throw refuse(`It cannot be written: ${why}`);
  }
  const bytes = Uint8Array.from({ length: type.size }, (_, i) =>
    Number(BigInt.asUintN(8, bits >> BigInt(8 * i))),
  );
  if (machine.setMemory(place.space, place.offset, bytes)) return;
  throw refuse(
    `It cannot be written: ${place.space} memory at 0x${place.offset.toString(16)} is not there, or may not be`,
  );
}
