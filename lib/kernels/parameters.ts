/**
 * The parameters of a kernel: what the kernel itself says of them against what a signature says, and
 * how arguments become their bytes.
 */
import type { NativeKernelFacts, NativeParameter } from '../addon/types.js';
import { argumentTypeError, typeError } from '../base/checks.js';
import { type DtypeInfo, dtypeByName } from '../base/dtype.js';
import { scalarPattern } from '../base/scalar.js';
import { isBuffer } from '../memory/buffer.js';
import { agrees, type Layout, POINTER_BYTES, pointersIn } from './layout.js';
import { bytesPacker, type Packer, type ParameterBlock, packerOf } from './pack.js';

/** One parameter, ready to be packed. */
interface Parameter {
  /** For messages. */
  readonly name: string;
  readonly byteOffset: number;
  readonly packer: Packer;
}

/** The parameters of a kernel as arguments are packed for them. */
export interface Parameters {
  readonly kernel: string;
  readonly all: readonly Parameter[];
  readonly byteLength: number;
  /** Offset, alignment and constness of each address, for native code. */
  readonly pointers: Uint32Array;
  /** Those whose arguments decide whether they are addresses; empty with a signature. */
  readonly open: readonly { readonly index: number; readonly byteOffset: number }[];
}

const nameOf = (i: number) => `arguments[${i}]`;

/** What PTX calls a type, as {@link agrees} has it. Of an array it is not said. */
function classOf({ type, byteLength }: NativeParameter): 'float32' | 'float64' | 'integer' | '' {
  if (type.slice(1) !== String(8 * byteLength)) return '';
  if (type === 'f32') return 'float32';
  if (type === 'f64') return 'float64';
  return type.startsWith('u') || type.startsWith('s') ? 'integer' : '';
}

function inWords(fact: NativeParameter): string {
  if (fact.isPointer === true) return 'an address';
  const type = classOf(fact);
  return `${type === 'integer' ? 'an integer' : type === '' ? 'something' : `a ${type}`} of ${fact.byteLength} bytes`;
}

/** Whether a type can be that of a parameter, by what the kernel says of it. */
export function fits(layout: Layout, fact: NativeParameter): boolean {
  return (
    layout.bytes === fact.byteLength &&
    (fact.alignment === 0 || layout.alignment <= fact.alignment) &&
    agrees(layout, classOf(fact)) &&
    (fact.isPointer === null || fact.isPointer === (layout.kind === 'pointer'))
  );
}

function checkAgainst(layout: Layout, fact: NativeParameter, i: number, kernel: string): void {
  if (fits(layout, fact)) return;
  const aligned = fact.alignment === 0 ? '' : `, aligned to ${fact.alignment}`;
  throw typeError(
    `signature[${i}] is ${layout.text}, ${layout.bytes} bytes aligned to ${layout.alignment}, but ` +
      `kernel ${kernel} takes ${inWords(fact)}${aligned} there`,
  );
}

function triples(pointers: readonly (readonly [number, number, number])[]): Uint32Array {
  return Uint32Array.from(pointers.flat());
}

/** The parameters by a signature, which must agree with what the kernel says. */
function typed(facts: NativeKernelFacts, layouts: readonly Layout[]): Parameters {
  const { name: kernel, parameters: known } = facts;
  if (layouts.length !== known.length) {
    throw typeError(
      `The signature has ${layouts.length} parameters, but kernel ${kernel} takes ${known.length}`,
    );
  }
  const pointers: [number, number, number][] = [];
  const all = layouts.map((layout, i) => {
    const fact = known[i]!;
    checkAgainst(layout, fact, i, kernel);
    for (const { byteOffset, dtype, isConst } of pointersIn(layout, fact.byteOffset)) {
      pointers.push([byteOffset, dtype?.byteSize ?? 1, isConst ? 1 : 0]);
    }
    return { name: nameOf(i), byteOffset: fact.byteOffset, packer: packerOf(layout) };
  });
  return {
    kernel,
    all,
    byteLength: facts.parameterBytes,
    pointers: triples(pointers),
    open: [],
  };
}

const UNTYPED_INTEGERS: Readonly<Record<number, readonly [DtypeInfo, DtypeInfo]>> = {
  1: [dtypeByName('uint8')!, dtypeByName('int8')!],
  2: [dtypeByName('uint16')!, dtypeByName('int16')!],
  4: [dtypeByName('uint32')!, dtypeByName('int32')!],
  8: [dtypeByName('uint64')!, dtypeByName('int64')!],
};

