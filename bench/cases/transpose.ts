/** Transposition of square matrices. */
import { type Case, type Context, needsGpu, needsTime } from '../measure/case';
import { type BenchDtype, valueAt } from '../measure/data';
import { type MemoryWork, memoryCases } from '../measure/memory-bound';

function transpose(dtype: BenchDtype, n: number, skipped: string | undefined): MemoryWork {
  return {
    name: `transpose ${dtype} ${n} x ${n}`,
    operation: 'transpose',
    type: dtype,
    size: n * n,
    inputs: [{ dtype, length: n * n }],
    output: { dtype, length: n * n },
    enqueue: (device, [x], out) => device.transpose(x!, { rows: n, columns: n, out }),
    expect: (i) => ({ exact: valueAt(dtype, 1, (i % n) * n + Math.floor(i / n)), bound: 0 }),
    peerWork: { operation: 'transpose', options: { dtype, rows: n, columns: n } },
    skipped,
  };
}

export function transposeCases(context: Context): Case[] {
  const gpu = needsGpu(context);
  const slow = gpu ?? needsTime(context);
  return memoryCases(
    context,
    [transpose('float32', 256, undefined)],
    [transpose('float32', 8192, gpu), transpose('bfloat16', 8192, slow)],
  );
}
