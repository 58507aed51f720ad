/** How operations are measured whose time is that of memory, beside a copy of as many bytes. */
import type { Device, DeviceBuffer, FloatDtype } from 'nodecuda';
import type { Case, Context, PeerWork, Prepared } from './case';
import { type Expected, makeCheck, ROUNDING } from './check';
import { type BenchDtype, BYTES, type OutputDtype, upload } from './data';
import { COPY, NODECUDA } from './names';
import { DeviceOperands, deviceContender, sampleBuffer, setsFor } from './on-device';

/** One such operation on one size. */
export interface MemoryWork {
  readonly name: string;
  readonly operation: string;
  readonly type: string;
  readonly size: number;
  /** Only of those that do arithmetic, one operation per element. */
  readonly flop?: number;
  /** Of each input; they hold the numbers of seed 1 and 2. */
  readonly inputs: readonly { readonly dtype: BenchDtype; readonly length: number }[];
  readonly output: { readonly dtype: OutputDtype; readonly length: number };
  enqueue(device: Device, inputs: readonly DeviceBuffer[], out: DeviceBuffer): void;
  expect(index: number): Expected;
  readonly peerWork: PeerWork;
  readonly skipped: string | undefined;
}

/** An operand of what is made for floats only. */
export type Floats = DeviceBuffer<FloatDtype>;

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

function toCase(context: Context, work: MemoryWork): Case {
  const { name, operation, type, size, flop, peerWork } = work;
  const bytes = bytesOf(work);
  const sets = setsFor(context, bytes);
  return {
    name,
    subject: { operation, type, variant: '', size, bytes, flop },
    work: { amount: bytes, unit: 'B' },
    skipped: work.skipped,
    peerWork: { ...peerWork, options: { ...peerWork.options, sets } },
    prepare: () => prepare(context, work),
  };
}

/** What rounding to a dtype makes of a value. */
export function round(dtype: OutputDtype, value: number): Expected {
  return { exact: value, bound: ROUNDING[dtype] * Math.abs(value) };
}

/** The cases of a family: the `large` ones are for a GPU, the `small` ones for the simulated device. */
export function memoryCases(
  context: Context,
  small: readonly MemoryWork[],
  large: readonly MemoryWork[],
): Case[] {
  const works = context.device.isSimulated ? [...small, ...large] : large;
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
