/**
 * Arguments as the bytes of a kernel's parameters, in the argument block.
 *
 * What may run code of the caller's (getters of a struct, traps of a Proxy) is read first; then all is
 * checked and written, which runs none: what else that code launches uses the same block.
 */
import { NO_BUFFER } from '../../abi/block.js';
import { MOST_USES, Slot } from '../../abi/kernel.js';
import { native } from '../../addon/load.js';
import {
  argumentRangeError,
  argumentTypeError,
  isRecord,
  rangeError,
  typeError,
} from '../../base/checks.js';
import { describeKey, isArray } from '../../base/describe.js';
import type { DtypeInfo } from '../../base/dtype.js';
import { typedArrayName } from '../../base/dtype.js';
import { type Pattern, scalarPattern } from '../../base/scalar.js';
import type { DeviceState } from '../../device/state.js';
import { bufferArgument } from '../../memory/buffer.js';
import { textureArgument } from '../../textures/texture.js';
import type { ArrayLayout, Layout } from './layout.js';
import { tensorMapArgument } from './tensor-map.js';

/** Where the parameters are written. */
export class ParameterBlock {
  readonly numbers: Float64Array;
  readonly bytes: DataView;
  uses = 0;

  constructor() {
    this.numbers = native().argumentBlock;
    const { buffer, byteOffset } = this.numbers;
    this.bytes = new DataView(buffer, byteOffset + 8 * Slot.parameters);
  }

  /** Bytes between parameters are 0, so that equal launches are equal. */
  begin(byteLength: number): void {
    this.uses = 0;
    // Not `fill`, which takes longer than that for the few there are as a rule.
    const end = Slot.parameters + byteLength / 8;
    for (let i: number = Slot.parameters; i < end; i++) this.numbers[i] = 0;
  }

  /** A buffer that is used without being a parameter. */
  use(handle: number, isConst: boolean): void {
    if (this.uses === MOST_USES) throw rangeError(`More than ${MOST_USES} tensor maps`);
    this.numbers[Slot.uses + this.uses++] = isConst ? -handle : handle;
  }

  end(): void {
    this.numbers[Slot.useCount] = this.uses;
  }
}

let theBlock: ParameterBlock | undefined;

/** The one of this thread. */
export function parameterBlock(): ParameterBlock {
  theBlock ??= new ParameterBlock();
  return theBlock;
}

/** How one parameter gets its bytes. */
export interface Packer {
  /** What `write` takes, for an argument that has to be read first; absent where that is the argument. */
  readonly read: ((value: unknown, name: string) => unknown) | undefined;
  /** Checks and writes. */
  write(
    block: ParameterBlock,
    byteOffset: number,
    value: unknown,
    name: string,
    device: DeviceState,
  ): void;
}

const UINT32 = 2 ** 32;

export function writePattern(
  { bytes }: ParameterBlock,
  at: number,
  size: number,
  { low, high }: Pattern,
): void {
  switch (size) {
    case 1:
      bytes.setUint8(at, low);
      break;
    case 2:
      bytes.setUint16(at, low, true);
      break;
    case 4:
      bytes.setUint32(at, low, true);
      break;
    default:
      bytes.setUint32(at, low, true);
      bytes.setUint32(at + 4, high, true);
  }
}

/** The most usual scalars have a way of their own: the general one makes an object for each. */
function scalarPacker(dtype: DtypeInfo): Packer {
  const { byteSize } = dtype;
  switch (dtype.name) {
    case 'float32':
      return {
        read: undefined,
        write(block, at, value, name) {
          if (typeof value !== 'number') throw argumentTypeError('a number', name, value);
          block.bytes.setFloat32(at, value, true);
        },
      };
    case 'float64':
      return {
        read: undefined,
        write(block, at, value, name) {
          if (typeof value !== 'number') throw argumentTypeError('a number', name, value);
          block.bytes.setFloat64(at, value, true);
        },
      };
    case 'int32':
    case 'uint32': {
      const least = dtype.name === 'int32' ? -UINT32 / 2 : 0;
      return {
        read: undefined,
        write(block, at, value, name) {
          const isUsual =
            Number.isInteger(value) &&
            (value as number) >= least &&
            (value as number) < least + UINT32;
          const bits = isUsual ? (value as number) : scalarPattern(dtype, value, name).low;
          block.bytes.setUint32(at, bits, true);
        },
      };
    }
    default:
      return {
        read: undefined,
        write(block, at, value, name) {
          writePattern(block, at, byteSize, scalarPattern(dtype, value, name));
        },
      };
  }
}

const boolPacker: Packer = {
  read: undefined,
  write(block, at, value, name) {
    if (typeof value !== 'boolean') throw argumentTypeError('a boolean', name, value);
    block.bytes.setUint8(at, value ? 1 : 0);
  },
};

