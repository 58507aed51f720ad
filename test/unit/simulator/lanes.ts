// One instruction on many operands: what tests of instructions compare with references of their own.
import type { Device } from '../../../lib/index.js';

/** Of the registers that are read and written, by the letter of their names. */
const BITS = { h: 16, w: 32, l: 64, p: 1 } as const;
type Width = keyof typeof BITS;

export interface Form {
  /** PTX that reads %wa, %wb, %wc, %wd (32 bits), %ha (16), %la (64), %pa (predicates: bit 0) ... */
  text: string;
  /** ... and writes %h0, %w0, %l0 or %p0, and %h1 and so on if there are two results. */
  results: Width | [Width, Width];
  version?: string;
  target?: string;
}

function kernelOf({ text, results, version = '9.0', target = 'sm_80' }: Form): string {
  const widths = [...results] as Width[];
  const load = (letter: string, i: number) => `ld.global.u64 %l${letter}, [%in+${8 * i}];
  cvt.u32.u64 %w${letter}, %l${letter};
  cvt.u16.u64 %h${letter}, %l${letter};
  and.b32 %low, %w${letter}, 1;
  setp.ne.u32 %p${letter}, %low, 0;`;
  const widen = {
    h: (i: number) => `cvt.u64.u16 %l${i}, %h${i};`,
    w: (i: number) => `cvt.u64.u32 %l${i}, %w${i};`,
    l: () => '',
    p: (i: number) => `selp.b64 %l${i}, 1, 0, %p${i};`,
  };
  return `.version ${version}
.target ${target}
.address_size 64
.visible .entry k(.param .u64 in, .param .u64 out)
{
  .reg .pred %pa, %pb, %pc, %pd, %p<2>;
  .reg .b16 %ha, %hb, %hc, %hd, %h<2>;
  .reg .b32 %wa, %wb, %wc, %wd, %w<2>, %low, %i;
  .reg .b64 %la, %lb, %lc, %ld, %l<2>, %in, %out;
  ld.param.u64 %in, [in];
  ld.param.u64 %out, [out];
  mov.u32 %i, %tid.x;
  mad.wide.u32 %in, %i, 32, %in;
  mad.wide.u32 %out, %i, 16, %out;
  ${['a', 'b', 'c', 'd'].map(load).join('\n  ')}
  ${text}
  ${widths.map((width, i) => widen[width](i)).join('\n  ')}
  ${widths.map((_, i) => `st.global.u64 [%out+${8 * i}], %l${i};`).join('\n  ')}
  ret;
}
`;
}

/** The results for each of the operands (a, b, c, d; what is missing is 0), 1,024 of them at most. */
export async function run(device: Device, form: Form, operands: bigint[][]): Promise<bigint[][]> {
  const input = new BigUint64Array(4 * operands.length);
  for (const [i, row] of operands.entries()) {
    for (const [j, value] of row.entries()) input[4 * i + j] = BigInt.asUintN(64, value);
  }
  using module = device.loadModule(kernelOf(form));
  using from = device.from(input);
  using to = device.alloc('uint64', 2 * operands.length);
  const kernel = module.kernel('k', ['const uint64*', 'uint64*']);
  kernel.launch({ grid: 1, block: operands.length }, from, to);
  const all = await to.read();
  return operands.map((_, i) => [...all.slice(2 * i, 2 * i + form.results.length)]);
}

const EDGES = [
  0n,
  1n,
  -1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x80008000n,
  0x7fff8001n,
  0x80ff7f01n,
  31n,
  32n,
  33n,
  64n,
  0x5a0180ffn,
];

/** Edge values against each other, then numbers from a generator that starts alike every time. */
export function operandsOf(count: number, edges: readonly bigint[] = EDGES): bigint[][] {
  let state = 0x9e3779b97f4a7c15n;
  const random = () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return BigInt.asUintN(64, (state >> 31n) ^ (state << 33n) ^ state);
  };
  const pick = () => edges[Number(random() % BigInt(edges.length))]!;
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 4 }, () => (i % 3 === 2 ? random() : pick())),
  );
}

// Making them takes longer than most comparisons.
const usual = operandsOf(process.env.NODECUDA_PROPERTY_RUNS ? 128 : 512);

const hex = (x: bigint | undefined) => `0x${x?.toString(16)}`;

/** Fails with the first operands whose results are others. */
export async function compare(
  device: Device,
  form: Form,
  reference: (operands: bigint[]) => bigint | [bigint, bigint],
  operands = usual,
): Promise<void> {
  const got = await run(device, form, operands);
  const wrong: string[] = [];
  operands.forEach((row, i) => {
    const expected = [reference(row)].flat();
    expected.forEach((value, j) => {
      const bits = BITS[form.results[j] as Width];
      if (got[i]![j] !== BigInt.asUintN(bits, value)) {
        wrong.push(`(${row.map(hex).join(', ')}): ${hex(got[i]![j])}, not ${hex(value)}`);
      }
    });
  });
  expect([form.text, ...wrong.slice(0, 3)]).toEqual([form.text]);
}
