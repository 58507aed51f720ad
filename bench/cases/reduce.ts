/** Reductions of all elements to one. */
import type { FloatDtype } from 'nodecuda';
import { type Case, type Context, needsGpu, needsTime } from '../measure/case';
import { type Expected, ROUNDING } from '../measure/check';
import { type BenchDtype, decode, hostNumbers, PERIOD } from '../measure/data';
import { type Floats, type MemoryWork, memoryCases } from '../measure/memory-bound';

function reduction(
  operation: 'sum' | 'max',
  dtype: FloatDtype,
  power: number,
  skipped: string | undefined,
): MemoryWork {
  const length = 2 ** power;
  return {
    name: `${operation} ${dtype} 2^${power}`,
    operation,
    type: dtype,
    size: length,
    flop: operation === 'sum' ? length : undefined,
    inputs: [{ dtype, length }],
    output: { dtype, length: 1 },
    enqueue(device, [x], out) {
      if (operation === 'max') device.max(x!, { out });
      else device.sum(x as Floats, { out: out as Floats });
    },
    expect: () => (operation === 'sum' ? expectSum(dtype, length) : expectMax(dtype, length)),
    peerWork: { operation, options: { dtype, length } },
    skipped,
  };
}

function fold(dtype: BenchDtype, count: number, add: (value: number) => void): void {
  for (const element of hostNumbers(dtype, 1, count)) add(decode(dtype, element));
}

/** What device.sum promises: 160 u sum(|x|), with u of the float32 in which it adds. */
function expectSum(dtype: BenchDtype, length: number): Expected {
  let exact = 0;
  let magnitude = 0;
  const addTimes = (count: number, times: number) =>
    fold(dtype, count, (value) => {
      exact += times * value;
      magnitude += times * Math.abs(value);
    });
  if (length >= PERIOD) addTimes(PERIOD, Math.floor(length / PERIOD));
  if (length % PERIOD > 0) addTimes(length % PERIOD, 1);
  const adding = 160 * 2 ** -24 * magnitude;
  return { exact, bound: adding + ROUNDING[dtype] * Math.abs(exact) };
}

function expectMax(dtype: BenchDtype, length: number): Expected {
  let exact = Number.NEGATIVE_INFINITY;
  fold(dtype, length, (value) => {
    exact = Math.max(exact, value);
  });
  return { exact, bound: 0 };
}

export function reduceCases(context: Context): Case[] {
  const gpu = needsGpu(context);
  const slow = gpu ?? needsTime(context);
  return memoryCases(
    context,
    [reduction('sum', 'float32', 16, undefined)],
    [
      reduction('sum', 'float32', 26, gpu),
      reduction('sum', 'bfloat16', 27, slow),
      reduction('max', 'float32', 26, slow),
    ],
  );
}