/** An integer of which the sign is not known: its bits are the same either way. */
function integerPacker(byteLength: number): Packer {
  const [unsigned, signed] = UNTYPED_INTEGERS[byteLength]!;
  const write = packerOf(layoutOfDtype(unsigned)).write;
  return {
    take(value, name) {
      const isNegative = (typeof value === 'number' || typeof value === 'bigint') && value < 0;
      return scalarPattern(isNegative ? signed : unsigned, value, name);
    },
    write(block, at, taken) {
      const { low, high } = taken as ReturnType<typeof scalarPattern>;
      write(block, at, byteLength === 4 ? low : { low, high });
    },
  };
}

function layoutOfDtype(dtype: DtypeInfo): Layout {
  const { byteSize } = dtype;
  return { kind: 'scalar', text: dtype.name, dtype, bytes: byteSize, alignment: byteSize };
}

const anyPointer = packerOf({
  ...{ kind: 'pointer', text: 'void*', dtype: undefined, isConst: false },
  ...{ bytes: POINTER_BYTES, alignment: POINTER_BYTES },
});

/** Whether an argument goes as an address where the kernel does not tell. */
function isAddress(value: unknown): boolean {
  return value === null || isBuffer(value);
}

function untypedPacker(fact: NativeParameter, i: number, kernel: string): Packer {
  if (fact.isPointer === true) return anyPointer;
  const type = classOf(fact);
  if (type === 'float32' || type === 'float64') return packerOf(layoutOfDtype(dtypeByName(type)!));
  if (type === 'integer' && fact.isPointer === false) return integerPacker(fact.byteLength);
  if (fact.isPointer === null && fact.byteLength === POINTER_BYTES) {
    const integer = integerPacker(POINTER_BYTES);
    return {
      take(value, name, device) {
        if (isAddress(value)) return anyPointer.take(value, name, device);
        // A number where an address belongs would be one that nobody owns.
        if (typeof value === 'bigint') return integer.take(value, name, device);
        throw argumentTypeError('a DeviceBuffer, null or a bigint', name, value);
      },
      write(block, at, taken) {
        (typeof taken === 'number' ? anyPointer : integer).write(block, at, taken);
      },
    };
  }
  const bytes = bytesPacker(fact.byteLength);
  return {
    take(value, name, device) {
      if (ArrayBuffer.isView(value)) return bytes.take(value, name, device);
      throw typeError(
        `Parameter ${i} of kernel ${kernel} has ${fact.byteLength} bytes of a type that the kernel ` +
          'does not tell: give a signature, or the bytes as a typed array',
      );
    },
    write: bytes.write,
  };
}

/** The parameters as the kernel alone tells them. */
function untyped(facts: NativeKernelFacts): Parameters {
  const { name: kernel, parameters } = facts;
  const certain = parameters.filter(({ isPointer }) => isPointer === true);
  return {
    kernel,
    all: parameters.map((fact, i) => ({
      name: nameOf(i),
      byteOffset: fact.byteOffset,
      packer: untypedPacker(fact, i, kernel),
    })),
    byteLength: facts.parameterBytes,
    pointers: triples(certain.map(({ byteOffset }) => [byteOffset, 1, 0])),
    open: parameters.flatMap(({ isPointer, byteLength, byteOffset }, index) =>
      isPointer === null && byteLength === POINTER_BYTES ? [{ index, byteOffset }] : [],
    ),
  };
}

/** How arguments of a kernel are packed, with a signature or without. */
export function parametersOf(
  facts: NativeKernelFacts,
  layouts: readonly Layout[] | undefined,
): Parameters {
  return layouts === undefined ? untyped(facts) : typed(facts, layouts);
}

/** A handle: integers of 64 bits are taken as their two halves. */
const isTakenAddress = (taken: unknown) => typeof taken === 'number';

/**
 * Which of the parameters that may be addresses are, for arguments that were taken: a bit each, as text where
 * there are too many for a number.
 */
export function addressMask({ open }: Parameters, taken: readonly unknown[]): number | string {
  if (open.length > 31) {
    return open.map(({ index }) => Number(isTakenAddress(taken[index]))).join('');
  }
  let mask = 0;
  for (let i = 0; i < open.length; i++) {
    if (isTakenAddress(taken[open[i]!.index])) mask |= 1 << i;
  }
  return mask;
}

/** All addresses among the parameters, for arguments that were taken. */
export function pointersFor(
  { pointers, open }: Parameters,
  taken: readonly unknown[],
): Uint32Array {
  const more = open.filter(({ index }) => isTakenAddress(taken[index]));
  return Uint32Array.from([...pointers, ...more.flatMap(({ byteOffset }) => [byteOffset, 1, 0])]);
}

/** Writes arguments that were taken. */
export function writeParameters(
  block: ParameterBlock,
  { all, byteLength }: Parameters,
  taken: readonly unknown[],
): void {
  block.begin(byteLength);
  for (let i = 0; i < all.length; i++) {
    const { packer, byteOffset } = all[i]!;
    packer.write(block, byteOffset, taken[i]);
  }
  block.end();
}
