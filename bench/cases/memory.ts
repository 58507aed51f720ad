/** Operations whose time is that of memory: elementwise, reductions, transposition, conversion. */
import type { Device, DeviceBuffer, FloatDtype } from 'nodecuda';
import { toBfloat16Bits, toFloat16Bits } from '../../dist/base/scalar.js';
import type { Case, Context, Prepared } from '../case';
import { needsGpu, needsTime } from '../case';
import { type Expected, makeCheck, ROUNDING } from '../check';
import {
  type BenchDtype,
  BYTES,
  decode,
  hostNumbers,
  type OutputDtype,
  PERIOD,
  upload,
  valueAt,
} from '../data';
import { addName, COPY, NODECUDA } from '../names';
import { DeviceOperands, deviceContender, sampleBuffer, setsFor } from '../on-device';
import type { PeerWork } from '../peers/client';

/** One such operation on one size. */
interface MemoryWork {
  readonly name: string;
  readonly operation: string;
  readonly type: string;
  readonly size: number;
  /** Of each input; they hold the numbers of seed 1 and 2. */
  readonly inputs: readonly { readonly dtype: BenchDtype; readonly length: number }[];
  readonly output: { readonly dtype: OutputDtype; readonly length: number };
  enqueue(device: Device, inputs: readonly DeviceBuffer[], out: DeviceBuffer): void;
  expect(index: number): Expected;
  readonly peerWork: PeerWork;
  readonly skipped: string | undefined;
}

function bytesOf({ inputs, output }: MemoryWork): number {
  return [...inputs, output].reduce((sum, { dtype, length }) => sum + BYTES[dtype] * length, 0);
}

function prepare(context: Context, work: MemoryWork): Prepared {
  const { device } = context;
  const { inputs, output } = work;
  const bytes = bytesOf(work);
  const operands = new DeviceOperands(context, bytes, () => [
    ...inputs.map(({ dtype, length }, i) => upload(device, dtype, i + 1, length)),
    device.alloc(output.dtype, output.length),
  ]);
  // A copy reads and writes: half as many bytes are copied as the work moves.
  const half = Math.ceil(bytes / 2 / BYTES.float32);
  const copies = new DeviceOperands(context, bytes, () => [
    upload(device, 'float32', 1, half),
    device.alloc('float32', half),
  ]);
  const out = inputs.length;
  return {
    contenders: [
      deviceContender(
        context,
        NODECUDA,
        () => {
          const set = operands.next();
          work.enqueue(device, set, set[out]!);
        },
        (indices) => sampleBuffer(operands.current()[out]!, indices),
      ),
      deviceContender(context, COPY, () => {
        const [from, to] = copies.next();
        to!.copyFrom(from!);
      }),
    ],
    check: makeCheck(output.length, work.expect),
    dispose() {
      operands.dispose();
      copies.dispose();
    },
  };
}

// Only of those that do one operation per element of each: arithmetic is not what they are about.
function flopOf({ operation, size }: MemoryWork): { flop?: number } {
  return ['add', 'mul', 'sum'].includes(operation) ? { flop: size } : {};
}

function toCase(context: Context, work: MemoryWork): Case {
  const { name, operation, type, size, peerWork } = work;
  const bytes = bytesOf(work);
  const sets = setsFor(context, bytes);
  return {
    name,
    subject: { operation, type, variant: '', size, bytes, ...flopOf(work) },
    work: { amount: bytes, unit: 'B' },
    skipped: work.skipped,
    peerWork: { ...peerWork, options: { ...peerWork.options, sets } },
    prepare: () => prepare(context, work),
  };
}

function round(dtype: OutputDtype, value: number): Expected {
  return { exact: value, bound: ROUNDING[dtype] * Math.abs(value) };
}

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

/** An operand of what is made for floats only. */
type Floats = DeviceBuffer<FloatDtype>;

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

function onSimulator(): MemoryWork[] {
  return [
    ...[10, 16, 20].map((power) => elementwise('add', 'float32', power, undefined)),
    elementwise('mul', 'float32', 16, undefined),
    elementwise('relu', 'bfloat16', 16, undefined),
    reduction('sum', 'float32', 16, undefined),
    convert('float32', 'bfloat16', 16, undefined),
    transpose('float32', 256, undefined),
    softmax('float32', 64, 256, undefined),
  ];
}

function onGpu(context: Context): MemoryWork[] {
  const gpu = needsGpu(context);
  const slow = gpu ?? needsTime(context);
  return [
    ...[20, 26].map((power) => elementwise('add', 'float32', power, gpu)),
    ...[22, 24, 27, 28].map((power) => elementwise('add', 'float32', power, slow)),
    ...(['float64', 'float16', 'bfloat16', 'int8'] as const).map((dtype) =>
      elementwise('add', dtype, 26, slow),
    ),
    elementwise('mul', 'float32', 26, slow),
    elementwise('relu', 'float32', 26, slow),
    elementwise('relu', 'bfloat16', 26, slow),
    reduction('sum', 'float32', 26, gpu),
    reduction('sum', 'bfloat16', 27, slow),
    reduction('max', 'float32', 26, slow),
    convert('float32', 'bfloat16', 26, gpu),
    convert('bfloat16', 'float32', 26, slow),
    convert('float32', 'float16', 26, slow),
    transpose('float32', 8192, gpu),
    transpose('bfloat16', 8192, slow),
    softmax('float32', 16384, 4096, gpu),
    softmax('bfloat16', 16384, 4096, slow),
  ];
}

export function memoryCases(context: Context): Case[] {
  const works = onGpu(context);
  // There they would only repeat the sizes that a GPU is not worth.
  if (context.device.isSimulated) works.unshift(...onSimulator());
  return bySize(works).map((work) => toCase(context, work));
}

// Of one operation and dtype from small to large; those stay in the order of their first.
function bySize(works: readonly MemoryWork[]): MemoryWork[] {
  const keys = [...new Set(works.map(({ operation, type }) => `${operation} ${type}`))];
  const rank = ({ operation, type }: MemoryWork) => keys.indexOf(`${operation} ${type}`);
  const sorted = [...works].sort((a, b) => rank(a) - rank(b) || a.size - b.size);
  // The simulated device's largest is the GPU's least: measured there, not skipped as well.
  return sorted.filter(({ name }, i) => sorted.findIndex((work) => work.name === name) === i);
}
