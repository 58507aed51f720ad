/**
 * Walks over operands of one shape, in as few dimensions as they take.
 */

/** A walk over operands of one shape: `strides[operand][dimension]`, outermost dimension first. */
interface Walk {
  readonly shape: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/**
 * The same walk, in the same order, with as few dimensions as that takes: those of extent 1 are
 * left out, and two that are evenly spaced in all operands become one.
 */
export function coalesce({ shape, strides }: Walk): Walk {
  const extents: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (const [d, extent] of shape.entries()) {
    if (extent === 1) continue;
    const last = extents.length - 1;
    if (last >= 0 && strides.every((of, i) => merged[i]![last] === of[d]! * extent)) {
      extents[last]! *= extent;
      for (const [i, of] of strides.entries()) merged[i]![last] = of[d]!;
    } else {
      extents.push(extent);
      for (const [i, of] of strides.entries()) merged[i]!.push(of[d]!);
    }
  }
  return { shape: extents, strides: merged };
}

/** The walk with the dimension in which the first operand is closest to contiguous innermost. */
export function sortDimensions({ shape, strides }: Walk): Walk {
  const distance = (d: number) => Math.abs(strides[0]![d]!);
  const order = shape.map((_, d) => d).sort((a, b) => distance(b) - distance(a));
  return {
    shape: order.map((d) => shape[d]!),
    strides: strides.map((of) => order.map((d) => of[d]!)),
  };
}
