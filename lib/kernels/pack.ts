/**
 * Arguments as the bytes of a kernel's parameters, in the argument block.
 *
 * An argument is first taken, which checks it and may run code of the caller's (getters of a struct,
 * traps of a Proxy), then written, which runs none: what else that code launches uses the same block.
 */
import { NO_BUFFER } from '../abi/block.js';
import { MOST_USES, Slot } from '../abi/kernel.js';
import { native } from '../addon/load.js';
import {
  argumentRangeError,
  argumentTypeError,
  isRecord,
  rangeError,
  typeError,
} from '../base/checks.js';
import { describeKey, isArray } from '../base/describe.js';
import type { DtypeInfo } from '../base/dtype.js';
import { typedArrayName } from '../base/dtype.js';
import { scalarPattern } from '../base/scalar.js';
import type { DeviceState } from '../device/state.js';
import { bufferArgument } from '../memory/buffer.js';
import type { Layout } from './layout.js';
import { type TensorMapState, tensorMapArgument } from './tensor-map.js';

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
  /** Checks an argument; what it gives is what `write` takes. */
  take(value: unknown, name: string, device: DeviceState): unknown;
  write(block: ParameterBlock, byteOffset: number, taken: unknown): void;
}

const UINT32 = 2 ** 32;

function writePattern(bytes: DataView, at: number, size: number, low: number, high: number): void {
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
  switch (dtype.name) {
    case 'float32':
      return {
        take: takeNumber,
        write: (block, at, value) => block.bytes.setFloat32(at, value as number, true),
      };
    case 'float64':
      return {
        take: takeNumber,
        write: (block, at, value) => block.bytes.setFloat64(at, value as number, true),
      };
    case 'int32':
    case 'uint32': {
      const least = dtype.name === 'int32' ? -UINT32 / 2 : 0;
      return {
        take(value, name) {
          if (typeof value === 'number' && Number.isInteger(value)) {
            if (value >= least && value < least + UINT32) return value;
          }
          return scalarPattern(dtype, value, name).low;
        },
        write: (block, at, value) => block.bytes.setUint32(at, value as number, true),
      };
    }
    default:
      return {
        take: (value, name) => scalarPattern(dtype, value, name),
        write(block, at, value) {
          const { low, high } = value as ReturnType<typeof scalarPattern>;
          writePattern(block.bytes, at, dtype.byteSize, low, high);
        },
      };
  }
}

function takeNumber(value: unknown, name: string): number {
  if (typeof value !== 'number') throw argumentTypeError('a number', name, value);
  return value;
}

const boolPacker: Packer = {
  take(value, name) {
    if (typeof value !== 'boolean') throw argumentTypeError('a boolean', name, value);
    return value;
  },
  write: (block, at, value) => block.bytes.setUint8(at, value === true ? 1 : 0),
};

function pointerPacker(dtype: DtypeInfo | undefined): Packer {
  return {
    take(value, name, device) {
      if (value === null) return NO_BUFFER;
      const buffer = bufferArgument(value, name, device);
      if (dtype !== undefined && buffer.dtype !== dtype) {
        throw typeError(
          `Expected a DeviceBuffer of ${dtype.name} for \`${name}\` but received one of ` +
            `${buffer.dtype.name}`,
        );
      }
      return buffer.handle();
    },
    write: (block, at, handle) => block.bytes.setFloat64(at, handle as number, true),
  };
}

function arrayPacker(dtype: DtypeInfo, length: number): Packer {
  const element = scalarPacker(dtype);
  return {
    take(value, name, device) {
      const isView =
        ArrayBuffer.isView(value) && dtype.arrays.includes(typedArrayName(value) ?? '');
      if (!isView && !isArray(value)) {
        throw argumentTypeError(`${dtype.arrays.join(' or ')} or an array`, name, value);
      }
      const values = value as ArrayLike<unknown>;
      if (values.length !== length) {
        throw rangeError(
          `Expected ${length} elements for \`${name}\` but received ${values.length}`,
        );
      }
      // A Uint16Array of float16 has bits, not numbers.
      const asBits =
        dtype.kind === 'float' && dtype.byteSize === 2 && typedArrayName(values) === 'Uint16Array';
      const taken: unknown[] = [];
      for (let i = 0; i < length; i++) {
        const value = values[i];
        taken.push(asBits ? { low: value, high: 0 } : element.take(value, `${name}[${i}]`, device));
      }
      return taken;
    },
    write(block, at, taken) {
      let next = at;
      for (const value of taken as unknown[]) {
        element.write(block, next, value);
        next += dtype.byteSize;
      }
    },
  };
}

function structPacker(layout: Layout & { kind: 'struct' }): Packer {
  const fields = layout.fields.map((field) => ({ ...field, packer: packerOf(field.layout) }));
  return {
    take(value, name, device) {
      if (!isRecord(value)) throw argumentTypeError('an object', name, value);
      for (const key of Object.keys(value)) {
        if (fields.some((field) => field.name === key)) continue;
        const names = fields.map((field) => field.name).join(', ');
        throw typeError(`\`${name}\` has no field \`${describeKey(key)}\`: expected ${names}`);
      }
      return fields.map(({ name: field, packer }) =>
        packer.take((value as Record<string, unknown>)[field], `${name}.${field}`, device),
      );
    },
    write(block, at, taken) {
      fields.forEach(({ byteOffset, packer }, i) => {
        packer.write(block, at + byteOffset, (taken as unknown[])[i]);
      });
    },
  };
}

const tensorMapPacker: Packer = {
  take: (value, name, device) => tensorMapArgument(value, name, device),
  write(block, at, taken) {
    const { bytes, buffer, isConst } = taken as TensorMapState;
    block.use(buffer.handle(), isConst);
    for (let i = 0; i < bytes.length; i++) block.bytes.setUint8(at + i, bytes[i]!);
  },
};

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
      return arrayPacker(layout.dtype, layout.length);
    case 'struct':
      return structPacker(layout);
    case 'tensorMap':
      return tensorMapPacker;
  }
}

/** Bytes as they are, of an exact length. */
export function bytesPacker(byteLength: number): Packer {
  return {
    take(value, name) {
      if (!ArrayBuffer.isView(value)) {
        throw argumentTypeError(`${byteLength} bytes as a typed array or DataView`, name, value);
      }
      if (value.byteLength !== byteLength) {
        throw argumentRangeError(`${byteLength} bytes`, name, value);
      }
      return new Uint8Array(value.buffer, value.byteOffset, byteLength).slice();
    },
    write(block, at, taken) {
      (taken as Uint8Array).forEach((byte, i) => {
        block.bytes.setUint8(at + i, byte);
      });
    },
  };
}
