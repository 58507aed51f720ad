/**
 * The parameters of a kernel: what the kernel itself says of them against what a signature says, and
 * how arguments become their bytes.
 */
import type { NativeKernelFacts, NativeParameter } from '../../addon/types.js';
import { argumentTypeError, rangeError, typeError } from '../../base/checks.js';
import { type DtypeInfo, dtypeByName } from '../../base/dtype.js';
import type { DeviceState } from '../../device/state.js';
import { isBuffer } from '../../memory/buffer.js';
import { isTexture } from '../../textures/texture.js';
import {
  agrees,
  handlesIn,
  type Layout,
  POINTER_BYTES,
  scalarLayout,
  tensorMapsIn,
} from './layout.js';
import { bytesPacker, type Packer, type ParameterBlock, packerOf } from './pack.js';

/** One parameter, ready to be packed. */
interface Parameter {
  /** For messages. */
  readonly name: string;
  readonly byteOffset: number;
  /** How many tensor maps are in the parameters before it. */
  readonly firstUse: number;
  readonly packer: Packer;
}

/** The parameters of a kernel as arguments are packed for them. */
export interface Parameters {
  readonly kernel: string;
  readonly all: readonly Parameter[];
  readonly byteLength: number;
  /** Offset, alignment and use of each handle, for native code. */
  readonly pointers: Uint32Array;
  /** Whether an argument has to be read before it is written. */
  readonly toRead: boolean;
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
  let uses = 0;
  const all = layouts.map((layout, i) => {
    const fact = known[i]!;
    checkAgainst(layout, fact, i, kernel);
    for (const { byteOffset, alignment, use } of handlesIn(layout, fact.byteOffset)) {
      pointers.push([byteOffset, alignment, use]);
    }
    const firstUse = uses;
    uses += tensorMapsIn(layout);
    return { name: nameOf(i), byteOffset: fact.byteOffset, firstUse, packer: packerOf(layout) };
  });
  return {
    kernel,
    all,
    byteLength: facts.parameterBytes,
    pointers: triples(pointers),
    toRead: all.some(({ packer }) => packer.read !== undefined),
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
  const ofUnsigned = packerOf(scalarLayout(unsigned));
  const ofSigned = packerOf(scalarLayout(signed));
  return {
    read: undefined,
    write(block, at, value, name, device) {
      const isNegative = (typeof value === 'number' || typeof value === 'bigint') && value < 0;
      (isNegative ? ofSigned : ofUnsigned).write(block, at, value, name, device);
    },
  };
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
  if (type === 'float32' || type === 'float64') return packerOf(scalarLayout(dtypeByName(type)!));
  if (type === 'integer' && fact.isPointer === false) return integerPacker(fact.byteLength);
  if (fact.isPointer === null && fact.byteLength === POINTER_BYTES) {
    const integer = integerPacker(POINTER_BYTES);
    return {
      read: undefined,
      write(block, at, value, name, device) {
        if (isTexture(value)) {
          throw typeError(
            `A signature is needed for \`${name}\`, with 'texture' or 'surface' there`,
          );
        }
        // A number where an address belongs would be one that nobody owns.
        if (!isAddress(value) && typeof value !== 'bigint') {
          throw argumentTypeError('a DeviceBuffer, null or a bigint', name, value);
        }
        (isAddress(value) ? anyPointer : integer).write(block, at, value, name, device);
      },
    };
  }
  const bytes = bytesPacker(fact.byteLength);
  return {
    read(value, name) {
      if (ArrayBuffer.isView(value)) return bytes.read?.(value, name);
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
  const all = parameters.map((fact, i) => ({
    name: nameOf(i),
    byteOffset: fact.byteOffset,
    firstUse: 0,
    packer: untypedPacker(fact, i, kernel),
  }));
  return {
    kernel,
    all,
    byteLength: facts.parameterBytes,
    pointers: triples(certain.map(({ byteOffset }) => [byteOffset, 1, 0])),
    toRead: all.some(({ packer }) => packer.read !== undefined),
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

/**
 * Which of the parameters that may be addresses are, for arguments that were read: a bit each, as text where
 * there are too many for a number.
 */
export function addressMask({ open }: Parameters, values: readonly unknown[]): number | string {
  if (open.length > 31) {
    return open.map(({ index }) => Number(isAddress(values[index]))).join('');
  }
  let mask = 0;
  for (let i = 0; i < open.length; i++) {
    if (isAddress(values[open[i]!.index])) mask |= 1 << i;
  }
  return mask;
}

/** All addresses among the parameters, for arguments that were read. */
export function pointersFor(
  { pointers, open }: Parameters,
  values: readonly unknown[],
): Uint32Array {
  const more = open.filter(({ index }) => isAddress(values[index]));
  return Uint32Array.from([...pointers, ...more.flatMap(({ byteOffset }) => [byteOffset, 1, 0])]);
}

/** Reads one argument of a launch: see {@link readArguments}. */
export function readArgument({ all }: Parameters, at: number, value: unknown): unknown {
  const { packer, name } = all[at]!;
  return packer.read === undefined ? value : packer.read(value, name);
}

/** Reads the arguments of a launch, as far as they have to be before they are written. */
export function readArguments(
  parameters: Parameters,
  args: readonly unknown[],
): readonly unknown[] {
  const { all, kernel, toRead } = parameters;
  if (args.length !== all.length) {
    throw rangeError(
      `Expected ${all.length} arguments for kernel ${kernel} but received ${args.length}`,
    );
  }
  if (!toRead) return args;
  return args.map((value, i) => readArgument(parameters, i, value));
}

/** Checks and writes arguments that were read. None of the caller's code runs here. */
export function writeArguments(
  block: ParameterBlock,
  { all, byteLength }: Parameters,
  values: readonly unknown[],
  device: DeviceState,
): void {
  block.begin(byteLength);
  for (let i = 0; i < all.length; i++) {
    const { packer, byteOffset, name } = all[i]!;
    packer.write(block, byteOffset, values[i], name, device);
  }
  block.end();
}

/** Checks and writes one argument, where the others were written before. */
export function rewriteArgument(
  block: ParameterBlock,
  { all }: Parameters,
  at: number,
  value: unknown,
  device: DeviceState,
): void {
  const { packer, byteOffset, name, firstUse } = all[at]!;
  block.uses = firstUse;
  packer.write(block, byteOffset, value, name, device);
}
