/**
 * A parameter's type as bytes: what is where, and what a value must be.
 */
import { USE_READ, USE_SURFACE, USE_TEXTURE, USE_WRITE } from '../../abi/kernel.js';
import {
  argumentRangeError,
  argumentTypeError,
  checkInteger,
  isRecord,
  rangeError,
  typeError,
} from '../../base/checks.js';
import { describe, describeKey, isArray } from '../../base/describe.js';
import { type Dtype, type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import { parameterType } from './c-types.js';

/** A type that was read: how large it is, how it is aligned, and what it is made of. */
export type Layout = {
  readonly text: string;
  readonly bytes: number;
  readonly alignment: number;
} & (
  | { readonly kind: 'scalar'; readonly dtype: DtypeInfo }
  | { readonly kind: 'bool' }
  | { readonly kind: 'pointer'; readonly dtype: DtypeInfo | undefined; readonly isConst: boolean }
  | { readonly kind: 'array'; readonly element: Layout; readonly length: number }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'tensorMap' }
  | { readonly kind: 'texture'; readonly isSurface: boolean }
);

export type ArrayLayout = Layout & { kind: 'array' };

/** A field of a struct. */
export interface Field {
  readonly name: string;
  readonly byteOffset: number;
  readonly layout: Layout;
}

export const POINTER_BYTES = 8;
/** Of a `CUtensorMap`. */
export const TENSOR_MAP_BYTES = 128;
const TENSOR_MAP_ALIGNMENT = 64;
const MOST_DEPTH = 16;
/** What CUDA takes as parameters of one kernel. */
const MOST_BYTES = 32764;

function roundUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function unknownType(text: unknown, name: string): Error {
  const mayBeC = typeof text === 'string' && text.length < 40 && !text.includes('[');
  const meant = mayBeC ? parameterType(text) : undefined;
  return typeError(
    `Expected a type such as float32, const float32*, float32[4] or { struct: { ... } } for \`${name}\` ` +
      `but received ${describe(text)}${meant === undefined ? '' : `: that is ${meant} here`}`,
  );
}

/** The layout of one element. */
export function scalarLayout(dtype: DtypeInfo): Layout {
  const { name, byteSize } = dtype;
  return { kind: 'scalar', text: name, dtype, bytes: byteSize, alignment: byteSize };
}

function named(text: string, name: string): Layout {
  const scalar = dtypeByName(text);
  if (scalar !== undefined) return scalarLayout(scalar);
  if (text === 'bool') return { kind: 'bool', text, bytes: 1, alignment: 1 };
  if (text === 'tensorMap') {
    return { kind: 'tensorMap', text, bytes: TENSOR_MAP_BYTES, alignment: TENSOR_MAP_ALIGNMENT };
  }
  if (text === 'texture' || text === 'surface') {
    const size = { bytes: POINTER_BYTES, alignment: POINTER_BYTES };
    return { kind: 'texture', text, isSurface: text === 'surface', ...size };
  }
  const pointer = /^(const )?([a-z0-9]+)\*$/.exec(text);
  if (pointer !== null) {
    const dtype = dtypeByName(pointer[2]);
    if (dtype === undefined && pointer[2] !== 'void') throw unknownType(text, name);
    const isConst = pointer[1] !== undefined;
    return {
      kind: 'pointer',
      text,
      dtype,
      isConst,
      bytes: POINTER_BYTES,
      alignment: POINTER_BYTES,
    };
  }
  const vector = /^([a-z0-9]+)x([234])$/.exec(text);
  const dtype = dtypeByName(vector?.[1]);
  if (vector !== null && dtype !== undefined) {
    const length = Number(vector[2]);
    const bytes = length * dtype.byteSize;
    // As CUDA's vector_types.h aligns them.
    const alignment = length === 3 ? dtype.byteSize : Math.min(bytes, 16);
    return { kind: 'array', text, element: scalarLayout(dtype), length, bytes, alignment };
  }
  const array = /^([a-z0-9]+)\[([1-9][0-9]{0,4})\]$/.exec(text);
  const element = dtypeByName(array?.[1]);
  if (array === null || element === undefined) throw unknownType(text, name);
  return arrayOf(scalarLayout(element), Number(array[2]), text, name);
}

function arrayOf(element: Layout, length: number, text: string, name: string): Layout {
  const bytes = length * element.bytes;
  if (bytes > MOST_BYTES) throw rangeError(`\`${name}\` has more than ${MOST_BYTES} bytes`);
  return { kind: 'array', text, element, length, bytes, alignment: element.alignment };
}

function refuseOthers(rest: object, name: string, expected: string): void {
  const [other] = Object.keys(rest);
  if (other === undefined) return;
  throw typeError(`\`${name}\` has an unknown key \`${describeKey(other)}\`: expected ${expected}`);
}

