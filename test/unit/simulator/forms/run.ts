// Forms of instructions: which of them the decoder takes, what they do, and what ptxas says of them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Device } from '../../../../lib/index.js';

export const THREADS = 32;
/** What each thread has of memory to begin with, and of room for results. */
export const BYTES = 64;

/** What a thread's memory holds, and what that of all holds, which is one behind the other. */
export interface Memory {
  lane: number;
  own: DataView;
  all: DataView;
}

export interface Form {
  mnemonic: string;
  /**
   * PTX: %in is the address of the thread's 64 bytes, %out that of its results, %lane its number, `shared` is
   * memory for all 32 (as much as there is of %in, aligned to 128), `local` are 64 bytes of its own.
   */
  code: string;
  /** The results, by their places: those that are not named are 0. */
  expected: (memory: Memory) => { at: number; bytes: number; value: bigint }[];
}

/** The mnemonics that take one word of each list; '' is none. */
export function spell(...lists: (readonly string[])[]): string[] {
  return lists
    .reduce<string[]>(
      (all, list) =>
        all.flatMap((one) => list.map((word) => (word === '' ? one : `${one}.${word}`))),
      [''],
    )
    .map((one) => one.slice(1));
}

const HEADER = `.address_size 64
.const .align 64 .b8 constant[64] = {${Array.from({ length: 64 }, (_, i) => patternByte(i)).join(', ')}};
`;

/** What \`constant\` and the parameter \`parameter\` hold. */
export function patternByte(i: number): number {
  return (i * 37 + 11 + (i % 3) * 128) % 256;
}

const entry = (
  form: Form,
  name: string,
) => `.visible .entry ${name}(.param .u64 in, .param .u64 out, .param .align 64 .b8 parameter[64])
{
  .reg .pred %p<10>;
  .reg .b16 %h<20>;
  .reg .b32 %r<40>, %lane;
  .reg .f32 %f<40>;
  .reg .f64 %d<20>;
  .reg .b64 %l<20>, %in, %out, %place;
  .reg .b128 %q<4>;
  .shared .align 128 .b8 shared[2048];
  .local .align 64 .b8 local[64];
  ld.param.u64 %in, [in];
  ld.param.u64 %out, [out];
  mov.u32 %lane, %laneid;
  mul.wide.u32 %place, %lane, ${BYTES};
  add.u64 %in, %in, %place;
  add.u64 %out, %out, %place;
  ${form.code}
  ret;
}
`;

const moduleOf = (forms: readonly Form[], target: string) =>
  `.version 9.0\n.target ${target}\n${HEADER}${forms.map((form, i) => entry(form, `k${i}`)).join('')}`;

/** Numbers from a generator that starts alike every time; every fourth word is an edge. */
export function memoryOf(seed: number): Uint32Array<ArrayBuffer> {
  const edges = [0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 0x3f800000, 0x80008000, 2];
  let state = seed;
  return Uint32Array.from({ length: (THREADS * BYTES) / 4 }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const word = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
    return i % 4 === 3 ? edges[word % edges.length]! : word;
  });
}

export interface Outcome {
  /** The mnemonics that ran and did what they should. */
  right: string[];
  /** Those that did not, and how. */
  wrong: string[];
  /** Why the decoder refuses the others. */
  refused: Map<string, string>;
}

/** Runs all forms that the decoder takes. */
export async function runForms(device: Device, forms: readonly Form[]): Promise<Outcome> {
  const outcome: Outcome = { right: [], wrong: [], refused: new Map() };
  for (let from = 0; from < forms.length; from += 500) {
    await runSome(device, forms.slice(from, from + 500), outcome);
  }
  return outcome;
}

async function runSome(device: Device, forms: readonly Form[], outcome: Outcome): Promise<void> {
  using module = device.loadModule(moduleOf(forms, 'sm_90a'));
  const words = memoryOf(forms.length);
  const size = words.length;
  const everyone = new Uint32Array(size * forms.length);
  for (let i = 0; i < forms.length; i++) everyone.set(words, i * size);
  using input = device.from(everyone);
  using output = device.alloc('uint32', everyone.length);
  const parameter = Array.from({ length: 64 }, (_, i) => patternByte(i));
  const ran: boolean[] = [];
  const launch = (i: number) => {
    const kernel = module.kernel(`k${i}`, ['uint32*', 'uint32*', 'uint8[64]']);
    using a = input.slice(i * size, (i + 1) * size);
    using b = output.slice(i * size, (i + 1) * size);
    kernel.launch({ grid: 1, block: THREADS }, a, b, parameter);
  };
  for (const [i, form] of forms.entries()) {
    try {
      launch(i);
      ran[i] = true;
    } catch (error) {
      outcome.refused.set(form.mnemonic, (error as Error).message);
    }
  }
  const results = (await output.read()) as Uint32Array<ArrayBuffer>;
  for (const [i, form] of forms.entries()) {
    if (!ran[i]) continue;
    const got = new Uint8Array(results.buffer, 4 * i * size, 4 * size);
    const problem = differenceOf(form, new DataView(words.buffer), got);
    if (problem === undefined) outcome.right.push(form.mnemonic);
    else outcome.wrong.push(`${form.mnemonic}: ${problem}`);
  }
}

function differenceOf(form: Form, all: DataView, got: Uint8Array): string | undefined {
  for (let lane = 0; lane < THREADS; lane++) {
    const expected = new Uint8Array(BYTES);
    const own = new DataView(all.buffer, lane * BYTES, BYTES);
    for (const { at, bytes, value } of form.expected({ lane, own, all })) {
      for (let i = 0; i < bytes; i++) expected[at + i] = Number((value >> BigInt(8 * i)) & 255n);
    }
    const mine = got.subarray(lane * BYTES, (lane + 1) * BYTES);
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    if (hex(mine) !== hex(expected)) return `lane ${lane} has ${hex(mine)}, not ${hex(expected)}`;
  }
  return undefined;
}

const hasPtxas = spawnSync('ptxas', ['--version']).status === 0;
export const withPtxas = () => (hasPtxas ? test : test.skip);

/** What ptxas has against each of the forms, of those that it takes on none of the targets. */
export function ptxasRefuses(
  forms: readonly Form[],
  targets: readonly string[],
): Map<string, string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nodecuda-forms-'));
  let refused = new Map<string, string>();
  let left = forms;
  for (const target of targets) {
    const file = path.join(folder, `${target}.ptx`);
    writeFileSync(file, moduleOf(left, target));
    const { stderr } = spawnSync('ptxas', [`-arch=${target}`, file, '-o', '/dev/null'], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    refused = refusalsOf(left, stderr);
    left = forms.filter(({ mnemonic }) => refused.has(mnemonic));
  }
  rmSync(folder, { recursive: true });
  return refused;
}

/** By the lines of the errors: those of a form are as many in each. */
function refusalsOf(forms: readonly Form[], log: string): Map<string, string> {
  // It reads no further: of those that follow nothing is known.
  if (/; fatal/.test(log)) throw new Error(log);
  const refusals = new Map<string, string>();
  const ends: number[] = [];
  let line = 2 + HEADER.split('\n').length - 1;
  for (const [i, form] of forms.entries()) {
    line += entry(form, `k${i}`).split('\n').length - 1;
    ends.push(line);
  }
  for (const [, at, message] of log.matchAll(/line (\d+); error\s*: (.*)/g)) {
    const i = ends.findIndex((end) => Number(at) <= end);
    refusals.set(forms[i]!.mnemonic, message!);
  }
  return refusals;
}
