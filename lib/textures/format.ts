/**
 * Elements of textures: which dtypes they have, and how many numbers are in one.
 */
import { argumentRangeError, argumentTypeError, checkInteger } from '../base/checks.js';
import type { DtypeInfo } from '../base/dtype.js';

/** The dtypes of texture elements. */
export type TextureDtype =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'float16'
  | 'float32';

const DTYPES: readonly string[] = [
  ...['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float16', 'float32'],
];

/** One element: `channels` numbers of a dtype. */
export interface Format {
  readonly dtype: DtypeInfo;
  readonly channels: number;
  readonly byteSize: number;
  readonly isFloat: boolean;
  /** Kind, bits and channels, as native code takes them. */
  readonly numbers: readonly number[];
}

// cudaChannelFormatKind.
const SIGNED = 0;
const UNSIGNED = 1;
const FLOAT = 2;

export function formatOf(dtype: DtypeInfo, channels: unknown): Format {
  if (!DTYPES.includes(dtype.name)) {
    throw argumentTypeError(`one of ${DTYPES.join(', ')}`, 'dtype', dtype.name);
  }
  const count = channels === undefined ? 1 : checkInteger(channels, 'channels', 1, 4);
  if (count === 3) throw argumentRangeError('1, 2 or 4', 'channels', channels);
  const isFloat = dtype.kind === 'float';
  const kind = isFloat ? FLOAT : dtype.name.startsWith('u') ? UNSIGNED : SIGNED;
  return {
    dtype,
    channels: count,
    byteSize: count * dtype.byteSize,
    isFloat,
    numbers: [kind, 8 * dtype.byteSize, count],
  };
}
