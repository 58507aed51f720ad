/**
 * How textures are read: what a coordinate means, and what is between and beyond the elements.
 */
import {
  argumentTypeError,
  checkBoolean,
  checkChoice,
  checkNumber,
  rangeError,
} from '../base/checks.js';
import { isArray } from '../base/describe.js';
import type { Format } from './format.js';

/** What is beyond the ends: the last element, the border, or the elements again. */
export type AddressMode = 'clamp' | 'border' | 'wrap' | 'mirror';

/** How a {@link Texture} is read. */
export interface TextureSampling {
  /**
   * `'point'` gives the nearest element, `'linear'` the weighted mean of those around, which are floats or read
   * as such; its weights have 8 bits. Default `'point'`.
   */
  filter?: 'point' | 'linear' | undefined;
  /**
   * What is beyond the ends, for all axes or for x, y and z. `'wrap'` and `'mirror'` are for normalized
   * coordinates. Default `'clamp'`.
   */
  address?: AddressMode | readonly AddressMode[] | undefined;
  /** Coordinates go from 0 to 1, whatever the size. Default false, but for a cubemap. */
  normalizedCoordinates?: boolean | undefined;
  /**
   * `'normalized'` gives integers of 8 or 16 bits as floats from 0 to 1, or from -1 to 1. Default
   * `'element'`.
   */
  readAs?: 'element' | 'normalized' | undefined;
  /** Channels of the border, where elements are read as floats. Default zeros. */
  border?: readonly number[] | undefined;
}

export const SAMPLING_OPTIONS = {
  ...{ filter: undefined, address: undefined, normalizedCoordinates: undefined },
  ...{ readAs: undefined, border: undefined },
} as Record<keyof TextureSampling, unknown>;

const AXES = 3;
// As `checkChoice` counts them, and cudaTextureAddressMode.
const MODES = ['clamp', 'border', 'wrap', 'mirror'] as const;
const CUDA_MODES = [1, 3, 0, 2];

function addressModes(value: unknown): number[] {
  if (!isArray(value)) return Array<number>(AXES).fill(checkChoice(value, MODES, 'address'));
  const { length } = value;
  if (length < 1 || length > AXES) {
    throw rangeError(`Expected 1 to ${AXES} entries for \`address\` but received ${length}`);
  }
  return Array.from({ length: AXES }, (_, i) =>
    i < length ? checkChoice(value[i], MODES, `address[${i}]`) : 0,
  );
}

function borderChannels(value: unknown): number[] {
  if (value === undefined) return [0, 0, 0, 0];
  if (!isArray(value)) throw argumentTypeError('an array of numbers', 'border', value);
  const { length } = value;
  if (length < 1 || length > 4) {
    throw rangeError(`Expected 1 to 4 entries for \`border\` but received ${length}`);
  }
  return Array.from({ length: 4 }, (_, i) =>
    i < length ? checkNumber(value[i], `border[${i}]`, 0) : 0,
  );
}

/** What native code takes of options that were read. */
export function samplingOf(
  given: Record<keyof TextureSampling, unknown>,
  format: Format,
  isCubemap: boolean,
): Float64Array {
  const { dtype, isFloat } = format;
  const linear = checkChoice(given.filter, ['point', 'linear'], 'filter') === 1;
  const normalized = checkChoice(given.readAs, ['element', 'normalized'], 'readAs') === 1;
  const modes = addressModes(given.address);
  const normalizedCoordinates = checkBoolean(
    given.normalizedCoordinates,
    'normalizedCoordinates',
    isCubemap,
  );
  const border = borderChannels(given.border);
  if (normalized && (isFloat || dtype.byteSize === 4)) {
    throw rangeError(`\`readAs: 'normalized'\` is for integers of 8 or 16 bits, not ${dtype.name}`);
  }
  if (linear && !isFloat && !normalized) {
    throw rangeError(
      `\`filter: 'linear'\` is for what is read as floats: ${dtype.name} needs ` +
        "`readAs: 'normalized'`",
    );
  }
  if (!normalizedCoordinates && modes.some((mode) => mode >= MODES.indexOf('wrap'))) {
    throw rangeError("'wrap' and 'mirror' need `normalizedCoordinates: true`");
  }
  if (isCubemap && !normalizedCoordinates) {
    throw rangeError('The coordinates of a cubemap are a direction: they are normalized');
  }
  if (!isFloat && !normalized && border.some((channel) => channel !== 0)) {
    throw rangeError(`The border of ${dtype.name} elements is 0, unless they are read as floats`);
  }
  return Float64Array.from([
    ...modes.map((mode) => CUDA_MODES[mode]!),
    ...[linear, normalized, normalizedCoordinates].map(Number),
    ...border,
  ]);
}
