/** Softmax of the rows of a matrix. */
import type { FloatDtype } from 'nodecuda';
import { type Case, type Context, needsGpu, needsTime } from '../measure/case';
import { ROUNDING } from '../measure/check';
import { valueAt } from '../measure/data';
import { type Floats, type MemoryWork, memoryCases } from '../measure/memory-bound';

function softmax(
  dtype: FloatDtype,
  rows: number,
  columns: number,
  skipped: string | undefined,
): MemoryWork {
  return {
    name: `softmax ${dtype} ${rows} x ${columns}`,
    operation: 'softmax',
    type: dtype,
    size: rows * columns,
    inputs: [{ dtype, length: rows * columns }],
    output: { dtype, length: rows * columns },
    enqueue: (device, [x], out) =>
      device.softmax(x as Floats, { shape: [rows, columns], out: out as Floats }),
    expect(i) {
      const row = Math.floor(i / columns);
      let sum = 0;
      for (let j = 0; j < columns; ++j) sum += Math.exp(valueAt(dtype, 1, row * columns + j));
      const exact = Math.exp(valueAt(dtype, 1, i)) / sum;
      // exp to 2 units of float32, twice, and a sum as that of `sum`.
      return { exact, bound: (2 ** 8 * 2 ** -24 + ROUNDING[dtype]) * exact };
    },
    peerWork: { operation: 'softmax', options: { dtype, rows, columns } },
    skipped,
  };
}

export function softmaxCases(context: Context): Case[] {
  const gpu = needsGpu(context);
  const slow = gpu ?? needsTime(context);
  return memoryCases(
    context,
    [softmax('float32', 64, 256, undefined)],
    [softmax('float32', 16384, 4096, gpu), softmax('bfloat16', 16384, 4096, slow)],
  );
}