function structOf(type: object, name: string, depth: number): Layout {
  const { struct, align, ...rest } = type as { struct?: unknown; align?: unknown };
  if (!isRecord(struct)) throw unknownType(type, name);
  refuseOthers(rest, name, 'struct and align');
  const fields: Field[] = [];
  let end = 0;
  let alignment = 1;
  for (const field of Object.keys(struct)) {
    if (/^[0-9]/.test(field)) {
      throw typeError(
        `\`${name}\` has a field \`${describeKey(field)}\`, but names of C begin with no digit`,
      );
    }
    const type = (struct as Record<string, unknown>)[field];
    const layout = layoutOf(type, `${name}.${field}`, depth + 1);
    const byteOffset = roundUp(end, layout.alignment);
    fields.push({ name: field, byteOffset, layout });
    end = byteOffset + layout.bytes;
    alignment = Math.max(alignment, layout.alignment);
    if (end > MOST_BYTES) throw rangeError(`\`${name}\` has more than ${MOST_BYTES} bytes`);
  }
  if (fields.length === 0) throw typeError(`\`${name}\` is a struct without fields`);
  if (align !== undefined) {
    if (typeof align !== 'number' || ![1, 2, 4, 8, 16, 32, 64, 128].includes(align)) {
      throw argumentRangeError('a power of 2 up to 128', `${name}.align`, align);
    }
    alignment = Math.max(alignment, align);
  }
  const text = `struct of ${fields.length} fields`;
  return { kind: 'struct', text, fields, alignment, bytes: roundUp(end, alignment) };
}

function elementsOf(type: object, name: string, depth: number): Layout {
  const { array, length, ...rest } = type as { array?: unknown; length?: unknown };
  refuseOthers(rest, name, 'array and length');
  const count = checkInteger(length, `${name}.length`, 1, MOST_BYTES);
  const element = layoutOf(array, `${name}.array`, depth + 1);
  return arrayOf(element, count, `${count} of ${element.text}`, name);
}

/** Reads a type as {@link ParameterType} has it. */
export function layoutOf(type: unknown, name: string, depth = 0): Layout {
  if (typeof type === 'string') return named(type, name);
  if (!isRecord(type)) throw unknownType(type, name);
  if (depth > MOST_DEPTH) throw rangeError(`\`${name}\` has types ${MOST_DEPTH} deep and more`);
  return 'array' in type ? elementsOf(type, name, depth) : structOf(type, name, depth);
}

/** Reads a signature. Runs getters of it. */
export function readSignature(value: unknown): Layout[] {
  if (!isArray(value)) throw argumentTypeError('an array of types', 'signature', value);
  const layouts: Layout[] = [];
  const { length } = value;
  for (let i = 0; i < length; i++) layouts.push(layoutOf(value[i], `signature[${i}]`));
  return layouts;
}

/** A handle in a parameter: where, how what it names must be aligned, and what becomes of it. */
export interface HandlePlace {
  readonly byteOffset: number;
  readonly alignment: number;
  readonly use: number;
}

/** Addresses, textures and surfaces in a parameter. */
export function* handlesIn(layout: Layout, byteOffset: number): Iterable<HandlePlace> {
  if (layout.kind === 'pointer') {
    const use = layout.isConst ? USE_READ : USE_WRITE;
    yield { byteOffset, alignment: layout.dtype?.byteSize ?? 1, use };
  } else if (layout.kind === 'texture') {
    yield { byteOffset, alignment: 1, use: layout.isSurface ? USE_SURFACE : USE_TEXTURE };
  } else if (layout.kind === 'struct') {
    for (const field of layout.fields) {
      yield* handlesIn(field.layout, byteOffset + field.byteOffset);
    }
  } else if (layout.kind === 'array') {
    for (let i = 0; i < layout.length; i++) {
      yield* handlesIn(layout.element, byteOffset + i * layout.element.bytes);
    }
  }
}

/** How many tensor maps are in a parameter. */
export function tensorMapsIn(layout: Layout): number {
  switch (layout.kind) {
    case 'tensorMap':
      return 1;
    case 'array':
      return layout.length * tensorMapsIn(layout.element);
    case 'struct':
      return layout.fields.reduce((sum, field) => sum + tensorMapsIn(field.layout), 0);
    default:
      return 0;
  }
}

/** What kernels call an element type in PTX: whether it can be a parameter that says `type`. */
export function agrees(layout: Layout, type: string): boolean {
  if (type === '') return true;
  const isFloat = (dtype: Dtype) => dtype === 'float32' || dtype === 'float64';
  if (layout.kind === 'scalar') {
    return isFloat(layout.dtype.name) ? layout.dtype.name === type : type === 'integer';
  }
  return layout.kind === 'bool' || layout.kind === 'pointer' || layout.kind === 'texture'
    ? type === 'integer'
    : true;
}
