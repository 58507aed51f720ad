// What a texture gives, in plain TypeScript, after the chapter "Texture Fetching" of CUDA's programming guide: one
// channel at a time, by the formulas that are there for one dimension and their products for more.
import type { AddressMode } from '../../../lib/index.js';

export interface Source {
  /** One channel, x fastest. */
  readonly values: ArrayLike<number>;
  /** Extents, x first. */
  readonly extents: readonly number[];
  readonly linear: boolean;
  readonly modes: readonly AddressMode[];
  readonly normalized: boolean;
  readonly border: number;
}

/** The index that counts for one beyond the ends; undefined: the border. */
function within(mode: AddressMode, index: number, extent: number): number | undefined {
  if (index >= 0 && index < extent) return index;
  const modulo = (a: number, b: number) => ((a % b) + b) % b;
  switch (mode) {
    case 'border':
      return undefined;
    case 'clamp':
      return index < 0 ? 0 : extent - 1;
    case 'wrap':
      return modulo(index, extent);
    case 'mirror': {
      const there = modulo(index, 2 * extent);
      return there < extent ? there : 2 * extent - 1 - there;
    }
  }
}

/** Indices with what each counts. */
function around(coordinate: number, linear: boolean): [number, number][] {
  if (!linear) return [[Math.floor(coordinate), 1]];
  const between = coordinate - 0.5;
  const first = Math.floor(between);
  // 8 bits behind the point.
  const second = Math.round((between - first) * 256) / 256;
  return [
    [first, 1 - second],
    [first + 1, second],
  ];
}

/** The value at coordinates, x first. */
export function sampled(source: Source, at: readonly number[]): number {
  const { values, extents, linear, modes, normalized, border } = source;
  const visit = (axis: number, offset: number | undefined, weight: number): number => {
    if (axis < 0) return weight * (offset === undefined ? border : values[offset]!);
    const extent = extents[axis]!;
    const coordinate = normalized ? at[axis]! * extent : at[axis]!;
    let sum = 0;
    for (const [index, share] of around(coordinate, linear)) {
      if (share === 0) continue;
      const there = within(modes[axis]!, index, extent);
      const next =
        offset === undefined || there === undefined ? undefined : offset * extent + there;
      sum += visit(axis - 1, next, weight * share);
    }
    return sum;
  };
  return Math.fround(visit(extents.length - 1, 0, 1));
}
