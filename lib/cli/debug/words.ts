/**
 * What the debugger shows, in words.
 */
import { basename, dirname, join } from 'node:path';
import { readLines } from '../../base/source-file.js';
import { typedValue } from '../../debugger/stop.js';
import type {
  Breakpoint,
  CodePlace,
  KernelDebugger,
  KernelStop,
  LaneGroup,
  RegisterValue,
} from '../../index.js';

const hex = (bits: bigint, digits = 1) => `0x${bits.toString(16).padStart(digits, '0')}`;

const BITS = /^(?:b(\d+)|b?f(?:16|32)x2)$/;

/** A value of a PTX type. Bits of no type as they are, as an integer and as a float. */
export function valueWords(type: string, bits: bigint): string {
  const value = typedValue(type, bits);
  if (!BITS.test(type)) return Object.is(value, -0) ? '-0' : String(value);
  const size = Number(BITS.exec(type)?.[1] ?? 0);
  const written = hex(bits, size / 4);
  if (size !== 32 && size !== 64) return written;
  const integer = BigInt.asIntN(size, bits);
  const float = typedValue(`f${size}`, bits) as number;
  const isFloat = Math.abs(float) > 1e-30 && Math.abs(float) < 1e30;
  // A large number of 64 bits is an address, if not a float.
  const isInteger = size === 32 || BigInt.asIntN(33, integer) === integer;
  return `${written}${isInteger ? ` = ${integer}` : ''}${isFloat ? `, as a float ${float}` : ''}`;
}

export function registerWords({ name, type, bits }: RegisterValue): string {
  return `${name.padEnd(8)} ${type.padEnd(5)} ${valueWords(type, bits)}`;
}

export function placeWords({ source, ptxLine, mnemonic }: CodePlace): string {
  return `${source === null ? '' : `${source}, `}PTX line ${ptxLine} (${mnemonic})`;
}

const index = (each: readonly number[]) => `(${each.join(',')})`;

export function whoWords(block: readonly number[], thread: readonly number[]): string {
  return `block ${index(block)}, thread ${index(thread)}`;
}

/** Over two lines, or more with a message. */
export function stopWords(stop: KernelStop): string {
  const reason = stop.reason === 'breakpoint' ? `breakpoint ${stop.breakpoint}` : stop.reason;
  const lines = [
    `${reason}: kernel ${stop.kernel}, ${whoWords(stop.block, stop.thread)}`,
    ...(stop.message === null ? [] : [stop.message]),
    `at ${placeWords(stop)}`,
  ];
  return lines.join('\n');
}

export function groupWords({ warp, lanes, state, ...place }: LaneGroup): string {
  const mask = hex(BigInt(lanes), 8);
  return `warp ${String(warp).padEnd(2)} lanes ${mask} ${state.padEnd(12)} ${placeWords(place)}`;
}

export function breakpointWords({ id, location, block, thread, when }: Breakpoint): string {
  return [
    `${id}: ${location}`,
    ...(block ? [`block ${block.join(',')}`] : []),
    ...(thread ? [`thread ${thread.join(',')}`] : []),
    ...(when === undefined ? [] : [`if ${when}`]),
  ].join(' ');
}

/** Of one whose code, or block or thread, no kernel had; else undefined. */
export function unmatchedWords({ id, location }: Breakpoint, debug: KernelDebugger) {
  const match = debug.matchOf(id);
  if (match === 'all') return undefined;
  const what = match === 'none' ? 'code' : 'block or thread';
  return `breakpoint ${id}: ${location} matched no ${what} of the kernels that ran`;
}

/** The values in rows, each with the address of its first. */
export function memoryWords(
  bytes: Uint8Array,
  address: bigint,
  type: string,
  size: number,
): string {
  const perRow = Math.max(1, Math.floor(32 / size / (size > 4 ? 2 : 1)));
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += perRow * size) {
    const values: string[] = [];
    for (let each = at; each < Math.min(bytes.length, at + perRow * size); each += size) {
      let bits = 0n;
      for (let i = size - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(bytes[each + i]!);
      const isBits = type.startsWith('b') && type !== 'bf16';
      values.push(isBits ? hex(bits, 2 * size) : String(typedValue(type, bits)));
    }
    rows.push(`${hex(address + BigInt(at))}: ${values.join(' ')}`);
  }
  return rows.join('\n');
}

/** Lines around one, each with its number, that one marked. `first` is the number of the first. */
export function listWords(lines: readonly string[], first: number, marked: number): string {
  const width = String(first + lines.length).length;
  return lines
    .map((line, i) => {
      const number = first + i;
      const text = line.replaceAll('\t', '    ');
      return `${number === marked ? '>' : ' '} ${String(number).padStart(width)}  ${text}`.trimEnd();
    })
    .join('\n');
}

/** Files of source: where PTX says that they are, else beside the script or here. */
export class Sources {
  readonly #files = new Map<string, { path: string; lines: string[] } | undefined>();
  readonly #folders: readonly string[];

  constructor(script: string) {
    this.#folders = [dirname(script), process.cwd()];
  }

  /** The file and line of a `source`; undefined where the file cannot be read. */
  find(source: string | null): { path: string; lines: string[]; line: number } | undefined {
    const [, name, line] = /^(.*):(\d+)$/.exec(source ?? '') ?? [];
    if (name === undefined) return undefined;
    if (!this.#files.has(name)) this.#files.set(name, this.#read(name));
    const file = this.#files.get(name);
    return file && { ...file, line: Number(line) };
  }

  #read(name: string) {
    const beside = this.#folders.flatMap((each) => [join(each, name), join(each, basename(name))]);
    for (const path of [name, ...beside]) {
      const lines = readLines(path);
      if (lines !== undefined) return { path, lines };
    }
    return undefined;
  }
}
