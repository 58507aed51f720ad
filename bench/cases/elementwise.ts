/** Operations element by element, and conversions. */
import type { DeviceBuffer } from 'nodecuda';
import { toBfloat16Bits, toFloat16Bits } from '../../dist/base/scalar.js';
import { type Case, type Context, needsGpu, needsTime } from '../measure/case';
import { type BenchDtype, decode, valueAt } from '../measure/data';
import { type MemoryWork, memoryCases, round } from '../measure/memory-bound';
import { addName } from '../measure/names';

type Elementwise = 'add' | 'mul' | 'relu';

const SCALAR: Readonly<Record<Elementwise, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  mul: (x, y) => x * y,
  relu: (x) => Math.max(x, 0),
};

function elementwise(
  operation: Elementwise,
  dtype: BenchDtype,
  power: number,
  skipped: string | undefined,
): MemoryWork {
  const length = 2 ** power;
  const inputs = operation === 'relu' ? 1 : 2;
  const wrap = dtype === 'int8' ? (value: number) => (value << 24) >> 24 : (value: number) => value;
  return {
    name: operation === 'add' ? addName(power, dtype) : `${operation} ${dtype} 2^${power}`,
    operation,
    type: dtype,
    size: length,
    flop: operation === 'relu' ? undefined : length,
    inputs: Array.from({ length: inputs }, () => ({ dtype, length })),
    output: { dtype, length },
    enqueue(device, [x, y], out) {
      if (operation === 'relu') device.relu(x!, { out });
      else device[operation](x!, y!, { out });
    },
    expect: (i) =>
      round(dtype, wrap(SCALAR[operation](valueAt(dtype, 1, i), valueAt(dtype, 2, i)))),
    peerWork: { operation, options: { dtype, length } },
    skipped,
  };
}

function convert(
  dtype: BenchDtype,
  to: 'float32' | 'float16' | 'bfloat16',
  power: number,
  skipped: string | undefined,
): MemoryWork {
  const length = 2 ** power;
  const rounded = (value: number) => {
    if (to === 'float32') return Math.fround(value);
    return decode(to, to === 'float16' ? toFloat16Bits(value) : toBfloat16Bits(value));
  };
  return {
    name: `convert ${dtype} to ${to} 2^${power}`,
    operation: 'convert',
    type: `${dtype} to ${to}`,
    size: length,
    inputs: [{ dtype, length }],
    output: { dtype: to, length },
    enqueue: (device, [x], out) => device.convert(x!, to, { out: out as DeviceBuffer<typeof to> }),
    expect: (i) => ({ exact: rounded(valueAt(dtype, 1, i)), bound: 0 }),
    peerWork: { operation: 'convert', options: { dtype, to, length } },
    skipped,
  };
}

export function elementwiseCases(context: Context): Case[] {
  const gpu = needsGpu(context);
  const slow = gpu ?? needsTime(context);
  return memoryCases(
    context,
    [
      ...[10, 16, 20].map((power) => elementwise('add', 'float32', power, undefined)),
      elementwise('mul', 'float32', 16, undefined),
      elementwise('relu', 'bfloat16', 16, undefined),
      convert('float32', 'bfloat16', 16, undefined),
    ],
    [
      ...[20, 26].map((power) => elementwise('add', 'float32', power, gpu)),
      ...[22, 24, 27, 28].map((power) => elementwise('add', 'float32', power, slow)),
      ...(['float64', 'float16', 'bfloat16', 'int8'] as const).map((dtype) =>
        elementwise('add', dtype, 26, slow),
      ),
      elementwise('mul', 'float32', 26, slow),
      elementwise('relu', 'float32', 26, slow),
      elementwise('relu', 'bfloat16', 26, slow),
      convert('float32', 'bfloat16', 26, gpu),
      convert('bfloat16', 'float32', 26, slow),
      convert('float32', 'float16', 26, slow),
    ],
  );
}