function pointerPacker(dtype: DtypeInfo | undefined): Packer {
  return {
    read: undefined,
    write(block, at, value, name, device) {
      let handle: number = NO_BUFFER;
      if (value !== null) {
        const buffer = bufferArgument(value, name, device);
        if (dtype !== undefined && buffer.dtype !== dtype) {
          throw typeError(
            `Expected a DeviceBuffer of ${dtype.name} for \`${name}\` but received one of ` +
              `${buffer.dtype.name}`,
          );
        }
        handle = buffer.handle();
      }
      block.bytes.setFloat64(at, handle, true);
    },
  };
}

/** A copy of the elements: what else there is to read of them is read too. */
function readElements(
  value: unknown,
  name: string,
  { element, length }: ArrayLayout,
  read: Packer['read'],
): unknown[] {
  const arrays = element.kind === 'scalar' ? element.dtype.arrays : [];
  const isView = ArrayBuffer.isView(value) && arrays.includes(typedArrayName(value) ?? '');
  if (!isView && !isArray(value)) {
    throw argumentTypeError([...arrays, 'an array'].join(' or '), name, value);
  }
  const values = value as ArrayLike<unknown>;
  if (values.length !== length) {
    throw rangeError(`Expected ${length} elements for \`${name}\` but received ${values.length}`);
  }
  const each = read ?? ((one: unknown) => one);
  return Array.from({ length }, (_, i) => each(values[i], `${name}[${i}]`));
}

function arrayPacker(layout: ArrayLayout): Packer {
  const { element } = layout;
  const packer = packerOf(element);
  const isHalf =
    element.kind === 'scalar' && element.dtype.kind === 'float' && element.dtype.byteSize === 2;
  return {
    read(value, name) {
      const values = readElements(value, name, layout, packer.read);
      // A Uint16Array of float16 has bits, not numbers.
      return isHalf && typedArrayName(value) === 'Uint16Array'
        ? Uint16Array.from(values as number[])
        : values;
    },
    write(block, at, value, name, device) {
      const values = value as readonly unknown[] | Uint16Array;
      for (let i = 0; i < values.length; i++) {
        const next = at + i * element.bytes;
        if (values instanceof Uint16Array) block.bytes.setUint16(next, values[i]!, true);
        else packer.write(block, next, values[i], `${name}[${i}]`, device);
      }
    },
  };
}

function structPacker(layout: Layout & { kind: 'struct' }): Packer {
  const fields = layout.fields.map((field) => ({ ...field, packer: packerOf(field.layout) }));
  return {
    read(value, name) {
      if (!isRecord(value)) throw argumentTypeError('an object', name, value);
      for (const key of Object.keys(value)) {
        if (fields.some((field) => field.name === key)) continue;
        const names = fields.map((field) => field.name).join(', ');
        throw typeError(`\`${name}\` has no field \`${describeKey(key)}\`: expected ${names}`);
      }
      return fields.map(({ name: field, packer }) => {
        const given = (value as Record<string, unknown>)[field];
        return packer.read === undefined ? given : packer.read(given, `${name}.${field}`);
      });
    },
    write(block, at, value, name, device) {
      fields.forEach(({ name: field, byteOffset, packer }, i) => {
        const given = (value as readonly unknown[])[i];
        packer.write(block, at + byteOffset, given, `${name}.${field}`, device);
      });
    },
  };
}

const tensorMapPacker: Packer = {
  read: undefined,
  write(block, at, value, name, device) {
    const { bytes, buffer, isConst } = tensorMapArgument(value, name, device);
    block.use(buffer.handle(), isConst);
    for (let i = 0; i < bytes.length; i++) block.bytes.setUint8(at + i, bytes[i]!);
  },
};

function texturePacker(isSurface: boolean): Packer {
  return {
    read: undefined,
    write(block, at, value, name, device) {
      block.bytes.setFloat64(at, textureArgument(value, name, device, isSurface), true);
    },
  };
}

/** How a parameter of that type gets its bytes. */
export function packerOf(layout: Layout): Packer {
  switch (layout.kind) {
    case 'scalar':
      return scalarPacker(layout.dtype);
    case 'bool':
      return boolPacker;
    case 'pointer':
      return pointerPacker(layout.dtype);
    case 'array':
      return arrayPacker(layout);
    case 'struct':
      return structPacker(layout);
    case 'tensorMap':
      return tensorMapPacker;
    case 'texture':
      return texturePacker(layout.isSurface);
  }
}

/** Bytes as they are, of an exact length. */
export function bytesPacker(byteLength: number): Packer {
  return {
    read(value, name) {
      if (!ArrayBuffer.isView(value)) {
        throw argumentTypeError(`${byteLength} bytes as a typed array or DataView`, name, value);
      }
      if (value.byteLength !== byteLength) {
        throw argumentRangeError(`${byteLength} bytes`, name, value);
      }
      return new Uint8Array(value.buffer, value.byteOffset, byteLength).slice();
    },
    write(block, at, value) {
      (value as Uint8Array).forEach((byte, i) => {
        block.bytes.setUint8(at + i, byte);
      });
    },
  };
}
